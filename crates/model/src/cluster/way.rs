//! How one peer's addresses of a network are reached, as it was decided.

use super::{Backend, Member, Network, NodeName};
use crate::net::{Family, IpNet, LinkName, Mac};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// The two means there are. [`super::Backend`] says which of them may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// A route through the underlay.
    Direct,
    /// Inside VXLAN.
    Vxlan,
}

impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Direct => "direct",
            Self::Vxlan => "vxlan",
        })
    }
}

/// The way from this node to one peer in one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub peer: NodeName,
    /// Blocks and single addresses that the peer holds.
    pub prefixes: Vec<IpNet>,
    /// The peer's tunnel end; `None` on a network that does not tunnel.
    pub tunnel: Option<TunnelEnd>,
    /// Next hops to the peer through the underlay, at most one of each family.
    pub direct: Vec<Hop>,
    /// The peer's addresses to prove the direct way by: routed directly, whatever the rest is.
    pub proof: Vec<IpAddr>,
    /// What the prefixes are routed by; `None` while no means is known to pass: they are not routed.
    pub by: Option<Means>,
    /// Bytes: the largest packet that was proven to pass.
    pub mtu: Option<u32>,
}

/// Where a tunnel ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TunnelEnd {
    /// The MAC address of the peer's VXLAN link.
    pub vtep: Mac,
    /// Where encapsulated packets are sent to.
    pub underlay: IpAddr,
}

/// A next hop through the underlay: the peer itself where it is on the link, else the router that
/// leads to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub gateway: IpAddr,
    pub link: LinkName,
}

impl Way {
    /// What there is of a way to a peer, before it is known which means work. `None` if the peer is
    /// not in the network yet. `hop` tells what leads to an address of the underlay.
    pub fn toward(
        here: &Member,
        network: &Network,
        peer: &Member,
        prefixes: Vec<IpNet>,
        hop: impl Fn(IpAddr) -> Option<Hop>,
    ) -> Option<Self> {
        let spread = network.spread?;
        let presence = peer.networks.get(&network.name)?;
        let underlay = here.tunnel_family().and_then(|family| peer.address(family));
        let tunnel = underlay.filter(|_| spread.backend.tunnels());
        let tunnel = tunnel.map(|underlay| TunnelEnd { vtep: presence.vtep, underlay });
        let direct = if spread.backend == Backend::Vxlan {
            Vec::new()
        } else {
            peer.addresses.iter().copied().filter_map(hop).collect()
        };
        let proof = if direct.is_empty() { Vec::new() } else { presence.proof.clone() };
        let peer = peer.name.clone();
        Some(Self { peer, prefixes, tunnel, direct, proof, by: None, mtu: None })
    }

    pub fn hop(&self, family: Family) -> Option<&Hop> {
        self.direct.iter().find(|hop| Family::of(hop.gateway) == family)
    }
}

impl Member {
    /// The family of the underlay that this node's tunnels go by: a link has one local address.
    pub fn tunnel_family(&self) -> Option<Family> {
        Family::BOTH.into_iter().find(|family| self.address(*family).is_some())
    }
}
