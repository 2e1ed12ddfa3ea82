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
    let (_, element) = set.elements.0.range(..=key).next_back()?;
    (!element.end).then_some(element)
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
        let end = Element { value: None, comment: None, end: true };
        set.elements.0.insert(Key::new().port(90), end);
        let found = |port: u16| find(&set, &Key::new().port(port).0).is_some();
        assert_eq!([79, 80, 89, 90].map(found), [false, true, true, false]);
    }
}
