//! Sets by others that hold the same. A range of addresses is no range afterwards, but its prefixes are
//! prefixes: it becomes those.

use super::Mask;
use super::field::{Kind, field};
use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};
use model::host::nft::{DataType, Element, Elements, Key, Set, SetValue, SetValueType};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// More than anybody writes; beyond, the set is left out.
const MOST_RANGES: usize = 4096;

fn kind(of: DataType) -> Kind {
    match of {
        DataType::Ipv4Address => Kind::V4,
        DataType::Ipv6Address => Kind::V6,
        DataType::Mac => Kind::Mac,
        DataType::LinkName => Kind::Link,
        DataType::Protocol | DataType::Port | DataType::Mark | DataType::LinkIndex => Kind::Plain,
        DataType::Other { .. } => Kind::Plain,
    }
}

/// nftables' `integer`: whatever a rule has read from the packet.
const INTEGER: u32 = 4;

/// Kinds of a key's or value's fields, each with its length in registers; `None` if one of them might be
/// anything.
pub(super) fn kinds(of: &[DataType]) -> Option<Vec<(Kind, usize)>> {
    let one = |of: &DataType| match of {
        DataType::Other { number: INTEGER, len } if *len > 2 => None,
        of => Some((kind(*of), of.len() as usize)),
    };
    of.iter().map(one).collect()
}

/// The set with its elements; `None` if they cannot be masked truthfully.
pub(super) fn masked(mask: &Mask, set: &Set) -> Option<Elements> {
    let fields = kinds(&set.key)?;
    let mut elements = Elements::default();
    match (set.interval, &fields[..]) {
        (false, _) => {
            for (key, element) in &set.elements.0 {
                let element = Element { value: value(mask, set, element)?, ..bare() };
                elements.0.insert(Key(whole(mask, &fields, &key.0)?), element);
            }
        }
        (true, [(Kind::V4 | Kind::V6, length)]) => borders(mask, set, *length, &mut elements)?,
        (true, [(Kind::Plain | Kind::Protocol | Kind::EtherType, _)]) => {
            for (key, element) in &set.elements.0 {
                let (value, end) = (value(mask, set, element)?, element.end);
                elements.0.insert(key.clone(), Element { value, end, ..bare() });
            }
        }
        (true, [_]) => return None,
        (true, _) => {
            for (from, element) in &set.elements.0 {
                let to = element.to.as_ref().unwrap_or(from);
                for (from, to) in boxes(mask, &fields, &from.0, &to.0)? {
                    let value = value(mask, set, element)?;
                    elements.0.insert(Key(from), Element { value, to: Some(Key(to)), ..bare() });
                }
                (elements.0.len() <= MOST_RANGES).then_some(())?;
            }
        }
    }
    Some(elements)
}

/// Without its comment.
fn bare() -> Element {
    Element { value: None, comment: None, end: false, to: None }
}

fn value(mask: &Mask, set: &Set, element: &Element) -> Option<Option<SetValue>> {
    Some(match (&element.value, &set.value) {
        (Some(SetValue::Verdict(verdict)), _) => Some(SetValue::Verdict(mask.verdict(verdict))),
        (Some(SetValue::Data(data)), Some(SetValueType::Data(fields))) => {
            Some(SetValue::Data(whole(mask, &kinds(fields)?, data)?))
        }
        (Some(SetValue::Data(_)), _) => return None,
        (None, _) => None,
    })
}

/// Fields one after another, each padded to 4 bytes.
fn whole(mask: &Mask, fields: &[(Kind, usize)], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut masked = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    for (kind, length) in fields {
        let (padded, behind) = rest.split_at_checked(length.next_multiple_of(4).min(rest.len()))?;
        let (own, padding) = padded.split_at_checked(*length)?;
        masked.extend(field(mask, *kind, 0, own, None)?);
        masked.extend(padding);
        rest = behind;
    }
    Some(masked)
}

/// Ranges by their borders.
fn borders(mask: &Mask, set: &Set, length: usize, into: &mut Elements) -> Option<()> {
    let mut ranges: Vec<(u128, u128, &Element)> = Vec::new();
    let mut open: Option<(u128, &Element)> = None;
    for (key, element) in &set.elements.0 {
        let at = number(key.0.get(..length)?);
        if let Some((from, element)) = open.take() {
            ranges.push((from, at.checked_sub(1)?, element));
        }
        open = (!element.end).then_some((at, element));
    }
    let last = if length == 4 { u128::from(u32::MAX) } else { u128::MAX };
    ranges.extend(open.map(|(from, element)| (from, last, element)));
    let mut masked: Vec<(u128, u128, &Element)> = Vec::new();
    for (from, to, element) in ranges {
        for prefix in prefixes(from, to, length) {
            let (from, to) = ends(mask.prefix(prefix));
            masked.push((from, to, element));
        }
        (masked.len() <= MOST_RANGES).then_some(())?;
    }
    masked.sort_by_key(|(from, ..)| *from);
    let starts: Vec<_> = masked.iter().map(|(from, ..)| *from).collect();
    let key = |number: u128| Key(number.to_be_bytes()[16 - length..].to_vec());
    for (from, to, element) in masked {
        into.0.insert(key(from), Element { value: value(mask, set, element)?, ..bare() });
        if to < last && starts.binary_search(&(to + 1)).is_err() {
            into.0.insert(key(to + 1), Element { end: true, ..bare() });
        }
    }
    Some(())
}

/// Ranges over several fields: a prefix for each of the prefixes of each field.
fn boxes(
    mask: &Mask,
    fields: &[(Kind, usize)],
    from: &[u8],
    to: &[u8],
) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut all = vec![(Vec::new(), Vec::new())];
    let mut at = 0;
    for (kind, length) in fields {
        let padded = length.next_multiple_of(4);
        let (from, to) = (from.get(at..at + padded)?, to.get(at..at + padded)?);
        at += padded;
        let parts: Vec<(Vec<u8>, Vec<u8>)> = match kind {
            Kind::V4 | Kind::V6 => {
                let prefixes = prefixes(number(from), number(to), *length).into_iter();
                let bytes = |number: u128| number.to_be_bytes()[16 - length..].to_vec();
                let ends = prefixes.map(|prefix| ends(mask.prefix(prefix)));
                ends.map(|(from, to)| (bytes(from), bytes(to))).collect()
            }
            Kind::Mac | Kind::Link => {
                let mut own = field(mask, *kind, 0, from.get(..*length)?, None)?;
                own.resize(padded, 0);
                (from == to).then(|| vec![(own.clone(), own)])?
            }
            Kind::Plain | Kind::Protocol | Kind::EtherType => vec![(from.to_vec(), to.to_vec())],
        };
        (all.len() * parts.len() <= MOST_RANGES).then_some(())?;
        let joined = all.iter().flat_map(|(from, to)| {
            let parts = parts.iter();
            parts.map(move |(f, t)| ([&from[..], f].concat(), [&to[..], t].concat()))
        });
        all = joined.collect();
    }
    Some(all)
}

fn number(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn prefixes(from: u128, to: u128, length: usize) -> Vec<IpNet> {
    match length {
        4 => {
            let [from, to] = [from, to].map(|end| Ipv4Addr::from(end as u32));
            Ipv4Subnets::new(from, to, 0).map(IpNet::V4).collect()
        }
        _ => {
            let [from, to] = [from, to].map(Ipv6Addr::from);
            Ipv6Subnets::new(from, to, 0).map(IpNet::V6).collect()
        }
    }
}

fn ends(prefix: IpNet) -> (u128, u128) {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    (number(prefix.network()), number(prefix.broadcast()))
}

#[cfg(test)]
mod tests {
    use super::super::address::Addresses;
    use super::*;
    use proptest::prelude::*;

    fn mask(key: [u8; 16]) -> Mask {
        Mask { addresses: Some(Addresses::new(key)), names: None }
    }

    /// As the kernel asks a set of ranges.
    fn holds(elements: &Elements, address: u32) -> bool {
        let key = Key(address.to_be_bytes().to_vec());
        let before = elements.0.range(..=key).next_back();
        before.is_some_and(|(_, element)| !element.end)
    }

    fn moved(mask: &Mask, address: u32) -> u32 {
        match mask.ip(IpAddr::V4(address.into())) {
            IpAddr::V4(masked) => masked.into(),
            IpAddr::V6(_) => unreachable!("a family is kept"),
        }
    }

    proptest! {
        /// The borders are moved about, and the same addresses are within.
        #[test]
        fn ranges_hold_the_same(
            key: [u8; 16],
            borders in prop::collection::btree_set(0x0a00_0000u32..0x0a00_4000, 1..9),
            asked in prop::collection::vec(0x0a00_0000u32..0x0a00_4000, 40),
        ) {
            let mask = mask(key);
            let mut set = Set { interval: true, ..Set::hash("s", &[DataType::Ipv4Address]) };
            for (number, border) in borders.iter().enumerate() {
                let element = Element { end: number % 2 == 1, ..bare() };
                set.elements.0.insert(Key(border.to_be_bytes().to_vec()), element);
            }
            let elements = masked(&mask, &set).unwrap();
            for address in asked.into_iter().chain(borders) {
                prop_assert_eq!(holds(&set.elements, address), holds(&elements, moved(&mask, address)));
            }
        }
    }

    #[test]
    fn ranges_over_several_fields_hold_the_same() {
        let mask = mask([9; 16]);
        let mut set = Set::ranges("s", &[DataType::Ipv4Address, DataType::Port]);
        let key = |address: [u8; 4], port| Key::new().address(IpAddr::from(address)).port(port);
        set.elements.insert_range(key([10, 0, 0, 3], 80), key([10, 0, 0, 12], 90), None);
        let elements = masked(&mask, &set).unwrap();
        for last in 0..16u8 {
            let address = moved(&mask, u32::from_be_bytes([10, 0, 0, last])).to_be_bytes();
            let held = elements.0.iter().filter(|(from, element)| {
                let to = element.to.as_ref().unwrap();
                from.0[..4] <= address[..]
                    && address[..] <= to.0[..4]
                    && (&from.0[4..], &to.0[4..]) == (&[0, 80, 0, 0][..], &[0, 90, 0, 0][..])
            });
            assert_eq!(held.count() == 1, (3..=12).contains(&last), "10.0.0.{last}");
        }
    }

    #[test]
    fn what_may_be_anything_is_left_out() {
        let integer = DataType::Other { number: INTEGER, len: 4 };
        assert!(masked(&mask([1; 16]), &Set::hash("s", &[integer])).is_none());
        let names = Set { interval: true, ..Set::hash("s", &[DataType::LinkName]) };
        assert!(masked(&mask([1; 16]), &names).is_none());
    }
}
