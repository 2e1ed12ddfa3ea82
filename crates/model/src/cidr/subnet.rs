//! What a prefix means: which network, which addresses are for hosts, and how many.

use super::Count;
use super::number::{address, host_bits, number, ones, range};
use crate::net::{Family, IpNet};
use serde::Serialize;
use std::net::IpAddr;

/// A prefix and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subnet {
    /// As it was written.
    pub address: IpAddr,
    pub length: u8,
    pub network: IpNet,
    pub mask: IpAddr,
    /// The mask with its bits turned round, as access lists of routers have it.
    pub wildcard: IpAddr,
    /// IPv6 has none, nor has a link of two ends, nor have groups.
    pub broadcast: Option<IpAddr>,
    pub first: IpAddr,
    pub last: IpAddr,
    /// The first host, by convention; none where there is no room for one beside others.
    pub gateway: Option<IpAddr>,
    pub addresses: Count,
    /// Those that hosts may have.
    pub usable: Count,
    /// IPv4 only.
    pub class: Option<Class>,
}

/// What the first bits of an IPv4 address said before prefixes had lengths (RFC 791 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Class {
    A,
    B,
    C,
    /// Multicast (RFC 1112 §4).
    D,
    /// Reserved.
    E,
}

impl Class {
    fn of(address: IpAddr) -> Option<Self> {
        let IpAddr::V4(address) = address else { return None };
        Some(match address.octets()[0].leading_ones() {
            0 => Self::A,
            1 => Self::B,
            2 => Self::C,
            3 => Self::D,
            _ => Self::E,
        })
    }

    /// The length of the prefix that every network of the class had.
    pub fn length(self) -> Option<u8> {
        match self {
            Self::A => Some(8),
            Self::B => Some(16),
            Self::C => Some(24),
            Self::D | Self::E => None,
        }
    }
}

impl Subnet {
    pub fn of(prefix: &IpNet) -> Self {
        let family = Family::of_prefix(prefix);
        let host_bits = host_bits(prefix);
        let (first, last) = range(prefix);
        let at = |number| address(family, number);
        // With two addresses or one, all are hosts' (RFC 3021; RFC 6164).
        let roomy = host_bits > 1;
        // All zeros is the network, in IPv6 any router of it (RFC 4291 §2.6.1).
        let below = u128::from(roomy);
        let above = u128::from(roomy && family == Family::V4);
        // Groups have neither.
        let hosts = !(at(first).is_multicast() && at(last).is_multicast());
        let addresses = Count::power(host_bits);
        Self {
            address: prefix.addr(),
            length: prefix.prefix_len(),
            network: prefix.trunc(),
            mask: at(ones(family.bits()) ^ ones(host_bits)),
            wildcard: at(ones(host_bits)),
            broadcast: (above > 0 && hosts).then(|| at(last)),
            first: at(first + below),
            last: at(last - above),
            gateway: (roomy && hosts).then(|| at(first + below)),
            addresses,
            usable: addresses.less(below + above),
            class: Class::of(prefix.addr()),
        }
    }

    /// Whether these are addresses of groups, not of hosts.
    pub fn is_multicast(&self) -> bool {
        self.network.addr().is_multicast() && self.network.broadcast().is_multicast()
    }

    /// Whether the address as it was written is the broadcast address, which no host may have.
    pub fn names_broadcast(&self) -> bool {
        self.broadcast.is_some_and(|broadcast| number(broadcast) == number(self.address))
    }
}
