//! Between containers of one host, and between them and the host.

use super::expect::expect;
use super::machine::*;
use crate::host::NamespaceId;
use crate::path::{Asked, Question, there_and_back, walk};

#[test]
fn container_to_container_of_one_network() {
    let host = host();
    let question = tcp(container("c0"), "10.0.0.11", 80);
    let (there, back) = there_and_back(&[("ha", &host)], &[], "ha", question);
    expect("one-network", &there);
    expect("one-network-back", &back.unwrap());
    expect("one-network-v6", &walk("ha", &host, tcp(container("c0"), "fd00:0::11", 80)));
}

#[test]
fn rules_that_bridged_packets_may_meet_are_tried_first() {
    let mut host = host();
    set(host.namespace(NamespaceId::Host), "net/bridge/bridge-nf-call-iptables", "1");
    let question = tcp(container("c0"), "10.0.0.11", 80);
    expect("one-network-filtered", &walk("ha", &host, question));
}

#[test]
fn networks_are_isolated() {
    let host = host();
    expect("isolated", &walk("ha", &host, tcp(container("c0"), "10.1.0.12", 80)));
    expect("isolated-v6", &walk("ha", &host, tcp(container("c0"), "fd00:1::12", 80)));
}

#[test]
fn a_published_port_is_reached_from_another_network_and_from_its_own() {
    let mut host = host();
    expect("hairpin-not-read", &walk("ha", &host, tcp(container("c1"), "192.0.2.1", 8080)));
    for family in ["iptables", "ip6tables"] {
        let path = format!("net/bridge/bridge-nf-call-{family}");
        set(host.namespace(NamespaceId::Host), &path, "0");
    }
    for (name, from, to) in [
        ("published-from-network", "c2", "192.0.2.1"),
        ("hairpin", "c1", "192.0.2.1"),
        ("hairpin-own", "c0", "192.0.2.1"),
        ("hairpin-v6", "c1", "2001:db8::1"),
    ] {
        let question = tcp(container(from), to, 8080);
        let (there, back) = there_and_back(&[("ha", &host)], &[], "ha", question);
        expect(name, &there);
        expect(&format!("{name}-back"), &back.unwrap());
    }
}

#[test]
fn with_br_netfilter_an_own_published_port_is_bridged() {
    let mut host = host();
    let question = || tcp(container("c0"), "192.0.2.1", 8080);
    set(host.namespace(NamespaceId::Host), "net/bridge/bridge-nf-call-iptables", "1");
    expect("hairpin-own-filtered", &walk("ha", &host, question()));
    let ns = host.namespace(NamespaceId::Host);
    let port = attachment(0, 0, &[]).id.host_link();
    ns.links.get_mut(&port).unwrap().port.as_mut().unwrap().hairpin = false;
    expect("hairpin-own-filtered-off", &walk("ha", &host, question()));
}

#[test]
fn the_host_reaches_its_published_port_and_its_containers() {
    let host = host();
    let from = || NamespaceId::Host;
    let question = tcp(from(), "127.0.0.1", 8080);
    let (there, back) = there_and_back(&[("ha", &host)], &[], "ha", question);
    expect("loopback-published", &there);
    expect("loopback-published-back", &back.unwrap());
    expect("host-to-container", &walk("ha", &host, tcp(from(), "10.0.0.10", 80)));
    expect("host-to-published", &walk("ha", &host, tcp(from(), "192.0.2.1", 8080)));
}

#[test]
fn a_container_does_not_reach_the_hosts_loopback() {
    let mut host = host();
    let c0 = host.namespace(container("c0"));
    // Its owner can send there if he wants to.
    c0.routes.retain(|route| !route.destination.addr().is_loopback());
    expect("loopback-of-the-host", &walk("ha", &host, tcp(container("c0"), "127.0.0.1", 22)));
}

#[test]
fn an_echo_is_answered_by_the_kernel() {
    let host = host();
    let ping = |to| Question::new(container("c0"), ip(to), Asked::Echo);
    expect("echo-gateway", &walk("ha", &host, ping("10.0.0.1")));
    expect("echo-own", &walk("ha", &host, ping("fd00:0::10")));
}

#[test]
fn a_feigned_source_is_dropped_at_its_port() {
    let host = host();
    let feign = |source, to| Question { source: Some(ip(source)), ..tcp(container("c0"), to, 80) };
    expect("spoofed", &walk("ha", &host, feign("10.0.0.11", "10.0.0.1")));
    expect("spoofed-v6", &walk("ha", &host, feign("fd00:0::11", "fd00:0::1")));
}
