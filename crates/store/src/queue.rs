//! Work that a short-lived process leaves for the daemon: a DEL while it is down.
//!
//! ```text
//! shim ──put──▶ 00001764018620123456789-0000000812-0000000000.json ──drain──▶ daemon
//!               time since 1970, ns     pid        sequence         oldest first
//! ```
//!
//! `put` returns when the entry is durable, so the shim may answer "done". Any number
//! of processes put at once; one daemon drains. An entry is removed only after it was
//! acted on, so it may be acted on twice: actions must be repeatable.
//!
//! A shim may put just after a starting daemon has drained: the daemon watches the
//! directory, or drains again before it acts on the same container.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Finding, StoreError, failpoint, file};

/// How many entries a queue takes. Shims that put at once may exceed it by their number.
pub const MAX_QUEUED: usize = 100_000;

/// The largest entry, in bytes of JSON.
pub const MAX_ENTRY: usize = 1 << 20;

/// Orders the queue. The caller reads the clock, so that tests need none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryName {
    /// Since 1970, in nanoseconds.
    pub time: u64,
    pub pid: u32,
    /// Tells apart the entries of one process.
    pub sequence: u32,
}

/// What became of the entries.
#[derive(Debug)]
pub struct Drained<E> {
    /// Acted on and removed.
    pub done: usize,
    /// The action failed; still queued.
    pub kept: Vec<(EntryName, E)>,
    pub unreadable: Vec<Unreadable>,
    /// Temporary files of killed shims, which were never told "done".
    pub leftovers: Vec<Finding>,
}

/// An entry that is not what the daemon expects.
#[derive(Debug)]
pub enum Unreadable {
    /// Empty or torn; removed.
    Removed(Finding),
    /// Whole, but of another version; still queued.
    Kept(StoreError),
}

/// A directory of entries.
#[derive(Debug)]
pub struct Queue {
    path: PathBuf,
    limit: usize,
}

impl Queue {
    /// Opens the queue in `path`, made (0700) if needed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_with_limit(path, MAX_QUEUED)
    }

    pub fn open_with_limit(path: impl Into<PathBuf>, limit: usize) -> Result<Self, StoreError> {
        let path = path.into();
        file::make_directory(&path)?;
        Ok(Self { path, limit })
    }

    /// Queues `value` durably. Putting the same name again replaces it.
    pub fn put<T: Serialize>(&self, name: EntryName, value: &T) -> Result<(), StoreError> {
        let path = self.path.join(name.to_string());
        let bytes = serde_json::to_vec(value)
            .map_err(|e| StoreError::NotJson { path: path.clone(), why: e.to_string() })?;
        if bytes.len() > MAX_ENTRY {
            return Err(StoreError::TooLarge { path, bytes: bytes.len(), limit: MAX_ENTRY });
        }
        // Shared among shims; keeps the daemon from taking our temporary for a leftover.
        let _putting = self.lock(FlockOperation::LockShared)?;
        let count = self.files()?.take(self.limit).count();
        if count >= self.limit {
            return Err(StoreError::QueueFull { path: self.path.clone(), count });
        }
        file::write_atomically(&path, &bytes)
    }

    /// What is queued, oldest first.
    pub fn names(&self) -> Result<Vec<EntryName>, StoreError> {
        let mut names = self.files()?.collect::<Result<Vec<_>, _>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// Acts on each entry, oldest first, and removes those whose action succeeded. One
    /// that fails does not hold up the others.
    pub fn drain<T: DeserializeOwned, E>(
        &self,
        mut act: impl FnMut(EntryName, T) -> Result<(), E>,
    ) -> Result<Drained<E>, StoreError> {
        let leftovers = self.remove_leftovers()?;
        let mut drained = Drained { done: 0, kept: Vec::new(), unreadable: Vec::new(), leftovers };
        let mut removed = false;
        for name in self.names()? {
            let path = self.path.join(name.to_string());
            match file::read_json_or_absent::<T>(&path) {
                Ok(file::Reading { value: Some(value), .. }) => match act(name, value) {
                    Ok(()) => drained.done += 1,
                    Err(error) => {
                        drained.kept.push((name, error));
                        continue;
                    }
                },
                Ok(file::Reading { finding: Some(finding), .. }) => {
                    drained.unreadable.push(Unreadable::Removed(finding));
                }
                Ok(file::Reading { value: None, finding: None }) => continue,
                Err(error @ StoreError::ForeignShape { .. }) => {
                    drained.unreadable.push(Unreadable::Kept(error));
                    continue;
                }
                Err(error) => return Err(error),
            }
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            failpoint::QUEUE_REMOVED.hit();
            removed = true;
        }
        if removed {
            file::sync_directory(&self.path)?;
            failpoint::QUEUE_DIRECTORY_SYNCED.hit();
        }
        Ok(drained)
    }

    /// Only if nobody is putting: then whoever wrote a temporary is dead.
    fn remove_leftovers(&self) -> Result<Vec<Finding>, StoreError> {
        match self.lock(FlockOperation::NonBlockingLockExclusive) {
            Ok(_alone) => file::remove_leftovers(&self.path),
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::WouldBlock => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    fn lock(&self, operation: FlockOperation) -> Result<File, StoreError> {
        let handle = File::open(&self.path).map_err(StoreError::io("open", &self.path))?;
        retry_on_intr(|| flock(&handle, operation))
            .map_err(io::Error::from)
            .map_err(StoreError::io("lock", &self.path))?;
        Ok(handle)
    }

    /// The entries in no order; foreign files are not ours to count or touch.
    fn files(&self) -> Result<impl Iterator<Item = Result<EntryName, StoreError>>, StoreError> {
        let path: &Path = &self.path;
        let entries = fs::read_dir(path).map_err(StoreError::io("list", path))?;
        Ok(entries.filter_map(move |entry| match entry {
            Ok(entry) => entry.file_name().to_str()?.parse().ok().map(Ok),
            Err(e) => Some(Err(StoreError::io("list", path)(e))),
        }))
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{:010}-{:010}.json", self.time, self.pid, self.sequence)
    }
}

impl FromStr for EntryName {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let parse = || {
            let mut parts = text.strip_suffix(".json")?.split('-');
            let time = parts.next()?.parse().ok()?;
            let pid = parts.next()?.parse().ok()?;
            let sequence = parts.next()?.parse().ok()?;
            let name = Self { time, pid, sequence };
            // Only the one spelling that we write.
            (name.to_string() == text).then_some(name)
        };
        parse().ok_or_else(|| StoreError::BadName { name: text.chars().take(100).collect() })
    }
}
