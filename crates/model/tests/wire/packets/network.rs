//! Ethernet, tags, ARP, IPv4 and IPv6.

use super::{Body, Carrier};
use crate::random::Random;
use model::net::Mac;
use model::packet::arp::Arp;
use model::packet::ethernet::{Ethernet, Vlan};
use model::packet::ipv4::Ipv4;
use model::packet::ipv6::{Extension, Fragment, Ipv6};
use model::packet::{Layer, ether_type, protocol};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Some addresses come often, so that filters find something.
pub(super) fn address4(random: &mut Random) -> Ipv4Addr {
    match random.below(8) {
        0 => Ipv4Addr::from_bits(random.u32()),
        1 => Ipv4Addr::new(224, 0, 0, random.u8()),
        _ => Ipv4Addr::new(10, random.below(3) as u8, random.below(3) as u8, random.u8() & 7),
    }
}

pub(super) fn address6(random: &mut Random) -> Ipv6Addr {
    let host = u128::from(random.u8() & 7);
    match random.below(8) {
        0 => Ipv6Addr::from_bits(u128::from(random.next()) << 64 | u128::from(random.next())),
        1 => Ipv6Addr::from_bits(0xff02 << 112 | host),
        2 => Ipv6Addr::from_bits(0xfe80 << 112 | host),
        _ => Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(random.u8() & 3) << 64 | host),
    }
}

pub(super) fn mac(random: &mut Random) -> Mac {
    match random.below(8) {
        0 => Mac(random.array()),
        1 => Mac::BROADCAST,
        2 => Mac([0x33, 0x33, 0, 0, 0, random.u8() & 3]),
        _ => Mac([2, 0, 0, 0, 0, random.u8() & 3]),
    }
}

/// A header of Ethernet, often with a tag or two.
pub(super) fn ethernet(inner: u16, random: &mut Random) -> Vec<Layer> {
    let tags: &[u16] = match random.below(6) {
        0 | 1 => &[ether_type::VLAN],
        2 => &[ether_type::SERVICE_VLAN, ether_type::VLAN],
        3 => &[ether_type::VLAN, ether_type::VLAN],
        _ => &[],
    };
    let mut types = tags.iter().copied().chain([inner]);
    let mut next = || types.next().unwrap_or(inner);
    let (destination, source) = (mac(random), mac(random));
    let mut layers = vec![Ethernet { destination, source, ether_type: next() }.into()];
    for _ in tags {
        let (priority, drop_eligible) = (random.u8() & 7, random.one_in(2));
        let id = random.pick(&[1, 7, 8, 100, 4094]);
        layers.push(Vlan { priority, drop_eligible, id, ether_type: next() }.into());
    }
    layers
}

pub(super) fn arp(random: &mut Random) -> Body {
    let arp = Arp {
        operation: random.pick(&[1, 2]),
        sender_mac: mac(random),
        sender: address4(random),
        target_mac: mac(random),
        target: address4(random),
    };
    Body { carrier: Carrier::Link(ether_type::ARP), layers: vec![arp.into()] }
}

fn header4(number: u8, random: &mut Random) -> Ipv4 {
    Ipv4 {
        traffic_class: random.u8(),
        total_length: 0,
        identification: random.u16(),
        flags: random.pick(&[0, Ipv4::DONT_FRAGMENT]),
        fragment_offset: 0,
        ttl: random.between(1, 255) as u8,
        protocol: number,
        checksum: 0,
        source: address4(random),
        destination: address4(random),
        options: options4(random),
    }
}

pub(super) fn ipv4(number: u8, random: &mut Random) -> Vec<Layer> {
    vec![header4(number, random).into()]
}

/// Most have none (RFC 791 §3.1, RFC 2113).
fn options4(random: &mut Random) -> Vec<u8> {
    let mut options = Vec::new();
    if !random.one_in(4) {
        return options;
    }
    for _ in 0..random.between(1, 3) {
        match random.below(4) {
            0 => options.push(1),
            1 => options.extend([148, 4, 0, 0]),
            // Record route, with room for one more.
            2 => {
                options.extend([7, 11, 8]);
                options.extend(random.array::<4>());
                options.extend([0; 4]);
            }
            // Timestamps only.
            _ => {
                options.extend([68, 12, 9, 0]);
                options.extend(random.array::<4>());
                options.extend([0; 4]);
            }
        }
    }
    options.resize(options.len().next_multiple_of(4), 0);
    options
}

fn header6(number: u8, random: &mut Random) -> Ipv6 {
    Ipv6 {
        traffic_class: random.u8(),
        flow_label: random.u32() & 0xf_ffff,
        payload_length: 0,
        next_header: number,
        hop_limit: random.between(1, 255) as u8,
        source: address6(random),
        destination: address6(random),
    }
}

/// With extension headers in one of four.
pub(super) fn ipv6(number: u8, random: &mut Random) -> Vec<Layer> {
    let mut extensions: Vec<(u8, Layer)> = Vec::new();
    if random.one_in(4) {
        for kind in [
            protocol::HOP_BY_HOP,
            protocol::DESTINATION_OPTIONS,
            protocol::ROUTING,
            protocol::FRAGMENT,
            protocol::DESTINATION_OPTIONS,
        ] {
            if random.one_in(2) {
                extensions.push((kind, extension(kind, random)));
            }
        }
    }
    chained(extensions, number, random)
}

fn extension(kind: u8, random: &mut Random) -> Layer {
    match kind {
        // All of a packet, in one fragment (RFC 6946).
        protocol::FRAGMENT => part(0, false, random).into(),
        protocol::ROUTING => Extension { kind, next_header: 0, data: routing(random) }.into(),
        _ => Extension { kind, next_header: 0, data: options6(kind, random) }.into(),
    }
}

/// An IPv6 header and extensions, each naming the next.
fn chained(extensions: Vec<(u8, Layer)>, number: u8, random: &mut Random) -> Vec<Layer> {
    let mut next = number;
    let mut layers = Vec::new();
    for (kind, mut layer) in extensions.into_iter().rev() {
        match &mut layer {
            Layer::Extension(header) => header.next_header = next,
            Layer::Fragment(header) => header.next_header = next,
            _ => {}
        }
        next = kind;
        layers.push(layer);
    }
    layers.push(header6(next, random).into());
    layers.reverse();
    layers
}

/// RFC 8200 §4.2, RFC 2711.
fn options6(kind: u8, random: &mut Random) -> Vec<u8> {
    let mut data = Vec::new();
    if kind == protocol::HOP_BY_HOP {
        data.extend([5, 2, 0, 0]);
    }
    let end = data.len().max(1).next_multiple_of(8) - 2 + 8 * random.below(3);
    match end - data.len() {
        0 => {}
        1 => data.push(0),
        missing => {
            data.extend([1, (missing - 2) as u8]);
            data.resize(end, 0);
        }
    }
    data
}

/// The home address of a mobile node (RFC 6275 §6.4), or a list of segments (RFC 8754 §2).
fn routing(random: &mut Random) -> Vec<u8> {
    if random.one_in(2) {
        let mut data = vec![2, random.u8() & 1, 0, 0, 0, 0];
        data.extend(address6(random).octets());
        return data;
    }
    let segments = random.between(1, 3);
    let left = random.between(0, segments - 1) as u8;
    let mut data = vec![4, left, (segments - 1) as u8, 0, 0, 0];
    (0..segments).for_each(|_| data.extend(address6(random).octets()));
    data
}

fn part(offset: u16, more: bool, random: &mut Random) -> Fragment {
    Fragment {
        next_header: 0,
        reserved: 0,
        offset,
        reserved_bits: 0,
        more,
        identification: random.u32(),
    }
}

fn offset(first: bool, random: &mut Random) -> (u16, bool) {
    match first {
        true => (0, true),
        false => {
            let any = random.between(1, 0x1ff0) as u16;
            // Of which one bit tells, or all but one.
            (random.pick(&[any, 1, 0x1000, 0x0fff]), random.one_in(2))
        }
    }
}

pub(super) fn fragment4(number: u8, first: bool, random: &mut Random) -> Vec<Layer> {
    let (offset, more) = offset(first, random);
    let header = header4(number, random);
    vec![Ipv4 { flags: more.into(), fragment_offset: offset, ..header }.into()]
}

pub(super) fn fragment6(number: u8, first: bool, random: &mut Random) -> Vec<Layer> {
    let (offset, more) = offset(first, random);
    let mut extensions = vec![(protocol::FRAGMENT, part(offset, more, random).into())];
    if random.one_in(3) {
        let kind = protocol::HOP_BY_HOP;
        extensions.insert(0, (kind, extension(kind, random)));
    }
    chained(extensions, number, random)
}
