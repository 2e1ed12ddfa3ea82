//! Steps carried out, with ip(8) and tc(8) as the oracle.

use super::{Applier, Outcome, Pace, delete_group};
use crate::testing::Place;
use crate::{Error, Result};
use model::diff::{Change, LinkChange, Step};
use model::host::link::{Bridge, BridgePort, GROUP, Link, LinkKind, Veth, Vxlan};
use model::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use model::host::qdisc::{Filter, FilterKind, Place as At, Qdisc, QdiscKind, Tbf};
use model::host::route::{Nexthop, Route};
use model::host::{Address, NamespaceId, Never, Sysctl};
use model::net::{LinkName, Mac};
use std::collections::BTreeMap;
use std::os::fd::AsFd;

fn name(name: &str) -> LinkName {
    name.parse().unwrap()
}

fn web() -> NamespaceId {
    NamespaceId::Container("web".to_owned())
}

fn on(namespace: NamespaceId, change: Change) -> Step {
    Step { namespace, change }
}

fn host(change: Change) -> Step {
    on(NamespaceId::Host, change)
}

fn link(at: &str, kind: LinkKind<Never>) -> Link<Never> {
    Link { up: true, ..Link::ours(name(at), kind) }
}

fn bridge() -> Step {
    let kind = LinkKind::Bridge(Bridge::default());
    let mac = Some(Mac([2, 0, 0, 0, 1, 0]));
    host(Change::CreateLink(Link { link_local: Some(false), mac, ..link("gn0", kind) }))
}

fn pair() -> Step {
    let kind = LinkKind::Veth(Veth::to(web(), name("eth0")));
    let near = Link {
        master: Some(name("gn0")),
        port: Some(BridgePort { hairpin: true, isolated: true, learning: false, state: None }),
        alias: Some("container web".to_owned()),
        mtu: Some(1400),
        link_local: Some(false),
        ..link("gn1", kind)
    };
    let kind = LinkKind::Veth(Veth::to(NamespaceId::Host, name("gn1")));
    let mac = Some(Mac([2, 0, 0, 0, 1, 1]));
    let far = Link { mac, mtu: Some(1400), ..link("eth0", kind) };
    host(Change::CreateVeth { link: near, peer: far, peer_namespace: web() })
}

fn attach() -> Vec<Step> {
    let prefix = "10.0.0.2/24".parse().unwrap();
    let mut default =
        Route::ours("0.0.0.0/0".parse().unwrap(), Nexthop::via([10, 0, 0, 1].into(), name("eth0")));
    default.mtu = Some(1300);
    vec![
        host(Change::SetSysctl { sysctl: Sysctl::new("net/ipv4/ip_forward", "1"), before: None }),
        bridge(),
        host(Change::AddAddress(Address::new(name("gn0"), "10.0.0.1/24".parse().unwrap()))),
        pair(),
        on(web(), Change::AddAddress(Address::new(name("eth0"), prefix))),
        on(
            web(),
            Change::AddAddress(Address::new(name("eth0"), "2001:db8::2/64".parse().unwrap())),
        ),
        on(web(), Change::AddRoute(default)),
    ]
}

/// Carries steps out on a host and the container "web".
fn apply(
    host: &mut Place,
    container: &Place,
    pace: Pace,
    steps: &[Step],
) -> Result<Vec<Outcome>, super::Failure> {
    let others = BTreeMap::from([(web(), container.namespace.as_fd())]);
    let mut observed = Vec::new();
    let mut applier = Applier::new(&mut host.sockets, &others).unwrap().pace(pace).repeatable();
    let outcomes = applier.apply(steps, &mut |number, step, outcome| {
        assert_eq!(step, &steps[number]);
        observed.push(outcome);
        Ok(())
    })?;
    assert_eq!(outcomes, observed);
    Ok(outcomes)
}

#[test]
fn a_container_is_attached() {
    for pace in [Pace::Together, Pace::OneByOne] {
        let (mut host, container) = (Place::new(), Place::new());
        let outcomes = apply(&mut host, &container, pace, &attach()).unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done));

        let near = host.run("ip -d link show dev gn1");
        let expect = [
            "master gn0",
            "state UP",
            "mtu 1400",
            "alias container web",
            "hairpin on",
            "isolated on",
            "learning off",
            "addrgenmode none",
            "group 1735156083",
        ];
        for word in expect {
            assert!(near.contains(word), "no {word:?} in {near}");
        }
        assert!(!host.run("ip address show dev gn1").contains("inet6"));
        let far = container.run("ip -d address show dev eth0");
        for word in ["02:00:00:00:01:01", "state UP", "inet 10.0.0.2/24", "2001:db8::2/64"] {
            assert!(far.contains(word), "no {word:?} in {far}");
        }
        let routes = container.run("ip -d route");
        assert!(routes.contains("default via 10.0.0.1 dev eth0 proto 103 scope global mtu 1300"));
        container.run("ping -c 1 -W 2 10.0.0.1");
        assert_eq!(host.run("sysctl -n net.ipv4.ip_forward").trim(), "1");

        // Once more: all is there, nothing is lost.
        let again = apply(&mut host, &container, pace, &attach()[1..]).unwrap();
        assert!(again.iter().all(|outcome| *outcome == Outcome::AlreadyThere), "{again:?}");
        container.run("ping -c 1 -W 2 10.0.0.1");
    }
}

#[test]
fn a_failure_names_the_step_and_what_was_done() {
    let (mut host, container) = (Place::new(), Place::new());
    let mut steps = attach();
    let gateway = Nexthop::via([192, 0, 2, 1].into(), name("eth0"));
    let bad = on(web(), Change::AddRoute(Route::ours("198.51.100.0/24".parse().unwrap(), gateway)));
    steps.insert(6, bad);
    let failure = apply(&mut host, &container, Pace::Together, &steps).unwrap_err();
    assert_eq!(failure.step, 6);
    let words = failure.to_string();
    assert!(words.contains("route to 198.51.100.0/24 (table 254) in container:web"), "{words}");
    assert!(words.contains("Nexthop has invalid gateway"), "{words}");
    // The one after it was in the same send and happened.
    assert_eq!(failure.outcomes[6], None);
    assert!(failure.outcomes.iter().enumerate().all(|(n, o)| n == 6 || *o == Some(Outcome::Done)));

    let (mut host, container) = (Place::new(), Place::new());
    let failure = apply(&mut host, &container, Pace::OneByOne, &steps).unwrap_err();
    assert_eq!((failure.step, failure.outcomes[7]), (6, None));
}

#[test]
fn an_observer_can_end_the_work() {
    let (mut host, container) = (Place::new(), Place::new());
    let others = BTreeMap::from([(web(), container.namespace.as_fd())]);
    let mut applier = Applier::new(&mut host.sockets, &others).unwrap().pace(Pace::OneByOne);
    let failure = applier
        .apply(&attach(), &mut |number, _, _| match number {
            1 => Err(Error::Unfit { subject: "the test".to_owned(), why: "enough".to_owned() }),
            _ => Ok(()),
        })
        .unwrap_err();
    assert_eq!((failure.step, failure.outcomes[1]), (1, Some(Outcome::Done)));
    assert_eq!(failure.outcomes[2], None);
    assert!(!host.run("ip link").contains("gn1"));
}

#[test]
fn a_name_that_is_taken_leaves_the_other_link_alone() {
    let (mut host, container) = (Place::new(), Place::new());
    host.run("ip link add gn1 type bridge");
    let steps = [bridge(), pair()];
    let outcomes = apply(&mut host, &container, Pace::Together, &steps).unwrap();
    assert_eq!(outcomes, [Outcome::Done, Outcome::AlreadyThere]);
    let foreign = host.run("ip -d link show dev gn1");
    assert!(!foreign.contains("alias") && !foreign.contains("addrgenmode none"), "{foreign}");
    assert!(!container.run("ip link").contains("eth0"));
}

#[test]
fn what_was_made_is_changed_and_removed() {
    let (mut host, container) = (Place::new(), Place::new());
    apply(&mut host, &container, Pace::Together, &attach()).unwrap();
    let off = LinkChange {
        master: Some(None),
        up: Some(false),
        alias: Some("leaving".to_owned()),
        group: Some(77),
        ..LinkChange::default()
    };
    let change = |to: LinkChange| {
        host_step(Change::ChangeLink { name: name("gn1"), to, from: LinkChange::default() })
    };
    apply(&mut host, &container, Pace::Together, &[change(off)]).unwrap();
    let near = host.run("ip -d link show dev gn1");
    assert!(!near.contains("master") && near.contains("state DOWN"), "{near}");
    assert!(near.contains("alias leaving") && near.contains("group 77"), "{near}");

    let back = LinkChange {
        master: Some(Some(name("gn0"))),
        port: Some(BridgePort { isolated: true, ..BridgePort::default() }),
        up: Some(true),
        mac: Some(Mac([2, 0, 0, 0, 9, 9])),
        ..LinkChange::default()
    };
    apply(&mut host, &container, Pace::Together, &[change(back)]).unwrap();
    let near = host.run("ip -d link show dev gn1");
    for word in ["master gn0", "isolated on", "hairpin off", "02:00:00:00:09:09", "state UP"] {
        assert!(near.contains(word), "no {word:?} in {near}");
    }

    let gone = [
        on(
            web(),
            Change::RemoveRoute(Route::ours(
                "0.0.0.0/0".parse().unwrap(),
                Nexthop::via([10, 0, 0, 1].into(), name("eth0")),
            )),
        ),
        on(
            web(),
            Change::RemoveAddress(Address::new(name("eth0"), "10.0.0.2/24".parse().unwrap())),
        ),
        host_step(Change::DeleteLink { name: name("gn1") }),
    ];
    let outcomes = apply(&mut host, &container, Pace::Together, &gone).unwrap();
    assert_eq!(outcomes, [Outcome::Done; 3]);
    // Its own link is gone by now, and so is all that was on it.
    let outcomes = apply(&mut host, &container, Pace::Together, &gone).unwrap();
    assert_eq!(outcomes, [Outcome::AlreadyGone; 3]);
}

fn host_step(change: Change) -> Step {
    host(change)
}

#[test]
fn a_bridge_keeps_its_size_without_ports() {
    for mtu in [1400, 1500] {
        let (mut host, container) = (Place::new(), Place::new());
        let mut steps = [bridge(), pair()];
        if let Change::CreateLink(bridge) = &mut steps[0].change {
            bridge.mtu = Some(mtu);
        }
        let size = format!("mtu {mtu} ");
        apply(&mut host, &container, Pace::Together, &steps[..1]).unwrap();
        assert!(host.run("ip link show dev gn0").contains(&size), "new");
        apply(&mut host, &container, Pace::Together, &steps[1..]).unwrap();
        host.run("ip link set gn1 nomaster");
        let left = host.run("ip link show dev gn0");
        assert!(left.contains(&size), "its last port is gone: {left}");
    }
}

#[test]
fn a_group_goes_at_once() {
    let mut host = Place::new();
    let kind = || LinkKind::Bridge(Bridge::default());
    let steps: Vec<_> = (0..5)
        .map(|number| host_step(Change::CreateLink(link(&format!("gn{number}"), kind()))))
        .collect();
    let mut applier = Applier::new(&mut host.sockets, &BTreeMap::new()).unwrap();
    applier.apply(&steps, &mut |_, _, _| Ok(())).unwrap();
    let socket = host.sockets.route().unwrap();
    assert!(delete_group(socket, 0).is_err());
    assert!(delete_group(socket, GROUP).unwrap());
    assert!(!delete_group(socket, GROUP).unwrap());
    assert!(!host.run("ip link").contains("gn"));
}

#[test]
fn tunnels_neighbours_and_limits() {
    let mut host = Place::new();
    let local = Some([192, 0, 2, 1].into());
    let vxlan = Vxlan { vni: 42, port: 4789, local, learning: false, df: true };
    let mac = Mac([2, 0, 0, 0, 2, 2]);
    let make = vec![
        bridge(),
        host_step(Change::CreateLink(link("gnx", LinkKind::Vxlan(vxlan)))),
        host_step(Change::CreateLink(link("gni", LinkKind::Ifb))),
        host_step(Change::AddAddress(Address::new(name("gnx"), "10.9.0.1/32".parse().unwrap()))),
    ];
    let entry = FdbEntry::tunnel(name("gnx"), mac, [192, 0, 2, 2].into());
    let neighbour = Neighbour {
        link: name("gnx"),
        address: [10, 9, 0, 2].into(),
        mac: Some(mac),
        state: NeighbourState::Permanent,
    };
    let hop = Nexthop { onlink: true, ..Nexthop::via([10, 9, 0, 2].into(), name("gnx")) };
    let route = Route::ours("10.2.0.0/24".parse().unwrap(), hop);
    let tbf = Tbf { rate: 1_250_000, burst: 32 << 10, limit: 64 << 10 };
    let root = Qdisc { link: name("gni"), place: At::Root, kind: QdiscKind::Tbf(tbf) };
    let ingress = Qdisc { link: name("gn0"), place: At::Ingress, kind: QdiscKind::Ingress };
    let filter = Filter { link: name("gn0"), kind: FilterKind::RedirectAll { to: name("gni") } };
    let add = vec![
        host_step(Change::AddFdbEntry(entry.clone())),
        host_step(Change::AddNeighbour(neighbour.clone())),
        host_step(Change::AddRoute(route.clone())),
        host_step(Change::AddQdisc(root.clone())),
        host_step(Change::AddQdisc(ingress.clone())),
        host_step(Change::AddFilter(filter.clone())),
    ];
    let nobody = Place::new();
    apply(&mut host, &nobody, Pace::Together, &make).unwrap();
    apply(&mut host, &nobody, Pace::Together, &add).unwrap();
    let tunnel = host.run("ip -d link show dev gnx");
    for word in ["vxlan id 42", "local 192.0.2.1", "dstport 4789", "nolearning", "df set"] {
        assert!(tunnel.contains(word), "no {word:?} in {tunnel}");
    }
    let fdb = host.run("bridge fdb show dev gnx");
    assert!(fdb.contains("02:00:00:00:02:02 dst 192.0.2.2 self permanent"), "{fdb}");
    let cache = host.run("ip neighbour");
    assert!(cache.contains("10.9.0.2 dev gnx lladdr 02:00:00:00:02:02 PERMANENT"), "{cache}");
    assert!(host.run("ip route").contains("10.2.0.0/24 via 10.9.0.2 dev gnx proto 103 onlink"));
    let qdiscs = host.run("tc qdisc show");
    assert!(qdiscs.contains("rate 10Mbit burst 32Kb"), "{qdiscs}");
    assert!(qdiscs.contains("qdisc ingress ffff: dev gn0"), "{qdiscs}");
    let filters = host.run("tc filter show dev gn0 ingress");
    assert!(filters.contains("Egress Redirect to device gni"), "{filters}");

    let take = vec![
        host_step(Change::RemoveFilter(filter)),
        host_step(Change::RemoveQdisc(ingress)),
        host_step(Change::RemoveQdisc(root)),
        host_step(Change::RemoveRoute(route)),
        host_step(Change::RemoveNeighbour(neighbour)),
        host_step(Change::RemoveFdbEntry(entry)),
    ];
    let outcomes = apply(&mut host, &nobody, Pace::Together, &take).unwrap();
    assert_eq!(outcomes, [Outcome::Done; 6]);
    let outcomes = apply(&mut host, &nobody, Pace::Together, &take).unwrap();
    assert_eq!(outcomes, [Outcome::AlreadyGone; 6]);
    assert!(!host.run("tc qdisc show").contains("tbf"));
}
