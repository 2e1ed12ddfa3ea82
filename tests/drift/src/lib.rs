//! Predicted = observed: networks at random, built of real namespaces; in each, packets at random that
//! the model follows first and the kernel then. Where the two differ, the kernel is right.
//!
//! ```text
//! seed ─▶ generate ─▶ Case ─▶ build ─▶ namespaces ─┬▶ predict ─▶ Path ──▶ expect ─┐
//!                      │                           └▶ sockets, watch ─▶ Observed ─┴▶ compare
//!                      └── shrink ◀── disagrees ◀─────────────────────────────────────┘
//! ```
//!
//! Read in this order: [`case`], [`generate`], [`build`], [`play`], [`expect`], [`compare`].

pub mod build;
pub mod case;
pub mod compare;
mod counters;
pub mod coverage;
pub mod error;
pub mod expect;
pub mod generate;
mod parse;
pub mod play;
mod predict;
pub mod run;
pub mod shrink;
mod sockets;
pub mod tally;
mod watch;

pub use predict::Predicted;
pub use watch::Sighting;
