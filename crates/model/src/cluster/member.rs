//! A node as the others know it: what it says of itself, under its own prefix of the store.

use super::{NetworkName, NodeName, name::short_hash};
use crate::net::{Family, Mac};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub name: NodeName,
    /// `/etc/machine-id`: two machines that bear one name are told apart by it.
    pub machine: String,
    /// The boot it runs in; with another, all its containers of before are gone.
    pub boot: String,
    /// Where the others send to, at most one address of each family.
    pub addresses: Vec<IpAddr>,
    /// Bytes: the largest packet it can send unbroken by that address.
    pub mtu: u32,
    #[serde(default)]
    pub networks: BTreeMap<NetworkName, Presence>,
}

/// What a node has of one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The address of its tunnel end (VTEP).
    pub vtep: Mac,
    /// The node's own addresses there: its host speaks to containers elsewhere by them.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// Addresses to prove the direct way by. They are reached by no other.
    #[serde(default)]
    pub proof: Vec<IpAddr>,
}

impl Member {
    pub fn address(&self, family: Family) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|address| Family::of(*address) == family)
    }
}

impl NodeName {
    /// The address of the node's tunnel end in a network. It follows from the names, so that it is
    /// the same after every boot and no table of a peer goes stale.
    pub fn vtep_mac(&self, network: &NetworkName) -> Mac {
        let hash = short_hash(&["vtep", network.as_str(), self.as_str()]);
        let bits = hash.bytes().fold(0_u64, |bits, digit| (bits << 5) ^ u64::from(digit));
        let [_, _, _, a, b, c, d, e] = bits.to_be_bytes();
        // Locally administered, and none of the prefixes that bridges and containers have.
        Mac([0x06, a, b, c, d, e])
    }
}
