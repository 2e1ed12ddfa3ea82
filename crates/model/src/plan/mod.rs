//! From what people asked for to what this host should be.
//!
//! The wanted state is a union of fragments, so that one attachment's part can be made, added and
//! taken away by itself:
//!
//! ```text
//! host(node, networks, attachments) = ground(node)              the nftables tables, forwarding
//!                                   ∪ network(…) for each       a bridge with its addresses
//!                                   ∪ attachment(…) for each    a veth, addresses, set elements
//!                                   ∪ way(…) for each           routes to a peer's containers
//! ```
//!
//! Rules stand in the ground alone. Networks and attachments are *elements* of its sets and maps,
//! so the rules a packet meets do not grow with either.

mod attachment;
mod ground;
mod network;
pub mod passage;
pub mod rules;
mod spread;
mod way;

pub use attachment::attachment;
pub use ground::{ground, set};
pub use network::network;
pub use spread::own_addresses;
pub use way::way;

use crate::cluster::{Attachment, Member, Network, NetworkName, Way};
use crate::host::Wanted;
use crate::net::LinkName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the plan has to know of the host itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Bytes: the largest packet the host can send unbroken to the outside.
    pub underlay_mtu: u32,
    /// Links that were there when we turned forwarding on. What comes in by them is forwarded to
    /// our containers only: the host does not become a router for its neighbours.
    pub closed_links: Vec<LinkName>,
    /// What this node says of itself in the cluster; `None` for a host by itself.
    pub member: Option<Member>,
    /// Links that lead to the other nodes.
    pub underlay_links: Vec<LinkName>,
    /// Links that take router advertisements, and shall go on to while the host forwards.
    pub advertised_links: Vec<LinkName>,
}

/// The whole host. Attachments of networks that are not there are left out.
pub fn host<'a>(
    node: &Node,
    networks: impl IntoIterator<Item = &'a Network>,
    attachments: impl IntoIterator<Item = &'a Attachment>,
    ways: &BTreeMap<NetworkName, Vec<Way>>,
) -> Wanted {
    let mut wanted = ground(node);
    let networks: Vec<&Network> = networks.into_iter().collect();
    for network in &networks {
        wanted.merge(self::network(node, network));
        for way in ways.get(&network.name).into_iter().flatten() {
            wanted.merge(self::way(node, network, way));
        }
    }
    for attachment in attachments {
        if let Some(network) = networks.iter().find(|n| n.name == attachment.network) {
            wanted.merge(self::attachment(node, network, attachment));
        }
    }
    wanted
}

/// The MTU of a network's links, in bytes.
pub fn mtu(node: &Node, network: &Network) -> u32 {
    network.mtu.unwrap_or_else(|| {
        let tunnels = network.spread.is_some_and(|spread| spread.backend.tunnels());
        if tunnels { spread::tunnel_mtu(node) } else { node.underlay_mtu }
    })
}
