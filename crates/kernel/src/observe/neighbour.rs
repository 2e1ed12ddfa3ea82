//! Neighbours and forwarding databases (`neigh_fill_info`, `br_fdb.c`, `vxlan_fdb_info`).
//!
//! Read without a step between: a node has an entry of each for every peer, and they are read at every
//! look.

use super::Names;
use crate::Result;
use crate::netlink::{Attributes, Message, Socket, rtm};
use model::host::link::{Link, LinkKind};
use model::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use model::host::{Table, Unknown};
use model::net::Mac;
use std::net::IpAddr;

/// `struct ndmsg`, and in it `AF_BRIDGE`.
const HEADER: usize = 12;
const BRIDGE: u8 = 7;
/// `NDA_DST`, `NDA_LLADDR`, `NDA_PORT`, `NDA_VNI`, `NDA_MASTER`.
const DESTINATION: u16 = 1;
const MAC: u16 = 2;
const PORT: u16 = 6;
const VNI: u16 = 7;
const MASTER: u16 = 9;
/// `NUD_PERMANENT`, `NUD_NOARP`.
const PERMANENT: u16 = 0x80;
const NO_ARP: u16 = 0x40;

/// The neighbour caches of both families.
pub fn neighbours(socket: &mut Socket, names: &Names) -> Result<Table<Neighbour>> {
    let request = Message::new(rtm::GET_NEIGHBOUR, 0, vec![0; HEADER], "neighbours");
    let bodies = socket.dump(&request)?;
    Ok(bodies.iter().filter_map(|body| neighbour(socket, names, body)).collect())
}

fn neighbour(socket: &Socket, names: &Names, body: &[u8]) -> Option<Neighbour> {
    let seen = Seen::of(body)?;
    Some(Neighbour {
        link: names.get(socket, seen.link)?,
        address: seen.address?,
        mac: seen.mac,
        state: state(seen.state),
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
    let seen = Seen::of(body)?;
    let link = names.get(socket, seen.link)?;
    let tunnel = matches!(links.get(&link).map(|link| &link.kind), Some(LinkKind::Vxlan(_)));
    if seen.master.is_none() && !tunnel {
        return None;
    }
    Some(FdbEntry {
        link,
        mac: seen.mac?,
        bridge: seen.master.and_then(|index| names.get(socket, index)),
        remote: seen.address,
        local: seen.master.is_some() && seen.state == PERMANENT,
        permanent: matches!(seen.state, PERMANENT | NO_ARP),
        port: seen.port,
        vni: seen.vni,
    })
}

/// What a neighbour message says.
#[derive(Default)]
struct Seen {
    link: u32,
    state: u16,
    address: Option<IpAddr>,
    mac: Option<Mac>,
    master: Option<u32>,
    port: Option<u16>,
    vni: Option<u32>,
}

impl Seen {
    fn of(body: &[u8]) -> Option<Self> {
        let link = body.get(4..)?.first_chunk().copied().map(u32::from_ne_bytes)?;
        let state = body.get(8..)?.first_chunk().copied().map(u16::from_ne_bytes)?;
        let mut seen = Self { link, state, ..Self::default() };
        for attribute in Attributes::after(body, HEADER) {
            match attribute.kind {
                // A forwarding entry's address comes without a family: its length tells.
                DESTINATION => seen.address = attribute.address(),
                MAC => seen.mac = attribute.value.try_into().ok().map(Mac),
                PORT => seen.port = attribute.be16(),
                VNI => seen.vni = attribute.u32(),
                MASTER => seen.master = attribute.u32(),
                _ => {}
            }
        }
        Some(seen)
    }
}

/// `NUD_*`.
fn state(state: u16) -> NeighbourState {
    match state {
        0x01 => NeighbourState::Incomplete,
        0x02 => NeighbourState::Reachable,
        0x04 => NeighbourState::Stale,
        0x08 => NeighbourState::Delay,
        0x10 => NeighbourState::Probe,
        0x20 => NeighbourState::Failed,
        NO_ARP => NeighbourState::NoArp,
        PERMANENT => NeighbourState::Permanent,
        _ => NeighbourState::None,
    }
}
