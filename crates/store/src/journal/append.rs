//! Group commit: whoever waits first writes for all.
//!
//! A record of which only this boot wants to know costs a write and no fdatasync: the page cache
//! outlives the process, and the boot does not outlive a power cut.

use std::fs::File;
use std::io;
use std::mem;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, MutexGuard, PoisonError};

use serde::Serialize;

use super::format::{self, MAX_RECORD, Unframeable};
use super::{Counts, Journal};
use crate::error::{Failure, Tail};
use crate::{BootId, StoreError, failpoint};

/// A record on its way to disk. Pass it to [`Journal::wait`]: until that returns, the
/// record may or may not survive.
#[derive(Debug)]
#[must_use = "a record is durable only after `wait`"]
pub struct Ticket(u64);

#[derive(Debug)]
pub(super) struct State {
    pub(super) file: Arc<File>,
    pub(super) length: u64,
    /// The length after the last compaction, or when one failed: 0 if there was none yet.
    pub(super) compacted: u64,
    /// Frames enqueued and not yet taken by a leader.
    waiting: Vec<u8>,
    /// One of them has to be durable, not only written.
    to_sync: bool,
    /// Tickets given out, and the last one whose record is durable.
    enqueued: u64,
    durable: u64,
    /// Someone writes or compacts; the file is theirs.
    pub(super) turn_taken: bool,
    pub(super) closed: Option<Closed>,
    pub(super) counts: Counts,
}

/// Why no record may be appended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Closed {
    /// Until a compaction: the header would give new records an old boot.
    OtherBoot(Option<BootId>),
    /// For good.
    Failed(Failure),
}

impl State {
    pub(super) fn new(file: File, length: u64, closed: Option<Closed>) -> Self {
        Self {
            file: Arc::new(file),
            length,
            compacted: 0,
            waiting: Vec::new(),
            to_sync: false,
            enqueued: 0,
            durable: 0,
            turn_taken: false,
            closed,
            counts: Counts::default(),
        }
    }
}

impl<R: Serialize> Journal<R> {
    /// Makes one record durable: [`enqueue`](Self::enqueue), then [`wait`](Self::wait).
    pub fn append(&self, record: &R) -> Result<(), StoreError> {
        let ticket = self.enqueue(record)?;
        self.wait(ticket)
    }

    /// Puts a record in line. Short, does no I/O: meant to be called under the lock that
    /// guards the state this record changes.
    pub fn enqueue(&self, record: &R) -> Result<Ticket, StoreError> {
        self.put_in_line(record, true)
    }

    /// The same for a record that shall survive the death of this process, but need not survive
    /// the machine's: it is written with its ticket, and synced with the next that is.
    pub fn enqueue_for_this_boot(&self, record: &R) -> Result<Ticket, StoreError> {
        self.put_in_line(record, false)
    }

    fn put_in_line(&self, record: &R, sync: bool) -> Result<Ticket, StoreError> {
        let mut frame = Vec::new();
        format::push_frame(&mut frame, record).map_err(|why| self.unframeable(why))?;
        let mut state = self.lock();
        if let Some(closed) = state.closed {
            return Err(self.closed_error(closed));
        }
        state.waiting.append(&mut frame);
        state.to_sync |= sync;
        state.enqueued += 1;
        Ok(Ticket(state.enqueued))
    }

    pub(super) fn unframeable(&self, why: Unframeable) -> StoreError {
        let path = self.claim.path.clone();
        match why {
            Unframeable::NotJson(error) => StoreError::NotJson { path, why: error.to_string() },
            Unframeable::TooLarge(bytes) => StoreError::TooLarge { path, bytes, limit: MAX_RECORD },
        }
    }
}

impl<R> Journal<R> {
    /// Blocks until the record is durable, or the journal has failed. Hold no lock here
    /// that a compaction's snapshot needs.
    pub fn wait(&self, Ticket(ticket): Ticket) -> Result<(), StoreError> {
        let mut state = self.lock();
        loop {
            if state.durable >= ticket {
                return Ok(());
            }
            if let Some(closed @ Closed::Failed(_)) = state.closed {
                return Err(self.closed_error(closed));
            }
            state = if state.turn_taken { self.sleep(state) } else { self.lead(state) };
        }
    }

    pub(super) fn sleep<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.turn_ended.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all that waits, for everybody, with the mutex released meanwhile.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.turn_taken = true;
        let batch = mem::take(&mut state.waiting);
        let sync = mem::take(&mut state.to_sync);
        let (last, at, file) = (state.enqueued, state.length, Arc::clone(&state.file));
        drop(state);

        let outcome = commit(&file, at, &batch, sync);

        let mut state = self.lock();
        match outcome {
            Ok(()) => {
                state.length += batch.len() as u64;
                state.counts.records += last - state.durable;
                state.counts.syncs += u64::from(sync);
                state.durable = last;
            }
            Err(failure) => {
                state.closed = Some(Closed::Failed(failure));
                state.waiting = Vec::new();
            }
        }
        state.turn_taken = false;
        self.turn_ended.notify_all();
        state
    }
}

/// One write and, if asked for, one fdatasync; if either fails, the file is cut back to `at`.
fn commit(file: &File, at: u64, batch: &[u8], sync: bool) -> Result<(), Failure> {
    failpoint::JOURNAL_BEFORE_WRITE.hit();
    let (doing, error) = match write_and_sync(file, at, batch, sync) {
        Ok(()) => return Ok(()),
        Err(failed) => failed,
    };
    let tail = match cut(file, at) {
        Ok(()) => Tail::Cut,
        Err(_) => Tail::Left,
    };
    Err(Failure { doing, errno: error.raw_os_error(), tail })
}

fn write_and_sync(
    file: &File,
    at: u64,
    batch: &[u8],
    sync: bool,
) -> Result<(), (&'static str, io::Error)> {
    file.write_all_at(batch, at).map_err(|e| ("write", e))?;
    failpoint::JOURNAL_WRITTEN.hit();
    if !sync {
        return Ok(());
    }
    file.sync_data().map_err(|e| ("fdatasync", e))?;
    failpoint::JOURNAL_SYNCED.hit();
    Ok(())
}

fn cut(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    failpoint::JOURNAL_FAILED_CUT.hit();
    file.sync_all()?;
    failpoint::JOURNAL_FAILED_CUT_SYNCED.hit();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    /// Devices whose errors are the kernel's own.
    fn device(path: &str) -> File {
        OpenOptions::new().read(true).write(true).open(path).unwrap()
    }

    #[test]
    fn a_full_disk_is_a_failed_write() {
        let failure = commit(&device("/dev/full"), 32, b"frame", true).unwrap_err();
        assert_eq!((failure.doing, failure.errno), ("write", Some(28)));
    }

    #[test]
    fn what_need_not_outlive_the_boot_is_not_synced() {
        // The device takes the write, and would refuse to sync.
        commit(&device("/dev/null"), 32, b"frame", false).unwrap();
    }

    #[test]
    fn a_failed_fdatasync_is_a_failure_though_the_write_was_none() {
        let failure = commit(&device("/dev/null"), 32, b"frame", true).unwrap_err();
        assert_eq!((failure.doing, failure.errno), ("fdatasync", Some(22)));
        assert_eq!(failure.tail, Tail::Left);
    }
}
