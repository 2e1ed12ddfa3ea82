//! Replaces a journal by a shorter one that tells the same state.
//!
//! ```text
//! turn: snapshot ─▶ temporary, fsync ─▶ turn: what was appended since, fsync ─▶ rename ─▶ fsync(directory) ─▶ go on there
//!       └──────────── any failure: the old file stays, and stays in use ─────────────┘    │
//!                     directory's fsync fails: closed, since appends to either
//!                     file might be lost with it ◀────────────────────────────────────────┘
//! ```
//!
//! The turn is taken twice, so that appends go on while the snapshot, which may be long, is
//! written: they wait for two short fsyncs and a rename.

use std::borrow::Borrow;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError};

use serde::Serialize;

use super::append::Closed;
use super::{Journal, boot, format};
use crate::error::{Failure, Tail};
use crate::file::{self, Replacement};
use crate::{StoreError, failpoint};

impl<R: Serialize> Journal<R> {
    /// Writes the whole state anew, under the running boot's id. Appends wait only for its
    /// beginning and its end.
    ///
    /// `snapshot` is called while no record can become durable; it may take the lock
    /// under which records are enqueued, and must not append to this journal. It must
    /// include every record that was enqueued before it was called. What it returns is
    /// read while records are appended again.
    pub fn compact<I>(&self, snapshot: impl FnOnce() -> I) -> Result<(), StoreError>
    where
        I: IntoIterator,
        I::Item: Borrow<R>,
    {
        let _one_by_one = self.compacting.lock().unwrap_or_else(PoisonError::into_inner);
        let compacted = self.compact_alone(snapshot);
        if compacted.is_err() {
            // Not again with every event: see `overgrown`.
            let mut state = self.lock();
            state.compacted = state.length;
        }
        compacted
    }

    fn compact_alone<I>(&self, snapshot: impl FnOnce() -> I) -> Result<(), StoreError>
    where
        I: IntoIterator,
        I::Item: Borrow<R>,
    {
        let turn = self.take_turn()?;
        let records = snapshot();
        let (old, seen) = {
            let state = self.lock();
            (Arc::clone(&state.file), state.length)
        };
        drop(turn);

        let mut bytes = format::header(Some(self.boot)).to_vec();
        for record in records {
            format::push_frame::<R>(&mut bytes, record.borrow())
                .map_err(|why| self.unframeable(why))?;
        }
        let path = &self.claim.path;
        boot::write(path, self.boot)?;
        let mut replacement = Replacement::write(path, &bytes)?;

        let turn = self.take_turn()?;
        let since = self.lock().length - seen;
        if since > 0 {
            let mut tail = vec![0; usize::try_from(since).unwrap_or(usize::MAX)];
            old.read_exact_at(&mut tail, seen).map_err(StoreError::io("read", path))?;
            replacement.extend(&tail)?;
            failpoint::JOURNAL_COMPACT_TAIL_SYNCED.hit();
        }
        let file = replacement.publish()?;
        let synced = file::sync_directory_of(path);
        if synced.is_ok() {
            failpoint::FILE_DIRECTORY_SYNCED.hit();
        }
        let mut state = self.lock();
        state.file = Arc::new(file);
        state.length = bytes.len() as u64 + since;
        state.compacted = bytes.len() as u64;
        state.closed = synced.as_ref().err().map(|error| Closed::Failed(failure_of(error)));
        if synced.is_ok() {
            state.counts.compactions += 1;
        }
        drop(state);
        drop(turn);
        synced
    }

    fn take_turn(&self) -> Result<Turn<'_, R>, StoreError> {
        let mut state = self.lock();
        while state.turn_taken {
            state = self.sleep(state);
        }
        if let Some(closed @ Closed::Failed(_)) = state.closed {
            return Err(self.closed_error(closed));
        }
        state.turn_taken = true;
        Ok(Turn(self))
    }
}

fn failure_of(error: &StoreError) -> Failure {
    let errno = match error {
        StoreError::Io { source, .. } => io::Error::raw_os_error(source),
        _ => None,
    };
    Failure { doing: "directory's fsync after a compaction", errno, tail: Tail::BeforeOrAfter }
}

/// Gives the turn back on every way out, a panic of the snapshot included.
struct Turn<'a, R>(&'a Journal<R>);

impl<R> Drop for Turn<'_, R> {
    fn drop(&mut self) {
        self.0.lock().turn_taken = false;
        self.0.turn_ended.notify_all();
    }
}
