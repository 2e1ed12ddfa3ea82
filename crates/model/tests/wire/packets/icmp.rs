//! ICMP, ICMPv6 and neighbour discovery.

use super::network::{address4, address6, ipv4, ipv6, mac};
use super::transport::{self, payload};
use super::{Body, Carrier};
use crate::random::Random;
use model::packet::icmp::{self, Icmp};
use model::packet::icmpv6::{self, Discovery, Icmpv6};
use model::packet::{Layer, emit, protocol, seal};

fn message(kind: u8, code: u8, rest: [u8; 4], carried: Vec<Layer>) -> Body {
    let head = Icmp { kind, code, checksum: 0, rest };
    let layers = [vec![head.into()], carried].concat();
    Body { carrier: Carrier::Ipv4(protocol::ICMP), layers }
}

fn message6(kind: u8, code: u8, rest: [u8; 4], carried: Vec<Layer>) -> Body {
    let head = Icmpv6 { kind, code, checksum: 0, rest };
    let layers = [vec![head.into()], carried].concat();
    Body { carrier: Carrier::Ipv6(protocol::ICMPV6), layers }
}

/// What an error quotes: the beginning of a packet, or all of it.
fn quoted(six: bool, random: &mut Random) -> Vec<Layer> {
    let body = if random.one_in(2) { transport::data(random) } else { transport::datagram(random) };
    let Carrier::Ip(number) = body.carrier else { return Vec::new() };
    let mut layers = if six { ipv6(number, random) } else { ipv4(number, random) };
    let head = emit(&layers).len();
    layers.extend(body.layers);
    seal(&mut layers);
    let mut bytes = emit(&layers);
    // At least eight bytes of what it carried (RFC 792).
    bytes.truncate(random.between(head + 8, head + 600));
    vec![Layer::Payload(bytes)]
}

pub(super) fn echo(random: &mut Random) -> Body {
    let kind = random.pick(&[icmp::ECHO_REQUEST, icmp::ECHO_REPLY]);
    message(kind, 0, random.array(), payload(random))
}

pub(super) fn unreachable(random: &mut Random) -> Body {
    let code = random.pick(&[0, 1, 2, 3, 5, 9, 10, 13]);
    message(icmp::UNREACHABLE, code, [0; 4], quoted(false, random))
}

pub(super) fn fragmentation_needed(random: &mut Random) -> Body {
    let rest = [0, 0, random.u8() | 4, random.u8()];
    message(icmp::UNREACHABLE, icmp::FRAGMENTATION_NEEDED, rest, quoted(false, random))
}

pub(super) fn redirect(random: &mut Random) -> Body {
    let code = random.below(4) as u8;
    message(icmp::REDIRECT, code, address4(random).octets(), quoted(false, random))
}

pub(super) fn time_exceeded(random: &mut Random) -> Body {
    message(icmp::TIME_EXCEEDED, random.u8() & 1, [0; 4], quoted(false, random))
}

pub(super) fn parameter_problem(random: &mut Random) -> Body {
    let rest = [random.below(20) as u8, 0, 0, 0];
    message(icmp::PARAMETER_PROBLEM, 0, rest, quoted(false, random))
}

/// A timestamp, or its reply (RFC 792).
pub(super) fn another(random: &mut Random) -> Body {
    let times = random.bytes(12);
    let kind = random.pick(&[13, 14]);
    message(kind, 0, random.array(), vec![Layer::Payload(times)])
}

pub(super) fn echo6(random: &mut Random) -> Body {
    let kind = random.pick(&[icmpv6::ECHO_REQUEST, icmpv6::ECHO_REPLY]);
    message6(kind, 0, random.array(), payload(random))
}

pub(super) fn unreachable6(random: &mut Random) -> Body {
    let code = random.below(7) as u8;
    message6(icmpv6::UNREACHABLE, code, [0; 4], quoted(true, random))
}

pub(super) fn too_big(random: &mut Random) -> Body {
    let mtu = random.between(1280, 9000) as u32;
    message6(icmpv6::TOO_BIG, 0, mtu.to_be_bytes(), quoted(true, random))
}

pub(super) fn time_exceeded6(random: &mut Random) -> Body {
    message6(icmpv6::TIME_EXCEEDED, random.u8() & 1, [0; 4], quoted(true, random))
}

pub(super) fn parameter_problem6(random: &mut Random) -> Body {
    let (code, pointer) = (random.below(3) as u8, random.below(40) as u32);
    message6(icmpv6::PARAMETER_PROBLEM, code, pointer.to_be_bytes(), quoted(true, random))
}

fn discovery(kind: u8, rest: [u8; 4], fixed: Vec<u8>, options: Vec<u8>) -> Body {
    message6(kind, 0, rest, vec![Discovery { kind, fixed, options }.into()])
}

/// The source's address, or the target's (RFC 4861 §4.6.1).
fn link_address(kind: u8, random: &mut Random) -> Vec<u8> {
    match random.one_in(4) {
        true => Vec::new(),
        false => [&[kind, 1][..], &mac(random).0].concat(),
    }
}

pub(super) fn neighbour_solicitation(random: &mut Random) -> Body {
    let target = address6(random).octets().to_vec();
    let mut options = link_address(1, random);
    // A nonce (RFC 3971 §5.3.2).
    if random.one_in(3) {
        options.extend([14, 1]);
        options.extend(random.array::<6>());
    }
    discovery(icmpv6::NEIGHBOUR_SOLICITATION, [0; 4], target, options)
}

pub(super) fn neighbour_advertisement(random: &mut Random) -> Body {
    let target = address6(random).octets().to_vec();
    let flags = [random.u8() & 0xe0, 0, 0, 0];
    discovery(icmpv6::NEIGHBOUR_ADVERTISEMENT, flags, target, link_address(2, random))
}

pub(super) fn router_solicitation(random: &mut Random) -> Body {
    discovery(icmpv6::ROUTER_SOLICITATION, [0; 4], Vec::new(), link_address(1, random))
}

pub(super) fn router_advertisement(random: &mut Random) -> Body {
    let [high, low] = random.u16().to_be_bytes();
    let rest = [random.u8(), random.u8() & 0xc0, high, low];
    let times = random.bytes(8);
    let mut options = link_address(1, random);
    // RFC 4861 §4.6.4: the MTU.
    if random.one_in(2) {
        options.extend([5, 1, 0, 0, 0, 0, 0x05, 0xdc]);
    }
    // §4.6.2: a prefix.
    if random.one_in(2) {
        options.extend([3, 4, 64, 0xc0]);
        options.extend(random.array::<8>());
        options.extend([0; 4]);
        options.extend([&address6(random).octets()[..8], &[0; 8]].concat());
    }
    // RFC 8106: servers of DNS.
    if random.one_in(3) {
        options.extend([25, 3, 0, 0, 0, 0, 0x0e, 0x10]);
        options.extend(address6(random).octets());
    }
    discovery(icmpv6::ROUTER_ADVERTISEMENT, rest, times, options)
}

pub(super) fn redirect6(random: &mut Random) -> Body {
    let ends = [address6(random).octets(), address6(random).octets()].concat();
    discovery(icmpv6::REDIRECT, [0; 4], ends, link_address(2, random))
}
