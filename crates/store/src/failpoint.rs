//! Places at which a test can kill the program, to prove that a restart recovers.
//!
//! A crash leaves its mark between two effects: after a write and before its
//! fsync, after a rename and before the directory's. Each such place is named, all
//! names of a crate stand in one list `ALL`, and a test runs the program once for
//! each with
//!
//! ```text
//! GLASSNET_FAILPOINT=journal.append.written        die the first time it is reached
//! GLASSNET_FAILPOINT=journal.append.written:3      die the third time
//! GLASSNET_FAILPOINT=journal.append.written=300    pause there for 300 ms each time
//! ```
//!
//! Without that variable a failpoint is one atomic load. It kills with SIGKILL, so no
//! destructor runs and no buffer is flushed; it does not model a power cut, for
//! which tests cut files at every byte instead.
//!
//! Another crate declares its own with [`failpoints!`](crate::failpoints) in a
//! module of its own, and a program's whole list is
//! `[store::failpoint::ALL, kernel::failpoint::ALL].concat()`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The environment variable that arms one failpoint.
pub const ENVIRONMENT: &str = "GLASSNET_FAILPOINT";

/// One named place. Made by [`failpoints!`](crate::failpoints), so that whatever can be
/// hit is also in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failpoint(&'static str);

/// Whether the environment arms any failpoint at all.
pub fn armed() -> bool {
    std::env::var_os(ENVIRONMENT).is_some()
}

impl Failpoint {
    #[doc(hidden)]
    pub const fn declared(name: &'static str) -> Self {
        Self(name)
    }

    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Kills this process if the environment armed this failpoint and its count is up, or pauses
    /// this thread, so that a test can do something meanwhile.
    pub fn hit(self) {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let armed =
            ARMED.get_or_init(|| std::env::var(ENVIRONMENT).ok().map(|text| Armed::parse(&text)));
        let Some(armed) = armed.as_ref().filter(|armed| armed.name == self.0) else { return };
        match armed.pause {
            Some(pause) => std::thread::sleep(pause),
            None if armed.is_due() => die(),
            None => {}
        }
    }
}

/// Declares failpoints as constants and lists them all in `ALL`.
///
/// ```text
/// mod failpoint {
///     store::failpoints! {
///         /// The link exists and has no address yet.
///         LINK_MADE = "apply.link.made",
///     }
/// }
/// failpoint::LINK_MADE.hit();
/// ```
#[macro_export]
macro_rules! failpoints {
    ($($(#[$doc:meta])* $constant:ident = $name:literal),+ $(,)?) => {
        $(
            $(#[$doc])*
            pub(crate) const $constant: $crate::failpoint::Failpoint =
                $crate::failpoint::Failpoint::declared($name);
        )+
        /// Every failpoint of this crate, in the order of declaration.
        pub const ALL: &[$crate::failpoint::Failpoint] = &[$($constant),+];
    };
}

failpoints! {
    /// A directory exists, and its parent may not know after a power cut.
    DIRECTORY_MADE = "directory.made",
    DIRECTORY_SYNCED = "directory.synced",
    /// The temporary file exists and is empty.
    FILE_CREATED = "file.created",
    FILE_WRITTEN = "file.written",
    FILE_SYNCED = "file.synced",
    /// The new content has its name, and the name may not survive a power cut.
    FILE_RENAMED = "file.renamed",
    FILE_DIRECTORY_SYNCED = "file.directory-synced",
    /// A temporary file of a killed writer is gone.
    FILE_LEFTOVER_REMOVED = "file.leftover-removed",
    JOURNAL_TAIL_CUT = "journal.open.tail-cut",
    /// What was replayed is durable, not only in the page cache.
    JOURNAL_REPLAYED_SYNCED = "journal.open.synced",
    JOURNAL_REPLAYED_DIRECTORY_SYNCED = "journal.open.directory-synced",
    /// The damaged file has its second name; the salvaged one has none yet.
    JOURNAL_KEPT_ASIDE = "journal.damaged.kept-aside",
    JOURNAL_KEPT_ASIDE_SYNCED = "journal.damaged.directory-synced",
    /// The snapshot is durable under a temporary name, and so are the records since; the name is
    /// still the old file's.
    JOURNAL_COMPACT_TAIL_SYNCED = "journal.compact.tail-synced",
    JOURNAL_BEFORE_WRITE = "journal.append.before-write",
    JOURNAL_WRITTEN = "journal.append.written",
    JOURNAL_SYNCED = "journal.append.synced",
    /// A write failed, and what it left in the file was cut off.
    JOURNAL_FAILED_CUT = "journal.append.failed-cut",
    JOURNAL_FAILED_CUT_SYNCED = "journal.append.failed-cut-synced",
    /// An entry was acted on and its file is gone.
    QUEUE_REMOVED = "queue.removed",
    QUEUE_DIRECTORY_SYNCED = "queue.directory-synced",
}

#[derive(Debug)]
struct Armed {
    name: String,
    left: AtomicU64,
    pause: Option<Duration>,
}

impl Armed {
    fn parse(text: &str) -> Self {
        if let Some((name, pause)) = text.rsplit_once('=')
            && let Ok(pause) = pause.parse().map(Duration::from_millis)
        {
            let left = AtomicU64::new(0);
            return Self { name: name.to_owned(), left, pause: Some(pause) };
        }
        let counted = text
            .rsplit_once(':')
            .and_then(|(name, count)| Some((name, count.parse().ok().filter(|n| *n > 0)?)));
        let (name, count) = counted.unwrap_or((text, 1));
        Self { name: name.to_owned(), left: AtomicU64::new(count), pause: None }
    }

    fn is_due(&self) -> bool {
        self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

fn die() -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    // The signal is delivered before the call returns; abort only if it was refused.
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_due_once_at_its_count() {
        let armed = Armed::parse("journal.append.written:3");
        let due: Vec<bool> = (0..5).map(|_| armed.is_due()).collect();
        assert_eq!(due, [false, false, true, false, false]);
        let once = Armed::parse("journal.append.written");
        assert_eq!((once.name.as_str(), once.pause), ("journal.append.written", None));
        assert!(once.is_due());
    }

    #[test]
    fn pauses_for_so_long() {
        let armed = Armed::parse("journal.append.written=300");
        assert_eq!(armed.name, "journal.append.written");
        assert_eq!(armed.pause, Some(Duration::from_millis(300)));
    }

    #[test]
    fn names_are_distinct_and_plain() {
        let mut names: Vec<_> = ALL.iter().map(|point| point.name()).collect();
        assert!(
            names.iter().all(|n| n.chars().all(|c| c.is_ascii_lowercase() || ".-".contains(c)))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
