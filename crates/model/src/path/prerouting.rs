//! A packet that came in, before its route is looked up (`ip_rcv`, `ipv6_rcv`).

use super::buffer::State;
use super::hooks::{self, At, Stack};
use super::machine::{Halt, Machine};
use super::walk::{Done, Next};
use super::{Reason, Stage};
use crate::host::LinkKind;
use crate::host::nft::Hook;
use crate::net::LinkName;

/// The step.
pub(super) fn prerouting(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
) -> Result<Done, Halt> {
    let by_loopback = matches!(machine.link(&state.namespace, name)?.kind, LinkKind::Loopback);
    if let Some((from, to)) = state.packet.addresses() {
        // RFC 4291 §2.5.3: ::1 is on no wire.
        let loopback = [from, to].into_iter().find(|a| a.is_ipv6() && a.is_loopback());
        if let Some(address) = loopback.filter(|_| !by_loopback) {
            return Err(Halt::Drop(Reason::Martian { address }));
        }
        if from.is_ipv6() && from.is_multicast() {
            return Err(Halt::Drop(Reason::Martian { address: from }));
        }
    }
    let stack = Stack::Ip { nexthop: None };
    let at = At { hook: Hook::Prerouting, stack, iif: Some(name), oif: None };
    let passed = hooks::run(machine, state, &at)?;
    let hops = passed.into_hop(machine, state, Stage::Prerouting, Some(name));
    Ok(Done { hops, next: Next::Route(name.clone()) })
}
