//! nft(8) is the oracle: what we send prints as meant, and reads back equal; what others send
//! decodes with foreign expressions only where they are due.

mod foreign;
mod measures;
mod nonsense;
mod rules;
mod sets;
mod transactions;

use super::{commit, read_table};
use crate::testing::Place;
use model::diff::NftChange;
use model::host::nft::{
    BaseChain, ChainKind, Expression, Hook, NftFamily, NftTable, Policy, Rule, Set,
};
use model::host::{Never, Unknown};

const TABLE: &str = "t";

fn table(family: NftFamily) -> NftChange {
    NftChange::AddTable { family, name: TABLE.to_owned(), comment: Some("of tests".to_owned()) }
}

fn chain(family: NftFamily, name: &str, kind: ChainKind, hook: Hook) -> NftChange {
    let base = BaseChain { kind, hook, priority: -5, policy: Policy::Accept, devices: vec![] };
    NftChange::AddChain { family, table: TABLE.to_owned(), name: name.to_owned(), base: Some(base) }
}

fn rule(
    family: NftFamily,
    chain: &str,
    comment: &str,
    expressions: Vec<Expression<Never>>,
) -> NftChange {
    let comment = Some(comment.to_owned());
    NftChange::AddRule {
        family,
        table: TABLE.to_owned(),
        chain: chain.to_owned(),
        rule: Rule { handle: None, comment, expressions },
    }
}

fn set(family: NftFamily, set: &Set) -> [NftChange; 2] {
    let table = TABLE.to_owned();
    let elements = set.elements.0.clone();
    let shape = set.shape();
    [
        NftChange::AddSet { family, table: table.clone(), set: shape.clone() },
        NftChange::AddElements { family, table, set: shape, elements },
    ]
}

fn send(place: &mut Place, changes: &[NftChange]) {
    if let Err(failure) = commit(place.sockets.netfilter().unwrap(), changes, None) {
        let change = failure.change.map(|number| &changes[number]);
        panic!("{failure}: {change:?}");
    }
}

fn read(place: &mut Place, family: NftFamily) -> NftTable<Unknown> {
    read_table(place.sockets.netfilter().unwrap(), family, TABLE)
        .unwrap()
        .expect("the table is there")
}

/// An expression as it would be read.
fn seen(expression: &Expression<Never>) -> Expression<Unknown> {
    let text = serde_json::to_string(expression).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Sends rules of one chain, compares what nft(8) prints and what is read with what was sent.
fn there_and_back(
    place: &mut Place,
    family: NftFamily,
    chain_name: &str,
    rules: Vec<(&str, Vec<Expression<Never>>)>,
) {
    let changes: Vec<_> = rules
        .iter()
        .map(|(words, expressions)| rule(family, chain_name, words, expressions.clone()))
        .collect();
    send(place, &changes);
    let listing = place.run("nft list ruleset");
    for (words, _) in &rules {
        let line = format!("{words} comment \"{words}\"");
        assert!(listing.contains(&line), "no line {line:?} in\n{listing}");
    }
    let table = read(place, family);
    let read = &table.chains.get(&chain_name.to_owned()).unwrap().rules;
    assert_eq!(read.len(), rules.len());
    for (read, (words, expressions)) in read.iter().zip(&rules) {
        assert_eq!(read.comment.as_deref(), Some(*words));
        assert_eq!(read.expressions, expressions.iter().map(seen).collect::<Vec<_>>(), "{words}");
        assert!(read.handle.is_some());
    }
}
