//! IPv4 behind an IPv6 next hop: how a peer's containers are routed.

use super::machine::*;
use crate::host::neighbour::NeighbourState;
use crate::host::route::Nexthop;
use crate::host::{Actual, Address, NamespaceId, Neighbour, Route};
use crate::net::Mac;
use crate::path::{
    Asked, Decision, End, Evidence, Path, Question, Reason, Stage, Translation, walk,
};

const HOP: &str = "fe80::42";

/// The host of the picture, with a subnet behind a hop whose MAC is written by hand.
fn host() -> Actual {
    let mut actual = super::machine::host();
    let host = actual.namespace(NamespaceId::Host);
    let nexthop = Nexthop::via(ip(HOP), name("eth0"));
    host.routes.insert(Route::ours("10.2.0.0/24".parse().unwrap(), nexthop));
    let (link, mac, state) =
        (name("eth0"), Some(Mac([2, 0, 0, 0, 0, 0x42])), NeighbourState::Permanent);
    host.neighbours.insert(Neighbour { link, address: ip(HOP), mac, state });
    actual
}

fn ask(host: &Actual) -> Path {
    walk("ha", host, Question::new(container("c0"), ip("10.2.0.7"), Asked::Echo))
}

#[test]
fn its_mac_is_in_the_cache_of_the_other_family() {
    let path = ask(&host());
    let found = path.hops.iter().rfind(|hop| hop.stage == Stage::Neighbour).unwrap();
    let mac = Mac([2, 0, 0, 0, 0, 0x42]);
    assert_eq!(found.decision, Decision::Neighbour { mac });
    assert_eq!(found.evidence, [Evidence::Neighbour { address: ip(HOP), mac, link: name("eth0") }]);
    assert!(matches!(path.end, End::Left { .. }), "{path}");
}

#[test]
fn without_the_entry_it_is_asked_for() {
    let mut actual = host();
    let host = actual.namespace(NamespaceId::Host);
    host.neighbours.remove(&(name("eth0"), ip(HOP)));
    let path = ask(&actual);
    let End::Unknown { why, .. } = &path.end else { panic!("{path}") };
    assert!(why.contains(HOP), "{why}");
    // Somebody who answers for it, and nobody.
    let out = |addresses: &[&str]| {
        let mut out = outsider();
        let host = out.namespace(NamespaceId::Host);
        for address in addresses {
            host.addresses.insert(Address::new(name("eth0"), address.parse().unwrap()));
        }
        settle(host);
        let question = Question::new(container("c0"), ip("10.2.0.7"), Asked::Echo);
        crate::path::walk_hosts(&[("ha", &actual), ("out", &out)], &wires(), "ha", question)
    };
    let path = out(&["fe80::42/64", "10.2.0.7/32"]);
    assert!(matches!(&path.end, End::Delivered { at, .. } if at.host == "out"), "{path}");
    let path = out(&[]);
    let nobody = Reason::NoNeighbour { address: ip(HOP), link: name("eth0") };
    assert!(matches!(&path.end, End::Dropped { because, .. } if *because == nobody), "{path}");
}

/// As `rt_nexthop` has it: masquerade looks for an address beside the destination instead.
#[test]
fn masquerade_chooses_beside_the_destination() {
    let mut actual = host();
    let host = actual.namespace(NamespaceId::Host);
    host.addresses.insert(Address::new(name("eth0"), "10.2.0.200/16".parse().unwrap()));
    let path = ask(&actual);
    let changed = path.hops.iter().find_map(|hop| match &hop.decision {
        Decision::Pass { changes } => changes.first(),
        _ => None,
    });
    let Some(Translation::Source { to, .. }) = changed else { panic!("{path}") };
    assert_eq!(to.ip(), ip("10.2.0.200"));
}
