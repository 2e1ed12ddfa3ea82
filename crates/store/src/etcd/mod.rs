//! What several hosts share, in etcd: read it, follow it, change it by compare-and-swap.
//!
//! ```text
//!  Client ─┬─ load ────────────▶ all entries, at one revision
//!          ├─ watch(revision) ─▶ Watch ── next ──▶ Batch: changes since, in order
//!          ├─ create_network · claim_block · put_member · … ──▶ Ok(revision) or a StoreRefusal
//!          ├─ alive ───────────▶ Living: a key that is gone when we are
//!          └─ ask · questions · answer ──▶ what nodes ask each other, beside all that
//! ```
//!
//! Keys and values are those of [`model::cluster::Key`] and [`model::cluster::Entry`], below a prefix.
//!
//! - **Every call has an end.** One member of etcd after the other is asked, each for a limited time;
//!   [`Error::Away`] names all that were asked, with what is wrong at each.
//! - **Every call may be repeated.** An answer may be lost after the deed was done; who then asks again
//!   for what he holds already is told that he holds it.
//! - **A call has two kinds of no**: an [`Error`] says that the store could not be asked; try again
//!   later. A [`Refusal`] is the store's own answer and says who has what was wanted.
//!
//! Each connection is to one member, so that a fault has a place. HTTP/2 pings are not used: etcd
//! hangs up on who sends them more often than it likes, and a frozen member is noticed sooner by
//! what it is asked anyway.
//!
//! Read: <https://etcd.io/docs/v3.4/learning/api/>, <https://etcd.io/docs/v3.4/learning/api_guarantees/>.

mod address;
mod alive;
mod ask;
mod claim;
mod connection;
mod credentials;
mod diagnose;
mod fault;
mod load;
mod member;
mod network;
mod options;
mod transaction;
mod watch;

use serde::{Deserialize, Serialize};

pub use address::{Address, Endpoint};
pub use alive::Living;
pub use ask::{Asked, Questions};
pub use connection::Client;
pub use load::Loaded;
/// Why the store could not be asked, what is wrong at one member, and what the store said no to.
pub use model::explain::{
    StoreFailure as Error, StoreFault as Fault, StoreRefusal as Refusal, StoreTried as Tried,
};
pub use options::{Identity, Options, PREFIX, Timeouts, Tls};
pub use watch::{Batch, Watch};

/// What the store answered to a change: when it was made, or why not.
pub type Outcome<T = Revision> = Result<T, Refusal>;

/// A moment of the store. Every change has a later one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Revision {
    /// Of Raft: never goes back, except where another store took the place of this one.
    term: u64,
    number: u64,
}

impl Revision {
    /// Counts the changes of this store.
    pub fn number(self) -> u64 {
        self.number
    }

    fn of(header: Option<&etcd_client::ResponseHeader>) -> Self {
        header.map_or_else(Self::default, |header| Self {
            term: header.raft_term(),
            number: header.revision().unsigned_abs(),
        })
    }

    fn number_for_etcd(self) -> i64 {
        i64::try_from(self.number).unwrap_or(i64::MAX)
    }
}
