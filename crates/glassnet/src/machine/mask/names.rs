//! Names by others, of the same kind in the same order, so that what is looked at one after another still
//! is. What a rule says of a beginning (`veth*`) holds of the same links afterwards.

use model::host::NamespaceId;
use model::net::LinkName;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Names that say nothing about whose machine it is.
const KEPT: [&str; 21] = [
    "lo",
    "glassnet",
    "antispoof",
    "all",
    "default",
    "host",
    "filter",
    "nat",
    "mangle",
    "raw",
    "security",
    "INPUT",
    "OUTPUT",
    "FORWARD",
    "PREROUTING",
    "POSTROUTING",
    "input",
    "output",
    "forward",
    "prerouting",
    "postrouting",
];

#[derive(Default)]
pub(super) struct Names {
    /// Beginnings of links' names that rules speak of.
    beginnings: RefCell<BTreeSet<String>>,
    links: RefCell<BTreeMap<String, String>>,
    /// Of all else, by what it is.
    others: RefCell<BTreeMap<(&'static str, String), String>>,
}

impl Names {
    /// Links get their names in order.
    pub(super) fn know_links<'n>(&self, names: impl Iterator<Item = &'n LinkName>) {
        let sorted: BTreeSet<&LinkName> = names.collect();
        for name in sorted {
            self.link(name.as_str());
        }
    }

    pub(super) fn know_beginning(&self, of: &str) {
        self.beginnings.borrow_mut().insert(of.to_owned());
    }

    /// Those that were asked for.
    pub(super) fn into_beginnings(self) -> BTreeSet<String> {
        self.beginnings.into_inner()
    }

    pub(super) fn link(&self, name: &str) -> String {
        if KEPT.contains(&name) {
            return name.to_owned();
        }
        if let Some(known) = self.links.borrow().get(name) {
            return known.clone();
        }
        let number = self.links.borrow().len();
        let begins = self.beginning_of(name);
        // Only what begins with a beginning begins with its letter.
        let masked = begins.map_or_else(
            || format!("l{number:04}"),
            |beginning| format!("{}{number:03}", self.beginning(&beginning)),
        );
        self.links.borrow_mut().insert(name.to_owned(), masked.clone());
        masked
    }

    /// The longest beginning of it that a rule speaks of; it may be that itself.
    fn beginning_of(&self, name: &str) -> Option<String> {
        let known = self.beginnings.borrow();
        let fitting = known.iter().filter(|start| name.starts_with(*start));
        fitting.max_by_key(|start| start.len()).cloned()
    }

    /// One that is within another begins with that one's.
    pub(super) fn beginning(&self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        self.know_beginning(name);
        let known = self.beginnings.borrow().clone();
        let number = known.iter().position(|one| one == name).unwrap_or(known.len());
        let outer = known.iter().filter(|outer| name.starts_with(*outer) && *outer != name);
        let outer = outer.max_by_key(|outer| outer.len()).map(|outer| self.beginning(outer));
        format!("{}p{number}_", outer.unwrap_or_default())
    }

    /// A name of a kind: `chain`, `table`, `set`, `process`.
    pub(super) fn other(&self, kind: &'static str, name: &str) -> String {
        if KEPT.contains(&name) || name.is_empty() {
            return name.to_owned();
        }
        let mut known = self.others.borrow_mut();
        let number = known.keys().filter(|(of, _)| *of == kind).count() + 1;
        let masked =
            known.entry((kind, name.to_owned())).or_insert_with(|| format!("{kind}{number}"));
        masked.clone()
    }

    pub(super) fn namespace(&self, id: &NamespaceId) -> NamespaceId {
        match id {
            NamespaceId::Host | NamespaceId::Inode(_) => id.clone(),
            NamespaceId::Container(name) => NamespaceId::Container(self.place(name)),
            NamespaceId::Named(name) => match name.split_once(':') {
                Some((kind, name)) => {
                    NamespaceId::Named(format!("{kind}:{}", self.place(name)).into())
                }
                None => NamespaceId::Named(self.place(name).into()),
            },
        }
    }

    /// A name of a namespace, without its kind.
    pub(super) fn place(&self, name: &str) -> String {
        // What nobody has named bears its number.
        match name.starts_with('[') {
            true => name.to_owned(),
            false => self.other("place", name),
        }
    }

    /// What stands for what, for who has to find it again.
    pub(super) fn words(&self) -> BTreeMap<String, String> {
        let (links, others) = (self.links.borrow(), self.others.borrow());
        let links = links.iter().map(|(name, masked)| (format!("link {name}"), masked.clone()));
        let others =
            others.iter().map(|((kind, name), masked)| (format!("{kind} {name}"), masked.clone()));
        links.chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_links_begin_with_the_same() {
        let names = Names::default();
        for beginning in ["cali", "cali1", "veth"] {
            names.know_beginning(beginning);
        }
        let all = ["cali12", "cali2", "cal", "eth0", "veth", "veth7"];
        let links: Vec<LinkName> = all.iter().map(|name| name.parse().unwrap()).collect();
        names.know_links(links.iter());
        for name in all {
            let masked = names.link(name);
            assert_ne!(masked, name);
            assert!(masked.parse::<LinkName>().is_ok(), "{masked}");
            for beginning in ["cali", "cali1", "veth"] {
                let begins = masked.starts_with(&names.beginning(beginning));
                assert_eq!(begins, name.starts_with(beginning), "{name} {beginning}");
            }
        }
        assert_eq!(names.link("lo"), "lo");
    }
}
