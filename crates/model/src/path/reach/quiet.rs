//! The state without what the caches of namespaces rightly know of each other: who has an address is
//! found as well by asking, and who has asked whom before would make everybody unlike.

use super::names::{Names, Role};
use crate::host::neighbour::NeighbourState;
use crate::host::{Actual, Neighbour};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What was set aside.
pub(super) struct Quiet {
    /// Of each host that had any.
    states: BTreeMap<usize, Actual>,
    /// By the host and the namespace that knew it, the addresses.
    pub(super) known: BTreeMap<(usize, crate::host::NamespaceId), Vec<IpAddr>>,
}

impl Quiet {
    pub(super) fn of(hosts: &[(&str, &Actual)]) -> Self {
        let names = Names::of(hosts);
        let mut quiet = Self { states: BTreeMap::new(), known: BTreeMap::new() };
        for (number, space) in names.spaces.iter().enumerate().filter(|(_, space)| space.is_leaf) {
            let known = space.state.neighbours.iter().filter(|its| is_right(&names, number, its));
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

/// Learned, of another that may have its like, and as that other says.
fn is_right(names: &Names<'_>, within: usize, known: &Neighbour) -> bool {
    use NeighbourState::{Delay, Probe, Reachable, Stale};
    let Some(owner) = names.address(known.address) else { return false };
    let Role::Address(link, ..) = owner.role else { return false };
    let its = names.spaces[owner.space].state.links.get(link);
    matches!(known.state, Reachable | Stale | Delay | Probe)
        && owner.space != within
        && known.mac.is_some()
        && its.is_some_and(|its| its.mac == known.mac)
}
