//! What kind of addresses these are: IANA's registries of special purposes, for
//! [IPv4](https://www.iana.org/assignments/iana-ipv4-special-registry) and
//! [IPv6](https://www.iana.org/assignments/iana-ipv6-special-registry) (RFC 6890, RFC 8190), with
//! multicast and what is neither.
//!
//! Blocks lie in blocks, down to single addresses; an address is of the kind of the smallest that
//! holds it.

use super::relation::{Relation, relation};
use crate::explain::AddressKind::{self, *};
use crate::net::{IpNet, single};
use std::sync::LazyLock;

/// Addresses of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub prefix: IpNet,
    pub kind: AddressKind,
    /// The number of the RFC that says so.
    pub rfc: u16,
    /// Whether packets to it pass between networks of the internet.
    pub global: bool,
}

const EVERYWHERE: bool = true;
const NOT_GLOBAL: bool = false;

/// Those that hold others come before them.
const BLOCKS: &[(&str, AddressKind, u16, bool)] = &[
    ("0.0.0.0/0", Global, 4632, EVERYWHERE),
    ("0.0.0.0/8", ThisNetwork, 791, NOT_GLOBAL),
    ("0.0.0.0/32", Unspecified, 1122, NOT_GLOBAL),
    ("10.0.0.0/8", Private, 1918, NOT_GLOBAL),
    ("100.64.0.0/10", Shared, 6598, NOT_GLOBAL),
    ("127.0.0.0/8", Loopback, 1122, NOT_GLOBAL),
    ("169.254.0.0/16", LinkLocal, 3927, NOT_GLOBAL),
    ("172.16.0.0/12", Private, 1918, NOT_GLOBAL),
    ("192.0.0.0/24", Protocols, 6890, NOT_GLOBAL),
    ("192.0.0.0/29", Transition, 7335, NOT_GLOBAL),
    ("192.0.0.8/32", Dummy, 7600, NOT_GLOBAL),
    ("192.0.0.9/32", Service, 7723, EVERYWHERE),
    ("192.0.0.10/32", Service, 8155, EVERYWHERE),
    ("192.0.0.170/31", Translation, 7050, NOT_GLOBAL),
    ("192.0.2.0/24", Documentation, 5737, NOT_GLOBAL),
    ("192.31.196.0/24", Service, 7535, EVERYWHERE),
    ("192.52.193.0/24", Service, 7450, EVERYWHERE),
    ("192.88.99.0/24", Deprecated, 7526, EVERYWHERE),
    ("192.88.99.2/32", Transition, 6751, NOT_GLOBAL),
    ("192.168.0.0/16", Private, 1918, NOT_GLOBAL),
    ("192.175.48.0/24", Service, 7534, EVERYWHERE),
    ("198.18.0.0/15", Benchmarking, 2544, NOT_GLOBAL),
    ("198.51.100.0/24", Documentation, 5737, NOT_GLOBAL),
    ("203.0.113.0/24", Documentation, 5737, NOT_GLOBAL),
    ("224.0.0.0/4", Multicast, 5771, EVERYWHERE),
    ("224.0.0.0/24", MulticastOfLink, 5771, NOT_GLOBAL),
    ("239.0.0.0/8", MulticastOfSite, 2365, NOT_GLOBAL),
    ("240.0.0.0/4", Reserved, 1112, NOT_GLOBAL),
    ("255.255.255.255/32", Broadcast, 919, NOT_GLOBAL),
    ("::/0", Unassigned, 4291, NOT_GLOBAL),
    ("::/128", Unspecified, 4291, NOT_GLOBAL),
    ("::1/128", Loopback, 4291, NOT_GLOBAL),
    ("::ffff:0:0/96", Mapped, 4291, NOT_GLOBAL),
    ("64:ff9b::/96", Translation, 6052, EVERYWHERE),
    ("64:ff9b:1::/48", Translation, 8215, NOT_GLOBAL),
    ("100::/64", Discard, 6666, NOT_GLOBAL),
    ("100:0:0:1::/64", Dummy, 9780, NOT_GLOBAL),
    ("2000::/3", Global, 4291, EVERYWHERE),
    ("2001::/23", Protocols, 2928, NOT_GLOBAL),
    ("2001::/32", Transition, 4380, NOT_GLOBAL),
    ("2001:1::1/128", Service, 7723, EVERYWHERE),
    ("2001:1::2/128", Service, 8155, EVERYWHERE),
    ("2001:1::3/128", Service, 9665, EVERYWHERE),
    ("2001:2::/48", Benchmarking, 5180, NOT_GLOBAL),
    ("2001:3::/32", Service, 7450, EVERYWHERE),
    ("2001:4:112::/48", Service, 7535, EVERYWHERE),
    ("2001:10::/28", Deprecated, 4843, NOT_GLOBAL),
    ("2001:20::/28", Identifier, 7343, EVERYWHERE),
    ("2001:30::/28", Identifier, 9374, EVERYWHERE),
    ("2001:db8::/32", Documentation, 3849, NOT_GLOBAL),
    ("2002::/16", Transition, 3056, NOT_GLOBAL),
    ("2620:4f:8000::/48", Service, 7534, EVERYWHERE),
    ("3fff::/20", Documentation, 9637, NOT_GLOBAL),
    ("5f00::/16", SegmentRouting, 9602, NOT_GLOBAL),
    ("fc00::/7", UniqueLocal, 4193, NOT_GLOBAL),
    ("fe80::/10", LinkLocal, 4291, NOT_GLOBAL),
    ("fec0::/10", Deprecated, 3879, NOT_GLOBAL),
    ("ff00::/8", Multicast, 4291, EVERYWHERE),
];

static READ: LazyLock<Vec<Block>> = LazyLock::new(|| {
    let read = |(prefix, kind, rfc, global): &(&str, AddressKind, u16, bool)| Block {
        prefix: prefix.parse().expect("a test reads each"),
        kind: kind.clone(),
        rfc: *rfc,
        global: *global,
    };
    BLOCKS.iter().map(read).collect()
});

/// The block that the address as it was written belongs to.
pub fn block(prefix: &IpNet) -> &'static Block {
    let address = single(prefix.addr());
    let holding = READ.iter().filter(|block| block.prefix.contains(&address));
    holding.max_by_key(|block| block.prefix.prefix_len()).expect("each family has one of length 0")
}

/// The other blocks that the whole prefix has addresses of: first the one around it, if it is not
/// wholly of the address's own, then those that lie in it.
pub fn blocks_in(prefix: &IpNet) -> Vec<&'static Block> {
    let own = block(prefix);
    let holds = |block: &&Block| relation(&block.prefix, prefix) == Relation::Inside;
    let around = |block: &&Block| {
        matches!(relation(&block.prefix, prefix), Relation::Equal | Relation::Holds)
    };
    let around = READ.iter().filter(around).max_by_key(|block| block.prefix.prefix_len());
    let all = around.into_iter().chain(READ.iter().filter(holds));
    all.filter(|block| block.prefix != own.prefix).collect()
}
