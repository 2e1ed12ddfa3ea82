//! Who is asked about: places by their names, each with an address.

use crate::cli::error::Error;
use crate::cli::trace::Wrong;
use crate::machine::Snapshot;
use crate::places::{Kind, Name};
use model::explain::ReachText;
use model::host::{Namespace, NamespaceId, Unknown};
use model::net::Family;
use model::path::reach::Endpoint;
use std::net::IpAddr;

pub(super) struct Chosen {
    pub(super) endpoints: Vec<Endpoint>,
    /// Of each, as people call it.
    pub(super) names: Vec<String>,
    /// Places that were meant and have no address of the family.
    pub(super) without: Vec<String>,
}

impl Chosen {
    /// Those that either list speaks of; an empty one speaks of all.
    pub(super) fn of(
        taken: &Snapshot,
        family: Family,
        from: &[String],
        to: &[String],
    ) -> Result<Self, Error> {
        let is_called = |pattern: &String, id: &NamespaceId, names: &[Name]| {
            let called = names
                .iter()
                .any(|name| matches(pattern, &name.to_string()) || matches(pattern, &name.name));
            called || matches(pattern, &id.to_string())
        };
        for pattern in from.iter().chain(to) {
            if !taken.namespaces.iter().any(|of| is_called(pattern, &of.id, &of.names)) {
                let pattern = pattern.clone();
                return Err(Error::Trace(Wrong::Reach(ReachText::NobodyIsCalled { pattern })));
            }
        }
        let is_meant = |patterns: &[String], id: &NamespaceId, names: &[Name]| {
            patterns.is_empty() || patterns.iter().any(|pattern| is_called(pattern, id, names))
        };
        let (mut endpoints, mut called, mut without) = (Vec::new(), Vec::new(), Vec::new());
        for of in &taken.namespaces {
            let sends = is_meant(from, &of.id, &of.names);
            let receives = is_meant(to, &of.id, &of.names);
            if !sends && !receives {
                continue;
            }
            let name = name(&of.id, &of.names, &taken.host);
            let Some(address) = address(&of.state, family) else {
                without.push(name);
                continue;
            };
            let (host, namespace) = (taken.host.clone(), of.id.clone());
            endpoints.push(Endpoint { host, namespace, address, sends, receives });
            called.push(name);
        }
        Ok(Self { endpoints, names: called, without })
    }
}

/// As it can be typed.
fn name(id: &NamespaceId, names: &[Name], host: &str) -> String {
    match (id, names.first()) {
        (NamespaceId::Host, _) => format!("{} ({host})", Kind::Host.word()),
        (NamespaceId::Inode(_), Some(name)) => name.to_string(),
        (id, _) => id.to_string(),
    }
}

/// The first of a namespace's addresses that others may know: not loopback's, nor a link's alone.
fn address(state: &Namespace<Unknown>, family: Family) -> Option<IpAddr> {
    let is_known = |address: IpAddr| match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    };
    let index = |link| state.links.get(link).filter(|link| link.up).map(|link| link.index);
    let usable = state.addresses.iter().filter_map(|address| {
        let its = address.prefix.addr();
        let fits = Family::of(its) == family && is_known(its) && !address.tentative;
        Some((index(&address.link).filter(|_| fits)?, address.position, its))
    });
    usable.min().map(|(_, _, address)| address)
}

/// `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(before) else { return false };
    (0..=name.len()).filter(|at| name.is_char_boundary(*at)).any(|at| matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name, wanted) in [
            ("web", "web", true),
            ("web", "web-1", false),
            ("web*", "web-1", true),
            ("*", "", true),
            ("pod:*/db", "pod:shop/db", true),
            ("pod:*/db", "pod:shop/db2", false),
            ("*a*b", "xaxxb", true),
            ("*a*b", "bxa", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
