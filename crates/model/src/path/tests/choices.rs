//! What the sender and the cache choose.

use super::expect::expect;
use super::machine::*;
use crate::host::neighbour::NeighbourState;
use crate::host::{Actual, Address, NamespaceId};
use crate::net::{Family, Mac};
use crate::path::{Decision, End, Question, Stage, walk};
use std::net::IpAddr;

/// The source that a container's packet gets, or why it cannot be told.
fn source(host: &Actual, to: &str) -> Result<IpAddr, String> {
    let path = walk("ha", host, tcp(container("c0"), to, 80));
    match (path.hops.first().map(|hop| &hop.decision), path.end) {
        (Some(Decision::Route { source: Some(source), .. }), _) => Ok(*source),
        (_, End::Unknown { why, .. }) => Err(why),
        (_, end) => panic!("{end}"),
    }
}

fn with(addresses: &[&str]) -> Actual {
    let mut host = host();
    let c0 = host.namespace(container("c0"));
    for address in addresses {
        c0.addresses.insert(Address::new(name("eth0"), address.parse().unwrap()));
    }
    host
}

#[test]
fn the_source_is_of_the_gateways_subnet() {
    assert_eq!(source(&with(&["172.16.0.9/24"]), "198.51.100.7"), Ok(ip("10.0.0.10")));
    let why = source(&with(&["10.0.0.77/24"]), "198.51.100.7").unwrap_err();
    assert!(why.contains("came first"), "{why}");
    // As the kernel lists them, and then the second of a subnet is a secondary one.
    for (first, second, source_is) in [(1, 2, "10.0.0.10"), (2, 1, "10.0.0.77")] {
        let mut host = with(&[]);
        let c0 = host.namespace(container("c0"));
        for (address, position) in [("10.0.0.10/24", first), ("10.0.0.77/24", second)] {
            let address = Address::new(name("eth0"), address.parse().unwrap());
            c0.addresses.insert(Address { position, ..address });
        }
        assert_eq!(source(&host, "198.51.100.7"), Ok(ip(source_is)));
    }
}

#[test]
fn the_source_follows_rfc_6724() {
    // A global address for a global destination, a unique local one for its like.
    let host = with(&["2001:db8:1::5/64"]);
    assert_eq!(source(&host, "2001:db8:7::7"), Ok(ip("2001:db8:1::5")));
    assert_eq!(source(&host, "fd00:1::12"), Ok(ip("fd00:0::10")));
    // The wider scope for what a link-local address cannot reach.
    assert_eq!(source(&with(&["fe80::5/64"]), "fd00:1::12"), Ok(ip("fd00:0::10")));
    assert!(source(&with(&["fd00:0::77/64"]), "2001:db8:7::7").is_err());
}

#[test]
fn a_route_names_the_source() {
    let mut host = with(&["172.16.0.9/24"]);
    let c0 = host.namespace(container("c0"));
    let mut route = c0.routes.iter().find(|r| r.destination == Family::V4.everything()).cloned();
    let route = route.as_mut().unwrap();
    route.source = Some(ip("172.16.0.9"));
    c0.routes.insert(route.clone());
    assert_eq!(source(&host, "198.51.100.7"), Ok(ip("172.16.0.9")));
}

#[test]
fn the_lowest_metric_of_the_longest_prefix_wins() {
    let mut host = host();
    let c0 = host.namespace(container("c0"));
    let route = c0.routes.iter().find(|r| r.destination == Family::V4.everything()).cloned();
    let mut route = route.unwrap();
    route.metric = 50;
    route.nexthops[0].gateway = Some(ip("10.0.0.99"));
    c0.routes.insert(route.clone());
    expect("metric", &walk("ha", &host, tcp(container("c0"), "10.0.0.1", 22)));
    let gateway = |host: &Actual| {
        let path = walk("ha", host, tcp(container("c0"), "198.51.100.7", 80));
        let Decision::Route { gateway, .. } = path.hops[0].decision.clone() else { panic!() };
        gateway
    };
    assert_eq!(gateway(&host), Some(ip("10.0.0.1")));
}

#[test]
fn a_failed_neighbour_is_asked_anew_and_a_stale_one_is_used() {
    let wrong = Mac([2, 9, 9, 9, 9, 9]);
    for (state, used) in [(NeighbourState::Failed, false), (NeighbourState::Stale, true)] {
        let mut host = host();
        let c0 = host.namespace(container("c0"));
        neighbour(c0, "eth0", "10.0.0.11", wrong);
        c0.neighbours.get_mut(&(name("eth0"), ip("10.0.0.11"))).unwrap().state = state;
        let path = walk("ha", &host, tcp(container("c0"), "10.0.0.11", 80));
        let hop = path.hops.iter().find(|hop| hop.stage == Stage::Neighbour).unwrap();
        assert_eq!(hop.decision == Decision::Neighbour { mac: wrong }, used);
        assert_eq!(matches!(path.end, End::Delivered { .. }), !used, "{path}");
    }
}

#[test]
fn two_holders_of_an_address_are_not_chosen_between() {
    let mut host = host();
    let c1 = host.namespace(container("c1"));
    c1.addresses.insert(Address::new(name("eth0"), "10.0.0.77/24".parse().unwrap()));
    let ns = host.namespace(NamespaceId::Host);
    let bridge = network(0).bridge;
    ns.addresses.insert(Address::new(bridge, "10.0.0.77/24".parse().unwrap()));
    expect("two-holders", &walk("ha", &host, tcp(container("c0"), "10.0.0.77", 80)));
}

#[test]
fn loopback_leaves_only_where_it_may() {
    let mut host = host();
    let path = format!("net/ipv4/conf/{}/route_localnet", network(0).bridge);
    set(host.namespace(NamespaceId::Host), &path, "0");
    let question = || tcp(NamespaceId::Host, "127.0.0.1", 8080);
    expect("route-localnet-off", &walk("ha", &host, question()));
    let others = Question { source: Some(ip("127.0.0.1")), ..tcp(container("c0"), "10.0.0.1", 22) };
    expect("loopback-feigned", &walk("ha", &host, others));
}
