//! nftables: one list of changes, which the kernel takes as one transaction.
//!
//! Elements are added and deleted one by one. A chain whose rules differ is emptied and written
//! anew: the transaction makes that invisible to packets, and no rule has to be found by number.

use super::NftChange;
use crate::host::nft::{
    Chain, Element, Elements, Expression, NftFamily, NftTable, Rule, Ruleset, Set, TABLE,
};
use crate::host::{Never, Unknown};
use std::collections::BTreeMap;

/// What leads from the rulesets' actual state to the wanted one.
pub(super) fn changes(wanted: &Ruleset<Never>, actual: &Ruleset<Unknown>) -> Vec<NftChange> {
    let mut changes = Vec::new();
    for there in &actual.tables {
        let key = (there.family, there.name.clone());
        if there.name == TABLE && !wanted.tables.contains(&key) {
            let (family, name) = key;
            changes.push(NftChange::DeleteTable { family, name });
        }
    }
    for table in &wanted.tables {
        match actual.tables.get(&(table.family, table.name.clone())) {
            Some(there) => Differ { table, changes: &mut changes }.compare(there),
            None => Differ { table, changes: &mut changes }.create(),
        }
    }
    changes
}

struct Differ<'a> {
    table: &'a NftTable<Never>,
    changes: &'a mut Vec<NftChange>,
}

impl Differ<'_> {
    fn family(&self) -> NftFamily {
        self.table.family
    }

    fn name(&self) -> String {
        self.table.name.clone()
    }

    fn create(mut self) {
        let (family, name) = (self.family(), self.name());
        let comment = self.table.comment.clone();
        self.changes.push(NftChange::AddTable { family, name, comment });
        for set in &self.table.sets {
            self.create_set(set);
        }
        // Rules may jump to any chain, so all chains are there before the first rule.
        for chain in &self.table.chains {
            self.create_chain(chain);
        }
        for chain in &self.table.chains {
            self.add_rules(chain);
        }
    }

    fn compare(mut self, there: &NftTable<Unknown>) {
        let mut rewritten: Vec<&Chain<Never>> = Vec::new();
        // A table without chains is a fragment's: it says nothing about chains or foreign sets.
        let whole = !self.table.chains.is_empty();
        let reshaped: Vec<&Set> = self
            .table
            .sets
            .iter()
            .filter(|set| there.sets.get(&set.name).is_some_and(|t| !same_shape(set, t)))
            .collect();
        for chain in &self.table.chains {
            let found = there.chains.get(&chain.name);
            let same_base = found.is_some_and(|found| found.base == chain.base);
            let same_rules = found.is_some_and(|found| same_rules(&chain.rules, &found.rules));
            // Sets that rules refer to cannot be made anew under them.
            if same_base && same_rules && reshaped.is_empty() {
                continue;
            }
            if let Some(found) = found {
                self.flush_chain(&found.name);
            }
            rewritten.push(chain);
        }
        let doomed: Vec<&Chain<Unknown>> = there
            .chains
            .iter()
            .filter(|found| whole && !self.table.chains.contains(&found.name))
            .collect();
        doomed.iter().for_each(|chain| self.flush_chain(&chain.name));
        doomed.iter().for_each(|chain| self.delete_chain(chain));

        for found in &there.sets {
            let wanted = self.table.sets.get(&found.name);
            if (wanted.is_none() && whole && !found.anonymous)
                || reshaped.iter().any(|s| s.name == found.name)
            {
                let (family, table) = (self.family(), self.name());
                self.changes.push(NftChange::DeleteSet { family, table, set: found.clone() });
            }
        }
        for set in &self.table.sets {
            match there.sets.get(&set.name) {
                Some(found) if same_shape(set, found) => {
                    self.compare_elements(set, &found.elements);
                }
                _ => self.create_set(set),
            }
        }
        for chain in &rewritten {
            let found = there.chains.get(&chain.name);
            if let Some(found) = found.filter(|found| found.base != chain.base) {
                self.delete_chain(found);
            }
            if found.is_none_or(|found| found.base != chain.base) {
                self.create_chain(chain);
            }
        }
        rewritten.iter().for_each(|chain| self.add_rules(chain));
    }

    fn compare_elements(&mut self, set: &Set, there: &Elements) {
        let differs = |wanted: Option<&Element>, found: &Element| wanted.is_none_or(|w| w != found);
        let gone: BTreeMap<_, _> = there
            .0
            .iter()
            .filter(|(key, found)| differs(set.elements.get(key), found))
            .map(|(key, found)| (key.clone(), found.clone()))
            .collect();
        let new: BTreeMap<_, _> = set
            .elements
            .0
            .iter()
            .filter(|(key, wanted)| there.get(key).is_none_or(|found| found != *wanted))
            .map(|(key, wanted)| (key.clone(), wanted.clone()))
            .collect();
        let (family, table) = (self.family(), self.name());
        let shape = set.shape();
        if !gone.is_empty() {
            let (table, set) = (table.clone(), shape.clone());
            self.changes.push(NftChange::DeleteElements { family, table, set, elements: gone });
        }
        if !new.is_empty() {
            self.changes.push(NftChange::AddElements { family, table, set: shape, elements: new });
        }
    }

    fn create_set(&mut self, set: &Set) {
        let (family, table, shape) = (self.family(), self.name(), set.shape());
        self.changes.push(NftChange::AddSet { family, table: table.clone(), set: shape.clone() });
        if !set.elements.0.is_empty() {
            let elements = set.elements.0.clone();
            self.changes.push(NftChange::AddElements { family, table, set: shape, elements });
        }
    }

    fn create_chain(&mut self, chain: &Chain<Never>) {
        let (family, table) = (self.family(), self.name());
        let (name, base) = (chain.name.clone(), chain.base.clone());
        self.changes.push(NftChange::AddChain { family, table, name, base });
    }

    fn delete_chain(&mut self, chain: &Chain<Unknown>) {
        let (family, table) = (self.family(), self.name());
        let (name, base) = (chain.name.clone(), chain.base.clone());
        self.changes.push(NftChange::DeleteChain { family, table, name, base });
    }

    fn flush_chain(&mut self, chain: &str) {
        let (family, table, chain) = (self.family(), self.name(), chain.to_owned());
        self.changes.push(NftChange::FlushChain { family, table, chain });
    }

    fn add_rules(&mut self, chain: &Chain<Never>) {
        for rule in &chain.rules {
            let (family, table, rule) = (self.family(), self.name(), rule.clone());
            let chain = chain.name.clone();
            self.changes.push(NftChange::AddRule { family, table, chain, rule });
        }
    }
}

fn same_shape(wanted: &Set, there: &Set) -> bool {
    wanted.key == there.key
        && wanted.value == there.value
        && wanted.interval == there.interval
        && wanted.constant == there.constant
}

fn same_rules(wanted: &[Rule<Never>], there: &[Rule<Unknown>]) -> bool {
    let same = |(wanted, there): (&Rule<Never>, &Rule<Unknown>)| {
        wanted.comment == there.comment
            && wanted
                .expressions
                .iter()
                .map(Expression::to_actual)
                .eq(there.expressions.iter().cloned())
    };
    wanted.len() == there.len() && wanted.iter().zip(there).all(same)
}

/// The changes that take the given ones back. A table that was made goes with all that is in it.
pub(super) fn undo(changes: &[NftChange]) -> Vec<NftChange> {
    let made = |change: &NftChange| {
        changes.iter().any(|other| {
            matches!(other, NftChange::AddTable { family, name, .. }
                if change.table() == (*family, name.as_str()))
                && change != other
        })
    };
    changes.iter().rev().filter(|change| !made(change)).filter_map(NftChange::undo).collect()
}

impl NftChange {
    fn table(&self) -> (NftFamily, &str) {
        match self {
            Self::AddTable { family, name, .. } | Self::DeleteTable { family, name } => {
                (*family, name)
            }
            Self::AddChain { family, table, .. }
            | Self::DeleteChain { family, table, .. }
            | Self::FlushChain { family, table, .. }
            | Self::AddRule { family, table, .. }
            | Self::InsertRule { family, table, .. }
            | Self::DeleteRule { family, table, .. }
            | Self::AddSet { family, table, .. }
            | Self::DeleteSet { family, table, .. }
            | Self::AddElements { family, table, .. }
            | Self::DeleteElements { family, table, .. } => (*family, table),
        }
    }

    /// The change that takes this one back, if it can be.
    fn undo(&self) -> Option<Self> {
        match self.clone() {
            Self::AddTable { family, name, .. } => Some(Self::DeleteTable { family, name }),
            Self::AddChain { family, table, name, base } => {
                Some(Self::DeleteChain { family, table, name, base })
            }
            Self::AddSet { family, table, set } => Some(Self::DeleteSet { family, table, set }),
            Self::AddElements { family, table, set, elements } => {
                Some(Self::DeleteElements { family, table, set, elements })
            }
            Self::DeleteElements { family, table, set, elements } => {
                Some(Self::AddElements { family, table, set, elements })
            }
            Self::DeleteTable { .. }
            | Self::DeleteChain { .. }
            | Self::DeleteSet { .. }
            | Self::FlushChain { .. }
            | Self::AddRule { .. }
            | Self::InsertRule { .. }
            | Self::DeleteRule { .. } => None,
        }
    }
}
