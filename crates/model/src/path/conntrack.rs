//! The walk's own little connection table (`nf_conntrack_core.c`, `nf_nat_core.c`): what the hooks
//! decided for this packet earlier on its way, so that later rules see it and the answer finds
//! back; and of the host's own entries, that which the packet belongs to.

use super::buffer::{State, Tracking};
use super::machine::{Halt, Machine};
use super::{Evidence, Layer, Packet, Translation};
use crate::host::nft::{NatKind, ct_status};
use crate::host::{self, NamespaceId, Tuple};
use std::net::SocketAddr;

impl Tuple {
    /// The packet's own. A port 0 is one that the kernel chooses and nobody can tell in advance.
    pub(super) fn of(packet: &Packet) -> Option<Self> {
        let (mut source, mut destination) = packet.endpoints()?;
        let protocol = packet.protocol()?;
        if let Some(identifier) = packet.identifier() {
            source.set_port(identifier);
            destination.set_port(identifier);
        }
        Some(Self { protocol, source, destination })
    }

    /// Whether all of it is known, so that the kernel can be asked for it.
    fn is_whole(&self) -> bool {
        self.source.port() != 0 && self.destination.port() != 0
    }
}

/// `IPS_*`.
const EXPECTED: u32 = 1;
const SEEN_REPLY: u32 = 1 << 1;
const ASSURED: u32 = 1 << 2;
const CONFIRMED: u32 = 1 << 3;

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
    /// Its first packet has left the host's hooks, or is for the host (`nf_conntrack_confirm`).
    pub(super) confirmed: bool,
    /// Of [`Self::status`], what only time and helpers set.
    older: u32,
    pub(super) mark: u32,
}

impl Connection {
    /// One that begins.
    pub(super) fn new(namespace: NamespaceId, original: Tuple) -> Self {
        Self {
            namespace,
            original,
            reply: original.inverted(),
            source_done: false,
            destination_done: false,
            answered: false,
            confirmed: false,
            older: 0,
            mark: 0,
        }
    }

    /// One that the kernel has, and a packet of it comes.
    fn known(namespace: NamespaceId, known: &host::Connection, reply: bool) -> Self {
        Self {
            namespace,
            original: known.original,
            reply: known.reply,
            source_done: true,
            destination_done: true,
            answered: reply || known.status & SEEN_REPLY != 0,
            confirmed: true,
            older: known.status & (EXPECTED | ASSURED),
            mark: known.mark,
        }
    }

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
        const SOURCE_DONE: u32 = 1 << 7;
        const DESTINATION_DONE: u32 = 1 << 8;
        let new = self.translated(false);
        let bit = |on: bool, bit| if on { bit } else { 0 };
        bit(self.answered, SEEN_REPLY)
            | bit(self.confirmed, CONFIRMED)
            | self.older
            | bit(new.source != self.original.source, ct_status::SNAT)
            | bit(new.destination != self.original.destination, ct_status::DNAT)
            | bit(self.source_done, SOURCE_DONE)
            | bit(self.destination_done, DESTINATION_DONE)
    }
}

/// Finds the packet's connection, or begins one (`nf_conntrack_in`): among those of this walk, then
/// among those that the kernel has.
pub(super) fn track(machine: &Machine<'_>, state: &mut State) -> Result<Option<Evidence>, Halt> {
    if state.tracking != Tracking::NotYet {
        return Ok(None);
    }
    let Some(tuple) = Tuple::of(&state.packet) else { return Ok(None) };
    let here = |c: &Connection| c.namespace == state.namespace;
    // The kernel's tuple of an echo holds whether it is a request (`icmp_pkt_to_tuple`).
    let answers = match state.packet.transport() {
        Some(Layer::Echo { request, .. }) => Some(!request),
        _ => None,
    };
    let find = |reply: bool| {
        let fits = |c: &Connection| if reply { c.reply == tuple } else { c.original == tuple };
        let its_way = answers.is_none_or(|answers| answers == reply);
        state.connections.iter().position(|c| its_way && here(c) && fits(c))
    };
    let mut evidence = None;
    state.tracking = if let Some(index) = find(false) {
        Tracking::Connection { index, reply: false }
    } else if let Some(index) = find(true) {
        state.connections[index].answered = true;
        Tracking::Connection { index, reply: true }
    } else if tuple.is_whole()
        && let Some((known, reply)) = machine.connection(&state.namespace, tuple)?
    {
        let reply = answers.unwrap_or(reply);
        evidence = Some(Evidence::Connection { original: known.original, reply: known.reply });
        state.connections.push(Connection::known(state.namespace.clone(), known, reply));
        Tracking::Connection { index: state.connections.len() - 1, reply }
    } else if !begins(&state.packet) {
        // It is left without one, which rules see as invalid.
        return Ok(None);
    } else {
        state.connections.push(Connection::new(state.namespace.clone(), tuple));
        Tracking::Connection { index: state.connections.len() - 1, reply: false }
    };
    Ok(evidence)
}

/// Whether a connection can begin with the packet: an answer cannot (`tcp_new`, `icmp_new`).
fn begins(packet: &Packet) -> bool {
    match packet.transport() {
        Some(Layer::Tcp { syn: opens, .. } | Layer::Echo { request: opens, .. }) => *opens,
        _ => true,
    }
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
