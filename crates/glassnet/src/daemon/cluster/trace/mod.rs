//! Where packets go from node to node: asks the others, through the store, and answers them.
//!
//! ```text
//! api ──▶ ask ──Inquiry──▶ store ──▶ answer ─(limit)─▶ here ─ machine ─▶ a part of the way
//!  ▲                                                    │ └─▶ kept: the packet, should it come back
//!  └──────────Reply─────── store ◀──────────────────────┘
//! ```
//!
//! Answering only reads: no packet is sent and nothing is armed. It is limited by who asks, and the
//! operator may switch it off.

mod answer;
mod ask;
mod here;
mod kept;
mod limit;

pub(in crate::daemon) use answer::answer_traces;

use kept::Kept;
use limit::Limit;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long an answer may take. Who asks waits no longer, and what was not answered by then need
/// not be.
const PATIENCE: Duration = Duration::from_secs(3);

/// Questions that wait to be answered, at most.
const WAITING: usize = 8;

/// What the daemon holds for this.
pub(super) struct Traces {
    /// Numbers this node's questions.
    asked: AtomicU64,
    limit: Mutex<Limit>,
    kept: Mutex<Kept>,
    waiting: Arc<Semaphore>,
    /// One at a time: the machine has other things to do.
    walking: Mutex<()>,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            asked: AtomicU64::default(),
            limit: Mutex::default(),
            kept: Mutex::default(),
            waiting: Arc::new(Semaphore::new(WAITING)),
            walking: Mutex::default(),
        }
    }
}
