//! What a host must still know after a crash: leases, intents, its own settings;
//! and, in [`etcd`], what it shares with other hosts.
//!
//! Everything on disk keeps one promise: **what was acknowledged is there after
//! `kill -9` or a power cut at any moment, and what was not acknowledged is
//! either wholly there or wholly absent.** What the disk did to us meanwhile (a
//! torn tail, an empty file, a flipped bit) is never a panic and never silent: it
//! comes back as a [`Finding`] for the daemon to log.
//!
//! ```text
//!  the daemon ──lock──▶ StateDirectory ─┬─ leases            Journal: a record an event
//!  (one a host)        (flock, 0700)    ├─ leases.boot       which boot its records are of
//!                                       ├─ leases.damaged-1  kept aside, never read again
//!                                       └─ node.json         write_atomically
//!  the CNI shims ─────put──▶ Queue ───────┬─ 0…-pid-seq.json   one file a DEL
//!  (daemon down)             ▲            └─ …
//!                the daemon ─┘ drain, oldest first
//! ```
//!
//! What is on disk knows nothing of networks: records and values are whatever the
//! caller can serialise. It starts no thread and is not async; callers that are put
//! it on a blocking thread. It holds no replicated state: that is etcd's job, whose
//! client speaks of networks, nodes and claims, and is async. Neither logs.

mod boot;
mod directory;
mod error;
pub mod etcd;
pub mod failpoint;
mod file;
mod finding;
mod journal;
mod queue;

pub use boot::BootId;
pub use directory::StateDirectory;
pub use error::{Failure, StoreError, Tail};
pub use file::{Reading, read_json_or_absent, remove_leftovers, write_atomically};
pub use finding::{Finding, Gap};
pub use journal::{Counts, Journal, MAX_RECORD, Opened, Origin, Ticket};
pub use queue::{Drained, EntryName, MAX_ENTRY, MAX_QUEUED, Queue, Unreadable};
