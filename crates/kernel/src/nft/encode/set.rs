//! Sets and their elements as attributes.

use super::expression::{value, verdict};
use crate::netlink::Writer;
use crate::nft::numbers::{DATA_VERDICT, INTERVAL_END, TYPE_BITS, attribute as nfta, set_flag};
use crate::nft::userdata::{self, ByteOrder};
use crate::{Error, Result};
use model::host::nft::{DataType, Element, Key, Set, SetValue, SetValueType};
use std::collections::BTreeMap;

/// Bytes of elements in one message: an attribute holds 64 KiB less one.
const PIECE: usize = 40 << 10;

/// What makes a set, without its elements. No size is given: the kernel then picks the hash table
/// that grows and whose elements come and go one by one.
pub(super) fn declare(
    body: &mut Writer,
    table: &str,
    set: &Set,
    id: u32,
    subject: &str,
) -> Result<()> {
    let mut flags = 0;
    for (wanted, flag) in [
        (set.interval, set_flag::INTERVAL),
        (set.constant, set_flag::CONSTANT),
        (set.anonymous, set_flag::ANONYMOUS),
        (set.value.is_some(), set_flag::MAP),
        (set.key.len() > 1, set_flag::CONCAT),
    ] {
        flags |= if wanted { flag } else { 0 };
    }
    body.text(nfta::SET_TABLE, table);
    body.text(nfta::SET_NAME, &set.name);
    body.be32(nfta::SET_FLAGS, flags);
    body.be32(nfta::SET_KEY_TYPE, type_number(&set.key, subject)?);
    body.be32(nfta::SET_KEY_LEN, length(&set.key));
    let mut notes = Vec::new();
    note_byte_order(&mut notes, userdata::KEY_BYTE_ORDER, &set.key);
    match &set.value {
        Some(SetValueType::Verdict) => body.be32(nfta::SET_DATA_TYPE, DATA_VERDICT),
        Some(SetValueType::Data(types)) => {
            body.be32(nfta::SET_DATA_TYPE, type_number(types, subject)?);
            body.be32(nfta::SET_DATA_LEN, length(types));
            note_byte_order(&mut notes, userdata::DATA_BYTE_ORDER, types);
        }
        None => {}
    }
    if set.key.len() > 1 {
        body.nest(nfta::SET_DESC, |body| {
            body.nest(nfta::SET_DESC_CONCAT, |body| {
                for field in &set.key {
                    body.nest(nfta::LIST_ELEM, |body| body.be32(nfta::SET_FIELD_LEN, field.len()));
                }
            });
        });
    }
    body.be32(nfta::SET_ID, id);
    if !notes.is_empty() {
        body.bytes(nfta::SET_USERDATA, &notes);
    }
    Ok(())
}

/// The number of a concatenation: its fields' numbers, 6 bits each.
fn type_number(types: &[DataType], subject: &str) -> Result<u32> {
    let unfit = |why: &str| Error::Unfit { subject: subject.to_owned(), why: why.to_owned() };
    if let [one] = types {
        return Ok(one.number());
    }
    if types.is_empty() || types.len() > 5 {
        return Err(unfit("a key or value has one to five fields"));
    }
    types.iter().try_fold(0, |number, field| {
        if field.number() >> TYPE_BITS == 0 {
            Ok(number << TYPE_BITS | field.number())
        } else {
            Err(unfit("a type with so large a number cannot be part of a concatenation"))
        }
    })
}

/// One field counts as it is, several are padded to 4 bytes each.
fn length(types: &[DataType]) -> u32 {
    match types {
        [one] => one.len(),
        many => many.iter().map(|field| field.len().next_multiple_of(4)).sum(),
    }
}

/// A note for nft(8), which cannot know from the type's number alone how bytes are ordered.
fn note_byte_order(notes: &mut Vec<u8>, kind: u8, types: &[DataType]) {
    let order = match types {
        [DataType::Mark | DataType::LinkIndex | DataType::LinkName] => ByteOrder::Host,
        [DataType::Other { .. }] => return,
        _ => ByteOrder::Network,
    };
    userdata::byte_order(notes, kind, order);
}

/// The bodies of the messages that add elements, or take them out by their keys alone.
pub(super) fn elements(
    header: Writer,
    table: &str,
    set: &Set,
    elements: &BTreeMap<Key, Element>,
    with_data: bool,
) -> Vec<Writer> {
    let mut pieces = vec![Writer::default()];
    let mut open = false;
    for (key, element) in elements {
        if pieces.last().is_some_and(|piece| piece.len() > PIECE) {
            pieces.push(Writer::default());
        }
        let Some(piece) = pieces.last_mut() else { continue };
        // A range that the next one follows without a gap still has an end of its own.
        if set.interval && set.key.len() == 1 && open && !element.end {
            let end = Element { value: None, comment: None, end: true, to: None };
            self::element(piece, set, key, &end, with_data);
        }
        open = !element.end;
        self::element(piece, set, key, element, with_data);
    }
    let body = |piece: Writer| {
        let mut body = header.clone();
        body.text(nfta::ELEMENTS_TABLE, table);
        body.text(nfta::ELEMENTS_SET, &set.name);
        body.nest(nfta::ELEMENTS_LIST, |body| body.raw(&piece.finish()));
        body
    };
    pieces.into_iter().filter(|piece| !piece.is_empty()).map(body).collect()
}

fn element(to: &mut Writer, set: &Set, key: &Key, element: &Element, with_data: bool) {
    to.nest(nfta::LIST_ELEM, |body| {
        value(body, nfta::ELEM_KEY, unpadded(&key.0, &set.key));
        if element.end {
            body.be32(nfta::ELEM_FLAGS, INTERVAL_END);
        }
        if let Some(to) = &element.to {
            value(body, nfta::ELEM_KEY_END, &to.0);
        }
        if !with_data {
            return;
        }
        match (&element.value, &set.value) {
            (Some(SetValue::Data(data)), Some(SetValueType::Data(types))) => {
                value(body, nfta::ELEM_DATA, unpadded(data, types));
            }
            (Some(SetValue::Data(data)), _) => value(body, nfta::ELEM_DATA, data),
            (Some(SetValue::Verdict(decision)), _) => {
                body.nest(nfta::ELEM_DATA, |body| verdict(body, decision));
            }
            (None, _) => {}
        }
        if let Some(comment) = &element.comment {
            body.bytes(nfta::ELEM_USERDATA, &userdata::comment(comment));
        }
    });
}

/// The model pads every field to 4 bytes; the kernel wants a lone field as long as its type is.
fn unpadded<'a>(bytes: &'a [u8], types: &[DataType]) -> &'a [u8] {
    match types {
        [one] => bytes.get(..one.len() as usize).unwrap_or(bytes),
        _ => bytes,
    }
}
