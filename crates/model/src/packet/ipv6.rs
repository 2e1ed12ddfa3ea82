//! IPv6 (RFC 8200) and the extension headers that change what comes next.

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed, protocol};
use std::net::Ipv6Addr;

/// Bytes of the header.
pub const LENGTH: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv6 {
    pub traffic_class: u8,
    /// 20 bits.
    pub flow_label: u32,
    /// Bytes behind this header.
    pub payload_length: u16,
    pub next_header: u8,
    pub hop_limit: u8,
    pub source: Ipv6Addr,
    pub destination: Ipv6Addr,
}

impl Header for Ipv6 {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let first = reader.u32()?;
        if first >> 28 != 6 {
            let value = u64::from(first >> 28);
            return Err(Malformed::Impossible { field: "ipv6.version", value });
        }
        let header = Self {
            traffic_class: (first >> 20 & 0xff) as u8,
            flow_label: first & 0xf_ffff,
            payload_length: reader.u16()?,
            next_header: reader.u8()?,
            hop_limit: reader.u8()?,
            source: reader.ipv6()?,
            destination: reader.ipv6()?,
        };
        Ok((header, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        let first = 6 << 28 | u32::from(self.traffic_class) << 20 | self.flow_label & 0xf_ffff;
        to.extend(first.to_be_bytes());
        to.extend(self.payload_length.to_be_bytes());
        to.extend([self.next_header, self.hop_limit]);
        to.extend(self.source.octets());
        to.extend(self.destination.octets());
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .bits("ipv6.version", 0..1, 6_u8)
            .bits("ipv6.tclass.dscp", 0..2, self.traffic_class >> 2)
            .bits("ipv6.tclass.ecn", 1..2, self.traffic_class & 3)
            .bits("ipv6.flow", 1..4, self.flow_label)
            .skip(4)
            .then("ipv6.plen", 2, self.payload_length)
            .then("ipv6.nxt", 1, self.next_header)
            .then("ipv6.hlim", 1, self.hop_limit)
            .then("ipv6.src", 16, self.source)
            .then("ipv6.dst", 16, self.destination)
            .end()
    }
}

/// Hop-by-hop options, routing, destination options: they have one shape (RFC 8200 §4.3, §4.4, §4.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// By which number the header before it names it.
    pub kind: u8,
    pub next_header: u8,
    /// 6 bytes, or 8 more, or …; 2,046 at most.
    pub data: Vec<u8>,
}

impl Extension {
    /// Reads the header that the bytes begin with; gives it and its length.
    pub(super) fn parse(kind: u8, bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (next_header, units) = (reader.u8()?, reader.u8()?);
        let data = reader.bytes(6 + usize::from(units) * 8)?.to_vec();
        Ok((Self { kind, next_header, data }, reader.at()))
    }

    /// Where a packet to this destination goes in the end; `None` where a kind of routing header that
    /// is not read names further ones.
    pub fn last_destination(&self, destination: Ipv6Addr) -> Option<Ipv6Addr> {
        let (kind, segments_left) = (self.data.first(), self.data.get(1));
        if self.kind != protocol::ROUTING || segments_left == Some(&0) {
            return Some(destination);
        }
        let octets = match kind? {
            // The addresses in their order (RFC 2460 §4.4), of which type 2 has one (RFC 6275 §6.4).
            0 | 2 => self.data.get(6..)?.last_chunk::<16>()?,
            // From the last to the first (RFC 8754 §2).
            4 => self.data.get(6..)?.first_chunk::<16>()?,
            _ => return None,
        };
        Some(Ipv6Addr::from(*octets))
    }

    pub(super) fn emit(&self, to: &mut Vec<u8>) {
        to.push(self.next_header);
        to.push((self.data.len().saturating_sub(6) / 8) as u8);
        to.extend(&self.data);
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let units = (self.data.len().saturating_sub(6) / 8) as u64;
        let [next, length] = match self.kind {
            protocol::HOP_BY_HOP => ["ipv6.hopopts.nxt", "ipv6.hopopts.len"],
            protocol::ROUTING => ["ipv6.routing.nxt", "ipv6.routing.len"],
            _ => ["ipv6.dstopts.nxt", "ipv6.dstopts.len"],
        };
        Fields::new()
            .then(next, 1, self.next_header)
            .then(length, 1, units)
            .then("ipv6.ext.data", self.data.len(), &self.data[..])
            .end()
    }
}

/// The fragment header (RFC 8200 §4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    pub next_header: u8,
    pub reserved: u8,
    /// In units of 8 bytes, 13 bits.
    pub offset: u16,
    /// 2 bits.
    pub reserved_bits: u8,
    pub more: bool,
    pub identification: u32,
}

impl Header for Fragment {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (next_header, reserved, place) = (reader.u8()?, reader.u8()?, reader.u16()?);
        let header = Self {
            next_header,
            reserved,
            offset: place >> 3,
            reserved_bits: (place >> 1 & 3) as u8,
            more: place & 1 != 0,
            identification: reader.u32()?,
        };
        Ok((header, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend([self.next_header, self.reserved]);
        let bits = u16::from(self.reserved_bits & 3) << 1 | u16::from(self.more);
        to.extend((self.offset << 3 | bits).to_be_bytes());
        to.extend(self.identification.to_be_bytes());
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .then("ipv6.fraghdr.nxt", 1, self.next_header)
            .then("ipv6.fraghdr.reserved_octet", 1, self.reserved)
            .bits("ipv6.fraghdr.offset", 0..2, self.offset)
            .bits("ipv6.fraghdr.reserved_bits", 1..2, self.reserved_bits)
            .bits("ipv6.fraghdr.more", 1..2, self.more)
            .skip(2)
            .then("ipv6.fraghdr.ident", 4, self.identification)
            .end()
    }
}
