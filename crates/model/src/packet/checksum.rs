//! The Internet checksum (RFC 1071), as IPv4, ICMP, ICMPv6, TCP and UDP have it.

use super::ipv4::Ipv4;
use super::layer::emit;
use super::{Layer, protocol};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The ones' complement of the sum of all 16-bit words; a last odd byte counts as the upper half.
pub fn of(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    let mut upper = true;
    for byte in parts.iter().copied().flatten() {
        sum += if upper { u64::from(*byte) << 8 } else { u64::from(*byte) };
        upper = !upper;
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The checksum that a layer should have among these, where all lengths are right; `None` for one that
/// has none, or of which not everything is there.
pub fn wanted(layers: &[Layer], place: usize) -> Option<u16> {
    match layers.get(place)? {
        Layer::Ipv4(header) => {
            let mut bytes = Vec::new();
            super::Header::emit(&Ipv4 { checksum: 0, ..header.clone() }, &mut bytes);
            Some(of(&[&bytes]))
        }
        Layer::Icmp(_) => Some(of(&[&segment(layers, place, 2)?.1])),
        Layer::Icmpv6(_) => over_pseudo_header(layers, place, 2, protocol::ICMPV6),
        Layer::Tcp(_) => over_pseudo_header(layers, place, 16, protocol::TCP),
        // 0 would say that there is none.
        Layer::Udp(_) => match over_pseudo_header(layers, place, 6, protocol::UDP)? {
            0 => Some(0xffff),
            sum => Some(sum),
        },
        _ => None,
    }
}

/// The checksum that a layer has.
pub fn is(layer: &Layer) -> Option<u16> {
    match layer {
        Layer::Ipv4(header) => Some(header.checksum),
        Layer::Icmp(header) => Some(header.checksum),
        Layer::Icmpv6(header) => Some(header.checksum),
        Layer::Tcp(header) => Some(header.checksum),
        Layer::Udp(header) => Some(header.checksum),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Between {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

/// What an IP header carries from a layer on, its checksum zero; and between whom.
fn segment(layers: &[Layer], place: usize, checksum: usize) -> Option<(Between, Vec<u8>)> {
    let carrier = layers[..place]
        .iter()
        .rposition(|layer| matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_)))?;
    let whole = |layer: &Layer| match layer {
        Layer::Fragment(fragment) => fragment.offset == 0 && !fragment.more,
        _ => true,
    };
    let (mut between, length) = match &layers[carrier] {
        Layer::Ipv4(header) if !header.is_fragment() => (
            Between::V4(header.source, header.destination),
            usize::from(header.total_length).checked_sub(header.length())?,
        ),
        Layer::Ipv6(header) => {
            (Between::V6(header.source, header.destination), usize::from(header.payload_length))
        }
        _ => return None,
    };
    let before = layers.get(carrier + 1..place)?;
    if !before.iter().all(whole) {
        return None;
    }
    for layer in before {
        if let (Layer::Extension(header), Between::V6(_, destination)) = (layer, &mut between) {
            *destination = header.last_destination(*destination)?;
        }
    }
    let skipped = emit(before).len();
    let mut carried = emit(&layers[place..]);
    let length = length.checked_sub(skipped)?;
    if carried.len() < length {
        return None;
    }
    carried.truncate(length);
    carried.get_mut(checksum..checksum + 2)?.fill(0);
    Some((between, carried))
}

/// What a sender leaves where the card is to fill in the checksum of TCP or UDP: the sum of the pseudo
/// header alone (`CHECKSUM_PARTIAL`, `include/linux/skbuff.h`). So it also goes to a neighbour on the same
/// machine, since nothing can happen to it on the way.
pub fn unfinished(layers: &[Layer], place: usize) -> Option<u16> {
    let (checksum, protocol) = match layers.get(place)? {
        Layer::Tcp(_) => (16, protocol::TCP),
        Layer::Udp(_) => (6, protocol::UDP),
        _ => return None,
    };
    let (header, _) = with_pseudo_header(layers, place, checksum, protocol)?;
    Some(!of(&[&header]))
}

fn over_pseudo_header(
    layers: &[Layer],
    place: usize,
    checksum: usize,
    protocol: u8,
) -> Option<u16> {
    let (header, carried) = with_pseudo_header(layers, place, checksum, protocol)?;
    Some(of(&[&header, &carried]))
}

/// RFC 768, RFC 9293 §3.1, RFC 8200 §8.1.
fn with_pseudo_header(
    layers: &[Layer],
    place: usize,
    checksum: usize,
    protocol: u8,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let (between, mut carried) = segment(layers, place, checksum)?;
    if let Layer::Udp(header) = &layers[place] {
        // An IP header may say more.
        carried.truncate(header.length.into());
    }
    let length = u32::try_from(carried.len()).ok()?.to_be_bytes();
    let last = [0, 0, 0, protocol];
    let header = match between {
        Between::V4(source, destination) => {
            [&source.octets()[..], &destination.octets(), &last[2..], &length[2..]].concat()
        }
        Between::V6(source, destination) => {
            [&source.octets()[..], &destination.octets(), &length, &last].concat()
        }
    };
    Some((header, carried))
}
