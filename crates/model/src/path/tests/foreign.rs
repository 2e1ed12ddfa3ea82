//! Rules that are not ours, and what cannot be told.

use super::expect::expect;
use super::machine::*;
use crate::host::nft::*;
use crate::host::{Actual, NamespaceId, Table, Unknown};
use crate::path::{Question, walk};

const R: Register = Register(0);

fn rule(comment: &str, expressions: Vec<Expression<Unknown>>) -> Rule<Unknown> {
    Rule { handle: Some(7), comment: Some(comment.to_owned()), expressions }
}

fn base(
    name: &str,
    kind: ChainKind,
    hook: Hook,
    priority: i32,
    rules: Vec<Rule<Unknown>>,
) -> Chain<Unknown> {
    let base = BaseChain { kind, hook, priority, policy: Policy::Accept, devices: Vec::new() };
    Chain { name: name.to_owned(), base: Some(base), rules }
}

fn plain(name: &str, rules: Vec<Rule<Unknown>>) -> Chain<Unknown> {
    Chain { name: name.to_owned(), base: None, rules }
}

/// The host of the picture with a foreign table more.
fn with(chains: Vec<Chain<Unknown>>, sets: Vec<Set>) -> Actual {
    let mut host = host();
    host.namespace(NamespaceId::Host).nft.tables.insert(NftTable {
        family: NftFamily::Ip,
        name: "theirs".to_owned(),
        comment: None,
        sets: sets.into_iter().collect(),
        chains: chains.into_iter().collect::<Table<_>>(),
    });
    host
}

fn port() -> Expression<Unknown> {
    Expression::Payload { base: PayloadBase::Transport, offset: 2, len: 2, to: R }
}

fn is(value: &[u8]) -> Expression<Unknown> {
    Expression::Cmp { op: CmpOp::Equal, from: R, value: value.to_vec() }
}

fn foreign() -> Expression<Unknown> {
    let why = "iptables' match recent".to_owned();
    Expression::Foreign(Unknown { bytes: Vec::new(), why })
}

fn verdict(verdict: Verdict) -> Expression<Unknown> {
    Expression::Verdict(verdict)
}

fn outside() -> Question {
    tcp(container("c0"), "198.51.100.7", 443)
}

fn forward(rules: Vec<Rule<Unknown>>) -> Vec<Chain<Unknown>> {
    vec![base("FORWARD", ChainKind::Filter, Hook::Forward, -1, rules)]
}

#[test]
fn a_policy_drops() {
    let mut chains = forward(Vec::new());
    chains[0].base.as_mut().unwrap().policy = Policy::Drop;
    expect("policy-drop", &walk("ha", &with(chains, Vec::new()), outside()));
}

#[test]
fn what_is_not_modelled_matters_only_if_the_rule_could_match() {
    let breaks = vec![port(), is(&[0, 80]), foreign(), verdict(Verdict::Drop)];
    let host = with(forward(vec![rule("other port", breaks)]), Vec::new());
    expect("foreign-breaks-before", &walk("ha", &host, outside()));
    let may = vec![port(), is(&[1, 187]), foreign(), verdict(Verdict::Drop)];
    let host = with(forward(vec![rule("recent", may)]), Vec::new());
    expect("foreign-unknown", &walk("ha", &host, outside()));
}

#[test]
fn a_port_of_the_kernels_choice_matters_only_if_the_rest_matches() {
    let from = Expression::Payload { base: PayloadBase::Transport, offset: 0, len: 2, to: R };
    let doubtful = |more: &[Expression<Unknown>]| {
        let rule = rule("by source port", [&[from.clone(), is(&[1, 0])], more].concat());
        let host = with(forward(vec![rule]), Vec::new());
        walk("ha", &host, Question { source_port: None, ..outside() })
    };
    expect("doubt-settled", &doubtful(&[port(), is(&[0, 80]), verdict(Verdict::Drop)]));
    expect("doubt-counts-only", &doubtful(&[Expression::Counter]));
    expect("doubt-decides", &doubtful(&[verdict(Verdict::Drop)]));
}

#[test]
fn jumps_return_and_gotos_do_not() {
    let jump = |to: &str| vec![verdict(Verdict::Jump(to.to_owned()))];
    let goto = |to: &str| vec![verdict(Verdict::Goto(to.to_owned()))];
    let mut chains = forward(vec![
        rule("aside", jump("aside")),
        rule("away", goto("away")),
        rule("never", vec![verdict(Verdict::Drop)]),
    ]);
    chains.push(plain(
        "aside",
        vec![
            rule("back", vec![verdict(Verdict::Return)]),
            rule("never", vec![verdict(Verdict::Drop)]),
        ],
    ));
    chains.push(plain(
        "away",
        vec![rule("others", vec![port(), is(&[0, 80]), verdict(Verdict::Drop)])],
    ));
    expect("jumps", &walk("ha", &with(chains, Vec::new()), outside()));
    let endless = forward(vec![rule("round", jump("round"))]);
    let endless = [endless, vec![plain("round", vec![rule("round", jump("round"))])]].concat();
    expect("jumps-without-end", &walk("ha", &with(endless, Vec::new()), outside()));
}

#[test]
fn a_verdict_map_of_ranges_decides() {
    let mut ports = Set {
        value: Some(SetValueType::Verdict),
        interval: true,
        ..Set::hash("ports", &[DataType::Port])
    };
    let dropped = Some(SetValue::Verdict(Verdict::Drop));
    ports.elements.insert(Key::new().port(400), dropped, None);
    ports
        .elements
        .0
        .insert(Key::new().port(500), Element { value: None, comment: None, end: true, to: None });
    let set = "ports".to_owned();
    let lookup = Expression::Lookup { set, from: R, to: None, inverted: false };
    let chains = forward(vec![rule("by port", vec![port(), lookup])]);
    let host = with(chains, vec![ports]);
    expect("verdict-map", &walk("ha", &host, outside()));
    let question = tcp(container("c0"), "198.51.100.7", 500);
    expect("verdict-map-behind", &walk("ha", &host, question));
}

#[test]
fn nat_chains_run_in_their_place_and_once() {
    let load = |to, value: &[u8]| Expression::Immediate { to, value: value.to_vec() };
    let nat = |kind, address: [u8; 4], port: u16| {
        let (r, p) = (Some(R), Some(Register(1)));
        let translate = Expression::Nat {
            kind,
            family: 2,
            address: r,
            address_max: r,
            port: p,
            port_max: p,
            flags: 3,
        };
        rule("theirs", vec![load(R, &address), load(Register(1), &port.to_be_bytes()), translate])
    };
    let chains = [
        base(
            "dnat",
            ChainKind::Nat,
            Hook::Prerouting,
            -500,
            vec![nat(NatKind::Destination, [10, 1, 0, 12], 80)],
        ),
        base(
            "early",
            ChainKind::Filter,
            Hook::Prerouting,
            -150,
            vec![rule(
                "before the translation",
                vec![port(), is(&[0, 80]), verdict(Verdict::Drop)],
            )],
        ),
        base(
            "snat",
            ChainKind::Nat,
            Hook::Postrouting,
            50,
            vec![nat(NatKind::Source, [10, 1, 0, 1], 5555)],
        ),
    ];
    let before = |name: &str, priority| {
        let source = Expression::Payload { base: PayloadBase::Network, offset: 12, len: 4, to: R };
        let drop = vec![source, is(&[10, 0, 0, 10]), verdict(Verdict::Drop)];
        base(name, ChainKind::Filter, Hook::Postrouting, priority, vec![rule(name, drop)])
    };
    let early = [&chains[..], &[before("ahead of it", 99)]].concat();
    let chains = [&chains[..], &[before("behind it", 101)]].concat();
    expect("nat-source-not-yet", &walk("ha", &with(early, Vec::new()), outside()));
    expect("nat-theirs", &walk("ha", &with(chains, Vec::new()), outside()));
}

#[test]
fn notrack_and_reject() {
    let raw = base(
        "raw",
        ChainKind::Filter,
        Hook::Prerouting,
        -300,
        vec![rule("untracked", vec![Expression::Notrack])],
    );
    let state = Expression::Ct { key: CtKey::State, direction: None, to: R };
    let reject = Expression::Reject { kind: 0, code: Some(3) };
    let untracked = is(&ct_state::UNTRACKED.to_ne_bytes());
    let mut chains = forward(vec![rule("no strays", vec![state, untracked, reject])]);
    chains.push(raw);
    expect("notrack-reject", &walk("ha", &with(chains, Vec::new()), outside()));
}
