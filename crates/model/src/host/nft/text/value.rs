//! What stands in a register: the reverse of what put it there.

use super::header::{Field, Protocol};
use super::kind::Kind;
use crate::host::nft::{
    CtDirection, CtKey, DataType, FibBy, FibResult, MetaKey, PayloadBase, Set, SetValueType,
};

/// A value that a rule works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Bits of the packet at a place, in bits.
    Payload {
        base: PayloadBase,
        offset: u32,
        len: u32,
    },
    /// The same when the header is known; `len` is less than the field's for its first bits only.
    Field {
        protocol: Protocol,
        field: &'static Field,
        len: u32,
    },
    Meta(MetaKey),
    Ct {
        key: CtKey,
        direction: Option<CtDirection>,
    },
    Fib {
        result: FibResult,
        by: FibBy,
    },
    Number {
        random: bool,
        modulus: u32,
        offset: u32,
    },
    Constant(Vec<u8>),
    /// The same in the other byte order.
    Swapped(Box<Value<'a>>),
    Binary {
        left: Box<Value<'a>>,
        operation: Operation,
        right: Vec<u8>,
    },
    Map {
        key: Box<Value<'a>>,
        set: &'a Set,
    },
    Concatenation(Vec<Value<'a>>),
    /// Read from a register that nothing known was written to.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    And,
    Xor,
    Or,
}

impl Operation {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::And => "&",
            Self::Xor => "^",
            Self::Or => "|",
        }
    }
}

/// How a value's bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) kind: Kind,
    pub(super) host_order: bool,
    /// In bits.
    pub(super) len: u32,
}

impl Type {
    fn new(kind: Kind, len: u32) -> Self {
        Self { kind, host_order: kind.is_host_order(), len }
    }

    pub(super) fn of(data: DataType) -> Self {
        Self::new(Kind::of(data), data.len().saturating_mul(8))
    }

    /// A type whose values all are of one length, whatever it is.
    pub(super) fn of_kind(kind: Kind) -> Self {
        Self::new(kind, 0)
    }

    pub(super) fn number(self, bytes: &[u8]) -> u128 {
        super::kind::number(bytes, self.host_order)
    }

    /// A value in words.
    pub(super) fn show(self, bytes: &[u8]) -> String {
        match self.kind {
            Kind::LinkName => super::kind::show_name(bytes, 16),
            _ if bytes.len() > 16 => super::kind::show_bytes(bytes),
            _ => self.kind.show(self.number(bytes)),
        }
    }

    /// A value in figures where it has a name.
    pub(super) fn show_number(self, bytes: &[u8]) -> String {
        match self.kind {
            Kind::LinkName => super::kind::show_name(bytes, 16),
            _ if bytes.len() > 16 => super::kind::show_bytes(bytes),
            _ => self.kind.show_number(self.number(bytes)),
        }
    }
}

impl Value<'_> {
    pub(super) fn kind(&self) -> Type {
        match self {
            Self::Payload { len, .. } => Type::new(Kind::Raw, *len),
            Self::Field { field, len, .. } => Type::new(field.kind, *len),
            Self::Meta(key) => meta_type(*key),
            Self::Ct { key, .. } => ct_type(*key),
            Self::Fib { by: FibBy { present: true, .. }, .. } => Type::new(Kind::Presence, 8),
            Self::Fib { result, .. } => match result {
                FibResult::Oif => Type::new(Kind::LinkIndex, 32),
                FibResult::OifName => Type::new(Kind::LinkName, 128),
                FibResult::AddressType => Type::new(Kind::AddressType, 32),
            },
            Self::Number { .. } => host_integer(32),
            Self::Constant(bytes) => host_integer(bytes.len() as u32 * 8),
            Self::Swapped(of) => {
                let of = of.kind();
                Type { host_order: !of.host_order, ..of }
            }
            Self::Binary { left, .. } => left.kind(),
            Self::Map { set, .. } => match &set.value {
                Some(SetValueType::Data(fields)) if fields.len() == 1 => Type::of(fields[0]),
                _ => Type::new(Kind::Raw, 0),
            },
            Self::Concatenation(_) | Self::Unknown => Type::new(Kind::Raw, 0),
        }
    }
}

fn host_integer(len: u32) -> Type {
    Type { kind: Kind::Integer, host_order: true, len }
}

pub(super) fn meta_type(key: MetaKey) -> Type {
    match key {
        MetaKey::Len | MetaKey::CgroupId => host_integer(32),
        MetaKey::NfTrace => host_integer(8),
        MetaKey::Protocol => Type::new(Kind::EtherType, 16),
        MetaKey::Priority => Type::new(Kind::Class, 32),
        MetaKey::Mark => Type::new(Kind::Mark, 32),
        MetaKey::Iif | MetaKey::Oif => Type::new(Kind::LinkIndex, 32),
        MetaKey::IifName | MetaKey::OifName | MetaKey::BridgeIifName | MetaKey::BridgeOifName => {
            Type::new(Kind::LinkName, 128)
        }
        MetaKey::IifType | MetaKey::OifType => Type::new(Kind::LinkType, 16),
        MetaKey::SocketUid => Type::new(Kind::User, 32),
        MetaKey::SocketGid => Type::new(Kind::Group, 32),
        MetaKey::PacketType => Type::new(Kind::PacketType, 8),
        MetaKey::IifGroup | MetaKey::OifGroup => Type::new(Kind::LinkGroup, 32),
        MetaKey::L4Protocol => Type::new(Kind::Protocol, 8),
        MetaKey::NfProtocol => Type::new(Kind::Family, 8),
    }
}

pub(super) fn ct_type(key: CtKey) -> Type {
    match key {
        CtKey::State => Type::new(Kind::CtState, 32),
        CtKey::Direction => Type::new(Kind::CtDirection, 8),
        CtKey::Status => Type::new(Kind::CtStatus, 32),
        CtKey::Mark => Type::new(Kind::Mark, 32),
        CtKey::Source | CtKey::Destination => Type::new(Kind::Raw, 128),
        CtKey::Protocol => Type::new(Kind::Protocol, 8),
        CtKey::SourcePort | CtKey::DestinationPort => Type::new(Kind::Port, 16),
        CtKey::Zone => host_integer(16),
        CtKey::SourceIp | CtKey::DestinationIp => Type::new(Kind::Ipv4, 32),
        CtKey::SourceIp6 | CtKey::DestinationIp6 => Type::new(Kind::Ipv6, 128),
    }
}

/// The words of a meta key.
pub(super) fn meta_word(key: MetaKey) -> &'static str {
    match key {
        MetaKey::Len => "meta length",
        MetaKey::Protocol => "meta protocol",
        MetaKey::Priority => "meta priority",
        MetaKey::Mark => "meta mark",
        MetaKey::Iif => "iif",
        MetaKey::Oif => "oif",
        MetaKey::IifName => "iifname",
        MetaKey::OifName => "oifname",
        MetaKey::IifType => "meta iiftype",
        MetaKey::OifType => "meta oiftype",
        MetaKey::SocketUid => "meta skuid",
        MetaKey::SocketGid => "meta skgid",
        MetaKey::PacketType => "meta pkttype",
        MetaKey::IifGroup => "iifgroup",
        MetaKey::OifGroup => "oifgroup",
        MetaKey::L4Protocol => "meta l4proto",
        MetaKey::NfProtocol => "meta nfproto",
        MetaKey::NfTrace => "meta nftrace",
        MetaKey::CgroupId => "meta cgroup",
        MetaKey::BridgeIifName => "meta ibrname",
        MetaKey::BridgeOifName => "meta obrname",
    }
}

/// The word of a key of connections.
pub(super) fn ct_word(key: CtKey) -> &'static str {
    match key {
        CtKey::State => "state",
        CtKey::Direction => "direction",
        CtKey::Status => "status",
        CtKey::Mark => "mark",
        CtKey::Source => "saddr",
        CtKey::Destination => "daddr",
        CtKey::Protocol => "protocol",
        CtKey::SourcePort => "proto-src",
        CtKey::DestinationPort => "proto-dst",
        CtKey::Zone => "zone",
        CtKey::SourceIp => "ip saddr",
        CtKey::DestinationIp => "ip daddr",
        CtKey::SourceIp6 => "ip6 saddr",
        CtKey::DestinationIp6 => "ip6 daddr",
    }
}
