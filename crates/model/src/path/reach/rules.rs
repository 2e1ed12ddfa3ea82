//! Tables of nftables and of iptables-legacy, rule by rule.
//!
//! A chain that is about one namespace at most stands for what it does, whatever its name; so does a set
//! without a name of its own. Of others the name counts, and their rules and elements each for themselves.

use super::canon::{Canon, Writer};
use super::cuts::{Cuts, address};
use super::names::Names;
use crate::host::Unknown;
use crate::host::nft::xt::{Extension, Match, Target};
use crate::host::nft::{
    Chain, CmpOp, CtKey, DataType, Element, Expression, Key, MetaKey, NftFamily, NftTable,
    PayloadBase, Rule, Set, SetValue, SetValueType, Verdict,
};
use crate::net::{IpNet, octets};
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(super) struct Rules<'r, 'n, 'a> {
    names: &'n Names<'a>,
    within: usize,
    table: &'r NftTable<Unknown>,
    cuts: &'r mut Cuts,
    /// None while it is looked at.
    chains: BTreeMap<&'r str, Option<Canon>>,
}

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// An address of so many bytes, of which so many leading bits count.
    Address {
        total: usize,
        bits: usize,
    },
    /// Both addresses of a packet.
    Pair,
    Mac,
    LinkNumber,
}

impl<'r, 'n, 'a> Rules<'r, 'n, 'a> {
    pub(super) fn new(
        names: &'n Names<'a>,
        within: usize,
        table: &'r NftTable<Unknown>,
        cuts: &'r mut Cuts,
    ) -> Self {
        Self { names, within, table, cuts, chains: BTreeMap::new() }
    }

    /// Every rule and element that counts by itself.
    pub(super) fn items(mut self, emit: &mut impl FnMut(Canon)) {
        let table = self.table;
        for chain in &table.chains {
            let is_many = self.chain(&chain.name).about.len() > 1;
            if chain.base.is_none() && !is_many {
                continue;
            }
            if let Some(base) = &chain.base {
                let mut item = self.writer("base chain");
                emit(item.word(&chain.name).of(base).take());
            }
            for (block, rule) in self.blocks(chain) {
                let mut item = self.writer("rule");
                emit(item.word(&chain.name).number(block).canon(&rule).take());
            }
        }
        for set in &table.sets {
            let elements = self.elements(set);
            if self.stands_for_itself(set, &elements) {
                continue;
            }
            for element in &elements {
                let mut item = self.writer("element");
                emit(item.word(&set.name).canon(element).take());
            }
        }
    }

    fn writer(&self, what: &str) -> Writer<'n, 'a> {
        let mut writer = Writer::new(self.names, self.within, what);
        writer.word(self.table.family.as_str()).word(&self.table.name);
        writer
    }

    /// What a jump to the chain does.
    fn chain(&mut self, name: &'r str) -> Canon {
        match self.chains.get(name) {
            Some(Some(known)) => return known.clone(),
            // The kernel refuses circles.
            Some(None) => return self.writer("circle").take(),
            None => {}
        }
        self.chains.insert(name, None);
        let mut writer = self.writer("chain");
        if let Some(chain) = self.table.chains.iter().find(|chain| chain.name == name) {
            for (_, rule) in self.blocks(chain) {
                writer.canon(&rule);
            }
        }
        let canon = writer.take();
        self.chains.insert(name, Some(canon.clone()));
        canon
    }

    /// The rules, with their places. Rules that are the same but for whom they are about share one, as
    /// long as no other stands between them.
    fn blocks(&mut self, chain: &'r Chain<Unknown>) -> Vec<(usize, Canon)> {
        let mut blocks: Vec<(usize, Canon)> = Vec::new();
        for rule in &chain.rules {
            let rule = self.rule(rule);
            let block = match blocks.last() {
                Some((block, last)) if last.hash == rule.hash && rule.about.len() == 1 => *block,
                Some((block, _)) => block + 1,
                None => 0,
            };
            blocks.push((block, rule));
        }
        blocks
    }

    fn rule(&mut self, rule: &'r Rule<Unknown>) -> Canon {
        let mut writer = self.writer("expressions");
        let mut held = BTreeMap::new();
        for expression in &rule.expressions {
            self.expression(expression, &mut held, &mut writer);
        }
        writer.take()
    }

    fn expression(
        &mut self,
        expression: &'r Expression<Unknown>,
        held: &mut BTreeMap<u8, Held>,
        writer: &mut Writer<'n, 'a>,
    ) {
        self.load(expression, held);
        match expression {
            Expression::Cmp { op, from, value } => {
                writer.word("cmp").of(op).number(from.0.into());
                let holds = held.get(&from.0).copied();
                self.compared(holds, *op, value);
                match (holds, value.first_chunk::<4>()) {
                    (Some(Held::LinkNumber), Some(value)) => {
                        writer.index(u32::from_ne_bytes(*value))
                    }
                    _ => writer.bytes(value),
                };
            }
            Expression::Range { from, low, high, .. } => {
                match held.get(&from.0) {
                    Some(Held::Address { total, .. }) => self.between(*total, low, high),
                    Some(_) => self.cuts.all_differ = true,
                    None => {}
                }
                writer.of(expression);
            }
            Expression::Lookup { set, from, to, inverted } => {
                writer.word("lookup").number(from.0.into()).of(to).of(inverted);
                let key = self.table.sets.get(set).map(|set| &set.key[..]).unwrap_or_default();
                let is_address = matches!(key, [DataType::Ipv4Address | DataType::Ipv6Address]);
                if let Some(Held::Address { total, bits }) = held.get(&from.0) {
                    let known = is_address || key.len() > 1;
                    self.cuts.all_differ |= !known || *bits < 8 * total;
                }
                if let (Some(to), Some(set)) = (to, self.table.sets.get(set))
                    && let Some(SetValueType::Data(data)) = &set.value
                {
                    let slots: u32 = data.iter().map(|field| field.len().div_ceil(4)).sum();
                    held.retain(|slot, _| !(to.0..to.0.saturating_add(slots as u8)).contains(slot));
                }
                self.looked_up(set, writer);
            }
            Expression::Nat { address, .. } => {
                let from_packet = address.is_some_and(|from| held.contains_key(&from.0));
                self.cuts.all_differ |= from_packet;
                writer.of(expression);
            }
            Expression::Verdict(verdict) => self.verdict(verdict, writer),
            Expression::Extension { is, .. } => self.extension(is, writer),
            Expression::Counter | Expression::Log { .. } => {}
            Expression::ByteOrder { from, .. } if held.contains_key(&from.0) => {
                self.cuts.all_differ |= held.get(&from.0) != Some(&Held::LinkNumber);
                writer.of(expression);
            }
            expression => {
                writer.of(expression);
            }
        }
    }

    /// What the registers hold after it.
    fn load(&mut self, expression: &Expression<Unknown>, held: &mut BTreeMap<u8, Held>) {
        let (to, holds) = match expression {
            Expression::Payload { base: PayloadBase::Network, offset, len, to } => {
                (to, self.network(*offset as usize, *len as usize))
            }
            Expression::Payload { base: PayloadBase::Link, offset: 0..12, to, .. } => {
                (to, Some(Held::Mac))
            }
            Expression::Ct { key, to, .. } => {
                let total = match key {
                    CtKey::SourceIp | CtKey::DestinationIp => Some(4),
                    CtKey::SourceIp6 | CtKey::DestinationIp6 => Some(16),
                    CtKey::Source | CtKey::Destination if self.table.family == NftFamily::Ip => {
                        Some(4)
                    }
                    CtKey::Source | CtKey::Destination => Some(16),
                    _ => None,
                };
                (to, total.map(|total| Held::Address { total, bits: 8 * total }))
            }
            Expression::Meta { key: MetaKey::Iif | MetaKey::Oif, to } => {
                (to, Some(Held::LinkNumber))
            }
            Expression::Bitwise { from, to, mask, xor } => {
                let ones = prefix_length(mask).filter(|_| xor.iter().all(|byte| *byte == 0));
                let holds = match (held.get(&from.0), ones) {
                    (Some(Held::Address { total, bits }), Some(ones)) => {
                        Some(Held::Address { total: *total, bits: ones.min(*bits) })
                    }
                    (Some(_), _) => {
                        self.cuts.all_differ = true;
                        None
                    }
                    (None, _) => None,
                };
                (to, holds)
            }
            Expression::Payload { to, .. }
            | Expression::Meta { to, .. }
            | Expression::Fib { to, .. }
            | Expression::Immediate { to, .. }
            | Expression::NumberGenerator { to, .. }
            | Expression::ByteOrder { to, .. } => (to, None),
            _ => return,
        };
        match holds {
            Some(holds) => held.insert(to.0, holds),
            None => held.remove(&to.0),
        };
    }

    /// What bytes of the IP header are (RFC 791 §3.1, RFC 8200 §3).
    fn network(&mut self, offset: usize, len: usize) -> Option<Held> {
        let family = self.table.family;
        let (v4, v6) = (family != NftFamily::Ip6, family != NftFamily::Ip);
        match (offset, len) {
            (12 | 16, 1..=4) if v4 => Some(Held::Address { total: 4, bits: 8 * len }),
            (8 | 24, 1..=16) if v6 => Some(Held::Address { total: 16, bits: 8 * len }),
            // The sender's address and the target's MAC of ARP (RFC 826), which is not walked; rules
            // that look at them ask for the protocol first.
            (14, 4) | (18, 6) if family == NftFamily::Bridge => None,
            (12, 8) if v4 => Some(Held::Pair),
            (8, 32) if v6 => Some(Held::Pair),
            _ => {
                // Where both kinds are seen, what is before the addresses of IPv4 is taken to be of it.
                let addresses = if v4 { 12 } else { 8 };
                let end = if v6 { 40 } else { 20 };
                self.cuts.all_differ |= offset < end && offset + len > addresses;
                None
            }
        }
    }

    /// An address, or its beginning, is compared.
    fn compared(&mut self, holds: Option<Held>, op: CmpOp, value: &[u8]) {
        let is_equality = matches!(op, CmpOp::Equal | CmpOp::NotEqual);
        match holds {
            Some(Held::Address { total, bits }) if is_equality => {
                let mut first = value.to_vec();
                first.resize(total, 0);
                let prefix = address(&first).map(|first| IpNet::new(first, bits as u8));
                if let Some(Ok(prefix)) = prefix {
                    self.cuts.prefix(prefix);
                }
            }
            Some(Held::Address { total, .. }) => self.between(total, value, value),
            Some(_) if !is_equality => self.cuts.all_differ = true,
            Some(_) | None => {}
        }
    }

    fn between(&mut self, total: usize, low: &[u8], high: &[u8]) {
        let (mut low, mut high) = (low.to_vec(), high.to_vec());
        low.resize(total, 0);
        high.resize(total, 0xff);
        if let (Some(low), Some(high)) = (address(&low), address(&high)) {
            self.cuts.range(low, high);
        }
    }

    fn verdict(&mut self, verdict: &'r Verdict, writer: &mut Writer<'n, 'a>) {
        let (word, name) = match verdict {
            Verdict::Jump(name) => ("jump", name),
            Verdict::Goto(name) => ("goto", name),
            verdict => {
                writer.of(verdict);
                return;
            }
        };
        let chain = self.chain(name);
        writer.word(word);
        match chain.about.len() {
            0 | 1 => writer.canon(&chain),
            _ => writer.word(name),
        };
    }

    fn extension(&mut self, is: &Extension, writer: &mut Writer<'n, 'a>) {
        match is {
            Extension::Match(Match::Comment(_)) => return,
            Extension::Match(Match::IpRange { source, destination }) => {
                for range in [source, destination].into_iter().flatten() {
                    self.cuts.range(range.first, range.last);
                }
            }
            Extension::Match(Match::Connection(asked)) => {
                let masked = asked.addresses.iter().flatten();
                self.cuts.all_differ |= masked.into_iter().any(|(_, mask, _)| !is_full(*mask));
            }
            Extension::Target(Target::Netmap { .. }) => self.cuts.all_differ = true,
            Extension::Target(Target::Aside { .. }) => return,
            _ => {}
        }
        writer.of(is);
    }

    fn looked_up(&mut self, name: &str, writer: &mut Writer<'n, 'a>) {
        let Some(set) = self.table.sets.get(&name.to_owned()) else {
            writer.word(name);
            return;
        };
        let elements = self.elements(set);
        match self.stands_for_itself(set, &elements) {
            true => elements.iter().fold(writer, |writer, element| writer.canon(element)),
            false => writer.word(name),
        };
    }

    fn stands_for_itself(&self, set: &Set, elements: &[Canon]) -> bool {
        let mut about = elements.iter().flat_map(|element| &element.about);
        let first = about.next();
        set.anonymous && about.all(|space| Some(space) == first)
    }

    fn elements(&mut self, set: &'r Set) -> Vec<Canon> {
        let mut canons = Vec::new();
        let mut elements = set.elements.0.iter().peekable();
        while let Some((key, element)) = elements.next() {
            let mut writer = self.writer("key");
            let next = elements.peek().copied();
            if set.interval && set.key.len() == 1 {
                if is_lone(key, next) {
                    elements.next();
                    writer.bytes(&key.0);
                } else {
                    self.cuts_at(set, key, key);
                    writer.of(key).of(&element.end);
                }
            } else {
                writer.bytes(&key.0);
                if let Some(to) = &element.to {
                    self.cuts_at(set, key, to);
                    writer.bytes(&to.0);
                }
            }
            match &element.value {
                None => {}
                Some(SetValue::Data(data)) => {
                    writer.word("data").bytes(data);
                }
                Some(SetValue::Verdict(verdict)) => self.verdict(verdict, &mut writer),
            }
            canons.push(writer.take());
        }
        canons
    }

    /// Cuts at the addresses among the fields of a range's keys.
    fn cuts_at(&mut self, set: &Set, first: &Key, last: &Key) {
        let mut offset = 0;
        for field in &set.key {
            let length = field.len() as usize;
            let part = |key: &Key| address(key.0.get(offset..offset + length)?);
            let is_address = matches!(field, DataType::Ipv4Address | DataType::Ipv6Address);
            if let (true, Some(low), Some(high)) = (is_address, part(first), part(last))
                && (low != high || set.key.len() == 1)
            {
                // A border begins what is behind it; where the range ends, another border says.
                self.cuts.range(low, high);
            }
            offset += length.next_multiple_of(4);
        }
    }
}

/// How many ones it begins with, if all else are zeros.
fn prefix_length(mask: &[u8]) -> Option<usize> {
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let bits = mask.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1));
    bits.take(ones as usize).all(|bit| bit).then_some(ones as usize)
}

fn is_full(mask: IpAddr) -> bool {
    octets(mask).iter().all(|byte| *byte == 0xff)
}

/// The range that begins with the key holds it alone.
fn is_lone(key: &Key, next: Option<(&Key, &Element)>) -> bool {
    let next = next.filter(|(_, next)| next.end).and_then(|(next, _)| address(&next.0));
    let after = match address(&key.0) {
        Some(IpAddr::V4(v4)) => u32::from(v4).checked_add(1).map(|next| IpAddr::V4(next.into())),
        Some(IpAddr::V6(v6)) => u128::from(v6).checked_add(1).map(|next| IpAddr::V6(next.into())),
        None => None,
    };
    after.is_some() && after == next
}
