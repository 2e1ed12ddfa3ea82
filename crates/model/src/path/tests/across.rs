//! Between containers of two hosts, by each means, over a switch and through a router.

use super::expect::expect;
use super::hosts::{Ground, Hosts};
use super::machine::*;
use crate::cluster::Means;
use crate::host::nft::*;
use crate::host::route::Nexthop;
use crate::host::{NamespaceId, Route};
use crate::net::Family;
use crate::path::{Asked, Decision, End, Path, Question, Reason, Stage, Translation};
use std::collections::BTreeSet;

/// Delivered, and nobody on the way changed an address.
fn delivered(path: &Path, to: &str) {
    assert!(matches!(&path.end, End::Delivered { at, .. } if at.host == to), "{path}");
    let changed = |decision: &Decision| match decision {
        Decision::Pass { changes } => changes.first().cloned(),
        _ => None,
    };
    let changes: Vec<Translation> = path.hops.iter().filter_map(|h| changed(&h.decision)).collect();
    assert_eq!(changes, [], "{path}");
}

fn on(path: &Path) -> BTreeSet<&str> {
    path.hops.iter().map(|hop| hop.at.host.as_str()).collect()
}

#[test]
fn containers_of_two_hosts_reach_each_other() {
    for (ground, between) in [(Ground::Switch, None), (Ground::Router, Some("middle"))] {
        for means in [Means::Vxlan, Means::Direct] {
            let hosts = Hosts::new(ground, means);
            let names: BTreeSet<&str> = ["alpha", "beta"].into_iter().chain(between).collect();
            for (to, from) in [("10.1.0.70", "10.1.0.10"), ("fd00:1::46", "fd00:1::a")] {
                let (there, back) = hosts.ask("alpha", tcp(container("c1"), to, 80));
                let back = back.unwrap();
                delivered(&there, "beta");
                delivered(&back, "alpha");
                assert_eq!((on(&there), on(&back)), (names.clone(), names.clone()));
                let (source, _) = there.hops.last().unwrap().packet.addresses().unwrap();
                assert_eq!(source, ip(from));
                let family = if source.is_ipv6() { "-v6" } else { "" };
                let ground = between.unwrap_or("switch");
                expect(&format!("across-{means}-{ground}{family}"), &there);
                expect(&format!("across-{means}-{ground}{family}-back"), &back);
            }
        }
    }
}

#[test]
fn tunnels_go_by_ipv6_too() {
    let hosts = Hosts::tunnelled_by(Family::V6, Ground::Router, Means::Vxlan);
    let (there, back) = hosts.ask("alpha", tcp(container("c1"), "10.1.0.70", 80));
    delivered(&there, "beta");
    delivered(&back.unwrap(), "alpha");
    expect("across-vxlan-by-v6", &there);
    // Next hops of IPv4 prefixes that are IPv6 addresses, without a tunnel.
    let hosts = Hosts::tunnelled_by(Family::V6, Ground::Switch, Means::Direct);
    let (there, back) = hosts.ask("alpha", tcp(container("c1"), "10.1.0.70", 80));
    delivered(&there, "beta");
    delivered(&back.unwrap(), "alpha");
    expect("across-direct-by-v6", &there);
}

#[test]
fn a_host_itself_reaches_containers_elsewhere() {
    for means in [Means::Vxlan, Means::Direct] {
        let hosts = Hosts::new(Ground::Switch, means);
        for to in ["10.1.0.70", "fd00:1::46"] {
            let question = Question::new(NamespaceId::Host, ip(to), Asked::Echo);
            let (there, back) = hosts.ask("alpha", question);
            delivered(&there, "beta");
            delivered(&back.unwrap(), "alpha");
        }
    }
}

/// Both headers are there on the wire, and the inner one comes out as it went in.
#[test]
fn the_frame_is_in_the_packet_and_comes_out_of_it() {
    let path = Hosts::new(Ground::Router, Means::Vxlan).across();
    let at =
        |stage, host| path.hops.iter().find(|h| h.stage == stage && h.at.host == host).unwrap();
    let (wrapped, out) = (at(Stage::Encapsulate, "alpha"), at(Stage::Decapsulate, "beta"));
    assert_eq!(wrapped.decision, Decision::Wrap { remote: ip("198.51.2.1") });
    assert_eq!(wrapped.packet, out.packet);
    let mut wire = path.hops.iter().filter(|hop| hop.decision == Decision::Wire);
    let (first, second) = (wire.next().unwrap(), wire.next().unwrap());
    for (hop, ttl) in [(first, 64), (second, 63)] {
        assert_eq!(hop.packet.addresses(), Some((ip("198.51.1.1"), ip("198.51.2.1"))));
        assert_eq!((hop.packet.hops(), hop.packet.vni()), (Some(ttl), Some(1)));
        assert_eq!(hop.packet.inner().as_ref(), Some(&out.packet));
        assert_eq!(hop.packet.ip_length(), out.packet.ip_length() + 50);
        assert!(hop.packet.is_whole());
    }
    // The place where the kernel's choice is: nobody can tell the outer source port.
    assert_eq!(first.packet.ports().map(|(_, from, to)| (from, to)), Some((0, 4789)));
}

fn dropped(path: &Path) -> (&str, Stage, &Reason) {
    let End::Dropped { at, stage, because } = &path.end else { panic!("{path}") };
    (&at.host, *stage, because)
}

fn by_rule_of_ours(path: &Path, host: &str) {
    let (at, stage, because) = dropped(path);
    assert_eq!((at, stage), (host, Stage::Forward), "{path}");
    let words = because.to_string();
    assert!(words.starts_with("inet glassnet forward \"networks are isolated"), "{words}");
}

#[test]
fn networks_are_isolated_across_hosts() {
    for means in [Means::Vxlan, Means::Direct] {
        let hosts = Hosts::new(Ground::Switch, means);
        for to in ["10.1.0.70", "fd00:1::46"] {
            let (path, _) = hosts.ask("alpha", tcp(container("r1"), to, 80));
            let host = if means == Means::Vxlan { "alpha" } else { "beta" };
            // Without a tunnel it leaves by the link that everything leaves by.
            by_rule_of_ours(&path, host);
        }
    }
}

#[test]
fn nobody_outside_gets_in_by_a_route() {
    for means in [Means::Vxlan, Means::Direct] {
        let mut hosts = Hosts::new(Ground::Switch, means);
        let out = hosts.of("out");
        for (block, host) in [("10.1.0.0/26", "192.0.2.1"), ("fd00:1::/122", "2001:db8::1")] {
            let nexthop = Nexthop::via(ip(host), name("eth0"));
            out.routes.insert(Route::ours(block.parse().unwrap(), nexthop));
        }
        for to in ["10.1.0.10", "fd00:1::a"] {
            by_rule_of_ours(&hosts.ask("out", tcp(NamespaceId::Host, to, 80)).0, "alpha");
        }
    }
}

fn foreign(rule: Rule<crate::host::Unknown>) -> NftTable<crate::host::Unknown> {
    let (kind, hook, devices) = (ChainKind::Filter, Hook::Forward, Vec::new());
    let base = BaseChain { kind, hook, priority: 0, policy: Policy::Accept, devices };
    let forward = Chain { name: "forward".into(), base: Some(base), rules: vec![rule] };
    NftTable {
        family: NftFamily::Inet,
        name: "site".into(),
        comment: None,
        sets: Default::default(),
        chains: [forward].into_iter().collect(),
    }
}

#[test]
fn a_rule_of_the_router_stops_the_tunnel_and_is_named() {
    let mut hosts = Hosts::new(Ground::Router, Means::Vxlan);
    let to = Register(0);
    let drop = |offset: u32, value: Vec<u8>| Rule {
        handle: Some(7),
        comment: Some("no tunnels here".into()),
        expressions: vec![
            Expression::Payload {
                base: PayloadBase::Transport,
                offset,
                len: value.len() as u32,
                to,
            },
            Expression::Cmp { op: CmpOp::Equal, from: to, value },
            Expression::Verdict(Verdict::Drop),
        ],
    };
    // By the port, and by the number within.
    for rule in [drop(2, vec![0x12, 0xb5]), drop(12, vec![0, 0, 1])] {
        hosts.of("middle").nft.tables.insert(foreign(rule));
        let path = hosts.across();
        let (at, stage, because) = dropped(&path);
        assert_eq!((at, stage), ("middle", Stage::Forward));
        assert_eq!(because.to_string(), "inet site forward \"no tunnels here\" drop");
    }
    // Others pass, and what hangs on the port of the kernel's choice cannot be told.
    hosts.of("middle").nft.tables.insert(foreign(drop(12, vec![0, 0, 2])));
    delivered(&hosts.across(), "beta");
    hosts.of("middle").nft.tables.insert(foreign(drop(0, vec![0x80, 0])));
    let path = hosts.across();
    let End::Unknown { at, why, .. } = &path.end else { panic!("{path}") };
    assert!(at.host == "middle" && why.contains("source port"), "{why}");
}

/// Its address is not in a cache, or it is and the frame comes to nobody.
#[test]
fn a_host_whose_cable_is_cut_takes_nothing() {
    let mut hosts = Hosts::new(Ground::Router, Means::Vxlan);
    hosts.of("beta").links.get_mut(&name("eth0")).unwrap().carrier = Some(false);
    let path = hosts.across();
    let (at, _, because) = dropped(&path);
    let link = name("eth1");
    assert_eq!((at, because), ("middle", &Reason::NoNeighbour { address: ip("198.51.2.1"), link }));
    let mac = hosts.of("beta").links.get(&name("eth0")).unwrap().mac.unwrap();
    neighbour(hosts.of("middle"), "eth1", "198.51.2.1", mac);
    assert!(matches!(hosts.across().end, End::Left { at } if at.host == "middle"));
}
