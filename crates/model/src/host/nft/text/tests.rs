//! What no kernel at hand shows, and what it would not show; the rest is held against nft(8) and
//! iptables(8) themselves in the kernel crate's tests.

use super::*;
use crate::host::nft::xt::{Extension, Match, Target};
use crate::host::nft::{
    BaseChain, ChainKind, CmpOp, DataType, Element, Elements, Expression, Hook, Key, MetaKey,
    NatKind, NftFamily, PayloadBase, Policy, Register, Set, SetValue, SetValueType, Verdict,
};
use proptest::prelude::*;

type E = Expression<Unknown>;

fn table(family: NftFamily, rules: Vec<Vec<E>>) -> NftTable<Unknown> {
    let base = BaseChain {
        kind: ChainKind::Filter,
        hook: Hook::Forward,
        priority: 0,
        policy: Policy::Drop,
        devices: Vec::new(),
    };
    let rule = |expressions| Rule { handle: None, comment: None, expressions };
    let rules = rules.into_iter().map(rule).collect();
    let chain = Chain { name: "FORWARD".to_owned(), base: Some(base), rules };
    NftTable {
        family,
        name: "filter".to_owned(),
        comment: None,
        sets: Default::default(),
        chains: [chain].into_iter().collect(),
    }
}

fn one(family: NftFamily, expressions: Vec<E>) -> String {
    let table = table(family, vec![expressions]);
    let chain = table.chains.iter().next().unwrap();
    rule(&table, chain, &chain.rules[0])
}

const FIRST: Register = Register(0);

fn meta(key: MetaKey) -> E {
    E::Meta { key, to: FIRST }
}

fn equals(value: &[u8]) -> E {
    E::Cmp { op: CmpOp::Equal, from: FIRST, value: value.to_vec() }
}

fn foreign(why: &str) -> E {
    E::Foreign(Unknown { bytes: Vec::new(), why: why.to_owned() })
}

#[test]
fn what_this_kernel_lacks() {
    let bridge = vec![meta(MetaKey::BridgeIifName), equals(b"br0\0\0\0\0\0\0\0\0\0\0\0\0\0")];
    assert_eq!(one(NftFamily::Bridge, bridge), "meta ibrname \"br0\"");
    assert_eq!(one(NftFamily::Ip, vec![E::Verdict(Verdict::Queue(3))]), "queue to 3");
}

#[test]
fn what_is_not_modelled_says_so_and_nothing_is_made_of_what_it_may_have_written() {
    let rule = vec![
        meta(MetaKey::Mark),
        foreign("expression \"hash\" (not modelled)"),
        equals(&[1, 0, 0, 0]),
        E::Verdict(Verdict::Drop),
    ];
    let text = one(NftFamily::Inet, rule);
    assert_eq!(text, "[unknown: expression \"hash\" (not modelled)] [unknown] 0x1000000 drop");
}

#[test]
fn a_register_that_was_partly_written_over_is_unknown() {
    let load = |offset, len, to| E::Payload { base: PayloadBase::Network, offset, len, to };
    let rule = vec![load(8, 16, FIRST), load(0, 4, Register(2)), equals(&[1])];
    assert!(one(NftFamily::Ip6, rule).starts_with("[unknown] "));
}

#[test]
fn a_set_that_is_not_there_is_named() {
    let lookup = E::Lookup { set: "gone".to_owned(), from: FIRST, to: None, inverted: true };
    assert_eq!(one(NftFamily::Ip, vec![meta(MetaKey::Mark), lookup]), "meta mark != @gone");
}

#[test]
fn a_table_with_an_extension_is_one_of_iptables() {
    let raw = || Unknown { bytes: Vec::new(), why: String::new() };
    let comment = Extension::Match(Match::Comment("it's".to_owned()));
    let log = Extension::Target(Target::Aside { extension: "LOG".to_owned() });
    let rules = vec![
        vec![meta(MetaKey::L4Protocol), equals(&[17]), E::Extension { is: comment, raw: raw() }],
        vec![E::Counter, E::Extension { is: log, raw: raw() }],
        vec![foreign("iptables' match policy"), E::Verdict(Verdict::Jump("web".to_owned()))],
        vec![E::Notrack],
    ];
    let expect = "\
# table ip filter: iptables -t filter -S
-P FORWARD DROP
-A FORWARD -p udp -m comment --comment \"it\\'s\"
-A FORWARD -j LOG …
-A FORWARD [unknown: iptables' match policy] -j web
-A FORWARD [nft: notrack]
";
    assert_eq!(super::table(&table(NftFamily::Ip, rules)), expect);
}

#[test]
fn nothing_foreign_can_be_in_what_is_wanted() {
    let rule = Rule { handle: None, comment: None, expressions: vec![Expression::Counter] };
    let chain = Chain { name: "c".to_owned(), base: None, rules: vec![rule] };
    let table = NftTable::<Never> {
        family: NftFamily::Inet,
        name: "glassnet".to_owned(),
        comment: Some("ours".to_owned()),
        sets: Default::default(),
        chains: [chain].into_iter().collect(),
    };
    let wanted = Ruleset { tables: [table].into_iter().collect(), generation: None };
    let expect = "table inet glassnet {\n\tcomment \"ours\"\n\tchain c {\n\t\tcounter\n\t}\n}\n";
    assert_eq!(ruleset(&wanted), expect);
}

fn register() -> impl Strategy<Value = Register> {
    prop_oneof![4 => (0..16_u8).prop_map(Register), 1 => any::<u8>().prop_map(Register)]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..70),
        (0..17_usize).prop_map(|len| vec![0xff; len]),
        (0..17_usize).prop_map(|len| vec![0; len]),
    ]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..40_u32, 1 => any::<u32>()]
}

/// An expression of values that fit and of values that do not.
fn expression() -> impl Strategy<Value = E> {
    let base = prop_oneof![
        Just(PayloadBase::Link),
        Just(PayloadBase::Network),
        Just(PayloadBase::Transport),
        Just(PayloadBase::Inner)
    ];
    let key = prop_oneof![
        Just(MetaKey::L4Protocol),
        Just(MetaKey::NfProtocol),
        Just(MetaKey::IifName),
        Just(MetaKey::Mark)
    ];
    let op = prop_oneof![Just(CmpOp::Equal), Just(CmpOp::NotEqual), Just(CmpOp::GreaterOrEqual)];
    let maybe = || proptest::option::of(register());
    prop_oneof![
        (base, number(), number(), register()).prop_map(|(base, offset, len, to)| E::Payload {
            base,
            offset,
            len,
            to
        }),
        (key, register()).prop_map(|(key, to)| E::Meta { key, to }),
        (op, register(), bytes()).prop_map(|(op, from, value)| E::Cmp { op, from, value }),
        (register(), register(), bytes(), bytes()).prop_map(|(from, to, mask, xor)| E::Bitwise {
            from,
            to,
            mask,
            xor
        }),
        (register(), bytes(), bytes(), any::<bool>())
            .prop_map(|(from, low, high, inverted)| E::Range { from, low, high, inverted }),
        (register(), bytes()).prop_map(|(to, value)| E::Immediate { to, value }),
        (register(), register(), number(), number()).prop_map(|(from, to, len, size)| {
            E::ByteOrder { from, to, len, size, to_network: true }
        }),
        (0..3_u8, register(), maybe(), any::<bool>()).prop_map(|(set, from, to, inverted)| {
            E::Lookup { set: set.to_string(), from, to, inverted }
        }),
        (any::<u8>(), [maybe(), maybe(), maybe(), maybe()], any::<u32>()).prop_map(
            |(family, [address, address_max, port, port_max], flags)| E::Nat {
                kind: NatKind::Source,
                family,
                address,
                address_max,
                port,
                port_max,
                flags,
            }
        ),
        (number(), any::<u8>()).prop_map(|(kind, code)| E::Reject { kind, code: Some(code) }),
    ]
}

fn set(name: u8) -> impl Strategy<Value = Set> {
    let kind = || (0..50_u32, number()).prop_map(|(number, len)| DataType::Other { number, len });
    let types = || {
        let joined = (any::<u32>(), number());
        prop_oneof![
            proptest::collection::vec(kind(), 0..4),
            joined.prop_map(|(number, len)| vec![DataType::Other { number, len }]),
        ]
    };
    let element = (bytes(), bytes(), proptest::option::of(bytes()), any::<bool>());
    let elements = proptest::collection::vec(element, 0..6);
    (types(), proptest::option::of(types()), any::<[bool; 2]>(), elements).prop_map(
        move |(key, value, [interval, anonymous], elements)| {
            let elements = elements.into_iter().map(|(key, value, to, end)| {
                let (value, to) = (Some(SetValue::Data(value)), to.map(Key));
                (Key(key), Element { value, comment: None, end, to })
            });
            Set {
                name: name.to_string(),
                key,
                value: value.map(SetValueType::Data),
                interval,
                constant: false,
                anonymous,
                elements: Elements(elements.collect()),
            }
        },
    )
}

proptest! {
    /// A state may come from a file that anybody wrote.
    #[test]
    fn nonsense_is_printed_without_a_panic(
        family in prop_oneof![
            Just(NftFamily::Inet), Just(NftFamily::Ip), Just(NftFamily::Ip6),
            Just(NftFamily::Arp), Just(NftFamily::Bridge), Just(NftFamily::Netdev),
        ],
        mut rule in proptest::collection::vec(expression(), 1..8),
        sets in [set(0), set(1)],
        of_iptables: bool,
    ) {
        if of_iptables {
            let is = Extension::Match(Match::Comment("x".to_owned()));
            rule.push(E::Extension { is, raw: Unknown { bytes: Vec::new(), why: String::new() } });
        }
        let mut table = table(family, vec![rule]);
        table.sets.extend(sets);
        prop_assert!(super::table(&table).contains("filter"));
    }
}
