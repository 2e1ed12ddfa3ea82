//! Sets and their elements from attributes.

use super::{comment, number, text, verdict};
use crate::netlink::Attributes;
use crate::nft::numbers::{DATA_VERDICT, INTERVAL_END, TYPE_BITS, attribute as nfta, set_flag};
use model::host::nft::{DataType, Element, Elements, Key, Set, SetValue, SetValueType};

/// A set, and why it is more than the model can hold, if it is.
#[derive(Debug)]
pub(in crate::nft) struct ReadSet {
    pub(in crate::nft) set: Set,
    pub(in crate::nft) unmodelled: Option<String>,
}

/// Decodes a set without its elements.
pub(in crate::nft) fn set(attributes: Attributes<'_>) -> Option<ReadSet> {
    let name = text(attributes, nfta::SET_NAME)?;
    let flags = number(attributes, nfta::SET_FLAGS).unwrap_or(0);
    let has = |flag| flags & flag != 0;
    let mut unmodelled = None;
    let fields: Vec<u32> = attributes
        .nested(nfta::SET_DESC)
        .nested(nfta::SET_DESC_CONCAT)
        .filter_map(|field| number(field.nested(), nfta::SET_FIELD_LEN))
        .collect();
    let types = |kind, len, fields: &[u32]| {
        let number = number(attributes, kind).unwrap_or(0);
        types(number, self::number(attributes, len).unwrap_or(0), fields)
    };
    let key = types(nfta::SET_KEY_TYPE, nfta::SET_KEY_LEN, &fields);
    let value = match number(attributes, nfta::SET_DATA_TYPE) {
        _ if has(set_flag::OBJECT) => {
            unmodelled = Some("it maps to named objects".to_owned());
            None
        }
        _ if !has(set_flag::MAP) => None,
        Some(DATA_VERDICT) => Some(SetValueType::Verdict),
        _ => Some(SetValueType::Data(types(nfta::SET_DATA_TYPE, nfta::SET_DATA_LEN, &[]))),
    };
    let interval = has(set_flag::INTERVAL);
    if interval && has(set_flag::CONCAT) && key.len() < 2 {
        unmodelled =
            Some("it holds ranges over several fields that it does not tell apart".to_owned());
    }
    let set = Set {
        name,
        key,
        value,
        interval,
        constant: has(set_flag::CONSTANT),
        anonymous: has(set_flag::ANONYMOUS),
        elements: Elements::default(),
    };
    Some(ReadSet { set, unmodelled })
}

const KNOWN: [DataType; 8] = [
    DataType::Ipv4Address,
    DataType::Ipv6Address,
    DataType::Mac,
    DataType::Protocol,
    DataType::Port,
    DataType::Mark,
    DataType::LinkIndex,
    DataType::LinkName,
];

/// The fields that a type's number stands for. `fields` gives their lengths, where the kernel
/// kept them; `len` is all of them together.
fn types(number: u32, len: u32, fields: &[u32]) -> Vec<DataType> {
    if number >> TYPE_BITS == 0 || fields.is_empty() && known_concatenation(number, len).is_none() {
        return vec![data_type(number, Some(len))];
    }
    if fields.is_empty() {
        return known_concatenation(number, len).unwrap_or_default();
    }
    let numbers = parts(number);
    let missing = fields.len().saturating_sub(numbers.len());
    std::iter::repeat_n(0, missing)
        .chain(numbers)
        .zip(fields)
        .map(|(number, len)| data_type(number, Some(*len)))
        .collect()
}

/// The fields of a concatenation whose lengths nobody kept: at most one may be of a type we do not
/// know, and gets what the others leave.
fn known_concatenation(number: u32, len: u32) -> Option<Vec<DataType>> {
    let numbers = parts(number);
    let padded = |field: DataType| field.len().next_multiple_of(4);
    let sum = |fields: &[DataType]| fields.iter().map(|field| padded(*field)).sum::<u32>();
    let known: Vec<_> = numbers.iter().map(|number| data_type(*number, None)).collect();
    let rest = len.checked_sub(sum(&known))?;
    let fields: Vec<_> = known
        .into_iter()
        .map(|field| match field {
            DataType::Other { number, .. } => DataType::Other { number, len: rest },
            known => known,
        })
        .collect();
    let unknown = fields.iter().filter(|field| matches!(field, DataType::Other { .. })).count();
    (sum(&fields) == len && unknown <= 1).then_some(fields)
}

fn parts(mut number: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    while number != 0 {
        numbers.push(number & ((1 << TYPE_BITS) - 1));
        number >>= TYPE_BITS;
    }
    numbers.reverse();
    numbers
}

fn data_type(number: u32, len: Option<u32>) -> DataType {
    KNOWN
        .into_iter()
        .find(|known| known.number() == number && len.is_none_or(|len| len == known.len()))
        .unwrap_or_else(|| DataType::Other { number, len: len.unwrap_or(0) })
}

/// Puts the elements of a message into their set.
pub(in crate::nft) fn elements(attributes: Attributes<'_>, into: &mut ReadSet) {
    for element in attributes.nested(nfta::ELEMENTS_LIST) {
        if let Err(why) = self::element(element.nested(), &mut into.set) {
            into.unmodelled.get_or_insert(why);
        }
    }
}

fn element(attributes: Attributes<'_>, set: &mut Set) -> Result<(), String> {
    let flags = number(attributes, nfta::ELEM_FLAGS).unwrap_or(0);
    if flags & !INTERVAL_END != 0 || attributes.get(nfta::ELEM_KEY).is_none() {
        return Err("it holds an element for all other keys".to_owned());
    }
    let padded = |kind| {
        let value = attributes.nested(kind).get(nfta::DATA_VALUE)?;
        let mut bytes = value.value.to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Some(bytes)
    };
    let end = flags & INTERVAL_END != 0;
    let data = attributes.nested(nfta::ELEM_DATA);
    let value = if end {
        None
    } else if data.get(nfta::DATA_VERDICT).is_some() {
        Some(SetValue::Verdict(verdict(data)?))
    } else {
        padded(nfta::ELEM_DATA).map(SetValue::Data)
    };
    let key = Key(padded(nfta::ELEM_KEY).ok_or("it holds a key that is no value")?);
    let to = padded(nfta::ELEM_KEY_END).map(Key);
    let element = Element { value, comment: comment(attributes, nfta::ELEM_USERDATA), end, to };
    // Where one range ends and the next begins there are two elements of one key; the beginning
    // says all.
    if end {
        set.elements.0.entry(key).or_insert(element);
    } else {
        set.elements.0.insert(key, element);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_come_from_numbers_and_lengths() {
        use DataType::{Ipv4Address, Mac, Other, Port, Protocol};
        assert_eq!(types(7, 4, &[]), [Ipv4Address]);
        assert_eq!(types(26, 4, &[]), [Other { number: 26, len: 4 }]);
        assert_eq!(types(7 << 6 | 13, 8, &[]), [Ipv4Address, Port]);
        assert_eq!(types(7 << 6 | 13, 8, &[4, 2]), [Ipv4Address, Port]);
        assert_eq!(
            types(12 << 12 | 9 << 6 | 50, 16, &[1, 6, 4]),
            [Protocol, Mac, Other { number: 50, len: 4 }]
        );
        assert_eq!(types(7 << 6 | 50, 12, &[]), [Ipv4Address, Other { number: 50, len: 8 }]);
        assert_eq!(types(u32::MAX, 0, &[]), [Other { number: u32::MAX, len: 0 }]);
    }
}
