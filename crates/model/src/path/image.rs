//! A packet as bytes, for the expressions that look at them.
//!
//! What the walk cannot know (checksums, sequence numbers, the data, a port of the kernel's choice)
//! is marked so, and reading it gives [`Read::Unknown`]. The formats: RFC 791 §3.1, RFC 8200 §3,
//! RFC 768, RFC 9293 §3.1, RFC 792, RFC 4443 §4.1, RFC 7348 §5.

use super::{Layer, Packet};
use crate::net::{Mac, octets};
use std::net::IpAddr;
use std::ops::Range;

/// Bytes from the frame on, and where its headers begin.
#[derive(Clone, Debug)]
pub(super) struct Image {
    bytes: Vec<u8>,
    unknown: Vec<(Range<usize>, &'static str)>,
    /// Bytes of data behind the headers.
    data: usize,
    /// The frame begins at 0, if there is one.
    framed: bool,
    network: usize,
    transport: usize,
}

/// What is at a place of the packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Bytes(Vec<u8>),
    Unknown(&'static str),
    /// The packet has no such place.
    Beyond,
}

impl Image {
    pub(super) fn of(packet: &Packet) -> Self {
        let mut image = Self {
            bytes: Vec::new(),
            unknown: Vec::new(),
            data: 0,
            framed: false,
            network: 0,
            transport: 0,
        };
        let mut layers = packet.layers.iter().peekable();
        if let Some(Layer::Ethernet { source, destination }) = layers.peek() {
            image.ethernet(*source, *destination, packet.addresses().map(|(from, _)| from));
            layers.next();
        }
        image.network = image.bytes.len();
        let length = packet.ip_length();
        if let Some(Layer::Ip { source, destination, hops, dont_fragment }) = layers.next() {
            let protocol = packet.protocol().unwrap_or(0);
            image.ip(*source, *destination, *hops, *dont_fragment, length, protocol);
        }
        image.transport = image.bytes.len();
        let behind = length.saturating_sub((image.transport - image.network) as u32);
        let v6 = packet.addresses().is_some_and(|(from, _)| from.is_ipv6());
        match layers.next() {
            Some(Layer::Udp { source, destination }) => {
                image.ports(*source, *destination);
                image.number16(behind);
                image.blank(2, "a checksum");
                if let Some(Layer::Vxlan { vni }) = layers.peek() {
                    image.vxlan(*vni);
                    layers.next();
                }
            }
            Some(Layer::Tcp { source, destination, syn }) => {
                image.ports(*source, *destination);
                image.blank(8, "a TCP sequence number");
                // Ten words of header. SYN opens a connection, SYN and ACK answer it.
                image.bytes.extend([0xa0, if *syn { 0x02 } else { 0x12 }]);
                image.blank(4, "a TCP window or checksum");
                image.number16(0);
                image.blank(20, "the TCP options");
            }
            Some(Layer::Echo { request, identifier, sequence }) => {
                image.bytes.push(match (v6, *request) {
                    (false, true) => 8,
                    (false, false) => 0,
                    (true, true) => 128,
                    (true, false) => 129,
                });
                image.bytes.push(0);
                image.blank(2, "a checksum");
                image.chosen(*identifier, "the echo's identifier");
                image.number16(u32::from(*sequence));
            }
            Some(Layer::Payload { length }) => image.data = *length as usize,
            Some(Layer::Ethernet { .. } | Layer::Ip { .. } | Layer::Vxlan { .. }) | None => {}
        }
        image.data += layers.map(|layer| layer.length() as usize).sum::<usize>();
        image
    }

    fn blank(&mut self, length: usize, what: &'static str) {
        let from = self.bytes.len();
        self.bytes.resize(from + length, 0);
        self.unknown.push((from..from + length, what));
    }

    fn number16(&mut self, number: u32) {
        self.bytes.extend_from_slice(&(number as u16).to_be_bytes());
    }

    /// A number of which 0 means that the kernel chooses it.
    fn chosen(&mut self, number: u16, what: &'static str) {
        match number {
            0 => self.blank(2, what),
            number => self.number16(u32::from(number)),
        }
    }

    /// RFC 7348 §5.
    fn vxlan(&mut self, vni: u32) {
        const HAS_NUMBER: u8 = 0x08;
        self.bytes.extend_from_slice(&[HAS_NUMBER, 0, 0, 0]);
        self.bytes.extend_from_slice(&(vni << 8).to_be_bytes());
    }

    fn ports(&mut self, source: u16, destination: u16) {
        self.chosen(source, "the source port, which the kernel chooses");
        self.chosen(destination, "the destination port, which the kernel chose");
    }

    fn ethernet(&mut self, source: Mac, destination: Mac, carried: Option<IpAddr>) {
        self.framed = true;
        self.bytes.extend_from_slice(&destination.0);
        if source.is_zero() && !destination.is_zero() {
            self.blank(6, "the sender's MAC address");
        } else {
            self.bytes.extend_from_slice(&source.0);
        }
        self.bytes.extend_from_slice(&ethertype(carried));
    }

    fn ip(&mut self, from: IpAddr, to: IpAddr, hops: u8, whole: bool, length: u32, protocol: u8) {
        if from.is_ipv4() {
            self.bytes.extend_from_slice(&[0x45, 0]);
            self.number16(length);
            self.blank(2, "the IPv4 identification");
            self.bytes.extend_from_slice(&[if whole { 0x40 } else { 0 }, 0, hops, protocol]);
            self.blank(2, "a checksum");
        } else {
            self.bytes.push(0x60);
            self.blank(3, "the IPv6 flow label");
            self.number16(length.saturating_sub(40));
            self.bytes.extend_from_slice(&[protocol, hops]);
        }
        self.bytes.extend_from_slice(&octets(from));
        self.bytes.extend_from_slice(&octets(to));
    }

    pub(super) fn link(&self, offset: u32, length: u32) -> Read {
        if self.framed { self.read(0, offset, length) } else { Read::Beyond }
    }

    pub(super) fn network(&self, offset: u32, length: u32) -> Read {
        self.read(self.network, offset, length)
    }

    pub(super) fn transport(&self, offset: u32, length: u32) -> Read {
        self.read(self.transport, offset, length)
    }

    fn read(&self, base: usize, offset: u32, length: u32) -> Read {
        let from = base.saturating_add(offset as usize);
        let to = from.saturating_add(length as usize);
        if to > self.bytes.len() + self.data {
            return Read::Beyond;
        }
        let Some(bytes) = self.bytes.get(from..to) else {
            return Read::Unknown("what the packet carries");
        };
        match self.unknown.iter().find(|(range, _)| range.start < to && from < range.end) {
            Some((_, what)) => Read::Unknown(what),
            None => Read::Bytes(bytes.to_vec()),
        }
    }
}

/// `ETH_P_IP` or `ETH_P_IPV6`, in network order.
pub(super) fn ethertype(carried: Option<IpAddr>) -> [u8; 2] {
    match carried {
        Some(IpAddr::V6(_)) => [0x86, 0xdd],
        Some(IpAddr::V4(_)) | None => [0x08, 0x00],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp() -> Image {
        let ip = Layer::Ip {
            source: "10.1.0.2".parse().unwrap(),
            destination: "10.2.0.2".parse().unwrap(),
            hops: 63,
            dont_fragment: true,
        };
        let udp = Layer::Udp { source: 0, destination: 9000 };
        let layers = vec![ip, udp, Layer::Payload { length: 8 }];
        Image::of(&Packet { layers }.framed(Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2])))
    }

    #[test]
    fn headers_lie_where_the_protocols_say() {
        let image = udp();
        assert_eq!(image.link(12, 2), Read::Bytes(vec![8, 0]));
        assert_eq!(image.network(0, 4), Read::Bytes(vec![0x45, 0, 0, 36]));
        assert_eq!(image.network(6, 4), Read::Bytes(vec![0x40, 0, 63, 17]));
        assert_eq!(image.network(12, 8), Read::Bytes(vec![10, 1, 0, 2, 10, 2, 0, 2]));
        assert_eq!(image.transport(2, 4), Read::Bytes(vec![0x23, 0x28, 0, 16]));
    }

    #[test]
    fn what_is_not_known_says_so() {
        let image = udp();
        assert!(matches!(image.transport(0, 2), Read::Unknown(_)));
        assert!(matches!(image.transport(8, 8), Read::Unknown(_)));
        assert_eq!(image.transport(8, 9), Read::Beyond);
    }
}
