//! UDP (RFC 768).

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};

/// Bytes of the header.
pub const LENGTH: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Udp {
    pub source: u16,
    pub destination: u16,
    /// Bytes of header and payload.
    pub length: u16,
    /// 0 says that there is none, which IPv4 allows.
    pub checksum: u16,
}

impl Header for Udp {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let header = Self {
            source: reader.u16()?,
            destination: reader.u16()?,
            length: reader.u16()?,
            checksum: reader.u16()?,
        };
        if usize::from(header.length) < LENGTH {
            let value = header.length.into();
            return Err(Malformed::Impossible { field: "udp.length", value });
        }
        Ok((header, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        for number in [self.source, self.destination, self.length, self.checksum] {
            to.extend(number.to_be_bytes());
        }
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .then("udp.srcport", 2, self.source)
            .then("udp.dstport", 2, self.destination)
            .then("udp.length", 2, self.length)
            .then("udp.checksum", 2, self.checksum)
            .end()
    }
}
