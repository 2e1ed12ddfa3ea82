//! How two prefixes lie to each other. They never overlap in part: either one holds the other, or
//! they have no address in common.

use super::number::number;
use crate::net::{Family, IpNet};
use serde::Serialize;

/// What the first prefix is to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    Equal,
    /// The second holds it.
    Inside,
    /// It holds the second.
    Holds,
    /// They have no address in common.
    Apart,
    /// One is IPv4, the other IPv6.
    OtherFamily,
}

impl Relation {
    pub fn overlaps(self) -> bool {
        matches!(self, Self::Equal | Self::Inside | Self::Holds)
    }
}

pub fn relation(one: &IpNet, two: &IpNet) -> Relation {
    if Family::of_prefix(one) != Family::of_prefix(two) {
        return Relation::OtherFamily;
    }
    match (two.contains(one), one.contains(two)) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::Inside,
        (false, true) => Relation::Holds,
        (false, false) => Relation::Apart,
    }
}

/// The first bit, counted from 1, in which the addresses of two prefixes of a family differ.
pub fn first_difference(one: &IpNet, two: &IpNet) -> Option<u8> {
    let differ = number(one.addr()) ^ number(two.addr());
    let above = 128 - u32::from(one.max_prefix_len());
    let place = differ.leading_zeros() - above + 1;
    (differ != 0).then(|| u8::try_from(place).unwrap_or(u8::MAX))
}
