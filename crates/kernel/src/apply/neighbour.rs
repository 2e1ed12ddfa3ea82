//! Neighbours (`net/core/neighbour.c`) and entries of forwarding databases
//! (`net/bridge/br_fdb.c`, `drivers/net/vxlan/vxlan_core.c`), which share a message.
//!
//! Adding takes the place of what was learned for the same key, so it is never "already there".

use super::address::family;
use super::{index, subject};
use crate::Result;
use crate::netlink::{APPEND, CREATE, Message, REPLACE, Socket, rtm};
use model::host::NamespaceId;
use model::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use model::net::Family;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::neighbour::{
    NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState as Nud,
};

pub(super) fn add(socket: &Socket, home: &NamespaceId, neighbour: &Neighbour) -> Result<Message> {
    message(socket, home, neighbour, rtm::NEW_NEIGHBOUR, CREATE | REPLACE)
}

pub(super) fn remove(
    socket: &Socket,
    home: &NamespaceId,
    neighbour: &Neighbour,
) -> Result<Message> {
    message(socket, home, neighbour, rtm::DELETE_NEIGHBOUR, 0)
}

fn message(
    socket: &Socket,
    home: &NamespaceId,
    neighbour: &Neighbour,
    kind: u16,
    flags: u16,
) -> Result<Message> {
    let mut message = NeighbourMessage::default();
    message.header.family = family(Family::of(neighbour.address));
    message.header.ifindex = index(socket, home, &neighbour.link)?;
    message.header.state = nud(neighbour.state);
    message.attributes.push(NeighbourAttribute::Destination(neighbour.address.into()));
    let mac = neighbour.mac.map(|mac| NeighbourAttribute::LinkLayerAddress(mac.0.to_vec()));
    message.attributes.extend(mac);
    let what = format_args!("neighbour {} on {}", neighbour.address, neighbour.link);
    Ok(Message::new(kind, flags, rtm::bytes(&message), subject(what, home)))
}

pub(super) fn add_fdb(socket: &Socket, home: &NamespaceId, entry: &FdbEntry) -> Result<Message> {
    // The all-zero MAC stands for "all others" and may have many remotes.
    let flags = if entry.mac.is_zero() { CREATE | APPEND } else { CREATE | REPLACE };
    fdb_message(socket, home, entry, rtm::NEW_NEIGHBOUR, flags)
}

pub(super) fn remove_fdb(socket: &Socket, home: &NamespaceId, entry: &FdbEntry) -> Result<Message> {
    fdb_message(socket, home, entry, rtm::DELETE_NEIGHBOUR, 0)
}

fn fdb_message(
    socket: &Socket,
    home: &NamespaceId,
    entry: &FdbEntry,
    kind: u16,
    flags: u16,
) -> Result<Message> {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = index(socket, home, &entry.link)?;
    // A port's entry lies with its bridge, a tunnel's with itself.
    let (owner, state) = match (&entry.bridge, entry.permanent, entry.local) {
        (Some(_), _, true) => (NeighbourFlags::Controller, Nud::Permanent),
        (Some(_), true, false) => (NeighbourFlags::Controller, Nud::Noarp),
        (Some(_), false, false) => (NeighbourFlags::Controller, Nud::Reachable),
        (None, true, _) => (NeighbourFlags::Own, Nud::Permanent),
        (None, false, _) => (NeighbourFlags::Own, Nud::Reachable),
    };
    message.header.flags = owner;
    message.header.state = state;
    message.attributes.push(NeighbourAttribute::LinkLayerAddress(entry.mac.0.to_vec()));
    // Without an address an entry goes with all that it holds.
    let whole = kind == rtm::DELETE_NEIGHBOUR && entry.mac.is_unicast() && !entry.mac.is_zero();
    if let Some(remote) = entry.remote.filter(|_| !whole) {
        message.attributes.push(NeighbourAttribute::Destination(remote.into()));
        message.attributes.extend(entry.port.map(NeighbourAttribute::Port));
        message.attributes.extend(entry.vni.map(NeighbourAttribute::Vni));
    }
    let what = format_args!("fdb entry {} on {}", entry.mac, entry.link);
    Ok(Message::new(kind, flags, rtm::bytes(&message), subject(what, home)))
}

fn nud(state: NeighbourState) -> Nud {
    match state {
        NeighbourState::Incomplete => Nud::Incomplete,
        NeighbourState::Reachable => Nud::Reachable,
        NeighbourState::Stale => Nud::Stale,
        NeighbourState::Delay => Nud::Delay,
        NeighbourState::Probe => Nud::Probe,
        NeighbourState::Failed => Nud::Failed,
        NeighbourState::NoArp => Nud::Noarp,
        NeighbourState::Permanent => Nud::Permanent,
        NeighbourState::None => Nud::None,
    }
}
