//! What a value is a value of: nftables' data types, how their bytes are read and what is printed
//! for them.

use super::words::{self, Words};
use crate::host::nft::DataType;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A data type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    /// Bytes that no header's field names: a number in hexadecimal.
    Raw,
    Family,
    Ipv4,
    Ipv6,
    Mac,
    EtherType,
    ArpOperation,
    Protocol,
    Port,
    IcmpType,
    IcmpCode,
    Icmp6Type,
    Icmp6Code,
    IgmpType,
    TcpFlags,
    /// Bits without names.
    Bits,
    DccpType,
    MobilityType,
    Mark,
    LinkIndex,
    LinkName,
    LinkType,
    LinkGroup,
    Realm,
    Class,
    User,
    Group,
    CtState,
    CtDirection,
    CtStatus,
    PacketType,
    Service,
    Congestion,
    AddressType,
    Presence,
    Other(u32),
}

/// One list of the types that sets can be made of: nftables' number (`enum datatypes`) and name.
const TYPES: &[(Kind, u32, &str)] = &[
    (Kind::Family, 2, "nf_proto"),
    (Kind::Integer, 4, "integer"),
    (Kind::Ipv4, 7, "ipv4_addr"),
    (Kind::Ipv6, 8, "ipv6_addr"),
    (Kind::Mac, 9, "ether_addr"),
    (Kind::EtherType, 10, "ether_type"),
    (Kind::ArpOperation, 11, "arp_op"),
    (Kind::Protocol, 12, "inet_proto"),
    (Kind::Port, 13, "inet_service"),
    (Kind::IcmpType, 14, "icmp_type"),
    (Kind::TcpFlags, 15, "tcp_flag"),
    (Kind::DccpType, 16, "dccp_pkttype"),
    (Kind::MobilityType, 17, "mh_type"),
    (Kind::Mark, 19, "mark"),
    (Kind::LinkIndex, 20, "iface_index"),
    (Kind::LinkType, 21, "iface_type"),
    (Kind::Realm, 22, "realm"),
    (Kind::Class, 23, "classid"),
    (Kind::User, 24, "uid"),
    (Kind::Group, 25, "gid"),
    (Kind::CtState, 26, "ct_state"),
    (Kind::CtDirection, 27, "ct_dir"),
    (Kind::CtStatus, 28, "ct_status"),
    (Kind::Icmp6Type, 29, "icmpv6_type"),
    (Kind::PacketType, 31, "pkt_type"),
    (Kind::IcmpCode, 32, "icmp_code"),
    (Kind::Icmp6Code, 33, "icmpv6_code"),
    (Kind::LinkGroup, 35, "devgroup"),
    (Kind::Service, 36, "dscp"),
    (Kind::Congestion, 37, "ecn"),
    (Kind::AddressType, 38, "fib_addrtype"),
    (Kind::Presence, 39, "boolean"),
    (Kind::LinkName, 41, "ifname"),
    (Kind::IgmpType, 42, "igmp_type"),
];

impl Kind {
    pub(super) fn of(data: DataType) -> Self {
        let number = data.number();
        let known = TYPES.iter().find(|(_, known, _)| *known == number);
        known.map_or(Self::Other(number), |(kind, _, _)| *kind)
    }

    /// Bytes of a value of the type with that number, where the type alone says it.
    pub(super) fn bytes_of(number: u32) -> Option<u32> {
        let (kind, _, _) = TYPES.iter().find(|(_, known, _)| *known == number)?;
        match kind {
            Self::Integer => None,
            Self::Ipv6 | Self::LinkName => Some(16),
            Self::Mac => Some(6),
            Self::EtherType | Self::ArpOperation | Self::Port | Self::LinkType => Some(2),
            Self::Family
            | Self::Protocol
            | Self::IcmpType
            | Self::IcmpCode
            | Self::Icmp6Type
            | Self::Icmp6Code
            | Self::IgmpType
            | Self::TcpFlags
            | Self::DccpType
            | Self::MobilityType
            | Self::CtDirection
            | Self::PacketType
            | Self::Service
            | Self::Congestion
            | Self::Presence => Some(1),
            _ => Some(4),
        }
    }

    /// The name in a set's declaration.
    pub(super) fn name(self) -> String {
        let known = TYPES.iter().find(|(kind, _, _)| *kind == self);
        known.map_or_else(|| format!("[unknown type {self:?}]"), |(_, _, name)| (*name).to_owned())
    }

    /// Whether its values are kept in the machine's byte order; else in the network's.
    pub(super) fn is_host_order(self) -> bool {
        use Kind::{
            AddressType, Class, CtDirection, CtState, CtStatus, Family, Group, LinkGroup,
            LinkIndex, LinkName, LinkType, Mark, PacketType, Presence, Realm, User,
        };
        matches!(
            self,
            AddressType
                | Class
                | CtDirection
                | CtState
                | CtStatus
                | Family
                | Group
                | LinkGroup
                | LinkIndex
                | LinkName
                | LinkType
                | Mark
                | PacketType
                | Presence
                | Realm
                | User
        )
    }

    /// Whether its values are sets of bits.
    pub(super) fn is_bits(self) -> bool {
        matches!(self, Self::CtState | Self::CtStatus | Self::TcpFlags)
    }

    /// Whether ranges that are prefixes are printed as such.
    pub(super) fn has_prefixes(self) -> bool {
        matches!(self, Self::Ipv4 | Self::Ipv6 | Self::Mark)
    }

    /// How many elements of a named set stand in a line.
    pub(super) fn elements_in_line(self) -> usize {
        use Kind::{
            ArpOperation, Class, CtDirection, CtState, CtStatus, DccpType, Family, Group, Integer,
            Ipv4, Mark, PacketType, Port, Protocol, TcpFlags, User,
        };
        match self {
            ArpOperation | Class | CtDirection | DccpType | Family | Group | Integer | Mark
            | Port | Protocol | TcpFlags | User => 5,
            CtState | CtStatus | Ipv4 | PacketType => 2,
            _ => 1,
        }
    }

    /// The names of its numbers.
    pub(super) fn words(self) -> Words {
        match self {
            Self::Family => words::FAMILIES,
            Self::EtherType => words::ETHER_TYPES,
            Self::ArpOperation => words::ARP_OPERATIONS,
            Self::Protocol => words::PROTOCOLS,
            Self::IcmpType => words::ICMP_TYPES,
            Self::IcmpCode => words::ICMP_CODES,
            Self::Icmp6Type => words::ICMP6_TYPES,
            Self::Icmp6Code => words::ICMP6_CODES,
            Self::IgmpType => words::IGMP_TYPES,
            Self::TcpFlags => words::TCP_FLAGS,
            Self::DccpType => words::DCCP_TYPES,
            Self::MobilityType => words::MOBILITY_TYPES,
            Self::LinkIndex => words::LINKS,
            Self::LinkType => words::LINK_TYPES,
            Self::LinkGroup => words::LINK_GROUPS,
            Self::CtState => words::CT_STATES,
            Self::CtDirection => words::CT_DIRECTIONS,
            Self::CtStatus => words::CT_STATUSES,
            Self::PacketType => words::PACKET_TYPES,
            Self::Service => words::SERVICES,
            Self::Congestion => words::CONGESTION,
            Self::AddressType => words::ADDRESS_TYPES,
            Self::Presence => words::PRESENCE,
            _ => &[],
        }
    }

    /// A value, by name where it has one.
    pub(super) fn show(self, number: u128) -> String {
        let short = u64::try_from(number).ok();
        match short.and_then(|number| words::word(self.words(), number)) {
            Some(word) if !self.is_bits() => word.to_owned(),
            _ if self.is_bits() && number != 0 => self.bits(number).join(" | "),
            _ => self.show_number(number),
        }
    }

    /// The names of the bits that are set, lowest first.
    pub(super) fn bits(self, number: u128) -> Vec<String> {
        let set = (0..128).map(|bit| 1_u128 << bit).filter(|bit| number & bit != 0);
        set.map(|bit| {
            let word = u64::try_from(bit).ok().and_then(|bit| words::word(self.words(), bit));
            word.map_or_else(|| format!("{bit:#x}"), str::to_owned)
        })
        .collect()
    }

    /// A value without the name it might have, as in ranges.
    pub(super) fn show_number(self, number: u128) -> String {
        match self {
            Self::Ipv4 => Ipv4Addr::from(number as u32).to_string(),
            Self::Ipv6 => show_ipv6(number),
            Self::Mac => {
                let bytes = number.to_be_bytes();
                let hexadecimal: Vec<_> = bytes[10..].iter().map(|b| format!("{b:02x}")).collect();
                hexadecimal.join(":")
            }
            Self::Mark => format!("{number:#010x}"),
            Self::EtherType => format!("{number:#06x}"),
            Self::Service => format!("{number:#04x}"),
            Self::TcpFlags | Self::CtState | Self::CtStatus | Self::Bits | Self::Raw => {
                format!("{number:#x}")
            }
            Self::Class => match number {
                0 => "none".to_owned(),
                0xffff_ffff => "root".to_owned(),
                _ => format!("{:x}:{:x}", number >> 16, number & 0xffff),
            },
            _ => number.to_string(),
        }
    }
}

/// An address as the C library writes it: one that holds an IPv4 address ends with that.
fn show_ipv6(number: u128) -> String {
    match u32::try_from(number) {
        Ok(low) if low > 0xffff => format!("::{}", Ipv4Addr::from(low)),
        _ => Ipv6Addr::from(number).to_string(),
    }
}

/// The number that bytes stand for.
pub(super) fn number(bytes: &[u8], host_order: bool) -> u128 {
    let little = host_order && cfg!(target_endian = "little");
    let join = |number: u128, byte: &u8| number << 8 | u128::from(*byte);
    match little {
        true => bytes.iter().rev().fold(0, join),
        false => bytes.iter().fold(0, join),
    }
}

/// More bytes than any number has.
pub(super) fn show_bytes(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let significant = digits.trim_start_matches('0');
    format!("0x{}", if significant.is_empty() { "0" } else { significant })
}

/// A link's name, or the beginning of names: bytes that no zero ends.
pub(super) fn show_name(bytes: &[u8], full: usize) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let text = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned();
    match (end, text.strip_suffix('*')) {
        (None, _) if bytes.len() <= full => format!("\"{text}*\""),
        (_, Some(before)) => format!("\"{before}\\*\""),
        _ => format!("\"{text}\""),
    }
}
