//! The directory that one daemon owns, locked so that two never share it.
//!
//! The lock is flock(2) on the directory itself: it needs no file, cannot go
//! stale, and ends with the process. Who holds it is read from /proc/locks
//! (proc_locks(5)), which knows only processes of the reader's pid namespace.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{FlockOperation, flock, major, minor};
use rustix::io::{Errno, retry_on_intr};

use crate::{Finding, StoreError, file};

/// A locked state directory; dropping it (and the journals in it) unlocks.
#[derive(Debug)]
pub struct StateDirectory {
    path: PathBuf,
    /// Holds the lock.
    handle: File,
    leftovers: Vec<Finding>,
    open: Mutex<BTreeSet<String>>,
}

impl StateDirectory {
    /// Makes the directory (0700) if needed, locks it, and removes temporary files
    /// of a killed owner.
    pub fn lock(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        file::make_directory(&path)?;
        let handle = File::open(&path).map_err(StoreError::io("open", &path))?;
        match retry_on_intr(|| flock(&handle, FlockOperation::NonBlockingLockExclusive)) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let holder = holder_of(&handle);
                return Err(StoreError::Locked { path, holder });
            }
            Err(errno) => return Err(StoreError::io("lock", &path)(errno.into())),
        }
        let leftovers = file::remove_leftovers(&path)?;
        Ok(Self { path, handle, leftovers, open: Mutex::default() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was cleaned up when it was locked.
    pub fn findings(&self) -> &[Finding] {
        &self.leftovers
    }

    /// Notes that `name` is open; one journal a file, else each would overwrite the other.
    pub(crate) fn claim(self: &Arc<Self>, name: &str) -> Result<Claim, StoreError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.starts_with('.') || name.len() > 100 || !name.chars().all(plain)
        {
            return Err(StoreError::BadName { name: name.chars().take(100).collect() });
        }
        let path = self.path.join(name);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.insert(name.to_owned()) {
            return Err(StoreError::AlreadyOpen { path });
        }
        Ok(Claim { directory: Arc::clone(self), name: name.to_owned(), path })
    }
}

impl Drop for StateDirectory {
    fn drop(&mut self) {
        // Closing alone would not unlock while a fork of this process, on its way to
        // exec, still has a copy of the descriptor.
        let _ = retry_on_intr(|| flock(&self.handle, FlockOperation::Unlock));
    }
}

/// The sole right to one file of the directory, which it keeps locked.
#[derive(Debug)]
pub(crate) struct Claim {
    directory: Arc<StateDirectory>,
    name: String,
    pub(crate) path: PathBuf,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut open = self.directory.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&self.name);
    }
}

fn holder_of(handle: &File) -> Option<u32> {
    let metadata = handle.metadata().ok()?;
    let device = (major(metadata.dev()), minor(metadata.dev()));
    holder_in(&fs::read_to_string("/proc/locks").ok()?, device, metadata.ino())
}

/// Finds the pid in lines such as
/// `1: FLOCK  ADVISORY  WRITE 812 fe:00:131074 0 EOF`.
fn holder_in(locks: &str, (major, minor): (u32, u32), inode: u64) -> Option<u32> {
    let object = format!("{major:02x}:{minor:02x}:{inode}");
    locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = fields[..] else { return None };
        // Zero or negative: held from another pid namespace.
        (place == object).then(|| pid.parse().ok().filter(|pid| *pid != 0))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_the_first_ones_pid() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("state");
        let first = StateDirectory::lock(&path).unwrap();
        match StateDirectory::lock(&path) {
            Err(StoreError::Locked { holder, .. }) => assert_eq!(holder, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        StateDirectory::lock(&path).unwrap();
    }

    #[test]
    fn names_the_holder_only_where_it_is_known() {
        let locks = "1: POSIX  ADVISORY  WRITE 7 fe:00:131074 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 812 fe:00:131074 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 813 fe:00:131074 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 0 fe:00:9 0 EOF\nnonsense";
        assert_eq!(holder_in(locks, (0xfe, 0), 131_074), Some(812));
        assert_eq!(holder_in(locks, (0xfe, 0), 9), None);
        assert_eq!(holder_in(locks, (0xfe, 0), 1), None);
    }

    #[test]
    fn a_name_stays_inside_the_directory() {
        let parent = tempfile::tempdir().unwrap();
        let directory = Arc::new(StateDirectory::lock(parent.path().join("state")).unwrap());
        for name in ["", "..", "../x", "a/b", ".hidden", "a\0b", &"x".repeat(101)] {
            assert_eq!(directory.claim(name).unwrap_err().code(), "store-bad-name", "{name}");
        }
        let claim = directory.claim("leases").unwrap();
        assert_eq!(directory.claim("leases").unwrap_err().code(), "store-already-open");
        drop(claim);
        directory.claim("leases").unwrap();
    }
}
