//! nftables as the kernel holds it (`net/netfilter/nf_tables_api.c`): tables of chains of rules, a
//! rule being a list of [`Expression`]s that work on registers.
//!
//! Registers are numbered as sixteen 4-byte slots ([`Register`]); the kernel's other names for
//! them (`NFT_REG_1` … for 16 bytes) are a matter of the wire and do not appear here. What is
//! encoded is what is read back, so wanted and actual rules are compared by plain equality.

mod expression;
mod set;
pub mod text;
pub mod xt;

pub use expression::*;
use serde::{Deserialize, Serialize};
pub use set::*;

use super::{Keyed, Table};
use crate::net::LinkName;

/// The name of our tables, in each family.
pub const TABLE: &str = "glassnet";

/// All tables of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct Ruleset<F> {
    pub tables: Table<NftTable<F>>,
    /// The kernel's count of changes (`NFT_MSG_GETGEN`) when it was read; only seen.
    pub generation: Option<u32>,
}

impl<F> Default for Ruleset<F> {
    fn default() -> Self {
        Self { tables: Table::default(), generation: None }
    }
}

/// The packets a table's chains can see (`NFPROTO_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NftFamily {
    Inet,
    Ip,
    Ip6,
    Arp,
    Bridge,
    Netdev,
}

impl NftFamily {
    /// The word nftables uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
        }
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct NftTable<F> {
    pub family: NftFamily,
    pub name: String,
    pub comment: Option<String>,
    pub sets: Table<Set>,
    pub chains: Table<Chain<F>>,
}

impl<F> Keyed for NftTable<F> {
    type Key = (NftFamily, String);

    fn key(&self) -> Self::Key {
        (self.family, self.name.clone())
    }
}

impl<F: Clone> NftTable<F> {
    /// The table with its chains and with empty sets.
    pub fn without_elements(&self) -> Self {
        Self { sets: self.sets.iter().map(Set::shape).collect(), ..self.clone() }
    }
}

/// One chain with its rules in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct Chain<F> {
    pub name: String,
    /// Where packets enter; `None` for a chain that is only jumped to.
    pub base: Option<BaseChain>,
    pub rules: Vec<Rule<F>>,
}

impl<F> Keyed for Chain<F> {
    type Key = String;

    fn key(&self) -> String {
        self.name.clone()
    }
}

/// A chain's place in the packet's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseChain {
    pub kind: ChainKind,
    pub hook: Hook,
    /// Lower runs first.
    pub priority: i32,
    /// What happens to a packet that no rule decided on.
    pub policy: Policy,
    /// For the netdev family: the devices it is bound to.
    pub devices: Vec<LinkName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChainKind {
    Filter,
    Nat,
    Route,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hook {
    Ingress,
    Egress,
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    Accept,
    Drop,
}

/// One rule. Two rules are equal when they do the same and say the same; handles and counters are
/// the kernel's and not compared.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct Rule<F> {
    /// The kernel's number of the rule in its table; only seen.
    pub handle: Option<u64>,
    pub comment: Option<String>,
    pub expressions: Vec<Expression<F>>,
}

impl<F: PartialEq> PartialEq for Rule<F> {
    fn eq(&self, other: &Self) -> bool {
        self.comment == other.comment && self.expressions == other.expressions
    }
}
