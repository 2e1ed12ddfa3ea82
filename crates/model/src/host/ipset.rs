//! Sets of `ipset` (`net/netfilter/ipset/`), which rules of iptables ask.

use super::Keyed;
use crate::net::{Family, IpNet, LinkName, Mac};
use serde::{Deserialize, Serialize};

/// One set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpSet {
    pub name: String,
    /// As ipset calls it: `hash:ip,port`.
    pub kind: String,
    /// None for sets whose members are no addresses, such as `bitmap:port`.
    pub family: Option<Family>,
    pub members: IpSetMembers,
}

impl Keyed for IpSet {
    type Key = String;

    fn key(&self) -> String {
        self.name.clone()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpSetMembers {
    Elements(Vec<IpSetElement>),
    /// Of a `list:set`: the sets it is made of, in their order.
    Sets(Vec<String>),
    /// The model does not know this kind of set, and why.
    Unmodelled(String),
}

/// One element: a part for each of the set's dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpSetElement {
    pub parts: Vec<IpSetPart>,
    /// What does not match although a wider element does (`nomatch`).
    pub nomatch: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpSetPart {
    /// An address is a prefix that holds it alone.
    Net(IpNet),
    /// First and last port, both included, of a protocol; of ICMP type and code, of others none.
    Port {
        protocol: Option<u8>,
        first: u16,
        last: u16,
    },
    Mac(Mac),
    Link(LinkName),
    Mark(u32),
}
