//! A prefix in parts that cover it exactly. Parts are made when they are asked for: there may be
//! 2^128 of them.

use super::Count;
use super::number::{host_bits, ones, prefix_at, range};
use crate::net::{Family, IpNet};
use std::iter::FusedIterator;

/// Why a prefix cannot be split so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSplit {
    /// A part would be larger than the whole.
    Shorter { prefix: IpNet, length: u8 },
    /// No address of the family is so long.
    Longer { prefix: IpNet, length: u8 },
    /// There are not so many addresses in it.
    TooMany { prefix: IpNet, parts: u128 },
    /// Nothing is no number of parts.
    None { prefix: IpNet },
}

/// The parts of a prefix, in order; wide ones first, then narrow ones of half their size.
#[derive(Clone, Debug)]
pub struct Parts {
    family: Family,
    /// Where the next part begins.
    next: Option<u128>,
    last: u128,
    /// The length of the wide ones.
    length: u8,
    /// Where the narrow ones begin.
    narrow_from: Option<u128>,
    count: Count,
}

/// Splits into equal parts of that length.
pub fn to_length(prefix: &IpNet, length: u8) -> Result<Parts, NoSplit> {
    let prefix = prefix.trunc();
    if length < prefix.prefix_len() {
        return Err(NoSplit::Shorter { prefix, length });
    }
    if length > prefix.max_prefix_len() {
        return Err(NoSplit::Longer { prefix, length });
    }
    Ok(parts(&prefix, length, None, Count::power(length - prefix.prefix_len())))
}

/// Splits into so many parts, as equal as can be: where the number is no power of two, the last ones
/// are half as large as the first.
pub fn into_parts(prefix: &IpNet, parts_wanted: u128) -> Result<Parts, NoSplit> {
    let prefix = prefix.trunc();
    let count = Count::new(parts_wanted).ok_or(NoSplit::None { prefix })?;
    if count > Count::power(host_bits(&prefix)) {
        return Err(NoSplit::TooMany { prefix, parts: parts_wanted });
    }
    // Halving `halved` of the 2^longer equal parts makes so many more of them.
    let longer = u8::try_from(parts_wanted.ilog2()).unwrap_or(u8::MAX);
    let halved = parts_wanted - (1 << longer);
    let length = prefix.prefix_len() + longer;
    let narrow_from = (halved > 0).then(|| {
        let size = 1 << (prefix.max_prefix_len() - length);
        range(&prefix).1 - (halved * size - 1)
    });
    Ok(parts(&prefix, length, narrow_from, count))
}

fn parts(prefix: &IpNet, length: u8, narrow_from: Option<u128>, count: Count) -> Parts {
    let (first, last) = range(prefix);
    let family = Family::of_prefix(prefix);
    Parts { family, next: Some(first), last, length, narrow_from, count }
}

impl Parts {
    /// How many there are in all.
    pub fn total(&self) -> Count {
        self.count
    }
}

impl Iterator for Parts {
    type Item = IpNet;

    fn next(&mut self) -> Option<IpNet> {
        let at = self.next?;
        let narrow = self.narrow_from.is_some_and(|from| at >= from);
        let length = self.length + u8::from(narrow);
        let end = at | ones(self.family.bits() - length);
        self.next = (end < self.last).then(|| end + 1);
        Some(prefix_at(self.family, at, length))
    }
}

impl FusedIterator for Parts {}
