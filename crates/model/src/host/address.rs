//! Addresses on links (`RTM_GETADDR`).

use super::Keyed;
use crate::net::LinkName;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One address of one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Address {
    pub fn new(link: LinkName, prefix: IpNet) -> Self {
        Self { link, prefix, nodad: true, no_prefix_route: false, tentative: false }
    }
}

impl Keyed for Address {
    type Key = (LinkName, IpNet);

    fn key(&self) -> Self::Key {
        (self.link.clone(), self.prefix)
    }
}
