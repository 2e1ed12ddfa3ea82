//! Out of the host and into it.

use super::expect::expect;
use super::machine::*;
use crate::host::route::Nexthop;
use crate::host::{NamespaceId, Route};
use crate::path::{Origin, Question, there_and_back, walk, walk_hosts};

#[test]
fn a_container_reaches_the_outside_under_the_hosts_address() {
    let (ha, out) = (host(), outsider());
    expect("out-to-router", &walk("ha", &ha, tcp(container("c0"), "198.51.100.7", 443)));
    expect("out-to-router-v6", &walk("ha", &ha, tcp(container("c0"), "2001:db8:7::7", 443)));
    let hosts = [("ha", &ha), ("out", &out)];
    let question = tcp(container("c0"), "192.0.2.9", 443);
    let (there, back) = there_and_back(&hosts, &wires(), "ha", question);
    expect("out-to-neighbour", &there);
    expect("out-to-neighbour-back", &back.unwrap());
}

#[test]
fn the_outside_reaches_published_ports_only() {
    let (ha, mut out) = (host(), outsider());
    let ns = out.namespace(NamespaceId::Host);
    for (pool, gateway) in [("10.0.0.0/8", "192.0.2.1"), ("fd00::/16", "2001:db8::1")] {
        let nexthop = Nexthop::via(ip(gateway), name("eth0"));
        ns.routes.insert(Route::ours(pool.parse().unwrap(), nexthop));
    }
    let hosts = [("ha", &ha), ("out", &out)];
    let from = || NamespaceId::Host;
    for (name, to) in [("published", "192.0.2.1"), ("published-v6", "2001:db8::1")] {
        let (there, back) = there_and_back(&hosts, &wires(), "out", tcp(from(), to, 8080));
        expect(name, &there);
        expect(&format!("{name}-back"), &back.unwrap());
    }
    for (name, to) in [("not-published", "10.0.0.10"), ("not-published-v6", "fd00:0::10")] {
        expect(name, &walk_hosts(&hosts, &wires(), "out", tcp(from(), to, 80)));
    }
}

#[test]
fn a_packet_from_the_wire_needs_no_host_to_send_it() {
    let question = Question {
        origin: Origin::Wire(name("eth0")),
        source: Some(ip("203.0.113.5")),
        source_port: None,
        ..tcp(NamespaceId::Host, "192.0.2.1", 8080)
    };
    expect("published-from-the-wire", &walk("ha", &host(), question));
}

#[test]
fn the_host_is_no_router_for_its_neighbours() {
    let (ha, mut out) = (host(), outsider());
    let nexthop = Nexthop::via(ip("192.0.2.1"), name("eth0"));
    let route = Route::ours("0.0.0.0/0".parse().unwrap(), nexthop);
    out.namespace(NamespaceId::Host).routes.insert(route);
    let question = tcp(NamespaceId::Host, "198.51.100.7", 443);
    let hosts = [("ha", &ha), ("out", &out)];
    expect("neighbour-router", &walk_hosts(&hosts, &wires(), "out", question));
}

#[test]
fn who_was_not_looked_at_is_unknown() {
    expect("unseen-neighbour", &walk("ha", &host(), tcp(container("c0"), "192.0.2.9", 443)));
}
