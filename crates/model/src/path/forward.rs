//! On to another link (`ip_forward`, `ip6_forward`): TTL, size, and the forward hooks.

use super::buffer::State;
use super::hooks::{self, At, Stack};
use super::leave::fits_route;
use super::machine::{Halt, Machine, unknown};
use super::walk::{Done, Next};
use super::{Reason, Stage};
use crate::host::nft::Hook;
use crate::net::LinkName;
use std::net::IpAddr;

/// The step; `route_mtu` is the size that the route itself says, in bytes.
pub(super) fn forward(
    machine: &Machine<'_>,
    state: &mut State,
    iif: &LinkName,
    oif: &LinkName,
    gateway: Option<IpAddr>,
    route_mtu: Option<u32>,
) -> Result<Done, Halt> {
    let Some((source, to)) = state.packet.addresses() else {
        return unknown("a packet without addresses");
    };
    if matches!(source, IpAddr::V6(from) if from.is_unicast_link_local() || from.is_unspecified()) {
        return Err(Halt::Drop(Reason::Martian { address: source }));
    }
    let hops = state.packet.hops().unwrap_or(0);
    if hops <= 1 {
        return Err(Halt::Drop(Reason::TtlExpired));
    }
    fits_route(machine, state, route_mtu, oif)?;
    state.packet.set_hops(hops - 1);
    let stack = Stack::Ip { nexthop: gateway.or(Some(to)) };
    let at = At { hook: Hook::Forward, stack, iif: Some(iif), oif: Some(oif) };
    let passed = hooks::run(machine, state, &at)?;
    let hops = passed.into_hop(machine, state, Stage::Forward, Some(iif));
    let next =
        Next::Postrouting { iif: Some(iif.clone()), oif: oif.clone(), gateway, mtu: route_mtu };
    Ok(Done { hops, next })
}
