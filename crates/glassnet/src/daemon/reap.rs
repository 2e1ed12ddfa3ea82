//! Links that wait to be deleted, and the leases that go with them.
//!
//! Deleting a link makes the kernel wait for every reader of it, about 20 ms whether it is one link
//! or a hundred. So a detach only takes the link off its bridge and puts it into a group, and the
//! whole group is deleted here, in one message; then the leases are free. Then nobody waits for an
//! answer, and a journal that has grown long is compacted.

use super::kernel_words::kernel_said;
use super::record::{Record, Stage};
use super::{Daemon, failpoint, lock};
use crate::protocol::Failure;
use model::cluster::Attachment;
use model::host::link::GROUP_DOOMED;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So long others may join a batch: while links are deleted nobody else can change any (the kernel
/// holds the rtnl lock).
const GATHER: Duration = Duration::from_millis(100);

/// The bell that wakes the reaper.
#[derive(Default)]
pub(super) struct Reaper {
    due: Mutex<Due>,
    bell: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    #[default]
    Never,
    Soon,
    Now,
}

impl Reaper {
    pub(super) fn wake(&self) {
        self.ring(Due::Soon);
    }

    /// Somebody waits for what is to be freed.
    pub(super) fn hurry(&self) {
        self.ring(Due::Now);
    }

    fn ring(&self, when: Due) {
        let mut due = lock(&self.due);
        *due = when.max(*due);
        self.bell.notify_one();
    }

    fn wait(&self) {
        let mut due = lock(&self.due);
        while *due == Due::Never {
            due = self.bell.wait(due).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + GATHER;
        while *due != Due::Now {
            let Some(left) = until.checked_duration_since(Instant::now()) else { break };
            let waited = self.bell.wait_timeout(due, left);
            due = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *due = Due::Never;
    }
}

/// Reaps for ever.
pub(super) fn serve(daemon: &Arc<Daemon>) {
    loop {
        daemon.reaper.wait();
        let reaped = daemon.reap();
        daemon.compact_journal();
        if let Err(failure) = reaped {
            tracing::warn!(%failure, "links could not be deleted; trying again");
            std::thread::sleep(Duration::from_secs(1));
            daemon.reaper.wake();
        }
    }
}

impl Daemon {
    /// Deletes what waits, and frees the leases of those whose link is gone.
    pub(super) fn reap(&self) -> Result<(), Failure> {
        let leaving: Vec<_> = {
            let book = self.book();
            let leaving = book.held.values().filter(|held| {
                // Else a link that is about to be made, or rules that are about to be taken away,
                // would outlive the lease. Its end wakes us again.
                held.stage == Stage::Detaching && !book.at_work.contains(&held.attachment.id)
            });
            leaving.map(|held| held.attachment.clone()).collect()
        };
        let mut sockets = kernel::Sockets::open_here().map_err(|error| kernel_said(&error))?;
        let route = sockets.route().map_err(|error| kernel_said(&error))?;
        kernel::apply::delete_group(route, GROUP_DOOMED).map_err(|error| kernel_said(&error))?;
        failpoint::REAPED.hit();
        if leaving.is_empty() {
            return Ok(());
        }
        let links = self.links()?;
        let mut gone = Vec::new();
        let mut left = 0;
        for attachment in &leaving {
            if links.contains(&attachment.id.host_link()) {
                // Its disconnect failed; the next look at the kernel puts it into the group.
                left += 1;
            } else {
                gone.push(attachment.clone());
            }
        }
        if !gone.is_empty() {
            self.forget_connections(&gone);
            failpoint::CONNECTIONS_FORGOTTEN.hit();
        }
        tracing::debug!(freed = gone.len(), left, "reaped");
        let freed = |attachment: &Attachment| Record::Freed { id: attachment.id.clone() };
        self.write(&gone.iter().map(freed).collect::<Vec<_>>())?;
        self.gone.notify_all();
        Ok(())
    }

    fn compact_journal(&self) {
        if !self.journal.overgrown() {
            return;
        }
        let before = self.journal.length();
        match self.journal.compact(|| self.book().snapshot()) {
            Ok(()) => {
                failpoint::COMPACTED.hit();
                tracing::debug!(before, after = self.journal.length(), "compacted the journal");
            }
            Err(error) => tracing::warn!(%error, "the journal could not be compacted"),
        }
    }
}
