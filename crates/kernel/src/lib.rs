//! Effects on Linux: carries out steps, reads what is there. It decides nothing.
//!
//! ```text
//! model::diff::Step ──▶ apply ──┐                     ┌──▶ observe ──▶ model::host::Namespace
//!                               ├──▶ netlink ⇄ kernel ┤
//! model NftChange ────▶ nft ────┘                     └──▶ monitor ──▶ "something changed"
//! ```
//!
//! Everything blocks; a caller with an event loop gives it a thread. Netlink sockets belong to the
//! namespace they were made in ([`netns`]), so one thread can speak to many namespaces.
//!
//! Read in this order: [`netlink`], [`netns`], [`nft`] with `xt` (the extensions of iptables), [`apply`],
//! [`observe`]; then [`conntrack`], [`monitor`], [`prove`] and [`capture`]. `examples/costs.rs` says what it all costs.

pub mod apply;
pub mod capture;
pub mod conntrack;
mod error;
mod ipset;
pub mod memory;
pub mod monitor;
pub mod namespaces;
pub mod netlink;
pub mod netns;
pub mod nft;
pub mod observe;
pub mod port;
pub mod probe;
pub mod prove;
mod socket_filter;
mod sysctl;
mod traffic_control;
mod xt;

pub use error::{Error, Occupant, Refusal, Result};
pub use monitor::Monitor;
pub use netns::{NetNs, Sockets};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
