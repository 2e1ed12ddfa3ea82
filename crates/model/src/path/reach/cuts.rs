//! Where the lines between addresses are: two addresses that no prefix and no range of the state tells
//! apart lie in one segment.

use crate::net::{Family, IpNet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Lines between addresses.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// First addresses of segments.
    firsts: Vec<(Family, u128)>,
    /// Something does arithmetic with addresses, so that each is in a segment of its own.
    pub(super) all_differ: bool,
}

impl Cuts {
    /// A lone address is no line: whose it is has it as a name, and others do not notice.
    pub(super) fn prefix(&mut self, prefix: IpNet) {
        let prefix = prefix.trunc();
        if prefix.prefix_len() < prefix.max_prefix_len() {
            self.range(prefix.network(), prefix.broadcast());
        }
    }

    /// Both ends included.
    pub(super) fn range(&mut self, first: IpAddr, last: IpAddr) {
        let (family, first) = number(first);
        self.firsts.push((family, first));
        self.firsts.extend(number(last).1.checked_add(1).map(|next| (family, next)));
    }

    pub(super) fn sort(&mut self) {
        self.firsts.sort_unstable();
        self.firsts.dedup();
    }

    /// The number of the address's segment. The lines must have been sorted.
    pub(super) fn segment(&self, address: IpAddr) -> (usize, Option<IpAddr>) {
        let number = number(address);
        let segment = self.firsts.partition_point(|first| *first <= number);
        (segment, self.all_differ.then_some(address))
    }
}

fn number(address: IpAddr) -> (Family, u128) {
    match address {
        IpAddr::V4(v4) => (Family::V4, u32::from(v4).into()),
        IpAddr::V6(v6) => (Family::V6, v6.into()),
    }
}

/// The address that these bytes are.
pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|bytes| Ipv4Addr::from(*bytes).into()),
        16 => bytes.first_chunk::<16>().map(|bytes| Ipv6Addr::from(*bytes).into()),
        _ => None,
    }
}
