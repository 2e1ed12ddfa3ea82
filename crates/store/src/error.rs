//! What can go wrong with state on disk, in words for the person who must act.
//!
//! Each text says what happened, where, and what to try. Damage that could be
//! survived is not here: it is a [`Finding`](crate::Finding).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::BootId;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "cannot {doing} {}: {source}; check the disk's space and health, and the rights of this process",
        path.display()
    )]
    Io { doing: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "{} belongs to another running glassnet{}; stop that one, or use another directory",
        path.display(),
        holder.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    Locked { path: PathBuf, holder: Option<u32> },

    #[error("{} is already open in this process; share that journal", path.display())]
    AlreadyOpen { path: PathBuf },

    #[error(
        "{name:?} cannot name a file of the store; use letters, digits, '.', '_', '-', not '.' first"
    )]
    BadName { name: String },

    #[error("{text:?} is not a boot id; expected a UUID as in /proc/sys/kernel/random/boot_id")]
    BadBootId { text: String },

    #[error(
        "{} has format {found}, and this glassnet knows up to {known}; run the newer glassnet that wrote it",
        path.display()
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32 },

    #[error(
        "the record at byte {offset} of {} is intact but unknown to this glassnet ({why}); \
         run the version that wrote it",
        path.display()
    )]
    ForeignRecord { path: PathBuf, offset: u64, why: String },

    #[error(
        "{} is intact but not what this glassnet expects there ({why}); \
         run the version that wrote it, or move the file away",
        path.display()
    )]
    ForeignShape { path: PathBuf, why: String },

    #[error(
        "{} was written in another boot ({}); compact it to what outlives a boot before appending",
        path.display(),
        written_in.map_or("unknown".to_owned(), |boot| boot.to_string())
    )]
    OtherBoot { path: PathBuf, written_in: Option<BootId> },

    #[error("a record of {bytes} bytes for {} is over the limit of {limit}; split it", path.display())]
    TooLarge { path: PathBuf, bytes: usize, limit: usize },

    #[error("cannot write a record of {} as JSON: {why}", path.display())]
    NotJson { path: PathBuf, why: String },

    #[error("{} takes no more records since {failure}; mend the disk, then restart", path.display())]
    Failed { path: PathBuf, failure: Failure },

    #[error(
        "{} holds {count} entries, its limit; start the daemon, which works them off",
        path.display()
    )]
    QueueFull { path: PathBuf, count: usize },
}

impl StoreError {
    /// The stable name under which `glassnet explain` describes this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "store-io",
            Self::Locked { .. } => "store-locked",
            Self::AlreadyOpen { .. } => "store-already-open",
            Self::BadName { .. } => "store-bad-name",
            Self::BadBootId { .. } => "store-bad-boot-id",
            Self::NewerFormat { .. } => "store-newer-format",
            Self::ForeignRecord { .. } => "store-foreign-record",
            Self::ForeignShape { .. } => "store-foreign-shape",
            Self::OtherBoot { .. } => "store-other-boot",
            Self::TooLarge { .. } => "store-too-large",
            Self::NotJson { .. } => "store-not-json",
            Self::Failed { .. } => "store-failed",
            Self::QueueFull { .. } => "store-queue-full",
        }
    }

    /// For `map_err`: names what was being done to which path.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}

/// Why a journal stopped taking records, and what is left in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub doing: &'static str,
    /// As in errno(3); `None` if the failure did not come from the kernel.
    pub errno: Option<i32>,
    pub tail: Tail,
}

/// What a failed step left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// The file ends after the last acknowledged record.
    Cut,
    /// Unacknowledged records may still be in the file, and come back when it is opened.
    Left,
    /// A compaction's rename happened but may not survive a power cut: the file
    /// before and the file after hold the same state.
    BeforeOrAfter,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its {} failed", self.doing)?;
        if let Some(errno) = self.errno {
            write!(f, " ({})", io::Error::from_raw_os_error(errno))?;
        }
        match self.tail {
            Tail::Cut => write!(f, " and was undone"),
            Tail::Left => write!(f, " and could not be undone"),
            Tail::BeforeOrAfter => write!(f, " and either content may be there after a power cut"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_says_what_where_and_what_to_try() {
        let failure = Failure { doing: "fdatasync", errno: Some(28), tail: Tail::Cut };
        assert_eq!(
            StoreError::Failed { path: "/s/leases".into(), failure }.to_string(),
            "/s/leases takes no more records since its fdatasync failed \
             (No space left on device (os error 28)) and was undone; mend the disk, then restart"
        );
        assert_eq!(
            StoreError::Locked { path: "/s".into(), holder: Some(812) }.to_string(),
            "/s belongs to another running glassnet (pid 812); stop that one, or use another directory"
        );
    }
}
