//! One entry (`struct ipt_entry`, `struct ip6t_entry`): what it asks of the packet itself, matches
//! (`struct xt_entry_match`), a target (`struct xt_entry_target`).

use super::packet;
use crate::xt::{Info, Kind, SetName, Shown};
use model::host::Unknown;
use model::host::nft::{Expression, Verdict};
use model::net::Family;
use std::collections::BTreeMap;

/// Bytes of a match's or target's own header, before its struct.
const EXTENSION: usize = 32;
/// `XT_EXTENSION_MAXNAMELEN`, and of the name in an `ERROR` `XT_FUNCTION_MAXNAMELEN`.
const EXTENSION_NAME: usize = 29;
const CHAIN_NAME: usize = 30;

/// Where things lie in an entry.
struct Layout {
    /// `target_offset`; `next_offset` follows.
    target: usize,
    /// The whole, without matches and target.
    len: usize,
    goto: (usize, u8),
}

fn layout(family: Family) -> Layout {
    match family {
        Family::V4 => Layout { target: 88, len: 112, goto: (82, 2) },
        Family::V6 => Layout { target: 140, len: 168, goto: (131, 4) },
    }
}

#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    info: Info<'a>,
    pub(super) offset: usize,
    /// The offset of the entry behind it.
    pub(super) next: usize,
    /// Of the target, within the entry.
    target: usize,
}

/// What a target does that is none of the extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verb<'a> {
    Accept,
    Drop,
    Queue,
    Return,
    /// On with the next entry.
    Nothing,
    To(&'a str),
    /// An extension's, or one that makes no sense.
    Other,
}

impl<'a> Entry<'a> {
    /// The entry at an offset; it lies wholly within the bytes, and its target within it.
    pub(super) fn at(family: Family, bytes: &'a [u8], offset: usize) -> Result<Self, String> {
        let layout = layout(family);
        let rest = Info { family, bytes: bytes.get(offset..).unwrap_or_default() };
        let target = usize::from(rest.u16(layout.target)?);
        let len = usize::from(rest.u16(layout.target + 2)?);
        let whole = rest.bytes.get(..len).ok_or("an entry ends behind the table's end")?;
        if target < layout.len || len < target + EXTENSION {
            return Err(format!("the entry at {offset} has no room for its target"));
        }
        let info = Info { family, bytes: whole };
        Ok(Self { info, offset, next: offset + len, target })
    }

    fn name(&self, at: usize) -> String {
        self.info.text(at + 2, EXTENSION_NAME)
    }

    /// The name of the chain that begins behind this entry.
    pub(super) fn head(&self) -> Option<&'a str> {
        if self.name(self.target) != "ERROR" {
            return None;
        }
        let name = self.info.bytes.get(self.target + EXTENSION..)?;
        let name = name.get(..CHAIN_NAME).unwrap_or(name);
        std::str::from_utf8(name.split(|byte| *byte == 0).next()?).ok()
    }

    /// Whether it asks for nothing.
    pub(super) fn is_bare(&self) -> bool {
        self.target == layout(self.info.family).len
            && packet::asked(self.info).is_ok_and(|asked| asked.is_empty())
    }

    /// What the standard target does; `chains` by the offsets of their first entries.
    pub(super) fn verb(&self, chains: &BTreeMap<usize, &'a str>) -> Verb<'a> {
        if !self.name(self.target).is_empty() {
            return Verb::Other;
        }
        let Ok(verdict) = self.info.u32(self.target + EXTENSION) else { return Verb::Other };
        // A verdict V of netfilter's stands as -V-1.
        match verdict.cast_signed() {
            -1 => Verb::Drop,
            -2 => Verb::Accept,
            -4 => Verb::Queue,
            -5 => Verb::Return,
            ..0 => Verb::Other,
            to if to as usize == self.next => Verb::Nothing,
            to => chains.get(&(to as usize)).map_or(Verb::Other, |chain| Verb::To(chain)),
        }
    }

    pub(super) fn expressions(
        &self,
        chains: &BTreeMap<usize, &'a str>,
        set_name: &mut SetName<'_>,
    ) -> Vec<Expression<Unknown>> {
        let layout = layout(self.info.family);
        let mut expressions = packet::asked(self.info)
            .unwrap_or_else(|why| vec![foreign(&self.info.bytes[..layout.len], why)]);
        let mut at = layout.len;
        while at < self.target {
            let len = self.info.u16(at).map_or(0, usize::from);
            let Some(bytes) = self.info.bytes.get(at..at + len).filter(|_| len >= EXTENSION) else {
                let why = "a match of no sensible length".to_owned();
                expressions.push(foreign(&self.info.bytes[at..self.target], why));
                break;
            };
            expressions.push(self.extension(Kind::Match, bytes, set_name));
            at += len;
        }
        expressions.push(Expression::Counter);
        let (goto, flag) = layout.goto;
        let goes = self.info.u8(goto).is_ok_and(|flags| flags & flag != 0);
        let verdict = |verdict| Some(Expression::Verdict(verdict));
        expressions.extend(match self.verb(chains) {
            Verb::Accept => verdict(Verdict::Accept),
            Verb::Drop => verdict(Verdict::Drop),
            Verb::Queue => verdict(Verdict::Queue(0)),
            Verb::Return => verdict(Verdict::Return),
            Verb::Nothing => None,
            Verb::To(chain) if goes => verdict(Verdict::Goto(chain.to_owned())),
            Verb::To(chain) => verdict(Verdict::Jump(chain.to_owned())),
            Verb::Other => {
                Some(self.extension(Kind::Target, &self.info.bytes[self.target..], set_name))
            }
        });
        expressions
    }

    /// An extension from its own bytes, of which there are enough for its header.
    fn extension(
        &self,
        kind: Kind,
        bytes: &[u8],
        set_name: &mut SetName<'_>,
    ) -> Expression<Unknown> {
        let (family, header) = (self.info.family, Info { family: self.info.family, bytes });
        let name = header.text(2, EXTENSION_NAME);
        let revision = header.u8(EXTENSION - 1).unwrap_or_default();
        let info = bytes.get(EXTENSION..).unwrap_or_default();
        if name.is_empty() {
            return foreign(bytes, "a verdict or jump that makes no sense".to_owned());
        }
        let shown = Shown { kind, family, name: &name, revision, info };
        shown.expression(set_name).unwrap_or_else(|why| foreign(bytes, why))
    }
}

fn foreign(bytes: &[u8], why: String) -> Expression<Unknown> {
    Expression::Foreign(Unknown { bytes: bytes.to_vec(), why })
}
