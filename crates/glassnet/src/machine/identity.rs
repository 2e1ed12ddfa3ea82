//! Which namespace is which, for the walk: by its best name, as long as nobody else has it.

use crate::places::{Kind, Name, Namespace};
use model::host::NamespaceId;
use std::collections::BTreeMap;

/// An id for each, no two alike.
pub(super) fn of(places: &[Namespace]) -> Vec<NamespaceId> {
    let mut bearers: BTreeMap<String, usize> = BTreeMap::new();
    for name in places.iter().flat_map(|place| &place.names) {
        *bearers.entry(name.to_string()).or_default() += 1;
    }
    let alone = |name: &&Name| bearers.get(&name.to_string()) == Some(&1);
    let ids = places.iter().map(|place| {
        let best = place.names.iter().find(alone);
        best.and_then(named).unwrap_or(NamespaceId::Inode(place.inode))
    });
    ids.collect()
}

/// What nobody has named, and no process is in, has its number only.
fn named(name: &Name) -> Option<NamespaceId> {
    match name.kind {
        Kind::Host => Some(NamespaceId::Host),
        Kind::Container => Some(NamespaceId::Container(name.name.clone())),
        Kind::Process if name.name.starts_with('[') => None,
        _ => Some(NamespaceId::Named(name.to_string().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::NetNs;

    #[test]
    fn the_best_name_that_nobody_else_has() {
        let place = |inode: u64, names: &[(Kind, &str)]| Namespace {
            inode,
            namespace: NetNs::by_path("/proc/self/ns/net").unwrap(),
            names: names.iter().map(|(kind, n)| Name { kind: *kind, name: (*n).into() }).collect(),
            processes: Vec::new(),
        };
        let places = [
            place(1, &[(Kind::Host, "host")]),
            place(2, &[(Kind::Container, "web"), (Kind::Netns, "web")]),
            place(3, &[(Kind::Podman, "db"), (Kind::Netns, "netns-1")]),
            place(4, &[(Kind::Podman, "db")]),
            place(5, &[(Kind::Process, "sleep[7]")]),
            place(6, &[(Kind::Process, "[6]")]),
        ];
        let ids: Vec<_> = of(&places).iter().map(ToString::to_string).collect();
        let wanted =
            ["host", "container:web", "netns:netns-1", "inode:4", "process:sleep[7]", "inode:6"];
        assert_eq!(ids, wanted);
    }
}
