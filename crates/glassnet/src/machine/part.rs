//! One part of a namespace, in words.

use model::explain::PartText;
use model::path::Part;

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
