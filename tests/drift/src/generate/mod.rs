//! A case from a seed.
//!
//! ```text
//! topology ─▶ ways (routes, tunnels, rules of policy) ─▶ filters (nftables, iptables) ─▶ settings ─▶ faults ─▶ packets
//! ```
//!
//! What comes out is mostly a network that works, in which a few things are wrong.

mod draft;
mod faults;
mod filters;
pub mod not_yet;
mod packets;
mod policy;
mod random;
mod settings;
mod topology;
mod ways;

use crate::case::Case;
use draft::Draft;
use random::Random;

/// The case of a seed: always the same.
pub fn case(seed: u64) -> Case {
    let mut draft = Draft::new(Random::new(seed));
    topology::lay(&mut draft);
    ways::lead(&mut draft);
    policy::choose(&mut draft);
    filters::write(&mut draft);
    settings::choose(&mut draft);
    faults::break_some(&mut draft);
    packets::choose(&mut draft);
    draft.case.title = format!("seed {seed}");
    draft.case
}
