//! TCP (RFC 9293), with its options kept as they are and read when asked for.

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};

/// Bytes without options.
pub const LEAST: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    pub source: u16,
    pub destination: u16,
    pub sequence: u32,
    pub acknowledgement: u32,
    /// 12 bits: three reserved, accurate ECN (RFC 9768), and the eight of [`flag`].
    pub flags: u16,
    /// As it is written, not scaled.
    pub window: u16,
    pub checksum: u16,
    pub urgent: u16,
    /// A multiple of 4 bytes, 40 at most.
    pub options: Vec<u8>,
}

/// As much of a header as an error has to quote (RFC 792: 64 bits).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpStart {
    pub source: u16,
    pub destination: u16,
    pub sequence: u32,
}

impl Header for TcpStart {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (source, destination, sequence) = (reader.u16()?, reader.u16()?, reader.u32()?);
        Ok((Self { source, destination, sequence }, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend(self.source.to_be_bytes());
        to.extend(self.destination.to_be_bytes());
        to.extend(self.sequence.to_be_bytes());
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .then("tcp.srcport", 2, self.source)
            .then("tcp.dstport", 2, self.destination)
            .then("tcp.seq_raw", 4, self.sequence)
            .end()
    }
}

pub mod flag {
    pub const FIN: u16 = 0x01;
    pub const SYN: u16 = 0x02;
    pub const RST: u16 = 0x04;
    pub const PSH: u16 = 0x08;
    pub const ACK: u16 = 0x10;
    pub const URG: u16 = 0x20;
    pub const ECE: u16 = 0x40;
    pub const CWR: u16 = 0x80;
    pub const AE: u16 = 0x100;
}

/// One option (RFC 9293 §3.2, RFC 7323, RFC 2018).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TcpOption<'a> {
    NoOperation,
    /// Bytes of payload that the sender takes at most.
    MaximumSegment(u16),
    /// The exponent of the window's unit.
    WindowScale(u8),
    SackPermitted,
    /// Pairs of the first and the byte behind the last of what has come.
    Sack(&'a [u8]),
    Timestamps {
        value: u32,
        echo: u32,
    },
    Other(u8, &'a [u8]),
}

impl Tcp {
    pub fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// The options up to their end; what makes no sense ends them too.
    pub fn options(&self) -> impl Iterator<Item = TcpOption<'_>> {
        self.placed_options().map(|(_, option)| option)
    }

    /// Each with its first byte and length, counted from the first option's.
    fn placed_options(&self) -> impl Iterator<Item = ((usize, usize), TcpOption<'_>)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = self.options.get(at..)?;
            let start = at;
            let (kind, rest) = rest.split_first()?;
            if *kind == 0 {
                return None;
            }
            if *kind == 1 {
                at += 1;
                return Some(((start, 1), TcpOption::NoOperation));
            }
            let length = usize::from(*rest.first()?);
            let data = rest.get(1..length.checked_sub(1)?)?;
            at += length;
            let option = match (*kind, data) {
                (2, [a, b]) => TcpOption::MaximumSegment(u16::from_be_bytes([*a, *b])),
                (3, [shift]) => TcpOption::WindowScale(*shift),
                (4, []) => TcpOption::SackPermitted,
                (5, blocks) if !blocks.is_empty() && blocks.len() % 8 == 0 => {
                    TcpOption::Sack(blocks)
                }
                (8, [a, b, c, d, e, f, g, h]) => TcpOption::Timestamps {
                    value: u32::from_be_bytes([*a, *b, *c, *d]),
                    echo: u32::from_be_bytes([*e, *f, *g, *h]),
                },
                (kind, data) => TcpOption::Other(kind, data),
            };
            Some(((start, length), option))
        })
    }
}

impl Header for Tcp {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (source, destination) = (reader.u16()?, reader.u16()?);
        let (sequence, acknowledgement) = (reader.u32()?, reader.u32()?);
        let word = reader.u16()?;
        let length = usize::from(word >> 12) * 4;
        if length < LEAST {
            return Err(Malformed::Impossible { field: "tcp.hdr_len", value: length as u64 });
        }
        let header = Self {
            source,
            destination,
            sequence,
            acknowledgement,
            flags: word & 0xfff,
            window: reader.u16()?,
            checksum: reader.u16()?,
            urgent: reader.u16()?,
            options: reader.bytes(length - LEAST)?.to_vec(),
        };
        Ok((header, length))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend(self.source.to_be_bytes());
        to.extend(self.destination.to_be_bytes());
        to.extend(self.sequence.to_be_bytes());
        to.extend(self.acknowledgement.to_be_bytes());
        let units = ((LEAST + self.options.len()) / 4) as u16;
        to.extend((units << 12 | self.flags & 0xfff).to_be_bytes());
        to.extend(self.window.to_be_bytes());
        to.extend(self.checksum.to_be_bytes());
        to.extend(self.urgent.to_be_bytes());
        to.extend(&self.options);
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = Fields::new()
            .then("tcp.srcport", 2, self.source)
            .then("tcp.dstport", 2, self.destination)
            .then("tcp.seq_raw", 4, self.sequence)
            .then("tcp.ack_raw", 4, self.acknowledgement)
            .bits("tcp.hdr_len", 0..1, (LEAST + self.options.len()) as u64)
            .bits("tcp.flags", 0..2, self.flags);
        for (name, byte, flag) in [
            ("tcp.flags.ae", 0, flag::AE),
            ("tcp.flags.cwr", 1, flag::CWR),
            ("tcp.flags.ece", 1, flag::ECE),
            ("tcp.flags.urg", 1, flag::URG),
            ("tcp.flags.ack", 1, flag::ACK),
            ("tcp.flags.push", 1, flag::PSH),
            ("tcp.flags.reset", 1, flag::RST),
            ("tcp.flags.syn", 1, flag::SYN),
            ("tcp.flags.fin", 1, flag::FIN),
        ] {
            fields = fields.bits(name, byte..byte + 1, self.has(flag));
        }
        fields = fields
            .skip(2)
            .then("tcp.window_size_value", 2, self.window)
            .then("tcp.checksum", 2, self.checksum)
            .then("tcp.urgent_pointer", 2, self.urgent);
        for ((at, _), option) in self.placed_options() {
            // Behind kind and length.
            let part = |from: usize, length: usize| at + 2 + from..at + 2 + from + length;
            fields = match option {
                TcpOption::MaximumSegment(size) => {
                    fields.bits("tcp.options.mss_val", part(0, 2), size)
                }
                TcpOption::WindowScale(shift) => {
                    fields.bits("tcp.options.wscale.shift", part(0, 1), shift)
                }
                TcpOption::Timestamps { value, echo } => fields
                    .bits("tcp.options.timestamp.tsval", part(0, 4), value)
                    .bits("tcp.options.timestamp.tsecr", part(4, 4), echo),
                TcpOption::Sack(blocks) => {
                    let edges = blocks.as_chunks::<4>().0.iter().enumerate();
                    edges.fold(fields, |fields, (number, edge)| {
                        let sides = ["tcp.options.sack_le", "tcp.options.sack_re"];
                        let value = u32::from_be_bytes(*edge);
                        fields.bits(sides[number % 2], part(number * 4, 4), value)
                    })
                }
                TcpOption::NoOperation | TcpOption::SackPermitted | TcpOption::Other(..) => fields,
            };
        }
        fields.end()
    }
}
