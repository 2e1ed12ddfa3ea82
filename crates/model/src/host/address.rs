//! Addresses on links (`RTM_GETADDR`).

use super::Keyed;
use crate::net::LinkName;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One address of one link. Two are equal wherever they stand among the others.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
pub struct Address {
    pub link: LinkName,
    /// Address and prefix length; host bits are the address.
    pub prefix: IpNet,
    /// No duplicate-address detection (`IFA_F_NODAD`): the address is usable at once, its
    /// uniqueness being our ledger's work. Always true for IPv4.
    pub nodad: bool,
    /// No route to the prefix comes with the address (`IFA_F_NOPREFIXROUTE`).
    pub no_prefix_route: bool,
    /// Still being checked for duplicates, or found to be one; only seen.
    pub tentative: bool,
    /// Found to be somebody else's (`IFA_F_DADFAILED`); only seen.
    #[serde(default)]
    pub duplicate: bool,
    /// Its place among the addresses as the kernel lists them, in which it also looks for one to send
    /// from; only seen.
    #[serde(default)]
    pub position: u32,
    /// Of IPv4: 0 universe, 253 link, 254 host; only seen.
    #[serde(default)]
    pub scope: u8,
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        let all = |a: &Self| (a.nodad, a.no_prefix_route, a.tentative);
        self.link == other.link && self.prefix == other.prefix && all(self) == all(other)
    }
}

impl Address {
    pub fn new(link: LinkName, prefix: IpNet) -> Self {
        Self {
            link,
            prefix,
            nodad: true,
            no_prefix_route: false,
            tentative: false,
            duplicate: false,
            position: 0,
            scope: 0,
        }
    }
}

impl Keyed for Address {
    type Key = (LinkName, IpNet);

    fn key(&self) -> Self::Key {
        (self.link.clone(), self.prefix)
    }
}
