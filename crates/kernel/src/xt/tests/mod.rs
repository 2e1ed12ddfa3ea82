//! iptables(8) is the oracle: rules that it wrote are read as what its words say, whether it wrote
//! them to nftables or to the older tables; and bytes of revisions that it no longer writes.

mod bytes;
mod cases;
mod nonsense;

use crate::observe::{Parts, namespace};
use crate::testing::Place;
use cases::{Case, Tables, ipv4, ipv6};
use model::host::Unknown;
use model::host::nft::xt::{Extension, Match};
use model::host::nft::{Expression, NftFamily, NftTable, Rule};
use std::collections::BTreeMap;

/// A namespace with the sets that rules ask for.
fn place() -> Place {
    let place = Place::new();
    for command in [
        "ipset create addresses hash:ip",
        "ipset create pairs hash:ip,port",
        "ipset create six hash:ip family inet6",
    ] {
        place.run(command);
    }
    place
}

/// The input of iptables-restore(8).
fn restore(tables: &Tables) -> String {
    let table = |(name, cases): &(&str, Vec<Case>)| {
        let lines: String = cases.iter().map(|case| format!("{}\n", case.line)).collect();
        format!("*{name}\n:ELSEWHERE - [0:0]\n{lines}COMMIT\n")
    };
    tables.iter().map(table).collect()
}

/// The rules of a table in the order in which the cases made them.
fn rules<'a>(table: &'a NftTable<Unknown>, cases: &[Case]) -> Vec<&'a Rule<Unknown>> {
    let mut next = BTreeMap::<&str, usize>::new();
    let find = |case: &Case| {
        let chain = case.line.split(' ').nth(1).unwrap();
        let at = next.entry(chain).or_default();
        *at += 1;
        &table.chains.get(&chain.to_owned()).unwrap().rules[*at - 1]
    };
    cases.iter().map(find).collect()
}

fn extensions(rule: &Rule<Unknown>, line: &str) -> Vec<Extension> {
    let extension = |expression: &Expression<Unknown>| match expression {
        Expression::Extension { is, raw } => {
            assert!(raw.why.starts_with("iptables' "));
            Some(is.clone())
        }
        Expression::Foreign(why) => panic!("{line}: {}", why.why),
        _ => None,
    };
    rule.expressions.iter().filter_map(extension).collect()
}

#[test]
fn what_iptables_writes_to_nftables() {
    for (program, family, tables) in [
        ("iptables-nft-restore", NftFamily::Ip, ipv4()),
        ("ip6tables-nft-restore", NftFamily::Ip6, ipv6()),
    ] {
        let mut place = place();
        place.feed(program, &restore(&tables));
        let parts = Parts { nft: true, ..Parts::default() };
        let ruleset = namespace(&mut place.sockets, &parts).unwrap().nft;
        for (name, cases) in &tables {
            let table = ruleset.tables.get(&(family, (*name).to_owned())).unwrap();
            for (rule, case) in rules(table, cases).into_iter().zip(cases) {
                let expected = if case.native { vec![] } else { vec![case.is.clone()] };
                assert_eq!(extensions(rule, case.line), expected, "{}", case.line);
            }
        }
    }
}

#[test]
fn what_iptables_writes_to_the_older_tables() {
    for (program, family, tables) in [
        ("iptables-legacy-restore", NftFamily::Ip, ipv4()),
        ("ip6tables-legacy-restore", NftFamily::Ip6, ipv6()),
    ] {
        let mut place = place();
        place.feed(program, &restore(&tables));
        let parts = Parts { legacy: true, ..Parts::default() };
        let legacy = namespace(&mut place.sockets, &parts).unwrap().legacy;
        for (name, cases) in &tables {
            let table = legacy.get(&(family, (*name).to_owned())).unwrap();
            for (rule, case) in rules(table, cases).into_iter().zip(cases) {
                // What iptables-nft says otherwise stands as an extension here.
                let extensions = extensions(rule, case.line);
                assert!(extensions.contains(&case.is), "{}: {extensions:?}", case.line);
            }
        }
    }
}

#[test]
fn a_comment_is_the_rules_own() {
    let mut place = place();
    place.run("iptables-nft -A FORWARD -m comment --comment hello -m addrtype --dst-type LOCAL");
    let parts = Parts { nft: true, ..Parts::default() };
    let ruleset = namespace(&mut place.sockets, &parts).unwrap().nft;
    let table = ruleset.tables.get(&(NftFamily::Ip, "filter".to_owned())).unwrap();
    let rule = &table.chains.get(&"FORWARD".to_owned()).unwrap().rules[0];
    assert_eq!(rule.comment.as_deref(), Some("hello"));
    let words = Extension::Match(Match::Comment("hello".to_owned()));
    assert_eq!(extensions(rule, "hello")[0], words);
}
