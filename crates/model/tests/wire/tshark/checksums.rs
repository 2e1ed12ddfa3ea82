//! Which checksums are right, and what they should be.

use super::program::Shown;
use super::{asked, digits, none};
use crate::packets::{self, Packet};
use crate::pcap;
use crate::random::{Random, seed};
use model::packet::{Layer, checksum, dissect, emit, protocol};

/// What Wireshark says of a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Bad,
    Good,
    /// Not everything is there.
    Unverified,
    NotPresent,
}

/// A checksum as we see it, under Wireshark's name.
struct Ours {
    name: &'static str,
    status: Status,
    /// In what an error quotes …
    quoted: bool,
    /// … behind a routing header, which Wireshark does not follow there.
    routed: bool,
}

fn ours(layers: &[Layer]) -> Vec<Ours> {
    let mut all = Vec::new();
    let (mut quoted, mut routed) = (false, false);
    for (place, layer) in layers.iter().enumerate() {
        routed |= matches!(layer, Layer::Extension(header) if header.kind == protocol::ROUTING);
        let name = match layer {
            Layer::Ipv4(_) => "ip",
            Layer::Icmp(_) => "icmp",
            Layer::Icmpv6(_) => "icmpv6",
            Layer::Tcp(_) => "tcp",
            Layer::Udp(_) => "udp",
            _ => continue,
        };
        let (is, wanted) = (checksum::is(layer), checksum::wanted(layers, place));
        let status = match (is, wanted) {
            (Some(0), _) if name == "udp" => Status::NotPresent,
            (_, None) => Status::Unverified,
            (is, wanted) if is == wanted => Status::Good,
            _ => Status::Bad,
        };
        all.push(Ours { name, status, quoted, routed });
        quoted |= match layer {
            Layer::Icmp(header) => header.is_error(),
            Layer::Icmpv6(header) => header.is_error(),
            _ => false,
        };
    }
    all
}

/// Whether there is the start of a TCP header, of which Wireshark reads on.
fn starts_only(layers: &[Layer]) -> bool {
    layers.iter().any(|layer| matches!(layer, Layer::TcpStart(_)))
}

fn theirs(shown: &[Shown], name: &str) -> Vec<Status> {
    let name = format!("{name}.checksum.status");
    let shown = shown.iter().filter(|shown| shown.name == name);
    let status = |shown: &Shown| match &shown.value[..] {
        "0" => Status::Bad,
        "1" => Status::Good,
        "2" => Status::Unverified,
        // And 4 is that over IPv6, where it may be missing in tunnels only (RFC 6935).
        "3" | "4" => Status::NotPresent,
        other => panic!("{name} is {other}"),
    };
    shown.map(status).collect()
}

#[test]
fn checksums_are_right_where_wireshark_says_so() {
    let mut random = Random::new(seed());
    let packets: Vec<_> = (0..3000)
        .map(|_| {
            let mut packet = packets::packet(&mut random);
            for layer in &mut packet.layers {
                if random.one_in(4) {
                    spoil(layer, random.u16() | 1);
                }
            }
            packet.bytes = emit(&packet.layers);
            packet
        })
        .collect();
    let shown = asked(pcap::ETHERNET, packets.iter().map(Packet::whole));
    let (mut found, mut counts) = (Vec::new(), [0; 4]);
    for (packet, shown) in packets.iter().zip(&shown) {
        let found_layers = dissect(&packet.bytes, packet.start).layers;
        let layers: Vec<_> = found_layers.into_iter().map(|found| found.layer).collect();
        let ours = ours(&layers);
        for name in ["ip", "icmp", "icmpv6", "tcp", "udp"] {
            let ours: Vec<_> = ours.iter().filter(|ours| ours.name == name).collect();
            let theirs = theirs(shown, name);
            let mut same = true;
            for (number, Ours { status, quoted, routed, .. }) in ours.iter().enumerate() {
                let its = theirs.get(number);
                // Of a quote, Wireshark verifies less than is there, or more.
                let by_halves =
                    [Some(status), its].contains(&Some(&Status::Unverified)) || its.is_none();
                counts[*status as usize] += usize::from(its == Some(status));
                same &= its == Some(status) || *quoted && (by_halves || *routed);
            }
            let more = theirs.len() > ours.len() && !(name == "tcp" && starts_only(&layers));
            if !same || more {
                let ours: Vec<_> = ours.iter().map(|ours| ours.status).collect();
                let (kind, bytes) = (packet.kind, digits(&packet.bytes));
                found.push(format!("{kind} {bytes}: {name}: ours {ours:?}; theirs {theirs:?}"));
            }
        }
    }
    none(found);
    println!("bad, good, unverified, not present: {counts:?}");
    assert!(counts.iter().all(|count| *count > 30), "{counts:?}");
}

fn spoil(layer: &mut Layer, by: u16) {
    match layer {
        Layer::Ipv4(header) => header.checksum ^= by,
        Layer::Icmp(header) => header.checksum ^= by,
        Layer::Icmpv6(header) => header.checksum ^= by,
        Layer::Tcp(header) => header.checksum ^= by,
        Layer::Udp(header) => header.checksum ^= by,
        _ => {}
    }
}
