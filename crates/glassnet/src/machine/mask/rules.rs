//! Rules by others that decide alike. What a constant in a rule means, the expression says that has filled
//! the register which it is compared with; so each register is followed.
//!
//! Where a rule asks for more than whole addresses and prefixes of them (an order, single bits), there is
//! nothing to put in its place: the expression becomes one that is not modelled, says why, and is asked last.
//! A packet that meets it, with which all else of the rule agrees, ends as unknown.

use super::Mask;
use super::field::{Kind, field};
use super::sets::kinds;
use model::host::nft::xt::Extension;
use model::host::nft::{
    CmpOp, CtKey, Expression, FibResult, MetaKey, NatKind, NftFamily, NftTable, PayloadBase,
    Register, Rule, Set, SetValueType,
};
use model::host::{Table, Unknown};
use std::collections::{BTreeMap, BTreeSet};

/// A part of a field: so many bytes from one on.
#[derive(Clone, Copy, Debug)]
struct Part {
    kind: Kind,
    from: usize,
    length: usize,
}

/// What is in registers from one on.
#[derive(Clone, Debug, Default)]
struct Held {
    parts: Vec<Part>,
    /// The bits that were kept of it.
    bits: Option<Vec<u8>>,
}

impl Held {
    fn whole(kind: Kind, length: usize) -> Self {
        Self { parts: vec![Part { kind, from: 0, length }], bits: None }
    }
}

/// The table's rules in one of its chains, one after another.
pub(super) struct Rules<'m> {
    mask: &'m Mask,
    sets: &'m Table<Set>,
    held: BTreeMap<u8, Held>,
    /// Registers of which nobody knows what is in them.
    lost: BTreeSet<u8>,
    /// The header behind the frame's, where it is known.
    network: Option<Kind>,
}

/// Nothing to put in its place, and why.
type Masked<T> = Result<T, &'static str>;

const ORDER: &str = "an order of addresses or names";
const BITS: &str = "single bits of an address";
const ANYTHING: &str = "bytes that may be an address";
const SET: &str = "a set with ranges of names, or of what may be an address";

pub(super) fn unknown(why: &str) -> Unknown {
    Unknown { bytes: Vec::new(), why: format!("masked: {why}") }
}

fn unasked(why: &'static str) -> Expression<Unknown> {
    Expression::Foreign(unknown(why))
}

/// The register that an expression fills.
fn to(one: &Expression<Unknown>) -> Option<u8> {
    use Expression as E;
    match one {
        E::Payload { to, .. } | E::Meta { to, .. } | E::Ct { to, .. } | E::Fib { to, .. } => {
            Some(to.0)
        }
        E::Bitwise { to, .. } | E::ByteOrder { to, .. } | E::Immediate { to, .. } => Some(to.0),
        _ => None,
    }
}

/// The register that a question is about.
fn from(one: &Expression<Unknown>) -> Option<u8> {
    use Expression as E;
    match one {
        E::Cmp { from, .. } | E::Range { from, .. } | E::Bitwise { from, .. } => Some(from.0),
        E::Lookup { from, .. } | E::ByteOrder { from, .. } => Some(from.0),
        _ => None,
    }
}

/// The rule as its table has it.
pub(super) fn masked(
    mask: &Mask,
    table: &NftTable<Unknown>,
    rule: &Rule<Unknown>,
) -> Rule<Unknown> {
    let network = match table.family {
        NftFamily::Ip => Some(Kind::V4),
        NftFamily::Ip6 => Some(Kind::V6),
        NftFamily::Arp => Some(Kind::Mac),
        NftFamily::Inet | NftFamily::Bridge | NftFamily::Netdev => None,
    };
    let rules =
        Rules { mask, sets: &table.sets, held: BTreeMap::new(), lost: BTreeSet::new(), network };
    Rule { handle: rule.handle, comment: None, expressions: rules.run(&rule.expressions) }
}

impl Rules<'_> {
    fn run(mut self, expressions: &[Expression<Unknown>]) -> Vec<Expression<Unknown>> {
        let constants = constants(expressions);
        let opaque = expressions.iter().any(|one| matches!(one, Expression::Foreign(_)));
        let (mut masked, mut asked_last) = (Vec::new(), None);
        for (at, one) in expressions.iter().enumerate() {
            let only_asks = self.only_asks(one);
            if !only_asks {
                masked.extend(asked_last.take().map(unasked));
            }
            if from(one).is_some_and(|from| self.lost.contains(&from)) {
                continue;
            }
            let other = match one {
                Expression::Immediate { to, value } => {
                    let value = match constants.get(&at) {
                        Some(kind) => field(self.mask, *kind, 0, value, None).ok_or(BITS),
                        // Whoever reads it is not known.
                        None if opaque => Ok(vec![0; value.len()]),
                        None => Ok(value.clone()),
                    };
                    value.map(|value| Expression::Immediate { to: *to, value })
                }
                one => self.one(one),
            };
            let to = to(one);
            match other {
                Ok(other) => {
                    to.map(|to| self.lost.remove(&to));
                    masked.push(other);
                }
                // All has to hold, in whatever order: what can still be asked is asked before.
                Err(why) if only_asks => {
                    self.lost.extend(to);
                    asked_last.get_or_insert(why);
                }
                Err(why) => masked.push(unasked(why)),
            }
        }
        masked.extend(asked_last.map(unasked));
        masked
    }

    /// Whether it does nothing but see whether the rule is for the packet.
    fn only_asks(&self, one: &Expression<Unknown>) -> bool {
        use Expression as E;
        match one {
            E::Payload { .. } | E::Meta { .. } | E::Ct { .. } | E::Fib { .. } | E::Cmp { .. } => {
                true
            }
            E::Range { .. } | E::Bitwise { .. } | E::ByteOrder { .. } | E::Counter => true,
            E::Immediate { .. } | E::Extension { is: Extension::Match(_), .. } => true,
            E::Lookup { set, to, .. } => {
                to.is_none() && self.sets.get(set).is_some_and(|set| set.value.is_none())
            }
            _ => false,
        }
    }

    fn one(&mut self, one: &Expression<Unknown>) -> Masked<Expression<Unknown>> {
        use Expression as E;
        let same = one.clone();
        match one {
            E::Payload { base, offset, len, to } => {
                let parts = self.header(*base, *offset as usize, *len as usize)?;
                self.held.insert(to.0, Held { parts, bits: None });
                Ok(same)
            }
            E::PayloadSet { base, offset, len, .. } => {
                let parts = self.header(*base, *offset as usize, *len as usize)?;
                // What is written there comes from elsewhere in the rule.
                let plain = parts.iter().all(|part| part.kind == Kind::Plain);
                if plain { Ok(same) } else { Err(ANYTHING) }
            }
            E::Meta { key, to } => {
                self.held.insert(to.0, Held::whole(meta(*key), usize::MAX));
                Ok(same)
            }
            E::Ct { key, to, .. } => {
                self.held.insert(to.0, ct(*key, self.network));
                Ok(same)
            }
            E::Fib { result, to, .. } => {
                let kind = if *result == FibResult::OifName { Kind::Link } else { Kind::Plain };
                self.held.insert(to.0, Held::whole(kind, usize::MAX));
                Ok(same)
            }
            E::Cmp { op, from, value } => {
                let masked = self.compared(*op, *from, value)?;
                Ok(E::Cmp { op: *op, from: *from, value: masked })
            }
            E::Range { from, low, .. } => {
                let mut parts = self.parts(*from, low.len());
                let plain = parts.all(|part| !self.mask.changes(part.kind));
                if plain { Ok(same) } else { Err(ORDER) }
            }
            E::Bitwise { from, to, mask, xor } => {
                let mut held = self.held.get(&from.0).cloned().unwrap_or_default();
                let changes = held.parts.iter().any(|part| self.mask.changes(part.kind));
                if changes && (held.bits.is_some() || xor.iter().any(|byte| *byte != 0)) {
                    return Err(BITS);
                }
                held.bits = Some(mask.clone());
                self.held.insert(to.0, held);
                Ok(same)
            }
            E::Lookup { set, from, to, inverted } => {
                let found = self.sets.get(set).ok_or(SET)?;
                super::sets::masked(self.mask, found).ok_or(SET)?;
                let whole = |held: &Held| held.bits.is_none() && held.parts.iter().all(is_whole);
                let changes = |held: &Held| held.parts.iter().any(|p| self.mask.changes(p.kind));
                if self.held.get(&from.0).is_some_and(|held| changes(held) && !whole(held)) {
                    return Err(BITS);
                }
                if let (Some(to), Some(SetValueType::Data(fields))) = (to, &found.value) {
                    let mut at = to.0;
                    for (kind, length) in kinds(fields).ok_or(SET)? {
                        self.held.insert(at, Held::whole(kind, length));
                        at += length.div_ceil(4) as u8;
                    }
                }
                let set = self.mask.set(set);
                Ok(E::Lookup { set, from: *from, to: *to, inverted: *inverted })
            }
            E::ByteOrder { from, to, .. } => {
                let held = self.held.get(&from.0).cloned().unwrap_or_default();
                if held.parts.iter().any(|part| self.mask.changes(part.kind)) {
                    return Err(ORDER);
                }
                self.held.insert(to.0, held);
                Ok(same)
            }
            // A range is mapped onto others only address by address.
            E::Nat { address, address_max, .. }
                if address_max.is_some() && address_max != address =>
            {
                Err(ORDER)
            }
            E::Verdict(verdict) => Ok(E::Verdict(self.mask.verdict(verdict))),
            E::Log { group, level, flags, .. } => {
                let (prefix, group, level, flags) = (String::new(), *group, *level, *flags);
                Ok(E::Log { prefix, group, level, flags })
            }
            E::Extension { is, .. } => {
                let is = super::extensions::masked(self.mask, is)?;
                Ok(E::Extension { is, raw: unknown("as it was read") })
            }
            E::Foreign(_) => Err("an expression that is not modelled"),
            E::Nat { .. } | E::Masquerade { .. } | E::Redirect { .. } | E::Reject { .. } => {
                Ok(same)
            }
            E::MetaSet { .. } | E::CtSet { .. } | E::Limit { .. } | E::Counter => Ok(same),
            E::NumberGenerator { .. } | E::Notrack | E::Immediate { .. } => Ok(same),
        }
    }

    fn compared(&mut self, op: CmpOp, from: Register, value: &[u8]) -> Masked<Vec<u8>> {
        let equal = matches!(op, CmpOp::Equal | CmpOp::NotEqual);
        let bits = self.held.get(&from.0).and_then(|held| held.bits.clone());
        let parts: Vec<Part> = self.parts(from, value.len()).collect();
        let (mut masked, mut at) = (Vec::new(), 0);
        for part in parts {
            let end = (at + part.length).min(value.len());
            let (own, bits) = (&value[at..end], bits.as_ref().map(|bits| bits.get(at..end)));
            if !equal && self.mask.changes(part.kind) {
                return Err(ORDER);
            }
            let bits = match bits {
                Some(bits) => Some(bits.ok_or(BITS)?),
                None => None,
            };
            masked.extend(field(self.mask, part.kind, part.from, own, bits).ok_or(BITS)?);
            if op == CmpOp::Equal {
                self.learn(part.kind, own);
            }
            at = end;
        }
        Ok(masked)
    }

    /// What the next header is.
    fn learn(&mut self, kind: Kind, value: &[u8]) {
        self.network = match (kind, value) {
            (Kind::Protocol, [2]) | (Kind::EtherType, [0x08, 0x00]) => Some(Kind::V4),
            (Kind::Protocol, [10]) | (Kind::EtherType, [0x86, 0xdd]) => Some(Kind::V6),
            // ARP, whose header begins with what hardware it is for.
            (Kind::Protocol, [3]) | (Kind::EtherType, [0x08, 0x06]) => Some(Kind::Mac),
            _ => self.network,
        };
    }

    /// What is compared with so many bytes of a register, and those behind it.
    fn parts(&self, from: Register, length: usize) -> impl Iterator<Item = Part> {
        let held = self.held.get(&from.0).cloned().unwrap_or_default();
        let mut rest = length;
        let mut parts = Vec::new();
        for part in held.parts {
            let length = part.length.min(rest);
            rest -= length;
            if length > 0 {
                // How long an address of a connection is, only the constant says.
                parts.push(Part { length, ..part });
            }
        }
        if rest > 0 {
            parts.push(Part { kind: Kind::Plain, from: 0, length: rest });
        }
        parts.into_iter()
    }

    /// What lies at a place of the packet.
    fn header(&self, base: PayloadBase, offset: usize, length: usize) -> Masked<Vec<Part>> {
        const LINK: &[(usize, usize, Kind)] =
            &[(0, 6, Kind::Mac), (6, 6, Kind::Mac), (12, 2, Kind::EtherType)];
        const IPV4: &[(usize, usize, Kind)] = &[(12, 4, Kind::V4), (16, 4, Kind::V4)];
        const IPV6: &[(usize, usize, Kind)] = &[(8, 16, Kind::V6), (24, 16, Kind::V6)];
        const ARP: &[(usize, usize, Kind)] =
            &[(8, 6, Kind::Mac), (14, 4, Kind::V4), (18, 6, Kind::Mac), (24, 4, Kind::V4)];
        /// The target that neighbour discovery asks for.
        const TARGET: &[(usize, usize, Kind)] = &[(8, 16, Kind::V6)];
        let fields = match (base, self.network, (offset, length)) {
            (PayloadBase::Link, ..) => LINK,
            (PayloadBase::Network, Some(Kind::V4), _) => IPV4,
            (PayloadBase::Network, Some(Kind::V6), _) => IPV6,
            (PayloadBase::Network, Some(_), _) => ARP,
            (PayloadBase::Network, None, (12 | 16, 4) | (12, 8)) => IPV4,
            (PayloadBase::Network, None, (8 | 24, 16) | (8, 32)) => IPV6,
            (PayloadBase::Network, None, (at, len)) if at + len <= 8 || len == 1 && at < 12 => &[],
            (PayloadBase::Network, None, _) => return Err(ANYTHING),
            (PayloadBase::Transport, _, (8, 16)) => TARGET,
            (PayloadBase::Transport, ..) => &[],
            (PayloadBase::Inner, ..) => return Err(ANYTHING),
        };
        let (mut parts, mut at, end) = (Vec::new(), offset, offset + length);
        while at < end {
            let inside = fields.iter().find(|(from, len, _)| (*from..from + len).contains(&at));
            let (kind, from, until) = match inside {
                Some((from, len, kind)) => (*kind, at - from, from + len),
                None => {
                    let next = fields.iter().map(|(from, ..)| *from).filter(|from| *from > at);
                    (Kind::Plain, 0, next.min().unwrap_or(end))
                }
            };
            let length = until.min(end) - at;
            parts.push(Part { kind, from, length });
            at += length;
        }
        Ok(parts)
    }
}

fn is_whole(part: &Part) -> bool {
    let whole = match part.kind {
        Kind::V4 => 4,
        Kind::V6 => 16,
        Kind::Mac => 6,
        Kind::Link | Kind::Protocol | Kind::EtherType | Kind::Plain => return part.from == 0,
    };
    part.from == 0 && part.length >= whole
}

fn meta(key: MetaKey) -> Kind {
    match key {
        MetaKey::IifName | MetaKey::OifName | MetaKey::BridgeIifName | MetaKey::BridgeOifName => {
            Kind::Link
        }
        MetaKey::NfProtocol => Kind::Protocol,
        MetaKey::Protocol => Kind::EtherType,
        _ => Kind::Plain,
    }
}

fn ct(key: CtKey, network: Option<Kind>) -> Held {
    match key {
        CtKey::SourceIp | CtKey::DestinationIp => Held::whole(Kind::V4, 4),
        CtKey::SourceIp6 | CtKey::DestinationIp6 => Held::whole(Kind::V6, 16),
        CtKey::Source | CtKey::Destination => match network {
            Some(Kind::V4) => Held::whole(Kind::V4, 4),
            _ => Held::whole(Kind::V6, 16),
        },
        _ => Held::default(),
    }
}

/// What constants are addresses, by their places in the rule: those that addresses are translated to.
fn constants(expressions: &[Expression<Unknown>]) -> BTreeMap<usize, Kind> {
    let mut written: BTreeMap<u8, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (at, one) in expressions.iter().enumerate() {
        match one {
            Expression::Immediate { to, .. } => {
                written.insert(to.0, at);
            }
            Expression::Nat {
                kind: NatKind::Source | NatKind::Destination,
                family,
                address,
                address_max,
                ..
            } => {
                let kind = if *family == 2 { Kind::V4 } else { Kind::V6 };
                for register in [address, address_max].into_iter().flatten() {
                    found.extend(written.get(&register.0).map(|at| (*at, kind)));
                }
            }
            _ => {}
        }
    }
    found
}
