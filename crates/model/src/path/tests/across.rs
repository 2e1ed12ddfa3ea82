//! Between containers of two hosts, by each means, over a switch and through a router.

use super::cluster::{ask, id, of_container};
use super::expect::expect;
use super::hosts::Hosts;
use super::machine::*;
use crate::cluster::Means;
use crate::host::NamespaceId;
use crate::host::nft::*;
use crate::net::Family;
use crate::path::{Decision, End, Path, Reason, Stage, Translation};
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
    for (routed, ground) in [(false, "wire"), (true, "router")] {
        for means in [Means::Vxlan, Means::Direct] {
            let hosts = Hosts::new(means, routed);
            let all: &[&str] = if routed { &["ha", "hb", "out"] } else { &["ha", "hb"] };
            let all: BTreeSet<&str> = all.iter().copied().collect();
            for (family, suffix) in Family::BOTH.into_iter().zip(["", "-v6"]) {
                let to = of_container(1, 0, family);
                let (there, back) = hosts.ask("ha", ask(id(0, 0), to, 80));
                let back = back.unwrap();
                delivered(&there, "hb");
                delivered(&back, "ha");
                assert_eq!((on(&there), on(&back)), (all.clone(), all.clone()));
                let source = there.hops.last().unwrap().packet.addresses().unwrap().0;
                assert_eq!(source, of_container(0, 0, family));
                expect(&format!("across-{means}-{ground}{suffix}"), &there);
                expect(&format!("across-{means}-{ground}{suffix}-back"), &back);
            }
        }
    }
}

#[test]
fn what_is_between_may_have_ipv6_only() {
    for (means, routed) in [(Means::Vxlan, true), (Means::Direct, false)] {
        let hosts = Hosts::on(&[Family::V6], means, routed);
        let (there, back) = hosts.ask("ha", ask(id(0, 0), of_container(1, 0, Family::V4), 80));
        delivered(&there, "hb");
        delivered(&back.unwrap(), "ha");
        expect(&format!("across-{means}-by-v6"), &there);
    }
}

/// Both headers are there on the wire, and the inner one comes out as it went in.
#[test]
fn the_frame_is_in_the_packet_and_comes_out_of_it() {
    let path = Hosts::new(Means::Vxlan, true).across();
    let at =
        |stage, host| path.hops.iter().find(|h| h.stage == stage && h.at.host == host).unwrap();
    let (wrapped, out) = (at(Stage::Encapsulate, "ha"), at(Stage::Decapsulate, "hb"));
    assert_eq!(wrapped.decision, Decision::Wrap { remote: ip("192.0.3.2") });
    assert_eq!(wrapped.packet, out.packet);
    let mut wire = path.hops.iter().filter(|hop| hop.decision == Decision::Wire);
    let (first, second) = (wire.next().unwrap(), wire.next().unwrap());
    for (hop, ttl) in [(first, 64), (second, 63)] {
        assert_eq!(hop.packet.addresses(), Some((ip("192.0.2.1"), ip("192.0.3.2"))));
        assert_eq!((hop.packet.hops(), hop.packet.vni()), (Some(ttl), Some(7)));
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

fn by_rule_of_ours(path: &Path, host: &str, rule: &str) {
    let (at, stage, because) = dropped(path);
    assert_eq!((at, stage), (host, Stage::Forward), "{path}");
    assert_eq!(because.to_string(), format!("inet glassnet forward \"{rule}\" drop"));
}

const ISOLATED: &str = "networks are isolated, and the outside reaches published ports only";

#[test]
fn networks_are_isolated_across_hosts() {
    for family in Family::BOTH {
        let question = || ask(id(0, 1), of_container(1, 0, family), 80);
        let (path, _) = Hosts::new(Means::Vxlan, false).ask("ha", question());
        by_rule_of_ours(&path, "ha", ISOLATED);
        // Without a tunnel it would leave by the link that everything leaves by.
        let (path, _) = Hosts::new(Means::Direct, false).ask("ha", question());
        by_rule_of_ours(&path, "ha", "to a network on other hosts from within it only");
    }
}

#[test]
fn nobody_outside_gets_in_by_a_route() {
    for means in [Means::Vxlan, Means::Direct] {
        for family in Family::BOTH {
            let question = ask(NamespaceId::Host, of_container(0, 0, family), 80);
            by_rule_of_ours(&Hosts::new(means, false).ask("out", question).0, "ha", ISOLATED);
        }
    }
}

/// By a tunnel as by a wire: its far end says who it is by its source only.
#[test]
fn what_comes_by_a_tunnel_is_of_its_network() {
    let mut hosts = Hosts::new(Means::Vxlan, false);
    hosts.of("ha").nft = Default::default();
    let (path, _) = hosts.ask("ha", ask(id(0, 1), of_container(1, 0, Family::V4), 80));
    by_rule_of_ours(&path, "hb", ISOLATED);
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
    let mut hosts = Hosts::new(Means::Vxlan, true);
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
    for rule in [drop(2, vec![0x12, 0xb5]), drop(12, vec![0, 0, 7])] {
        hosts.of("out").nft.tables.insert(foreign(rule));
        let path = hosts.across();
        let (at, stage, because) = dropped(&path);
        assert_eq!((at, stage), ("out", Stage::Forward));
        assert_eq!(because.to_string(), "inet site forward \"no tunnels here\" drop");
    }
    // Others pass, and what hangs on the port of the kernel's choice cannot be told.
    hosts.of("out").nft.tables.insert(foreign(drop(12, vec![0, 0, 8])));
    delivered(&hosts.across(), "hb");
    hosts.of("out").nft.tables.insert(foreign(drop(0, vec![0x80, 0])));
    let path = hosts.across();
    let End::Unknown { at, why, .. } = &path.end else { panic!("{path}") };
    assert!(at.host == "out" && why.contains("source port"), "{why}");
}

/// Its address is not in a cache, or it is and the frame comes to nobody.
#[test]
fn a_host_whose_cable_is_cut_takes_nothing() {
    let mut hosts = Hosts::new(Means::Vxlan, true);
    hosts.of("hb").links.get_mut(&name("eth0")).unwrap().carrier = Some(false);
    let path = hosts.across();
    let (at, _, because) = dropped(&path);
    let link = name("eth1");
    assert_eq!((at, because), ("out", &Reason::NoNeighbour { address: ip("192.0.3.2"), link }));
    let mac = hosts.of("hb").links.get(&name("eth0")).unwrap().mac.unwrap();
    neighbour(hosts.of("out"), "eth1", "192.0.3.2", mac);
    assert!(matches!(hosts.across().end, End::Left { at } if at.host == "out"));
}
