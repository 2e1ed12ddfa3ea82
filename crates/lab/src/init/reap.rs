//! The one duty a first process never ends: to collect the dead.

use std::io;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Keeps SIGCHLD waiting until it is asked for. Children start with a clear
/// mask: the standard library sees to that.
pub(super) fn block_child_signal() -> io::Result<SigSet> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.thread_block()?;
    Ok(signals)
}

/// Collects every child that has ended, then waits for the next to end.
pub(super) fn forever(signals: &SigSet) -> io::Result<()> {
    loop {
        loop {
            match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => break,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        signals.wait()?;
    }
}
