//! Arithmetic with addresses and prefixes: what `glassnet cidr` computes.
//!
//! ```text
//! text ──read──▶ IpNet ─┬─ Subnet      network, mask, broadcast, hosts, counts, class
//!                       ├─ registry    what kind of addresses these are
//!                       ├─ working     the same in binary, cut where the host part begins
//!                       ├─ relation    of two prefixes: equal, inside, apart
//!                       ├─ split       into parts, one after another
//!                       └─ summarize   the fewest prefixes that cover exactly these
//! ```
//!
//! An [`IpNet`](crate::net::IpNet) keeps the address as it was written, host bits included, and every
//! function here takes one so. Both families are one arithmetic on `u128`. Words are in
//! [`crate::explain`].
//!
//! Read: RFC 4632 (CIDR), RFC 4291 (IPv6 addresses), RFC 6890 (special purposes).

mod count;
mod number;
mod read;
mod registry;
mod relation;
mod split;
mod subnet;
mod summarize;
mod working;

pub use count::Count;
pub use read::{Mistake, prefix, prefixes};
pub use registry::{Block, block, blocks_in};
pub use relation::{Relation, first_difference, relation};
pub use split::{NoSplit, Parts, into_parts, to_length};
pub use subnet::{Class, Subnet};
pub use summarize::summarize;
pub use working::{bits, groups};

#[cfg(test)]
mod tests;
