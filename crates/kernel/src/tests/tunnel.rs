//! VXLAN between two hosts, over either family, and what happens to it.

use super::Host;
use crate::monitor::{Event, Monitor};
use crate::{Error, Occupant};
use model::diff::{Change, Step};
use model::host::link::{Bridge, Link, LinkKind, Vxlan};
use model::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use model::host::route::{Nexthop, Route};
use model::host::{Address, Keyed as _, NamespaceId, Sysctl};
use model::net::{Family, IpNet, LinkName, Mac};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

pub(super) fn name(name: &str) -> LinkName {
    name.parse().unwrap()
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn vtep(number: u8) -> Mac {
    Mac([6, 0, 0, 0, 0, number])
}

/// The hosts' addresses on the wire between them.
pub(super) fn underlay(family: Family, number: u8) -> IpAddr {
    match family {
        Family::V4 => IpAddr::from([192, 0, 2, number]),
        Family::V6 => ip(&format!("2001:db8::{number}")),
    }
}

pub(super) fn own(family: Family, number: u8) -> IpAddr {
    match family {
        Family::V4 => IpAddr::from([10, 1, number, 1]),
        Family::V6 => ip(&format!("fd00:1:{number}::1")),
    }
}

/// What a host has of a network with one peer.
pub(super) fn want(host: &mut Host, number: u8, over: Family) {
    let peer = 3 - number;
    let local = Some(underlay(over, number));
    let df = over == Family::V4;
    let vxlan = Vxlan { vni: 70_000, port: 4789, local, learning: false, df };
    let tunnel = Link {
        up: true,
        mac: Some(vtep(number)),
        mtu: Some(1430),
        alias: Some("network t".to_owned()),
        link_local: Some(true),
        ..Link::ours(name("gx-t"), LinkKind::Vxlan(vxlan))
    };
    let bridge = Link {
        up: true,
        link_local: Some(false),
        ..Link::ours(name("gn-t"), LinkKind::Bridge(Bridge::default()))
    };
    let wants = host.wants();
    wants.links.insert(tunnel);
    wants.links.insert(bridge);
    wants.sysctls.insert(Sysctl::new("net/ipv6/conf/gx-t/accept_dad", "0"));
    wants.fdb.insert(FdbEntry::tunnel(name("gx-t"), vtep(peer), underlay(over, peer)));
    let gateway = IpAddr::from(vtep(peer).link_local());
    wants.neighbours.insert(Neighbour {
        link: name("gx-t"),
        address: gateway,
        mac: Some(vtep(peer)),
        state: NeighbourState::Permanent,
    });
    for family in Family::BOTH {
        let address = IpNet::new(own(family, number), family.bits()).unwrap();
        wants.addresses.insert(Address::new(name("gn-t"), address));
        let block = if family == Family::V4 { 26 } else { 122 };
        let block = IpNet::new(own(family, peer), block).unwrap().trunc();
        let mut route = Route::ours(block, Nexthop::via(gateway, name("gx-t")));
        route.source = Some(own(family, number));
        route.mtu = Some(1430);
        wants.routes.insert(route);
    }
}

pub(super) fn joined(over: Family) -> [Host; 2] {
    let mut hosts = Host::two();
    for (host, number) in hosts.iter_mut().zip(1..) {
        let length = if over == Family::V4 { "24" } else { "64 nodad" };
        host.run(&format!("ip address add {}/{length} dev u0", underlay(over, number)));
        want(host, number, over);
    }
    hosts.iter_mut().for_each(|host| drop(host.converge()));
    hosts
}

pub(super) fn ping(host: &Host, peer: u8) {
    for family in Family::BOTH {
        host.run(&format!("ping -c 1 -W 2 {}", own(family, peer)));
    }
    host.run(&format!("ping -c 1 -W 2 {}%gx-t", vtep(peer).link_local()));
}

#[test]
fn both_families_go_through_over_either() {
    for over in Family::BOTH {
        let [a, b] = joined(over);
        let link = a.run("ip -d link show dev gx-t");
        let local = format!("local {}", underlay(over, 1));
        let not = |word: &str| assert!(!link.contains(word), "{word:?} in {link}");
        for word in ["vxlan id 70000", &local, "dstport 4789", "nolearning", "mtu 1430", "udpcsum"]
        {
            assert!(link.contains(word), "no {word:?} in {link}");
        }
        ["noudpcsum", " udp6zerocsumtx", " udp6zerocsumrx"].into_iter().for_each(not);
        assert_eq!(link.contains("df set"), over == Family::V4, "{link}");
        let addresses = a.run("ip -6 address show dev gx-t");
        let own = format!("inet6 {}/64 scope link", vtep(1).link_local());
        assert!(addresses.contains(&own) && !addresses.contains("tentative"), "{addresses}");
        let route = a.run("ip -d route show 10.1.2.0/26");
        let via = format!("via inet6 {} dev gx-t proto 103", vtep(2).link_local());
        for word in [&*via, "src 10.1.1.1", "mtu 1430"] {
            assert!(route.contains(word), "no {word:?} in {route}");
        }
        ping(&a, 2);
        ping(&b, 1);
        // As large as the tunnel takes, unbroken.
        a.run("ping -c 1 -W 2 -M do -s 1402 10.1.2.1");
    }
}

/// What was done, by kind.
fn kinds(steps: &[Step]) -> Vec<&'static str> {
    let kind = |step: &Step| match &step.change {
        Change::CreateLink(_) => "create link",
        Change::ChangeLink { .. } => "change link",
        Change::DeleteLink { .. } => "delete link",
        Change::AddAddress(_) => "add address",
        Change::RemoveAddress(_) => "remove address",
        Change::AddRoute(_) => "add route",
        Change::ChangeRoute { .. } => "change route",
        Change::RemoveRoute(_) => "remove route",
        Change::AddNeighbour(_) => "add neighbour",
        Change::ChangeNeighbour { .. } => "change neighbour",
        Change::RemoveNeighbour(_) => "remove neighbour",
        Change::AddFdbEntry(_) => "add fdb entry",
        Change::ChangeFdbEntry { .. } => "change fdb entry",
        Change::RemoveFdbEntry(_) => "remove fdb entry",
        Change::SetSysctl { .. } => "set sysctl",
        other => panic!("{other:?}"),
    };
    steps.iter().map(kind).collect()
}

#[test]
fn what_others_did_to_it_is_mended() {
    let [mut a, b] = joined(Family::V4);
    let peer = vtep(2);
    let hop = peer.link_local();
    let damage = [
        // Changed in place.
        (format!("bridge fdb replace {peer} dev gx-t dst 192.0.2.99"), vec!["change fdb entry"]),
        (
            format!("bridge fdb replace {peer} dev gx-t dst 192.0.2.2 port 9"),
            vec!["change fdb entry"],
        ),
        (
            format!("bridge fdb replace {peer} dev gx-t dst 192.0.2.2 vni 9"),
            vec!["change fdb entry"],
        ),
        (
            format!("ip neighbour replace {hop} lladdr 06:00:00:00:00:99 dev gx-t nud permanent"),
            vec!["change neighbour"],
        ),
        (
            format!("ip neighbour replace {hop} lladdr {peer} dev gx-t nud reachable"),
            vec!["add neighbour"],
        ),
        (
            format!(
                "ip route replace 10.1.2.0/26 via inet6 {hop} dev gx-t proto 103 mtu 1000 src 10.1.1.1"
            ),
            vec!["change route"],
        ),
        (
            format!("ip route replace 10.1.2.0/26 via inet6 {hop} dev gx-t proto 103 mtu 1430"),
            vec!["change route"],
        ),
        (
            "ip route replace 10.1.2.0/26 dev u0 proto 103 mtu 1430 src 10.1.1.1".to_owned(),
            vec!["change route"],
        ),
        (
            format!(
                "ip route replace fd00:1:2::/122 via {hop} dev gx-t proto 103 mtu 1300 src fd00:1:1::1"
            ),
            vec!["change route"],
        ),
        (
            "ip route replace fd00:1:2::/122 dev u0 proto 103 metric 1024".to_owned(),
            vec!["change route"],
        ),
        ("ip link set gx-t mtu 1300".to_owned(), vec!["change link", "change route"]),
        // With the MAC address go the neighbours, permanent ones too.
        (
            "ip link set gx-t address 06:00:00:00:00:55".to_owned(),
            vec!["change link", "add neighbour"],
        ),
        // Taken away.
        (format!("bridge fdb del {peer} dev gx-t"), vec!["add fdb entry"]),
        (format!("ip neighbour del {hop} dev gx-t"), vec!["add neighbour"]),
        ("ip route del 10.1.2.0/26".to_owned(), vec!["add route"]),
        ("ip -6 route del fd00:1:2::/122".to_owned(), vec!["add route"]),
        (format!("ip address del {}/64 dev gx-t", vtep(1).link_local()), vec!["add address"]),
        // Added.
        (
            "bridge fdb append 00:00:00:00:00:00 dev gx-t dst 192.0.2.2".to_owned(),
            vec!["remove fdb entry"],
        ),
        (
            "bridge fdb add 06:00:00:00:00:77 dev gx-t dst 192.0.2.7 dynamic".to_owned(),
            vec!["remove fdb entry"],
        ),
        (
            "bridge fdb add 06:00:00:00:00:77 dev gx-t dst 192.0.2.7 port 9 vni 5".to_owned(),
            vec!["remove fdb entry"],
        ),
        (
            "ip neighbour add fe80::77 lladdr 06:00:00:00:00:77 dev gx-t".to_owned(),
            vec!["remove neighbour"],
        ),
        ("ip address add fe80::77/64 dev gx-t nodad".to_owned(), vec!["remove address"]),
        // A remote end for whatever is not listed.
        ("ip link set gx-t type vxlan remote 192.0.2.2".to_owned(), vec!["remove fdb entry"]),
    ];
    for (command, mended) in damage {
        a.run(&command);
        let done = a.converge();
        assert_eq!(kinds(&done), mended, "{command}: {done:#?}");
        ping(&a, 2);
        ping(&b, 1);
    }
}

/// With an MTU below 1280 the kernel takes IPv6 off a link, and all that stood on it.
#[test]
fn a_tunnel_that_lost_ipv6_gets_it_back() {
    let [mut a, b] = joined(Family::V4);
    a.run("ip link set gx-t mtu 1200");
    assert!(!a.run("ip address show dev gx-t").contains("inet6"));
    a.converge();
    // The kernel looked for duplicates of the address before it could be told not to.
    let tentative = || a.run("ip address show dev gx-t").contains("tentative");
    let end = Instant::now() + Duration::from_secs(5);
    while tentative() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    ping(&b, 1);
    ping(&a, 2);
}

/// The kernel takes a route's MTU to be its link's where they are equal, and raises both.
#[test]
fn a_larger_link_does_not_make_routes_larger() {
    let [mut a, _b] = joined(Family::V4);
    a.wants().links.get_mut(&name("gx-t")).unwrap().mtu = Some(1450);
    a.converge();
    for block in ["-4 route show 10.1.2.0/26", "-6 route show fd00:1:2::/122"] {
        let route = a.run(&format!("ip {block}"));
        assert!(route.contains("mtu 1430"), "{route}");
    }
}

#[test]
fn what_cannot_be_changed_is_made_again_with_all_that_is_on_it() {
    let [mut a, mut b] = joined(Family::V4);
    let again = |change: &dyn Fn(&mut Vxlan), hosts: &mut [&mut Host]| {
        for host in hosts {
            let link = host.wants().links.get_mut(&name("gx-t")).unwrap();
            let LinkKind::Vxlan(vxlan) = &mut link.kind else { unreachable!() };
            change(vxlan);
            let done = kinds(&host.converge());
            assert_eq!(
                done,
                [
                    "delete link",
                    "create link",
                    "set sysctl",
                    "change link",
                    "add neighbour",
                    "add fdb entry",
                    "add route",
                    "add route"
                ]
            );
        }
    };
    again(&|vxlan| vxlan.vni = 9, &mut [&mut a, &mut b]);
    ping(&a, 2);
    again(&|vxlan| vxlan.port = 8472, &mut [&mut a, &mut b]);
    ping(&a, 2);
    again(&|vxlan| vxlan.df = false, &mut [&mut a]);
    a.run("ip address add 192.0.2.11/24 dev u0");
    again(&|vxlan| vxlan.local = Some([192, 0, 2, 11].into()), &mut [&mut a]);
    ping(&a, 2);
    ping(&b, 1);
}

#[test]
fn a_peer_goes_and_the_network_goes() {
    let [mut a, b] = joined(Family::V6);
    a.wants().routes = Default::default();
    a.wants().neighbours = Default::default();
    a.wants().fdb = Default::default();
    let done = kinds(&a.converge());
    assert_eq!(done, ["remove route", "remove route", "remove neighbour", "remove fdb entry"]);
    want(&mut a, 1, Family::V6);
    a.converge();
    ping(&b, 1);
    *a.wants() = Default::default();
    a.converge();
    let left = a.run("ip link");
    assert!(!left.contains("gx-t") && !left.contains("gn-t"), "{left}");
}

/// A route's next hop goes over from a link that goes away to one that stays, without a gap.
#[test]
fn routes_leave_a_tunnel_before_it_goes() {
    let [mut a, _b] = joined(Family::V4);
    let wants = a.wants();
    wants.links.remove(&name("gx-t"));
    wants.sysctls = Default::default();
    wants.neighbours = Default::default();
    wants.fdb = Default::default();
    let tunnelled: Vec<Route> = wants.routes.iter().cloned().collect();
    wants.routes = Default::default();
    let direct = |mut route: Route| {
        route.nexthops = vec![Nexthop::via([192, 0, 2, 2].into(), name("u0"))];
        route
    };
    let v4 = tunnelled.iter().filter(|route| route.destination.addr().is_ipv4()).cloned();
    wants.routes.extend(v4.map(direct));
    let done = a.converge();
    let of_v4 = |step: &&Step| match &step.change {
        Change::ChangeRoute { to, .. } => to.key().0 == Family::V4,
        Change::AddRoute(route) | Change::RemoveRoute(route) => route.key().0 == Family::V4,
        _ => false,
    };
    let at = done.iter().position(|step| of_v4(&step)).unwrap();
    assert_eq!(kinds(&done[at..]), ["change route", "delete link"], "{done:#?}");
    let route = a.run("ip route show 10.1.2.0/26");
    assert!(route.contains("via 192.0.2.2 dev u0"), "{route}");
}

#[test]
fn a_foreign_route_stays_and_is_no_place_for_ours() {
    let [mut a, _b] = joined(Family::V4);
    a.run("ip route prepend 10.1.2.0/26 dev u0 proto static");
    a.wants().routes = Default::default();
    let tunnelled = Route::ours(
        "10.1.2.0/26".parse().unwrap(),
        Nexthop::via(vtep(2).link_local().into(), name("gx-t")),
    );
    a.wants().routes.insert(tunnelled);
    let steps = a.steps();
    let failure = a.apply(&steps).unwrap_err();
    assert!(failure.error.already_there(), "{failure}");
    let routes = a.run("ip route show 10.1.2.0/26");
    assert_eq!(routes.trim(), "10.1.2.0/26 dev u0 proto static scope link");
}

#[test]
fn who_is_in_the_way_is_named() {
    let cases: [(&str, &str, i32); 4] = [
        ("ip link add foreign0 type vxlan id 70000 dstport 4789", "foreign0", 17),
        ("ip link add foreign0 up type vxlan external dstport 4789", "foreign0", 98),
        ("ip link add foreign0 up type vxlan id 7 dstport 4789 gbp", "foreign0", 98),
        ("ip link add foreign0 up type vxlan id 7 dstport 4789 udp6zerocsumrx", "foreign0", 98),
    ];
    for (command, who, errno) in cases {
        let mut host = Host::new();
        host.run(command);
        host.run("ip link add other0 up type vxlan id 12 dstport 4790");
        want(&mut host, 1, Family::V4);
        let steps = host.steps();
        let failure = host.apply(&steps).unwrap_err();
        let Error::TunnelTaken { port: 4789, by, .. } = &failure.error else {
            panic!("{command}: {failure:?}")
        };
        let Occupant::Tunnel { link } = &**by else { panic!("{command}: {failure:?}") };
        assert_eq!((link.as_str(), failure.error.errno().unwrap() as i32), (who, errno));
        assert!(failure.to_string().contains("VXLAN link foreign0"), "{failure}");
        assert!(!failure.error.already_there());
        // Nothing but the other one was in the way.
        host.run("ip link del foreign0");
        host.run("ip link add u0 up type bridge");
        host.run("ip address add 192.0.2.1/24 dev u0");
        host.converge();
    }

    let mut host = Host::new();
    let bound = crate::netns::within(host.place.sockets.namespace(), || {
        std::net::UdpSocket::bind("0.0.0.0:4789").unwrap()
    });
    want(&mut host, 1, Family::V4);
    let steps = host.steps();
    let failure = host.apply(&steps).unwrap_err();
    let Error::TunnelTaken { by, .. } = &failure.error else { panic!("{failure:?}") };
    assert!(matches!(&**by, Occupant::Process { pid, .. } if *pid == std::process::id()), "{by}");
    drop(bound);
    host.converge();

    // One that thinks alike shares the port.
    let mut host = Host::new();
    host.run("ip link add foreign0 up type vxlan id 7 dstport 4789");
    want(&mut host, 1, Family::V4);
    host.converge();
}

/// What we write ourselves is told by the port it came from; the kernel does not say it of forwarding
/// entries.
#[test]
fn others_changes_are_heard_ours_are_not() {
    let [mut a, _b] = joined(Family::V4);
    let own = a.place.sockets.ports().unwrap();
    let mut monitor = Monitor::open_in(a.place.namespace.as_fd(), &own).unwrap();
    let index = |host: &mut Host| {
        let actual = host.read();
        actual.namespaces[&NamespaceId::Host].links.get(&name("gx-t")).unwrap().index.unwrap()
    };
    let link = index(&mut a);
    monitor.hear_peers(BTreeSet::from([link])).unwrap();
    a.wants().routes = Default::default();
    a.wants().neighbours = Default::default();
    a.converge();
    want(&mut a, 1, Family::V4);
    a.converge();
    let heard = monitor.take().unwrap();
    assert!(!heard.contains(&Event::Neighbour { link }), "{heard:?}");
    assert!(!heard.contains(&Event::Route), "{heard:?}");
    a.wants().fdb = Default::default();
    a.converge();
    assert_eq!(monitor.take().unwrap(), [Event::FdbEntry { link }]);
    want(&mut a, 1, Family::V4);
    a.converge();
    monitor.take().unwrap();
    for (command, event) in [
        ("ip route del 10.1.2.0/26", Event::Route),
        ("ip -6 route del fd00:1:2::/122", Event::Route),
        ("ip neighbour flush dev gx-t nud permanent", Event::Neighbour { link }),
        ("bridge fdb del 06:00:00:00:00:02 dev gx-t", Event::FdbEntry { link }),
    ] {
        a.run(command);
        assert_eq!(monitor.take().unwrap(), [event], "{command}");
    }
}
