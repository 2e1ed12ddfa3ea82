//! Bytes from a wire as headers, in the words of the model, and what tells our packets from others.

use model::net::Mac;
use model::path::{Layer, Packet};
use std::net::IpAddr;

/// What was read of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) packet: Packet,
    pub(crate) sign: Sign,
}

/// What a packet keeps on its way, whatever is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Our bytes in the payload of a datagram or an echo.
    Cookie { number: u32, answer: bool },
    /// A SYN's sequence number.
    Opens(u32),
    /// The number that a SYN-ACK acknowledges, less one.
    Accepts(u32),
    /// An answer that is a reset, by the same number.
    Resets(u32),
}

/// Begins the payload of what we send.
const MAGIC: [u8; 4] = *b"gnet";
/// Bytes of a cookie: the magic, the packet's number, whether it is an answer.
pub(crate) const COOKIE: usize = 9;

/// The payload of so many bytes, a cookie's at least.
pub(crate) fn payload(number: u32, answer: bool, length: usize) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.push(u8::from(answer));
    bytes.resize(length.max(COOKIE), 0);
    bytes
}

/// The number in a payload of ours, and whether it is an answer's.
pub(crate) fn cookie(payload: &[u8]) -> Option<(u32, bool)> {
    let rest = payload.strip_prefix(&MAGIC)?;
    let number = u32::from_be_bytes(*rest.first_chunk()?);
    Some((number, *rest.get(4)? == 1))
}

/// What the frame holds, if it is one that could be ours; `tunnels` are UDP ports of VXLAN.
pub(crate) fn parse(frame: &[u8], tunnels: &[u16]) -> Option<Parsed> {
    let mut layers = Vec::new();
    let sign = ethernet(frame, tunnels, &mut layers)?;
    Some(Parsed { packet: Packet { layers }, sign })
}

fn ethernet(frame: &[u8], tunnels: &[u16], layers: &mut Vec<Layer>) -> Option<Sign> {
    let (destination, rest) = frame.split_first_chunk::<6>()?;
    let (source, rest) = rest.split_first_chunk::<6>()?;
    let (kind, rest) = rest.split_first_chunk::<2>()?;
    layers.push(Layer::Ethernet { source: Mac(*source), destination: Mac(*destination) });
    match u16::from_be_bytes(*kind) {
        0x0800 => ipv4(rest, tunnels, layers),
        0x86dd => ipv6(rest, tunnels, layers),
        _ => None,
    }
}

fn ipv4(packet: &[u8], tunnels: &[u16], layers: &mut Vec<Layer>) -> Option<Sign> {
    let header = packet.first_chunk::<20>()?;
    let length = usize::from(header[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    if fragment & 0x1fff != 0 {
        return None;
    }
    let address = |at: usize| header.get(at..)?.first_chunk::<4>().copied().map(IpAddr::from);
    layers.push(Layer::Ip {
        source: address(12)?,
        destination: address(16)?,
        hops: header[8],
        dont_fragment: fragment & 0x4000 != 0,
    });
    let body = packet.get(length..total.min(packet.len()))?;
    transport(header[9], body, tunnels, layers)
}

fn ipv6(packet: &[u8], tunnels: &[u16], layers: &mut Vec<Layer>) -> Option<Sign> {
    let header = packet.first_chunk::<40>()?;
    let address = |at: usize| header.get(at..)?.first_chunk::<16>().copied().map(IpAddr::from);
    layers.push(Layer::Ip {
        source: address(8)?,
        destination: address(24)?,
        hops: header[7],
        dont_fragment: true,
    });
    transport(header[6], packet.get(40..)?, tunnels, layers)
}

fn transport(protocol: u8, body: &[u8], tunnels: &[u16], layers: &mut Vec<Layer>) -> Option<Sign> {
    let two = |at: usize| body.get(at..)?.first_chunk::<2>().copied().map(u16::from_be_bytes);
    let four = |at: usize| body.get(at..)?.first_chunk::<4>().copied().map(u32::from_be_bytes);
    match protocol {
        17 => {
            let (source, destination) = (two(0)?, two(2)?);
            layers.push(Layer::Udp { source, destination });
            let rest = body.get(8..)?;
            if !tunnels.contains(&destination) {
                let (number, answer) = cookie(rest)?;
                return Some(Sign::Cookie { number, answer });
            }
            let vni = u32::from_be_bytes(*rest.get(4..)?.first_chunk()?) >> 8;
            layers.push(Layer::Vxlan { vni });
            ethernet(rest.get(8..)?, tunnels, layers)
        }
        6 => {
            const FIN: u8 = 1;
            const SYN: u8 = 2;
            const RST: u8 = 4;
            const ACK: u8 = 16;
            let flags = *body.get(13)?;
            let syn = flags & (SYN | ACK) == SYN;
            layers.push(Layer::Tcp { source: two(0)?, destination: two(2)?, syn });
            let acknowledged = four(8)?.wrapping_sub(1);
            match flags & (SYN | RST | ACK | FIN) {
                SYN => Some(Sign::Opens(four(4)?)),
                flags if flags == SYN | ACK => Some(Sign::Accepts(acknowledged)),
                flags if flags == RST | ACK => Some(Sign::Resets(acknowledged)),
                _ => None,
            }
        }
        1 | 58 => {
            let request = match (protocol, *body.first()?) {
                (1, 8) | (58, 128) => true,
                (1, 0) | (58, 129) => false,
                _ => return None,
            };
            layers.push(Layer::Echo { request, identifier: two(4)?, sequence: two(6)? });
            let (number, _) = cookie(body.get(8..)?)?;
            Some(Sign::Cookie { number, answer: !request })
        }
        _ => None,
    }
}
