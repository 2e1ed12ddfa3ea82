//! What a rule is made of: each variant is one of the kernel's expressions (`nft_*.c`).

use super::xt::Extension;
use serde::{Deserialize, Serialize};

/// The first of sixteen 4-byte slots that a value lies in: 0 to 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Register(pub u8);

/// One expression. It reads and writes registers, or decides ("breaks" when it does not match).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expression<F> {
    /// Bytes of the packet into a register (`nft_payload`).
    Payload {
        base: PayloadBase,
        offset: u32,
        len: u32,
        to: Register,
    },
    /// Bytes of a register into the packet.
    PayloadSet {
        base: PayloadBase,
        offset: u32,
        len: u32,
        from: Register,
    },
    /// A property of the packet into a register (`nft_meta`).
    Meta {
        key: MetaKey,
        to: Register,
    },
    MetaSet {
        key: MetaKey,
        from: Register,
    },
    /// A property of the packet's connection (`nft_ct`).
    Ct {
        key: CtKey,
        direction: Option<CtDirection>,
        to: Register,
    },
    /// What routing says of the packet's addresses (`nft_fib`).
    Fib {
        result: FibResult,
        by: FibBy,
        to: Register,
    },
    /// Goes on only if the comparison holds, byte for byte in network order.
    Cmp {
        op: CmpOp,
        from: Register,
        value: Vec<u8>,
    },
    /// `to = from & mask ^ xor` (`NFT_BITWISE_MASK_XOR`).
    Bitwise {
        from: Register,
        to: Register,
        mask: Vec<u8>,
        xor: Vec<u8>,
    },
    /// Goes on only if the key is in the set (or is not, inverted); a map's value goes to `to`,
    /// a verdict map decides.
    Lookup {
        set: String,
        from: Register,
        to: Option<Register>,
        inverted: bool,
    },
    /// A constant into a register.
    Immediate {
        to: Register,
        value: Vec<u8>,
    },
    /// A decision.
    Verdict(Verdict),
    /// Counts packets and bytes; the counts are not part of what the rule is.
    Counter,
    /// `snat`, `dnat` (`nft_nat`): addresses and ports from registers.
    Nat {
        kind: NatKind,
        /// `NFPROTO_IPV4` (2) or `NFPROTO_IPV6` (10).
        family: u8,
        address: Option<Register>,
        address_max: Option<Register>,
        port: Option<Register>,
        port_max: Option<Register>,
        flags: u32,
    },
    /// `masquerade`: the address of the link the packet leaves by.
    Masquerade {
        flags: u32,
        port: Option<Register>,
        port_max: Option<Register>,
    },
    /// `redirect`: the address of the link the packet came by.
    Redirect {
        flags: u32,
        port: Option<Register>,
        port_max: Option<Register>,
    },
    /// Drops and tells the sender (`nft_reject`).
    Reject {
        kind: u32,
        code: Option<u8>,
    },
    /// The packet's connection is not tracked.
    Notrack,
    /// Goes on only if the value lies between the two, both included (`nft_range`); inverted, only if it
    /// does not.
    Range {
        from: Register,
        low: Vec<u8>,
        high: Vec<u8>,
        inverted: bool,
    },
    /// Turns round the bytes of numbers of 2, 4 or 8 bytes (`nft_byteorder`).
    ByteOrder {
        from: Register,
        to: Register,
        len: u32,
        size: u32,
        /// From the host's order to the network's; else the other way.
        to_network: bool,
    },
    /// Writes to the kernel's log, or to who listens to a group (`nft_log`).
    Log {
        prefix: String,
        group: Option<u16>,
        level: Option<u32>,
        flags: u32,
    },
    /// Goes on for so many packets or bytes in a time of so many seconds; inverted, for those beyond
    /// (`nft_limit`).
    Limit {
        rate: u64,
        seconds: u64,
        burst: u32,
        bytes: bool,
        inverted: bool,
    },
    /// Sets a property of the packet's connection (`nft_ct`).
    CtSet {
        key: CtKey,
        direction: Option<CtDirection>,
        from: Register,
    },
    /// A number from `offset` to `offset + modulus - 1`, at random or one after another
    /// (`nft_numgen`).
    NumberGenerator {
        random: bool,
        modulus: u32,
        offset: u32,
        to: Register,
    },
    /// An extension of iptables. Only ever seen: a wanted one cannot be, since nothing is of the type of
    /// its `raw`.
    Extension {
        is: Extension,
        raw: F,
    },
    /// Not modelled.
    Foreign(F),
}

/// Flag of [`Expression::Masquerade`] and [`Expression::Nat`]: `NF_NAT_RANGE_PROTO_RANDOM_FULLY`.
pub const NAT_FULLY_RANDOM: u32 = 1 << 4;

/// `NFT_PAYLOAD_*_HEADER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayloadBase {
    Link,
    Network,
    Transport,
    Inner,
}

/// `NFT_META_*`, those the model knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetaKey {
    Len,
    Protocol,
    Priority,
    Mark,
    Iif,
    Oif,
    IifName,
    OifName,
    IifType,
    OifType,
    SocketUid,
    SocketGid,
    PacketType,
    IifGroup,
    OifGroup,
    L4Protocol,
    NfProtocol,
    NfTrace,
    CgroupId,
    /// Names of the bridge a port belongs to.
    BridgeIifName,
    BridgeOifName,
}

/// `NFT_CT_*`, those the model knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CtKey {
    State,
    Direction,
    Status,
    Mark,
    Source,
    Destination,
    Protocol,
    SourcePort,
    DestinationPort,
    Zone,
    SourceIp,
    DestinationIp,
    SourceIp6,
    DestinationIp6,
}

/// Bits of `ct state` as nftables numbers them (`NF_CT_STATE_BIT`).
pub mod ct_state {
    pub const INVALID: u32 = 1;
    pub const ESTABLISHED: u32 = 2;
    pub const RELATED: u32 = 4;
    pub const NEW: u32 = 8;
    pub const UNTRACKED: u32 = 64;
}

/// Bits of `ct status` (`IPS_*`).
pub mod ct_status {
    pub const SNAT: u32 = 1 << 4;
    pub const DNAT: u32 = 1 << 5;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CtDirection {
    Original,
    Reply,
}

/// `NFT_FIB_RESULT_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FibResult {
    Oif,
    OifName,
    /// The kind of the address, `RTN_*` as a 4-byte number of the host's order.
    AddressType,
}

/// `NFTA_FIB_F_*`: what the lookup is made with.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct FibBy {
    pub source: bool,
    pub destination: bool,
    pub mark: bool,
    pub iif: bool,
    pub oif: bool,
    /// Goes on only if a route was found.
    pub present: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CmpOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NatKind {
    Source,
    Destination,
}

/// What becomes of the packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// On to the next base chain.
    Accept,
    Drop,
    Queue(u16),
    /// On with the next rule.
    Continue,
    /// Back to the calling chain; in a base chain, its policy.
    Return,
    /// Into another chain, and back when it ends.
    Jump(String),
    /// Into another chain, not back.
    Goto(String),
}
