//! DHCP (RFC 2131) with its options as they are (RFC 2132), read when asked for.

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};
use crate::net::Mac;
use std::net::Ipv4Addr;

/// The UDP ports of servers and clients.
pub const SERVER_PORT: u16 = 67;
pub const CLIENT_PORT: u16 = 68;

/// What options begin with (RFC 2132 §2).
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// `htype` and `hlen` of Ethernet.
const ETHERNET: [u8; 2] = [1, 6];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dhcp {
    /// 1 asks, 2 answers.
    pub operation: u8,
    /// Type and length of hardware addresses, and how many relays there were.
    pub hardware_type: u8,
    pub hardware_length: u8,
    pub hops: u8,
    pub transaction: u32,
    pub seconds: u16,
    pub flags: u16,
    pub client: Ipv4Addr,
    pub yours: Ipv4Addr,
    pub next_server: Ipv4Addr,
    pub relay: Ipv4Addr,
    pub hardware_address: [u8; 16],
    pub server_name: [u8; 64],
    pub file: [u8; 128],
    /// Up to the end of the datagram.
    pub options: Vec<u8>,
}

/// Option 53 (RFC 2132 §9.6).
pub const MESSAGE_TYPE: u8 = 53;

impl Dhcp {
    /// The client's address, if it is one of Ethernet.
    pub fn mac(&self) -> Option<Mac> {
        let [a, b, c, d, e, f, ..] = self.hardware_address;
        let ethernet = [self.hardware_type, self.hardware_length] == ETHERNET;
        ethernet.then_some(Mac([a, b, c, d, e, f]))
    }

    /// `DISCOVER`, `OFFER`, …
    pub fn message(&self) -> Option<&'static str> {
        let (_, _, data) = self.options().find(|(kind, ..)| *kind == MESSAGE_TYPE)?;
        let names = ["DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM"];
        let number = usize::from(*data.first()?);
        names.get(number.checked_sub(1)?).copied()
    }

    /// Each option's kind, first byte (counted from the first option's) and data, up to the end.
    pub fn options(&self) -> impl Iterator<Item = (u8, usize, &[u8])> {
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let start = at;
                let kind = *self.options.get(start)?;
                match kind {
                    0 => at += 1,
                    255 => return None,
                    _ => {
                        let length = usize::from(*self.options.get(start + 1)?);
                        let data = self.options.get(start + 2..start + 2 + length)?;
                        at = start + 2 + length;
                        return Some((kind, start, data));
                    }
                }
            }
        })
    }
}

impl Header for Dhcp {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let header = Self {
            operation: reader.u8()?,
            hardware_type: reader.u8()?,
            hardware_length: reader.u8()?,
            hops: reader.u8()?,
            transaction: reader.u32()?,
            seconds: reader.u16()?,
            flags: reader.u16()?,
            client: reader.ipv4()?,
            yours: reader.ipv4()?,
            next_server: reader.ipv4()?,
            relay: reader.ipv4()?,
            hardware_address: reader.array()?,
            server_name: reader.array()?,
            file: reader.array()?,
            options: Vec::new(),
        };
        let cookie = reader.array::<4>()?;
        if cookie != COOKIE {
            let value = u32::from_be_bytes(cookie).into();
            return Err(Malformed::NotRead { field: "dhcp.cookie", value });
        }
        Ok((Self { options: bytes[reader.at()..].to_vec(), ..header }, bytes.len()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend([self.operation, self.hardware_type, self.hardware_length, self.hops]);
        to.extend(self.transaction.to_be_bytes());
        to.extend(self.seconds.to_be_bytes());
        to.extend(self.flags.to_be_bytes());
        for address in [self.client, self.yours, self.next_server, self.relay] {
            to.extend(address.octets());
        }
        to.extend(self.hardware_address);
        to.extend(self.server_name);
        to.extend(self.file);
        to.extend(COOKIE);
        to.extend(&self.options);
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = Fields::new()
            .then("dhcp.type", 1, self.operation)
            .then("dhcp.hw.type", 1, self.hardware_type)
            .then("dhcp.hw.len", 1, self.hardware_length)
            .then("dhcp.hops", 1, self.hops)
            .then("dhcp.id", 4, self.transaction)
            .then("dhcp.secs", 2, self.seconds)
            .then("dhcp.flags", 2, self.flags)
            .then("dhcp.ip.client", 4, self.client)
            .then("dhcp.ip.your", 4, self.yours)
            .then("dhcp.ip.server", 4, self.next_server)
            .then("dhcp.ip.relay", 4, self.relay);
        if let Some(mac) = self.mac() {
            fields = fields.bits("dhcp.hw.mac_addr", 0..6, mac);
        }
        fields = fields
            .skip(16)
            .then("dhcp.server", 64, text(&self.server_name))
            .then("dhcp.file", 128, text(&self.file))
            .then("dhcp.cookie", 4, Ipv4Addr::from(COOKIE));
        for (kind, at, data) in self.options() {
            fields = fields.bits("dhcp.option.type", at..at + 1, kind);
            let bytes = at + 2..at + 2 + data.len();
            let address = data.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets));
            let seconds = data.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
            fields = match (kind, data, address, seconds) {
                (1, .., Some(mask), _) => fields.bits("dhcp.option.subnet_mask", bytes, mask),
                (3, ..) => addresses(fields, "dhcp.option.router", at + 2, data),
                (6, ..) => addresses(fields, "dhcp.option.domain_name_server", at + 2, data),
                (12, ..) => fields.bits("dhcp.option.hostname", bytes, text(data)),
                (15, ..) => fields.bits("dhcp.option.domain_name", bytes, text(data)),
                (26, [high, low], ..) => {
                    let mtu = u16::from_be_bytes([*high, *low]);
                    fields.bits("dhcp.option.interface_mtu", bytes, mtu)
                }
                (50, .., Some(wanted), _) => {
                    fields.bits("dhcp.option.requested_ip_address", bytes, wanted)
                }
                (51, .., Some(time)) => {
                    fields.bits("dhcp.option.ip_address_lease_time", bytes, time)
                }
                (MESSAGE_TYPE, [message], ..) => fields.bits("dhcp.option.dhcp", bytes, *message),
                // What a client calls itself: most often its address (RFC 2132 §9.14).
                (61, [1, mac @ ..], ..) if mac.len() == 6 => {
                    let mac = mac.first_chunk().map_or(Mac([0; 6]), |mac| Mac(*mac));
                    fields.bits("dhcp.hw.type", at + 2..at + 3, 1_u8).bits(
                        "dhcp.hw.mac_addr",
                        at + 3..at + 9,
                        mac,
                    )
                }
                (54, .., Some(server), _) => {
                    fields.bits("dhcp.option.dhcp_server_id", bytes, server)
                }
                _ => fields,
            };
        }
        fields.end()
    }
}

fn addresses(fields: Fields, name: &'static str, from: usize, data: &[u8]) -> Fields {
    data.as_chunks::<4>().0.iter().enumerate().fold(fields, |fields, (number, octets)| {
        let at = from + number * 4;
        fields.bits(name, at..at + 4, Ipv4Addr::from(*octets))
    })
}

/// Up to the first byte that is zero.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
