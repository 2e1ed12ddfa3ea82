//! Something is missing, down or too small.

use super::expect::expect;
use super::machine::*;
use crate::host::route::{Nexthop, Route, RouteKind};
use crate::host::{Actual, NamespaceId};
use crate::net::LinkName;
use crate::path::{Asked, Question, walk, walk_hosts};

fn outside() -> Question {
    tcp(container("c0"), "198.51.100.7", 443)
}

fn neighbour_container() -> Question {
    tcp(container("c0"), "10.0.0.11", 80)
}

fn port(i: u8) -> LinkName {
    attachment(i, 0, &[]).id.host_link()
}

fn damaged(damage: impl FnOnce(&mut Actual)) -> Actual {
    let mut host = host();
    damage(&mut host);
    host
}

#[test]
fn no_route() {
    let host = damaged(|host| {
        host.namespace(container("c0")).routes.retain(|r| r.destination.prefix_len() > 0);
    });
    expect("no-route", &walk("ha", &host, outside()));
    let host = damaged(|host| {
        host.namespace(NamespaceId::Host).routes.retain(|r| r.destination.prefix_len() > 0);
    });
    expect("no-route-on-host", &walk("ha", &host, outside()));
}

#[test]
fn routes_that_refuse() {
    for (name, kind) in [
        ("blackhole", RouteKind::Blackhole),
        ("unreachable", RouteKind::Unreachable),
        ("prohibit", RouteKind::Prohibit),
        ("throw", RouteKind::Throw),
    ] {
        let host = damaged(|host| {
            let to = "198.51.100.0/24".parse().unwrap();
            let hop = Nexthop::on("eth0".parse().unwrap());
            let route = Route { kind, nexthops: Vec::new(), ..Route::ours(to, hop) };
            host.namespace(container("c0")).routes.insert(route);
        });
        expect(name, &walk("ha", &host, outside()));
    }
}

#[test]
fn no_neighbour() {
    expect("no-neighbour", &walk("ha", &host(), tcp(container("c0"), "10.0.0.99", 80)));
    expect("no-neighbour-v6", &walk("ha", &host(), tcp(container("c0"), "fd00:0::99", 80)));
    let hosts = [("ha", &host()), ("out", &outsider())];
    let question = tcp(NamespaceId::Host, "192.0.2.77", 80);
    expect("no-neighbour-outside", &walk_hosts(&hosts, &wires(), "ha", question));
}

#[test]
fn links_down() {
    let down = |of: NamespaceId, link: LinkName| {
        let host = damaged(|host| host.namespace(of).links.get_mut(&link).unwrap().up = false);
        walk("ha", &host, outside())
    };
    expect("down-in-container", &down(container("c0"), name("eth0")));
    expect("down-port", &down(NamespaceId::Host, port(0)));
    expect("down-bridge", &down(NamespaceId::Host, network(0).bridge));
    expect("down-eth0", &down(NamespaceId::Host, name("eth0")));
}

#[test]
fn a_port_that_blocks_and_ports_that_are_isolated() {
    let host = damaged(|host| {
        let links = &mut host.namespace(NamespaceId::Host).links;
        links.get_mut(&port(0)).unwrap().port.as_mut().unwrap().state = Some(4);
    });
    let mac = attachment(1, 0, &[]).mac;
    let mut host = host;
    neighbour(host.namespace(container("c0")), "eth0", "10.0.0.11", mac);
    expect("port-state", &walk("ha", &host, neighbour_container()));
    let mut host = damaged(|host| {
        let links = &mut host.namespace(NamespaceId::Host).links;
        for i in [0, 1] {
            links.get_mut(&port(i)).unwrap().port.as_mut().unwrap().isolated = true;
        }
    });
    expect("isolated-ports-no-answer", &walk("ha", &host, neighbour_container()));
    neighbour(host.namespace(container("c0")), "eth0", "10.0.0.11", mac);
    expect("isolated-ports", &walk("ha", &host, neighbour_container()));
}

#[test]
fn a_mac_that_no_bridge_has_learned_floods() {
    let mut host = host();
    let mac = attachment(1, 0, &[]).mac;
    neighbour(host.namespace(container("c0")), "eth0", "10.0.0.11", mac);
    expect("flood", &walk("ha", &host, neighbour_container()));
}

#[test]
fn ttl() {
    let question = Question { hops: 1, ..outside() };
    expect("ttl", &walk("ha", &host(), question));
    let question = Question { hops: 1, ..neighbour_container() };
    expect("ttl-same-network", &walk("ha", &host(), question));
}

#[test]
fn mtu() {
    let host = damaged(|host| {
        let eth0 = name("eth0");
        host.namespace(NamespaceId::Host).links.get_mut(&eth0).unwrap().mtu = Some(1400);
    });
    let udp = |payload, dont_fragment| Question {
        payload,
        dont_fragment,
        ..Question::new(container("c0"), ip("198.51.100.7"), Asked::Udp { port: 9 })
    };
    expect("mtu-fits", &walk("ha", &host, udp(1372, true)));
    expect("mtu-on-the-way", &walk("ha", &host, udp(1373, true)));
    expect("mtu-fragments", &walk("ha", &host, udp(1373, false)));
    expect("mtu-at-the-sender", &walk("ha", &host, udp(1473, true)));
    let host = damaged(|host| {
        host.namespace(NamespaceId::Host).links.get_mut(&port(1)).unwrap().mtu = Some(1400);
    });
    let question = Question { payload: 1373, ..neighbour_container() };
    expect("mtu-of-a-port", &walk("ha", &host, question));
}

#[test]
fn forwarding() {
    let with = |path: &str, value: Option<&str>| {
        damaged(|host| {
            let ns = host.namespace(NamespaceId::Host);
            ns.sysctls.remove(&path.to_owned());
            if let Some(value) = value {
                set(ns, path, value);
            }
        })
    };
    let v4 = "net/ipv4/ip_forward";
    expect("forwarding-off", &walk("ha", &with(v4, Some("0")), outside()));
    expect("forwarding-not-read", &walk("ha", &with(v4, None), outside()));
    let host = with("net/ipv6/conf/all/forwarding", Some("0"));
    let question = tcp(container("c0"), "2001:db8:7::7", 443);
    expect("forwarding-off-v6", &walk("ha", &host, question));
}

#[test]
fn sources_that_cannot_come_by_a_link() {
    let (mut ha, mut out) = (host(), outsider());
    let ns = out.namespace(NamespaceId::Host);
    let nexthop = Nexthop::via(ip("192.0.2.1"), name("eth0"));
    ns.routes.insert(Route::ours("10.0.0.0/8".parse().unwrap(), nexthop));
    let from =
        |source| Question { source: Some(ip(source)), ..tcp(NamespaceId::Host, "192.0.2.1", 8080) };
    let go = |ha: &Actual, source| {
        walk_hosts(&[("ha", ha), ("out", &out)], &wires(), "out", from(source))
    };
    expect("martian-own", &go(&ha, "10.0.0.1"));
    set(ha.namespace(NamespaceId::Host), "net/ipv4/conf/all/rp_filter", "1");
    expect("reverse-path", &go(&ha, "10.0.0.55"));
    ha.namespace(NamespaceId::Host).sysctls.remove(&"net/ipv4/conf/all/rp_filter".to_owned());
    expect("reverse-path-not-read", &go(&ha, "10.0.0.55"));
}

#[test]
fn nobody_listens() {
    expect("no-socket", &walk("ha", &host(), tcp(container("c0"), "10.0.0.11", 81)));
}
