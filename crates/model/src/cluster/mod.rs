//! What people ask for: networks, and containers attached to them; and, where several hosts share
//! networks, the hosts and who of them gives out which addresses.

mod attachment;
mod choice;
mod claim;
mod key;
mod member;
mod name;
mod network;
mod proof;
mod registry;
mod spread;
pub mod trace;
mod way;

pub use attachment::{Attachment, AttachmentId, Bandwidth, Publish, Rate};
pub use choice::{Choice, Proofs, Tried, choose};
pub use claim::Claim;
pub use key::{Alive, Entry, Key, Unreadable};
pub use member::{Member, Presence};
pub use name::{ContainerId, InvalidName, NetworkName, NodeName};
pub use network::{Network, Pool};
pub use proof::{Echo, Outcome, Proof, Search, Source};
pub use registry::{Change, Concern, Registry};
pub use spread::{Backend, Spread, VXLAN_PORT};
pub use way::{Hop, Means, TunnelEnd, Way};
