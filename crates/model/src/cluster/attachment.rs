//! A container's place in a network.

use super::{ContainerId, Network, NetworkName};
use crate::net::{Family, IpNet, LinkName, Mac, Transport, single};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A container may be attached to several networks, through an interface each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttachmentId {
    pub container: ContainerId,
    pub interface: LinkName,
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.container, self.interface)
    }
}

/// One attachment with the lease it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    #[serde(flatten)]
    pub id: AttachmentId,
    pub network: NetworkName,
    /// At most one of each family.
    pub addresses: Vec<IpAddr>,
    pub mac: Mac,
    #[serde(default)]
    pub publish: Vec<Publish>,
    #[serde(default)]
    pub bandwidth: Bandwidth,
    /// Those of the addresses that were claimed one by one, outside the host's blocks: nobody else on
    /// the container's link has an address near them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alone: Vec<IpAddr>,
    /// Whether the container's default route goes through this attachment.
    pub default_route: bool,
}

impl Attachment {
    /// An address with the length of the prefix that the container finds on its link.
    pub fn prefix(&self, network: &Network, address: IpAddr) -> IpNet {
        let pool = network.pool(Family::of(address)).filter(|_| !self.alone.contains(&address));
        let length = pool.map(|pool| network.address_prefix_len(&pool.subnet));
        let prefix = length.and_then(|length| IpNet::new(address, length).ok());
        prefix.unwrap_or_else(|| single(address))
    }

    pub fn address(&self, family: Family) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|address| Family::of(*address) == family)
    }
}

/// One port of the host that leads to one of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Publish {
    pub transport: Transport,
    /// One of the host's addresses; `None` is every one of them, of both families.
    pub host_address: Option<IpAddr>,
    pub host_port: u16,
    pub container_port: u16,
}

impl Publish {
    /// Whether both want the same port of the same address.
    pub fn collides(&self, other: &Self) -> bool {
        let same_address = match (self.host_address, other.host_address) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        };
        self.transport == other.transport && self.host_port == other.host_port && same_address
    }

    /// Whether the port is published to clients of this family.
    pub fn serves(&self, family: Family) -> bool {
        self.host_address.is_none_or(|address| Family::of(address) == family)
    }
}

impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host_address {
            Some(IpAddr::V6(address)) => write!(f, "[{address}]:")?,
            Some(address) => write!(f, "{address}:")?,
            None => {}
        }
        write!(f, "{}:{}/{}", self.host_port, self.container_port, self.transport)
    }
}

/// Limits of what a container receives and sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// Into the container.
    pub ingress: Option<Rate>,
    /// Out of the container.
    pub egress: Option<Rate>,
}

/// A rate in bits a second with the bits that may pass at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub bits_per_second: u64,
    pub burst_bits: u64,
}
