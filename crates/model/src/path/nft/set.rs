//! Finding a key in a set (`nft_set_hash.c`, `nft_set_rbtree.c`).

use super::register::Partly;
use crate::host::nft::{DataType, Element, Key, Set, SetValueType};
use std::ops::Range;

/// Bytes of a key in registers: each field takes whole registers.
pub(super) fn key_length(set: &Set) -> usize {
    length(&set.key)
}

/// Bytes of a map's value.
pub(super) fn value_length(set: &Set) -> usize {
    match &set.value {
        Some(SetValueType::Data(fields)) => length(fields),
        Some(SetValueType::Verdict) | None => 0,
    }
}

fn length(fields: &[DataType]) -> usize {
    fields.iter().map(|field| field.len().next_multiple_of(4) as usize).sum()
}

/// Whether a match is a verdict.
pub(super) fn decides(set: &Set) -> bool {
    matches!(set.value, Some(SetValueType::Verdict))
}

/// The element that holds the key.
///
/// An interval set holds the beginning of each range and, marked as an end, the first key behind
/// it; a range without an end goes on to the last key there is.
pub(super) fn find<'s>(set: &'s Set, key: &[u8]) -> Option<&'s Element> {
    let key = Key(key.to_vec());
    if !set.interval {
        return set.elements.get(&key);
    }
    if set.key.len() > 1 {
        let mut ranges = set.elements.0.iter();
        let found = ranges.find(|(from, element)| within(&set.key, from, element, &key.0));
        return found.map(|(_, element)| element);
    }
    let (_, element) = set.elements.0.range(..=key).next_back()?;
    (!element.end).then_some(element)
}

/// Whether each field of the key is within the range of that field.
fn within(fields: &[DataType], from: &Key, element: &Element, key: &[u8]) -> bool {
    ranges(fields, from, element)
        .all(|(at, from, to)| key.get(at).is_some_and(|field| from <= field && field <= to))
}

/// Where each field of a key lies, and its first and last value.
fn ranges<'e>(
    fields: &'e [DataType],
    from: &'e Key,
    element: &'e Element,
) -> impl Iterator<Item = (Range<usize>, &'e [u8], &'e [u8])> {
    let to = element.to.as_ref().unwrap_or(from);
    let mut end = 0;
    fields.iter().map(move |field| {
        let at = end..end + field.len().next_multiple_of(4) as usize;
        end = at.end;
        let of = |key: &'e Key| key.0.get(at.clone()).unwrap_or_default();
        (at.clone(), of(from), of(to))
    })
}

/// Whether a key that is partly known could be in the set.
pub(super) fn may_hold(set: &Set, key: &Partly) -> bool {
    let mut elements = set.elements.0.iter();
    if !set.interval {
        return elements.any(|(each, _)| key.could_be(&each.0));
    }
    if set.key.len() < 2 {
        return elements.next().is_some();
    }
    // A field that is not known as a whole could be within any range.
    elements.any(|(from, element)| {
        ranges(&set.key, from, element).all(|(at, from, to)| {
            let known: Option<Vec<u8>> =
                key.bytes.get(at).unwrap_or_default().iter().copied().collect();
            known.is_none_or(|field| from <= &field[..] && &field[..] <= to)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_beginning_and_not_its_end() {
        let mut set = Set { interval: true, ..Set::hash("ports", &[DataType::Port]) };
        set.elements.insert(Key::new().port(80), None, None);
        let end = Element { value: None, comment: None, end: true, to: None };
        set.elements.0.insert(Key::new().port(90), end);
        let found = |port: u16| find(&set, &Key::new().port(port).0).is_some();
        assert_eq!([79, 80, 89, 90].map(found), [false, true, true, false]);
    }

    #[test]
    fn a_range_over_several_fields_holds_what_each_field_holds() {
        let mut set = Set::ranges("remote", &[DataType::Ipv4Address, DataType::Port]);
        let key = |address: [u8; 4], port: u16| Key::new().address(address.into()).port(port);
        set.elements.insert_range(key([10, 0, 0, 0], 80), key([10, 0, 0, 255], 80), None);
        let found = |address, port| find(&set, &key(address, port).0).is_some();
        assert!(found([10, 0, 0, 7], 80));
        assert!(!found([10, 0, 0, 7], 81));
        assert!(!found([10, 0, 1, 0], 80));
        let may = |address: [u8; 4]| {
            let mut bytes: Vec<_> =
                Key::new().address(address.into()).0.into_iter().map(Some).collect();
            bytes.extend([None, None, Some(0), Some(0)]);
            may_hold(&set, &Partly { bytes, why: "the port is the kernel's choice" })
        };
        assert!(may([10, 0, 0, 7]));
        assert!(!may([10, 0, 1, 0]));
    }
}
