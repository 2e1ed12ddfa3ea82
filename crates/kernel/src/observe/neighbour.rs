//! Neighbours and forwarding databases (`neigh_fill_info`, `br_fdb.c`, `vxlan_fdb_info`).

use super::Names;
use crate::Result;
use crate::netlink::{Message, Socket, rtm};
use model::host::link::{Link, LinkKind};
use model::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use model::host::{Table, Unknown};
use model::net::Mac;
use netlink_packet_core::Parseable;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState as Nud,
};
use std::net::IpAddr;

/// `struct ndmsg`, and in it `AF_BRIDGE`.
const HEADER: usize = 12;
const BRIDGE: u8 = 7;

/// The neighbour caches of both families.
pub fn neighbours(socket: &mut Socket, names: &Names) -> Result<Table<Neighbour>> {
    let request = Message::new(rtm::GET_NEIGHBOUR, 0, vec![0; HEADER], "neighbours");
    let bodies = socket.dump(&request)?;
    Ok(bodies.iter().filter_map(|body| neighbour(socket, names, body)).collect())
}

fn neighbour(socket: &Socket, names: &Names, body: &[u8]) -> Option<Neighbour> {
    let message = NeighbourMessage::parse(body).ok()?;
    let seen = Seen::of(&message);
    Some(Neighbour {
        link: names.get(socket, message.header.ifindex)?,
        address: seen.address?,
        mac: seen.mac,
        state: state(message.header.state),
    })
}

/// The entries of bridges and VXLAN links. What other links show, the addresses that their cards
/// listen to, is no forwarding and is left out.
pub fn fdb(socket: &mut Socket, links: &Table<Link<Unknown>>) -> Result<Table<FdbEntry>> {
    let mut body = vec![0; HEADER];
    body[0] = BRIDGE;
    let bodies = socket.dump(&Message::new(rtm::GET_NEIGHBOUR, 0, body, "fdb entries"))?;
    let names = Names::of(links);
    Ok(bodies.iter().filter_map(|body| fdb_entry(socket, &names, links, body)).collect())
}

fn fdb_entry(
    socket: &Socket,
    names: &Names,
    links: &Table<Link<Unknown>>,
    body: &[u8],
) -> Option<FdbEntry> {
    let message = NeighbourMessage::parse(body).ok()?;
    let seen = Seen::of(&message);
    let link = names.get(socket, message.header.ifindex)?;
    let tunnel = matches!(links.get(&link).map(|link| &link.kind), Some(LinkKind::Vxlan(_)));
    if seen.master.is_none() && !tunnel {
        return None;
    }
    let state = message.header.state;
    Some(FdbEntry {
        link,
        mac: seen.mac?,
        bridge: seen.master.and_then(|index| names.get(socket, index)),
        remote: seen.address,
        local: seen.master.is_some() && state == Nud::Permanent,
        permanent: matches!(state, Nud::Permanent | Nud::Noarp),
    })
}

/// What the attributes of a neighbour message say.
#[derive(Default)]
struct Seen {
    address: Option<IpAddr>,
    mac: Option<Mac>,
    master: Option<u32>,
}

impl Seen {
    fn of(message: &NeighbourMessage) -> Self {
        let mut seen = Self::default();
        for attribute in &message.attributes {
            match attribute {
                NeighbourAttribute::Destination(address) => seen.address = ip(address),
                NeighbourAttribute::LinkLayerAddress(mac) => {
                    seen.mac = mac.as_slice().try_into().ok().map(Mac);
                }
                NeighbourAttribute::Controller(index) => seen.master = Some(*index),
                _ => {}
            }
        }
        seen
    }
}

/// A forwarding entry's address comes without a family: its length tells.
fn ip(address: &NeighbourAddress) -> Option<IpAddr> {
    match address {
        NeighbourAddress::Inet(address) => Some((*address).into()),
        NeighbourAddress::Inet6(address) => Some((*address).into()),
        NeighbourAddress::Other(bytes) => {
            let v4 = <[u8; 4]>::try_from(&bytes[..]).ok().map(IpAddr::from);
            v4.or_else(|| <[u8; 16]>::try_from(&bytes[..]).ok().map(IpAddr::from))
        }
        _ => None,
    }
}

fn state(state: Nud) -> NeighbourState {
    match state {
        Nud::Incomplete => NeighbourState::Incomplete,
        Nud::Reachable => NeighbourState::Reachable,
        Nud::Stale => NeighbourState::Stale,
        Nud::Delay => NeighbourState::Delay,
        Nud::Probe => NeighbourState::Probe,
        Nud::Failed => NeighbourState::Failed,
        Nud::Noarp => NeighbourState::NoArp,
        Nud::Permanent => NeighbourState::Permanent,
        _ => NeighbourState::None,
    }
}
