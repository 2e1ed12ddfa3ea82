//! Attributes of the expressions, a module each, named as in
//! `include/uapi/linux/netfilter/nf_tables.h`.

pub(super) mod payload {
    pub(in crate::nft) const DREG: u16 = 1;
    pub(in crate::nft) const BASE: u16 = 2;
    pub(in crate::nft) const OFFSET: u16 = 3;
    pub(in crate::nft) const LEN: u16 = 4;
    pub(in crate::nft) const SREG: u16 = 5;
    pub(in crate::nft) const CSUM_TYPE: u16 = 6;
    pub(in crate::nft) const CSUM_OFFSET: u16 = 7;
    pub(in crate::nft) const CSUM_FLAGS: u16 = 8;
}

/// Reads into DREG or writes from SREG, as `nft_ct` does.
pub(super) mod meta {
    pub(in crate::nft) const DREG: u16 = 1;
    pub(in crate::nft) const KEY: u16 = 2;
    pub(in crate::nft) const SREG: u16 = 3;
}

pub(super) mod ct {
    pub(in crate::nft) const DREG: u16 = 1;
    pub(in crate::nft) const KEY: u16 = 2;
    pub(in crate::nft) const DIRECTION: u16 = 3;
    pub(in crate::nft) const SREG: u16 = 4;
}

pub(super) mod fib {
    pub(in crate::nft) const DREG: u16 = 1;
    pub(in crate::nft) const RESULT: u16 = 2;
    pub(in crate::nft) const FLAGS: u16 = 3;
    /// `NFTA_FIB_F_*`.
    pub(in crate::nft) const SOURCE: u32 = 1;
    pub(in crate::nft) const DESTINATION: u32 = 2;
    pub(in crate::nft) const MARK: u32 = 4;
    pub(in crate::nft) const IIF: u32 = 8;
    pub(in crate::nft) const OIF: u32 = 16;
    pub(in crate::nft) const PRESENT: u32 = 32;
    pub(in crate::nft) const ALL: u32 = 63;
}

pub(super) mod cmp {
    pub(in crate::nft) const SREG: u16 = 1;
    pub(in crate::nft) const OP: u16 = 2;
    pub(in crate::nft) const DATA: u16 = 3;
}

pub(super) mod bitwise {
    pub(in crate::nft) const SREG: u16 = 1;
    pub(in crate::nft) const DREG: u16 = 2;
    pub(in crate::nft) const LEN: u16 = 3;
    pub(in crate::nft) const MASK: u16 = 4;
    pub(in crate::nft) const XOR: u16 = 5;
    pub(in crate::nft) const OP: u16 = 6;
}

pub(super) mod lookup {
    pub(in crate::nft) const SET: u16 = 1;
    pub(in crate::nft) const SREG: u16 = 2;
    pub(in crate::nft) const DREG: u16 = 3;
    pub(in crate::nft) const FLAGS: u16 = 5;
    /// `NFT_LOOKUP_F_INV`.
    pub(in crate::nft) const INVERTED: u32 = 1;
}

pub(super) mod immediate {
    pub(in crate::nft) const DREG: u16 = 1;
    pub(in crate::nft) const DATA: u16 = 2;
}

pub(super) mod nat {
    pub(in crate::nft) const TYPE: u16 = 1;
    pub(in crate::nft) const FAMILY: u16 = 2;
    pub(in crate::nft) const ADDRESS_MIN: u16 = 3;
    pub(in crate::nft) const ADDRESS_MAX: u16 = 4;
    pub(in crate::nft) const PORT_MIN: u16 = 5;
    pub(in crate::nft) const PORT_MAX: u16 = 6;
    pub(in crate::nft) const FLAGS: u16 = 7;
}

pub(super) mod masquerade {
    pub(in crate::nft) const FLAGS: u16 = 1;
    pub(in crate::nft) const PORT_MIN: u16 = 2;
    pub(in crate::nft) const PORT_MAX: u16 = 3;
}

pub(super) mod redirect {
    pub(in crate::nft) const PORT_MIN: u16 = 1;
    pub(in crate::nft) const PORT_MAX: u16 = 2;
    pub(in crate::nft) const FLAGS: u16 = 3;
}

pub(super) mod reject {
    pub(in crate::nft) const TYPE: u16 = 1;
    pub(in crate::nft) const CODE: u16 = 2;
}

pub(super) mod range {
    pub(in crate::nft) const SREG: u16 = 1;
    pub(in crate::nft) const OP: u16 = 2;
    pub(in crate::nft) const FROM_DATA: u16 = 3;
    pub(in crate::nft) const TO_DATA: u16 = 4;
    /// `NFT_RANGE_EQ`, `NFT_RANGE_NEQ`.
    pub(in crate::nft) const INSIDE: u32 = 0;
    pub(in crate::nft) const OUTSIDE: u32 = 1;
}

pub(super) mod byteorder {
    pub(in crate::nft) const SREG: u16 = 1;
    pub(in crate::nft) const DREG: u16 = 2;
    pub(in crate::nft) const OP: u16 = 3;
    pub(in crate::nft) const LEN: u16 = 4;
    pub(in crate::nft) const SIZE: u16 = 5;
    /// `NFT_BYTEORDER_NTOH`, `NFT_BYTEORDER_HTON`.
    pub(in crate::nft) const TO_HOST: u32 = 0;
    pub(in crate::nft) const TO_NETWORK: u32 = 1;
}

pub(super) mod log {
    pub(in crate::nft) const GROUP: u16 = 1;
    pub(in crate::nft) const PREFIX: u16 = 2;
    pub(in crate::nft) const SNAPLEN: u16 = 3;
    pub(in crate::nft) const QTHRESHOLD: u16 = 4;
    pub(in crate::nft) const LEVEL: u16 = 5;
    pub(in crate::nft) const FLAGS: u16 = 6;
}

pub(super) mod limit {
    pub(in crate::nft) const RATE: u16 = 1;
    pub(in crate::nft) const UNIT: u16 = 2;
    pub(in crate::nft) const BURST: u16 = 3;
    pub(in crate::nft) const TYPE: u16 = 4;
    pub(in crate::nft) const FLAGS: u16 = 5;
    pub(in crate::nft) const PAD: u16 = 6;
    /// `NFT_LIMIT_PKTS`, `NFT_LIMIT_PKT_BYTES`.
    pub(in crate::nft) const PACKETS: u32 = 0;
    pub(in crate::nft) const BYTES: u32 = 1;
    /// `NFT_LIMIT_F_INV`.
    pub(in crate::nft) const INVERTED: u32 = 1;
}

pub(super) mod numgen {
    pub(in crate::nft) const DREG: u16 = 1;
    pub(in crate::nft) const MODULUS: u16 = 2;
    pub(in crate::nft) const TYPE: u16 = 3;
    pub(in crate::nft) const OFFSET: u16 = 4;
    /// `NFT_NG_INCREMENTAL`, `NFT_NG_RANDOM`.
    pub(in crate::nft) const IN_TURN: u32 = 0;
    pub(in crate::nft) const RANDOM: u32 = 1;
}

pub(super) mod queue {
    pub(in crate::nft) const NUMBER: u16 = 1;
    pub(in crate::nft) const TOTAL: u16 = 2;
    pub(in crate::nft) const FLAGS: u16 = 3;
}

pub(super) mod counter {
    pub(in crate::nft) const BYTES: u16 = 1;
    pub(in crate::nft) const PACKETS: u16 = 2;
    pub(in crate::nft) const PAD: u16 = 3;
}

/// `match` and `target` alike (`nf_tables_compat.h`).
pub(super) mod extension {
    pub(in crate::nft) const NAME: u16 = 1;
    pub(in crate::nft) const REVISION: u16 = 2;
    pub(in crate::nft) const INFO: u16 = 3;
}

/// How the kernel mends checksums after a header was written (`NFT_PAYLOAD_CSUM_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    pub(super) kind: u32,
    pub(super) offset: u32,
    pub(super) flags: u32,
}

impl Checksum {
    /// The IPv4 header's own sum at byte 10 for writes to the network header, and the sums of
    /// TCP and UDP as well when the addresses (bytes 12 to 19) change. None elsewhere.
    pub(super) fn for_write(base: model::host::nft::PayloadBase, offset: u32, len: u32) -> Self {
        if base != model::host::nft::PayloadBase::Network {
            return Self { kind: 0, offset: 0, flags: 0 };
        }
        let addresses = offset < 20 && offset.saturating_add(len) > 12;
        Self { kind: 1, offset: 10, flags: u32::from(addresses) }
    }
}
