//! TCP, UDP and VXLAN.

use super::{Body, Carrier, KINDS, frame};
use crate::random::Random;
use model::packet::tcp::{Tcp, flag};
use model::packet::udp::Udp;
use model::packet::vxlan::Vxlan;
use model::packet::{Layer, Start, protocol, seal};

/// A port that nobody serves: nothing is said about what is on it.
pub(super) fn port(random: &mut Random) -> u16 {
    random.between(50_000, 60_000) as u16
}

/// Client and server, in one of both directions.
pub(super) fn ports(server: u16, random: &mut Random) -> (u16, u16) {
    let client = port(random);
    if random.one_in(2) { (client, server) } else { (server, client) }
}

pub(super) fn payload(random: &mut Random) -> Vec<Layer> {
    let length = random.pick(&[0, 1, 2, 7, 32, 100, 1000]);
    match length {
        0 => Vec::new(),
        // Not like anything that a stream may begin with.
        length => vec![Layer::Payload([vec![0xee], random.bytes(length - 1)].concat())],
    }
}

pub(super) fn header(source: u16, destination: u16, random: &mut Random) -> Tcp {
    Tcp {
        source,
        destination,
        sequence: random.u32(),
        acknowledgement: random.u32(),
        flags: flag::ACK | random.pick(&[0, flag::PSH, flag::PSH | flag::ECE, flag::AE]),
        window: random.u16(),
        checksum: 0,
        urgent: 0,
        options: Vec::new(),
    }
}

/// What a segment carries, with the options that most segments have.
pub(super) fn segment(ports: (u16, u16), carried: Vec<Layer>, random: &mut Random) -> Body {
    let mut head = header(ports.0, ports.1, random);
    if random.one_in(2) {
        head.options = [&[1, 1][..], &times(random)].concat();
    }
    let layers = [vec![head.into()], carried].concat();
    Body { carrier: Carrier::Ip(protocol::TCP), layers }
}

pub(super) fn in_datagram(ports: (u16, u16), carried: Vec<Layer>) -> Body {
    let head = Udp { source: ports.0, destination: ports.1, length: 0, checksum: 0 };
    let layers = [vec![head.into()], carried].concat();
    Body { carrier: Carrier::Ip(protocol::UDP), layers }
}

fn times(random: &mut Random) -> [u8; 10] {
    let [a, b, c, d, e, f, g, h] = random.array();
    [8, 10, a, b, c, d, e, f, g, h]
}

fn usual_ports(random: &mut Random) -> (u16, u16) {
    let server = random.pick(&[22, 2379, 5432, 8443]);
    let server = if random.one_in(2) { server } else { port(random) };
    ports(server, random)
}

pub(super) fn syn(random: &mut Random) -> Body {
    let (source, destination) = usual_ports(random);
    let mut head = header(source, destination, random);
    head.flags = random.pick(&[
        flag::SYN,
        flag::SYN | flag::ACK,
        flag::SYN | flag::ECE | flag::CWR,
        flag::SYN | flag::AE | flag::ECE | flag::CWR,
    ]);
    let mut parts = vec![
        [vec![2, 4], random.bytes(2)].concat(),
        vec![3, 3, random.below(15) as u8],
        vec![4, 2],
        times(random).to_vec(),
        // An experiment that Wireshark does not know (RFC 6994).
        vec![253, 6, 0x12, 0x34, 1, 2],
    ];
    while !parts.is_empty() && !random.one_in(6) {
        let part = parts.swap_remove(random.below(parts.len()));
        while random.one_in(3) {
            head.options.push(1);
        }
        if head.options.len() + part.len() <= 40 {
            head.options.extend(part);
        }
    }
    let length = head.options.len().min(40).next_multiple_of(4);
    head.options.resize(length, 0);
    Body { carrier: Carrier::Ip(protocol::TCP), layers: vec![head.into()] }
}

pub(super) fn data(random: &mut Random) -> Body {
    let (source, destination) = (port(random), port(random));
    let mut head = header(source, destination, random);
    head.flags = random.pick(&[
        flag::ACK,
        flag::ACK | flag::PSH,
        flag::ACK | flag::FIN,
        flag::RST,
        flag::ACK | flag::URG,
        flag::FIN | flag::PSH | flag::URG,
        0,
    ]);
    if head.has(flag::URG) {
        head.urgent = random.between(1, 100) as u16;
    }
    // Wireshark takes what a reset carries for its reason.
    let carried = if head.has(flag::RST) { Vec::new() } else { payload(random) };
    let layers = [vec![head.into()], carried].concat();
    Body { carrier: Carrier::Ip(protocol::TCP), layers }
}

pub(super) fn selective(random: &mut Random) -> Body {
    let mut head = header(port(random), port(random), random);
    let with_times = random.one_in(2);
    if with_times {
        head.options.extend([1, 1]);
        head.options.extend(times(random));
    }
    let blocks = random.between(1, if with_times { 3 } else { 4 });
    head.options.extend([1, 1, 5, (2 + blocks * 8) as u8]);
    let mut at = head.acknowledgement;
    for _ in 0..blocks * 2 {
        at = at.wrapping_add(random.between(1, 5000) as u32);
        head.options.extend(at.to_be_bytes());
    }
    let layers = [vec![head.into()], payload(random)].concat();
    Body { carrier: Carrier::Ip(protocol::TCP), layers }
}

pub(super) fn datagram(random: &mut Random) -> Body {
    let ports = (port(random), port(random));
    in_datagram(ports, payload(random))
}

/// Changes what a datagram carries so that its checksum is 0, which is written 0xffff (RFC 768). It is
/// the last layer but for the payload.
pub(crate) fn sum_to_zero(layers: &mut Vec<Layer>) {
    if !matches!(layers.last(), Some(Layer::Payload(_))) {
        layers.push(Layer::Payload(Vec::new()));
    }
    let mut put = |two: [u8; 2], grow: bool| {
        if let Some(Layer::Payload(bytes)) = layers.last_mut() {
            let end = if grow { bytes.len().next_multiple_of(2) } else { bytes.len() - 2 };
            bytes.resize(end, 0);
            bytes.extend(two);
        }
        seal(layers);
        layers.iter().rev().find_map(|layer| match layer {
            Layer::Udp(header) => Some(header.checksum),
            _ => None,
        })
    };
    let without = put([0, 0], true).expect("a datagram");
    assert_eq!(put(without.to_be_bytes(), false), Some(0xffff), "RFC 768");
}

/// The whole would have been longer.
pub(super) fn first_fragment(random: &mut Random) -> Body {
    let carried = vec![Layer::Payload([vec![0xee], random.bytes(63)].concat())];
    let ports = (port(random), port(random));
    let body = match random.one_in(2) {
        true => in_datagram(ports, carried),
        false => segment(ports, carried, random),
    };
    let Carrier::Ip(number) = body.carrier else { return body };
    Body { carrier: Carrier::Fragment(number, true), ..body }
}

/// What a header says of the whole, where only its beginning is there.
pub(super) fn cut_short(layers: &mut [Layer], random: &mut Random) {
    for layer in layers {
        match layer {
            Layer::Udp(header) => {
                header.length += random.between(1, 1000) as u16;
                header.checksum = random.u16() | 1;
            }
            Layer::Tcp(header) => header.checksum = random.u16(),
            _ => {}
        }
    }
}

pub(super) fn vxlan(random: &mut Random) -> Body {
    let group = random.one_in(4).then(|| random.u16());
    let head = Vxlan {
        // Group policy: bit 0 (draft-smith-vxlan-group-policy §2.1).
        flags: Vxlan::VALID | if group.is_some() { 0x8000 } else { 0 },
        group: group.unwrap_or_default(),
        vni: random.u32() >> 8,
        reserved: 0,
    };
    let make = loop {
        let (kind, make) = random.pick(&KINDS);
        // Tunnels in tunnels are read too; fewer of them will do.
        if kind != "VXLAN" || random.one_in(4) {
            break make;
        }
    };
    let inner = make(random);
    let inner = frame(Start::Ethernet, inner, random);
    let ports = (port(random), model::cluster::VXLAN_PORT);
    in_datagram(ports, [vec![head.into()], inner].concat())
}
