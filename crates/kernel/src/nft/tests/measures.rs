//! Expressions that measure, count, or do something beside the packet's way: there and back, and as
//! nft(8) itself writes them.

use super::{chain, rule, seen, send, table, there_and_back};
use crate::nft::{commit, read};
use crate::testing::Place;
use model::host::Never;
use model::host::nft::{
    ChainKind, CmpOp, CtDirection, CtKey, Expression, Hook, MetaKey, NftFamily, PayloadBase,
    Register,
};

const R0: Register = Register(0);

fn meta(key: MetaKey) -> Expression<Never> {
    Expression::Meta { key, to: R0 }
}

fn cmp(op: CmpOp, value: &[u8]) -> Expression<Never> {
    Expression::Cmp { op, from: R0, value: value.to_vec() }
}

fn port() -> [Expression<Never>; 3] {
    [
        meta(MetaKey::L4Protocol),
        cmp(CmpOp::Equal, &[6]),
        Expression::Payload { base: PayloadBase::Transport, offset: 2, len: 2, to: R0 },
    ]
}

fn range(low: &[u8], high: &[u8], inverted: bool) -> Expression<Never> {
    Expression::Range { from: R0, low: low.to_vec(), high: high.to_vec(), inverted }
}

fn limit(rate: u64, seconds: u64, burst: u32) -> Expression<Never> {
    Expression::Limit { rate, seconds, burst, bytes: false, inverted: false }
}

fn log(prefix: &str, group: Option<u16>, level: Option<u32>, flags: u32) -> Expression<Never> {
    Expression::Log { prefix: prefix.to_owned(), group, level, flags }
}

fn numbers(random: bool, modulus: u32, offset: u32) -> Expression<Never> {
    Expression::NumberGenerator { random, modulus, offset, to: R0 }
}

/// Rules as nft(8) prints them.
fn rules() -> Vec<(&'static str, Vec<Expression<Never>>)> {
    let ctset = |value: u32, key| {
        vec![
            Expression::Immediate { to: R0, value: value.to_ne_bytes().to_vec() },
            Expression::CtSet { key, direction: None, from: R0 },
        ]
    };
    let zone = Expression::Immediate { to: R0, value: 7_u16.to_ne_bytes().to_vec() };
    let turned = Expression::ByteOrder { from: R0, to: R0, len: 4, size: 4, to_network: true };
    vec![
        ("tcp dport != 1000-2000", [&port()[..], &[range(&[3, 232], &[7, 208], true)]].concat()),
        (
            "meta mark != 0x00000010-0x00000020",
            vec![meta(MetaKey::Mark), turned, range(&[0, 0, 0, 16], &[0, 0, 0, 32], true)],
        ),
        ("limit rate 5/second", vec![limit(5, 1, 5)]),
        ("limit rate 10/minute burst 9 packets", vec![limit(10, 60, 9)]),
        (
            "limit rate over 2 kbytes/second",
            vec![Expression::Limit {
                rate: 2048,
                seconds: 1,
                burst: 0,
                bytes: true,
                inverted: true,
            }],
        ),
        ("log prefix \"seen\"", vec![log("seen", None, Some(4), 0)]),
        ("log prefix \"seen\" group 5", vec![log("seen", Some(5), None, 0)]),
        ("log level debug flags ip options", vec![log("", None, Some(7), 4)]),
        ("ct mark set 0x00000005", ctset(5, CtKey::Mark)),
        (
            "ct zone set 7",
            vec![zone.clone(), Expression::CtSet { key: CtKey::Zone, direction: None, from: R0 }],
        ),
        (
            "ct original zone set 7",
            vec![
                zone,
                Expression::CtSet {
                    key: CtKey::Zone,
                    direction: Some(CtDirection::Original),
                    from: R0,
                },
            ],
        ),
        (
            "numgen random mod 100 < 25",
            vec![
                numbers(true, 100, 0),
                Expression::ByteOrder { from: R0, to: R0, len: 4, size: 4, to_network: true },
                cmp(CmpOp::Less, &[0, 0, 0, 25]),
            ],
        ),
        (
            "numgen inc mod 3 offset 10 11",
            vec![numbers(false, 3, 10), cmp(CmpOp::Equal, &11_u32.to_ne_bytes())],
        ),
    ]
}

/// A comment of nft(8) cannot hold a quotation mark.
fn plain() -> Vec<(String, Vec<Expression<Never>>)> {
    let words = |words: &str| words.replace('"', "'");
    rules().into_iter().map(|(line, rule)| (words(line), rule)).collect()
}

#[test]
fn what_measures_goes_there_and_back() {
    let mut place = Place::new();
    let family = NftFamily::Inet;
    let pre = chain(family, "pre", ChainKind::Filter, Hook::Prerouting);
    send(&mut place, &[table(family), pre]);
    let quiet: Vec<_> = rules().into_iter().filter(|(line, _)| !line.contains('"')).collect();
    there_and_back(&mut place, family, "pre", quiet);
    for (words, expressions) in plain() {
        send(&mut place, &[rule(family, "pre", &words, expressions)]);
    }
    let listing = place.run("nft list ruleset");
    for ((line, _), (words, _)) in rules().iter().zip(plain()) {
        assert!(listing.contains(&format!("{line} comment \"{words}\"")), "{line}\n{listing}");
    }
}

#[test]
fn what_nft_writes_is_read_as_what_we_write() {
    let mut place = Place::new();
    let lines: String = rules().iter().map(|(line, _)| format!("    {line}\n")).collect();
    place.feed(
        "nft -f -",
        &format!("table inet t {{\n  chain pre {{\n    type filter hook prerouting priority 0;\n{lines}  }}\n}}\n"),
    );
    let ruleset = read(place.sockets.netfilter().unwrap()).unwrap();
    let table = ruleset.tables.get(&(NftFamily::Inet, "t".to_owned())).unwrap();
    let chain = table.chains.get(&"pre".to_owned()).unwrap();
    for (rule, (line, expected)) in chain.rules.iter().zip(rules()) {
        let expected: Vec<_> = expected.iter().map(seen).collect();
        assert_eq!(rule.expressions, expected, "{line}");
    }
    assert_eq!(chain.rules.len(), rules().len());
}

#[test]
fn the_kernel_refuses_numbers_out_of_nothing() {
    let mut place = Place::new();
    let family = NftFamily::Inet;
    let pre = chain(family, "pre", ChainKind::Filter, Hook::Prerouting);
    let none = rule(family, "pre", "none", vec![numbers(true, 0, 0)]);
    let socket = place.sockets.netfilter().unwrap();
    let failure = commit(socket, &[table(family), pre, none], None).unwrap_err();
    assert_eq!(failure.change, Some(2));
    assert!(read(socket).unwrap().tables.is_empty());
}
