//! A host that has its IPv6 from a router's advertisements keeps it when it begins to forward: the
//! kernel would throw the route away and take no advertisement any more (`rt6_purge_dflt_routers`,
//! `ipv6_accept_ra`).

use crate::host::{Host, in_a_private_host};
use crate::stage::{Place, attach, shell};
use crate::until;
use rustix::net::{AddressFamily, SendFlags, SocketType, ipproto, sendto, socket, sockopt};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// RFC 4861 §4.2: a router for half an hour, and the prefix 2001:db8:7::/64 to make addresses of.
fn advertisement() -> Vec<u8> {
    let mut bytes = vec![134, 0, 0, 0, 64, 0];
    bytes.extend(1800_u16.to_be_bytes());
    bytes.extend([0; 8]);
    // §4.6.2: prefix information, on the link, for addresses.
    bytes.extend([3, 4, 64, 0xc0]);
    bytes.extend([3600_u32.to_be_bytes(), 3600_u32.to_be_bytes(), [0; 4]].concat());
    bytes.extend("2001:db8:7::".parse::<Ipv6Addr>().unwrap().octets());
    bytes
}

/// Sends the advertisement from the machine's `eth0`.
fn advertise(router: &Place) {
    router.within(|| {
        let raw = socket(AddressFamily::INET6, SocketType::RAW, Some(ipproto::ICMPV6)).unwrap();
        sockopt::set_ipv6_multicast_hops(&raw, 255).unwrap();
        let index = rustix::net::netdevice::name_to_index(&raw, "eth0").unwrap();
        let all_nodes = SocketAddrV6::new("ff02::1".parse().unwrap(), 0, 0, index);
        sendto(&raw, &advertisement(), SendFlags::empty(), &all_nodes).unwrap();
    });
}

fn router() -> Place {
    let router = Place::new("router");
    shell(&format!(
        "ip link add out0 type veth peer name eth0 netns {}; ip link set out0 up; \
         ip address add 192.0.2.1/24 dev out0",
        router.path()
    ));
    router.shell(
        // One that does not forward says so to whoever asks, and is no router then.
        "sysctl -qw net.ipv6.conf.all.forwarding=1; ip link set lo up; ip link set eth0 up; ip address add 2001:db8:9::9/128 dev lo; \
         ip -6 route add 2001:db8:7::/64 dev eth0",
    );
    until(PATIENCE, "the router has a link-local address", || {
        router.shell("ip -6 -o address show dev eth0 scope link -tentative").contains("fe80")
    });
    router
}

fn default_route() -> String {
    shell("ip -6 route show default")
}

/// Another plugin's links, and a card that is not there yet.
const OTHERS: &str = "ip link add docker0 type bridge; ip link set docker0 up; \
    ip link add veth9 type veth peer name veth8; ip link set veth9 master docker0 up; \
    ip link add cali1 type veth peer name cali2; ip link set cali1 up; ip link set cali2 up";

fn accepts(link: &str) -> String {
    shell(&format!("cat /proc/sys/net/ipv6/conf/{link}/accept_ra"))
}

#[test]
fn the_default_route_stays() {
    in_a_private_host(|| {
        let host = Host::new();
        let router = router();
        shell(OTHERS);
        until(PATIENCE, "the host takes the router's advertisement", || {
            advertise(&router);
            default_route().contains("proto ra")
        });
        assert_eq!(shell("cat /proc/sys/net/ipv6/conf/all/forwarding"), "0");
        host.recover();
        host.create_network().unwrap();
        assert_eq!(shell("cat /proc/sys/net/ipv6/conf/all/forwarding"), "1");
        assert!(default_route().contains("dev out0 proto ra"), "{}", default_route());
        // A container goes out by it, under the host's address.
        let place = attach(&host, "c", &[]).unwrap();
        router.serve("[2001:db8:9::9]:80");
        until(PATIENCE, "the outside is reached", || {
            place.fetch("[2001:db8:9::9]:80").as_deref() == Some("router")
        });
        // The next advertisement is taken too.
        shell("ip -6 route del default");
        until(PATIENCE, "the host goes on to take advertisements", || {
            advertise(&router);
            default_route().contains("proto ra")
        });
        assert_eq!(accepts("out0"), "2");
        for other in ["docker0", "veth9", "cali1", "lo", "default"] {
            assert_eq!(accepts(other), "1", "{other} is not ours to change");
        }
        assert_eq!(accepts("gn-blue"), "0");
        host.kill();
        host.cli(&["node", "reset", "--yes"]).unwrap();
        assert_eq!(accepts("out0"), "1");
        assert_eq!(shell("cat /proc/sys/net/ipv6/conf/all/forwarding"), "0");
    });
}

/// The router is slower than the daemon, or the link comes later.
#[test]
fn a_router_that_comes_late_is_heard() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let router = router();
        shell("ip route add default via 192.0.2.254");
        until(PATIENCE, "a link that leads out is seen", || accepts("out0") == "2");
        until(PATIENCE, "the host takes the router's advertisement", || {
            advertise(&router);
            default_route().contains("dev out0 proto ra")
        });
        host.kill();
        host.cli(&["node", "reset", "--yes"]).unwrap();
        assert_eq!(accepts("out0"), "1", "what was found of a late link is put back");
    });
}
