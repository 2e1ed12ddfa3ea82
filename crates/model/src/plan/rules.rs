//! Rules put together from fields of the packet and sets.
//!
//! A rule reads like the sentence nft prints for it: `rule("why").not_in(&[Field::IifName],
//! "bridges").drop()`. Fields of one lookup lie in registers one behind the other, as the kernel
//! wants the parts of a concatenation.

use crate::host::Never;
use crate::host::nft::*;

/// A part of the packet or of what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    IifName,
    OifName,
    NfProtocol,
    L4Protocol,
    EtherType,
    EtherSource,
    Ip4Source,
    Ip4Destination,
    Ip6Source,
    Ip6Destination,
    /// Bytes behind the fixed IPv6 header.
    Ip6PayloadLength,
    ArpSenderMac,
    ArpSenderAddress,
    DestinationPort,
    Icmp6Type,
    /// The address that a neighbour solicitation or advertisement is about (RFC 4861 §4.3, §4.4).
    NdTarget,
    /// Type and length of the first option of a neighbour solicitation or advertisement.
    NdOption,
    /// The link-layer address in it.
    NdOptionMac,
    /// The same two of a router solicitation (RFC 4861 §4.1).
    RsOption,
    RsOptionMac,
}

/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
pub const IPV4: u8 = 2;
pub const IPV6: u8 = 10;

impl Field {
    /// Length in bytes.
    fn len(self) -> u32 {
        match self {
            Self::NfProtocol | Self::L4Protocol | Self::Icmp6Type => 1,
            Self::EtherType
            | Self::Ip6PayloadLength
            | Self::DestinationPort
            | Self::NdOption
            | Self::RsOption => 2,
            Self::Ip4Source | Self::Ip4Destination | Self::ArpSenderAddress => 4,
            Self::EtherSource | Self::ArpSenderMac | Self::NdOptionMac | Self::RsOptionMac => 6,
            Self::IifName
            | Self::OifName
            | Self::Ip6Source
            | Self::Ip6Destination
            | Self::NdTarget => 16,
        }
    }

    /// Registers of 4 bytes that the field takes.
    fn slots(self) -> u8 {
        self.len().div_ceil(4) as u8
    }

    /// The expression that puts the field into a register.
    fn load(self, to: Register) -> Expression<Never> {
        let meta = |key| Expression::Meta { key, to };
        let payload = |base, offset| Expression::Payload { base, offset, len: self.len(), to };
        match self {
            Self::IifName => meta(MetaKey::IifName),
            Self::OifName => meta(MetaKey::OifName),
            Self::NfProtocol => meta(MetaKey::NfProtocol),
            Self::L4Protocol => meta(MetaKey::L4Protocol),
            Self::EtherSource => payload(PayloadBase::Link, 6),
            Self::EtherType => payload(PayloadBase::Link, 12),
            Self::Ip4Source => payload(PayloadBase::Network, 12),
            Self::Ip4Destination => payload(PayloadBase::Network, 16),
            Self::Ip6PayloadLength => payload(PayloadBase::Network, 4),
            Self::Ip6Source => payload(PayloadBase::Network, 8),
            Self::Ip6Destination => payload(PayloadBase::Network, 24),
            Self::ArpSenderMac => payload(PayloadBase::Network, 8),
            Self::ArpSenderAddress => payload(PayloadBase::Network, 14),
            Self::Icmp6Type => payload(PayloadBase::Transport, 0),
            Self::DestinationPort => payload(PayloadBase::Transport, 2),
            Self::NdTarget => payload(PayloadBase::Transport, 8),
            Self::NdOption => payload(PayloadBase::Transport, 24),
            Self::NdOptionMac => payload(PayloadBase::Transport, 26),
            Self::RsOption => payload(PayloadBase::Transport, 8),
            Self::RsOptionMac => payload(PayloadBase::Transport, 10),
        }
    }
}

/// A rule in the making.
#[derive(Clone, Debug)]
pub struct RuleInTheMaking {
    comment: String,
    expressions: Vec<Expression<Never>>,
}

/// Starts a rule; the comment says to people why it is there.
pub fn rule(comment: &str) -> RuleInTheMaking {
    RuleInTheMaking { comment: comment.to_owned(), expressions: Vec::new() }
}

const FIRST: Register = Register(0);

impl RuleInTheMaking {
    fn with(mut self, expression: Expression<Never>) -> Self {
        self.expressions.push(expression);
        self
    }

    /// Loads the fields one behind the other, from the first register on.
    fn load(mut self, fields: &[Field]) -> Self {
        let mut slot = 0;
        for field in fields {
            self = self.with(field.load(Register(slot)));
            slot += field.slots();
        }
        self
    }

    pub fn equals(self, field: Field, value: &[u8]) -> Self {
        self.compare(field, CmpOp::Equal, value)
    }

    pub fn compare(self, field: Field, op: CmpOp, value: &[u8]) -> Self {
        let value = value.to_vec();
        self.with(field.load(FIRST)).with(Expression::Cmp { op, from: FIRST, value })
    }

    pub fn ipv4(self) -> Self {
        self.equals(Field::NfProtocol, &[IPV4])
    }

    pub fn ipv6(self) -> Self {
        self.equals(Field::NfProtocol, &[IPV6])
    }

    /// The fields, taken together, are in the set.
    pub fn is_in(self, fields: &[Field], set: &str) -> Self {
        self.lookup(fields, set, None, false)
    }

    pub fn not_in(self, fields: &[Field], set: &str) -> Self {
        self.lookup(fields, set, None, true)
    }

    fn lookup(self, fields: &[Field], set: &str, to: Option<Register>, inverted: bool) -> Self {
        let set = set.to_owned();
        self.load(fields).with(Expression::Lookup { set, from: FIRST, to, inverted })
    }

    /// The first address lies in the prefix, by the first `mask.len()` bytes.
    pub fn masked(self, field: Field, mask: &[u8], value: &[u8]) -> Self {
        let xor = vec![0; mask.len()];
        let (from, to, mask) = (FIRST, FIRST, mask.to_vec());
        self.with(field.load(FIRST))
            .with(Expression::Bitwise { from, to, mask, xor })
            .with(Expression::Cmp { op: CmpOp::Equal, from: FIRST, value: value.to_vec() })
    }

    /// The connection's state is one of these ([`ct_state`]).
    pub fn state(self, bits: u32) -> Self {
        self.ct_bits(CtKey::State, bits, CmpOp::NotEqual)
    }

    pub fn not_state(self, bits: u32) -> Self {
        self.ct_bits(CtKey::State, bits, CmpOp::Equal)
    }

    /// The connection has this status bit ([`ct_status`]).
    pub fn status(self, bits: u32) -> Self {
        self.ct_bits(CtKey::Status, bits, CmpOp::NotEqual)
    }

    pub fn not_status(self, bits: u32) -> Self {
        self.ct_bits(CtKey::Status, bits, CmpOp::Equal)
    }

    fn ct_bits(self, key: CtKey, bits: u32, op: CmpOp) -> Self {
        let mask = bits.to_ne_bytes().to_vec();
        self.with(Expression::Ct { key, direction: None, to: FIRST })
            .with(Expression::Bitwise { from: FIRST, to: FIRST, mask, xor: vec![0; 4] })
            .with(Expression::Cmp { op, from: FIRST, value: vec![0; 4] })
    }

    /// The destination is one of the host's own addresses (`fib daddr type local`).
    pub fn to_this_host(self) -> Self {
        const RTN_LOCAL: u32 = 2;
        let by = FibBy { destination: true, ..FibBy::default() };
        let value = RTN_LOCAL.to_ne_bytes().to_vec();
        // Behind the registers in which a map's value may be waiting.
        let to = Register(8);
        self.with(Expression::Fib { result: FibResult::AddressType, by, to })
            .with(Expression::Cmp { op: CmpOp::Equal, from: to, value })
    }

    /// Looks the fields up in a map of `address . port`, and leaves the value in the first registers.
    pub fn find(self, fields: &[Field], map: &str) -> Self {
        self.lookup(fields, map, Some(FIRST), false)
    }

    /// Ends the rule: the destination becomes what [`Self::find`] found.
    pub fn dnat_to_found(self, family: u8) -> Rule<Never> {
        const MAP_ADDRESSES: u32 = 1;
        const PORT_GIVEN: u32 = 2;
        let port = Register(if family == IPV4 { 1 } else { 4 });
        self.with(Expression::Nat {
            kind: NatKind::Destination,
            family,
            address: Some(FIRST),
            address_max: Some(FIRST),
            port: Some(port),
            port_max: Some(port),
            flags: MAP_ADDRESSES | PORT_GIVEN,
        })
        .end()
    }

    /// Ends the rule: the source becomes the host's, its port chosen at random, since ports
    /// chosen in order collide under load (see `nf_nat_core.c`, `get_unique_tuple`).
    pub fn masquerade(self) -> Rule<Never> {
        let flags = NAT_FULLY_RANDOM;
        self.with(Expression::Masquerade { flags, port: None, port_max: None }).end()
    }

    pub fn accept(self) -> Rule<Never> {
        self.with(Expression::Verdict(Verdict::Accept)).end()
    }

    /// Ends the rule: counts the packet and accepts it.
    pub fn count_accept(self) -> Rule<Never> {
        self.with(Expression::Counter).accept()
    }

    /// Ends the rule: counts the packet and drops it.
    pub fn drop(self) -> Rule<Never> {
        self.with(Expression::Counter).with(Expression::Verdict(Verdict::Drop)).end()
    }

    /// Ends the rule: connection tracking leaves the packet alone.
    pub fn notrack(self) -> Rule<Never> {
        self.with(Expression::Notrack).end()
    }

    pub fn goto(self, chain: &str) -> Rule<Never> {
        self.with(Expression::Verdict(Verdict::Goto(chain.to_owned()))).end()
    }

    fn end(self) -> Rule<Never> {
        Rule { handle: None, comment: Some(self.comment), expressions: self.expressions }
    }
}
