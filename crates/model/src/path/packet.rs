//! A packet's headers, as far as they decide its way, outermost first.

use crate::net::{Mac, Transport};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// Headers from the outermost in. Inside a tunnel there are two of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    pub layers: Vec<Layer>,
}

/// One header, or what is carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    Ethernet {
        source: Mac,
        destination: Mac,
    },
    /// IPv4 or IPv6; `hops` is the TTL or hop limit.
    Ip {
        source: IpAddr,
        destination: IpAddr,
        hops: u8,
        dont_fragment: bool,
    },
    Udp {
        source: u16,
        destination: u16,
    },
    Tcp {
        source: u16,
        destination: u16,
        syn: bool,
    },
    /// ICMP or ICMPv6 echo.
    Echo {
        request: bool,
        identifier: u16,
        sequence: u16,
    },
    Vxlan {
        vni: u32,
    },
    /// Bytes that no header describes.
    Payload {
        length: u32,
    },
}

impl Layer {
    /// Bytes the header takes, options not counted.
    pub fn length(&self) -> u32 {
        match self {
            Self::Ethernet { .. } => 14,
            Self::Ip { source: IpAddr::V4(_), .. } => 20,
            Self::Ip { source: IpAddr::V6(_), .. } => 40,
            Self::Udp { .. } | Self::Echo { .. } | Self::Vxlan { .. } => 8,
            Self::Tcp { .. } => 20,
            Self::Payload { length } => *length,
        }
    }
}

impl Packet {
    /// Bytes from the outermost IP header on: what an MTU limits.
    pub fn ip_length(&self) -> u32 {
        let from_ip = self.layers.iter().skip_while(|layer| !matches!(layer, Layer::Ip { .. }));
        from_ip.map(Layer::length).sum()
    }

    /// Addresses of the outermost IP header.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Ip { source, destination, .. } => Some((*source, *destination)),
            _ => None,
        })
    }

    /// The outermost transport header's protocol and ports.
    pub fn ports(&self) -> Option<(Transport, u16, u16)> {
        self.layers.iter().find_map(|layer| match *layer {
            Layer::Udp { source, destination } => Some((Transport::Udp, source, destination)),
            Layer::Tcp { source, destination, .. } => Some((Transport::Tcp, source, destination)),
            _ => None,
        })
    }

    /// Source and destination with their ports; port 0 where the protocol has none.
    pub fn endpoints(&self) -> Option<(SocketAddr, SocketAddr)> {
        let (source, destination) = self.addresses()?;
        let (from, to) = self.ports().map_or((0, 0), |(_, from, to)| (from, to));
        Some((SocketAddr::new(source, from), SocketAddr::new(destination, to)))
    }

    /// Puts Ethernet addresses on the front, in the place of those that were there.
    pub fn framed(mut self, source: Mac, destination: Mac) -> Self {
        if matches!(self.layers.first(), Some(Layer::Ethernet { .. })) {
            self.layers.remove(0);
        }
        self.layers.insert(0, Layer::Ethernet { source, destination });
        self
    }
}
