//! DNS (RFC 1035): header, questions and records, kept as they are and read when asked for.
//!
//! Names are read through their compression (§4.1.4) and written as people write them, without the
//! last dot; the root is `.`. A byte that is no printable character is written `\DDD` (§5.1).

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The UDP and TCP port.
pub const PORT: u16 = 53;
/// Multicast DNS (RFC 6762) has the same messages.
pub const MULTICAST_PORT: u16 = 5353;

/// Bytes of the header.
const HEADER: usize = 12;
/// A name's bytes at most (RFC 1035 §2.3.4), which also bounds the jumps within it.
const LONGEST_NAME: usize = 255;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// It is one of multicast DNS, where the upper bit of a class is none of its number.
    pub multicast: bool,
    /// Bytes of the message, which TCP needs to be told (§4.2.2).
    pub length: Option<u16>,
    pub id: u16,
    pub flags: u16,
    /// Questions, answers, authority and additional records.
    pub counts: [u16; 4],
    /// What is behind the header.
    pub body: Vec<u8>,
}

pub mod flag {
    pub const RESPONSE: u16 = 0x8000;
    pub const AUTHORITATIVE: u16 = 0x0400;
    pub const TRUNCATED: u16 = 0x0200;
    pub const RECURSION_DESIRED: u16 = 0x0100;
    pub const RECURSION_AVAILABLE: u16 = 0x0080;
    pub const AUTHENTICATED: u16 = 0x0020;
    pub const CHECKING_DISABLED: u16 = 0x0010;
}

pub mod kind {
    pub const A: u16 = 1;
    pub const NS: u16 = 2;
    pub const CNAME: u16 = 5;
    pub const SOA: u16 = 6;
    pub const PTR: u16 = 12;
    pub const MX: u16 = 15;
    pub const TXT: u16 = 16;
    pub const AAAA: u16 = 28;
    pub const SRV: u16 = 33;
    pub const OPT: u16 = 41;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub name: String,
    pub kind: u16,
    pub class: u16,
    /// Its first byte, and that of its kind, counted from the message's first.
    at: (usize, usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub name: String,
    pub kind: u16,
    pub class: u16,
    /// Seconds.
    pub ttl: u32,
    pub data: Data,
    at: (usize, usize),
    length: usize,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    /// Another name: of `CNAME`, `NS`, `PTR`.
    Name(String),
    Mail {
        preference: u16,
        exchange: String,
    },
    Service {
        priority: u16,
        weight: u16,
        port: u16,
        target: String,
    },
    /// Some bytes each, most often text.
    Texts(Vec<Vec<u8>>),
    Other(Vec<u8>),
}

impl Dns {
    pub fn is_response(&self) -> bool {
        self.flags & flag::RESPONSE != 0
    }

    /// 0 is well, 3 says that there is no such name (§4.1.1).
    pub fn response_code(&self) -> u8 {
        (self.flags & 0xf) as u8
    }

    /// Reads a message that comes in a stream, so its length comes first.
    pub(super) fn parse_in_stream(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let length = Reader::new(bytes).u16()?;
        let there = bytes.len().min(2 + usize::from(length));
        let (message, read) = Self::parse(&bytes[2..there])?;
        Ok((Self { length: Some(length), ..message }, 2 + read))
    }

    /// As many as can be read.
    pub fn questions(&self) -> Vec<Question> {
        self.read().0
    }

    /// Answers, authority and additional records, as many as can be read.
    pub fn records(&self) -> Vec<Record> {
        self.read().1
    }

    /// Why not all that is counted can be read.
    pub fn flaw(&self) -> Option<Malformed> {
        self.read().2.err()
    }

    /// A class, and the bit that says "answer me alone" or "forget what you knew" (RFC 6762 §5.4,
    /// §10.2).
    fn class(&self, fields: Fields, names: [&'static str; 2], at: usize, class: u16) -> Fields {
        let [name, bit] = names;
        match self.multicast {
            false => fields.bits(name, at..at + 2, class),
            true => fields.bits(name, at..at + 2, class & 0x7fff).bits(
                bit,
                at..at + 1,
                class & 0x8000 != 0,
            ),
        }
    }

    fn read(&self) -> (Vec<Question>, Vec<Record>, Result<(), Malformed>) {
        let (mut questions, mut records) = (Vec::new(), Vec::new());
        let mut message = Vec::with_capacity(HEADER + self.body.len());
        message.resize(HEADER, 0);
        message.extend(&self.body);
        let mut at = HEADER;
        let mut all = || {
            for _ in 0..self.counts[0] {
                questions.push(question(&message, &mut at)?);
            }
            for _ in 0..self.counts[1..].iter().map(|count| u32::from(*count)).sum::<u32>() {
                records.push(record(&message, &mut at)?);
            }
            Ok(())
        };
        let end = all();
        (questions, records, end)
    }
}

fn question(message: &[u8], at: &mut usize) -> Result<Question, Malformed> {
    let start = *at;
    let (name, behind) = name(message, start)?;
    let mut reader = Reader::new(message);
    reader.bytes(behind)?;
    let question =
        Question { name, kind: reader.u16()?, class: reader.u16()?, at: (start, behind) };
    *at = reader.at();
    Ok(question)
}

fn record(message: &[u8], at: &mut usize) -> Result<Record, Malformed> {
    let start = *at;
    let (name, behind) = name(message, start)?;
    let mut reader = Reader::new(message);
    reader.bytes(behind)?;
    let (kind, class, ttl) = (reader.u16()?, reader.u16()?, reader.u32()?);
    let length = usize::from(reader.u16()?);
    let from = reader.at();
    let bytes = reader.bytes(length)?;
    *at = reader.at();
    let data = data(&message[..*at], from, kind).unwrap_or_else(|_| Data::Other(bytes.to_vec()));
    Ok(Record { name, kind, class, ttl, data, at: (start, behind), length })
}

/// A record's data, which ends with the bytes given; names in it may lie before it.
fn data(message: &[u8], from: usize, kind: u16) -> Result<Data, Malformed> {
    let mut reader = Reader::new(message);
    reader.bytes(from)?;
    let whole = |behind: usize, data: Data| match behind == message.len() {
        true => Ok(data),
        false => Err(Malformed::Short { needed: behind, there: message.len() }),
    };
    match kind {
        kind::A => {
            let address = reader.ipv4()?;
            whole(reader.at(), Data::V4(address))
        }
        kind::AAAA => {
            let address = reader.ipv6()?;
            whole(reader.at(), Data::V6(address))
        }
        kind::CNAME | kind::NS | kind::PTR => {
            let (name, behind) = name(message, from)?;
            whole(behind, Data::Name(name))
        }
        kind::MX => {
            let preference = reader.u16()?;
            let (exchange, behind) = name(message, reader.at())?;
            whole(behind, Data::Mail { preference, exchange })
        }
        kind::SRV => {
            let (priority, weight, port) = (reader.u16()?, reader.u16()?, reader.u16()?);
            let (target, behind) = name(message, reader.at())?;
            whole(behind, Data::Service { priority, weight, port, target })
        }
        kind::TXT => {
            let mut texts = Vec::new();
            while reader.at() < message.len() {
                let length = usize::from(reader.u8()?);
                texts.push(reader.bytes(length)?.to_vec());
            }
            Ok(Data::Texts(texts))
        }
        _ => Ok(Data::Other(message[from..].to_vec())),
    }
}

/// The name at a place of a message, and the first byte behind it.
fn name(message: &[u8], from: usize) -> Result<(String, usize), Malformed> {
    let short = |needed: usize| Malformed::Short { needed, there: message.len() };
    let mut name = String::new();
    let (mut at, mut behind, mut bytes) = (from, None, 0_usize);
    loop {
        let length = *message.get(at).ok_or_else(|| short(at + 1))?;
        match length >> 6 {
            0 if length == 0 => break,
            0 => {
                let label = at + 1..at + 1 + usize::from(length);
                at = label.end;
                let label = message.get(label).ok_or_else(|| short(at))?;
                bytes += 1 + label.len();
                if !name.is_empty() {
                    name.push('.');
                }
                label.iter().for_each(|byte| write_byte(&mut name, *byte));
            }
            3 => {
                let low = *message.get(at + 1).ok_or_else(|| short(at + 2))?;
                let to = usize::from(length & 0x3f) << 8 | usize::from(low);
                behind.get_or_insert(at + 2);
                // Back only: then it ends.
                if to >= at {
                    return Err(Malformed::Impossible { field: "dns.name", value: to as u64 });
                }
                at = to;
                bytes += 1;
            }
            _ => {
                return Err(Malformed::NotRead { field: "dns.name", value: length.into() });
            }
        }
        if bytes > LONGEST_NAME {
            return Err(Malformed::Impossible { field: "dns.name.len", value: bytes as u64 });
        }
    }
    if name.is_empty() {
        name.push('.');
    }
    Ok((name, behind.unwrap_or(at + 1)))
}

fn write_byte(name: &mut String, byte: u8) {
    match byte {
        b'.' | b'\\' => name.extend(['\\', char::from(byte)]),
        b'!'..=b'~' => name.push(char::from(byte)),
        _ => name.push_str(&format!("\\{byte:03}")),
    }
}

impl Header for Dns {
    /// The message of a datagram, which is all of it.
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let message = Self {
            multicast: false,
            length: None,
            id: reader.u16()?,
            flags: reader.u16()?,
            counts: [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?],
            body: bytes[reader.at()..].to_vec(),
        };
        Ok((message, bytes.len()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        self.length.into_iter().for_each(|length| to.extend(length.to_be_bytes()));
        for number in [self.id, self.flags].iter().chain(&self.counts) {
            to.extend(number.to_be_bytes());
        }
        to.extend(&self.body);
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = Fields::new();
        if let Some(length) = self.length {
            fields = fields.then("dns.length", 2, length);
        }
        fields = fields.then("dns.id", 2, self.id).bits("dns.flags", 0..2, self.flags);
        let response = self.is_response();
        for (name, byte, bit, in_query) in [
            ("dns.flags.response", 0, flag::RESPONSE, true),
            ("dns.flags.authoritative", 0, flag::AUTHORITATIVE, false),
            ("dns.flags.truncated", 0, flag::TRUNCATED, true),
            ("dns.flags.recdesired", 0, flag::RECURSION_DESIRED, true),
            ("dns.flags.recavail", 1, flag::RECURSION_AVAILABLE, false),
            ("dns.flags.checkdisable", 1, flag::CHECKING_DISABLED, true),
        ] {
            if response || in_query {
                fields = fields.bits(name, byte..byte + 1, self.flags & bit != 0);
            }
        }
        fields = fields.bits("dns.flags.opcode", 0..1, self.flags >> 11 & 0xf);
        if response {
            fields = fields.bits("dns.flags.rcode", 1..2, self.response_code());
        }
        fields = fields
            .skip(2)
            .then("dns.count.queries", 2, self.counts[0])
            .then("dns.count.answers", 2, self.counts[1])
            .then("dns.count.auth_rr", 2, self.counts[2])
            .then("dns.count.add_rr", 2, self.counts[3]);
        let (questions, records, _) = self.read();
        for question in questions {
            let (start, kind) = (question.at.0 - HEADER, question.at.1 - HEADER);
            fields = fields.bits("dns.qry.name", start..kind, question.name).bits(
                "dns.qry.type",
                kind..kind + 2,
                question.kind,
            );
            fields = self.class(fields, ["dns.qry.class", "dns.qry.qu"], kind + 2, question.class);
        }
        records.into_iter().fold(fields, |fields, record| record.fields(self, fields)).end()
    }
}

impl Record {
    /// Counted from the first byte of the body, where the fields stand.
    fn fields(self, message: &Dns, fields: Fields) -> Fields {
        let (start, kind) = (self.at.0 - HEADER, self.at.1 - HEADER);
        let data = kind + 10..kind + 10 + self.length;
        let fields = fields.bits("dns.resp.name", start..kind, self.name).bits(
            "dns.resp.type",
            kind..kind + 2,
            self.kind,
        );
        // Its class and time to live are something else (RFC 6891 §6.1.2).
        let fields = match self.kind {
            kind::OPT => fields.bits("dns.rr.udp_payload_size", kind + 2..kind + 4, self.class),
            _ => {
                let names = ["dns.resp.class", "dns.resp.cache_flush"];
                let fields = message.class(fields, names, kind + 2, self.class);
                fields.bits("dns.resp.ttl", kind + 4..kind + 8, self.ttl)
            }
        };
        let fields = fields.bits("dns.resp.len", kind + 8..kind + 10, self.length as u64);
        let part = |from: usize, length: usize| data.start + from..data.start + from + length;
        match self.data {
            Data::V4(address) => fields.bits("dns.a", data, address),
            Data::V6(address) => fields.bits("dns.aaaa", data, address),
            Data::Name(name) => {
                let field = match self.kind {
                    kind::NS => "dns.ns",
                    kind::PTR => "dns.ptr.domain_name",
                    _ => "dns.cname",
                };
                fields.bits(field, data, name)
            }
            Data::Mail { preference, exchange } => fields
                .bits("dns.mx.preference", part(0, 2), preference)
                .bits("dns.mx.mail_exchange", data.start + 2..data.end, exchange),
            Data::Service { priority, weight, port, target } => fields
                .bits("dns.srv.priority", part(0, 2), priority)
                .bits("dns.srv.weight", part(2, 2), weight)
                .bits("dns.srv.port", part(4, 2), port)
                .bits("dns.srv.target", data.start + 6..data.end, target),
            Data::Texts(texts) => {
                let mut at = data.start;
                texts.into_iter().fold(fields, |fields, text| {
                    let bytes = at + 1..at + 1 + text.len();
                    at = bytes.end;
                    fields.bits("dns.txt", bytes, String::from_utf8_lossy(&text).into_owned())
                })
            }
            Data::Other(_) => fields,
        }
    }
}
