//! The last hooks before a packet leaves by a link (`ip_output`, `ip6_output`).

use super::Stage;
use super::buffer::State;
use super::hooks::{self, At, Stack};
use super::leave::fits_route;
use super::machine::{Halt, Machine, unknown};
use super::walk::{Done, Next};
use crate::host::nft::Hook;
use crate::net::LinkName;
use std::net::IpAddr;

/// The step.
pub(super) fn postrouting(
    machine: &Machine<'_>,
    state: &mut State,
    iif: Option<&LinkName>,
    oif: &LinkName,
    gateway: Option<IpAddr>,
    mtu: Option<u32>,
) -> Result<Done, Halt> {
    let Some((_, to)) = state.packet.addresses() else {
        return unknown("a packet without addresses");
    };
    let nexthop = gateway.unwrap_or(to);
    let stack = Stack::Ip { nexthop: Some(nexthop) };
    let at = At { hook: Hook::Postrouting, stack, iif, oif: Some(oif) };
    let passed = hooks::run(machine, state, &at)?;
    // `ip_finish_output`; what a socket sends or another host sent was measured before.
    fits_route(machine, state, mtu, oif)?;
    let hops = passed.into_hop(machine, state, Stage::Postrouting, Some(oif));
    Ok(Done { hops, next: Next::Neighbour { link: oif.clone(), nexthop } })
}
