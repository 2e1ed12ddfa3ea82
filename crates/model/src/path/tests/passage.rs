//! Others' forward chains, asked about a network's samples.

use crate::cluster::{Network, Pool};
use crate::diff::NftChange;
use crate::host::nft::*;
use crate::host::route::Nexthop;
use crate::host::{Link, LinkKind, Namespace, NamespaceId, Route, Sysctl, Unknown};
use crate::net::Family;
use crate::path::{By, Way, blocked};
use crate::plan::passage::{MARK, changes, without};
use crate::plan::{self, Node};
use std::collections::BTreeSet;

fn network() -> Network {
    let pools = ["10.1.0.0/24", "fd00:1::/64"].map(|s| s.parse().unwrap());
    Network::new("blue".parse().unwrap(), pools.map(Pool::with_first_gateway).to_vec())
}

fn host(tables: Vec<NftTable<Unknown>>) -> Namespace<Unknown> {
    let node = Node { underlay_mtu: 1500, ..Node::default() };
    let mut actual = plan::host(&node, [&network()], [], &Default::default()).to_actual();
    let mut host = std::mem::take(actual.namespace(NamespaceId::Host));
    let eth0 = "eth0".parse().unwrap();
    host.links.insert(Link { group: 0, ..Link::ours(eth0, LinkKind::Device) });
    for family in Family::BOTH {
        let nexthop = Nexthop::on("eth0".parse().unwrap());
        host.routes.insert(Route::ours(family.everything(), nexthop));
    }
    host.nft.tables.extend(tables);
    host
}

fn rule(expressions: Vec<Expression<Unknown>>) -> Rule<Unknown> {
    Rule { handle: Some(9), comment: None, expressions }
}

fn from(link: &str, verdict: Verdict) -> Rule<Unknown> {
    let mut value = link.as_bytes().to_vec();
    value.resize(16, 0);
    let to = Register(0);
    rule(vec![
        Expression::Meta { key: MetaKey::IifName, to },
        Expression::Cmp { op: CmpOp::Equal, from: to, value },
        Expression::Verdict(verdict),
    ])
}

fn filter(policy: Policy, rules: Vec<Rule<Unknown>>) -> NftTable<Unknown> {
    let (kind, hook, devices) = (ChainKind::Filter, Hook::Forward, Vec::new());
    let base = BaseChain { kind, hook, priority: 0, policy, devices };
    let user = Chain { name: "USER".into(), base: None, rules: vec![from("lan0", Verdict::Drop)] };
    let forward = Chain { name: "FORWARD".into(), base: Some(base), rules };
    NftTable {
        family: NftFamily::Ip,
        name: "filter".into(),
        comment: None,
        sets: Default::default(),
        chains: [forward, user].into_iter().collect(),
    }
}

fn ways(host: &Namespace<Unknown>) -> BTreeSet<Way> {
    blocked(host, &network()).into_iter().map(|blocked| blocked.way).collect()
}

#[test]
fn rules_count_not_policies_alone() {
    let of = |policy, rules| ways(&host(vec![filter(policy, rules)]));
    let all = BTreeSet::from([Way::Out, Way::In]);
    assert_eq!(of(Policy::Accept, Vec::new()), BTreeSet::new());
    assert_eq!(of(Policy::Drop, Vec::new()), all);
    let jump = rule(vec![Expression::Verdict(Verdict::Jump("USER".into()))]);
    assert_eq!(of(Policy::Drop, vec![jump.clone()]), all);
    assert_eq!(of(Policy::Accept, vec![jump]), BTreeSet::new(), "it drops what comes by lan0");
    assert_eq!(of(Policy::Accept, vec![from("gn-blue", Verdict::Drop)]), all);
    let both = vec![from("gn-blue", Verdict::Accept), from("eth0", Verdict::Accept)];
    assert_eq!(of(Policy::Drop, both), BTreeSet::new());
}

/// An operator's own rules for the network: what passes is that one's decision.
#[test]
fn rules_that_speak_of_the_network_are_meant() {
    let by = |rules| {
        let found = blocked(&host(vec![filter(Policy::Drop, rules)]), &network());
        found.into_iter().map(|blocked| blocked.by).collect::<Vec<_>>()
    };
    let https = |mut first: Rule<Unknown>| {
        let (to, value) = (Register(0), 443_u16.to_be_bytes().to_vec());
        let port = Expression::Payload { base: PayloadBase::Transport, offset: 2, len: 2, to };
        let is = Expression::Cmp { op: CmpOp::Equal, from: to, value };
        first.expressions.splice(2..2, [port, is]);
        vec![first]
    };
    let meant =
        |found: Vec<By>| !found.is_empty() && found.iter().all(|by| matches!(by, By::Meant(_)));
    assert!(meant(by(https(from("gn-blue", Verdict::Accept)))));
    assert!(!meant(by(https(from("gn-green", Verdict::Accept)))));
    let subnet = |bytes: &[u8]| {
        let (base, len) = (PayloadBase::Network, bytes.len() as u32);
        let to = Register(0);
        https(rule(vec![
            Expression::Payload { base, offset: 12, len, to },
            Expression::Cmp { op: CmpOp::Equal, from: to, value: bytes.to_vec() },
            Expression::Verdict(Verdict::Accept),
        ]))
    };
    assert!(meant(by(subnet(&[10, 1, 0]))));
    assert!(!meant(by(subnet(&[10, 2, 0]))));
}

#[test]
fn what_cannot_be_evaluated_is_said_and_only_where_the_policy_drops() {
    let foreign = || {
        let why = "iptables' match recent".to_owned();
        let unknown = Expression::Foreign(Unknown { bytes: Vec::new(), why });
        vec![rule(vec![unknown, Expression::Verdict(Verdict::Accept)])]
    };
    let found = blocked(&host(vec![filter(Policy::Drop, foreign())]), &network());
    assert!(matches!(&found[0].by, By::Untold(why) if why.contains("recent")), "{found:?}");
    assert_eq!(ways(&host(vec![filter(Policy::Accept, foreign())])), BTreeSet::new());
}

#[test]
fn bridged_packets_count_where_they_are_shown() {
    let mut host = host(vec![filter(Policy::Drop, Vec::new())]);
    assert!(!ways(&host).contains(&Way::Within));
    host.sysctls.insert(Sysctl::new("net/bridge/bridge-nf-call-iptables", "1"));
    assert!(ways(&host).contains(&Way::Within));
}

/// Carried out on the value, the changes unblock, and come to nothing the second time.
#[test]
fn accepts_of_ours_are_placed_once_and_taken_back() {
    let mut host = host(vec![filter(Policy::Drop, Vec::new())]);
    let wanted: BTreeSet<_> = blocked(&host, &network())
        .into_iter()
        .map(|blocked| (blocked.table, blocked.chain, blocked.bridge))
        .collect();
    assert_eq!(wanted.len(), 1);
    let bare = host.nft.clone();
    let key = (NftFamily::Ip, "filter".to_owned());
    for (number, change) in changes(&wanted, &host.nft).into_iter().enumerate() {
        let NftChange::InsertRule { chain, rule, .. } = change else { panic!("{change:?}") };
        assert_eq!(rule.comment.as_deref(), Some(MARK));
        let expressions = rule.expressions.iter().map(Expression::to_actual).collect();
        let rule = Rule { handle: Some(number as u64), comment: rule.comment, expressions };
        let table = host.nft.tables.get_mut(&key).unwrap();
        table.chains.get_mut(&chain).unwrap().rules.insert(0, rule);
    }
    assert_eq!(ways(&host), BTreeSet::new());
    assert_eq!(changes(&wanted, &host.nft), []);
    assert_eq!(without(&host.nft), bare);
    let gone = changes(&BTreeSet::new(), &host.nft);
    assert!(matches!(gone[..], [NftChange::DeleteRule { .. }, NftChange::DeleteRule { .. }]));
}
