//! Interfaces (`struct net_device`), as `RTM_GETLINK` shows them.

use super::{Address, Keyed, NamespaceId};
use crate::net::{LinkName, Mac};
use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The group number (`IFLA_GROUP`) that marks a link of ours: "glas" in ASCII. It is set in the
/// message that makes the link, so there is no moment at which a link of ours bears no mark.
pub const GROUP: u32 = 0x676c_6173;

/// The group of links that wait to be deleted, all in one message: "gldd".
pub const GROUP_DOOMED: u32 = 0x676c_6464;

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct Link<F> {
    pub name: LinkName,
    pub kind: LinkKind<F>,
    /// The kernel's number of the link in its namespace; never wanted, only seen.
    pub index: Option<u32>,
    pub mac: Option<Mac>,
    /// Largest layer-3 packet in bytes; `None` in a wanted link leaves it alone.
    pub mtu: Option<u32>,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// Whether the other side is there and up (`IFF_LOWER_UP`); never wanted, only seen.
    pub carrier: Option<bool>,
    /// The bridge this link is a port of.
    pub master: Option<LinkName>,
    /// The link's settings as a port of that bridge.
    pub port: Option<BridgePort>,
    /// `IFLA_IFALIAS`: for people, whom the link belongs to.
    pub alias: Option<String>,
    /// `IFLA_GROUP`; see [`GROUP`].
    pub group: u32,
    /// Whether the kernel gives the link an IPv6 link-local address by itself
    /// (`IFLA_INET6_ADDR_GEN_MODE` other than "none"); `None` leaves it alone.
    pub link_local: Option<bool>,
}

impl<F> Link<F> {
    /// A link of ours, down, with nothing set.
    pub fn ours(name: LinkName, kind: LinkKind<F>) -> Self {
        Self {
            name,
            kind,
            index: None,
            mac: None,
            mtu: None,
            up: false,
            carrier: None,
            master: None,
            port: None,
            alias: None,
            group: GROUP,
            link_local: None,
        }
    }

    /// The IPv6 address that a tunnel end has by its MAC and is known to its peers by. The kernel
    /// gives it when the link comes up, and does not change it when the MAC is changed later.
    pub fn tunnel_address(&self) -> Option<Address> {
        let tunnel = matches!(self.kind, LinkKind::Vxlan(_)) && self.link_local != Some(false);
        let mac = self.mac.filter(|_| tunnel && self.up)?;
        let prefix = Ipv6Net::new(mac.link_local(), 64).map(IpNet::V6).ok()?;
        Some(Address::new(self.name.clone(), prefix))
    }

    /// Whether the link carries our mark.
    pub fn is_ours(&self) -> bool {
        self.group == GROUP || self.group == GROUP_DOOMED
    }
}

impl<F> Keyed for Link<F> {
    type Key = LinkName;

    fn key(&self) -> LinkName {
        self.name.clone()
    }
}

/// What a link is (`IFLA_INFO_KIND`), with the settings of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind<F> {
    Loopback,
    /// A device without a kind of its own: a network card.
    Device,
    Bridge(Bridge),
    Veth(Veth),
    Vxlan(Vxlan),
    Ifb,
    Tun,
    Macvlan {
        lower_index: Option<u32>,
    },
    Foreign(F),
}

/// A bridge's own settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// `IFLA_BR_VLAN_FILTERING`.
    pub vlan_filtering: bool,
    /// `IFLA_BR_STP_STATE` is not off.
    pub stp: bool,
}

/// One end of a veth pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Veth {
    /// Where the other end is, when known: wanted links say where it shall be born.
    pub peer: Option<VethPeer>,
    /// The other end's index in its namespace (`IFLA_LINK`); only seen.
    pub peer_index: Option<u32>,
    /// That namespace's id as this one numbers it (`IFLA_LINK_NETNSID`); `None` when it is this
    /// very namespace or not seen.
    pub peer_netnsid: Option<i32>,
}

impl Veth {
    pub fn to(namespace: NamespaceId, name: LinkName) -> Self {
        Self { peer: Some(VethPeer { namespace, name }), peer_index: None, peer_netnsid: None }
    }
}

/// The other end of a veth pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VethPeer {
    pub namespace: NamespaceId,
    pub name: LinkName,
}

/// A VXLAN tunnel end (RFC 7348). None of this is changed on a living link: it is made anew.
///
/// The outer UDP checksum is not among it: the kernel fills it in for both families unless told
/// otherwise, and takes none that are zero over IPv6.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vxlan {
    /// 24 bits.
    pub vni: u32,
    /// The UDP port that is listened on and sent to.
    pub port: u16,
    /// The source of what is sent; its family is the underlay's.
    pub local: Option<IpAddr>,
    pub learning: bool,
    /// Encapsulated packets may not be fragmented on their way (`IFLA_VXLAN_DF`). Says nothing over
    /// IPv6, where routers never fragment.
    #[serde(default)]
    pub df: bool,
}

/// A link's settings as a bridge port (`IFLA_INFO_SLAVE_DATA`, `IFLA_BRPORT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BridgePort {
    /// Frames may leave by the port they came in by.
    pub hairpin: bool,
    /// Isolated ports reach only ports that are not.
    pub isolated: bool,
    pub learning: bool,
    /// Spanning-tree state: 0 disabled … 3 forwarding; only seen.
    pub state: Option<u8>,
}

impl Default for BridgePort {
    fn default() -> Self {
        Self { hairpin: false, isolated: false, learning: true, state: None }
    }
}
