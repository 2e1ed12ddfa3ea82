//! Which of a route's several next hops a packet takes (`fib_select_multipath`, `fib6_select_path`).
//!
//! Each has a share of the numbers from 0 to 2³¹ − 1 as large as its weight says, in the order in which
//! they are listed, and a hash of the packet's addresses says whose it is: SipHash-2-4 over the kernel's
//! `struct flow_keys`, keyed by `fib_multipath_hash_seed`. As long as nobody sets that, the key is the
//! kernel's secret.

use super::fib::{Flow, Found};
use super::machine::{Halt, Machine, unknown};
use super::source::choose4;
use crate::host::NamespaceId;
use crate::host::route::Nexthop;
use crate::net::Family;
use siphasher::sip::SipHasher24;
use std::hash::Hasher as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SEED: &str = "net/ipv4/fib_multipath_hash_seed";

/// Takes one of several; `all` are those that are alive, in their order.
pub(super) fn choose<'m>(
    machine: &Machine<'_>,
    of: &NamespaceId,
    flow: &Flow<'_>,
    all: &[Found<'m>],
) -> Result<Found<'m>, Halt> {
    let family = Family::of(flow.destination);
    let version = if family == Family::V4 { "ipv4" } else { "ipv6" };
    let policy = format!("net/{version}/fib_multipath_hash_policy");
    let seed = match (number(machine, of, SEED)?, number(machine, of, &policy)?) {
        (Some(seed), Some(0)) if seed != 0 => seed,
        (Some(0) | None, _) => return said(all, "the kernel's secret"),
        (_, None) => return said(all, &format!("{policy}, which was not read")),
        (_, Some(_)) => return said(all, &format!("a hash that {policy} says")),
    };
    if family == Family::V4 && number(machine, of, "net/ipv4/fib_multipath_use_neigh")? == Some(1) {
        return said(all, "which of the neighbours answer");
    }
    let hash = hash(seed, flow);
    let shares = bounds(all.iter().filter_map(|found| found.nexthop));
    let fits = |bound: &u32| hash <= *bound;
    if family == Family::V6 {
        let taken = all.iter().zip(&shares).find(|(_, bound)| fits(bound));
        return Ok(*taken.map_or(&all[0], |(found, _)| found));
    }
    // One whose link has the address that the packet already comes from is preferred.
    let own = flow.source.filter(|source| flow.iif.is_none() && !source.is_unspecified());
    let mut best: Option<(u32, Found<'m>)> = None;
    for (found, bound) in all.iter().zip(&shares) {
        let is_own = match (own, found.nexthop.and_then(|hop| hop.link.as_ref())) {
            (Some(own), Some(link)) => {
                let scope = found.route.map_or(0, |route| route.scope);
                choose4(machine, of, link, found.gateway(), scope)? == Some(own)
            }
            _ => false,
        };
        let score = 2 * u32::from(is_own) + u32::from(fits(bound));
        if best.as_ref().is_none_or(|(least, _)| score > *least) {
            best = Some((score, *found));
        }
        if score == 3 || own.is_none() && score == 1 {
            break;
        }
    }
    Ok(best.map_or(all[0], |(_, found)| found))
}

fn number(machine: &Machine<'_>, of: &NamespaceId, path: &str) -> Result<Option<u32>, Halt> {
    Ok(machine.sysctl(of, path)?.and_then(|value| value.parse().ok()))
}

/// That it cannot be told, with those that it could be.
pub(super) fn said<T>(all: &[Found<'_>], by: &str) -> Result<T, Halt> {
    let way = |found: &Found<'_>| {
        let link = found.nexthop.and_then(|hop| hop.link.as_ref()).map(|link| format!("by {link}"));
        let gateway = found.gateway().map(|gateway| format!("via {gateway}"));
        [gateway, link].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let to = all.first().and_then(|found| found.route);
    let to = to.map_or_else(String::new, |route| route.destination.to_string());
    let ways: Vec<_> = all.iter().map(way).collect();
    unknown(format!(
        "the route to {to} has several next hops, {}; which is taken depends on {by}",
        ways.join(" and ")
    ))
}

/// The last number of each next hop's share (`fib_rebalance`, `rt6_multipath_rebalance`).
fn bounds<'m>(hops: impl Iterator<Item = &'m Nexthop> + Clone) -> Vec<u32> {
    let total: u64 = hops.clone().map(|hop| u64::from(hop.weight)).sum();
    let mut sum = 0;
    let bound = |hop: &Nexthop| {
        sum += u64::from(hop.weight);
        // Rounded to the nearest.
        let share = ((sum << 31) + total / 2) / total.max(1);
        u32::try_from(share.saturating_sub(1)).unwrap_or(u32::MAX)
    };
    hops.map(bound).collect()
}

/// Bytes of `struct flow_keys` that are hashed before the addresses: protocol, tags, VLANs, key,
/// ports and ICMP.
const BEFORE: usize = 36;

/// The hash of the addresses (`fib_multipath_hash`, `rt6_multipath_hash`), policy 0.
fn hash(seed: u32, flow: &Flow<'_>) -> u32 {
    let mut keys = vec![0; BEFORE];
    match (flow.source, flow.destination) {
        (source, IpAddr::V4(to)) => {
            let from = match source {
                Some(IpAddr::V4(from)) => from,
                _ => Ipv4Addr::UNSPECIFIED,
            };
            // The lower first, as the kernel's numbers (`__flow_hash_consistentify`).
            let mut both = [from, to].map(|address| u32::from_ne_bytes(address.octets()));
            both.sort_unstable();
            both.iter().for_each(|address| keys.extend(address.to_ne_bytes()));
        }
        (source, IpAddr::V6(to)) => {
            // The protocol, and no flow label: a lookup for a socket has none.
            keys[2] = flow.protocol;
            let from = match source {
                Some(IpAddr::V6(from)) => from,
                _ => Ipv6Addr::UNSPECIFIED,
            };
            let mut both = [from.octets(), to.octets()];
            both.sort_unstable();
            both.iter().for_each(|address| keys.extend(address));
        }
    }
    keys.resize(keys.len() + 4, 0);
    let seed = u64::from(seed);
    let key = seed << 32 | seed;
    let mut hasher = SipHasher24::new_with_keys(key, key);
    hasher.write(&keys);
    let hash = match hasher.finish() as u32 {
        0 => 1,
        hash => hash,
    };
    hash >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(weight: u16) -> Nexthop {
        Nexthop { weight, ..Nexthop::on("eth0".parse().unwrap()) }
    }

    #[test]
    fn shares_are_as_large_as_weights_say() {
        assert_eq!(bounds([hop(1), hop(1)].iter()), [(1 << 30) - 1, (1 << 31) - 1]);
        assert_eq!(bounds([hop(1), hop(3)].iter()), [(1 << 29) - 1, (1 << 31) - 1]);
        assert_eq!(
            bounds([hop(1), hop(1), hop(1)].iter()),
            [715_827_882, 1_431_655_764, (1 << 31) - 1]
        );
    }

    #[test]
    fn both_ways_have_one_hash() {
        let there = Flow {
            source: Some("10.0.0.1".parse().unwrap()),
            ..Flow::to("10.9.0.7".parse().unwrap())
        };
        let back =
            Flow { source: Some(there.destination), ..Flow::to("10.0.0.1".parse().unwrap()) };
        assert_eq!(hash(77, &there), hash(77, &back));
        assert_ne!(hash(77, &there), hash(78, &there));
    }
}
