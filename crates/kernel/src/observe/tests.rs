//! What others made, read: ip(8) and tc(8) make it.

use super::{Names, Parts, links, namespace, routes};
use crate::testing::Place;
use model::host::link::LinkKind;
use model::host::neighbour::NeighbourState;
use model::host::qdisc::{FilterKind, Place as At, QdiscKind};
use model::host::route::RouteKind;
use model::net::{Family, LinkName, Transport};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsFd;

fn name(name: &str) -> LinkName {
    name.parse().unwrap()
}

#[test]
fn links_of_every_kind() {
    let mut place = Place::new();
    for command in [
        "ip link add br0 type bridge",
        "ip link add v0 type veth peer name v1",
        "ip link set v0 master br0 alias hello",
        "ip link add x0 type vxlan id 7 dstport 4789 nolearning local 2001:db8::1",
        "ip link add x1 type vxlan external dstport 4790",
        "ip link add m0 link v1 type macvlan",
        "ip tuntap add t0 mode tun",
        "ip link add i0 type ifb",
    ] {
        place.run(command);
    }
    let links = links(place.sockets.route().unwrap()).unwrap();
    let get = |at: &str| links.get(&name(at)).unwrap();
    assert_eq!(get("lo").kind, LinkKind::Loopback);
    assert!(matches!(get("br0").kind, LinkKind::Bridge(_)));
    let v0 = get("v0");
    assert_eq!((v0.master.as_ref(), v0.alias.as_deref()), (Some(&name("br0")), Some("hello")));
    let LinkKind::Veth(veth) = &v0.kind else { panic!("{v0:?}") };
    assert_eq!((veth.peer_index, veth.peer_netnsid), (get("v1").index, None));
    assert!(v0.port.is_some() && get("v1").port.is_none());
    let LinkKind::Vxlan(vxlan) = &get("x0").kind else { panic!() };
    assert_eq!((vxlan.vni, vxlan.port, vxlan.learning), (7, 4789, false));
    assert_eq!(vxlan.local, Some("2001:db8::1".parse().unwrap()));
    assert!(
        matches!(&get("x1").kind, LinkKind::Foreign(why) if why.why.contains("packet by packet"))
    );
    assert_eq!(get("m0").kind, LinkKind::Macvlan { lower_index: get("v1").index });
    assert_eq!(get("t0").kind, LinkKind::Tun);
    assert_eq!(get("i0").kind, LinkKind::Ifb);
    assert!(links.iter().all(|link| !link.is_ours()));
}

#[test]
fn routes_of_every_table() {
    let mut place = Place::new();
    for command in [
        "ip link add v0 type veth peer name v1",
        "ip link set v0 up",
        "ip link set v1 up",
        "ip address add 10.0.0.1/24 dev v0",
        "ip address add 2001:db8::1/64 dev v0 nodad",
        "ip route add 10.1.0.0/16 via 10.0.0.2 mtu 1400 src 10.0.0.1",
        "ip route add 10.2.0.0/16 nexthop via 10.0.0.2 weight 3 nexthop via 10.0.0.3",
        "ip route add blackhole 10.3.0.0/16 table 1000",
        "ip route add unreachable 2001:db8:3::/48",
        "ip route add 10.4.0.0/16 via inet6 2001:db8::9 dev v0",
        "ip route add 192.0.2.0/24 via 198.51.100.1 dev v0 onlink",
        "ip nexthop add id 9 via 10.0.0.5 dev v0",
        "ip route add 10.5.0.0/16 nhid 9",
    ] {
        place.run(command);
    }
    let socket = place.sockets.route().unwrap();
    let names = Names::of(&links(socket).unwrap());
    let routes = routes(socket, &names).unwrap();
    let to = |prefix: &str| {
        let prefix = prefix.parse().unwrap();
        routes.iter().find(|route| route.destination == prefix).unwrap()
    };
    assert_eq!(
        (to("10.1.0.0/16").mtu, to("10.1.0.0/16").source),
        (Some(1400), Some([10, 0, 0, 1].into()))
    );
    let hops = &to("10.2.0.0/16").nexthops;
    assert_eq!((hops.len(), hops[0].weight, hops[1].weight), (2, 3, 1));
    let black = to("10.3.0.0/16");
    assert_eq!((black.kind, black.table, black.nexthops.len()), (RouteKind::Blackhole, 1000, 0));
    let refused = to("2001:db8:3::/48");
    assert_eq!((refused.kind, refused.nexthops.len()), (RouteKind::Unreachable, 0));
    assert_eq!(to("10.4.0.0/16").nexthops[0].gateway, Some("2001:db8::9".parse().unwrap()));
    assert!(to("192.0.2.0/24").nexthops[0].onlink);
    assert_eq!(to("10.5.0.0/16").nexthops[0].gateway, Some([10, 0, 0, 5].into()));
    assert!(routes.iter().any(|route| route.kind == RouteKind::Local && route.table == 255));
    let both = |family| routes.iter().any(|r| Family::of_prefix(&r.destination) == family);
    assert!(both(Family::V4) && both(Family::V6));
}

#[test]
fn everything_else() {
    let mut place = Place::new();
    for command in [
        "ip link add br0 type bridge",
        "ip link add v0 type veth peer name v1",
        "ip link set v0 master br0 up",
        "ip link set br0 up",
        "ip address add 10.0.0.1/24 dev br0",
        "ip neighbour add 10.0.0.7 lladdr 02:00:00:00:00:07 dev br0 nud permanent",
        "bridge fdb add 02:00:00:00:00:08 dev v0 master static",
        "ip link set lo up",
        "tc qdisc add dev v0 root handle 1: htb",
        "tc qdisc add dev v0 ingress",
        "tc filter add dev v0 parent ffff: protocol ip u32 match ip src 10.0.0.9/32 flowid 1:1",
    ] {
        place.run(command);
    }
    let sockets = crate::netns::within(place.namespace.as_fd(), || {
        (TcpListener::bind("127.0.0.1:8080").unwrap(), UdpSocket::bind("[::]:53").unwrap())
    })
    .unwrap();
    let path = "net/ipv4/conf/br0/rp_filter".to_owned();
    let parts = Parts { owners: true, ..Parts::all(vec![path.clone(), "net/nothing".to_owned()]) };
    let seen = namespace(&mut place.sockets, &parts).unwrap();
    let address = seen.addresses.iter().find(|a| a.link == name("br0")).unwrap();
    assert_eq!(address.prefix, "10.0.0.1/24".parse().unwrap());
    let neighbour = seen.neighbours.get(&(name("br0"), [10, 0, 0, 7].into())).unwrap();
    assert_eq!(neighbour.state, NeighbourState::Permanent);
    let mac = "02:00:00:00:00:08".parse().unwrap();
    let entry = seen.fdb.get(&(name("v0"), mac, None)).unwrap();
    assert_eq!(
        (entry.bridge.as_ref(), entry.permanent, entry.local),
        (Some(&name("br0")), true, false)
    );
    let root = seen.qdiscs.get(&(name("v0"), At::Root)).unwrap();
    assert!(matches!(&root.kind, QdiscKind::Foreign(why) if why.why == "qdisc \"htb\""));
    assert_eq!(seen.qdiscs.get(&(name("lo"), At::Root)).unwrap().kind, QdiscKind::NoQueue);
    let filter = seen.filters.get(&name("v0")).unwrap();
    assert!(matches!(&filter.kind, FilterKind::Foreign(why) if why.why == "filter \"u32\""));
    let sysctls: Vec<_> = seen.sysctls.keys().collect();
    assert_eq!(sysctls, [&path]);
    let tcp = seen.sockets.iter().find(|socket| socket.transport == Transport::Tcp).unwrap();
    assert_eq!(tcp.local, "127.0.0.1:8080".parse().unwrap());
    let owner = tcp.process.as_ref().map(|process| process.pid);
    assert_eq!(owner, Some(std::process::id()));
    let udp = seen.sockets.iter().find(|socket| socket.transport == Transport::Udp).unwrap();
    assert_eq!((udp.local, udp.v6_only), ("[::]:53".parse().unwrap(), false));
    drop(sockets);
}
