//! nftables' numbers on the wire (`include/uapi/linux/netfilter/nf_tables.h`) beside the model's
//! names: each pair stands here once.

use model::host::nft::{
    ChainKind, CmpOp, CtDirection, CtKey, FibResult, Hook, MetaKey, NatKind, NftFamily,
    PayloadBase, Policy, Register,
};

/// A type whose values have numbers on the wire.
pub(super) trait Numbered: Sized {
    fn number(self) -> u32;
    fn of(number: u32) -> Option<Self>;
}

/// One list makes both directions; a variant left out does not compile.
macro_rules! numbered {
    ($kind:ident { $($variant:ident = $number:literal),* $(,)? }) => {
        impl Numbered for $kind {
            fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $number,)*
                }
            }

            fn of(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

numbered!(NftFamily { Inet = 1, Ip = 2, Arp = 3, Netdev = 5, Bridge = 7, Ip6 = 10 });
numbered!(Policy { Drop = 0, Accept = 1 });
numbered!(PayloadBase { Link = 0, Network = 1, Transport = 2, Inner = 3 });
numbered!(CmpOp {
    Equal = 0,
    NotEqual = 1,
    Less = 2,
    LessOrEqual = 3,
    Greater = 4,
    GreaterOrEqual = 5,
});
numbered!(CtDirection { Original = 0, Reply = 1 });
numbered!(FibResult { Oif = 1, OifName = 2, AddressType = 3 });
numbered!(NatKind { Source = 0, Destination = 1 });
numbered!(MetaKey {
    Len = 0,
    Protocol = 1,
    Priority = 2,
    Mark = 3,
    Iif = 4,
    Oif = 5,
    IifName = 6,
    OifName = 7,
    IifType = 8,
    OifType = 9,
    SocketUid = 10,
    SocketGid = 11,
    NfTrace = 12,
    NfProtocol = 15,
    L4Protocol = 16,
    BridgeIifName = 17,
    BridgeOifName = 18,
    PacketType = 19,
    IifGroup = 21,
    OifGroup = 22,
    CgroupId = 23,
});
numbered!(CtKey {
    State = 0,
    Direction = 1,
    Status = 2,
    Mark = 3,
    Source = 8,
    Destination = 9,
    Protocol = 10,
    SourcePort = 11,
    DestinationPort = 12,
    Zone = 17,
    SourceIp = 19,
    DestinationIp = 20,
    SourceIp6 = 21,
    DestinationIp6 = 22,
});

/// A chain's kind is text on the wire.
pub(super) fn chain_kind_text(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::Filter => "filter",
        ChainKind::Nat => "nat",
        ChainKind::Route => "route",
    }
}

pub(super) fn chain_kind(text: &str) -> Option<ChainKind> {
    [ChainKind::Filter, ChainKind::Nat, ChainKind::Route]
        .into_iter()
        .find(|kind| chain_kind_text(*kind) == text)
}

/// Hooks are numbered per family (`enum nf_inet_hooks`, `nf_dev_hooks`, `NF_ARP_*`).
pub(super) fn hook_number(family: NftFamily, hook: Hook) -> Option<u32> {
    let place = |hooks: &[Hook]| hooks.iter().position(|h| *h == hook).map(|at| at as u32);
    const IP: [Hook; 5] =
        [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];
    match family {
        NftFamily::Ip | NftFamily::Ip6 | NftFamily::Bridge => place(&IP),
        NftFamily::Inet if hook == Hook::Ingress => Some(5),
        NftFamily::Inet => place(&IP),
        NftFamily::Arp => place(&[Hook::Input, Hook::Output]),
        NftFamily::Netdev => place(&[Hook::Ingress, Hook::Egress]),
    }
}

pub(super) fn hook(family: NftFamily, number: u32) -> Option<Hook> {
    [
        Hook::Ingress,
        Hook::Egress,
        Hook::Prerouting,
        Hook::Input,
        Hook::Forward,
        Hook::Output,
        Hook::Postrouting,
    ]
    .into_iter()
    .find(|hook| hook_number(family, *hook) == Some(number))
}

/// `NFT_REG_VERDICT`.
pub(super) const REGISTER_VERDICT: u32 = 0;
/// `NFT_REG32_00`.
const REGISTER_FIRST: u32 = 8;

pub(super) fn register_number(register: Register) -> u32 {
    REGISTER_FIRST + u32::from(register.0)
}

/// The kernel shows a register of four slots by its older name, `NFT_REG_1` to `NFT_REG_4`.
pub(super) fn register(number: u32) -> Option<Register> {
    match number {
        1..=4 => Some(Register((number as u8 - 1) * 4)),
        8..=23 => Some(Register(number as u8 - 8)),
        _ => None,
    }
}

/// Messages: `NFNL_SUBSYS_NFTABLES` and `enum nf_tables_msg_types`.
pub(super) mod message {
    const NFTABLES: u16 = 10 << 8;
    pub(in crate::nft) const SUBSYSTEM: u16 = 10;
    pub(in crate::nft) const BATCH_BEGIN: u16 = 0x10;
    pub(in crate::nft) const BATCH_END: u16 = 0x11;
    pub(in crate::nft) const NEW_TABLE: u16 = NFTABLES;
    pub(in crate::nft) const GET_TABLE: u16 = NFTABLES | 1;
    pub(in crate::nft) const DELETE_TABLE: u16 = NFTABLES | 2;
    pub(in crate::nft) const NEW_CHAIN: u16 = NFTABLES | 3;
    pub(in crate::nft) const GET_CHAIN: u16 = NFTABLES | 4;
    pub(in crate::nft) const DELETE_CHAIN: u16 = NFTABLES | 5;
    pub(in crate::nft) const NEW_RULE: u16 = NFTABLES | 6;
    pub(in crate::nft) const GET_RULE: u16 = NFTABLES | 7;
    pub(in crate::nft) const DELETE_RULE: u16 = NFTABLES | 8;
    pub(in crate::nft) const NEW_SET: u16 = NFTABLES | 9;
    pub(in crate::nft) const GET_SET: u16 = NFTABLES | 10;
    pub(in crate::nft) const DELETE_SET: u16 = NFTABLES | 11;
    pub(in crate::nft) const NEW_ELEMENTS: u16 = NFTABLES | 12;
    pub(in crate::nft) const GET_ELEMENTS: u16 = NFTABLES | 13;
    pub(in crate::nft) const DELETE_ELEMENTS: u16 = NFTABLES | 14;
    pub(in crate::nft) const GET_GENERATION: u16 = NFTABLES | 16;
}

/// Attributes, a module an object; named as in the header less `NFTA_`.
pub(super) mod attribute {
    pub(in crate::nft) const LIST_ELEM: u16 = 1;
    pub(in crate::nft) const BATCH_GENID: u16 = 1;
    pub(in crate::nft) const GEN_ID: u16 = 1;
    pub(in crate::nft) const DATA_VALUE: u16 = 1;
    pub(in crate::nft) const DATA_VERDICT: u16 = 2;
    pub(in crate::nft) const VERDICT_CODE: u16 = 1;
    pub(in crate::nft) const VERDICT_CHAIN: u16 = 2;
    pub(in crate::nft) const EXPR_NAME: u16 = 1;
    pub(in crate::nft) const EXPR_DATA: u16 = 2;

    pub(in crate::nft) const TABLE_NAME: u16 = 1;
    pub(in crate::nft) const TABLE_FLAGS: u16 = 2;
    pub(in crate::nft) const TABLE_USERDATA: u16 = 6;

    pub(in crate::nft) const CHAIN_TABLE: u16 = 1;
    pub(in crate::nft) const CHAIN_NAME: u16 = 3;
    pub(in crate::nft) const CHAIN_HOOK: u16 = 4;
    pub(in crate::nft) const CHAIN_POLICY: u16 = 5;
    pub(in crate::nft) const CHAIN_TYPE: u16 = 7;
    pub(in crate::nft) const HOOK_NUMBER: u16 = 1;
    pub(in crate::nft) const HOOK_PRIORITY: u16 = 2;
    pub(in crate::nft) const HOOK_DEVICE: u16 = 3;
    pub(in crate::nft) const HOOK_DEVICES: u16 = 4;

    pub(in crate::nft) const RULE_TABLE: u16 = 1;
    pub(in crate::nft) const RULE_CHAIN: u16 = 2;
    pub(in crate::nft) const RULE_HANDLE: u16 = 3;
    pub(in crate::nft) const RULE_EXPRESSIONS: u16 = 4;
    pub(in crate::nft) const RULE_USERDATA: u16 = 7;

    pub(in crate::nft) const SET_TABLE: u16 = 1;
    pub(in crate::nft) const SET_NAME: u16 = 2;
    pub(in crate::nft) const SET_FLAGS: u16 = 3;
    pub(in crate::nft) const SET_KEY_TYPE: u16 = 4;
    pub(in crate::nft) const SET_KEY_LEN: u16 = 5;
    pub(in crate::nft) const SET_DATA_TYPE: u16 = 6;
    pub(in crate::nft) const SET_DATA_LEN: u16 = 7;
    pub(in crate::nft) const SET_DESC: u16 = 9;
    pub(in crate::nft) const SET_ID: u16 = 10;
    pub(in crate::nft) const SET_USERDATA: u16 = 13;
    pub(in crate::nft) const SET_DESC_CONCAT: u16 = 2;
    pub(in crate::nft) const SET_FIELD_LEN: u16 = 1;

    pub(in crate::nft) const ELEMENTS_TABLE: u16 = 1;
    pub(in crate::nft) const ELEMENTS_SET: u16 = 2;
    pub(in crate::nft) const ELEMENTS_LIST: u16 = 3;
    pub(in crate::nft) const ELEM_KEY: u16 = 1;
    pub(in crate::nft) const ELEM_DATA: u16 = 2;
    pub(in crate::nft) const ELEM_FLAGS: u16 = 3;
    pub(in crate::nft) const ELEM_USERDATA: u16 = 6;
    pub(in crate::nft) const ELEM_KEY_END: u16 = 10;
}

/// `NFT_SET_*`.
pub(super) mod set_flag {
    pub(in crate::nft) const ANONYMOUS: u32 = 0x1;
    pub(in crate::nft) const CONSTANT: u32 = 0x2;
    pub(in crate::nft) const INTERVAL: u32 = 0x4;
    pub(in crate::nft) const MAP: u32 = 0x8;
    pub(in crate::nft) const OBJECT: u32 = 0x40;
    pub(in crate::nft) const CONCAT: u32 = 0x80;
}

/// `NFT_DATA_VERDICT`: the type of a verdict map's data.
pub(super) const DATA_VERDICT: u32 = 0xffff_ff00;
/// `NFT_SET_ELEM_INTERVAL_END`.
pub(super) const INTERVAL_END: u32 = 1;
/// `NFT_TABLE_F_DORMANT`.
pub(super) const DORMANT: u32 = 1;

/// Verdict codes: `NF_*` of the packet filter, `enum nft_verdicts` as two's complement.
pub(super) mod verdict {
    pub(in crate::nft) const DROP: i32 = 0;
    pub(in crate::nft) const ACCEPT: i32 = 1;
    pub(in crate::nft) const QUEUE: i32 = 3;
    pub(in crate::nft) const CONTINUE: i32 = -1;
    pub(in crate::nft) const JUMP: i32 = -3;
    pub(in crate::nft) const GOTO: i32 = -4;
    pub(in crate::nft) const RETURN: i32 = -5;
}

/// Bits of a type number in a concatenation (nftables' `TYPE_BITS`).
pub(super) const TYPE_BITS: u32 = 6;
