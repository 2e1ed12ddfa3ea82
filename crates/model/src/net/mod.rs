//! Addresses and names, parsed and therefore valid: a value of these types can be handed to the
//! kernel or put into a file name without a further look.

mod link_name;
mod mac;
mod port;

pub use ipnet::{IpNet, Ipv4Net, Ipv6Net};
pub use link_name::{InvalidLinkName, LinkName};
pub use mac::{InvalidMac, Mac};
pub use port::{InvalidTransport, Transport};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// The internet protocol's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The family an address belongs to.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// The family a prefix belongs to.
    pub fn of_prefix(prefix: &IpNet) -> Self {
        Self::of(prefix.addr())
    }

    /// Length of an address in bits: 32 or 128.
    pub fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// The prefix that holds every address: `0.0.0.0/0` or `::/0`.
    pub fn everything(self) -> IpNet {
        match self {
            Self::V4 => IpNet::V4(Ipv4Net::default()),
            Self::V6 => IpNet::V6(Ipv6Net::default()),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// The bytes of an address in network order: 4 or 16 of them.
pub fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// The prefix that holds one address only: /32 or /128.
pub fn single(address: IpAddr) -> IpNet {
    IpNet::from(address)
}

/// Whether two prefixes have an address in common: then one holds all of the other.
pub fn overlap(one: &IpNet, two: &IpNet) -> bool {
    one.contains(two) || two.contains(one)
}
