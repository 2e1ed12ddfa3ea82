//! The source address a sender gets that asks for none: `fib_select_default` and
//! `inet_select_addr` for IPv4, RFC 6724 §5 (`ipv6_dev_get_saddr`) for IPv6.

use super::fib::Found;
use super::machine::{Halt, Machine, unknown};
use crate::host::{Address, NamespaceId};
use crate::net::LinkName;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The source for a packet that takes this route.
pub(super) fn choose(
    machine: &Machine<'_>,
    of: &NamespaceId,
    found: &Found<'_>,
    destination: IpAddr,
) -> Result<IpAddr, Halt> {
    if let Some(source) = found.source() {
        return Ok(source);
    }
    match destination {
        IpAddr::V4(_) => {
            let scope = found.route.map_or(0, |route| route.scope);
            // Who has none sends from 0.0.0.0.
            let source = choose4(machine, of, found.link()?, found.gateway(), scope)?;
            Ok(source.unwrap_or(UNSPECIFIED))
        }
        IpAddr::V6(to) => choose6(machine, of, Some(found.link()?), to).map(IpAddr::V6),
    }
}

/// `RT_SCOPE_HOST`.
const HOST: u8 = 254;
/// `RT_SCOPE_LINK`.
pub(super) const LINK: u8 = 253;

/// The primary IPv4 addresses of a link in the kernel's order: not those that came after another of the
/// same subnet (`IFA_F_SECONDARY`).
fn primaries<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    scope: u8,
) -> Result<Vec<&'m Address>, Halt> {
    let addresses = machine.addresses(of)?.iter();
    let mut here: Vec<_> =
        addresses.filter(|a| a.link == *link && a.prefix.addr().is_ipv4()).collect();
    here.sort_by_key(|a| a.position);
    let mut primaries: Vec<&Address> = Vec::new();
    for address in here {
        let follows = |first: &&Address| {
            first.prefix.trunc() == address.prefix.trunc() && first.position < address.position
        };
        if !primaries.iter().any(follows) {
            primaries.push(address);
        }
    }
    let own = |a: &Address| if a.prefix.addr().is_loopback() { a.scope.max(HOST) } else { a.scope };
    primaries.retain(|address| own(address) <= scope);
    Ok(primaries)
}

/// An IPv4 address of the link, the gateway's subnet first; of the first link that has one, if this has
/// none (`inet_select_addr`). Its scope is not wider than the one given: 0 is for what goes anywhere.
pub(super) fn choose4(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    gateway: Option<IpAddr>,
    scope: u8,
) -> Result<Option<IpAddr>, Halt> {
    let here = primaries(machine, of, link, scope)?;
    let (near, far): (Vec<_>, Vec<_>) =
        here.into_iter().partition(|a| gateway.is_some_and(|g| a.prefix.contains(&g)));
    match (&near[..], &far[..]) {
        ([one, two, ..], _) | ([], [one, two, ..]) if one.position == two.position => {
            return unknown(format!("which of {link}'s addresses came first was not read"));
        }
        ([one, ..], _) | ([], [one, ..]) => return Ok(Some(one.prefix.addr())),
        ([], []) => {}
    }
    let mut links: Vec<_> = machine.links(of)?.iter().collect();
    // As they were registered, which is how they are numbered unless somebody wished otherwise.
    links.sort_by_key(|link| link.index);
    for other in links {
        if let Some(first) = primaries(machine, of, &other.name, scope)?.first() {
            return Ok(Some(first.prefix.addr()));
        }
    }
    Ok(None)
}

/// The best IPv6 address of all links; that of the link it leaves by is better, if that is known.
pub(super) fn choose6(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: Option<&LinkName>,
    to: Ipv6Addr,
) -> Result<Ipv6Addr, Halt> {
    let only_this_link = to.is_unicast_link_local() || to.is_multicast();
    let mut all: Vec<_> = machine.addresses(of)?.iter().collect();
    all.sort_by_key(|a| a.position);
    let candidates = all.into_iter().filter_map(|a| match a.prefix.addr() {
        IpAddr::V6(address) if !a.tentative && (!only_this_link || Some(&a.link) == link) => {
            Some((
                a.position,
                address,
                rank(address, u32::from(a.prefix.prefix_len()), to, Some(&a.link) == link),
            ))
        }
        IpAddr::V6(_) | IpAddr::V4(_) => None,
    });
    let mut ranked: Vec<_> = candidates.collect();
    ranked.sort_by_key(|(_, _, rank)| std::cmp::Reverse(*rank));
    match ranked[..] {
        [] => unknown(format!("there is no IPv6 address to send to {to} from")),
        [(first, _, rank), (second, _, like), ..] if first == second && rank == like => {
            unknown("which of several like IPv6 addresses came first was not read")
        }
        // Of equals the one that is listed first.
        [(_, one, _), ..] => Ok(one),
    }
}

type Rank = (bool, (bool, i32), bool, bool, u32);

/// RFC 6724 §5: same address, appropriate scope, outgoing link, matching label, longest prefix.
fn rank(from: Ipv6Addr, length: u32, to: Ipv6Addr, here: bool) -> Rank {
    let (own, wanted) = (scope(from), scope(to));
    // Rule 2: the smallest scope that is wide enough, else the widest.
    let scope = if own >= wanted { (true, -own) } else { (false, own) };
    let common = (u128::from(from) ^ u128::from(to)).leading_zeros();
    (from == to, scope, here, label(from) == label(to), common.min(length))
}

fn scope(address: Ipv6Addr) -> i32 {
    match address {
        _ if address.is_loopback() || address.is_unicast_link_local() => 2,
        _ if address.is_multicast() => i32::from(address.octets()[1] & 15),
        _ if address.segments()[0] & 0xffc0 == 0xfec0 => 5,
        _ => 14,
    }
}

/// The kernel's own table (`net/ipv6/addrlabel.c`).
fn label(address: Ipv6Addr) -> u8 {
    match address.segments() {
        _ if address.is_loopback() => 0,
        [0, 0, 0, 0, 0, 0xffff, ..] => 4,
        [0, 0, 0, 0, 0, 0, ..] => 3,
        [0x2002, ..] => 2,
        [0x2001, 0, ..] => 6,
        [0x2001, second, ..] if second & 0xfff0 == 0x10 => 7,
        [first, ..] if first & 0xfe00 == 0xfc00 => 5,
        _ => 1,
    }
}

/// The address that `masquerade` gives (`nf_nat_masquerade.c`); `None` drops the packet.
pub(super) fn masquerade(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    nexthop: IpAddr,
    destination: IpAddr,
) -> Result<Option<IpAddr>, Halt> {
    let any = machine.addresses(of)?.iter().any(|a| {
        a.prefix.addr().is_ipv4() == destination.is_ipv4() && a.prefix.addr() != LOCALHOST
    });
    match destination {
        _ if !any => Ok(None),
        IpAddr::V4(_) => {
            // `rt_nexthop`: a next hop of the other family has no subnet here.
            let near = if nexthop.is_ipv4() { nexthop } else { destination };
            choose4(machine, of, link, Some(near), 0)
        }
        IpAddr::V6(to) => choose6(machine, of, Some(link), to).map(|a| Some(IpAddr::V6(a))),
    }
}

const UNSPECIFIED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
