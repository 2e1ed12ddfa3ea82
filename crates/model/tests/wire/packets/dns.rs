//! DNS messages, their names compressed where a name was written before.

use super::Body;
use super::network::{address4, address6};
use super::transport::{in_datagram, port, ports, segment};
use crate::random::Random;
use model::packet::dns::{self, Dns, flag, kind};
use std::collections::HashMap;

/// A message that grows.
struct Writer {
    body: Vec<u8>,
    /// Where each name was written that the body has.
    places: HashMap<Vec<&'static str>, usize>,
}

/// Bytes of the header, from which places count.
const HEADER: usize = 12;

impl Writer {
    fn new() -> Self {
        Self { body: Vec::new(), places: HashMap::new() }
    }

    fn u16(&mut self, number: u16) {
        self.body.extend(number.to_be_bytes());
    }

    fn name(&mut self, labels: &[&'static str], compress: bool) {
        for (number, label) in labels.iter().enumerate() {
            let rest = &labels[number..];
            let here = HEADER + self.body.len();
            match self.places.get(rest) {
                Some(place) if compress => return self.u16(0xc000 | *place as u16),
                _ => drop(self.places.insert(rest.to_vec(), here)),
            }
            self.body.push(label.len() as u8);
            self.body.extend(label.as_bytes());
        }
        self.body.push(0);
    }

    fn question(&mut self, class: u16, random: &mut Random) {
        let name = name(random);
        self.name(&name, true);
        self.u16(random.pick(&READ));
        self.u16(class);
    }

    fn record(&mut self, number: u16, class: u16, random: &mut Random) {
        let name = name(random);
        self.name(&name, true);
        self.u16(number);
        self.u16(class);
        self.body.extend((random.u32() & 0x7fff_ffff).to_be_bytes());
        let at = self.body.len();
        self.u16(0);
        self.data(number, random);
        let length = (self.body.len() - at - 2) as u16;
        self.body[at..at + 2].copy_from_slice(&length.to_be_bytes());
    }

    fn data(&mut self, number: u16, random: &mut Random) {
        let other = name(random);
        match number {
            kind::A => self.body.extend(address4(random).octets()),
            kind::AAAA => self.body.extend(address6(random).octets()),
            kind::CNAME | kind::NS | kind::PTR => self.name(&other, true),
            kind::MX => {
                self.u16(random.u16());
                self.name(&other, true);
            }
            kind::SRV => {
                (0..3).for_each(|_| self.u16(random.u16()));
                // RFC 2782 wants it whole; RFC 6762 §18.14 does not.
                self.name(&other, random.one_in(2));
            }
            kind::TXT => {
                for _ in 0..random.between(1, 3) {
                    let text = random.pick(&["", "v=spf1 -all", "a", "path=/x y\"z\\"]);
                    self.body.push(text.len() as u8);
                    self.body.extend(text.as_bytes());
                }
            }
            kind::SOA => {
                self.name(&other, true);
                self.name(&other, true);
                self.body.extend(random.array::<20>());
            }
            // A kind for private use (RFC 6895 §3.1).
            _ => self.body.extend(random.array::<6>()),
        }
    }

    /// RFC 6891 §6.1.2, with a cookie (RFC 7873) or without.
    fn options(&mut self, random: &mut Random) {
        self.body.extend([0, 0, 41]);
        self.u16(random.pick(&[512, 1232, 4096]));
        self.body.extend([0, 0, random.u8() & 0x80, 0]);
        match random.one_in(2) {
            true => self.u16(0),
            false => {
                self.body.extend([0, 12, 0, 10, 0, 8]);
                self.body.extend(random.array::<8>());
            }
        }
    }

    fn message(self, flags: u16, counts: [u16; 4], random: &mut Random) -> Dns {
        Dns { multicast: false, length: None, id: random.u16(), flags, counts, body: self.body }
    }
}

const READ: [u16; 10] = [
    kind::A,
    kind::NS,
    kind::CNAME,
    kind::SOA,
    kind::PTR,
    kind::MX,
    kind::TXT,
    kind::AAAA,
    kind::SRV,
    65_400,
];
const INTERNET: u16 = 1;
/// The upper bit of a class (RFC 6762 §5.4, §10.2): an answer to me alone, or forget what you knew.
const UPPER: u16 = 0x8000;

fn name(random: &mut Random) -> Vec<&'static str> {
    let ends: [&[&str]; 6] =
        [&["lab"], &["web", "lab"], &["example", "com"], &["_tcp", "local"], &["local"], &[]];
    let mut name = random.pick(&ends).to_vec();
    for _ in 0..random.below(3) {
        name.insert(0, random.pick(&["www", "a", "xn--bcher-kva", "_http", "0-1", LONG]));
    }
    name
}

/// 63 bytes, the most that a label has.
const LONG: &str = "l23456789-123456789-123456789-123456789-123456789-123456789-123";

fn asked(random: &mut Random) -> Dns {
    let mut writer = Writer::new();
    writer.question(INTERNET, random);
    let with_options = random.one_in(2);
    if with_options {
        writer.options(random);
    }
    let flags = random.pick(&[0, flag::CHECKING_DISABLED]) | flag::RECURSION_DESIRED;
    writer.message(flags, [1, 0, 0, with_options.into()], random)
}

fn answered(random: &mut Random) -> Dns {
    let mut writer = Writer::new();
    writer.question(INTERNET, random);
    let mut counts = [1, 0, 0, 0];
    for count in &mut counts[1..] {
        for _ in 0..random.below(4) {
            let number = random.pick(&READ);
            writer.record(number, INTERNET, random);
            *count += 1;
        }
    }
    if random.one_in(2) {
        writer.options(random);
        counts[3] += 1;
    }
    let flags = random.u16() & 0x07b0 | random.pick(&[0, 2, 3, 5]);
    writer.message(flag::RESPONSE | flags, counts, random)
}

fn either(random: &mut Random) -> Dns {
    if random.one_in(2) { asked(random) } else { answered(random) }
}

pub(super) fn query(random: &mut Random) -> Body {
    let message = asked(random);
    in_datagram((port(random), dns::PORT), vec![message.into()])
}

pub(super) fn answer(random: &mut Random) -> Body {
    let message = answered(random);
    in_datagram((dns::PORT, port(random)), vec![message.into()])
}

/// Perhaps two in one segment.
pub(super) fn stream(random: &mut Random) -> Body {
    let mut messages = Vec::new();
    for _ in 0..random.between(1, 2) {
        let message = either(random);
        let length = Some((HEADER + message.body.len()) as u16);
        messages.push(Dns { length, ..message }.into());
    }
    segment(ports(dns::PORT, random), messages, random)
}

const BOTH: (u16, u16) = (dns::MULTICAST_PORT, dns::MULTICAST_PORT);

pub(super) fn multicast_query(random: &mut Random) -> Body {
    let mut writer = Writer::new();
    let count = random.between(1, 3);
    for _ in 0..count {
        let class = random.pick(&[INTERNET, INTERNET | UPPER]);
        writer.question(class, random);
    }
    let message = writer.message(0, [count as u16, 0, 0, 0], random);
    let message = Dns { multicast: true, ..message };
    in_datagram(BOTH, vec![message.into()])
}

pub(super) fn multicast_answer(random: &mut Random) -> Body {
    let mut writer = Writer::new();
    let count = random.between(1, 4);
    for _ in 0..count {
        let class = random.pick(&[INTERNET, INTERNET | UPPER]);
        let number = random.pick(&READ);
        writer.record(number, class, random);
    }
    let flags = flag::RESPONSE | flag::AUTHORITATIVE;
    let message = writer.message(flags, [0, count as u16, 0, 0], random);
    let message = Dns { multicast: true, ..message };
    in_datagram(BOTH, vec![message.into()])
}
