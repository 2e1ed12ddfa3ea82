//! `xt_addrtype`: the kind of an address (`inet_dev_addr_type`, `match_type6`).

use super::Scene;
use crate::host::route::RouteKind;
use crate::net::LinkName;
use crate::path::fib::{Flow, is_local, kind4, lookup};
use crate::path::machine::Halt;
use std::net::IpAddr;

/// `XT_ADDRTYPE_*`.
const UNSPEC: u16 = 1 << 0;
const UNICAST: u16 = 1 << 1;
const LOCAL: u16 = 1 << 2;
const ANYCAST: u16 = 1 << 4;
const MULTICAST: u16 = 1 << 5;
const UNREACHABLE: u16 = 1 << 7;

/// Whether the address is of one of the kinds.
pub(super) fn is(
    scene: &Scene<'_, '_>,
    link: Option<&LinkName>,
    address: IpAddr,
    kinds: u16,
) -> Result<bool, Halt> {
    let IpAddr::V6(v6) = address else {
        let kind = kind4(scene.machine, &scene.state.namespace, address, link)?;
        return Ok(bit(kind) & kinds != 0);
    };
    let fits = |kind: u16, is: bool| kinds & kind == 0 || is;
    if !fits(MULTICAST, v6.is_multicast())
        || !fits(UNICAST, !v6.is_multicast() && !v6.is_unspecified())
        || !fits(UNSPEC, v6.is_unspecified())
    {
        return Ok(false);
    }
    if kinds & (ANYCAST | LOCAL | UNREACHABLE) == 0 {
        return Ok(true);
    }
    let (machine, of) = (scene.machine, &scene.state.namespace);
    let mut is = 0;
    if kinds & LOCAL != 0 {
        let mut addresses = machine.addresses(of)?.iter();
        let on_link = |on: &LinkName| link.is_none_or(|link| link == on);
        if addresses.any(|a| a.prefix.addr() == address && on_link(&a.link) && !a.tentative) {
            is |= LOCAL;
        }
    }
    match lookup(machine, of, &Flow { oif: link, ..Flow::to(address) })? {
        None => is = UNREACHABLE,
        Some(found) => match found.kind() {
            RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Blackhole => {
                is |= UNREACHABLE;
            }
            RouteKind::Local if link.is_none() && is_local(machine, of, address)? => is |= LOCAL,
            RouteKind::Anycast => is |= ANYCAST,
            _ => {}
        },
    }
    Ok(is & kinds != 0)
}

/// The bit of a kind of route.
fn bit(kind: RouteKind) -> u16 {
    match kind {
        RouteKind::Unicast => UNICAST,
        RouteKind::Local => LOCAL,
        RouteKind::Broadcast => 1 << 3,
        RouteKind::Anycast => ANYCAST,
        RouteKind::Multicast => MULTICAST,
        RouteKind::Blackhole => 1 << 6,
        RouteKind::Unreachable => UNREACHABLE,
        RouteKind::Prohibit => 1 << 8,
        RouteKind::Throw => 1 << 9,
        RouteKind::Other(_) => 0,
    }
}
