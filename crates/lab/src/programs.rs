//! Programs of this computer that a lab may need, beside busybox.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::error::Error;
use crate::init::search_path;
use crate::topology::{Machine, Topology};

pub(crate) const ETCD: &str = "etcd";
const ETCDCTL: &str = "etcdctl";
pub(crate) const NFT: &str = "nft";

/// Where a program is: on the caller's search path, else on that of machines.
fn find(program: &str) -> Option<PathBuf> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let inside = OsString::from(search_path());
    let runs = |path: &PathBuf| {
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    (std::env::split_paths(&own).chain(std::env::split_paths(&inside)))
        .map(|directory| directory.join(program))
        .find(runs)
        .and_then(|path| path.canonicalize().ok())
}

pub(crate) fn need(program: &str) -> Result<PathBuf, Error> {
    find(program).ok_or_else(|| Error::Missing {
        program: program.to_owned(),
        package: match program {
            ETCD => "etcd-server",
            _ => "nftables",
        },
    })
}

/// That all is there which this lab needs, before anything is made.
pub(crate) fn check(topology: &Topology) -> Result<(), Error> {
    if topology.machines.iter().any(|machine| machine.etcd.is_some()) {
        need(ETCD)?;
    }
    let machines = topology.machines.iter().map(|machine| &machine.drop);
    let switches = topology.switches.iter().map(|switch| &switch.drop);
    if machines.chain(switches).any(|drops| !drops.is_empty()) {
        need(NFT)?;
    }
    Ok(())
}

/// Programs a machine is shown under these names, wherever they are kept.
pub(crate) fn shown_to(machine: &Machine) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut shown = Vec::new();
    if machine.etcd.is_some() {
        shown.push((ETCD.to_owned(), need(ETCD)?));
        // For people only.
        shown.extend(find(ETCDCTL).map(|path| (ETCDCTL.to_owned(), path)));
    }
    Ok(shown)
}
