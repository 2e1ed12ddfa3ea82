//! The walk's own little connection table (`nf_conntrack_core.c`, `nf_nat_core.c`): what the hooks
//! decided for this packet earlier on its way, so that later rules see it and the answer finds
//! back. The host's own entries are not in it: the packet opens a new connection.

use super::buffer::{State, Tracking};
use super::{Packet, Translation};
use crate::host::NamespaceId;
use crate::host::nft::{NatKind, ct_status};
use std::net::SocketAddr;

/// One direction of a connection. An echo's identifier stands as both ports; a port 0 is one that
/// the kernel chooses and nobody can tell in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tuple {
    pub(super) protocol: u8,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
}

impl Tuple {
    pub(super) fn of(packet: &Packet) -> Option<Self> {
        let (mut source, mut destination) = packet.endpoints()?;
        let protocol = packet.protocol()?;
        if let Some(identifier) = packet.identifier() {
            source.set_port(identifier);
            destination.set_port(identifier);
        }
        Some(Self { protocol, source, destination })
    }

    pub(super) fn inverted(self) -> Self {
        Self { source: self.destination, destination: self.source, ..self }
    }
}

/// One connection in one namespace.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) namespace: NamespaceId,
    pub(super) original: Tuple,
    pub(super) reply: Tuple,
    /// Whether the NAT chains of a side have had their say.
    pub(super) source_done: bool,
    pub(super) destination_done: bool,
    pub(super) answered: bool,
    pub(super) mark: u32,
}

impl Connection {
    /// What a packet of the direction looks like once it is translated.
    pub(super) fn translated(&self, reply: bool) -> Tuple {
        if reply { self.original.inverted() } else { self.reply.inverted() }
    }

    pub(super) fn done(&mut self, kind: NatKind) -> &mut bool {
        match kind {
            NatKind::Source => &mut self.source_done,
            NatKind::Destination => &mut self.destination_done,
        }
    }

    /// Binds one side (`nf_nat_setup_info`).
    pub(super) fn bind(&mut self, kind: NatKind, to: SocketAddr) {
        let mut new = self.translated(false);
        match kind {
            NatKind::Source => new.source = to,
            NatKind::Destination => new.destination = to,
        }
        if new.protocol == 1 || new.protocol == 58 {
            // An echo has one identifier.
            new.destination.set_port(new.source.port());
        }
        self.reply = new.inverted();
        *self.done(kind) = true;
    }

    /// `IPS_*`.
    pub(super) fn status(&self) -> u32 {
        const SEEN_REPLY: u32 = 1 << 1;
        const SOURCE_DONE: u32 = 1 << 7;
        const DESTINATION_DONE: u32 = 1 << 8;
        let new = self.translated(false);
        let bit = |on: bool, bit| if on { bit } else { 0 };
        bit(self.answered, SEEN_REPLY)
            | bit(new.source != self.original.source, ct_status::SNAT)
            | bit(new.destination != self.original.destination, ct_status::DNAT)
            | bit(self.source_done, SOURCE_DONE)
            | bit(self.destination_done, DESTINATION_DONE)
    }
}

/// Finds the packet's connection, or begins one (`nf_conntrack_in`).
pub(super) fn track(state: &mut State) {
    if state.tracking != Tracking::NotYet {
        return;
    }
    let Some(tuple) = Tuple::of(&state.packet) else { return };
    let here = |c: &Connection| c.namespace == state.namespace;
    let find = |reply: bool| {
        state
            .connections
            .iter()
            .position(|c| here(c) && if reply { c.reply == tuple } else { c.original == tuple })
    };
    state.tracking = if let Some(index) = find(false) {
        Tracking::Connection { index, reply: false }
    } else if let Some(index) = find(true) {
        state.connections[index].answered = true;
        Tracking::Connection { index, reply: true }
    } else {
        state.connections.push(Connection {
            namespace: state.namespace.clone(),
            original: tuple,
            reply: tuple.inverted(),
            source_done: false,
            destination_done: false,
            answered: false,
            mark: 0,
        });
        Tracking::Connection { index: state.connections.len() - 1, reply: false }
    };
}

/// Writes what was bound into the packet (`nf_nat_packet`).
pub(super) fn translate(state: &mut State, kind: NatKind) -> Option<Translation> {
    let Tracking::Connection { index, reply } = state.tracking else { return None };
    let to = state.connections[index].translated(reply);
    let is = Tuple::of(&state.packet)?;
    match kind {
        NatKind::Source if is.source != to.source => {
            state.packet.set_source(to.source);
            Some(Translation::Source { from: is.source, to: to.source })
        }
        NatKind::Destination if is.destination != to.destination => {
            state.packet.set_destination(to.destination);
            Some(Translation::Destination { from: is.destination, to: to.destination })
        }
        NatKind::Source | NatKind::Destination => None,
    }
}
