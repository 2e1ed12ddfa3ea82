//! A process of ours, told from any other that later gets the same number.
//!
//! A pid alone is a promise nobody keeps: it is reused. A process is known
//! here by its pid and the moment it started, and it is signalled only through
//! a pidfd opened *before* both were checked, so the check cannot grow stale.
//!
//! Every first process of a lab carries the lab's random token in its
//! environment. `marked` finds them by it, even if whoever started them was
//! killed before writing down their numbers.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::errno::Errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// The environment variable that marks a first process: `TOKEN:PART`.
pub(crate) const MARK: &str = "GLASSNET_LAB";

/// How long a killed process is waited for. The kernel needs milliseconds.
const GONE_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: i32,
    /// Clock ticks after the machine's boot (`/proc/PID/stat`, field 22).
    pub started: u64,
}

impl Process {
    /// The process that has this pid now; none if there is none, or a zombie.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (state, started) = state_and_start(&stat)?;
        (state != 'Z' && state != 'X').then_some(Self { pid, started })
    }

    pub(crate) fn is_alive(&self) -> bool {
        Self::of(self.pid) == Some(*self)
    }

    /// A descriptor that means this very process; none if it has ended.
    pub(crate) fn open(&self) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(None) };
        let descriptor = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(descriptor) => descriptor,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(self.is_alive().then_some(descriptor))
    }

    /// Stopped by a signal.
    pub(crate) fn is_frozen(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        state_and_start(&stat) == Some(('T', self.started))
    }

    /// Sends a signal to this very process; one that has ended is no error.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        let Some(descriptor) = self.open()? else { return Ok(()) };
        match pidfd_send_signal(&descriptor, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Kills the process and waits until it, and with a first process its
    /// whole pid namespace, has ended. One that has ended already is no error.
    pub(crate) fn end(&self) -> io::Result<()> {
        let Some(descriptor) = self.open()? else { return Ok(()) };
        match pidfd_send_signal(&descriptor, Signal::KILL) {
            Ok(()) => {}
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let patience = Timespec { tv_sec: GONE_WITHIN.as_secs().cast_signed(), tv_nsec: 0 };
        let mut wanted = [PollFd::new(&descriptor, PollFlags::IN)];
        if poll(&mut wanted, Some(&patience))? == 0 {
            return Err(Errno::ETIMEDOUT.into());
        }
        Ok(())
    }
}

/// Every living process marked with this token, and the part it plays.
pub(crate) fn marked(token: &str) -> io::Result<Vec<(Process, String)>> {
    let start = format!("{MARK}={token}:");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let Some(process) = Process::of(pid) else { continue };
        // A process may end, or refuse, between the listing and this.
        let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { continue };
        let part = environment
            .split(|byte| *byte == 0)
            .filter_map(|variable| std::str::from_utf8(variable).ok())
            .find_map(|variable| variable.strip_prefix(&start));
        if let Some(part) = part
            && process.is_alive()
        {
            found.push((process, part.to_owned()));
        }
    }
    Ok(found)
}

/// The child of a first process that has this pid and start time in there.
pub(crate) fn child_of(first: &Process, inner: u32, started: u64) -> Option<Process> {
    let candidates = children(first.pid).or_else(everybody)?;
    candidates.into_iter().find_map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_ascii_whitespace().next_back()?.parse::<i64>().ok()
        };
        let found =
            field("PPid:") == Some(first.pid.into()) && field("NSpid:") == Some(inner.into());
        Process::of(pid).filter(|process| found && process.started == started)
    })
}

/// The children of all threads of a process; `None` from a kernel without `CONFIG_PROC_CHILDREN`.
fn children(of: i32) -> Option<Vec<i32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{of}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("children")).ok()?;
        children.extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    Some(children)
}

fn everybody() -> Option<Vec<i32>> {
    let entries = fs::read_dir("/proc").ok()?;
    Some(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

/// The machine's own boot id. Processes written down in another boot are gone.
pub(crate) fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// A name in `stat` may hold blanks and parentheses, so count from its end.
fn state_and_start(stat: &str) -> Option<(char, u64)> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_confuse() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 4711 0 0";
        assert_eq!(state_and_start(stat), Some(('S', 4711)));
    }

    #[test]
    fn a_reused_pid_is_another_process() {
        let me = Process::of(std::process::id().cast_signed()).unwrap();
        assert!(me.is_alive());
        assert!(!Process { started: me.started + 1, ..me }.is_alive());
        assert!(Process { started: me.started + 1, ..me }.open().unwrap().is_none());
    }
}
