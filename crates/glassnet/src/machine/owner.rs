//! Who holds the sockets that paths end at.
//!
//! The kernel tells a socket's number; who has it open is found in /proc by looking through the
//! descriptors of processes. For a path, only the socket at its end is looked for, first among the
//! processes of its own namespace, which are few, then among all.

use super::{Machine, State};
use kernel::observe::{held, process};
use model::host::socket::Process;
use model::host::{NamespaceId, Socket, Table};
use model::net::Transport;
use model::path::{End, Evidence, Part, Path};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// Names the process at the end of the path, if it is a socket and this user may know.
pub(crate) fn name_holder(machine: &mut Machine, path: &mut Path) {
    let End::Delivered { at, process: ended @ None } = &mut path.end else { return };
    let Some(hop) = path.hops.last_mut() else { return };
    for evidence in &mut hop.evidence {
        if let Evidence::Socket { transport, local, process: holder @ None } = evidence {
            let found = machine.holder(&at.namespace, *transport, *local);
            *holder = found.map(|process| process.name);
            ended.clone_from(holder);
        }
    }
}

impl Machine {
    fn holder(
        &mut self,
        of: &NamespaceId,
        transport: Transport,
        local: SocketAddr,
    ) -> Option<Process> {
        let sockets = self.part(of, &Part::Sockets).ok()?.sockets;
        let is_it = |socket: &&Socket| socket.transport == transport && socket.local == local;
        let space = self.space(of)?;
        if let State::Kept(_) = space.state {
            return sockets.iter().filter(is_it).find_map(|socket| socket.process.clone());
        }
        let inodes: BTreeSet<u64> = sockets.iter().filter(is_it).map(|one| one.inode).collect();
        let elsewhere = self.spaces.iter().filter(|other| other.id != *of);
        let all = space.processes.iter().chain(elsewhere.flat_map(|other| &other.processes));
        let holds = |pid: &u32| held(*pid).any(|inode| inodes.contains(&inode));
        all.copied().find(holds).map(process)
    }
}

/// The holders of all sockets, each the first of its holders.
pub(super) fn holders(pids: impl Iterator<Item = u32>) -> BTreeMap<u64, Process> {
    let mut holders = BTreeMap::new();
    for pid in pids {
        let mut named = None;
        for inode in held(pid) {
            let named = named.get_or_insert_with(|| process(pid));
            holders.entry(inode).or_insert_with(|| named.clone());
        }
    }
    holders
}

/// Writes them to the sockets.
pub(super) fn name_all(sockets: &mut Table<Socket>, holders: &BTreeMap<u64, Process>) {
    let named: Vec<_> = sockets
        .iter()
        .map(|socket| Socket { process: holders.get(&socket.inode).cloned(), ..socket.clone() })
        .collect();
    sockets.extend(named);
}
