//! Up to a socket (`ip_local_deliver`, `tcp_v4_rcv`, `udp_rcv`), or to the kernel itself.

use super::buffer::State;
use super::decap::is_tunnelled;
use super::fib::{Flow, lookup};
use super::hooks::{self, At, Stack};
use super::machine::{Halt, Machine, unknown};
use super::walk::{Done, Next, hop};
use super::{Decision, End, Evidence, Reason, Stage};
use crate::host::Socket;
use crate::host::nft::Hook;
use crate::host::route::RouteKind;
use crate::net::{LinkName, Transport};
use std::net::{IpAddr, SocketAddr};

/// The input hooks.
pub(super) fn input(
    machine: &Machine<'_>,
    state: &mut State,
    iif: &LinkName,
) -> Result<Done, Halt> {
    let stack = Stack::Ip { nexthop: None };
    let at = At { hook: Hook::Input, stack, iif: Some(iif), oif: None };
    let passed = hooks::run(machine, state, &at)?;
    let hops = passed.into_hop(machine, state, Stage::Input, Some(iif));
    Ok(Done { hops, next: Next::Deliver(iif.clone()) })
}

/// The step.
pub(super) fn deliver(
    machine: &Machine<'_>,
    state: &mut State,
    iif: &LinkName,
    asker: Option<Asker>,
) -> Result<Done, Halt> {
    let Some((from, to)) = state.packet.endpoints() else {
        return unknown("a packet without addresses");
    };
    if is_tunnelled(machine, state)? {
        return Ok(Done { hops: Vec::new(), next: Next::Decapsulate(iif.clone()) });
    }
    let mut evidence = Vec::new();
    let mut process = None;
    let is_echo = state.packet.identifier().is_some();
    match state.packet.ports() {
        // The socket that asked waits for its answer.
        ports if asker.is_some_and(|asker| asker.takes(ports, from, to)) => {}
        _ if is_echo => {}
        None => return unknown("the upper protocol is not modelled"),
        // TCP begins no connection with an address that several may have (`tcp_v6_conn_request`).
        Some((transport @ Transport::Tcp, _, port)) if is_anycast(machine, state, to.ip())? => {
            return Err(Halt::Drop(Reason::NoSocket { transport, port }));
        }
        Some((transport, _, port)) => {
            let sockets = machine.sockets(&state.namespace)?;
            let mut fitting = sockets.iter().filter(|socket| takes(socket, transport, to));
            let Some(socket) =
                fitting.clone().find(|s| !s.local.ip().is_unspecified()).or_else(|| fitting.next())
            else {
                return Err(Halt::Drop(Reason::NoSocket { transport, port }));
            };
            process = socket.process.as_ref().map(|process| process.name.clone());
            let (local, process) = (socket.local, process.clone());
            evidence.push(Evidence::Socket { transport, local, process });
        }
    }
    let at = machine.place(&state.namespace, Some(iif));
    let packet = state.packet.clone();
    let hop = hop(at.clone(), Stage::Deliver, packet, Decision::Delivered, evidence);
    Ok(Done { hops: vec![hop], next: Next::End(End::Delivered { at, process }) })
}

/// The socket that sent the first packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) own: SocketAddr,
    pub(super) asked: SocketAddr,
}

impl Asker {
    /// A connection is with one other end (`__inet_lookup_established`); the socket of a datagram takes
    /// any.
    fn takes(
        &self,
        ports: Option<(Transport, u16, u16)>,
        from: SocketAddr,
        to: SocketAddr,
    ) -> bool {
        let is_connected = matches!(ports, Some((Transport::Tcp, ..)));
        self.own == to && (self.asked == from || !is_connected)
    }
}

fn is_anycast(machine: &Machine<'_>, state: &State, to: IpAddr) -> Result<bool, Halt> {
    if to.is_ipv4() {
        return Ok(false);
    }
    let found = lookup(machine, &state.namespace, &Flow::to(to))?;
    Ok(found.is_some_and(|found| found.kind() == RouteKind::Anycast))
}

/// Whether a socket takes packets for this address and port.
fn takes(socket: &Socket, transport: Transport, to: SocketAddr) -> bool {
    let any = match (socket.local.ip(), to.ip()) {
        (IpAddr::V4(local), IpAddr::V4(_)) => local.is_unspecified(),
        (IpAddr::V6(local), IpAddr::V6(_)) => local.is_unspecified(),
        (IpAddr::V6(local), IpAddr::V4(_)) => local.is_unspecified() && !socket.v6_only,
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    };
    let mapped = matches!((socket.local.ip(), to.ip()), (IpAddr::V6(local), IpAddr::V4(to))
        if local.to_ipv4_mapped() == Some(to));
    socket.transport == transport
        && socket.local.port() == to.port()
        && (any || mapped || socket.local.ip() == to.ip())
}
