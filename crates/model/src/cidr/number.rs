//! Addresses as numbers: one arithmetic for both families.

use crate::net::{Family, IpNet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// The address of a number, which in IPv4 is one of 32 bits.
pub(super) fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from_bits(number as u32).into(),
        Family::V6 => Ipv6Addr::from_bits(number).into(),
    }
}

/// A number whose `count` lowest bits are 1.
pub(super) fn ones(count: u8) -> u128 {
    u128::MAX.checked_shr(128 - u32::from(count)).unwrap_or(0)
}

/// How many bits are the host's.
pub(super) fn host_bits(prefix: &IpNet) -> u8 {
    prefix.max_prefix_len() - prefix.prefix_len()
}

/// The first and the last number of a prefix.
pub(super) fn range(prefix: &IpNet) -> (u128, u128) {
    let first = number(prefix.network());
    (first, first | ones(host_bits(prefix)))
}

/// The prefix that begins at a number. Its host bits are 0, or it is nobody's.
pub(super) fn prefix_at(family: Family, number: u128, length: u8) -> IpNet {
    IpNet::new_assert(address(family, number), length)
}
