//! The working: an address in binary, with a mark where the network's bits end.

use super::number::number;
use crate::net::Family;
use std::net::IpAddr;

/// All bits of an address, the highest first.
pub fn bits(address: IpAddr) -> String {
    let width = usize::from(Family::of(address).bits());
    format!("{:0width$b}", number(address))
}

/// The bits in the groups that an address is written in, of 8 or 16; in one of them, or at its edge,
/// stands a `|` after `boundary` bits: 16.158.165.91 after 22 is 00010000, 10011110, 101001|01 and
/// 01011011.
pub fn groups(address: IpAddr, boundary: u8) -> Vec<String> {
    let size = if address.is_ipv4() { 8 } else { 16 };
    let bits = bits(address);
    let starts = (0..bits.len()).step_by(size);
    let mut groups: Vec<String> = starts.map(|at| bits[at..at + size].to_owned()).collect();
    // At the edge of two groups it stands after the first.
    let marked = usize::from(boundary).saturating_sub(1) / size;
    groups[marked].insert(usize::from(boundary) - marked * size, '|');
    groups
}
