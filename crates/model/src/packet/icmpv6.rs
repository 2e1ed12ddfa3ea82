//! ICMPv6 (RFC 4443): its first eight bytes; and what neighbour discovery says behind them (RFC 4861).

use super::field::Fields;
use super::icmp::{self, halves};
use super::reader::Reader;
use super::{Field, Header, Malformed};
use crate::net::Mac;
use std::net::Ipv6Addr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icmpv6 {
    pub kind: u8,
    pub code: u8,
    pub checksum: u16,
    /// What it means depends on the kind.
    pub rest: [u8; 4],
}

pub const UNREACHABLE: u8 = 1;
pub const TOO_BIG: u8 = 2;
pub const TIME_EXCEEDED: u8 = 3;
pub const PARAMETER_PROBLEM: u8 = 4;
pub const ECHO_REQUEST: u8 = 128;
pub const ECHO_REPLY: u8 = 129;
pub const ROUTER_SOLICITATION: u8 = 133;
pub const ROUTER_ADVERTISEMENT: u8 = 134;
pub const NEIGHBOUR_SOLICITATION: u8 = 135;
pub const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
pub const REDIRECT: u8 = 137;

impl Icmpv6 {
    /// Identifier and sequence number of an echo.
    pub fn echo(&self) -> Option<(u16, u16)> {
        matches!(self.kind, ECHO_REPLY | ECHO_REQUEST).then(|| halves(self.rest))
    }

    /// Bytes that the next hop takes.
    pub fn next_hop_mtu(&self) -> Option<u32> {
        (self.kind == TOO_BIG).then(|| u32::from_be_bytes(self.rest))
    }

    /// Whether a packet is quoted (RFC 4443 §2.1).
    pub fn is_error(&self) -> bool {
        self.kind < 128
    }

    /// How many bytes stand between these eight and the options of neighbour discovery.
    pub(super) fn discovery(&self) -> Option<usize> {
        match self.kind {
            ROUTER_SOLICITATION => Some(0),
            ROUTER_ADVERTISEMENT => Some(8),
            NEIGHBOUR_SOLICITATION | NEIGHBOUR_ADVERTISEMENT => Some(16),
            REDIRECT => Some(32),
            _ => None,
        }
    }
}

impl Header for Icmpv6 {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let ((kind, code, checksum, rest), length) = icmp::read(bytes)?;
        Ok((Self { kind, code, checksum, rest }, length))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        icmp::write((self.kind, self.code, self.checksum, self.rest), to);
    }

    fn fields(&self) -> Vec<Field> {
        let fields = Fields::new()
            .then("icmpv6.type", 1, self.kind)
            .then("icmpv6.code", 1, self.code)
            .then("icmpv6.checksum", 2, self.checksum);
        let bit = |bit: u8| self.rest[0] & bit != 0;
        if let Some((identifier, sequence)) = self.echo() {
            fields
                .then("icmpv6.echo.identifier", 2, identifier)
                .then("icmpv6.echo.sequence_number", 2, sequence)
                .end()
        } else if let Some(mtu) = self.next_hop_mtu() {
            fields.then("icmpv6.mtu", 4, mtu).end()
        } else if self.kind == NEIGHBOUR_ADVERTISEMENT {
            fields
                .bits("icmpv6.nd.na.flag.r", 0..1, bit(0x80))
                .bits("icmpv6.nd.na.flag.s", 0..1, bit(0x40))
                .bits("icmpv6.nd.na.flag.o", 0..1, bit(0x20))
                .end()
        } else {
            fields.end()
        }
    }
}

/// What neighbour discovery says, but for the first eight bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The kind of the ICMPv6 message that it is in.
    pub kind: u8,
    /// 0, 8, 16 or 32 bytes, by the kind.
    pub fixed: Vec<u8>,
    /// As they are.
    pub options: Vec<u8>,
}

impl Discovery {
    /// Reads what follows an ICMPv6 header.
    pub(super) fn parse(header: &Icmpv6, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let fixed = reader.bytes(header.discovery().unwrap_or_default())?.to_vec();
        let options = bytes[reader.at()..].to_vec();
        Ok(Self { kind: header.kind, fixed, options })
    }

    /// The address that a solicitation, an advertisement or a redirect is about.
    pub fn target(&self) -> Option<Ipv6Addr> {
        let target = self.fixed.first_chunk::<16>()?;
        Some(Ipv6Addr::from(*target))
    }

    /// The address that a redirect names a better way to.
    pub fn destination(&self) -> Option<Ipv6Addr> {
        let destination = self.fixed.get(16..)?.first_chunk::<16>()?;
        Some(Ipv6Addr::from(*destination))
    }

    /// Each option's kind, first byte (counted from the first option's) and data, as far as they make
    /// sense.
    pub fn options(&self) -> impl Iterator<Item = (u8, usize, &[u8])> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = self.options.get(at..)?;
            let [kind, units, ..] = rest else { return None };
            let length = usize::from(*units) * 8;
            let data = rest.get(2..length)?;
            let start = at;
            at += length;
            Some((*kind, start, data))
        })
    }

    /// The link-layer address of the source (option 1) or the target (2).
    pub fn mac(&self) -> Option<Mac> {
        let found = self.options().find(|(kind, ..)| matches!(kind, 1 | 2));
        found.and_then(|(.., data)| Some(Mac(*data.first_chunk::<6>()?)))
    }

    pub(super) fn emit(&self, to: &mut Vec<u8>) {
        to.extend(&self.fixed);
        to.extend(&self.options);
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let mut fields = Fields::new();
        let target = match self.kind {
            NEIGHBOUR_SOLICITATION => Some("icmpv6.nd.ns.target_address"),
            NEIGHBOUR_ADVERTISEMENT => Some("icmpv6.nd.na.target_address"),
            REDIRECT => Some("icmpv6.nd.rd.target_address"),
            _ => None,
        };
        if let (Some(name), Some(target)) = (target, self.target()) {
            fields = fields.bits(name, 0..16, target);
        }
        if let Some(destination) = self.destination() {
            fields = fields.bits("icmpv6.rd.na.destination_address", 16..32, destination);
        }
        fields = fields.skip(self.fixed.len());
        for (kind, at, data) in self.options() {
            fields = fields.bits("icmpv6.opt.type", at..at + 1, kind);
            if let (1 | 2, Some(mac)) = (kind, data.first_chunk::<6>()) {
                fields = fields.bits("icmpv6.opt.linkaddr", at + 2..at + 8, Mac(*mac));
            }
        }
        fields.end()
    }
}
