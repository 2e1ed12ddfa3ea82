//! Packets as they are on the wire: read layer by layer, said field by field, and written again.
//!
//! ```text
//! bytes ──dissect──▶ layers, each with the bytes it takes ──emit──▶ the same bytes
//!                      └ fields: name, bytes, value
//! ```
//!
//! Each protocol is a file with one shape, [`Header`]: parse, emit, fields. A field bears the name that
//! Wireshark filters by (`ip.ttl`) and tells the bytes it lies in. What is well formed comes out of
//! [`emit`] as it went in, wrong checksums included: nothing is put right in passing. [`seal`] puts
//! lengths and checksums right where a packet is made.
//!
//! What is cut off, or contradicts itself, ends the reading with the reason; what was read until then
//! stays. Nothing here panics or loops, whatever the bytes.
//!
//! [`crate::path::Packet`] is another thing: as much of a packet as decides its way, with unknowns.
//!
//! Read in this order: [`Header`] here, [`ipv4`], [`tcp`], then [`dissect`](mod@dissect).

pub mod arp;
pub mod checksum;
pub mod dhcp;
pub mod dissect;
pub mod dns;
pub mod ethernet;
mod field;
pub mod http;
pub mod icmp;
pub mod icmpv6;
mod identity;
pub mod ipv4;
pub mod ipv6;
mod layer;
mod reader;
pub mod seal;
pub mod summary;
pub mod tcp;
#[cfg(test)]
mod tests;
pub mod tls;
pub mod udp;
pub mod vxlan;

pub use dissect::{Dissection, Found, Start, dissect};
pub use field::{Field, Value};
pub use identity::Identity;
pub use layer::{Layer, emit};
pub use reader::Malformed;
pub use seal::seal;

/// One protocol's header.
pub trait Header: Sized {
    /// Reads the header that the bytes begin with; gives it and its length.
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed>;

    /// The header as it goes on the wire, appended.
    fn emit(&self, to: &mut Vec<u8>);

    /// The fields in their order on the wire, their bytes counted from the header's first.
    fn fields(&self) -> Vec<Field>;
}

/// `ETH_P_*`.
pub mod ether_type {
    pub const IPV4: u16 = 0x0800;
    pub const ARP: u16 = 0x0806;
    /// Reverse ARP (RFC 903), which is not read.
    pub const RARP: u16 = 0x8035;
    pub const VLAN: u16 = 0x8100;
    /// The outer of two tags (IEEE 802.1ad).
    pub const SERVICE_VLAN: u16 = 0x88a8;
    pub const IPV6: u16 = 0x86dd;
}

/// `IPPROTO_*`, which IPv6 calls next headers.
pub mod protocol {
    pub const HOP_BY_HOP: u8 = 0;
    pub const ICMP: u8 = 1;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const ICMPV6: u8 = 58;
    pub const DESTINATION_OPTIONS: u8 = 60;
    /// Not read.
    pub const SCTP: u8 = 132;
}
