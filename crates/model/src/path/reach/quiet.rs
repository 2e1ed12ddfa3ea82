//! The state without what the caches of namespaces rightly know of each other: who has an address is
//! found as well by asking, and who has asked whom before would make everybody unlike.
//!
//! Asking also teaches who is asked, and the bridges between. So what two know of each other is left
//! alone where one of them, or a bridge, knows something wrong.

use super::names::{Names, Role};
use crate::host::neighbour::NeighbourState;
use crate::host::{Actual, NamespaceId, Neighbour};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What was set aside.
pub(super) struct Quiet {
    /// Of each host that had any.
    states: BTreeMap<usize, Actual>,
    /// By the host and the namespace that knew it, the addresses.
    pub(super) known: BTreeMap<(usize, NamespaceId), Vec<IpAddr>>,
}

impl Quiet {
    pub(super) fn of(hosts: &[(&str, &Actual)]) -> Self {
        let names = Names::of(hosts);
        let misled = misled(&names);
        let mut quiet = Self { states: BTreeMap::new(), known: BTreeMap::new() };
        for (number, space) in names.spaces.iter().enumerate().filter(|(_, space)| space.is_leaf) {
            let known = space.state.neighbours.iter().filter(|its| {
                let other = is_right(&names, number, its);
                other.is_some_and(|other| !misled.contains(&(number.min(other), number.max(other))))
            });
            let known: Vec<_> = known.map(|its| (its.link.clone(), its.address)).collect();
            if known.is_empty() {
                continue;
            }
            let state =
                quiet.states.entry(space.host).or_insert_with(|| hosts[space.host].1.clone());
            for key in &known {
                state.namespace(space.id.clone()).neighbours.remove(key);
            }
            let addresses = known.into_iter().map(|(_, address)| address).collect();
            quiet.known.insert((space.host, space.id.clone()), addresses);
        }
        quiet
    }

    pub(super) fn hosts<'s>(
        &'s self,
        hosts: &[(&'s str, &'s Actual)],
    ) -> Vec<(&'s str, &'s Actual)> {
        let hosts = hosts.iter().enumerate();
        hosts.map(|(n, (name, state))| (*name, self.states.get(&n).unwrap_or(state))).collect()
    }
}

/// Learned, of another that may have its like, and as that other says: which.
fn is_right(names: &Names<'_>, within: usize, known: &Neighbour) -> Option<usize> {
    use NeighbourState::{Delay, Probe, Reachable, Stale};
    let owner = names.address(known.address)?;
    let Role::Address(link, ..) = owner.role else { return None };
    let its = names.spaces[owner.space].state.links.get(link)?;
    let is_learned = matches!(known.state, Reachable | Stale | Delay | Probe);
    let is_right = known.mac.is_some() && its.mac == known.mac;
    (is_learned && is_right && owner.space != within).then_some(owner.space)
}

/// Pairs of which one knows something wrong of the other; those that a bridge looks for in the wrong place,
/// with everybody.
fn misled(names: &Names<'_>) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    let mut lost = BTreeSet::new();
    for (number, space) in names.spaces.iter().enumerate() {
        for known in space.state.neighbours.iter() {
            if let Some(owner) = names.address(known.address)
                && is_right(names, number, known).is_none()
            {
                pairs.insert((number.min(owner.space), number.max(owner.space)));
            }
        }
        for entry in space.state.fdb.iter().filter(|entry| !entry.local && entry.bridge.is_some()) {
            let behind = names.link(number, &entry.link).map(|owner| owner.space);
            let owner = names.mac(entry.mac).map(|owner| owner.space);
            let is_here = owner.is_some_and(|owner| names.spaces[owner].host == space.host);
            lost.extend(owner.filter(|_| is_here && owner != behind));
        }
    }
    for lost in lost {
        pairs.extend((0..names.spaces.len()).map(|other| (lost.min(other), lost.max(other))));
    }
    pairs
}
