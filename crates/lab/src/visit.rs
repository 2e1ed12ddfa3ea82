//! Looking around on a machine without starting a program there.
//!
//! A visitor joins one kind of namespace and no more: its own `/proc` and its own files stay with
//! it where it reads a network's state, and its own network where it reads files.

use crate::error::Error;
use crate::namespace;
use crate::power::known;
use crate::privilege;
use crate::state;
use crate::topology::Topology;
use nix::sched::CloneFlags;

/// What the visitor sees of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Its links, routes, rules and sockets.
    Network,
    /// Its files, and so the sockets that programs listen at by a path.
    Files,
}

/// The lab as it was asked for.
pub fn topology(lab: &str) -> Result<Topology, Error> {
    Ok(state::read(lab)?.topology)
}

/// Runs `act` inside the machine, on a thread of its own, and gives its answer.
pub fn visit<T: Send>(
    lab: &str,
    machine: &str,
    view: View,
    act: impl FnOnce() -> T + Send,
) -> Result<T, Error> {
    privilege::check()?;
    let record = state::read(lab)?;
    let part = known(&record, machine)?.name.clone();
    let Some(process) = record.process(&part) else {
        let (lab, machine) = (lab.to_owned(), machine.to_owned());
        return Err(Error::NotRunning { lab, machine, part });
    };
    let kinds = match view {
        View::Network => namespace::NETWORK,
        View::Files => CloneFlags::CLONE_NEWNS,
    };
    namespace::inside(process, kinds, || Ok(act())).map_err(|source| Error::Enter { part, source })
}
