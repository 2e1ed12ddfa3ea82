//! Packets byte for byte, and what may come.

mod applications;

use super::dissect::dissect_with;
use super::*;
use proptest::prelude::*;

/// Bytes from hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// The layers' names, and why it ended early.
fn names(dissection: &Dissection) -> String {
    let names: Vec<_> = dissection.layers.iter().map(|found| found.layer.name()).collect();
    match &dissection.end {
        Some((at, why)) => format!("{} | {at}: {why}", names.join(" ")),
        None => names.join(" "),
    }
}

fn layers(dissection: &Dissection) -> Vec<Layer> {
    dissection.layers.iter().map(|found| found.layer.clone()).collect()
}

fn value(layer: &Layer, name: &str) -> String {
    let field = layer.fields().into_iter().find(|field| field.name == name);
    field.unwrap_or_else(|| panic!("no {name}")).value.to_string()
}

/// A SYN from 10.1.23.3 to 10.1.181.195, its checksums right.
const SYN: &str = "
    02 67 0a 01 17 01 02 67 0a 01 17 03 08 00
    45 00 00 3c 1c 46 40 00 40 06 3d ae 0a 01 17 03 0a 01 b5 c3
    9c 40 00 50 00 00 00 01 00 00 00 00 a0 02 fa f0 cf ae 00 00
    02 04 05 b4 04 02 08 0a 00 00 00 07 00 00 00 00 01 03 03 07";

/// Its checksums, as a few lines of Python have them.
const SYN_SUMS: [u16; 2] = [0x3dae, 0xcfae];

#[test]
fn a_syn_is_read_field_by_field() {
    let bytes = hex(SYN);
    let found = dissect(&bytes, Start::Ethernet);
    assert_eq!(names(&found), "Ethernet IPv4 TCP");
    let all = layers(&found);
    for (place, name, wanted) in [
        (0, "eth.dst", "02:67:0a:01:17:01"),
        (0, "eth.type", "2048"),
        (1, "ip.hdr_len", "20"),
        (1, "ip.len", "60"),
        (1, "ip.flags.df", "1"),
        (1, "ip.ttl", "64"),
        (1, "ip.dst", "10.1.181.195"),
        (2, "tcp.dstport", "80"),
        (2, "tcp.hdr_len", "40"),
        (2, "tcp.flags.syn", "1"),
        (2, "tcp.flags.ack", "0"),
        (2, "tcp.options.mss_val", "1460"),
        (2, "tcp.options.timestamp.tsval", "7"),
        (2, "tcp.options.wscale.shift", "7"),
    ] {
        assert_eq!(value(&all[place], name), wanted, "{name}");
    }
    let Layer::Tcp(tcp) = &all[2] else { panic!("{:?}", all[2]) };
    use tcp::TcpOption::*;
    let options: Vec<_> = tcp.options().collect();
    let times = Timestamps { value: 7, echo: 0 };
    let wanted = [MaximumSegment(1460), SackPermitted, times, NoOperation, WindowScale(7)];
    assert_eq!(options, wanted);
    assert_eq!(emit(&all), bytes);
}

/// A field's bytes hold its value.
#[test]
fn fields_lie_where_they_say() {
    let bytes = hex(SYN);
    let found = dissect(&bytes, Start::Ethernet);
    for Found { layer, bytes: at } in &found.layers {
        for field in layer.fields() {
            assert!(at.start + field.bytes.end <= at.end, "{field:?} is beyond {at:?}");
            let Value::Number(number) = field.value else { continue };
            let its = &bytes[at.clone()][field.bytes.clone()];
            let read = its.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            // Of some bits only, or told in another unit.
            let partly = ["ip.hdr_len", "ip.version", "ip.frag_offset", "tcp.hdr_len", "tcp.flags"];
            let partly = partly.contains(&field.name) || field.name.starts_with("ip.dsfield");
            assert!(partly || read == number, "{field:?} has {read}");
        }
    }
}

#[test]
fn sealing_gives_the_known_checksums() {
    // RFC 1071 §3, the example.
    assert_eq!(checksum::of(&[&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]]), !0xddf2);
    assert_eq!(checksum::of(&[&[1], &[2, 3]]), checksum::of(&[&[1, 2, 3, 0]]));
    let header = hex("45 00 00 73 00 00 40 00 40 11 b8 61 c0 a8 00 01 c0 a8 00 c7");
    let all = layers(&dissect(&header, Start::Ip));
    assert_eq!(checksum::wanted(&all, 0), Some(0xb861));
    let mut all = layers(&dissect(&hex(SYN), Start::Ethernet));
    for layer in &mut all {
        match layer {
            Layer::Ipv4(header) => (header.checksum, header.total_length) = (0, 0),
            Layer::Tcp(header) => header.checksum = 0,
            _ => {}
        }
    }
    seal(&mut all);
    let sums: Vec<_> = all.iter().map(checksum::is).collect();
    assert_eq!(sums, [None, Some(SYN_SUMS[0]), Some(SYN_SUMS[1])]);
    assert_eq!(value(&all[1], "ip.len"), "60");
}

/// As the kernel leaves it to the card: of a handshake between two containers, captured.
#[test]
fn a_checksum_that_is_left_to_the_card_is_known() {
    let mut all = layers(&dissect(&hex(SYN), Start::Ethernet));
    // 10.1.23.3 + 10.1.181.195 + 6 + 40, by hand.
    let sum = 0x0a01_u32 + 0x1703 + 0x0a01 + 0xb5c3 + 6 + 40;
    assert_eq!(checksum::unfinished(&all, 2), Some(sum as u16));
    assert_eq!(checksum::unfinished(&all, 1), None);
    let Layer::Tcp(header) = &mut all[2] else { panic!() };
    header.checksum = sum as u16;
    assert_ne!(checksum::wanted(&all, 2), checksum::is(&all[2]));
}

#[test]
fn a_tunnel_holds_a_packet_and_short_frames_are_padded() {
    let inner = layers(&dissect(&hex(SYN), Start::Ethernet));
    let outer = hex("02 00 00 00 00 02 02 00 00 00 00 01 08 00
        45 00 00 14 00 00 40 00 40 11 00 00 c0 00 02 01 c0 00 02 02
        b1 2f 12 b5 00 08 00 00");
    let mut all = layers(&dissect(&outer[..34], Start::Ethernet));
    all.truncate(2);
    all.push(Layer::Udp(udp::Udp { source: 45359, destination: 4789, length: 8, checksum: 0 }));
    all.push(Layer::Vxlan(vxlan::Vxlan { flags: 0x0800, group: 0, vni: 7, reserved: 0 }));
    all.extend(inner);
    seal(&mut all);
    let mut bytes = emit(&all);
    let found = dissect(&bytes, Start::Ethernet);
    assert_eq!(names(&found), "Ethernet IPv4 UDP VXLAN Ethernet IPv4 TCP");
    assert_eq!(layers(&found), all);
    assert_eq!(dissect_with(&bytes, Start::Ethernet, &[8472]).layers.len(), 4);
    bytes.extend([0; 9]);
    let padded = dissect(&bytes, Start::Ethernet);
    assert_eq!(names(&padded), "Ethernet IPv4 UDP VXLAN Ethernet IPv4 TCP padding");
    let all = layers(&padded);
    assert_eq!(emit(&all), bytes);
    for (place, layer) in all.iter().enumerate() {
        assert_eq!(checksum::is(layer), checksum::wanted(&all, place), "{}", layer.name());
    }
}

#[test]
fn what_ends_early_says_why_and_stays() {
    let whole = hex(SYN);
    for length in 0..whole.len() {
        let found = dissect(&whole[..length], Start::Ethernet);
        assert!(found.end.is_some(), "{length}: {}", names(&found));
        assert_eq!(emit(&layers(&found)), whole[..length]);
    }
    let mut other = whole.clone();
    other[14] = 0x44;
    let said = "Ethernet payload | 14: ip.hdr_len is 16, which cannot be";
    assert_eq!(names(&dissect(&other, Start::Ethernet)), said);
}

#[test]
fn an_error_quotes_a_part_and_that_is_no_fault() {
    let quoted = hex(SYN)[14..42].to_vec();
    let mut all = layers(&dissect(&hex(SYN)[..34], Start::Ethernet));
    all.truncate(2);
    let Layer::Ipv4(header) = &mut all[1] else { panic!() };
    header.protocol = protocol::ICMP;
    let rest = [0, 0, 0x05, 0x78];
    all.push(Layer::Icmp(icmp::Icmp { kind: 3, code: 4, checksum: 0, rest }));
    all.push(Layer::Payload(quoted));
    seal(&mut all);
    let found = dissect(&emit(&all), Start::Ethernet);
    assert_eq!(names(&found), "Ethernet IPv4 ICMP IPv4 TCP");
    let again = layers(&found);
    assert_eq!(value(&again[4], "tcp.dstport"), "80");
    assert_eq!(value(&again[2], "icmp.mtu"), "1400");
    assert_eq!(checksum::is(&again[2]), checksum::wanted(&again, 2));
}

/// RFC 4861 §4.3, with the source's link-layer address.
#[test]
fn a_neighbour_is_asked_for() {
    let bytes = hex("33 33 ff 00 00 02 02 00 00 00 00 01 86 dd
        60 00 00 00 00 20 3a ff fe80 0000 0000 0000 0000 0000 0000 0001
        ff02 0000 0000 0000 0000 0001 ff00 0002
        87 00 00 00 00 00 00 00 fe80 0000 0000 0000 0000 0000 0000 0002
        01 01 02 00 00 00 00 01");
    let found = dissect(&bytes, Start::Ethernet);
    assert_eq!(names(&found), "Ethernet IPv6 ICMPv6 neighbour discovery");
    let mut all = layers(&found);
    assert_eq!(value(&all[3], "icmpv6.nd.ns.target_address"), "fe80::2");
    assert_eq!(value(&all[3], "icmpv6.opt.linkaddr"), "02:00:00:00:00:01");
    assert_eq!(emit(&all), bytes);
    seal(&mut all);
    assert_eq!(checksum::is(&all[2]), checksum::wanted(&all, 2));
}

/// Bytes that often begin like packets, so that more than the first header is reached.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let starts = [
        hex(SYN),
        hex("ff ff ff ff ff ff 02 00 00 00 00 01 08 06 00 01 08 00 06 04 00 01
             02 00 00 00 00 01 0a 00 00 01 00 00 00 00 00 00 0a 00 00 02"),
        hex("02 00 00 00 00 02 02 00 00 00 00 01 81 00 20 07 86 dd 60 00 00 00 00 20 00 40
             fd00 0000 0000 0000 0000 0000 0000 0001 fd00 0000 0000 0000 0000 0000 0000 0002
             2c 00 01 02 00 00 00 00 11 00 00 01 00 00 00 07 12 b5 12 b5 00 18 00 00
             08 00 00 00 00 00 07 00"),
    ];
    let start = prop::sample::select(starts.to_vec());
    (
        start,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        any::<Vec<u8>>(),
    )
        .prop_map(|(mut bytes, changes, more)| {
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes.extend(more);
            bytes
        })
}

proptest! {
    /// Whatever the bytes, they come out as they went in, the layers lie one behind the other, and
    /// each field lies within its layer.
    #[test]
    fn fuzz_dissect(bytes in prop_oneof![likely(), any::<Vec<u8>>()], ip in any::<bool>()) {
        let start = if ip { Start::Ip } else { Start::Ethernet };
        let found = dissect(&bytes, start);
        prop_assert_eq!(emit(&layers(&found)), &bytes[..]);
        let mut at = 0;
        for Found { layer, bytes } in &found.layers {
            prop_assert_eq!(bytes.start, at);
            at = bytes.end;
            for field in layer.fields() {
                prop_assert!(field.bytes.end <= bytes.len(), "{:?} in {:?}", field, layer);
            }
        }
        prop_assert_eq!(at, bytes.len());
        let all = layers(&found);
        for place in 0..all.len() {
            checksum::wanted(&all, place);
        }
    }

    /// What was sealed is right, and stays so.
    #[test]
    fn sealing_is_right_at_once(bytes in likely()) {
        let mut all = layers(&dissect(&bytes, Start::Ethernet));
        all.retain(|layer| !matches!(layer, Layer::Padding(_)));
        seal(&mut all);
        let sealed = all.clone();
        seal(&mut all);
        prop_assert_eq!(sealed, all);
    }
}
