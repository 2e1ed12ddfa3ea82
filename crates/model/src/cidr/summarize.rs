//! The shortest list of prefixes that covers exactly the addresses of others.
//!
//! `ipnet` has such a function too; it takes a range that ends one address before the family's last
//! for one that ends there, so 255.255.255.254 alone becomes a /31.

use super::number::{ones, prefix_at, range};
use crate::net::{Family, IpNet};

/// IPv4 first, then IPv6, each in order.
pub fn summarize(prefixes: &[IpNet]) -> Vec<IpNet> {
    let mut fewest = Vec::new();
    for family in Family::BOTH {
        let own = prefixes.iter().filter(|prefix| Family::of_prefix(prefix) == family);
        for (first, last) in joined(own.map(range).collect()) {
            cover(family, first, last, &mut fewest);
        }
    }
    fewest
}

/// Ranges in order, those that touch or overlap as one.
fn joined(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut joined: Vec<(u128, u128)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    joined
}

/// Covers a range, each time with the largest prefix that begins where the last one ended.
fn cover(family: Family, first: u128, last: u128, fewest: &mut Vec<IpNet>) {
    let mut next = Some(first);
    while let Some(at) = next {
        let fits = |host_bits: &u8| {
            let low = ones(*host_bits);
            at & low == 0 && low <= last - at
        };
        let host_bits = (0..=family.bits()).rev().find(fits).unwrap_or(0);
        fewest.push(prefix_at(family, at, family.bits() - host_bits));
        let end = at | ones(host_bits);
        next = (end < last).then(|| end + 1);
    }
}
