//! Headers and their fields: one list. A field has one place in its header, and a rule that reads
//! that place means that field, once it is known which header it is.

use super::kind::Kind;
use crate::host::nft::{NftFamily, PayloadBase};

/// A protocol whose header nftables knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ethernet,
    Vlan,
    Arp,
    Ip,
    Ip6,
    Icmp,
    Icmp6,
    Igmp,
    Tcp,
    Udp,
    UdpLite,
    Dccp,
    Sctp,
    Ah,
    Esp,
    Comp,
    /// Whatever has ports.
    Transport,
}

/// A part of a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    /// In bits from the header's begin.
    pub(super) offset: u32,
    /// In bits.
    pub(super) len: u32,
    pub(super) kind: Kind,
    /// The types of ICMP message that have this field; none for all.
    pub(super) only_in: &'static [u8],
}

const fn field(name: &'static str, offset: u32, len: u32, kind: Kind) -> Field {
    Field { name, offset, len, kind, only_in: &[] }
}

const fn part(name: &'static str, offset: u32, len: u32, only_in: &'static [u8]) -> Field {
    Field { name, offset, len, kind: Kind::Integer, only_in }
}

const ETHERNET: &[Field] = &[
    field("daddr", 0, 48, Kind::Mac),
    field("saddr", 48, 48, Kind::Mac),
    field("type", 96, 16, Kind::EtherType),
];

const VLAN: &[Field] = &[
    field("pcp", 0, 3, Kind::Integer),
    field("dei", 3, 1, Kind::Integer),
    field("id", 4, 12, Kind::Integer),
    field("type", 16, 16, Kind::EtherType),
];

const ARP: &[Field] = &[
    field("htype", 0, 16, Kind::Integer),
    field("ptype", 16, 16, Kind::EtherType),
    field("hlen", 32, 8, Kind::Integer),
    field("plen", 40, 8, Kind::Integer),
    field("operation", 48, 16, Kind::ArpOperation),
    field("saddr ether", 64, 48, Kind::Mac),
    field("saddr ip", 112, 32, Kind::Ipv4),
    field("daddr ether", 144, 48, Kind::Mac),
    field("daddr ip", 192, 32, Kind::Ipv4),
];

const IP: &[Field] = &[
    field("version", 0, 4, Kind::Integer),
    field("hdrlength", 4, 4, Kind::Integer),
    field("dscp", 8, 6, Kind::Service),
    field("ecn", 14, 2, Kind::Congestion),
    field("length", 16, 16, Kind::Integer),
    field("id", 32, 16, Kind::Integer),
    field("frag-off", 48, 16, Kind::Integer),
    field("ttl", 64, 8, Kind::Integer),
    field("protocol", 72, 8, Kind::Protocol),
    field("checksum", 80, 16, Kind::Integer),
    field("saddr", 96, 32, Kind::Ipv4),
    field("daddr", 128, 32, Kind::Ipv4),
];

const IP6: &[Field] = &[
    field("version", 0, 4, Kind::Integer),
    field("dscp", 4, 6, Kind::Service),
    field("ecn", 10, 2, Kind::Congestion),
    field("flowlabel", 12, 20, Kind::Integer),
    field("length", 32, 16, Kind::Integer),
    field("nexthdr", 48, 8, Kind::Protocol),
    field("hoplimit", 56, 8, Kind::Integer),
    field("saddr", 64, 128, Kind::Ipv6),
    field("daddr", 192, 128, Kind::Ipv6),
];

const ICMP: &[Field] = &[
    field("type", 0, 8, Kind::IcmpType),
    field("code", 8, 8, Kind::IcmpCode),
    field("checksum", 16, 16, Kind::Integer),
    part("id", 32, 16, &[8, 0]),
    part("sequence", 48, 16, &[8, 0]),
    part("gateway", 32, 32, &[5]),
    part("mtu", 48, 16, &[3]),
];

const ICMP6: &[Field] = &[
    field("type", 0, 8, Kind::Icmp6Type),
    field("code", 8, 8, Kind::Icmp6Code),
    field("checksum", 16, 16, Kind::Integer),
    part("parameter-problem", 32, 32, &[4]),
    part("mtu", 32, 32, &[2]),
    part("id", 32, 16, &[128, 129]),
    part("sequence", 48, 16, &[128, 129]),
    part("max-delay", 32, 16, &[130]),
];

const IGMP: &[Field] = &[
    field("type", 0, 8, Kind::IgmpType),
    field("mrt", 8, 8, Kind::Integer),
    field("checksum", 16, 16, Kind::Integer),
    field("group", 32, 32, Kind::Integer),
];

const TCP: &[Field] = &[
    field("sport", 0, 16, Kind::Port),
    field("dport", 16, 16, Kind::Port),
    field("sequence", 32, 32, Kind::Integer),
    field("ackseq", 64, 32, Kind::Integer),
    field("doff", 96, 4, Kind::Integer),
    field("reserved", 100, 4, Kind::Integer),
    field("flags", 104, 8, Kind::TcpFlags),
    field("window", 112, 16, Kind::Integer),
    field("checksum", 128, 16, Kind::Integer),
    field("urgptr", 144, 16, Kind::Integer),
];

const UDP: &[Field] = &[
    field("sport", 0, 16, Kind::Port),
    field("dport", 16, 16, Kind::Port),
    field("length", 32, 16, Kind::Integer),
    field("checksum", 48, 16, Kind::Integer),
];

const UDP_LITE: &[Field] = &[
    field("sport", 0, 16, Kind::Port),
    field("dport", 16, 16, Kind::Port),
    field("csumcov", 32, 16, Kind::Integer),
    field("checksum", 48, 16, Kind::Integer),
];

const DCCP: &[Field] = &[
    field("sport", 0, 16, Kind::Port),
    field("dport", 16, 16, Kind::Port),
    field("type", 67, 4, Kind::DccpType),
];

const SCTP: &[Field] = &[
    field("sport", 0, 16, Kind::Port),
    field("dport", 16, 16, Kind::Port),
    field("vtag", 32, 32, Kind::Integer),
    field("checksum", 64, 32, Kind::Integer),
];

const AH: &[Field] = &[
    field("nexthdr", 0, 8, Kind::Protocol),
    field("hdrlength", 8, 8, Kind::Integer),
    field("reserved", 16, 16, Kind::Integer),
    field("spi", 32, 32, Kind::Integer),
    field("sequence", 64, 32, Kind::Integer),
];

const ESP: &[Field] =
    &[field("spi", 0, 32, Kind::Integer), field("sequence", 32, 32, Kind::Integer)];

const COMP: &[Field] = &[
    field("nexthdr", 0, 8, Kind::Protocol),
    field("flags", 8, 8, Kind::Bits),
    field("cpi", 16, 16, Kind::Integer),
];

const TRANSPORT: &[Field] =
    &[field("sport", 0, 16, Kind::Port), field("dport", 16, 16, Kind::Port)];

impl Protocol {
    /// The word of rules, and the fields in their order.
    fn shape(self) -> (&'static str, &'static [Field]) {
        match self {
            Self::Ethernet => ("ether", ETHERNET),
            Self::Vlan => ("vlan", VLAN),
            Self::Arp => ("arp", ARP),
            Self::Ip => ("ip", IP),
            Self::Ip6 => ("ip6", IP6),
            Self::Icmp => ("icmp", ICMP),
            Self::Icmp6 => ("icmpv6", ICMP6),
            Self::Igmp => ("igmp", IGMP),
            Self::Tcp => ("tcp", TCP),
            Self::Udp => ("udp", UDP),
            Self::UdpLite => ("udplite", UDP_LITE),
            Self::Dccp => ("dccp", DCCP),
            Self::Sctp => ("sctp", SCTP),
            Self::Ah => ("ah", AH),
            Self::Esp => ("esp", ESP),
            Self::Comp => ("comp", COMP),
            Self::Transport => ("th", TRANSPORT),
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.shape().0
    }

    pub(super) fn fields(self) -> &'static [Field] {
        self.shape().1
    }

    pub(super) fn base(self) -> PayloadBase {
        match self {
            Self::Ethernet | Self::Vlan => PayloadBase::Link,
            Self::Arp | Self::Ip | Self::Ip6 => PayloadBase::Network,
            _ => PayloadBase::Transport,
        }
    }

    /// Whether the field says which header comes next, or which kind of message this is.
    pub(super) fn is_key(self, field: &Field) -> bool {
        let key = match self {
            Self::Ethernet | Self::Vlan | Self::Icmp | Self::Icmp6 => "type",
            Self::Ip => "protocol",
            Self::Ip6 | Self::Ah | Self::Comp => "nexthdr",
            _ => return false,
        };
        field.name == key
    }

    /// The header that comes next by the key field's value.
    pub(super) fn upper(self, number: u64) -> Option<Self> {
        match self {
            Self::Ethernet | Self::Vlan => Self::of_ether_type(number),
            Self::Ip => Self::of_number(number).filter(|upper| *upper != Self::Icmp6),
            Self::Ip6 | Self::Ah | Self::Comp => Self::of_number(number),
            _ => None,
        }
    }

    /// By `ETH_P_*`.
    pub(super) fn of_ether_type(number: u64) -> Option<Self> {
        match number {
            0x0800 => Some(Self::Ip),
            0x0806 => Some(Self::Arp),
            0x86dd => Some(Self::Ip6),
            0x8100 | 0x88a8 => Some(Self::Vlan),
            _ => None,
        }
    }

    /// By `NFPROTO_*`.
    pub(super) fn of_family(number: u64) -> Option<Self> {
        match number {
            2 => Some(Self::Ip),
            10 => Some(Self::Ip6),
            _ => None,
        }
    }

    /// By `IPPROTO_*`.
    pub(super) fn of_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Icmp),
            2 => Some(Self::Igmp),
            6 => Some(Self::Tcp),
            17 => Some(Self::Udp),
            33 => Some(Self::Dccp),
            50 => Some(Self::Esp),
            51 => Some(Self::Ah),
            58 => Some(Self::Icmp6),
            108 => Some(Self::Comp),
            132 => Some(Self::Sctp),
            136 => Some(Self::UdpLite),
            _ => None,
        }
    }

    /// The header that all packets of a family have.
    pub(super) fn of_all(family: NftFamily) -> Option<Self> {
        match family {
            NftFamily::Ip => Some(Self::Ip),
            NftFamily::Ip6 => Some(Self::Ip6),
            NftFamily::Arp => Some(Self::Arp),
            NftFamily::Bridge => Some(Self::Ethernet),
            NftFamily::Inet | NftFamily::Netdev => None,
        }
    }
}
