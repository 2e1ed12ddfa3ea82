//! Elements of sets and maps in words.

use super::kind::{Kind, show_name};
use super::value::Type;
use crate::host::nft::{DataType, Element, Key, Set, SetValue, SetValueType, Verdict};

/// How a rule refers to a set: by its name, or, if it was made for the rule, by all it holds.
/// `types` are those of the values that are looked for; elements are shifted by so many bits.
pub(super) fn reference(set: &Set, types: &[Type], shift: u32) -> String {
    match set.anonymous {
        true => format!("{{ {} }}", items(set, types, shift).join(", ")),
        false => format!("@{}", set.name),
    }
}

/// The elements in the order nft prints them in.
pub(super) fn items(set: &Set, types: &[Type], shift: u32) -> Vec<String> {
    let fields = fields(&set.key);
    let types: Vec<Type> = match types.len() == fields.len() {
        true => types.to_vec(),
        false => fields.iter().map(|field| Type::of(*field)).collect(),
    };
    let lengths: Vec<usize> =
        fields.iter().zip(&types).map(|(field, of)| length(*field, *of)).collect();
    match (&types[..], set.interval) {
        ([one], true) => ranges(set, *one, fields[0].len() as usize, shift),
        ([one], false) => values(set, *one, fields[0].len() as usize, shift),
        (_, _) => concatenations(set, &types, &lengths),
    }
}

/// The fields of a key; a number that stands for several types is taken apart.
pub(super) fn fields(key: &[DataType]) -> Vec<DataType> {
    const BITS: u32 = 6;
    let [DataType::Other { number, len }] = key else { return key.to_vec() };
    if number >> BITS == 0 {
        return key.to_vec();
    }
    let mut numbers = Vec::new();
    let mut rest = *number;
    while rest != 0 {
        numbers.push(rest & ((1 << BITS) - 1));
        rest >>= BITS;
    }
    numbers.reverse();
    let lengths: Vec<_> = numbers.iter().map(|number| Kind::bytes_of(*number)).collect();
    let known: u32 = lengths.iter().flatten().map(|len| padded(*len)).sum();
    let unknown = lengths.iter().filter(|len| len.is_none()).count() as u32;
    let left = len.saturating_sub(known).checked_div(unknown).unwrap_or(0);
    let pairs = numbers.into_iter().zip(lengths);
    pairs.map(|(number, len)| DataType::Other { number, len: len.unwrap_or(left) }).collect()
}

/// Bytes that a field takes.
pub(super) fn padded(len: u32) -> u32 {
    len.saturating_add(3) & !3
}

/// Bytes of a field less what pads it: of some types the set itself does not say.
fn length(field: DataType, of: Type) -> usize {
    let said = [Kind::bytes_of(field.number()), Some(of.len.div_ceil(8)).filter(|len| *len != 0)];
    let least = said.into_iter().flatten().min();
    least.map_or(field.len(), |least| least.min(field.len())) as usize
}

fn values(set: &Set, of: Type, len: usize, shift: u32) -> Vec<String> {
    let mut elements: Vec<_> = set.elements.0.iter().collect();
    elements.sort_by_key(|(key, _)| order(of, key, len));
    let shown = elements.into_iter().map(|(key, element)| {
        let bytes = cut(&key.0, len);
        let shown = match shift {
            0 => of.show(bytes),
            shift => of.kind.show(of.number(bytes) >> shift),
        };
        with_rest(shown, element, set)
    });
    shown.collect()
}

/// Numbers by size, names as numbers of the machine's order, sets of bits by their lowest.
fn order(of: Type, key: &Key, len: usize) -> (u128, std::cmp::Reverse<u128>) {
    let bytes = cut(&key.0, len);
    let number = of.number(bytes);
    match of.kind.is_bits() {
        true => (number & number.wrapping_neg(), std::cmp::Reverse(number)),
        false => (number, std::cmp::Reverse(0)),
    }
}

/// Ranges of one field: each element but an end begins one, which ends before the next element.
fn ranges(set: &Set, of: Type, len: usize, shift: u32) -> Vec<String> {
    let of = Type { host_order: false, ..of };
    let last = if len >= 16 { u128::MAX } else { (1 << (8 * len)) - 1 };
    let number = |key: &Key| of.number(cut(&key.0, len));
    let mut shown = Vec::new();
    let mut elements = set.elements.0.iter().peekable();
    while let Some((key, element)) = elements.next() {
        if element.end {
            continue;
        }
        let first = number(key);
        let end = elements.peek().map_or(last, |(next, _)| number(next).wrapping_sub(1));
        let range = match of.kind {
            Kind::LinkName => names(cut(&key.0, len), first, end),
            _ => range(of.kind, first >> shift, end >> shift, (len as u32).saturating_mul(8)),
        };
        shown.push(with_rest(range, element, set));
    }
    shown
}

/// One value, a prefix, or a range.
pub(super) fn range(kind: Kind, first: u128, last: u128, bits: u32) -> String {
    if first == last {
        return kind.show(first);
    }
    let free = (first ^ last).count_ones();
    let span = 1_u128.checked_shl(free).map_or(u128::MAX, |span| span - 1);
    if kind.has_prefixes() && first & span == 0 && last == first | span {
        return format!("{}/{}", kind.show_number(first), bits.saturating_sub(free));
    }
    format!("{}-{}", kind.show_number(first), kind.show_number(last))
}

/// A name, all names that begin so, or a range of them.
fn names(bytes: &[u8], first: u128, last: u128) -> String {
    if first == last {
        return show_name(bytes, 16);
    }
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let free = 1_u128
        .checked_shl(8 * 16_u32.saturating_sub(end as u32))
        .map_or(u128::MAX, |span| span - 1);
    if last == first | free {
        return show_name(&bytes[..end], 16);
    }
    let last = last.to_be_bytes();
    let whole = last.iter().rposition(|byte| *byte != 0xff).map_or(0, |at| at + 1);
    format!("{}-{}", show_name(bytes, 16), show_name(&last[..whole], 16))
}

fn concatenations(set: &Set, types: &[Type], lengths: &[usize]) -> Vec<String> {
    let split = |key: &Key| {
        let mut at = 0;
        let parts = lengths.iter().map(|len| {
            let part = key.0.get(at..at + len).unwrap_or_default().to_vec();
            at += len.next_multiple_of(4);
            part
        });
        parts.collect::<Vec<_>>()
    };
    let mut elements: Vec<_> = set.elements.0.iter().map(|(key, of)| (split(key), of)).collect();
    if !set.interval {
        // As one number that the machine's order reads from the fields' bytes.
        elements.sort_by_cached_key(|(parts, _)| {
            parts.iter().flatten().rev().copied().collect::<Vec<u8>>()
        });
    }
    let shown = elements.into_iter().map(|(parts, element)| {
        let ends = element.to.as_ref().map(split);
        let fields = types.iter().zip(&parts).enumerate().map(|(number, (of, part))| {
            match ends.as_ref().and_then(|ends| ends.get(number)) {
                None if set.interval => Type { host_order: false, ..*of }.show(part),
                None => of.show(part),
                Some(end) => span(*of, part, end),
            }
        });
        let fields: Vec<_> = fields.collect();
        with_rest(fields.join(" . "), element, set)
    });
    shown.collect()
}

/// A field of a range over several.
fn span(of: Type, first: &[u8], last: &[u8]) -> String {
    let number = |bytes| super::kind::number(bytes, false);
    match of.kind {
        Kind::LinkName => names(first, number(first), number(last)),
        kind => range(kind, number(first), number(last), first.len() as u32 * 8),
    }
}

/// What stands behind a key: its comment, and what a map gives for it.
fn with_rest(key: String, element: &Element, set: &Set) -> String {
    let comment = element.comment.as_ref();
    let key = comment.map_or_else(|| key.clone(), |comment| format!("{key} comment \"{comment}\""));
    match &element.value {
        None => key,
        Some(SetValue::Verdict(verdict)) => format!("{key} : {}", self::verdict(verdict)),
        Some(SetValue::Data(bytes)) => format!("{key} : {}", data(set, bytes)),
    }
}

fn data(set: &Set, bytes: &[u8]) -> String {
    let Some(SetValueType::Data(types)) = &set.value else { return "[unknown]".to_owned() };
    let mut at = 0;
    let shown = fields(types).into_iter().map(|field| {
        let len = field.len() as usize;
        let part = bytes.get(at..at + len).unwrap_or_default();
        at += len.next_multiple_of(4);
        let of = Type::of(field);
        match is_span(field) {
            true => {
                let (first, last) = part.split_at(part.len() / 2);
                range(of.kind, of.number(first), of.number(last), first.len() as u32 * 8)
            }
            false => of.show(part),
        }
    });
    shown.collect::<Vec<_>>().join(" . ")
}

/// Whether a map's value is a range: as long as two of its type.
pub(super) fn is_span(field: DataType) -> bool {
    Kind::bytes_of(field.number()).is_some_and(|len| field.len() == 2 * len)
}

/// A decision in words.
pub(super) fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept => "accept".to_owned(),
        Verdict::Drop => "drop".to_owned(),
        Verdict::Queue(number) => format!("queue to {number}"),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
    }
}

fn cut(bytes: &[u8], len: usize) -> &[u8] {
    &bytes[..len.min(bytes.len())]
}
