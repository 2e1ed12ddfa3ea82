//! What the journal holds: one record an event, in the order of the events. Replaying them gives
//! the [`super::book::Book`] back; a record replayed twice changes nothing.
//!
//! Leases and settings belong to the boot that the journal names. If it is damaged so badly that it
//! names none, the kernel decides (`start`): with anything there that bears our mark, this boot wrote
//! the journal, and every lease stands; with nothing, no container can have a link of ours, and they
//! are void.

use model::cluster::{Attachment, AttachmentId, Network, NetworkName, Presence};
use model::net::{IpNet, LinkName};
use serde::{Deserialize, Serialize};

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Record {
    NetworkCreated {
        network: Network,
    },
    NetworkRemoved {
        name: NetworkName,
    },
    /// Addresses of a spread network are this node's to give: so it stands in the cluster's store.
    Claimed {
        network: NetworkName,
        prefix: IpNet,
    },
    /// They are not any more, or will not be in a moment: nothing of them is given from now on.
    Released {
        network: NetworkName,
        prefix: IpNet,
    },
    /// What the node itself has of a spread network.
    Present {
        network: NetworkName,
        presence: Presence,
    },
    /// An address is taken, before it is in the kernel.
    Leased {
        held: Box<Held>,
    },
    /// The container is connected, before anybody is told.
    Attached {
        id: AttachmentId,
    },
    /// The container shall be disconnected; whatever happens, it will be.
    Detaching {
        id: AttachmentId,
    },
    /// The link is gone and the addresses are free.
    Freed {
        id: AttachmentId,
    },
    /// A setting of the host that we changed, with the value found before.
    SettingFound {
        path: String,
        value: String,
    },
    /// The links that were there when we turned forwarding on.
    LinksClosed {
        links: Vec<LinkName>,
    },
}

impl Record {
    /// Whether a power cut may not undo it. The rest dies with the boot anyway, so it only has to
    /// survive this process, and for that it is enough to be written: the page cache does.
    pub(super) fn outlives_the_boot(&self) -> bool {
        match self {
            Self::NetworkCreated { .. }
            | Self::NetworkRemoved { .. }
            | Self::Claimed { .. }
            | Self::Released { .. }
            | Self::Present { .. } => true,
            Self::Leased { .. }
            | Self::Attached { .. }
            | Self::Detaching { .. }
            | Self::Freed { .. }
            | Self::SettingFound { .. }
            | Self::LinksClosed { .. } => false,
        }
    }
}

/// An attachment with all that the daemon knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub attachment: Attachment,
    pub runtime: String,
    /// Where the namespace was found, and its inode number, so that another namespace under the
    /// same path is not taken for it.
    pub netns: String,
    pub netns_inode: u64,
    pub stage: Stage,
}

/// How far an attachment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// The lease is written; the kernel may hold all of it, some or nothing.
    Leased,
    Attached,
    /// To be taken down; the lease is kept until its link is gone.
    Detaching,
}
