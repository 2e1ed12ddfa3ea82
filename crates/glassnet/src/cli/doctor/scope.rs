//! Which namespaces are looked at: all of the machine but its labs', or what hangs together with the places
//! that were named.

use crate::machine::Machine;
use crate::places::Kind;
use model::host::{LinkKind, NamespaceId};
use model::path::Part;
use std::collections::BTreeSet;

pub(super) fn of(machine: &mut Machine, places: &[NamespaceId]) -> BTreeSet<NamespaceId> {
    if !places.is_empty() {
        return places.iter().flat_map(|place| together(machine, place)).collect();
    }
    let mut all: BTreeSet<NamespaceId> = machine.ids().into_iter().collect();
    let labs: Vec<_> = all.iter().filter(|id| is_labs(machine, id)).cloned().collect();
    for id in labs {
        // A lab's machines are broken as often as not, and on purpose.
        let together = if all.contains(&id) { together(machine, &id) } else { BTreeSet::new() };
        if !together.contains(&NamespaceId::Host) {
            all.retain(|id| !together.contains(id));
        }
    }
    all
}

fn is_labs(machine: &Machine, id: &NamespaceId) -> bool {
    machine.names(id).iter().any(|name| name.kind == Kind::Lab)
}

/// All that veth pairs join.
fn together(machine: &mut Machine, from: &NamespaceId) -> BTreeSet<NamespaceId> {
    let mut found = BTreeSet::from([from.clone()]);
    let mut open = vec![from.clone()];
    while let Some(id) = open.pop() {
        let Ok(read) = machine.part(&id, &Part::Links) else { continue };
        for link in &read.links {
            let LinkKind::Veth(veth) = &link.kind else { continue };
            let Some(there) = veth.peer_netnsid.and_then(|number| read.numbers.get(&number)) else {
                continue;
            };
            if found.insert(there.clone()) {
                open.push(there.clone());
            }
        }
    }
    found
}
