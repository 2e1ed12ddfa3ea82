//! Routes of all tables (`RTM_GETROUTE`).

use super::{Address, Keyed};
use crate::net::{Family, LinkName};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The protocol number (`rtm_protocol`) that marks a route of ours: 'g'.
pub const PROTOCOL: u8 = b'g';

/// The protocol number of what the kernel makes by itself (`RTPROT_KERNEL`).
pub const PROTOCOL_KERNEL: u8 = 2;

/// The protocol number of what somebody makes by hand (`RTPROT_BOOT`).
pub const PROTOCOL_BOOT: u8 = 3;

/// The table that routes without a table go to.
pub const TABLE_MAIN: u32 = 254;

/// The table of the host's own addresses.
pub const TABLE_LOCAL: u32 = 255;

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub destination: IpNet,
    pub table: u32,
    /// Lower is preferred (`RTA_PRIORITY`). The kernel turns 0 into 1024 for IPv6.
    pub metric: u32,
    pub kind: RouteKind,
    /// 0 universe, 253 link, 254 host.
    pub scope: u8,
    /// Who made it; see [`PROTOCOL`].
    pub protocol: u8,
    /// The source address to prefer (`RTA_PREFSRC`).
    pub source: Option<IpAddr>,
    pub nexthops: Vec<Nexthop>,
    /// `RTAX_MTU` in bytes.
    pub mtu: Option<u32>,
}

impl Route {
    /// A unicast route of ours in the main table.
    pub fn ours(destination: IpNet, nexthop: Nexthop) -> Self {
        Self {
            destination,
            table: TABLE_MAIN,
            metric: match Family::of_prefix(&destination) {
                Family::V4 => 0,
                Family::V6 => 1024,
            },
            kind: RouteKind::Unicast,
            // The kernel keeps no scope for IPv6 and asks "link" of a route without gateway.
            scope: if nexthop.gateway.is_none() && destination.addr().is_ipv4() { 253 } else { 0 },
            protocol: PROTOCOL,
            source: None,
            nexthops: vec![nexthop],
            mtu: None,
        }
    }

    /// The route that the kernel makes with an address (`fib_add_ifaddr`, `addrconf_prefix_route`).
    pub fn of_prefix(address: &Address) -> Self {
        let source = address.prefix.addr();
        Self {
            metric: if source.is_ipv4() { 0 } else { 256 },
            protocol: PROTOCOL_KERNEL,
            source: source.is_ipv4().then_some(source),
            ..Self::ours(address.prefix.trunc(), Nexthop::on(address.link.clone()))
        }
    }
}

impl Keyed for Route {
    type Key = (Family, u32, IpNet, u32, Option<LinkName>);

    /// IPv6 keeps routes to one destination through several links apart even at equal metric; for
    /// IPv4 the first nexthop's link tells kernel-made routes of two links apart.
    fn key(&self) -> Self::Key {
        let link = self.nexthops.first().and_then(|hop| hop.link.clone());
        (Family::of_prefix(&self.destination), self.table, self.destination, self.metric, link)
    }
}

/// Where a route sends to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nexthop {
    pub gateway: Option<IpAddr>,
    pub link: Option<LinkName>,
    /// The gateway is taken to be on the link even if no route says so (`RTNH_F_ONLINK`).
    pub onlink: bool,
    /// Share among several nexthops, 1 to 256.
    pub weight: u16,
    /// The link is down or gone (`RTNH_F_DEAD`, `RTNH_F_LINKDOWN`); only seen.
    pub dead: bool,
}

impl Nexthop {
    pub fn via(gateway: IpAddr, link: LinkName) -> Self {
        Self { gateway: Some(gateway), link: Some(link), onlink: false, weight: 1, dead: false }
    }

    pub fn on(link: LinkName) -> Self {
        Self { gateway: None, link: Some(link), onlink: false, weight: 1, dead: false }
    }
}

/// What a route does (`rtm_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    Unicast,
    Local,
    Broadcast,
    Anycast,
    Multicast,
    Blackhole,
    Unreachable,
    Prohibit,
    Throw,
    Other(u8),
}
