//! Sets, maps and verdict maps (`struct nft_set`).
//!
//! A key is bytes as the kernel compares them: the fields one after another, each padded to a
//! multiple of 4 bytes. [`Key`] builds them; the set's `key` says how to read them.

use super::Verdict;
use crate::host::Keyed;
use crate::net::{LinkName, Mac, Transport, octets};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One set or map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    pub name: String,
    /// Types of the key's fields; more than one is a concatenation.
    pub key: Vec<DataType>,
    /// What a map gives; `None` for a set.
    pub value: Option<SetValueType>,
    /// Elements are ranges (`NFT_SET_INTERVAL`): of a lone field by their borders, of several each by
    /// its first and last key, field by field (`nft_set_pipapo.c`).
    pub interval: bool,
    /// Cannot change after it is made (`NFT_SET_CONSTANT`).
    pub constant: bool,
    /// Made for one rule and without a name of its own (`NFT_SET_ANONYMOUS`); only seen.
    pub anonymous: bool,
    pub elements: Elements,
}

impl Set {
    /// An empty hash set.
    pub fn hash(name: &str, key: &[DataType]) -> Self {
        Self {
            name: name.to_owned(),
            key: key.to_vec(),
            value: None,
            interval: false,
            constant: false,
            anonymous: false,
            elements: Elements::default(),
        }
    }

    /// An empty hash map from keys to concatenated data.
    pub fn map(name: &str, key: &[DataType], value: &[DataType]) -> Self {
        Self { value: Some(SetValueType::Data(value.to_vec())), ..Self::hash(name, key) }
    }

    /// An empty set of ranges over several fields.
    pub fn ranges(name: &str, key: &[DataType]) -> Self {
        Self { interval: true, ..Self::hash(name, key) }
    }

    /// The same set without its elements: what has to match for elements to be compared at all.
    pub fn shape(&self) -> Self {
        Self { elements: Elements::default(), ..self.clone() }
    }
}

impl Keyed for Set {
    type Key = String;

    fn key(&self) -> String {
        self.name.clone()
    }
}

/// A set's elements by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elements(pub BTreeMap<Key, Element>);

impl Elements {
    pub fn insert(&mut self, key: Key, value: Option<SetValue>, comment: Option<String>) {
        self.0.insert(key, Element { value, comment, end: false, to: None });
    }

    /// A range over several fields, its last key included.
    pub fn insert_range(&mut self, from: Key, to: Key, comment: Option<String>) {
        self.0.insert(from, Element { value: None, comment, end: false, to: Some(to) });
    }

    pub fn get(&self, key: &Key) -> Option<&Element> {
        self.0.get(key)
    }
}

impl Serialize for Elements {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(Key, Element)>::deserialize(deserializer)?;
        Ok(Self(pairs.into_iter().collect()))
    }
}

/// What belongs to a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    pub value: Option<SetValue>,
    pub comment: Option<String>,
    /// In an interval set: the first key that is no longer in the range
    /// (`NFT_SET_ELEM_INTERVAL_END`).
    pub end: bool,
    /// In a set of ranges over several fields: the last key of the range
    /// (`NFTA_SET_ELEM_KEY_END`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Key>,
}

/// The value of a map's element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetValue {
    Data(Vec<u8>),
    Verdict(Verdict),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetValueType {
    Data(Vec<DataType>),
    Verdict,
}

/// The userspace numbers of nftables' types (`enum datatypes` in nftables' `datatype.h`); the
/// kernel keeps them for us and does not look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    Ipv4Address,
    Ipv6Address,
    Mac,
    /// An internet protocol's number, 1 byte.
    Protocol,
    /// A port, 2 bytes in network order.
    Port,
    Mark,
    LinkIndex,
    LinkName,
    Other {
        number: u32,
        len: u32,
    },
}

impl DataType {
    /// Bytes of a value, before padding.
    pub fn len(self) -> u32 {
        match self {
            Self::Ipv4Address | Self::Mark | Self::LinkIndex => 4,
            Self::Ipv6Address | Self::LinkName => 16,
            Self::Mac => 6,
            Self::Protocol => 1,
            Self::Port => 2,
            Self::Other { len, .. } => len,
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// nftables' number of the type.
    pub fn number(self) -> u32 {
        match self {
            Self::Ipv4Address => 7,
            Self::Ipv6Address => 8,
            Self::Mac => 9,
            Self::Protocol => 12,
            Self::Port => 13,
            Self::Mark => 19,
            Self::LinkIndex => 20,
            Self::LinkName => 41,
            Self::Other { number, .. } => number,
        }
    }
}

/// A key or a map's data: its fields in order, each padded to 4 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub Vec<u8>);

impl Key {
    pub fn new() -> Self {
        Self::default()
    }

    fn push(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    pub fn link(self, name: &LinkName) -> Self {
        self.push(&name.padded())
    }

    pub fn mac(self, mac: Mac) -> Self {
        self.push(&mac.0)
    }

    pub fn address(self, address: IpAddr) -> Self {
        self.push(&octets(address))
    }

    pub fn transport(self, transport: Transport) -> Self {
        self.push(&[transport.number()])
    }

    pub fn port(self, port: u16) -> Self {
        self.push(&port.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_key_are_padded_to_four_bytes() {
        let key = Key::new().transport(Transport::Tcp).port(80).mac(Mac([1, 2, 3, 4, 5, 6]));
        assert_eq!(key.0, [6, 0, 0, 0, 0, 80, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0]);
    }
}
