//! A layer of a packet: one protocol's header, or bytes that no header describes.

use super::arp::Arp;
use super::dhcp::Dhcp;
use super::dns::Dns;
use super::ethernet::{Ethernet, Vlan};
use super::field::Fields;
use super::http::Http;
use super::icmp::Icmp;
use super::icmpv6::{Discovery, Icmpv6};
use super::ipv4::Ipv4;
use super::ipv6::{Extension, Fragment, Ipv6};
use super::tcp::{Tcp, TcpStart};
use super::tls::Tls;
use super::udp::Udp;
use super::vxlan::Vxlan;
use super::{Field, Header as _};

macro_rules! layers {
    ($($(#[$doc:meta])* $layer:ident = $name:literal)*) => {
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Layer {
            $($(#[$doc])* $layer($layer),)*
            /// What a header carries that nothing here describes.
            Payload(Vec<u8>),
            /// Behind what a length says there is: a short frame is padded to 60 bytes (IEEE 802.3).
            Padding(Vec<u8>),
        }

        impl Layer {
            /// The protocol as people name it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$layer(_) => $name,)*
                    Self::Payload(_) => "payload",
                    Self::Padding(_) => "padding",
                }
            }

            /// The fields, their bytes counted from the layer's first.
            pub fn fields(&self) -> Vec<Field> {
                match self {
                    $(Self::$layer(header) => header.fields(),)*
                    Self::Payload(bytes) => Fields::new().rest("data.data", bytes).end(),
                    Self::Padding(bytes) => Fields::new().rest("eth.padding", bytes).end(),
                }
            }

            /// The layer as it goes on the wire, appended.
            pub fn emit(&self, to: &mut Vec<u8>) {
                match self {
                    $(Self::$layer(header) => header.emit(to),)*
                    Self::Payload(bytes) | Self::Padding(bytes) => to.extend(bytes),
                }
            }
        }

        $(impl From<$layer> for Layer {
            fn from(header: $layer) -> Self {
                Self::$layer(header)
            }
        })*
    };
}

layers! {
    Ethernet = "Ethernet"
    Vlan = "802.1Q"
    Arp = "ARP"
    Ipv4 = "IPv4"
    Ipv6 = "IPv6"
    /// Hop-by-hop, routing or destination options.
    Extension = "IPv6 extension"
    Fragment = "IPv6 fragment"
    Icmp = "ICMP"
    Icmpv6 = "ICMPv6"
    /// Behind the ICMPv6 header that it belongs to.
    Discovery = "neighbour discovery"
    Tcp = "TCP"
    /// Of a packet that an error quotes, where no more of it is there.
    TcpStart = "TCP"
    Udp = "UDP"
    Vxlan = "VXLAN"
    Dns = "DNS"
    Dhcp = "DHCP"
    Http = "HTTP"
    Tls = "TLS"
}

/// The bytes of layers in their order on the wire.
pub fn emit<'l>(layers: impl IntoIterator<Item = &'l Layer>) -> Vec<u8> {
    let mut bytes = Vec::new();
    layers.into_iter().for_each(|layer| layer.emit(&mut bytes));
    bytes
}
