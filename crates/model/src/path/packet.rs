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
        /// It opens the connection; else it answers that.
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
    /// Bytes the header takes; of TCP with the options that Linux opens a connection with, of others
    /// without any.
    pub fn length(&self) -> u32 {
        match self {
            Self::Ethernet { .. } => 14,
            Self::Ip { source: IpAddr::V4(_), .. } => 20,
            Self::Ip { source: IpAddr::V6(_), .. } => 40,
            Self::Udp { .. } | Self::Echo { .. } | Self::Vxlan { .. } => 8,
            Self::Tcp { .. } => 40,
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

    /// What follows the outermost IP header.
    pub fn transport(&self) -> Option<&Layer> {
        let mut layers = self.layers.iter().skip_while(|layer| !matches!(layer, Layer::Ip { .. }));
        layers.nth(1)
    }

    /// The outermost transport header's protocol and ports.
    pub fn ports(&self) -> Option<(Transport, u16, u16)> {
        match *self.transport()? {
            Layer::Udp { source, destination } => Some((Transport::Udp, source, destination)),
            Layer::Tcp { source, destination, .. } => Some((Transport::Tcp, source, destination)),
            _ => None,
        }
    }

    /// The identifier of an echo, if that is what the outermost IP header carries.
    pub fn identifier(&self) -> Option<u16> {
        match self.transport()? {
            Layer::Echo { identifier, .. } => Some(*identifier),
            _ => None,
        }
    }

    /// The number of the outermost tunnel, if it is in one.
    pub fn vni(&self) -> Option<u32> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Vxlan { vni } => Some(*vni),
            _ => None,
        })
    }

    /// The packet within the outermost tunnel, from its frame on.
    pub fn inner(&self) -> Option<Self> {
        let mut layers = self.layers.iter().skip_while(|l| !matches!(l, Layer::Vxlan { .. }));
        layers.next()?;
        Some(Self { layers: layers.cloned().collect() })
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

    /// The number of the protocol in the outermost IP header: TCP 6, UDP 17, ICMP 1, ICMPv6 58.
    pub fn protocol(&self) -> Option<u8> {
        let mut layers = self.layers.iter().skip_while(|layer| !matches!(layer, Layer::Ip { .. }));
        let Some(Layer::Ip { source, .. }) = layers.next() else { return None };
        match layers.next()? {
            Layer::Udp { .. } => Some(17),
            Layer::Tcp { .. } => Some(6),
            Layer::Echo { .. } if source.is_ipv4() => Some(1),
            Layer::Echo { .. } => Some(58),
            Layer::Ethernet { .. } | Layer::Ip { .. } | Layer::Vxlan { .. } => None,
            Layer::Payload { .. } => None,
        }
    }

    /// TTL or hop limit of the outermost IP header.
    pub fn hops(&self) -> Option<u8> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Ip { hops, .. } => Some(*hops),
            _ => None,
        })
    }

    /// Whether routers must not cut it: asked for in IPv4, always so in IPv6.
    pub fn is_whole(&self) -> bool {
        let whole = self.layers.iter().find_map(|layer| match layer {
            Layer::Ip { source, dont_fragment, .. } => Some(*dont_fragment || source.is_ipv6()),
            _ => None,
        });
        whole.unwrap_or(false)
    }

    pub(super) fn set_hops(&mut self, to: u8) {
        for layer in &mut self.layers {
            if let Layer::Ip { hops, .. } = layer {
                *hops = to;
                return;
            }
        }
    }

    /// Puts another source into the outermost headers; of an echo, the port is the identifier.
    pub(super) fn set_source(&mut self, to: SocketAddr) {
        let mut layers = self.layers.iter_mut().skip_while(|l| !matches!(l, Layer::Ip { .. }));
        if let Some(Layer::Ip { source, .. }) = layers.next() {
            *source = to.ip();
        }
        match layers.next() {
            Some(Layer::Udp { source, .. } | Layer::Tcp { source, .. }) => *source = to.port(),
            Some(Layer::Echo { identifier, .. }) => *identifier = to.port(),
            _ => {}
        }
    }

    pub(super) fn set_destination(&mut self, to: SocketAddr) {
        let mut layers = self.layers.iter_mut().skip_while(|l| !matches!(l, Layer::Ip { .. }));
        if let Some(Layer::Ip { destination, .. }) = layers.next() {
            *destination = to.ip();
        }
        if let Some(Layer::Udp { destination, .. } | Layer::Tcp { destination, .. }) = layers.next()
        {
            *destination = to.port();
        }
    }
}
