//! Rules of ours in chains of others: where one of those drops what a network forwards, an accept
//! has to stand in that very chain. Only where the operator has said so; each rule names one of our
//! bridges and bears our mark, and goes when it is not needed any more.
//!
//! They open nothing that is not ours to open: an accept ends the other's chain only, and what may
//! pass is still decided in our own chain `forward`.

use super::rules::{Field, rule};
use crate::diff::NftChange;
use crate::host::nft::{Chain, NftFamily, NftTable, Rule, Ruleset, TABLE};
use crate::host::{Never, Unknown};
use crate::net::LinkName;
use std::collections::BTreeSet;

/// The comment of each rule of ours in a chain of another's.
pub const MARK: &str = "glassnet";

/// A bridge that is to pass a chain: table, chain, bridge.
pub type Passage = ((NftFamily, String), String, LinkName);

/// What comes by the bridge and what leaves by it.
pub fn accepts(bridge: &LinkName) -> [Rule<Never>; 2] {
    let mut name = [0; 16];
    name[..bridge.as_str().len()].copy_from_slice(bridge.as_str().as_bytes());
    [Field::IifName, Field::OifName].map(|field| rule(MARK).equals(field, &name).count_accept())
}

/// The ruleset without our rules in others' chains.
pub fn without(ruleset: &Ruleset<Unknown>) -> Ruleset<Unknown> {
    let mut ruleset = ruleset.clone();
    let foreign = ruleset.tables.keys().filter(|(_, name)| name != TABLE).cloned();
    for table in foreign.collect::<Vec<_>>() {
        let Some(table) = ruleset.tables.get_mut(&table) else { continue };
        for chain in table.chains.keys().cloned().collect::<Vec<_>>() {
            let Some(chain) = table.chains.get_mut(&chain) else { continue };
            chain.rules.retain(|rule| !is_marked(rule));
        }
    }
    ruleset
}

/// What makes these passages, and no others, out of what is there.
pub fn changes(wanted: &BTreeSet<Passage>, actual: &Ruleset<Unknown>) -> Vec<NftChange> {
    let mut changes = Vec::new();
    for table in actual.tables.iter().filter(|table| table.name != TABLE) {
        for chain in &table.chains {
            Differ { table, chain, changes: &mut changes }.compare(wanted);
        }
    }
    changes
}

struct Differ<'a> {
    table: &'a NftTable<Unknown>,
    chain: &'a Chain<Unknown>,
    changes: &'a mut Vec<NftChange>,
}

impl Differ<'_> {
    fn compare(&mut self, wanted: &BTreeSet<Passage>) {
        let place = (self.table.family, self.table.name.clone());
        let here = wanted.iter().filter(|(t, c, _)| *t == place && *c == self.chain.name);
        let mut rules: Vec<Rule<Never>> = here.flat_map(|(_, _, link)| accepts(link)).collect();
        for there in self.chain.rules.iter().filter(|rule| is_marked(rule)) {
            let same = rules.iter().position(|rule| {
                rule.expressions.iter().map(|e| e.to_actual()).eq(there.expressions.iter().cloned())
            });
            match same {
                Some(at) => drop(rules.remove(at)),
                None => self.delete(there),
            }
        }
        for rule in rules {
            let (family, table, chain) = (place.0, place.1.clone(), self.chain.name.clone());
            self.changes.push(NftChange::InsertRule { family, table, chain, rule });
        }
    }

    fn delete(&mut self, rule: &Rule<Unknown>) {
        let Some(handle) = rule.handle else { return };
        let (family, table) = (self.table.family, self.table.name.clone());
        let chain = self.chain.name.clone();
        self.changes.push(NftChange::DeleteRule { family, table, chain, handle });
    }
}

fn is_marked(rule: &Rule<Unknown>) -> bool {
    rule.comment.as_deref() == Some(MARK)
}
