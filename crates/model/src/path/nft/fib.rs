//! What `fib` loads (`net/ipv4/netfilter/nft_fib_ipv4.c`, `net/ipv6/netfilter/nft_fib_ipv6.c`).

use super::Scene;
use super::expression::Loaded;
use crate::host::nft::{FibBy, FibResult};
use crate::host::route::RouteKind;
use crate::host::{LinkKind, NamespaceId};
use crate::net::LinkName;
use crate::path::fib::{Flow, kind4, lookup};
use crate::path::hooks::Stack;
use crate::path::machine::{Halt, unknown};
use std::net::IpAddr;

pub(super) fn load(scene: &Scene<'_, '_>, result: FibResult, by: FibBy) -> Result<Loaded, Halt> {
    if !matches!(scene.at.stack, Stack::Ip { .. }) {
        return unknown("a route lookup outside of the IP stack");
    }
    let Some((source, destination)) = scene.state.packet.addresses() else {
        return Ok(Loaded::Nothing);
    };
    let address = if by.source { source } else { destination };
    let link = match (by.iif, by.oif) {
        (true, _) => scene.at.iif,
        (_, true) => scene.at.oif,
        (false, false) => None,
    };
    let of = &scene.state.namespace;
    let name = match result {
        FibResult::AddressType => {
            let kind = number(kind(scene, of, address, link)?);
            return Ok(match kind {
                Some(number) => Loaded::Value(number.to_ne_bytes().to_vec()),
                None => Loaded::Unknown(4, "a kind of route that is not modelled"),
            });
        }
        FibResult::Oif | FibResult::OifName => out_link(scene, of, by, link)?,
    };
    if by.present {
        return Ok(Loaded::Value(vec![u8::from(name.is_some())]));
    }
    Ok(match (result, &name) {
        (FibResult::OifName, name) => {
            Loaded::Value(name.as_ref().map_or([0; 16], LinkName::padded).to_vec())
        }
        (_, None) => Loaded::Value(vec![0; 4]),
        (_, Some(name)) => match scene.machine.link(of, name)?.index {
            Some(index) => Loaded::Value(index.to_ne_bytes().to_vec()),
            None => Loaded::Unknown(4, "a link's number, which was not read"),
        },
    })
}

/// The link that the route to an address leaves by; with a link given, only if it is that one.
fn out_link(
    scene: &Scene<'_, '_>,
    of: &NamespaceId,
    by: FibBy,
    only: Option<&LinkName>,
) -> Result<Option<LinkName>, Halt> {
    let Some((source, destination)) = scene.state.packet.addresses() else { return Ok(None) };
    let (to, from) = if by.source { (source, destination) } else { (destination, source) };
    let mark = if by.mark { scene.state.mark } else { 0 };
    let flow = Flow { source: Some(from), mark, ..Flow::any(to) };
    if let Some(iif) = scene.at.iif
        && matches!(scene.machine.link(of, iif)?.kind, LinkKind::Loopback)
    {
        return Ok(Some(iif.clone()));
    }
    let found = lookup(scene.machine, of, &flow)?;
    let found = found.filter(|found| found.kind() == RouteKind::Unicast);
    let Some(found) = found else { return Ok(None) };
    match only {
        // `nft_fib4_eval` looks among all next hops for the link.
        Some(only) if to.is_ipv4() => Ok(found.uses(only).then(|| only.clone())),
        Some(only) => Ok((found.link()? == only).then(|| only.clone())),
        None => found.link().cloned().map(Some),
    }
}

fn kind(
    scene: &Scene<'_, '_>,
    of: &NamespaceId,
    address: IpAddr,
    on: Option<&LinkName>,
) -> Result<RouteKind, Halt> {
    let IpAddr::V6(v6) = address else { return kind4(scene.machine, of, address, on) };
    if v6.is_multicast() {
        return Ok(RouteKind::Multicast);
    }
    let Some(on) = on else {
        let found = lookup(scene.machine, of, &Flow::to(address))?;
        return Ok(found.map_or(RouteKind::Unreachable, |found| found.kind()));
    };
    let mut addresses = scene.machine.addresses(of)?.iter();
    let is_its = addresses.any(|a| a.link == *on && a.prefix.addr() == address);
    Ok(if is_its { RouteKind::Local } else { RouteKind::Unicast })
}

/// `RTN_*`.
fn number(kind: RouteKind) -> Option<u32> {
    match kind {
        RouteKind::Unicast => Some(1),
        RouteKind::Local => Some(2),
        RouteKind::Broadcast => Some(3),
        RouteKind::Anycast => Some(4),
        RouteKind::Multicast => Some(5),
        RouteKind::Blackhole => Some(6),
        RouteKind::Unreachable => Some(7),
        RouteKind::Prohibit => Some(8),
        RouteKind::Throw => Some(9),
        RouteKind::Other(_) => None,
    }
}
