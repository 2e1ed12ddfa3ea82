//! Who answers for an address (`RTM_GETNEIGH`), and behind which port a MAC is (the bridge's FDB).

use super::Keyed;
use crate::net::{LinkName, Mac};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One entry of the ARP or neighbour-discovery cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    pub link: LinkName,
    pub address: IpAddr,
    /// `None` while unresolved.
    pub mac: Option<Mac>,
    pub state: NeighbourState,
}

impl Keyed for Neighbour {
    type Key = (LinkName, IpAddr);

    fn key(&self) -> Self::Key {
        (self.link.clone(), self.address)
    }
}

/// `NUD_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeighbourState {
    Incomplete,
    Reachable,
    Stale,
    Delay,
    Probe,
    Failed,
    NoArp,
    Permanent,
    None,
}

/// One entry of a bridge's or VXLAN's forwarding database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FdbEntry {
    /// The bridge port, or the VXLAN link itself.
    pub link: LinkName,
    pub mac: Mac,
    /// The bridge the port belongs to.
    pub bridge: Option<LinkName>,
    /// For VXLAN: the remote tunnel end.
    pub remote: Option<IpAddr>,
    /// The MAC is the bridge's or port's own.
    pub local: bool,
    /// Written by hand, not learned.
    pub permanent: bool,
    /// For VXLAN: the remote end's UDP port, where it is not the link's own (`NDA_PORT`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// For VXLAN: the number to send with, where it is not the link's own (`NDA_VNI`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vni: Option<u32>,
}

impl FdbEntry {
    /// What sends to a MAC address behind a remote tunnel end.
    pub fn tunnel(link: LinkName, mac: Mac, remote: IpAddr) -> Self {
        Self {
            link,
            mac,
            bridge: None,
            remote: Some(remote),
            local: false,
            permanent: true,
            port: None,
            vni: None,
        }
    }
}

impl Keyed for FdbEntry {
    type Key = (LinkName, Mac, Option<IpAddr>);

    /// A single station's MAC is behind one remote end; only that of a group, or of all zeros, which
    /// stands for whatever is not listed, may have many (`vxlan_fdb_append`).
    fn key(&self) -> Self::Key {
        let many = self.mac.is_zero() || !self.mac.is_unicast();
        (self.link.clone(), self.mac, self.remote.filter(|_| many))
    }
}
