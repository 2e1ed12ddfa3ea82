//! One part of a namespace: out of a whole one, and in words.

use model::explain::PartText;
use model::host::{Namespace, Unknown};
use model::path::Part;

/// The part alone.
pub(super) fn only(whole: &Namespace<Unknown>, part: &Part) -> Namespace<Unknown> {
    let mut only = Namespace::default();
    match part {
        Part::Links => {
            only.links = whole.links.clone();
            only.numbers = whole.numbers.clone();
        }
        Part::Addresses => only.addresses = whole.addresses.clone(),
        Part::Rules => only.rules = whole.rules.clone(),
        Part::Routes => only.routes = whole.routes.clone(),
        Part::Neighbours => only.neighbours = whole.neighbours.clone(),
        Part::Fdb => only.fdb = whole.fdb.clone(),
        Part::Traffic => {
            only.qdiscs = whole.qdiscs.clone();
            only.filters = whole.filters.clone();
        }
        Part::Nft => only.nft = whole.nft.clone(),
        Part::Legacy => only.legacy = whole.legacy.clone(),
        Part::IpSets => only.ipsets = whole.ipsets.clone(),
        Part::Connection(tuple) => {
            let known = whole.connections.iter();
            let known = known.filter(|known| known.original == *tuple || known.reply == *tuple);
            only.connections = known.cloned().collect();
        }
        Part::Sockets => only.sockets = whole.sockets.clone(),
        Part::Sysctl(path) => only.sysctls.extend(whole.sysctls.get(path).cloned()),
    }
    only
}

/// Puts a part to what is there of a namespace.
pub(super) fn add(to: &mut Namespace<Unknown>, part: &Part, read: Namespace<Unknown>) {
    match part {
        Part::Links => {
            to.links = read.links;
            to.numbers = read.numbers;
        }
        Part::Addresses => to.addresses = read.addresses,
        Part::Rules => to.rules = read.rules,
        Part::Routes => to.routes = read.routes,
        Part::Neighbours => to.neighbours = read.neighbours,
        Part::Fdb => to.fdb = read.fdb,
        Part::Traffic => {
            to.qdiscs = read.qdiscs;
            to.filters = read.filters;
        }
        Part::Nft => to.nft = read.nft,
        Part::Legacy => to.legacy = read.legacy,
        Part::IpSets => to.ipsets = read.ipsets,
        Part::Connection(_) => to.connections.extend(read.connections),
        Part::Sockets => to.sockets = read.sockets,
        Part::Sysctl(_) => to.sysctls.extend(read.sysctls),
    }
}

/// The part as people call it.
pub(crate) fn word(part: &Part) -> PartText {
    match part {
        Part::Links => PartText::Links,
        Part::Addresses => PartText::Addresses,
        Part::Rules => PartText::Rules,
        Part::Routes => PartText::Routes,
        Part::Neighbours => PartText::Neighbours,
        Part::Fdb => PartText::Fdb,
        Part::Traffic => PartText::Traffic,
        Part::Nft => PartText::Nft,
        Part::Legacy => PartText::Legacy,
        Part::IpSets => PartText::IpSets,
        Part::Connection(_) => PartText::Connections,
        Part::Sockets => PartText::Sockets,
        Part::Sysctl(path) => PartText::Sysctl { path: path.clone() },
    }
}

/// As it is called in a namespace's state.
pub(super) fn name(part: &Part) -> &'static str {
    match part {
        Part::Links => "links",
        Part::Addresses => "addresses",
        Part::Rules => "rules",
        Part::Routes => "routes",
        Part::Neighbours => "neighbours",
        Part::Fdb => "fdb",
        Part::Traffic => "filters",
        Part::Nft => "nft",
        Part::Legacy => "legacy",
        Part::IpSets => "ipsets",
        Part::Connection(_) => "connections",
        Part::Sockets => "sockets",
        Part::Sysctl(_) => "sysctls",
    }
}
