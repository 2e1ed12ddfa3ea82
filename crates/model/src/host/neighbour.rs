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
}

impl Keyed for FdbEntry {
    type Key = (LinkName, Mac, Option<IpAddr>);

    fn key(&self) -> Self::Key {
        (self.link.clone(), self.mac, self.remote)
    }
}
