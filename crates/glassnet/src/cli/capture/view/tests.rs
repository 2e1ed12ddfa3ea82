//! What a packet says is shown, and does nothing to the terminal.

use super::super::seen::Interface;
use super::*;
use model::conversation::Conversations;
use model::packet::{Layer, emit, ethernet, ipv4, seal, tcp};
use std::borrow::Cow;

/// A request whose target and whose place would clear the screen.
fn hostile() -> (Seen<'static>, Interface) {
    let mac = |last| model::net::Mac([2, 0, 0, 0, 0, last]);
    let frame = ethernet::Ethernet { destination: mac(1), source: mac(2), ether_type: 0x800 };
    let header = ipv4::Ipv4 {
        traffic_class: 0,
        total_length: 0,
        identification: 1,
        flags: 2,
        fragment_offset: 0,
        ttl: 64,
        protocol: 6,
        checksum: 0,
        source: [10, 0, 0, 1].into(),
        destination: [10, 0, 0, 2].into(),
        options: Vec::new(),
    };
    let segment = tcp::Tcp {
        source: 40000,
        destination: 80,
        sequence: 7,
        acknowledgement: 9,
        flags: tcp::flag::ACK,
        window: 100,
        checksum: 0,
        urgent: 0,
        options: Vec::new(),
    };
    let payload = b"GET /\x1b[2J\x1b]0;mine\x07 HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n";
    let mut layers: Vec<Layer> =
        vec![frame.into(), header.into(), segment.into(), Layer::Payload(payload.to_vec())];
    seal(&mut layers);
    let bytes = emit(&layers);
    let seen = Seen {
        time: 1_000_000_000,
        interface: 0,
        outgoing: None,
        length: bytes.len() as u32,
        bytes: Cow::Owned(bytes),
        checksum_to_come: false,
    };
    let interface = Interface {
        place: "web\x1b[2J".to_owned(),
        link: "eth0\nmore".to_owned(),
        link_type: 1,
        comment: String::new(),
    };
    (seen, interface)
}

#[test]
fn a_packet_cannot_write_to_the_terminal() {
    let (seen, interface) = hostile();
    let dissection = seen.dissect(&interface);
    let mut lines = String::new();
    let interfaces = [interface.clone()];
    let sighting = Sighting { seen: seen.clone(), dissection: dissection.clone() };
    lines::draw(&[sighting], &interfaces, &mut lines);
    assert_eq!(lines.lines().count(), 1, "{lines}");
    let layers = layers::draw(&seen, &interface, Language::En);
    let mut conversations = Conversations::default();
    conversations.add(seen.time, &dissection);
    let mut ladder = String::new();
    ladder::draw(&conversations.all()[0], &[plain(&interface.name())], Language::Zh, &mut ladder);
    for text in [&lines, &layers, &ladder] {
        assert!(text.contains("GET /"), "{text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
}
