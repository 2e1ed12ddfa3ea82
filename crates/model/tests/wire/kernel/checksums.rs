//! The kernel's checksums are right to us, and ours to the kernel.

use super::{asked, digits};
use crate::packets::transport;
use crate::random::{Random, seed};
use model::packet::icmp::{self, Icmp};
use model::packet::icmpv6::{self, Icmpv6};
use model::packet::ipv4::Ipv4;
use model::packet::ipv6::{Extension, Ipv6};
use model::packet::tcp::{Tcp, flag};
use model::packet::udp::Udp;
use model::packet::{Layer, Start, checksum, dissect, emit, ether_type, ethernet, protocol, seal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Question {
    good: Vec<String>,
    bad: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    sent: Vec<String>,
    good: BTreeMap<String, i64>,
    bad: BTreeMap<String, i64>,
    delivered: [usize; 2],
}

/// Of each kind.
const PACKETS: usize = 40;
/// Where the other end listens, see `checksums.py`.
const PORT: u16 = 4000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Udp,
    Tcp,
    Echo,
}

/// The counter of wrong checksums of each kind, over IPv4 and IPv6.
const KINDS: [(Kind, [&str; 2]); 3] = [
    (Kind::Udp, ["UdpInCsumErrors", "Udp6InCsumErrors"]),
    (Kind::Tcp, ["TcpInCsumErrors", "TcpInCsumErrors"]),
    (Kind::Echo, ["IcmpInCsumErrors", "Icmp6InCsumErrors"]),
];

/// A packet to the other end, with options before what it carries, and its checksums right.
fn packet(kind: Kind, six: bool, random: &mut Random) -> Vec<Layer> {
    let (number, over): (u8, Layer) = match kind {
        Kind::Udp => {
            let source = random.u16() | 0x8000;
            let header = Udp { source, destination: PORT, length: 0, checksum: 0 };
            (protocol::UDP, header.into())
        }
        Kind::Tcp => {
            let header = Tcp {
                source: random.u16() | 0x8000,
                destination: PORT,
                sequence: random.u32(),
                acknowledgement: 0,
                flags: flag::SYN,
                window: random.u16(),
                checksum: 0,
                urgent: 0,
                options: vec![2, 4, 5, 0xb4],
            };
            (protocol::TCP, header.into())
        }
        Kind::Echo if six => {
            let (kind, rest) = (icmpv6::ECHO_REQUEST, random.array());
            (protocol::ICMPV6, Icmpv6 { kind, code: 0, checksum: 0, rest }.into())
        }
        Kind::Echo => {
            let (kind, rest) = (icmp::ECHO_REQUEST, random.array());
            (protocol::ICMP, Icmp { kind, code: 0, checksum: 0, rest }.into())
        }
    };
    let ethernet = ethernet::Ethernet {
        destination: "02:00:00:00:00:02".parse().expect("an address"),
        source: "02:00:00:00:00:01".parse().expect("an address"),
        ether_type: if six { ether_type::IPV6 } else { ether_type::IPV4 },
    };
    let mut layers = vec![ethernet.into()];
    layers.extend(if six { six_to_there(number, random) } else { four_to_there(number, random) });
    layers.push(over);
    // Also of odd lengths.
    let length = random.between(1, 99);
    layers.push(Layer::Payload(random.bytes(length)));
    seal(&mut layers);
    if kind == Kind::Udp && random.one_in(4) {
        transport::sum_to_zero(&mut layers);
    }
    layers
}

fn four_to_there(number: u8, random: &mut Random) -> Vec<Layer> {
    let header = Ipv4 {
        traffic_class: random.u8() & 0xfc,
        total_length: 0,
        identification: random.u16(),
        flags: Ipv4::DONT_FRAGMENT,
        fragment_offset: 0,
        ttl: random.between(1, 255) as u8,
        protocol: number,
        checksum: 0,
        source: [10, 99, 0, 1].into(),
        destination: [10, 99, 0, 2].into(),
        options: random.pick(&[vec![], vec![1; 4], vec![1; 12]]),
    };
    vec![header.into()]
}

fn six_to_there(number: u8, random: &mut Random) -> Vec<Layer> {
    let kind = protocol::DESTINATION_OPTIONS;
    let with_options = random.one_in(2);
    let header = Ipv6 {
        traffic_class: random.u8() & 0xfc,
        flow_label: random.u32() & 0xf_ffff,
        payload_length: 0,
        next_header: if with_options { kind } else { number },
        hop_limit: random.between(1, 255) as u8,
        source: "fd99::1".parse().expect("an address"),
        destination: "fd99::2".parse().expect("an address"),
    };
    let options = Extension { kind, next_header: number, data: vec![1, 4, 0, 0, 0, 0] };
    let options = with_options.then_some(options);
    [header.into()].into_iter().chain(options.map(Layer::from)).collect()
}

/// One bit of what it carries, or of its checksum, is another.
fn spoilt(mut layers: Vec<Layer>, random: &mut Random) -> Vec<u8> {
    let flip = 1_u16 << random.below(8);
    if let (Some(Layer::Payload(bytes)), true) = (layers.last_mut(), random.one_in(2)) {
        let at = random.below(bytes.len());
        bytes[at] ^= flip as u8;
    } else {
        layers.iter_mut().for_each(|layer| match layer {
            // 0 would say that there is none.
            Layer::Udp(header) if header.checksum != flip => header.checksum ^= flip,
            Layer::Udp(header) => header.checksum ^= 0x8000,
            Layer::Tcp(header) => header.checksum ^= flip,
            Layer::Icmp(header) => header.checksum ^= flip,
            Layer::Icmpv6(header) => header.checksum ^= flip,
            _ => {}
        });
    }
    emit(&layers)
}

#[test]
fn checksums_are_the_kernels() {
    let mut random = Random::new(seed());
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (kind, _) in KINDS {
        for number in 0..2 * PACKETS {
            let six = number % 2 == 1;
            good.push(digits(&emit(&packet(kind, six, &mut random))));
            let other = packet(kind, six, &mut random);
            bad.push(digits(&spoilt(other, &mut random)));
        }
    }
    for _ in 0..PACKETS {
        let mut layers = packet(Kind::Udp, false, &mut random);
        if let Layer::Ipv4(header) = &mut layers[1] {
            header.identification ^= 1 << random.below(16);
        }
        bad.push(digits(&emit(&layers)));
    }
    let answer: Answer = asked(include_str!("checksums.py"), &Question { good, bad });
    ours_are_right_to_the_kernel(&answer);
    the_kernels_are_right_to_us(&answer.sent);
}

fn ours_are_right_to_the_kernel(answer: &Answer) {
    let all = PACKETS as i64;
    let count = |growth: &BTreeMap<String, i64>, name: &str| growth.get(name).copied().unwrap_or(0);
    let header = "IpExtInCsumErrors";
    for name in KINDS.iter().flat_map(|(_, names)| names).chain([&header]) {
        assert_eq!(count(&answer.good, name), 0, "{name}: {:?}", answer.good);
        let wanted = if *name == "TcpInCsumErrors" { 2 * all } else { all };
        assert_eq!(count(&answer.bad, name), wanted, "{name}: {:?}", answer.bad);
    }
    for (name, least) in [("IcmpInEchos", all), ("Icmp6InEchos", all), ("TcpInSegs", 2 * all)] {
        assert!(count(&answer.good, name) >= least, "{name}: {:?}", answer.good);
    }
    assert_eq!(answer.delivered, [2 * PACKETS, 0], "datagrams");
}

fn the_kernels_are_right_to_us(sent: &[String]) {
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for digits in sent {
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("digits"))
            .collect();
        let found = dissect(&bytes, Start::Ethernet);
        let layers: Vec<_> = found.layers.into_iter().map(|found| found.layer).collect();
        let six = layers.iter().any(|layer| matches!(layer, Layer::Ipv6(_)));
        let fragment = layers.iter().any(|layer| match layer {
            Layer::Ipv4(header) => header.is_fragment(),
            layer => matches!(layer, Layer::Fragment(_)),
        });
        let quoting = layers.iter().any(|layer| match layer {
            Layer::Icmp(header) => header.is_error(),
            Layer::Icmpv6(header) => header.is_error(),
            _ => false,
        });
        for (place, layer) in layers.iter().enumerate() {
            let (Some(is), wanted) = (checksum::is(layer), checksum::wanted(&layers, place)) else {
                continue;
            };
            // Not everything is there, if it is in parts.
            if wanted.is_none() && fragment {
                continue;
            }
            assert_eq!(Some(is), wanted, "{} {quoting}: {digits}", layer.name());
            *counts.entry((layer.name(), six)).or_default() += 1;
        }
    }
    println!("{} packets of the kernel, with right checksums: {counts:?}", sent.len());
    for wanted in [("UDP", false), ("UDP", true), ("TCP", false), ("TCP", true), ("ICMP", false)] {
        assert!(counts.get(&wanted).is_some_and(|count| *count > 5), "{wanted:?}: {counts:?}");
    }
    assert!(counts.get(&("ICMPv6", true)).is_some_and(|count| *count > 5), "{counts:?}");
    assert!(counts.get(&("IPv4", false)).is_some_and(|count| *count > 30), "{counts:?}");
}
