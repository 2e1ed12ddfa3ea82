//! Extensions of iptables and ip6tables (`net/netfilter/xt_*.c`, `net/ipv4/netfilter/ipt_*.c`): in
//! tables of iptables-nft as expressions `match` and `target` (`nft_compat.c`), in those of
//! iptables-legacy as parts of an entry (`struct ipt_entry`).
//!
//! A variant is an extension of the kernel's, of whatever revision: what the older cannot say is as it
//! would be if it were not asked for.

use crate::net::{LinkName, Mac};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extension {
    Match(Match),
    Target(Target),
}

/// Goes on only if it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The kinds of the addresses: bit N stands for `RTN_*` number N; 0 does not ask.
    AddressType {
        source: u16,
        destination: u16,
        not_source: bool,
        not_destination: bool,
        /// The kind as it is on the link that it comes by, or leaves by.
        on_iif: bool,
        on_oif: bool,
    },
    Comment(String),
    Connection(Box<ConnectionMatch>),
    ConnectionMark {
        mark: u32,
        mask: u32,
        not: bool,
    },
    /// First and last type-and-code: type 255 of ICMP is any.
    Icmp {
        kind: u8,
        codes: (u8, u8),
        not: bool,
    },
    Icmp6 {
        kind: u8,
        codes: (u8, u8),
        not: bool,
    },
    /// Ranges of addresses, both ends included.
    IpRange {
        source: Option<Range<IpAddr>>,
        destination: Option<Range<IpAddr>>,
    },
    /// Bytes of the IP packet.
    Length {
        range: Range<u16>,
    },
    Mac {
        mac: Mac,
        not: bool,
    },
    Mark {
        mark: u32,
        mask: u32,
        not: bool,
    },
    Multiport {
        which: Ports,
        ranges: Vec<(u16, u16)>,
        not: bool,
    },
    /// `PACKET_*`: 0 for this host, 1 broadcast, 2 multicast.
    PacketType {
        kind: u32,
        not: bool,
    },
    /// The bridge's port that the packet came by, or leaves by.
    Physdev {
        iif: Option<(LinkPattern, bool)>,
        oif: Option<(LinkPattern, bool)>,
        is_in: Option<bool>,
        is_out: Option<bool>,
        is_bridged: Option<bool>,
    },
    /// The way back to the source (`xt_rpfilter`).
    ReversePath {
        loose: bool,
        valid_mark: bool,
        accept_local: bool,
        not: bool,
    },
    /// A set of ipset, by name; which of the packet's ends each of its dimensions is: true for the
    /// source.
    Set {
        name: String,
        sources: Vec<bool>,
        not: bool,
    },
    State {
        states: u32,
    },
    Tcp {
        source: Range<u16>,
        destination: Range<u16>,
        /// The flags that are looked at, and those of them that are set.
        flags: (u8, u8),
        not_flags: bool,
        /// A TCP option, by its number.
        option: Option<(u8, bool)>,
    },
    /// A TTL or hop limit.
    Ttl {
        mode: Compare,
        ttl: u8,
    },
    Udp {
        source: Range<u16>,
        destination: Range<u16>,
    },
    /// Which packet it lets through depends on what came before, or on chance: `limit`, `hashlimit`,
    /// `statistic`, `recent`, `connlimit`, `quota`, `time`, `owner`, `cgroup` and the like.
    Uncertain {
        extension: String,
        why: Uncertainty,
    },
}

/// Why nobody can tell whether a match holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncertainty {
    /// So many packets in a time.
    Rate,
    Chance,
    /// What came before.
    History,
    /// Who sends it.
    Sender,
    /// The time of day.
    Time,
}

/// First and last, both included; `not` for what is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range<T> {
    pub first: T,
    pub last: T,
    pub not: bool,
}

impl Range<u16> {
    /// Every port.
    pub const ALL: Self = Self { first: 0, last: u16::MAX, not: false };
}

impl<T: PartialOrd> Range<T> {
    pub fn holds(&self, value: &T) -> bool {
        (self.first <= *value && *value <= self.last) != self.not
    }
}

/// Which of the packet's ports are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ports {
    Source,
    Destination,
    /// One of both.
    Either,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    Greater,
}

/// A link's name, or what names begin with (`eth+`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPattern {
    pub text: String,
    pub is_beginning: bool,
}

impl LinkPattern {
    pub fn holds(&self, name: &LinkName) -> bool {
        match self.is_beginning {
            true => name.as_str().starts_with(&self.text),
            false => name.as_str() == self.text,
        }
    }
}

/// What `-m conntrack` asks (`struct xt_conntrack_mtinfo3`). Each part that is there has to hold, or,
/// with `not`, must not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionMatch {
    /// `XT_CONNTRACK_STATE_*`: bit 0 invalid, 1 established, 2 related, 3 new, 6 translated source, 7
    /// translated destination, 8 untracked.
    pub states: Option<(u16, Not)>,
    /// `IPS_*`.
    pub status: Option<(u16, Not)>,
    pub protocol: Option<(u16, Not)>,
    /// True for the original direction.
    pub direction: Option<bool>,
    /// Source and destination of the original direction, then of the reply: each an address and a mask.
    pub addresses: [Option<(IpAddr, IpAddr, Not)>; 4],
    /// The same of ports, first and last.
    pub ports: [Option<(u16, u16, Not)>; 4],
    /// Seconds until it is forgotten.
    pub expires: Option<(u32, u32, Not)>,
}

/// Whether a part is turned round.
pub type Not = bool;

/// Does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Fills in checksums, writes to a log, marks for tracing: nothing that changes the way.
    Aside {
        extension: String,
    },
    ConnectionMark(ConnectionMark),
    /// `-j CT`: not tracked, or in a zone of its own.
    Ct {
        notrack: bool,
        zone: u16,
    },
    /// mark = mark & !mask ^ bits.
    Mark {
        bits: u32,
        mask: u32,
    },
    Masquerade {
        ports: Option<(u16, u16)>,
        flags: u32,
    },
    /// First and last address and port, as far as they are given; `NF_NAT_RANGE_*`.
    Dnat(NatRange),
    Snat(NatRange),
    Redirect {
        ports: Option<(u16, u16)>,
        flags: u32,
    },
    /// Whole prefixes onto others.
    Netmap {
        address: IpAddr,
        mask: IpAddr,
    },
    /// Drops and tells the sender: the number of `enum ipt_reject_with` or `ip6t_reject_with`.
    Reject {
        with: u32,
    },
    /// Changes the size that TCP asks for.
    TcpMss,
    /// Puts the packet's ends into a set of ipset, or takes them out.
    Set,
    /// Sets the TTL or hop limit: 0 to this, 1 up by it, 2 down by it.
    Ttl {
        mode: u8,
        ttl: u8,
    },
}

/// What `-j CONNMARK` does (`enum xt_connmark_modes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionMark {
    /// ctmark = ctmark & !mask ^ bits.
    Set { bits: u32, mask: u32 },
    /// ctmark = ctmark & !ctmask ^ (mark & mask).
    Save { connection: u32, packet: u32 },
    /// mark = mark & !mask ^ (ctmark & ctmask).
    Restore { connection: u32, packet: u32 },
}

/// Where addresses are translated to (`struct nf_nat_range2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatRange {
    pub addresses: Option<(IpAddr, IpAddr)>,
    pub ports: Option<(u16, u16)>,
    /// The port that the first of a shifted range stands for (`NF_NAT_RANGE_PROTO_OFFSET`).
    pub base_port: u16,
    pub flags: u32,
}
