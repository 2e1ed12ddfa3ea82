//! Finding a key in a set (`nft_set_hash.c`, `nft_set_rbtree.c`).

use super::register::Partly;
use crate::host::nft::{DataType, Element, Key, Set, SetValueType};

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
    let to = element.to.as_ref().unwrap_or(from);
    let mut at = 0;
    fields.iter().all(|field| {
        let bytes = at..at + field.len().next_multiple_of(4) as usize;
        at = bytes.end;
        let (Some(from), Some(to), Some(key)) =
            (from.0.get(bytes.clone()), to.0.get(bytes.clone()), key.get(bytes))
        else {
            return false;
        };
        from <= key && key <= to
    })
}

/// Whether a key that is partly known could be in the set.
pub(super) fn may_hold(set: &Set, key: &Partly) -> bool {
    let mut keys = set.elements.0.keys();
    if set.interval { keys.next().is_some() } else { keys.any(|each| key.could_be(&each.0)) }
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
    }
}
