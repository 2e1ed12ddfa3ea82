//! Every expression, there and back. Translations are written as the kernel shows them: both ends
//! of a range, and the flags that say which registers count.

use super::{chain, send, set, table, there_and_back};
use crate::testing::Place;
use model::diff::NftChange;
use model::host::Never;
use model::host::nft::{
    ChainKind, CmpOp, CtDirection, CtKey, DataType, Expression, FibBy, FibResult, Hook, Key,
    MetaKey, NAT_FULLY_RANDOM, NatKind, NftFamily, PayloadBase, Register, Set, SetValue, Verdict,
    ct_state, ct_status,
};

const R0: Register = Register(0);
const R1: Register = Register(1);
const R4: Register = Register(4);

fn cmp(value: &[u8]) -> Expression<Never> {
    Expression::Cmp { op: CmpOp::Equal, from: R0, value: value.to_vec() }
}

fn meta(key: MetaKey) -> Expression<Never> {
    Expression::Meta { key, to: R0 }
}

fn tcp() -> [Expression<Never>; 2] {
    [meta(MetaKey::L4Protocol), cmp(&[6])]
}

fn load(to: Register, value: &[u8]) -> Expression<Never> {
    Expression::Immediate { to, value: value.to_vec() }
}

#[test]
fn matches_and_verdicts() {
    let mut place = Place::new();
    let family = NftFamily::Inet;
    let other =
        NftChange::AddChain { family, table: "t".to_owned(), name: "other".to_owned(), base: None };
    let fwd = chain(family, "fwd", ChainKind::Filter, Hook::Forward);
    send(&mut place, &[table(family), other, fwd]);
    let mut name = b"gn0".to_vec();
    name.resize(16, 0);
    let state = |bits: u32| {
        vec![
            Expression::Ct { key: CtKey::State, direction: None, to: R0 },
            Expression::Bitwise {
                from: R0,
                to: R0,
                mask: bits.to_ne_bytes().to_vec(),
                xor: vec![0; 4],
            },
            Expression::Cmp { op: CmpOp::NotEqual, from: R0, value: vec![0; 4] },
        ]
    };
    let with = |mut expressions: Vec<_>, last| {
        expressions.push(last);
        expressions
    };
    let ipv4 = [meta(MetaKey::NfProtocol), cmp(&[2])];
    let address =
        |offset| Expression::Payload { base: PayloadBase::Network, offset, len: 4, to: R0 };
    let rules = vec![
        (
            "iifname \"gn0\" accept",
            vec![meta(MetaKey::IifName), cmp(&name), Expression::Verdict(Verdict::Accept)],
        ),
        (
            "iifname \"gn*\" drop",
            vec![meta(MetaKey::IifName), cmp(b"gn"), Expression::Verdict(Verdict::Drop)],
        ),
        (
            "ct state established,related accept",
            with(
                state(ct_state::ESTABLISHED | ct_state::RELATED),
                Expression::Verdict(Verdict::Accept),
            ),
        ),
        (
            "ip saddr 10.1.2.3 continue",
            [
                &ipv4[..],
                &[address(12), cmp(&[10, 1, 2, 3]), Expression::Verdict(Verdict::Continue)],
            ]
            .concat(),
        ),
        (
            "ip daddr 10.1.2.0/25 return",
            [
                &ipv4[..],
                &[
                    address(16),
                    Expression::Bitwise {
                        from: R0,
                        to: R0,
                        mask: vec![255, 255, 255, 128],
                        xor: vec![0; 4],
                    },
                    cmp(&[10, 1, 2, 0]),
                    Expression::Verdict(Verdict::Return),
                ],
            ]
            .concat(),
        ),
        (
            "tcp dport < 1024 jump other",
            [
                &tcp()[..],
                &[
                    Expression::Payload { base: PayloadBase::Transport, offset: 2, len: 2, to: R0 },
                    Expression::Cmp { op: CmpOp::Less, from: R0, value: vec![4, 0] },
                    Expression::Verdict(Verdict::Jump("other".to_owned())),
                ],
            ]
            .concat(),
        ),
        (
            "meta mark 0x00000007 goto other",
            vec![
                meta(MetaKey::Mark),
                cmp(&7_u32.to_ne_bytes()),
                Expression::Verdict(Verdict::Goto("other".to_owned())),
            ],
        ),
        (
            "meta mark set 0x00000009",
            vec![
                load(R0, &9_u32.to_ne_bytes()),
                Expression::MetaSet { key: MetaKey::Mark, from: R0 },
            ],
        ),
        (
            "meta nftrace set 1",
            vec![load(R0, &[1]), Expression::MetaSet { key: MetaKey::NfTrace, from: R0 }],
        ),
        (
            "ct original ip daddr 10.0.0.1",
            vec![
                Expression::Ct {
                    key: CtKey::DestinationIp,
                    direction: Some(CtDirection::Original),
                    to: R0,
                },
                cmp(&[10, 0, 0, 1]),
            ],
        ),
        (
            "ct status dnat",
            vec![
                Expression::Ct { key: CtKey::Status, direction: None, to: R0 },
                Expression::Bitwise {
                    from: R0,
                    to: R0,
                    mask: ct_status::DNAT.to_ne_bytes().to_vec(),
                    xor: vec![0; 4],
                },
                Expression::Cmp { op: CmpOp::NotEqual, from: R0, value: vec![0; 4] },
            ],
        ),
        (
            "reject with tcp reset",
            [&tcp()[..], &[Expression::Reject { kind: 1, code: None }]].concat(),
        ),
        ("reject with icmpx admin-prohibited", vec![Expression::Reject { kind: 2, code: Some(3) }]),
        (
            "ip dscp set af11",
            [
                &ipv4[..],
                &[
                    Expression::Payload { base: PayloadBase::Network, offset: 0, len: 2, to: R0 },
                    Expression::Bitwise {
                        from: R0,
                        to: R0,
                        mask: vec![0xff, 0x03],
                        xor: vec![0, 0x28],
                    },
                    Expression::PayloadSet {
                        base: PayloadBase::Network,
                        offset: 0,
                        len: 2,
                        from: R0,
                    },
                ],
            ]
            .concat(),
        ),
    ];
    there_and_back(&mut place, family, "fwd", rules);
}

#[test]
fn counters_notrack_and_fib() {
    let mut place = Place::new();
    let family = NftFamily::Ip;
    let pre = chain(family, "pre", ChainKind::Filter, Hook::Prerouting);
    send(&mut place, &[table(family), pre]);
    let local = FibBy { destination: true, ..FibBy::default() };
    let reverse = FibBy { source: true, iif: true, ..FibBy::default() };
    there_and_back(
        &mut place,
        family,
        "pre",
        vec![
            ("counter packets 0 bytes 0", vec![Expression::Counter]),
            ("notrack", vec![Expression::Notrack]),
            (
                "fib daddr type local",
                vec![
                    Expression::Fib { result: FibResult::AddressType, by: local, to: R0 },
                    cmp(&2_u32.to_ne_bytes()),
                ],
            ),
            (
                "fib saddr . iif oif missing",
                vec![
                    Expression::Fib {
                        result: FibResult::Oif,
                        by: FibBy { present: true, ..reverse },
                        to: R0,
                    },
                    cmp(&0_u32.to_ne_bytes()),
                ],
            ),
        ],
    );
}

#[test]
fn translations() {
    let mut place = Place::new();
    let family = NftFamily::Ip;
    let mut shared = Set::map(
        "published",
        &[DataType::Protocol, DataType::Port],
        &[DataType::Ipv4Address, DataType::Port],
    );
    let container = Key::new().address([10, 0, 0, 2].into()).port(80);
    shared.elements.insert(
        Key::new().transport(model::net::Transport::Tcp).port(8080),
        Some(SetValue::Data(container.0)),
        Some("web".to_owned()),
    );
    let pre = chain(family, "pre", ChainKind::Nat, Hook::Prerouting);
    let post = chain(family, "post", ChainKind::Nat, Hook::Postrouting);
    send(&mut place, &[&[table(family), pre, post][..], &set(family, &shared)].concat());
    let dnat = |flags| Expression::Nat {
        kind: NatKind::Destination,
        family: 2,
        address: Some(R0),
        address_max: Some(R0),
        port: Some(R1),
        port_max: Some(R1),
        flags,
    };
    let from_map = vec![
        Expression::Meta { key: MetaKey::L4Protocol, to: R4 },
        Expression::Payload { base: PayloadBase::Transport, offset: 2, len: 2, to: Register(5) },
        Expression::Lookup { set: "published".to_owned(), from: R4, to: Some(R0), inverted: false },
        dnat(3),
    ];
    there_and_back(
        &mut place,
        family,
        "pre",
        vec![
            ("dnat ip to meta l4proto . th dport map @published", from_map),
            (
                "meta l4proto tcp dnat to 10.0.0.2:80",
                [&tcp()[..], &[load(R0, &[10, 0, 0, 2]), load(R1, &[0, 80]), dnat(3)]].concat(),
            ),
            (
                "meta l4proto tcp redirect to :99",
                [
                    &tcp()[..],
                    &[
                        load(R0, &[0, 99]),
                        Expression::Redirect { flags: 2, port: Some(R0), port_max: Some(R0) },
                    ],
                ]
                .concat(),
            ),
        ],
    );
    there_and_back(
        &mut place,
        family,
        "post",
        vec![
            (
                "masquerade fully-random",
                vec![Expression::Masquerade {
                    flags: NAT_FULLY_RANDOM,
                    port: None,
                    port_max: None,
                }],
            ),
            (
                "meta l4proto tcp masquerade to :1024-65535",
                [
                    &tcp()[..],
                    &[
                        load(R0, &[4, 0]),
                        load(R1, &[255, 255]),
                        Expression::Masquerade { flags: 0, port: Some(R0), port_max: Some(R1) },
                    ],
                ]
                .concat(),
            ),
            (
                "snat to 192.0.2.1-192.0.2.9 fully-random",
                vec![
                    load(R0, &[192, 0, 2, 1]),
                    load(R1, &[192, 0, 2, 9]),
                    Expression::Nat {
                        kind: NatKind::Source,
                        family: 2,
                        address: Some(R0),
                        address_max: Some(R1),
                        port: None,
                        port_max: None,
                        flags: NAT_FULLY_RANDOM | 1,
                    },
                ],
            ),
        ],
    );
}
