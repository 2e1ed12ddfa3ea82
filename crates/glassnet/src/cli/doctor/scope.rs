//! Which namespaces are looked at: all of the machine but its labs', or what hangs together with the places
//! that were named.

use super::seen::Seen;
use crate::places::Kind;
use model::host::NamespaceId;
use std::collections::BTreeSet;

/// Forgets the others.
pub(super) fn keep(seen: &mut Seen, places: &[NamespaceId]) {
    let all: Vec<_> = seen.actual.namespaces.keys().cloned().collect();
    let mut kept: BTreeSet<NamespaceId> = BTreeSet::new();
    let mut told: BTreeSet<NamespaceId> = BTreeSet::new();
    for id in all {
        if told.contains(&id) {
            continue;
        }
        let together = together(seen, &id);
        let wanted = match places {
            [] => together.contains(&NamespaceId::Host) || !together.iter().any(|id| lab(seen, id)),
            some => some.iter().any(|place| together.contains(place)),
        };
        if wanted {
            kept.extend(together.iter().cloned());
        }
        told.extend(together);
    }
    seen.actual.namespaces.retain(|id, _| kept.contains(id));
    seen.about.retain(|id, _| kept.contains(id));
}

/// A lab's machines are broken as often as not, and on purpose.
fn lab(seen: &Seen, id: &NamespaceId) -> bool {
    let names = seen.about.get(id).map(|about| &about.names[..]).unwrap_or_default();
    names.iter().any(|name| name.kind == Kind::Lab)
}

/// All that veth pairs join.
fn together(seen: &Seen, from: &NamespaceId) -> BTreeSet<NamespaceId> {
    let mut found = BTreeSet::from([from.clone()]);
    let mut open = vec![from.clone()];
    while let Some(id) = open.pop() {
        let Some(namespace) = seen.actual.namespaces.get(&id) else { continue };
        let there = namespace.links.iter().filter_map(|link| seen.peers_namespace(&id, link));
        open.extend(there.filter(|there| found.insert((*there).clone())).cloned());
    }
    found
}
