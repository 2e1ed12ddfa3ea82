//! Neighbours, and entries of forwarding databases. Neither can bear a mark: they are ours when they
//! sit on a link of ours in the host.

use super::{Change, Passes, Step, set_difference};
use crate::host::neighbour::NeighbourState;
use crate::host::{FdbEntry, Keyed as _, Namespace, Never, Unknown};
use crate::net::LinkName;

impl Passes {
    pub(super) fn neighbours_of(
        &mut self,
        step: &dyn Fn(Change) -> Step,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
        ours: &dyn Fn(&LinkName) -> bool,
    ) {
        let permanent = NeighbourState::Permanent;
        for there in &actual.neighbours {
            let unwanted = !wanted.neighbours.contains(&there.key());
            if unwanted && ours(&there.link) && there.state == permanent {
                self.peers_away.push(step(Change::RemoveNeighbour(there.clone())));
            }
        }
        for want in &wanted.neighbours {
            let change = match actual.neighbours.get(&want.key()) {
                Some(there) if there == want => continue,
                Some(there) if there.state == permanent => {
                    Change::ChangeNeighbour { to: want.clone(), from: there.clone() }
                }
                _ => Change::AddNeighbour(want.clone()),
            };
            self.peers.push(step(change));
        }
    }

    /// The kernel makes entries by itself on ports of bridges only: for the MAC addresses of the
    /// ports, and for what it learns. On a tunnel end without learning all are somebody's.
    pub(super) fn fdb_of(
        &mut self,
        step: &dyn Fn(Change) -> Step,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
        ours: &dyn Fn(&LinkName) -> bool,
    ) {
        let somebodys = |there: &FdbEntry| match there.bridge {
            Some(_) => there.permanent && !there.local,
            None => true,
        };
        set_difference(
            &wanted.fdb,
            &actual.fdb,
            |want, there| want == there || in_place(there),
            |there| ours(&there.link) && somebodys(there),
            |entry| {
                // One that cannot be changed in place is taken away before it is made anew.
                let again = wanted.fdb.contains(&entry.key());
                let pass = if again { &mut self.routes_away } else { &mut self.peers_away };
                pass.push(step(Change::RemoveFdbEntry(entry)));
            },
            |entry| self.peers.push(step(Change::AddFdbEntry(entry))),
        );
        for want in &wanted.fdb {
            if let Some(there) = actual.fdb.get(&want.key())
                && there != want
                && in_place(there)
            {
                let change = Change::ChangeFdbEntry { to: want.clone(), from: there.clone() };
                self.peers.push(step(change));
            }
        }
    }
}

/// Whether the kernel puts another in its place (`vxlan_fdb_replace`): a tunnel's entry for a single
/// station. One without an address belongs to a group of next hops and stays what it is.
fn in_place(there: &FdbEntry) -> bool {
    there.bridge.is_none()
        && there.remote.is_some()
        && there.mac.is_unicast()
        && !there.mac.is_zero()
}
