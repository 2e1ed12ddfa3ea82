//! The source address a sender gets that asks for none: `fib_select_default` and
//! `inet_select_addr` for IPv4, RFC 6724 §5 (`ipv6_dev_get_saddr`) for IPv6.
//!
//! The state does not keep the order in which a link got its addresses. Where that order decides,
//! the choice is unknown.

use super::fib::Found;
use super::machine::{Halt, Machine, unknown};
use crate::host::NamespaceId;
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
        IpAddr::V4(_) => choose4(machine, of, found.link()?, found.gateway()),
        IpAddr::V6(to) => choose6(machine, of, found.link()?, to).map(IpAddr::V6),
    }
}

/// An IPv4 address of the link, the gateway's subnet first; of another link if it has none.
pub(super) fn choose4(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    gateway: Option<IpAddr>,
) -> Result<IpAddr, Halt> {
    let addresses = machine.addresses(of)?;
    let v4 = || addresses.iter().filter(|a| a.prefix.addr().is_ipv4());
    let here: Vec<_> = v4().filter(|a| a.link == *link).collect();
    let with_gateway = |a: &&&crate::host::Address| gateway.is_some_and(|g| a.prefix.contains(&g));
    let near: Vec<_> = here.iter().filter(with_gateway).collect();
    match (&near[..], &here[..]) {
        ([one], _) => return Ok(one.prefix.addr()),
        ([], [one]) => return Ok(one.prefix.addr()),
        ([], []) => {}
        _ => return unknown(format!("which of {link}'s addresses came first was not read")),
    }
    let elsewhere: Vec<IpAddr> =
        v4().map(|a| a.prefix.addr()).filter(|address| !address.is_loopback()).collect();
    match elsewhere[..] {
        [one] => Ok(one),
        [] => unknown(format!("no IPv4 address to send from by {link}")),
        _ => unknown(format!("{link} has no IPv4 address, and several others do")),
    }
}

/// The best IPv6 address of all links.
pub(super) fn choose6(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    to: Ipv6Addr,
) -> Result<Ipv6Addr, Halt> {
    let only_this_link = to.is_unicast_link_local() || to.is_multicast();
    let candidates = machine.addresses(of)?.iter().filter_map(|a| match a.prefix.addr() {
        IpAddr::V6(address) if !a.tentative && (!only_this_link || a.link == *link) => {
            Some((address, rank(address, u32::from(a.prefix.prefix_len()), to, a.link == *link)))
        }
        IpAddr::V6(_) | IpAddr::V4(_) => None,
    });
    let mut ranked: Vec<_> = candidates.collect();
    ranked.sort_by_key(|(_, rank)| std::cmp::Reverse(*rank));
    match ranked[..] {
        [] => unknown(format!("no IPv6 address to send from by {link}")),
        [(one, _)] => Ok(one),
        [(one, first), (_, second), ..] if first > second => Ok(one),
        _ => unknown("which of several like IPv6 addresses came first was not read"),
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
            choose4(machine, of, link, Some(near)).map(Some)
        }
        IpAddr::V6(to) => choose6(machine, of, link, to).map(|a| Some(IpAddr::V6(a))),
    }
}

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
