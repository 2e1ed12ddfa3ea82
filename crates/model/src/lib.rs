//! The pure heart of glassnet: what a machine's network is, what it should be,
//! and where a packet goes in it.
//!
//! Nothing here reads a clock, a file, a socket or the environment; `scripts/model-purity`
//! proves it from the dependency list. Everything turns on one type, [`host::HostState`]:
//!
//! ```text
//! what people ask for ──plan──▶ HostState (wanted) ─┐
//!                                                   ├─diff─▶ steps
//! what the kernel says ─observe─▶ HostState (actual)┘
//!                                        └───path──▶ Path (the predicted way of a packet)
//! ```
//!
//! Read in this order: [`net`], [`cidr`], [`packet`], [`host`], [`cluster`], [`plan`], [`diff`], [`path`], [`change`].
//! [`filter`], [`sighting`] and [`conversation`] are about packets that were captured.

pub mod change;
pub mod cidr;
pub mod cluster;
pub mod conversation;
pub mod diff;
pub mod explain;
pub mod filter;
pub mod host;
pub mod ipam;
pub mod net;
pub mod packet;
pub mod path;
pub mod plan;
pub mod sighting;
