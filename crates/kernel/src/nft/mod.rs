//! nftables over netlink: transactions out, rulesets in, in the model's own terms.
//!
//! ```text
//! [NftChange] ──encode──▶ BATCH_BEGIN, messages …, BATCH_END ──▶ kernel: all or nothing
//! Ruleset<Unknown> ◀──decode── dumps of tables, chains, sets, elements, rules
//! ```
//!
//! What is encoded decodes to an equal value. What others put there decodes too: an expression
//! that the model does not know becomes `Expression::Foreign` with its bytes and the reason, and a
//! rule that looks into a set the model cannot hold (ranges over concatenations, objects, a
//! catch-all element) gets a foreign expression in the lookup's place.
//!
//! The kernel's side: `net/netfilter/nf_tables_api.c`, `nfnetlink.c`. nft(8) is the oracle of this
//! module's tests and is never run outside of them.

mod decode;
mod encode;
mod expression_attributes;
mod numbers;
mod read;
mod transaction;
mod userdata;

pub use read::{generation, read, read_table};
pub use transaction::{Failure, commit};

/// The family of a number in `struct nfgenmsg`.
pub(crate) fn family(number: u8) -> Option<model::host::nft::NftFamily> {
    numbers::Numbered::of(number.into())
}

#[cfg(test)]
mod tests;
