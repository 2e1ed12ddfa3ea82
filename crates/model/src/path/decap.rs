//! A frame out of a VXLAN tunnel (`vxlan_rcv`): whose number the packet bears.
//!
//! All tunnel ends of one port and family share a socket that is bound to no address, so the packet
//! may be for any address of the host; `local` says what is sent from, not what is listened at.

use super::buffer::{State, Tracking};
use super::machine::{Halt, Machine, unknown};
use super::walk::{Done, Next, hop};
use super::{Decision, Layer, Reason, Stage};
use crate::host::link::Vxlan;
use crate::host::{Link, LinkKind, NamespaceId, Unknown};
use crate::net::Family;

/// Whether the packet, which is for this host, is a tunnel's.
pub(super) fn is_tunnelled(machine: &Machine<'_>, state: &State) -> Result<bool, Halt> {
    let Some(Layer::Udp { destination, .. }) = state.packet.transport() else { return Ok(false) };
    let port = *destination;
    Ok(ends(machine, state, port)?.next().is_some())
}

/// The tunnel ends that a packet for this port may be for. One that is down has no socket.
fn ends<'m>(
    machine: &'m Machine<'_>,
    state: &State,
    port: u16,
) -> Result<impl Iterator<Item = (&'m Link<Unknown>, &'m Vxlan)>, Halt> {
    let family = state.packet.addresses().map(|(_, to)| Family::of(to));
    let mut ends = Vec::new();
    for link in machine.links(&state.namespace)?.iter().filter(|link| link.up) {
        if let LinkKind::Vxlan(tunnel) = &link.kind
            && tunnel.port == port
            && Some(self::family(machine, &state.namespace, link, tunnel)?) == family
        {
            ends.push((link, tunnel));
        }
    }
    Ok(ends.into_iter())
}

/// The family of a tunnel is that of its addresses, IPv4 if it has none.
fn family(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &Link<Unknown>,
    tunnel: &Vxlan,
) -> Result<Family, Halt> {
    if let Some(local) = tunnel.local {
        return Ok(Family::of(local));
    }
    let mut default = machine.fdb(of)?.iter().filter(|e| e.link == link.name && e.mac.is_zero());
    Ok(default.find_map(|entry| entry.remote).map_or(Family::V4, Family::of))
}

/// The step.
pub(super) fn decapsulate(machine: &Machine<'_>, state: &mut State) -> Result<Done, Halt> {
    let Some(Layer::Udp { destination, .. }) = state.packet.transport() else {
        return unknown("a packet without a UDP header");
    };
    let port = *destination;
    let (Some(vni), Some(frame)) = (state.packet.vni(), state.packet.inner()) else {
        return unknown(format!("what is in a packet for the tunnels at UDP port {port}"));
    };
    let end = ends(machine, state, port)?.find(|(_, tunnel)| tunnel.vni == vni);
    let Some(link) = end.map(|(link, _)| link) else {
        return Err(Halt::Drop(Reason::NoTunnelEnd { vni, port }));
    };
    let name = link.name.clone();
    state.packet = frame;
    let sender = state.frame().map(|(from, _)| from);
    if let Some(mac) = sender.filter(|mac| link.mac == Some(*mac)) {
        return Err(Halt::Drop(Reason::CameBack { mac, link: name }));
    }
    state.tracking = Tracking::NotYet;
    let at = machine.place(&state.namespace, Some(&name));
    let hop = hop(at, Stage::Decapsulate, state.packet.clone(), Decision::Unwrap, Vec::new());
    Ok(Done { hops: vec![hop], next: Next::Receive(name) })
}
