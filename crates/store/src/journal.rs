//! An append-only file of records: one record an event, and one fdatasync, shared by
//! concurrent events, for those that have to outlive the boot.
//!
//! ```text
//! thread 1 ─ enqueue ─┐                        ┌─ wait: leads: one write, one fdatasync
//! thread 2 ─ enqueue ─┼─▶ waiting [r1 r2 r3] ──┼─ wait: sleeps ──▶ durable
//! thread 3 ─ enqueue ─┘                        └─ wait: sleeps ──▶ durable
//!
//! file:  header 32 bytes                          │ frame │ frame │ …
//!        magic, version u32, boot id, crc32        └ length u32, crc32 u32, JSON
//! ```
//!
//! There is no background thread: the first to wait while nobody writes becomes the
//! leader for all that is enqueued.
//!
//! **Order.** Records reach the file in the order of `enqueue`. Change the state in
//! memory and enqueue under one lock, release it, then wait: then the file tells the
//! same story as the memory, and [`Journal::compact`], which asks for the state while
//! no record can become durable, misses none. A record may then be in the snapshot
//! *and* follow it, so replaying one twice must do no harm.
//!
//! **Failure.** A failed write or fdatasync closes the journal: after a failed
//! fdatasync the kernel forgets which pages were not written, so trying again would
//! lie. What was not acknowledged is cut off. Only opening it again, which reads what
//! is really there, opens it.
//!
//! **Boot.** The header says which boot the records are of, and a copy of it lies in a
//! file of its own: without, a few damaged bytes would void every record.
//!
//! It keeps no index and does not interpret records; when to compact is the caller's
//! choice, from [`Journal::overgrown`]. Opening reads the whole file into memory.

mod append;
mod boot;
mod compact;
mod format;
mod open;
mod scan;

use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub use append::Ticket;
pub use format::MAX_RECORD;
pub use open::{Opened, Origin};

use crate::directory::Claim;
use crate::{BootId, StoreError};

/// A file below this length, in bytes, is left alone.
const SHORT: u64 = 256 << 10;

/// How many times its compacted length a file may have.
const GROWTH: u64 = 4;

/// One open journal, shared by any number of threads.
#[derive(Debug)]
pub struct Journal<R> {
    claim: Claim,
    /// The running boot, which every compaction writes into the header.
    boot: BootId,
    state: Mutex<append::State>,
    /// Held by whoever compacts, so that two never replace the file at once.
    compacting: Mutex<()>,
    /// Signalled whenever a turn ends.
    turn_ended: Condvar,
    record: PhantomData<fn(&R)>,
}

/// How often the journal did what since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that `append` or `wait` saw through.
    pub records: u64,
    /// fdatasyncs that made them so.
    pub syncs: u64,
    pub compactions: u64,
}

impl<R> Journal<R> {
    /// Bytes of the file that are durable.
    pub fn length(&self) -> u64 {
        self.lock().length
    }

    /// Whether compacting is worth its cost: the file is several times as long as it was
    /// after the last compaction, and not short.
    ///
    /// What a compaction would leave is not known without making one. A state that has
    /// grown is compacted once in vain, and then not before the file is several times
    /// as long again, so all compactions together cost less than the appends.
    pub fn overgrown(&self) -> bool {
        let state = self.lock();
        state.length >= SHORT && state.length / GROWTH >= state.compacted
    }

    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    fn lock(&self) -> MutexGuard<'_, append::State> {
        // Nothing panics while it is held; if something ever does, the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closed_error(&self, closed: append::Closed) -> StoreError {
        let path = self.claim.path.clone();
        match closed {
            append::Closed::OtherBoot(written_in) => StoreError::OtherBoot { path, written_in },
            append::Closed::Failed(failure) => StoreError::Failed { path, failure },
        }
    }
}
