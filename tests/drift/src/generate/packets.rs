//! Which packets are sent: most to somebody who is there, some to nobody.

use super::draft::{Draft, Station};
use super::not_yet::{Kind as Not, allowed};
use super::topology::PORTS;
use crate::case::{Kind, Packet};
use model::net::Family;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The first source port; each packet has its own, so that none is another's answer.
const FIRST_PORT: u16 = 20000;
/// A port that nobody listens at.
const NOBODY: u16 = 4321;

pub(super) fn choose(draft: &mut Draft) {
    let packets = draft.random.between(10, 14);
    let spaces: Vec<String> = draft
        .case
        .spaces
        .iter()
        .filter(|space| !space.sockets.is_empty())
        .map(|space| space.name.clone())
        .collect();
    // A host remembers for ten minutes that the way to an address is narrow.
    let mut narrow = BTreeSet::new();
    for number in 0..packets as u16 {
        if let Some(again) = again(draft, number) {
            draft.case.packets.push(again);
            continue;
        }
        let (space, to) = match &draft.focus {
            Some((space, to)) if number < 3 => (space.clone(), *to),
            _ => {
                let space = draft.random.pick(&spaces).clone();
                let to = destination(draft, &space);
                (space, to)
            }
        };
        let port = if draft.random.percent(85) { *draft.random.pick(&PORTS) } else { NOBODY };
        let kind = match draft.random.below(3) {
            0 => Kind::Tcp(port),
            1 => Kind::Udp(port),
            _ => Kind::Echo,
        };
        let mut payload = match kind {
            Kind::Tcp(_) => 0,
            Kind::Udp(_) | Kind::Echo => draft.random.between(9, 64) as u32,
        };
        if matches!(kind, Kind::Udp(_))
            && draft.random.percent(25)
            && narrow.insert((space.clone(), to))
        {
            payload = draft.random.between(1200, 1480) as u32;
        }
        let hops = if draft.random.percent(8) { draft.random.between(1, 3) as u8 } else { 64 };
        let from = draft.random.percent(20).then(|| source(draft, &space, to)).flatten();
        let from_port = FIRST_PORT + number;
        draft.case.packets.push(Packet { space, to, kind, from, from_port, payload, hops });
    }
}

/// Now and then a packet is one more of a connection that there was.
fn again(draft: &mut Draft, number: u16) -> Option<Packet> {
    if number < 4 || !draft.random.percent(15) {
        return None;
    }
    let packet = draft.random.pick(&draft.case.packets).clone();
    let small = packet.payload < 100;
    (small && !matches!(packet.kind, Kind::Tcp(_))).then_some(packet)
}

fn destination(draft: &mut Draft, space: &str) -> IpAddr {
    let station = draft.random.pick(&draft.stations).clone();
    if allowed(Not::ToMany) && draft.random.percent(3) {
        let many = draft.random.word(&["255.255.255.255", "224.0.0.1", "ff02::1"]).parse();
        return many.unwrap_or(station.address);
    }
    match draft.random.below(20) {
        // Beside it, where mostly nobody is.
        0 => beside(station.address),
        // Out of all that is known.
        1 => "203.0.113.9".parse().unwrap_or(station.address),
        2 => "2001:db8:9::9".parse().unwrap_or(station.address),
        // Oneself.
        3 => own(draft, space).map_or(station.address, |own| own.address),
        _ => station.address,
    }
}

fn beside(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => (u32::from(v4) ^ 0x20).to_be_bytes().into(),
        IpAddr::V6(v6) => (u128::from(v6) ^ 0x20).to_be_bytes().into(),
    }
}

fn own(draft: &mut Draft, space: &str) -> Option<Station> {
    let own: Vec<Station> =
        draft.stations.iter().filter(|station| station.space == space).cloned().collect();
    (!own.is_empty()).then(|| draft.random.pick(&own).clone())
}

/// The address to send from: one of the sender's own, or somebody else's.
fn source(draft: &mut Draft, space: &str, to: IpAddr) -> Option<IpAddr> {
    let family = Family::of(to);
    // A router drops what it forwards for a socket of its own (`ip_forward`): who feigns forwards nothing.
    let forwards = draft.hosts.iter().any(|host| host.name == space);
    let feigned = !forwards && draft.random.percent(50);
    let fits = |station: &&Station| {
        Family::of(station.address) == family && (feigned || station.space == space)
    };
    let stations: Vec<IpAddr> = draft.stations.iter().filter(fits).map(|s| s.address).collect();
    (!stations.is_empty()).then(|| *draft.random.pick(&stations))
}
