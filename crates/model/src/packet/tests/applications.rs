//! DNS, DHCP, HTTP and TLS in the packets that carry them.

use super::*;

const A: &str = "02 00 00 00 00 02 02 00 00 00 00 01 08 00
    45 00 00 00 00 07 40 00 40 11 00 00 0a 01 00 02 0a 01 00 01";

/// A payload in a UDP datagram or a TCP segment, lengths and checksums right.
fn carried(over: Layer, payload: &[u8]) -> Vec<u8> {
    let mut head = hex(A);
    head[16..18].copy_from_slice(&[0, 20]);
    let mut all = layers(&dissect(&head, Start::Ethernet));
    if let (Layer::Ipv4(header), Layer::Tcp(_)) = (&mut all[1], &over) {
        header.protocol = protocol::TCP;
    }
    all.extend([over, Layer::Payload(payload.to_vec())]);
    seal(&mut all);
    emit(&all)
}

fn udp(source: u16, destination: u16) -> Layer {
    udp::Udp { source, destination, length: 8, checksum: 0 }.into()
}

fn segment(source: u16, destination: u16) -> Layer {
    let (sequence, acknowledgement, flags) = (7, 8, tcp::flag::PSH | tcp::flag::ACK);
    let (window, checksum, urgent, options) = (500, 0, 0, Vec::new());
    let header = tcp::Tcp {
        source,
        destination,
        sequence,
        acknowledgement,
        flags,
        window,
        checksum,
        urgent,
        options,
    };
    header.into()
}

/// The last layer, after the packet came out as it went in.
fn last(bytes: &[u8], wanted: &str) -> Layer {
    let found = dissect(bytes, Start::Ethernet);
    assert_eq!(names(&found), wanted);
    let all = layers(&found);
    assert_eq!(emit(&all), bytes);
    all.last().unwrap().clone()
}

fn line(bytes: &[u8]) -> String {
    summary::line(&dissect(bytes, Start::Ethernet))
}

/// `web.lab` is `www.web.lab` is 10.1.0.3, whose name is compressed in two steps.
const ANSWER: &str = "1234 8580 0001 0002 0000 0001
    03 776562 03 6c6162 00 0001 0001
    c00c 0005 0001 0000003c 0006 03 777777 c00c
    c025 0001 0001 0000003c 0004 0a010003
    00 0029 04d0 00000000 0000";

#[test]
fn names_are_read_through_their_compression() {
    let bytes = carried(udp(53, 5000), &hex(ANSWER));
    let layer = last(&bytes, "Ethernet IPv4 UDP DNS");
    for (name, wanted) in [
        ("dns.id", "4660"),
        ("dns.flags.response", "1"),
        ("dns.flags.authoritative", "1"),
        ("dns.flags.recavail", "1"),
        ("dns.count.answers", "2"),
        ("dns.qry.name", "web.lab"),
        ("dns.qry.type", "1"),
        ("dns.cname", "www.web.lab"),
        ("dns.resp.ttl", "60"),
        ("dns.a", "10.1.0.3"),
        ("dns.rr.udp_payload_size", "1232"),
    ] {
        assert_eq!(value(&layer, name), wanted, "{name}");
    }
    let said = "10.1.0.2:53 > 10.1.0.1:5000 DNS answer A web.lab = www.web.lab = 10.1.0.3";
    assert_eq!(line(&bytes), said);
}

#[test]
fn a_name_that_leads_to_itself_ends() {
    for name in ["c00c", "c00e c00c", "01 61 c00c", "40", "3f 61"] {
        let mut message = hex("1234 0100 0001 0000 0000 0000");
        message.extend(hex(name));
        let found = dissect(&carried(udp(5000, 53), &message), Start::Ethernet);
        assert!(found.end.is_some(), "{name}: {}", names(&found));
    }
    // Backwards, but for ever: each step is a label longer.
    let mut message = hex("1234 0100 0001 0000 0000 0000");
    (0..200).for_each(|_| message.extend([1, b'a']));
    message.extend([0xc0, 12]);
    let found = dissect(&carried(udp(5000, 53), &message), Start::Ethernet);
    assert!(matches!(found.end, Some((_, Malformed::Impossible { .. }))), "{}", names(&found));
}

#[test]
fn in_a_stream_several_messages_may_follow_each_other() {
    let message = hex(ANSWER);
    let mut stream = Vec::new();
    for _ in 0..2 {
        stream.extend((message.len() as u16).to_be_bytes());
        stream.extend(&message);
    }
    let bytes = carried(segment(53, 5000), &stream);
    let layer = last(&bytes, "Ethernet IPv4 TCP DNS DNS");
    assert_eq!(value(&layer, "dns.length"), message.len().to_string());
    assert_eq!(value(&layer, "dns.a"), "10.1.0.3");
    // The rest of one is in the next segment.
    let cut = carried(segment(53, 5000), &stream[..stream.len() - 9]);
    assert!(dissect(&cut, Start::Ethernet).end.is_some());
}

#[test]
fn a_lease_is_asked_for() {
    let mut message = hex("01 01 06 00 deadbeef 0003 8000 00000000 0a010007 00000000 00000000");
    message.extend(hex("020000000001 00000000000000000000"));
    message.resize(236, 0);
    message.extend(hex("63825363 35 01 03 32 04 0a010007 00 0c 03 776562 06 08 0a010001 0a010002
        1a 02 05dc 33 04 00000e10 ff 00"));
    let bytes = carried(udp(68, 67), &message);
    let layer = last(&bytes, "Ethernet IPv4 UDP DHCP");
    for (name, wanted) in [
        ("dhcp.id", "3735928559"),
        ("dhcp.hw.mac_addr", "02:00:00:00:00:01"),
        ("dhcp.ip.your", "10.1.0.7"),
        ("dhcp.option.dhcp", "3"),
        ("dhcp.option.hostname", "web"),
        ("dhcp.option.requested_ip_address", "10.1.0.7"),
        ("dhcp.option.domain_name_server", "10.1.0.1"),
        ("dhcp.option.interface_mtu", "1500"),
        ("dhcp.option.ip_address_lease_time", "3600"),
    ] {
        assert_eq!(value(&layer, name), wanted, "{name}");
    }
    assert_eq!(line(&bytes), "10.1.0.2:68 > 10.1.0.1:67 DHCP REQUEST");
}

#[test]
fn a_page_is_asked_for_and_given() {
    let request = b"GET /a?b HTTP/1.1\r\nHost: web.lab\r\nX: y\r\n\r\n";
    let bytes = carried(segment(40000, 8080), request);
    let layer = last(&bytes, "Ethernet IPv4 TCP HTTP");
    assert_eq!(value(&layer, "http.request.method"), "GET");
    assert_eq!(value(&layer, "http.request.uri"), "/a?b");
    assert_eq!(value(&layer, "http.request.line"), "Host: web.lab");
    let Layer::Http(header) = &layer else { panic!("{layer:?}") };
    assert_eq!(header.header("host"), Some("web.lab"));
    let said = "10.1.0.2:40000 > 10.1.0.1:8080 TCP PSH ACK seq 7 ack 8 win 500 42 bytes \
                HTTP GET /a?b";
    assert_eq!(line(&bytes), said);
    for (answer, wanted) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"[..], "Ethernet IPv4 TCP HTTP payload"),
        (b"HTTP/1.0 404\r\n\r\n", "Ethernet IPv4 TCP HTTP"),
        (b"HTTP/1.1 200 \nServer: a\n", "Ethernet IPv4 TCP HTTP"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "Ethernet IPv4 TCP payload"),
        (b"GET  / HTTP/1.1\r\n\r\n", "Ethernet IPv4 TCP payload"),
        (b"GET / HTTP/2.0\r\n\r\n", "Ethernet IPv4 TCP payload"),
        (b"GET / HTTP/1.1", "Ethernet IPv4 TCP payload"),
    ] {
        last(&carried(segment(80, 40000), answer), wanted);
    }
}

/// A ClientHello for `web.lab` that speaks `h2`, as little else as can be.
const HELLO: &str = "16 0301 004f 01 00004b 0303
    0000000000000000000000000000000000000000000000000000000000000000
    00 0002 1301 01 00 0020
    0000 000c 000a 00 0007 7765622e6c6162
    0010 0005 0003 02 6832
    0015 0003 000000";

#[test]
fn a_hello_names_the_server() {
    let bytes = carried(segment(40000, 8443), &hex(HELLO));
    let layer = last(&bytes, "Ethernet IPv4 TCP TLS");
    for (name, wanted) in [
        ("tls.record.content_type", "22"),
        ("tls.record.version", "769"),
        ("tls.handshake.type", "1"),
        ("tls.handshake.extensions_server_name", "web.lab"),
        ("tls.handshake.extensions_alpn_str", "h2"),
    ] {
        assert_eq!(value(&layer, name), wanted, "{name}");
    }
    assert!(line(&bytes).ends_with("TLS ClientHello for web.lab"), "{}", line(&bytes));
    let mut records = hex("14 0303 0001 01 17 0303 0002 aabb");
    last(&carried(segment(8443, 40000), &records), "Ethernet IPv4 TCP TLS TLS");
    // The second record goes on in the next segment.
    records.pop();
    let layer = last(&carried(segment(8443, 40000), &records), "Ethernet IPv4 TCP TLS TLS");
    assert_eq!(value(&layer, "tls.record.length"), "2");
    last(&carried(segment(8443, 40000), &hex("17 0303 0000")), "Ethernet IPv4 TCP payload");
}
