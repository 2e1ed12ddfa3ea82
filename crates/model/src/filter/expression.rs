//! A filter as it is understood, before it is known where things are in a packet.

use crate::net::Mac;
use std::net::{Ipv4Addr, Ipv6Addr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Is(Primitive),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Primitive {
    /// Which of IPv4, ARP and RARP, or all of them; and an address with the bits that count.
    V4(Option<Family>, Direction, Ipv4Addr, u32),
    V6(Direction, Ipv6Addr, u128),
    Mac(Direction, Mac),
    /// From the first to the last, of these protocols.
    Ports(Vec<u8>, Direction, u16, u16),
    EtherType(u16),
    /// An IP protocol over IPv4, over IPv6, or over both.
    Protocol(Option<Family>, u8),
    Broadcast,
    Multicast,
    Multicast4,
    Multicast6,
    /// Tagged, with this identifier or any. All that follows is looked for behind the tag.
    Vlan(Option<u16>),
    /// The comparison, whether it is to fail, and what is to be compared.
    Relation {
        left: Arithmetic,
        comparison: Comparison,
        holds: bool,
        right: Arithmetic,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Ip,
    Ip6,
    Arp,
    Rarp,
}

/// Which of the two ends is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Direction {
    Source,
    Destination,
    #[default]
    Either,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Greater,
    AtLeast,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Number(u32),
    /// Bytes of the packet on the wire.
    Length,
    /// So many bytes (1, 2, 4) of a header.
    Load(Header, Box<Arithmetic>, u8),
    Binary(Operator, Box<Arithmetic>, Box<Arithmetic>),
    Negative(Box<Arithmetic>),
}

/// The headers whose bytes may be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Link,
    Network(Family),
    /// Behind an IPv4 header, of this protocol.
    Over4(u8),
    /// Behind an IPv6 header without extensions.
    Over6(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    ExclusiveOr,
    Left,
    Right,
}
