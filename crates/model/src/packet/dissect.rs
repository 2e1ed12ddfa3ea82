//! From bytes to layers.
//!
//! Each header says what comes next and, some of them, how long it is. What is longer than a header
//! says becomes padding behind all that is within; so the layers stand in the order of the wire, and
//! those of a tunnel's inner packet lie between their carrier and its padding.

use super::arp::Arp;
use super::dhcp::{self, Dhcp};
use super::dns::{self, Dns};
use super::ethernet::{Ethernet, Vlan};
use super::http::Http;
use super::icmp::Icmp;
use super::icmpv6::{Discovery, Icmpv6};
use super::ipv4::Ipv4;
use super::ipv6::{Extension, Fragment, Ipv6};
use super::tcp::{self, Tcp, TcpStart};
use super::tls::Tls;
use super::udp::{self, Udp};
use super::vxlan::Vxlan;
use super::{Header, Layer, Malformed, ether_type, protocol};
use crate::cluster::VXLAN_PORT;
use std::ops::Range;

/// What the bytes begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    #[default]
    Ethernet,
    /// IPv4 or IPv6, by its version.
    Ip,
}

impl Start {
    /// The links whose packets begin so (`ARPHRD_*`): Ethernet and loopback; tunnels and others without a
    /// header.
    pub const fn hardware(self) -> &'static [u16] {
        match self {
            Self::Ethernet => &[1, 772],
            Self::Ip => &[0xfffe, 768, 769, 776, 519],
        }
    }

    /// What packets of such a link begin with, if it is read here.
    pub fn of_hardware(number: u16) -> Option<Self> {
        [Self::Ethernet, Self::Ip].into_iter().find(|start| start.hardware().contains(&number))
    }
}

/// A layer and the bytes it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub layer: Layer,
    pub bytes: Range<usize>,
}

/// A packet taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dissection {
    /// In the order of the wire, without gaps.
    pub layers: Vec<Found>,
    /// Why the reading ended early, and at which byte: it goes on with a payload from there.
    pub end: Option<(usize, Malformed)>,
}

/// Packets within packets are read so deep: each takes some tens of bytes, so others are made to tire
/// their reader.
const DEEPEST: usize = 64;

/// Takes a packet apart.
pub fn dissect(bytes: &[u8], start: Start) -> Dissection {
    dissect_with(bytes, start, &[VXLAN_PORT])
}

/// The same where VXLAN is sent to these UDP ports.
pub fn dissect_with(bytes: &[u8], start: Start, vxlan_ports: &[u16]) -> Dissection {
    let (found, ends) = (Dissection::default(), vec![bytes.len()]);
    let mut reading =
        Reading { bytes, at: 0, ends, found, partial: false, quoted: false, vxlan_ports };
    let mut next = match start {
        Start::Ethernet => Next::Ethernet,
        Start::Ip => Next::Ip,
    };
    while reading.found.layers.len() < DEEPEST {
        if reading.at == reading.end() && next.may_be_empty() {
            break;
        }
        match reading.step(next) {
            Ok(then) => next = then,
            Err(why) => {
                reading.ends_early(reading.at, why);
                break;
            }
        }
    }
    reading.finish()
}

/// What the bytes at hand are.
#[derive(Clone, Copy)]
enum Next {
    Ethernet,
    EtherType(u16),
    Ip,
    /// Of an IP packet's payload.
    Protocol(u8),
    Discovery,
    Vxlan,
    /// A DNS message; in a stream its length comes first.
    Dns {
        in_stream: bool,
        multicast: bool,
    },
    Dhcp,
    /// What a TCP segment carries, known by what it begins with.
    Stream,
    /// Bytes that are not read.
    Payload,
}

impl Next {
    /// Whether nothing is as good as something.
    fn may_be_empty(self) -> bool {
        matches!(self, Self::Payload | Self::Stream | Self::Dns { in_stream: true, .. })
    }
}

struct Reading<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where what is at hand ends, by each length that was told: the last is the innermost.
    ends: Vec<usize>,
    found: Dissection,
    /// It is a fragment, or quoted in an error: that something is missing is as it should be.
    partial: bool,
    /// It is quoted.
    quoted: bool,
    vxlan_ports: &'a [u16],
}

impl Reading<'_> {
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..self.end()).unwrap_or_default()
    }

    /// Takes a header off.
    fn take<H: Header + Into<Layer> + Clone>(&mut self) -> Result<H, Malformed> {
        let (header, length) = H::parse(self.rest())?;
        self.push(header.clone().into(), length);
        Ok(header)
    }

    fn push(&mut self, layer: Layer, length: usize) {
        let bytes = self.at..self.at + length;
        self.at = bytes.end;
        self.found.layers.push(Found { layer, bytes });
    }

    /// What is behind the header ends after so many bytes. If it was cut off, that is told once, and
    /// what is there is read.
    fn limit(&mut self, length: usize) {
        let end = self.at + length;
        if end > self.end() {
            let (needed, there) = (length, self.end() - self.at);
            self.ends_early(self.end(), Malformed::Short { needed, there });
        } else if end < self.end() {
            self.ends.push(end);
        }
    }

    fn ends_early(&mut self, at: usize, why: Malformed) {
        if !self.partial {
            self.found.end.get_or_insert((at, why));
        }
    }

    fn step(&mut self, next: Next) -> Result<Next, Malformed> {
        Ok(match next {
            Next::Ethernet => Next::EtherType(self.take::<Ethernet>()?.ether_type),
            Next::EtherType(ether_type::VLAN | ether_type::SERVICE_VLAN) => {
                Next::EtherType(self.take::<Vlan>()?.ether_type)
            }
            Next::EtherType(ether_type::ARP) => {
                self.take::<Arp>()?;
                self.limit(0);
                Next::Payload
            }
            Next::EtherType(ether_type::IPV4) => self.ipv4()?,
            Next::EtherType(ether_type::IPV6) => self.ipv6()?,
            Next::EtherType(_) => Next::Payload,
            Next::Ip => match self.rest().first().map(|first| first >> 4) {
                Some(6) => self.ipv6()?,
                _ => self.ipv4()?,
            },
            Next::Protocol(number) => self.protocol(number)?,
            Next::Discovery => self.discovery()?,
            Next::Vxlan => {
                self.take::<Vxlan>()?;
                Next::Ethernet
            }
            Next::Dns { in_stream, multicast } => self.dns(in_stream, multicast)?,
            Next::Dhcp => {
                self.take::<Dhcp>()?;
                Next::Payload
            }
            Next::Stream => self.stream(),
            Next::Payload => {
                let rest = self.rest().to_vec();
                let length = rest.len();
                self.push(Layer::Payload(rest), length);
                Next::Payload
            }
        })
    }

    fn ipv4(&mut self) -> Result<Next, Malformed> {
        let header = self.take::<Ipv4>()?;
        self.limit(usize::from(header.total_length) - header.length());
        self.partial |= header.is_fragment();
        Ok(if header.is_first() { Next::Protocol(header.protocol) } else { Next::Payload })
    }

    fn ipv6(&mut self) -> Result<Next, Malformed> {
        let header = self.take::<Ipv6>()?;
        // 0 with hop-by-hop options is a jumbogram (RFC 2675), whose length is not read.
        if header.payload_length > 0 || header.next_header != protocol::HOP_BY_HOP {
            self.limit(usize::from(header.payload_length));
        }
        Ok(Next::Protocol(header.next_header))
    }

    fn protocol(&mut self, number: u8) -> Result<Next, Malformed> {
        Ok(match number {
            protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION_OPTIONS => {
                let (header, length) = Extension::parse(number, self.rest())?;
                let next = header.next_header;
                self.push(header.into(), length);
                Next::Protocol(next)
            }
            protocol::FRAGMENT => {
                let fragment = self.take::<Fragment>()?;
                self.partial = true;
                match fragment.offset {
                    0 => Next::Protocol(fragment.next_header),
                    _ => Next::Payload,
                }
            }
            protocol::ICMP => match self.take::<Icmp>()?.is_error() {
                true => self.quoted(),
                false => Next::Payload,
            },
            protocol::ICMPV6 => {
                let header = self.take::<Icmpv6>()?;
                match header.discovery() {
                    Some(_) => Next::Discovery,
                    None if header.is_error() => self.quoted(),
                    None => Next::Payload,
                }
            }
            protocol::TCP if self.quoted && self.rest().len() < tcp::LEAST => {
                self.take::<TcpStart>()?;
                Next::Payload
            }
            protocol::TCP => {
                let header = self.take::<Tcp>()?;
                match [header.source, header.destination].contains(&dns::PORT) {
                    true => Next::Dns { in_stream: true, multicast: false },
                    false => Next::Stream,
                }
            }
            protocol::UDP => {
                let header = self.take::<Udp>()?;
                self.limit(usize::from(header.length) - udp::LENGTH);
                let either = |ports: [u16; 2]| {
                    ports.contains(&header.source) || ports.contains(&header.destination)
                };
                if self.vxlan_ports.contains(&header.destination) {
                    Next::Vxlan
                } else if either([dns::PORT, dns::MULTICAST_PORT]) {
                    Next::Dns { in_stream: false, multicast: either([dns::MULTICAST_PORT; 2]) }
                } else if either([dhcp::SERVER_PORT, dhcp::CLIENT_PORT]) {
                    Next::Dhcp
                } else {
                    Next::Payload
                }
            }
            _ => Next::Payload,
        })
    }

    fn discovery(&mut self) -> Result<Next, Malformed> {
        let Some(Found { layer: Layer::Icmpv6(header), .. }) = self.found.layers.last() else {
            return Ok(Next::Payload);
        };
        let body = Discovery::parse(header, self.rest())?;
        let length = self.rest().len();
        self.push(Layer::Discovery(body), length);
        Ok(Next::Payload)
    }

    /// A message, and perhaps more of them if it is in a stream.
    fn dns(&mut self, in_stream: bool, multicast: bool) -> Result<Next, Malformed> {
        let (mut message, length) = match in_stream {
            true => Dns::parse_in_stream(self.rest())?,
            false => Dns::parse(self.rest())?,
        };
        message.multicast = multicast;
        let flaw = message.flaw();
        self.push(message.into(), length);
        if let Some(why) = flaw {
            self.ends_early(self.at, why);
            return Ok(Next::Payload);
        }
        Ok(if in_stream { Next::Dns { in_stream, multicast } } else { Next::Payload })
    }

    /// HTTP/1 or TLS, whatever the port; a segment may begin in the midst of either, so what is
    /// neither is no fault.
    fn stream(&mut self) -> Next {
        if let Ok((header, length)) = Http::parse(self.rest()) {
            self.push(header.into(), length);
            return Next::Payload;
        }
        match Tls::parse(self.rest()) {
            Ok((record, length)) => {
                self.push(record.into(), length);
                Next::Stream
            }
            Err(_) => Next::Payload,
        }
    }

    /// The beginning of a packet that an error is about.
    fn quoted(&mut self) -> Next {
        (self.partial, self.quoted) = (true, true);
        Next::Ip
    }

    /// What was not read becomes a payload; what is behind a told length, padding.
    fn finish(mut self) -> Dissection {
        let mut kind: fn(Vec<u8>) -> Layer = Layer::Payload;
        while let Some(end) = self.ends.pop() {
            let rest = self.bytes.get(self.at..end).unwrap_or_default().to_vec();
            let length = rest.len();
            if length > 0 {
                self.push(kind(rest), length);
            }
            kind = Layer::Padding;
        }
        self.found
    }
}
