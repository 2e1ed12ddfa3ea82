//! Revisions that today's iptables(8) does not write, from the structs of the headers, and what must
//! not be taken for something else.

use crate::xt::{Kind, Shown};
use model::host::nft::Expression;
use model::host::nft::xt::{
    ConnectionMark, ConnectionMatch, Extension, Match, NatRange, Ports, Target, Uncertainty,
};
use model::net::Family;

fn read(kind: Kind, name: &str, revision: u8, info: &[u8]) -> Result<Extension, String> {
    let shown = Shown { kind, family: Family::V4, name, revision, info };
    let mut set_name = |index| (index == 3).then(|| "three".to_owned());
    match shown.expression(&mut set_name)? {
        Expression::Extension { is, .. } => Ok(is),
        other => panic!("{other:?}"),
    }
}

fn asks(name: &str, revision: u8, info: &[u8]) -> Result<Extension, String> {
    read(Kind::Match, name, revision, info)
}

fn does(name: &str, revision: u8, info: &[u8]) -> Result<Extension, String> {
    read(Kind::Target, name, revision, info)
}

/// Numbers at their places in a struct of so many bytes.
fn layout(len: usize, fields: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; len];
    for (at, field) in fields {
        bytes[*at..*at + field.len()].copy_from_slice(field);
    }
    bytes
}

#[test]
fn address_types_of_the_first_revision() {
    let info = layout(16, &[(0, &4_u16.to_ne_bytes()), (2, &8_u16.to_ne_bytes()), (8, &[1])]);
    let expected = Match::AddressType {
        source: 4,
        destination: 8,
        not_source: false,
        not_destination: true,
        on_iif: false,
        on_oif: false,
    };
    assert_eq!(asks("addrtype", 0, &info), Ok(Extension::Match(expected)));
}

#[test]
fn connections_of_the_first_revisions() {
    let asked = 1_u16 | 1 << 6 | 1 << 9;
    let port = 80_u16.to_be_bytes();
    let info = layout(
        152,
        &[(140, &port), (146, &asked.to_ne_bytes()), (148, &1_u16.to_ne_bytes()), (150, &[2, 32])],
    );
    let mut expected = ConnectionMatch {
        states: Some((2, true)),
        status: Some((32, false)),
        ..ConnectionMatch::default()
    };
    expected.ports[1] = Some((80, 80, false));
    let expected = Extension::Match(Match::Connection(Box::new(expected)));
    assert_eq!(asks("conntrack", 1, &info).as_ref(), Ok(&expected));
    let wide = layout(
        156,
        &[(140, &port), (146, &asked.to_ne_bytes()), (148, &[1]), (150, &[2, 0, 32, 0])],
    );
    assert_eq!(asks("conntrack", 2, &wide), Ok(expected));
    let states = Extension::Match(Match::State { states: 6 });
    assert_eq!(asks("state", 0, &6_u32.to_ne_bytes()), Ok(states));
}

#[test]
fn ports_and_sets_of_the_first_revisions() {
    let info = layout(32, &[(0, &[1, 2]), (2, &80_u16.to_ne_bytes()), (4, &443_u16.to_ne_bytes())]);
    let ranges = vec![(80, 80), (443, 443)];
    let expected = Match::Multiport { which: Ports::Destination, ranges, not: false };
    assert_eq!(asks("multiport", 0, &info), Ok(Extension::Match(expected)));
    // Index 3, two dimensions, the second of which is the source; turned round.
    let info = layout(8, &[(0, &3_u16.to_ne_bytes()), (2, &[2, 1 | 1 << 2])]);
    let set = |not| Match::Set { name: "three".to_owned(), sources: vec![false, true], not };
    for revision in [1, 2] {
        assert_eq!(asks("set", revision, &info), Ok(Extension::Match(set(true))));
    }
    let counted = layout(48, &[(0, &3_u16.to_ne_bytes()), (2, &[1, 2]), (24, &[1])]);
    let uncertain = Match::Uncertain { extension: "set".to_owned(), why: Uncertainty::History };
    assert_eq!(asks("set", 3, &counted), Ok(Extension::Match(uncertain)));
}

#[test]
fn marks_and_translations_of_other_revisions() {
    let info = layout(16, &[(0, &[5]), (4, &[15]), (8, &[255]), (12, &[0])]);
    let set = Target::ConnectionMark(ConnectionMark::Set { bits: 5, mask: 15 });
    assert_eq!(does("CONNMARK", 1, &info), Ok(Extension::Target(set)));
    let range = |base_port| NatRange {
        addresses: Some(([10, 0, 0, 1].into(), [10, 0, 0, 2].into())),
        ports: Some((80, 90)),
        base_port,
        flags: 3,
    };
    let (low, high) = (80_u16.to_be_bytes(), 90_u16.to_be_bytes());
    let oldest = layout(
        24,
        &[(0, &[1]), (4, &[3]), (8, &[10, 0, 0, 1]), (12, &[10, 0, 0, 2]), (16, &low), (18, &high)],
    );
    assert_eq!(does("DNAT", 0, &oldest), Ok(Extension::Target(Target::Dnat(range(0)))));
    let newer: [(usize, &[u8]); 5] =
        [(0, &[3]), (4, &[10, 0, 0, 1]), (20, &[10, 0, 0, 2]), (36, &low), (38, &high)];
    let middle = layout(40, &newer);
    assert_eq!(does("SNAT", 1, &middle), Ok(Extension::Target(Target::Snat(range(0)))));
    let mut newest = layout(48, &newer);
    newest[40..42].copy_from_slice(&7_u16.to_be_bytes());
    assert_eq!(does("DNAT", 2, &newest), Ok(Extension::Target(Target::Dnat(range(7)))));
}

#[test]
fn what_is_not_understood_says_why() {
    let because = |outcome: Result<Extension, String>| outcome.unwrap_err();
    assert_eq!(because(asks("tcp", 1, &[0; 16])), "iptables' match tcp, revision 1");
    assert_eq!(because(asks("u32", 0, &[0; 16])), "iptables' match u32, revision 0");
    assert_eq!(because(does("NFQUEUE", 3, &[0; 8])), "iptables' target NFQUEUE, revision 3");
    let cases = [
        (asks("tcp", 0, &[0; 8]), "it ends after 8 bytes"),
        (asks("set", 4, &layout(48, &[(0, &[9])])), "set 9 has no name"),
        (asks("set", 4, &layout(48, &[(0, &[3]), (3, &[128])])), "leaves out"),
        (asks("multiport", 1, &layout(48, &[(0, &[7])])), "ports 7"),
        (asks("ttl", 0, &[9, 0]), "comparison 9"),
        (asks("statistic", 0, &[2, 0]), "mode 2"),
        (asks("physdev", 0, &layout(72, &[(16, &[255, 0, 255]), (65, &[1])])), "scattered"),
        (does("CT", 2, &layout(72, &[(0, &[4])])), "one direction"),
        (does("CONNMARK", 2, &layout(16, &[(13, &[1])])), "shifted"),
        (does("CONNMARK", 1, &layout(16, &[(12, &[3])])), "mode 3"),
        (does("SET", 3, &[0; 20]), "maps to a mark"),
        (does("MASQUERADE", 0, &[0; 24]), "0 ranges"),
        (does("TTL", 0, &[3, 0]), "mode 3"),
    ];
    for (outcome, why) in cases {
        let said = because(outcome);
        assert!(said.contains(why), "{said:?} does not say {why:?}");
    }
}
