//! Connections made up segment by segment.

use super::*;
use crate::packet::tcp::{Tcp, flag};
use crate::packet::{Dissection, Start, dissect, emit};
use crate::packet::{ether_type, ethernet, icmp, ipv4, seal, tcp as wire, udp};

const MILLI: u64 = 1_000_000;

fn ip(client: bool, over: u8) -> Vec<Layer> {
    let ends: [std::net::Ipv4Addr; 2] = [[10, 0, 0, 1].into(), [10, 0, 0, 2].into()];
    let [source, destination] = if client { ends } else { [ends[1], ends[0]] };
    let mac = |last| crate::net::Mac([2, 0, 0, 0, 0, last]);
    let frame =
        ethernet::Ethernet { destination: mac(1), source: mac(2), ether_type: ether_type::IPV4 };
    let header = ipv4::Ipv4 {
        traffic_class: 0,
        total_length: 20,
        identification: 1,
        flags: 2,
        fragment_offset: 0,
        ttl: 64,
        protocol: over,
        checksum: 0,
        source,
        destination,
        options: Vec::new(),
    };
    vec![frame.into(), header.into()]
}

fn read(mut layers: Vec<Layer>) -> Dissection {
    seal(&mut layers);
    dissect(&emit(&layers), Start::Ethernet)
}

fn segment(client: bool, flags: u16, sequence: u32, payload: &[u8]) -> Dissection {
    let ports = if client { (40000, 80) } else { (80, 40000) };
    let mut layers = ip(client, 6);
    layers.push(
        Tcp {
            source: ports.0,
            destination: ports.1,
            sequence,
            acknowledgement: 0,
            flags,
            window: 1000,
            checksum: 0,
            urgent: 0,
            options: Vec::new(),
        }
        .into(),
    );
    layers.push(Layer::Payload(payload.to_vec()));
    read(layers)
}

/// A letter for the sender, what was said, the notes.
fn story(conversation: &Conversation) -> Vec<String> {
    let tell = |event: &Event| {
        let from = match event.from {
            From::Client => "c".to_owned(),
            From::Server => "s".to_owned(),
            From::Other(address) => address.to_string(),
        };
        let notes: String = event.notes.iter().map(|note| format!(" {note:?}")).collect();
        let data = match (event.packets, event.bytes) {
            (1, _) => String::new(),
            (packets, bytes) => format!("{bytes} in {packets}"),
        };
        format!("{from} {}{data}{notes}", event.said)
    };
    conversation.events.iter().map(tell).collect()
}

const SYN: u16 = flag::SYN;
const ACK: u16 = flag::ACK;
const FIN: u16 = flag::FIN | flag::ACK;
const PSH: u16 = flag::PSH | flag::ACK;

#[test]
fn a_page_from_the_handshake_to_the_close() {
    let mut all = Conversations::default();
    let get = b"GET / HTTP/1.1\r\n\r\n";
    let ok = b"HTTP/1.1 200 OK\r\n\r\n";
    let packets = [
        segment(true, SYN, 100, b""),
        segment(false, SYN | ACK, 500, b""),
        segment(true, ACK, 101, b""),
        segment(true, PSH, 101, get),
        segment(false, ACK, 501, b""),
        segment(false, PSH, 501, ok),
        segment(false, ACK, 520, &[b'x'; 1000]),
        segment(false, ACK, 1520, &[b'x'; 500]),
        segment(true, ACK, 119, b""),
        segment(false, FIN, 2020, b""),
        segment(true, FIN, 119, b""),
        segment(false, ACK, 2021, b""),
    ];
    for (number, packet) in packets.iter().enumerate() {
        assert_eq!(all.add(number as u64 * MILLI, packet), Some(0));
    }
    let one = &all.all()[0];
    assert_eq!(one.client, End { address: [10, 0, 0, 1].into(), port: Some(40000) });
    assert_eq!(
        story(one),
        [
            "c SYN",
            "s SYN ACK",
            "c ACK Established(2000000)",
            "c HTTP GET /",
            "s HTTP 200 OK",
            "s 1500 in 2",
            "s FIN ACK",
            "c FIN ACK",
        ]
    );
    assert_eq!((one.packets, one.bytes), ([5, 7], [18, 1519]));
    // The same ports again, with another number: another connection.
    assert_eq!(all.add(50 * MILLI, &segment(true, SYN, 9000, b"")), Some(1));
}

#[test]
fn what_goes_wrong_is_noted() {
    let mut all = Conversations::default();
    for packet in [
        segment(true, SYN, 100, b""),
        segment(true, SYN, 100, b""),
        segment(false, SYN | ACK, 500, b""),
        segment(true, ACK, 101, b""),
        segment(true, PSH, 101, b"one"),
        segment(true, PSH, 107, b"three"),
        segment(true, PSH, 104, b"two"),
        segment(true, ACK, 111, b""),
        segment(false, flag::RST, 501, b""),
    ] {
        all.add(0, &packet);
    }
    assert_eq!(
        story(&all.all()[0]),
        [
            "c SYN",
            "c SYN Retransmission",
            "s SYN ACK",
            "c ACK Established(0)",
            "c ",
            "c  Gap(3)",
            "c  Retransmission",
            "c ACK KeepAlive",
            "s RST Reset",
        ]
    );
    let mut all = Conversations::default();
    all.add(0, &segment(true, SYN, 7, b""));
    all.add(1, &segment(false, flag::RST | ACK, 0, b""));
    assert_eq!(story(&all.all()[0]), ["c SYN", "s RST ACK Refused"]);
}

#[test]
fn a_router_speaks_of_a_conversation() {
    let mut all = Conversations::default();
    let mut layers = ip(true, 17);
    layers.push(udp::Udp { source: 5000, destination: 9, length: 8, checksum: 0 }.into());
    layers.push(Layer::Payload(b"hello".to_vec()));
    let datagram = read(layers);
    all.add(0, &datagram);
    let mut layers = ip(false, 1);
    if let Layer::Ipv4(header) = &mut layers[1] {
        header.source = [10, 0, 0, 254].into();
    }
    layers.push(icmp::Icmp { kind: 3, code: 1, checksum: 0, rest: [0; 4] }.into());
    let quoted: Vec<_> = datagram.layers[1..].iter().map(|found| found.layer.clone()).collect();
    layers.push(Layer::Payload(emit(&quoted)));
    assert_eq!(all.add(1, &read(layers)), Some(0));
    let wanted = ["c UDP 5 bytes", "10.0.0.254 ICMP host unreachable (code 1)"];
    assert_eq!(story(&all.all()[0]), wanted);
    assert_eq!(wire::LEAST, 20);
}
