//! Doing something inside the namespaces of a process of the lab.
//!
//! A thread of its own joins them and ends afterwards, so the caller stays
//! where it is. Joining goes through a pidfd: either all namespaces of that
//! very process, or none. A joined PID namespace counts for the thread's
//! children only; that is why people's commands run as children.
//!
//! Read: setns(2), pid_namespaces(7).

use std::io;
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

use crate::process::Process;

pub(crate) const NETWORK: CloneFlags = CloneFlags::CLONE_NEWNET;

/// Every kind of namespace a machine or container has of its own.
pub(crate) const ALL: CloneFlags = CloneFlags::CLONE_NEWNS
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWPID);

/// Runs `act` inside the given namespaces of the process and gives its answer.
pub(crate) fn inside<T: Send>(
    process: &Process,
    kinds: CloneFlags,
    act: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    let descriptor = process
        .open()?
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "its first process has ended"))?;
    thread::scope(|scope| {
        let visit = scope.spawn(|| {
            // Threads share root and working directory; a mount namespace can
            // be joined only by one who has his own.
            unshare(CloneFlags::CLONE_FS)?;
            setns(&descriptor, kinds)?;
            act()
        });
        visit.join().unwrap_or_else(|_| Err(io::Error::other("the visiting thread panicked")))
    })
}
