//! The bytes of echoes and of ICMP errors (RFC 792, RFC 1191, RFC 4443).

use model::cluster::Outcome;
use model::net::Family;
use std::net::IpAddr;

/// Headers of ICMP (both versions), and of IP without options.
const ICMP: usize = 8;
const IPV4: usize = 20;
const IPV6: usize = 40;
/// Types: echo request and reply.
const REQUEST_V4: u8 = 8;
const REPLY_V4: u8 = 0;
const REQUEST_V6: u8 = 128;
const REPLY_V6: u8 = 129;
/// Destination unreachable, and its code "fragmentation needed"; time exceeded, parameter problem.
const UNREACHABLE_V4: u8 = 3;
const NEEDS_FRAGMENTS: u8 = 4;
const ERRORS_V4: [u8; 3] = [UNREACHABLE_V4, 11, 12];
/// Destination unreachable, packet too big, time exceeded, parameter problem.
const TOO_BIG: u8 = 2;
const ERRORS_V6: [u8; 4] = [1, TOO_BIG, 3, 4];

/// What was read of a packet that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Reply {
        id: u16,
        sequence: u16,
        cookie: u64,
        by: IpAddr,
    },
    /// About an echo request to `to`.
    Error {
        id: u16,
        sequence: u16,
        to: IpAddr,
        outcome: Outcome,
    },
}

impl Found {
    pub(super) fn sequence(&self) -> u16 {
        match self {
            Self::Reply { sequence, .. } | Self::Error { sequence, .. } => *sequence,
        }
    }
}

/// An echo request that makes an IP packet of so many bytes, or of the fewest that hold the cookie.
pub(super) fn request(family: Family, id: u16, sequence: u16, cookie: u64, bytes: u32) -> Vec<u8> {
    let (kind, header) = match family {
        Family::V4 => (REQUEST_V4, IPV4),
        Family::V6 => (REQUEST_V6, IPV6),
    };
    let len = (bytes as usize).saturating_sub(header).max(ICMP + 8);
    let mut message = vec![0; len];
    message[0] = kind;
    message[4..6].copy_from_slice(&id.to_be_bytes());
    message[6..8].copy_from_slice(&sequence.to_be_bytes());
    message[8..16].copy_from_slice(&cookie.to_be_bytes());
    if family == Family::V4 {
        let sum = checksum(&message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    message
}

/// The Internet checksum (RFC 1071). For ICMPv6 the kernel makes it: it covers addresses too.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|word| {
        let low = word.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([word[0], low]))
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Reads what a raw socket gives: for IPv4 with its header, for IPv6 without.
pub(super) fn read(family: Family, bytes: &[u8], by: IpAddr) -> Option<Found> {
    let icmp = match family {
        Family::V4 => after_ipv4(bytes)?.1,
        Family::V6 => bytes,
    };
    let (kind, code) = (*icmp.first()?, *icmp.get(1)?);
    let (reply, errors) = match family {
        Family::V4 => (REPLY_V4, &ERRORS_V4[..]),
        Family::V6 => (REPLY_V6, &ERRORS_V6[..]),
    };
    if kind == reply {
        let (id, sequence) = identity(icmp)?;
        let cookie = icmp.get(ICMP..)?.first_chunk().copied().map(u64::from_be_bytes)?;
        return Some(Found::Reply { id, sequence, cookie, by });
    }
    if !errors.contains(&kind) {
        return None;
    }
    let inner = icmp.get(ICMP..)?;
    let (to, echo) = match family {
        Family::V4 => after_ipv4(inner)?,
        Family::V6 => {
            let to: [u8; 16] = *inner.get(24..)?.first_chunk()?;
            (IpAddr::from(to), inner.get(IPV6..)?)
        }
    };
    let asked = if family == Family::V4 { REQUEST_V4 } else { REQUEST_V6 };
    if echo.first() != Some(&asked) {
        return None;
    }
    let (id, sequence) = identity(echo)?;
    let outcome = match (family, kind, code) {
        (Family::V4, UNREACHABLE_V4, NEEDS_FRAGMENTS) => {
            let mtu = u16::from_be_bytes(*icmp.get(6..)?.first_chunk()?);
            Outcome::TooBig { by, mtu: mtu.into() }
        }
        (Family::V6, TOO_BIG, _) => {
            let mtu = u32::from_be_bytes(*icmp.get(4..)?.first_chunk()?);
            Outcome::TooBig { by, mtu }
        }
        _ => Outcome::Refused { by, kind, code },
    };
    Some(Found::Error { id, sequence, to, outcome })
}

/// The destination of an IPv4 packet, and what follows its header.
fn after_ipv4(packet: &[u8]) -> Option<(IpAddr, &[u8])> {
    let len = usize::from(packet.first()? & 0xf) * 4;
    let to: [u8; 4] = *packet.get(16..)?.first_chunk()?;
    Some((to.into(), packet.get(len..)?))
}

fn identity(icmp: &[u8]) -> Option<(u16, u16)> {
    let [a, b, c, d] = *icmp.get(4..)?.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_size_asked_for_and_a_right_checksum() {
        for (family, header) in [(Family::V4, IPV4), (Family::V6, IPV6)] {
            for bytes in [1280, 1281, 1500, 9000] {
                let message = request(family, 7, 9, 11, bytes);
                assert_eq!(message.len() + header, bytes as usize);
                assert_eq!(identity(&message), Some((7, 9)));
            }
            assert_eq!(request(family, 7, 9, 11, 0).len(), 16);
        }
        assert_eq!(checksum(&request(Family::V4, 0xabcd, 0xffff, u64::MAX, 577)), 0);
    }

    #[test]
    fn what_a_router_says_is_read() {
        let router: IpAddr = [192, 0, 2, 254].into();
        // 192.0.2.254 > 192.0.2.1: ICMP 10.0.0.2 unreachable - need to frag (mtu 1400)
        let mut packet = vec![
            0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 254, 192, 0, 2, 1, //
            3, 4, 0, 0, 0, 0, 5, 120, //
            0x45, 0, 5, 220, 0, 0, 0x40, 0, 64, 1, 0, 0, 192, 0, 2, 1, 10, 0, 0, 2, //
            8, 0, 0, 0, 0, 7, 0, 9,
        ];
        let found = read(Family::V4, &packet, router).unwrap();
        let (to, by) = ([10, 0, 0, 2].into(), router);
        let outcome = Outcome::TooBig { by, mtu: 1400 };
        assert_eq!(found, Found::Error { id: 7, sequence: 9, to, outcome });
        packet[21] = 1;
        let Some(Found::Error { outcome, .. }) = read(Family::V4, &packet, router) else {
            panic!()
        };
        assert_eq!(outcome, Outcome::Refused { by, kind: 3, code: 1 });
        // About a packet that was no echo request.
        packet[48] = 0;
        assert_eq!(read(Family::V4, &packet, router), None);
    }

    #[test]
    fn no_bytes_are_too_strange() {
        let by: IpAddr = [192, 0, 2, 254].into();
        let packet: Vec<u8> = (0..=255).collect();
        for first in [0_u8, 2, 3, 0x45, 0x4f, 129, 255] {
            for len in 0..packet.len() {
                let mut packet = packet[..len].to_vec();
                packet.iter_mut().take(1).for_each(|byte| *byte = first);
                for family in Family::BOTH {
                    let _ = read(family, &packet, by);
                }
            }
        }
    }
}
