//! Where things stand in the cluster's store, and what stands there.
//!
//! ```text
//! PREFIX/networks/NAME           a Network                     written by whoever creates it
//! PREFIX/vnis/NUMBER             the name of the network that has this number
//! PREFIX/nodes/NAME/member       a Member                      written by that node alone
//! PREFIX/nodes/NAME/alive        an Alive, while it lives      written by that node alone
//! PREFIX/claims/NET/HEX-LEN      the name of the node that holds this prefix
//! ```
//!
//! A prefix is written as its address in hexadecimal digits and its length, so that all that lies in
//! a block stands in one range of keys: one transaction sees that nobody holds any of it.

use super::claim::digits;
use super::{Claim, Member, Network, NetworkName, NodeName};
use crate::net::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A place in the store, below the cluster's prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Network(NetworkName),
    Vni(u32),
    Member(NodeName),
    Alive(NodeName),
    Claim(NetworkName, IpNet),
}

/// What a node says while it lives: the store takes it away when the node has been silent for the
/// time of its lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alive {
    pub machine: String,
    pub boot: String,
}

/// What stands in the store, with where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Network(Network),
    Vni(u32, NetworkName),
    Member(Member),
    Alive(NodeName, Alive),
    Claim(Claim),
}

/// What stands in the store and cannot be read: of a later version, or damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub key: String,
    pub why: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(name) => write!(f, "networks/{name}"),
            Self::Vni(number) => write!(f, "vnis/{number}"),
            Self::Member(name) => write!(f, "nodes/{name}/member"),
            Self::Alive(name) => write!(f, "nodes/{name}/alive"),
            Self::Claim(network, prefix) => {
                write!(f, "claims/{network}/{}-{}", digits(prefix.addr()), prefix.prefix_len())
            }
        }
    }
}

impl Key {
    /// The place with this name; `None` if it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        Some(match parts[..] {
            ["networks", name] => Self::Network(name.parse().ok()?),
            ["vnis", number] => Self::Vni(number.parse().ok()?),
            ["nodes", name, "member"] => Self::Member(name.parse().ok()?),
            ["nodes", name, "alive"] => Self::Alive(name.parse().ok()?),
            ["claims", network, prefix] => {
                Self::Claim(network.parse().ok()?, parse_prefix(prefix)?)
            }
            _ => return None,
        })
    }

    /// First and last key of all that lies within a prefix, the last one excluded.
    pub fn within(network: &NetworkName, prefix: &IpNet) -> (String, String) {
        let at = |address| format!("claims/{network}/{}", digits(address));
        // '.' comes after '-' and before the digits of the next address.
        (at(prefix.network()), format!("{}.", at(prefix.broadcast())))
    }
}

fn parse_prefix(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('-')?;
    let number = u128::from_str_radix(address, 16).ok()?;
    let address: IpAddr = match address.len() {
        8 => Ipv4Addr::from(u32::try_from(number).ok()?).into(),
        32 => Ipv6Addr::from(number).into(),
        _ => return None,
    };
    let prefix = IpNet::new(address, length.parse().ok()?).ok()?;
    (prefix.trunc() == prefix).then_some(prefix)
}

impl Entry {
    pub fn key(&self) -> Key {
        match self {
            Self::Network(network) => Key::Network(network.name.clone()),
            Self::Vni(number, _) => Key::Vni(*number),
            Self::Member(member) => Key::Member(member.name.clone()),
            Self::Alive(node, _) => Key::Alive(node.clone()),
            Self::Claim(claim) => Key::Claim(claim.network.clone(), claim.prefix),
        }
    }

    /// The value as it is written.
    pub fn value(&self) -> String {
        let json = |value: serde_json::Result<String>| value.expect("has no map with other keys");
        match self {
            Self::Network(network) => json(serde_json::to_string(network)),
            Self::Vni(_, network) => network.to_string(),
            Self::Member(member) => json(serde_json::to_string(member)),
            Self::Alive(_, alive) => json(serde_json::to_string(alive)),
            Self::Claim(claim) => claim.node.to_string(),
        }
    }

    /// What stands at a key.
    pub fn parse(key: &str, value: &[u8]) -> Result<Self, Unreadable> {
        let unreadable = |why: String| Unreadable { key: key.to_owned(), why };
        let place = Key::parse(key).ok_or_else(|| unreadable("no key of this version".into()))?;
        let text = std::str::from_utf8(value).map_err(|error| unreadable(error.to_string()))?;
        let entry = match &place {
            Key::Network(_) => {
                serde_json::from_str(text).map(Self::Network).map_err(|e| unreadable(e.to_string()))
            }
            Key::Vni(number) => {
                text.parse().map(|n| Self::Vni(*number, n)).map_err(|e| unreadable(e.to_string()))
            }
            Key::Member(_) => {
                serde_json::from_str(text).map(Self::Member).map_err(|e| unreadable(e.to_string()))
            }
            Key::Alive(node) => serde_json::from_str(text)
                .map(|alive| Self::Alive(node.clone(), alive))
                .map_err(|e| unreadable(e.to_string())),
            Key::Claim(network, prefix) => text
                .parse()
                .map(|node| Claim { network: network.clone(), prefix: *prefix, node })
                .map(Self::Claim)
                .map_err(|error| unreadable(error.to_string())),
        }?;
        if entry.key() == place { Ok(entry) } else { Err(unreadable("it names another".into())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        for key in [
            Key::Network("blue".parse().unwrap()),
            Key::Vni(77),
            Key::Member("alpha".parse().unwrap()),
            Key::Alive("alpha".parse().unwrap()),
            Key::Claim("blue".parse().unwrap(), "10.1.0.64/26".parse().unwrap()),
            Key::Claim("blue".parse().unwrap(), "fd00::7/128".parse().unwrap()),
        ] {
            assert_eq!(Key::parse(&key.to_string()), Some(key));
        }
        assert_eq!(Key::parse("claims/blue/0a010041-26"), None, "host bits");
        assert_eq!(Key::parse("nodes/../member"), None);
    }

    #[test]
    fn all_within_a_block_stands_in_its_range() {
        let network: NetworkName = "blue".parse().unwrap();
        let key = |prefix: &str| Key::Claim(network.clone(), prefix.parse().unwrap()).to_string();
        let (first, end) = Key::within(&network, &"10.1.0.64/26".parse().unwrap());
        for inside in ["10.1.0.64/26", "10.1.0.64/32", "10.1.0.127/32"] {
            assert!((first.clone()..end.clone()).contains(&key(inside)), "{inside}");
        }
        for outside in ["10.1.0.0/26", "10.1.0.63/32", "10.1.0.128/26", "10.1.0.128/32"] {
            assert!(!(first.clone()..end.clone()).contains(&key(outside)), "{outside}");
        }
    }

    #[test]
    fn what_stands_under_another_key_is_not_believed() {
        let claim = Entry::Claim(Claim {
            network: "blue".parse().unwrap(),
            prefix: "10.1.0.64/26".parse().unwrap(),
            node: "alpha".parse().unwrap(),
        });
        let (key, value) = (claim.key().to_string(), claim.value());
        assert_eq!(Entry::parse(&key, value.as_bytes()), Ok(claim));
        assert!(Entry::parse(&key, b"no node's name").is_err());
        assert!(Entry::parse("networks/green", br#"{"name":"blue"}"#).is_err());
    }
}
