//! Many containers on one bridge: as many questions as there are containers, and one finding for one cause.

use super::*;
use crate::cli::doctor::tests::machine;
use model::host::link::Veth;
use model::host::route::Nexthop;
use model::host::{Address, Bridge, Link, LinkKind, Namespace, Route, Unknown};
use model::net::{IpNet, LinkName, Mac};

fn name(text: &str) -> LinkName {
    text.parse().unwrap()
}

fn link(text: &str, kind: LinkKind<Unknown>, number: u16) -> Link<Unknown> {
    let [high, low] = number.to_be_bytes();
    let mac = Some(Mac([2, 0, 0, 0, high, low]));
    Link { up: true, mac, mtu: Some(1500), ..Link::ours(name(text), kind) }
}

fn address(link: &str, prefix: &str) -> Address {
    Address::new(name(link), prefix.parse().unwrap())
}

/// A host with so many containers on a bridge, which has this address.
fn seen(containers: u16, gateway: &str) -> Seen {
    let mut seen = Seen { name: "vm".to_owned(), ..Seen::default() };
    let mut host = Namespace::default();
    host.links.insert(link("br0", LinkKind::Bridge(Bridge::default()), u16::MAX));
    host.addresses.insert(address("br0", gateway));
    for number in 0..containers {
        let id = NamespaceId::Container(format!("c{number:03}"));
        let (outer, inner) = (format!("v{number}"), "eth0");
        let to_container = LinkKind::Veth(Veth::to(id.clone(), name(inner)));
        let port = Link { master: Some(name("br0")), ..link(&outer, to_container, 1000 + number) };
        host.links.insert(port);
        let of = seen.actual.namespace(id);
        let to_host = LinkKind::Veth(Veth::to(NamespaceId::Host, name(&outer)));
        of.links.insert(link(inner, to_host, number));
        let own = address(inner, &format!("10.88.{}.{}/16", 1 + number / 200, 1 + number % 200));
        of.routes.insert(Route::of_prefix(&own));
        of.addresses.insert(own);
        let default: IpNet = "0.0.0.0/0".parse().unwrap();
        of.routes
            .insert(Route::ours(default, Nexthop::via("10.88.0.1".parse().unwrap(), name(inner))));
    }
    seen.actual.namespaces.insert(NamespaceId::Host, host);
    seen
}

#[test]
fn questions_grow_with_containers_and_not_with_pairs() {
    let asked = |containers| {
        let seen = seen(containers, "10.88.0.1/16");
        targets::all(&seen, &Domains::of(&seen)).len()
    };
    // Outside and gateway of each, and some pairs.
    assert_eq!(asked(10), 10 * 2 + 9);
    assert_eq!(asked(500), 500 * 2 + 31);
}

#[test]
fn one_cause_is_one_finding() {
    let seen = seen(40, "10.88.0.99/16");
    let found = cut_off(&seen, &mut machine(&seen));
    let [Finding::CutOff { who, target, because, .. }] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(who.0.len(), 40);
    assert!(matches!(target, Target::Outside { .. }));
    assert!(
        matches!(because, Reason::NoNeighbour { address, .. } if address.to_string() == "10.88.0.1")
    );
}
