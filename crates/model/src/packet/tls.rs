//! TLS records (RFC 8446 §5.1), and what a ClientHello says in the clear: the server's name
//! (RFC 6066 §3) and the protocols that may follow (RFC 7301).

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};
use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// 20 change cipher spec, 21 alert, 22 handshake, 23 application data.
    pub kind: u8,
    pub version: u16,
    /// Bytes of the record.
    pub length: u16,
    /// As much of it as is in this segment.
    pub body: Vec<u8>,
}

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

/// `HandshakeType`.
pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;

/// Bytes before the body.
const HEADER: usize = 5;
/// A record's bytes at most (RFC 5246 §6.2.3, the larger of the two).
const LONGEST: u16 = (1 << 14) + 2048;
/// `ExtensionType`.
const SERVER_NAME: u16 = 0;
const NEXT_PROTOCOLS: u16 = 16;

/// A text of a ClientHello and its bytes, counted from the record's first.
type Said<'a> = (&'a str, Range<usize>);

impl Tls {
    /// The kind of handshake message that the record begins with, if it is one of the two hellos: what
    /// comes later is often encrypted.
    pub fn hello(&self) -> Option<u8> {
        let [kind @ (CLIENT_HELLO | SERVER_HELLO), 0, ..] = self.body[..] else { return None };
        (self.kind == HANDSHAKE).then_some(kind)
    }

    /// The name of the server that a ClientHello asks for.
    pub fn server_name(&self) -> Option<&str> {
        self.said().ok()?.0.map(|(name, _)| name)
    }

    /// The server's name, and the protocols that the client speaks, as far as they are there.
    fn said(&self) -> Result<(Option<Said<'_>>, Vec<Said<'_>>), Malformed> {
        let (mut name, mut protocols) = (None, Vec::new());
        if self.hello() != Some(CLIENT_HELLO) {
            return Ok((None, protocols));
        }
        let mut reader = Reader::new(&self.body);
        // Kind, length, version, random.
        reader.bytes(1 + 3 + 2 + 32)?;
        let session = reader.u8()?;
        reader.bytes(session.into())?;
        let ciphers = reader.u16()?;
        reader.bytes(ciphers.into())?;
        let compressions = reader.u8()?;
        reader.bytes(compressions.into())?;
        let end = usize::from(reader.u16()?) + reader.at();
        let text = |at: usize, length: usize| {
            let bytes = at..at + length;
            let text = std::str::from_utf8(self.body.get(bytes.clone())?).ok()?;
            Some((text, HEADER + bytes.start..HEADER + bytes.end))
        };
        while reader.at() < end.min(self.body.len()) {
            let (Ok(kind), Ok(length)) = (reader.u16(), reader.u16()) else { break };
            let start = reader.at();
            let Ok(data) = reader.bytes(length.into()) else { break };
            match (kind, data) {
                // The list's length, host_name, the name's length.
                (SERVER_NAME, [_, _, 0, high, low, ..]) => {
                    let length = u16::from_be_bytes([*high, *low]).into();
                    name = name.or_else(|| text(start + 5, length));
                }
                (NEXT_PROTOCOLS, [_, _, ..]) => {
                    let mut at = 2;
                    while let Some(length) = data.get(at).map(|length| usize::from(*length)) {
                        protocols.extend(text(start + at + 1, length));
                        at += 1 + length;
                    }
                }
                _ => {}
            }
        }
        Ok((name, protocols))
    }
}

impl Header for Tls {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (kind, version, length) = (reader.u8()?, reader.u16()?, reader.u16()?);
        let no = |field, value: u16| Err(Malformed::NotRead { field, value: value.into() });
        if !(CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&kind) {
            return no("tls.record.content_type", kind.into());
        }
        if !(0x0300..=0x0304).contains(&version) {
            return no("tls.record.version", version);
        }
        if length == 0 || length > LONGEST {
            return no("tls.record.length", length);
        }
        let there = usize::from(length).min(bytes.len() - HEADER);
        let body = reader.bytes(there)?.to_vec();
        Ok((Self { kind, version, length, body }, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.push(self.kind);
        to.extend(self.version.to_be_bytes());
        to.extend(self.length.to_be_bytes());
        to.extend(&self.body);
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = Fields::new()
            .bits("tls.record.content_type", 0..1, self.kind)
            .bits("tls.record.version", 1..3, self.version)
            .bits("tls.record.length", 3..5, self.length);
        if let Some(kind) = self.hello() {
            fields = fields.bits("tls.handshake.type", HEADER..HEADER + 1, kind);
        }
        let Ok((name, protocols)) = self.said() else { return fields.end() };
        if let Some((name, bytes)) = name {
            fields = fields.bits("tls.handshake.extensions_server_name", bytes, name);
        }
        for (protocol, bytes) in protocols {
            fields = fields.bits("tls.handshake.extensions_alpn_str", bytes, protocol);
        }
        fields.end()
    }
}
