//! A walk ends, whatever the state, and does not panic.

use super::machine::*;
use crate::host::nft::Expression;
use crate::host::nft::Verdict;
use crate::host::{Actual, NamespaceId};
use crate::path::{Asked, End, Question, there_and_back};
use proptest::prelude::*;
use proptest::sample::Index;

/// Something goes wrong in a namespace.
#[derive(Clone, Debug)]
pub(super) enum Damage {
    LinkGone,
    LinkDown,
    NoMac,
    Mtu(u32),
    OtherMaster,
    AddressGone,
    RouteGone,
    RouteMoved,
    SysctlGone,
    Sysctl(u8),
    SetEmpty,
    ChainGone,
    RulesGone,
    JumpAnywhere,
    ExpressionGone,
    Renumbered,
}

pub(super) fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::LinkGone),
        Just(Damage::LinkDown),
        Just(Damage::NoMac),
        (0..2000_u32).prop_map(Damage::Mtu),
        Just(Damage::OtherMaster),
        Just(Damage::AddressGone),
        Just(Damage::RouteGone),
        Just(Damage::RouteMoved),
        Just(Damage::SysctlGone),
        (0..3_u8).prop_map(Damage::Sysctl),
        Just(Damage::SetEmpty),
        Just(Damage::ChainGone),
        Just(Damage::RulesGone),
        Just(Damage::JumpAnywhere),
        Just(Damage::ExpressionGone),
        Just(Damage::Renumbered),
    ]
}

fn pick<T: Clone>(from: impl Iterator<Item = T>, which: Index) -> Option<T> {
    let all: Vec<T> = from.collect();
    (!all.is_empty()).then(|| which.get(&all).clone())
}

pub(super) fn break_it(
    actual: &mut Actual,
    namespace: Index,
    which: Index,
    damage: &Damage,
) -> Option<()> {
    let id = pick(actual.namespaces.keys().cloned(), namespace)?;
    let ns = actual.namespace(id);
    let link = pick(ns.links.keys().cloned(), which)?;
    match damage {
        Damage::LinkGone => drop(ns.links.remove(&link)),
        Damage::LinkDown => ns.links.get_mut(&link)?.up = false,
        Damage::NoMac => ns.links.get_mut(&link)?.mac = None,
        Damage::Mtu(mtu) => ns.links.get_mut(&link)?.mtu = Some(*mtu),
        Damage::OtherMaster => {
            let master = pick(ns.links.keys().cloned(), namespace);
            ns.links.get_mut(&link)?.master = master;
        }
        Damage::AddressGone => {
            drop(ns.addresses.remove(&pick(ns.addresses.keys().cloned(), which)?));
        }
        Damage::RouteGone => drop(ns.routes.remove(&pick(ns.routes.keys().cloned(), which)?)),
        Damage::RouteMoved => {
            let mut route = ns.routes.remove(&pick(ns.routes.keys().cloned(), which)?)?;
            route.nexthops.first_mut()?.link = Some(link);
            ns.routes.insert(route);
        }
        Damage::SysctlGone => drop(ns.sysctls.remove(&pick(ns.sysctls.keys().cloned(), which)?)),
        Damage::Sysctl(value) => {
            let path = pick(ns.sysctls.keys().cloned(), which)?;
            set(ns, &path, &value.to_string());
        }
        Damage::SetEmpty
        | Damage::ChainGone
        | Damage::RulesGone
        | Damage::JumpAnywhere
        | Damage::ExpressionGone
        | Damage::Renumbered => {
            let table = pick(ns.nft.tables.keys().cloned(), namespace)?;
            let table = ns.nft.tables.get_mut(&table)?;
            if let Damage::SetEmpty = damage {
                let set = pick(table.sets.keys().cloned(), which)?;
                table.sets.get_mut(&set)?.elements.0.clear();
                return Some(());
            }
            let chain = pick(table.chains.keys().cloned(), which)?;
            let to = pick(table.chains.keys().cloned(), namespace)?;
            if let Damage::ChainGone = damage {
                table.chains.remove(&chain);
                return Some(());
            }
            let chain = table.chains.get_mut(&chain)?;
            let rule = which.index(chain.rules.len().max(1));
            match damage {
                Damage::RulesGone => chain.rules.clear(),
                Damage::JumpAnywhere => {
                    let jump = Expression::Verdict(Verdict::Jump(to));
                    chain.rules.get_mut(rule)?.expressions = vec![jump];
                }
                Damage::ExpressionGone => {
                    let expressions = &mut chain.rules.get_mut(rule)?.expressions;
                    if !expressions.is_empty() {
                        expressions.remove(namespace.index(expressions.len()));
                    }
                }
                _ => chain.base.as_mut()?.priority = which.index(1000) as i32 - 500,
            }
        }
    }
    Some(())
}

fn question() -> impl Strategy<Value = Question> {
    let from = prop_oneof![
        Just(NamespaceId::Host),
        Just(container("c0")),
        Just(container("c1")),
        Just(container("c2")),
    ];
    let to = prop_oneof![
        Just("10.0.0.10"),
        Just("10.0.0.11"),
        Just("10.1.0.12"),
        Just("10.0.0.1"),
        Just("192.0.2.1"),
        Just("192.0.2.9"),
        Just("198.51.100.7"),
        Just("127.0.0.1"),
        Just("255.255.255.255"),
        Just("10.0.0.255"),
        Just("224.0.0.1"),
        Just("0.0.0.0"),
        Just("fd00:0::10"),
        Just("fd00:1::12"),
        Just("2001:db8::1"),
        Just("2001:db8::9"),
        Just("::1"),
        Just("::"),
        Just("fe80::1"),
        Just("ff02::1"),
    ];
    let asked = prop_oneof![
        Just(Asked::Echo),
        Just(Asked::Tcp { port: 80 }),
        Just(Asked::Tcp { port: 8080 }),
        Just(Asked::Udp { port: 53 }),
    ];
    let source = prop::option::of(prop_oneof![
        Just("10.0.0.10"),
        Just("127.0.0.1"),
        Just("0.0.0.0"),
        Just("224.0.0.1"),
        Just("fd00:0::10"),
        Just("::"),
        Just("fe80::1"),
        Just("203.0.113.1"),
    ]);
    (
        from,
        to,
        asked,
        source,
        prop::option::of(1..u16::MAX),
        0..3000_u32,
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(|(from, to, asked, source, source_port, payload, hops, dont_fragment)| {
            Question {
                source: source.map(ip),
                source_port,
                payload,
                hops,
                dont_fragment,
                ..Question::new(from, ip(to), asked)
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_walk_ends(
        damages in prop::collection::vec((any::<Index>(), any::<Index>(), damage()), 0..6),
        question in question(),
        filtered in prop::option::of(any::<bool>()),
    ) {
        let (mut ha, out) = (host(), outsider());
        if let Some(filtered) = filtered {
            let value = if filtered { "1" } else { "0" };
            for path in ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"] {
                set(ha.namespace(NamespaceId::Host), path, value);
            }
        }
        for (namespace, which, damage) in &damages {
            let _ = break_it(&mut ha, *namespace, *which, damage);
        }
        let hosts = [("ha", &ha), ("out", &out)];
        let (there, back) = there_and_back(&hosts, &wires(), "ha", question);
        for path in [Some(there), back].into_iter().flatten() {
            prop_assert!(path.hops.len() < 200, "{path}");
            prop_assert!(!path.to_string().is_empty());
            let looped = matches!(&path.end, End::Unknown { why, .. } if why.contains("still on its way"));
            prop_assert!(!looped, "{path}");
        }
    }
}
