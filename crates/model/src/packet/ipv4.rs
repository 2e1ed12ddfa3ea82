//! IPv4 (RFC 791), with options as they are and fragments as such.

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};
use std::net::Ipv4Addr;

/// Bytes without options.
pub const LEAST: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Differentiated services (6 bits) and ECN (2): RFC 2474, RFC 3168.
    pub traffic_class: u8,
    /// Bytes of header and payload.
    pub total_length: u16,
    pub identification: u16,
    /// Bit 2 is reserved, 1 says don't fragment, 0 more fragments.
    pub flags: u8,
    /// In units of 8 bytes, 13 bits.
    pub fragment_offset: u16,
    pub ttl: u8,
    pub protocol: u8,
    pub checksum: u16,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    /// A multiple of 4 bytes, 40 at most.
    pub options: Vec<u8>,
}

impl Ipv4 {
    pub const DONT_FRAGMENT: u8 = 2;
    pub const MORE_FRAGMENTS: u8 = 1;

    /// Bytes of the header.
    pub fn length(&self) -> usize {
        LEAST + self.options.len()
    }

    /// Whether it carries the beginning of what its protocol says.
    pub fn is_first(&self) -> bool {
        self.fragment_offset == 0
    }

    pub fn is_fragment(&self) -> bool {
        !self.is_first() || self.flags & Self::MORE_FRAGMENTS != 0
    }
}

impl Header for Ipv4 {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8()?;
        if first >> 4 != 4 {
            let value = u64::from(first >> 4);
            return Err(Malformed::Impossible { field: "ip.version", value });
        }
        let length = usize::from(first & 0xf) * 4;
        if length < LEAST {
            return Err(Malformed::Impossible { field: "ip.hdr_len", value: length as u64 });
        }
        let (traffic_class, total_length) = (reader.u8()?, reader.u16()?);
        if usize::from(total_length) < length {
            let value = total_length.into();
            return Err(Malformed::Impossible { field: "ip.len", value });
        }
        let (identification, fragment) = (reader.u16()?, reader.u16()?);
        let header = Self {
            traffic_class,
            total_length,
            identification,
            flags: (fragment >> 13) as u8,
            fragment_offset: fragment & 0x1fff,
            ttl: reader.u8()?,
            protocol: reader.u8()?,
            checksum: reader.u16()?,
            source: reader.ipv4()?,
            destination: reader.ipv4()?,
            options: reader.bytes(length - LEAST)?.to_vec(),
        };
        Ok((header, length))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.push(0x40 | (self.length() / 4) as u8 & 0xf);
        to.push(self.traffic_class);
        to.extend(self.total_length.to_be_bytes());
        to.extend(self.identification.to_be_bytes());
        let fragment = u16::from(self.flags) << 13 | self.fragment_offset & 0x1fff;
        to.extend(fragment.to_be_bytes());
        to.extend([self.ttl, self.protocol]);
        to.extend(self.checksum.to_be_bytes());
        to.extend(self.source.octets());
        to.extend(self.destination.octets());
        to.extend(&self.options);
    }

    fn fields(&self) -> Vec<Field> {
        let flag = |bit: u8| self.flags & bit != 0;
        Fields::new()
            .bits("ip.version", 0..1, 4_u8)
            .then("ip.hdr_len", 1, self.length() as u64)
            .bits("ip.dsfield.dscp", 0..1, self.traffic_class >> 2)
            .then("ip.dsfield.ecn", 1, self.traffic_class & 3)
            .then("ip.len", 2, self.total_length)
            .then("ip.id", 2, self.identification)
            .bits("ip.flags.rb", 0..1, flag(4))
            .bits("ip.flags.df", 0..1, flag(Self::DONT_FRAGMENT))
            .bits("ip.flags.mf", 0..1, flag(Self::MORE_FRAGMENTS))
            .then("ip.frag_offset", 2, self.fragment_offset)
            .then("ip.ttl", 1, self.ttl)
            .then("ip.proto", 1, self.protocol)
            .then("ip.checksum", 2, self.checksum)
            .then("ip.src", 4, self.source)
            .then("ip.dst", 4, self.destination)
            .rest("ip.options", &self.options)
            .end()
    }
}
