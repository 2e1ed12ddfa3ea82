//! What is wrong in a case: lines taken out, changed, or put in that nobody would want.

use super::draft::{Draft, Pair, Station};
use super::random::Random;
use model::net::Family;
use std::net::IpAddr;

/// So many at most.
const MOST: usize = 4;

pub(super) fn break_some(draft: &mut Draft) {
    for _ in 0..draft.random.between(0, MOST) {
        let space = draft.any_space();
        match draft.random.below(16) {
            0 => link_down(draft),
            1 | 2 => lose(draft, &space, "address add"),
            3 => lose(draft, &space, "route add"),
            4 => wrong_mask(draft, &space),
            5 => wrong_gateway(draft, &space),
            6 | 7 => wrong_neighbour(draft),
            8 => port_setting(draft, &["isolated on"]),
            9 => port_setting(draft, &["hairpin on", "learning off"]),
            10 => port_state(draft),
            11 | 12 => small(draft),
            13 => refusing_route(draft, &space),
            14 => wrong_entry(draft),
            15 if draft.random.percent(30) => same_address(draft),
            _ => lose(draft, &space, "neighbour add"),
        }
    }
    if draft.random.percent(40) {
        between_two(draft);
    }
}

/// Something about two stations of one bridge, or the two ends of a tunnel; packets go between them.
fn between_two(draft: &mut Draft) {
    let pairs = draft.pairs();
    if pairs.is_empty() {
        return;
    }
    let Pair { one, other, bridge, ports } = draft.random.pick(&pairs).clone();
    draft.focus = Some((one.space.clone(), other.address));
    let bridged = &mut draft.space(&bridge).bridge;
    match &ports {
        None => bridged.retain(|line| !line.starts_with("fdb append")),
        Some((from, to)) => match draft.random.below(4) {
            0 => {
                let lines = [from, to].map(|port| format!("link set dev {port} isolated on"));
                draft.space(&bridge).bridge.extend(lines);
                perhaps_know(draft, &one, &other);
            }
            1 => {
                let state = *draft.random.pick(&[1, 2, 4]);
                let port = draft.random.pick(&[from, to]).to_owned();
                draft.space(&bridge).bridge.push(format!("link set dev {port} state {state}"));
                perhaps_know(draft, &one, &other);
            }
            // Nobody has to ask, so the bridge has not learned where it is.
            2 => {
                let Some(mac) = draft.mac(&other) else { return };
                know(draft, &one, &other, &mac);
                draft.ip(&bridge, format!("link set {to} type bridge_slave learning off"));
            }
            _ => {
                let nobody = "02:00:00:00:77:77";
                know(draft, &one, &other, nobody);
            }
        },
    }
}

/// Without it the question who has the address fails first.
fn perhaps_know(draft: &mut Draft, one: &Station, other: &Station) {
    if let (true, Some(mac)) = (draft.random.percent(50), draft.mac(other)) {
        know(draft, one, other, &mac);
    }
}

fn know(draft: &mut Draft, one: &Station, other: &Station, mac: &str) {
    let (address, link) = (other.address, &one.link);
    draft.ip(
        &one.space,
        format!("neighbour replace {address} lladdr {mac} dev {link} nud permanent"),
    );
}

fn link_down(draft: &mut Draft) {
    let cable = draft.random.pick(&draft.case.cables).clone();
    let end = draft.random.pick(&cable.ends).clone();
    draft.ip(&end.space, format!("link set {} down", end.link));
}

/// Takes a line out that begins so.
fn lose(draft: &mut Draft, space: &str, kind: &str) {
    if let Some(place) = a_line(draft, space, kind) {
        draft.space(space).ip.remove(place);
    }
}

fn a_line(draft: &mut Draft, space: &str, kind: &str) -> Option<usize> {
    let lines = &draft.space(space).ip;
    let places: Vec<usize> =
        (0..lines.len()).filter(|place| lines[*place].starts_with(kind)).collect();
    (!places.is_empty()).then(|| *draft.random.pick(&places))
}

fn wrong_mask(draft: &mut Draft, space: &str) {
    let Some(place) = a_line(draft, space, "address add") else { return };
    let length = *draft.random.pick(&[16, 25, 28, 30]);
    let line = &mut draft.space(space).ip[place];
    if line.contains("/24 ") {
        *line = line.replace("/24 ", &format!("/{length} "));
    }
}

fn wrong_gateway(draft: &mut Draft, space: &str) {
    let Some(place) = a_line(draft, space, "route add") else { return };
    let line = &mut draft.space(space).ip[place];
    if let Some(at) = line.find(" via 10.") {
        let (before, rest) = line.split_at(at);
        let after = rest.split(' ').nth(2).unwrap_or_default();
        if let Ok(IpAddr::V4(gateway)) = after.parse() {
            let [a, b, c, _] = gateway.octets();
            let others = rest.split(' ').skip(3).collect::<Vec<_>>().join(" ");
            *line = format!("{before} via {a}.{b}.{c}.77 {others}");
        }
    }
}

fn mac(random: &mut Random) -> String {
    match random.below(3) {
        // One that nobody has.
        0 => "02:00:00:00:77:77".to_owned(),
        // Those of cables, some of which are there.
        _ => crate::build::mac(1000 + random.below(12) as u32),
    }
}

fn wrong_neighbour(draft: &mut Draft) {
    let station = draft.random.pick(&draft.stations).clone();
    let mac = mac(&mut draft.random);
    let others: Vec<_> =
        draft.stations.iter().filter(|other| other.link != "lo").cloned().collect();
    let place = draft.random.pick(&others).clone();
    draft.ip(
        &place.space,
        format!(
            "neighbour replace {} lladdr {mac} dev {} nud permanent",
            station.address, place.link
        ),
    );
}

fn port_setting(draft: &mut Draft, settings: &[&str]) {
    let setting = draft.random.word(settings).to_owned();
    // Isolation is between two.
    for _ in 0..2 {
        let Some((space, port)) = draft.a_port() else { return };
        draft.space(&space).bridge.push(format!("link set dev {port} {setting}"));
    }
}

fn port_state(draft: &mut Draft) {
    let Some((space, port)) = draft.a_port() else { return };
    // Listening, learning, blocking.
    let state = *draft.random.pick(&[1, 2, 4]);
    draft.space(&space).bridge.push(format!("link set dev {port} state {state}"));
}

/// A link with a small MTU.
fn small(draft: &mut Draft) {
    let cable = draft.random.pick(&draft.case.cables).clone();
    let mtu = *draft.random.pick(&[1280, 1300, 1400, 9000]);
    let ends = draft.random.between(1, 2);
    for end in cable.ends.iter().take(ends) {
        draft.ip(&end.space, format!("link set {} mtu {mtu}", end.link));
    }
}

fn refusing_route(draft: &mut Draft, space: &str) {
    let kind = draft.random.word(&["blackhole", "unreachable", "prohibit", "throw"]).to_owned();
    let address = draft.random.pick(&draft.stations).address;
    let length = match (Family::of(address), draft.random.percent(50)) {
        (Family::V4, true) => 32,
        (Family::V4, false) => 26,
        (Family::V6, true) => 128,
        (Family::V6, false) => 124,
    };
    let Ok(prefix) = ipnet::IpNet::new(address, length) else { return };
    draft.ip(space, format!("route add {kind} {}", prefix.trunc()));
}

/// An address that two have on one bridge.
fn same_address(draft: &mut Draft) {
    let pairs = draft.pairs();
    if pairs.is_empty() {
        return;
    }
    let Pair { one, other, ports, .. } = draft.random.pick(&pairs).clone();
    if ports.is_some() {
        let length = super::draft::length(Family::of(other.address));
        let nodad = if other.address.is_ipv6() { " nodad" } else { "" };
        let (address, link) = (other.address, &one.link);
        draft.ip(&one.space, format!("address add {address}/{length} dev {link}{nodad}"));
    }
}

/// A MAC address that the bridge is told to be behind another port.
fn wrong_entry(draft: &mut Draft) {
    let Some((space, port)) = draft.a_port() else { return };
    let mac = mac(&mut draft.random);
    draft.space(&space).bridge.push(format!("fdb replace {mac} dev {port} master static"));
}
