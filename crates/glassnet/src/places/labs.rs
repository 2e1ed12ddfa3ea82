//! Machines and containers of labs: `two-hosts/alpha`, `two-hosts/alpha/web`.

use super::{Add, Kind, Root, inode, inode_of};
use lab::Running;
use std::path::Path;

pub(super) fn names(running: &[Running], add: Add<'_>) {
    for Running { lab, part, pid } in running {
        if let Some(inode) = inode_of(*pid) {
            add(inode, Kind::Lab, format!("{lab}/{part}"));
        }
    }
}

/// The files of each machine. Those of containers are their machine's.
pub(super) fn roots(running: &[Running]) -> Vec<Root> {
    let machines = running.iter().filter(|one| !one.part.contains(['/', '.']));
    machines
        .map(|Running { lab, part, pid }| Root {
            path: format!("/proc/{pid}/root").into(),
            prefix: format!("{lab}/{part}/"),
            mounts: inode(Path::new(&format!("/proc/{pid}/ns/mnt"))),
        })
        .collect()
}
