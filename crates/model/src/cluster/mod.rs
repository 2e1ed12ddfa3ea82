//! What people ask for: networks, and containers attached to them.

mod attachment;
mod name;
mod network;

pub use attachment::{Attachment, AttachmentId, Bandwidth, Publish, Rate};
pub use name::{ContainerId, InvalidName, NetworkName};
pub use network::{Network, Pool};
