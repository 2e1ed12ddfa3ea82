//! Which packets are sent: most to somebody who is there, some to nobody.

use super::draft::{Draft, Station};
use super::topology::PORTS;
use crate::case::{Kind, Packet};

/// The first source port; each packet has its own, so that none is another's answer.
const FIRST_PORT: u16 = 20000;

pub(super) fn choose(draft: &mut Draft) {
    let packets = draft.random.between(10, 14);
    let spaces: Vec<String> = draft
        .case
        .spaces
        .iter()
        .filter(|space| !space.sockets.is_empty())
        .map(|space| space.name.clone())
        .collect();
    for number in 0..packets as u16 {
        let space = draft.random.pick(&spaces).clone();
        let others: Vec<Station> = draft.stations.clone();
        let to = draft.random.pick(&others).address;
        let port = if draft.random.percent(85) { *draft.random.pick(&PORTS) } else { 4321 };
        let kind = match draft.random.below(3) {
            0 => Kind::Tcp(port),
            1 => Kind::Udp(port),
            _ => Kind::Echo,
        };
        let payload = match kind {
            Kind::Tcp(_) => 0,
            Kind::Udp(_) | Kind::Echo => draft.random.between(9, 64) as u32,
        };
        let (from, from_port) = (None, FIRST_PORT + number);
        draft.case.packets.push(Packet { space, to, kind, from, from_port, payload, hops: 64 });
    }
}
