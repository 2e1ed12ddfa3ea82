//! Who reaches whom by classes is who reaches whom pair by pair.

use super::machine::*;
use super::random::{Damage, break_it, damage};
use crate::cluster::{Attachment, Network};
use crate::host::neighbour::NeighbourState;
use crate::host::nft::{
    BaseChain, Chain, ChainKind, CmpOp, DataType, Element, Elements, Expression, Hook, Key,
    MetaKey, NftFamily, NftTable, PayloadBase, Policy, Register, Rule, Set, Verdict,
};
use crate::host::{Actual, NamespaceId, Neighbour, Unknown};
use crate::net::{Mac, octets};
use crate::path::reach::{Endpoint, Kind, Reach, compare, reach};
use crate::path::{Asked, Question, there_and_back};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Containers 0 to 5 of net0 and 6 to 8 of net1.
const CONTAINERS: u8 = 9;

fn of_network(container: u8) -> u8 {
    u8::from(container > 5)
}

fn address(container: u8, v6: bool) -> IpAddr {
    let network = of_network(container);
    match v6 {
        false => ip(&format!("10.{network}.0.{}", 10 + container)),
        true => ip(&format!("fd00:{network}::{}", 10 + container)),
    }
}

fn crowd() -> Actual {
    let attached = |i| attachment(i, of_network(i), if i == 0 { &[(8080, 80)] } else { &[] });
    let attachments: Vec<Attachment> = (0..CONTAINERS).map(attached).collect();
    let networks: [Network; 2] = [network(0), network(1)];
    let mut actual = host_of(&networks, &attachments);
    for family in ["iptables", "ip6tables"] {
        let path = format!("net/bridge/bridge-nf-call-{family}");
        set(actual.namespace(NamespaceId::Host), &path, "0");
    }
    actual
}

fn endpoints(v6: bool) -> Vec<Endpoint> {
    let end = |namespace, address| {
        let host = "ha".to_owned();
        Endpoint { host, namespace, address, sends: true, receives: true }
    };
    let containers = (0..CONTAINERS).map(|i| end(container(&format!("c{i}")), address(i, v6)));
    let own = if v6 { "2001:db8::1" } else { "192.0.2.1" };
    containers.chain([end(NamespaceId::Host, ip(own))]).collect()
}

fn ask(ha: &Actual, v6: bool, asked: Asked) -> Reach {
    let out = outsider();
    reach(&[("ha", ha), ("out", &out)], &wires(), endpoints(v6), asked)
}

/// Of every pair, walked for itself.
fn singly(ha: &Actual, v6: bool, asked: Asked) -> BTreeMap<(usize, usize), Kind> {
    let out = outsider();
    let all = endpoints(v6);
    let pairs = (0..all.len()).flat_map(|from| (0..all.len()).map(move |to| (from, to)));
    let kind = |(from, to): (usize, usize)| {
        let question = Question::new(all[from].namespace.clone(), all[to].address, asked);
        let ways = there_and_back(&[("ha", ha), ("out", &out)], &wires(), "ha", question);
        ((from, to), crate::path::reach::Outcome::of(&ways).kind())
    };
    pairs.filter(|(from, to)| from != to).map(kind).collect()
}

fn by_classes(reach: &Reach) -> BTreeMap<(usize, usize), Kind> {
    let count = reach.endpoints.len();
    let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
    pairs.filter_map(|pair| Some((pair, reach.outcome(pair.0, pair.1)?.kind()))).collect()
}

#[test]
fn containers_of_one_network_are_alike() {
    let ha = crowd();
    let reach = ask(&ha, false, Asked::Tcp { port: 80 });
    // Who publishes a port; the others of net0; net1; the host.
    assert_eq!(reach.classes(), 4, "{:?}", reach.class_of);
    // One that has nobody beside it in its class has no cell with itself.
    assert_eq!((reach.walks, reach.cells.len()), (14, 14));
    assert_eq!(by_classes(&reach), singly(&ha, false, Asked::Tcp { port: 80 }));
    let counts: Vec<_> = reach.kinds().into_iter().map(|(kind, c)| (kind.end, c.pairs)).collect();
    assert_eq!(counts.iter().map(|(_, pairs)| pairs).sum::<u64>(), 90);
    assert!(counts.contains(&("dropped", 36)), "between the networks: {counts:?}");
}

#[test]
fn what_becomes_different_is_told_with_an_example() {
    let before = crowd();
    let mut after = before.clone();
    forbid(&mut after, vec![rule(vec![saddr(address(3, false)), verdict(Verdict::Drop)])]);
    let asked = Asked::Echo;
    let (before, after) = (ask(&before, false, asked), ask(&after, false, asked));
    let differences = compare(&before, &after);
    let told: Vec<_> = differences
        .iter()
        .map(|d| (d.pairs, d.before.kind().end, d.after.kind().end, d.after.kind().back))
        .collect();
    // c3 asks the host, and the host asks c3, whose answer is dropped. Within net0 frames are bridged.
    assert_eq!(told, [(1, "answered", "dropped", false), (1, "answered", "dropped", true)]);
    assert_eq!(differences[0].example, (3, 9));
    assert_eq!(differences[1].example, (9, 3));
    assert!(compare(&after, &after).is_empty());
}

/// A table that somebody else made, at the end of what comes in and of what goes through.
fn forbid(actual: &mut Actual, rules: Vec<Rule<Unknown>>) {
    let chain = |name: &str, hook| Chain {
        name: name.to_owned(),
        base: Some(BaseChain {
            kind: ChainKind::Filter,
            hook,
            priority: 10,
            policy: Policy::Accept,
            devices: Vec::new(),
        }),
        rules: rules.clone(),
    };
    let chains = [chain("input", Hook::Input), chain("forward", Hook::Forward)];
    let set = |name: &str, interval, anonymous| Set {
        interval,
        anonymous,
        ..Set::hash(name, &[DataType::Ipv4Address])
    };
    let mut some = set("some", false, false);
    let mut many = set("many", true, true);
    for container in [1, 4, 6] {
        some.elements.insert(Key::new().address(address(container, false)), None, None);
    }
    // 10.0.0.13 to 10.0.0.14.
    for (last, end) in [(13, false), (15, true)] {
        let key = Key::new().address(ip(&format!("10.0.0.{last}")));
        let element = Element { value: None, comment: None, end, to: None };
        let Elements(elements) = &mut many.elements;
        elements.insert(key, element);
    }
    actual.namespace(NamespaceId::Host).nft.tables.insert(NftTable {
        family: NftFamily::Ip,
        name: "theirs".to_owned(),
        comment: None,
        sets: [some, many].into_iter().collect(),
        chains: chains.into_iter().collect(),
    });
}

fn rule(parts: Vec<Vec<Expression<Unknown>>>) -> Rule<Unknown> {
    Rule { handle: None, comment: None, expressions: parts.concat() }
}

fn verdict(verdict: Verdict) -> Vec<Expression<Unknown>> {
    vec![Expression::Verdict(verdict)]
}

const TO: Register = Register(0);

fn load(offset: u32, len: u32) -> Expression<Unknown> {
    Expression::Payload { base: PayloadBase::Network, offset, len, to: TO }
}

fn cmp(op: CmpOp, value: Vec<u8>) -> Expression<Unknown> {
    Expression::Cmp { op, from: TO, value }
}

fn saddr(is: IpAddr) -> Vec<Expression<Unknown>> {
    vec![load(12, 4), cmp(CmpOp::Equal, octets(is))]
}

/// One way for a rule to speak of containers.
fn matching() -> impl Strategy<Value = Vec<Expression<Unknown>>> {
    let ends = prop_oneof![Just(12_u32), Just(16)];
    let one = 0..CONTAINERS;
    let ops = prop_oneof![
        Just(CmpOp::Equal),
        Just(CmpOp::NotEqual),
        Just(CmpOp::Less),
        Just(CmpOp::GreaterOrEqual)
    ];
    let compared = (ends.clone(), ops, one.clone())
        .prop_map(|(offset, op, one)| vec![load(offset, 4), cmp(op, octets(address(one, false)))]);
    let beginning = (ends.clone(), 1..4_u32, one.clone()).prop_map(|(offset, len, one)| {
        let value = octets(address(one, false))[..len as usize].to_vec();
        vec![load(offset, len), cmp(CmpOp::Equal, value)]
    });
    let masked = (ends.clone(), any::<u8>(), one.clone()).prop_map(|(offset, bits, one)| {
        let mask = vec![255, 255, 255, bits];
        let mut value = octets(address(one, false));
        value[3] &= bits;
        let mask = Expression::Bitwise { from: TO, to: TO, mask, xor: vec![0; 4] };
        vec![load(offset, 4), mask, cmp(CmpOp::Equal, value)]
    });
    let between = (ends.clone(), one.clone(), one.clone(), any::<bool>()).prop_map(
        |(offset, first, last, inverted)| {
            let (low, high) = (octets(address(first, false)), octets(address(last, false)));
            vec![load(offset, 4), Expression::Range { from: TO, low, high, inverted }]
        },
    );
    let sets = prop_oneof![Just("some"), Just("many")];
    let looked_up = (ends, sets, any::<bool>()).prop_map(|(offset, set, inverted)| {
        let (set, to) = (set.to_owned(), None);
        vec![load(offset, 4), Expression::Lookup { set, from: TO, to, inverted }]
    });
    let by = prop_oneof![Just(MetaKey::IifName), Just(MetaKey::OifName)];
    let named = (by, prop_oneof![Just("gn-net0"), Just("gn-net1"), Just("eth0")]).prop_map(
        |(key, link)| {
            let value = name(link).padded().to_vec();
            vec![Expression::Meta { key, to: TO }, cmp(CmpOp::Equal, value)]
        },
    );
    prop_oneof![compared, beginning, masked, between, looked_up, named]
}

/// What a container knows of another: its MAC address, or a wrong one.
fn cached() -> impl Strategy<Value = (u8, u8, bool)> {
    (0..CONTAINERS, 0..CONTAINERS, prop::bool::weighted(0.8))
}

fn remember(actual: &mut Actual, (who, whom, right): (u8, u8, bool)) {
    let known = address(whom, false);
    let mac = if right { Network::mac_for(known) } else { Mac([2, 0, 0, 0, 0, 0x77]) };
    let state = NeighbourState::Stale;
    let entry = Neighbour { link: name("eth0"), address: known, mac: Some(mac), state };
    if who != whom && of_network(who) == of_network(whom) {
        actual.namespace(container(&format!("c{who}"))).neighbours.insert(entry);
    }
}

fn damages() -> impl Strategy<Value = Vec<(Index, Index, Damage)>> {
    prop::collection::vec((any::<Index>(), any::<Index>(), damage()), 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn classes_say_what_each_pair_would(
        damages in damages(),
        rules in prop::collection::vec((prop::collection::vec(matching(), 1..3), any::<bool>()), 0..5),
        known in prop::collection::vec(cached(), 0..6),
        v6 in any::<bool>(),
        asked in prop_oneof![Just(Asked::Echo), Just(Asked::Tcp { port: 80 })],
    ) {
        let mut ha = crowd();
        let rules = rules.into_iter().map(|(mut parts, drops)| {
            parts.push(verdict(if drops { Verdict::Drop } else { Verdict::Accept }));
            rule(parts)
        });
        forbid(&mut ha, rules.collect());
        known.into_iter().for_each(|entry| remember(&mut ha, entry));
        for (namespace, which, damage) in &damages {
            let _ = break_it(&mut ha, *namespace, *which, damage);
        }
        prop_assert_eq!(by_classes(&ask(&ha, v6, asked)), singly(&ha, v6, asked));
    }
}
