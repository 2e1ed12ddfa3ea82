//! ICMP (RFC 792, RFC 4884): its first eight bytes. What an error quotes is dissected behind them.

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};
use std::net::Ipv4Addr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icmp {
    pub kind: u8,
    pub code: u8,
    pub checksum: u16,
    /// What it means depends on the kind: see [`Self::echo`], [`Self::next_hop_mtu`].
    pub rest: [u8; 4],
}

pub const ECHO_REPLY: u8 = 0;
pub const UNREACHABLE: u8 = 3;
pub const SOURCE_QUENCH: u8 = 4;
pub const REDIRECT: u8 = 5;
pub const ECHO_REQUEST: u8 = 8;
pub const TIME_EXCEEDED: u8 = 11;
pub const PARAMETER_PROBLEM: u8 = 12;
/// From here to [`ADDRESS_MASK_REPLY`], questions and answers with an identifier (RFC 792, RFC 950).
pub const TIMESTAMP: u8 = 13;
pub const ADDRESS_MASK_REPLY: u8 = 18;
/// The code of [`UNREACHABLE`]: it was too large, and was not to be fragmented.
pub const FRAGMENTATION_NEEDED: u8 = 4;

impl Icmp {
    /// Identifier and sequence number of an echo.
    pub fn echo(&self) -> Option<(u16, u16)> {
        matches!(self.kind, ECHO_REPLY | ECHO_REQUEST).then(|| halves(self.rest))
    }

    /// The same of whatever has them.
    fn identifier(&self) -> Option<(u16, u16)> {
        let has = matches!(self.kind, ECHO_REPLY | ECHO_REQUEST | TIMESTAMP..=ADDRESS_MASK_REPLY);
        has.then(|| halves(self.rest))
    }

    /// The router that a redirect names.
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        (self.kind == REDIRECT).then(|| Ipv4Addr::from(self.rest))
    }

    /// Bytes that the next hop takes, as a router says that something was too large (RFC 1191).
    pub fn next_hop_mtu(&self) -> Option<u16> {
        let says = self.kind == UNREACHABLE && self.code == FRAGMENTATION_NEEDED;
        says.then(|| halves(self.rest).1)
    }

    /// Whether a packet is quoted.
    pub fn is_error(&self) -> bool {
        matches!(
            self.kind,
            UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM
        )
    }
}

/// What ICMP and ICMPv6 begin with: kind, code, checksum, and four bytes that depend on the kind.
type Eight = (u8, u8, u16, [u8; 4]);

pub(super) fn read(bytes: &[u8]) -> Result<(Eight, usize), Malformed> {
    let mut reader = Reader::new(bytes);
    let eight = (reader.u8()?, reader.u8()?, reader.u16()?, reader.array()?);
    Ok((eight, reader.at()))
}

pub(super) fn write((kind, code, checksum, rest): Eight, to: &mut Vec<u8>) {
    to.extend([kind, code]);
    to.extend(checksum.to_be_bytes());
    to.extend(rest);
}

/// The two numbers in four bytes.
pub(super) fn halves([a, b, c, d]: [u8; 4]) -> (u16, u16) {
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}

impl Header for Icmp {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let ((kind, code, checksum, rest), length) = read(bytes)?;
        Ok((Self { kind, code, checksum, rest }, length))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        write((self.kind, self.code, self.checksum, self.rest), to);
    }

    fn fields(&self) -> Vec<Field> {
        let fields = Fields::new()
            .then("icmp.type", 1, self.kind)
            .then("icmp.code", 1, self.code)
            .then("icmp.checksum", 2, self.checksum);
        if let Some((identifier, sequence)) = self.identifier() {
            fields.then("icmp.ident", 2, identifier).then("icmp.seq", 2, sequence).end()
        } else if let Some(mtu) = self.next_hop_mtu() {
            fields.skip(2).then("icmp.mtu", 2, mtu).end()
        } else if let Some(gateway) = self.gateway() {
            fields.then("icmp.redir_gw", 4, gateway).end()
        } else {
            fields.end()
        }
    }
}
