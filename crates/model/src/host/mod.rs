//! What a machine's network is: namespaces, and in each the kernel's objects.
//!
//! `HostState<F>` is generic over what it may hold that the model does not understand:
//!
//! - [`Actual`] (`F = Unknown`): read from Linux. Foreign objects are there, and what is not
//!   modelled stands as [`Unknown`] with its bytes and the reason.
//! - [`Wanted`] (`F = Never`): made by [`crate::plan`]. It is partial, holding only what is ours, and
//!   cannot hold an unknown: there is no value of type [`Never`].
//!
//! A file each for the kernel's objects: [`link`], [`address`], [`fib_rule`], [`route`], [`neighbour`],
//! [`qdisc`], [`nft`], [`ipset`], [`connection`], [`sysctl`], [`socket`].

pub mod address;
pub mod connection;
pub mod fib_rule;
pub mod ipset;
pub mod link;
mod map;
pub mod neighbour;
pub mod nft;
pub mod qdisc;
pub mod route;
pub mod socket;
pub mod sysctl;
mod table;

pub use address::Address;
pub use connection::{Connection, Tuple};
pub use fib_rule::{FibAction, FibRule};
pub use ipset::IpSet;
pub use link::{Bridge, Link, LinkKind};
pub use neighbour::{FdbEntry, Neighbour};
pub use qdisc::{Filter, Qdisc};
pub use route::Route;
use serde::{Deserialize, Serialize};
pub use socket::Socket;
use std::collections::BTreeMap;
use std::fmt;
pub use sysctl::Sysctl;
pub use table::{Keyed, Table};

/// A host's network as it is, foreign things included.
pub type Actual = HostState<Unknown>;

/// A host's network as it should be: only what is ours.
pub type Wanted = HostState<Never>;

/// No value has this type, so no wanted state can hold a foreign thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Never {}

/// Something the kernel showed that the model does not understand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Unknown {
    /// The object as the kernel sent it, as far as it was kept.
    pub bytes: Vec<u8>,
    /// What was not understood, for people: `expression "xt" (iptables match)`.
    pub why: String,
}

/// A whole host: its network namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct HostState<F> {
    pub namespaces: BTreeMap<NamespaceId, Namespace<F>>,
}

impl<F> Default for HostState<F> {
    fn default() -> Self {
        Self { namespaces: BTreeMap::new() }
    }
}

impl<F> HostState<F> {
    /// The namespace, made empty if it was not there.
    pub fn namespace(&mut self, id: NamespaceId) -> &mut Namespace<F> {
        self.namespaces.entry(id).or_default()
    }
}

/// A network namespace by the role it plays. Written as one word: `host`, `container:web-1`,
/// `netns:blue`, `inode:4026531840`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamespaceId {
    /// The namespace the daemon itself runs in.
    Host,
    /// The namespace of a container we attached, by the container's id.
    Container(String),
    /// One that somebody else has named, with the kind of the name before it: `pod:default/web`,
    /// `docker:db`, `netns:blue`.
    Named(Box<str>),
    /// Any other, by the inode number of its `/proc/PID/ns/net`.
    Inode(u64),
}

impl fmt::Display for NamespaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Container(id) => write!(f, "container:{id}"),
            Self::Named(name) => f.write_str(name),
            Self::Inode(inode) => write!(f, "inode:{inode}"),
        }
    }
}

impl Serialize for NamespaceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NamespaceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let invalid = || serde::de::Error::custom(format!("\"{text}\" names no namespace"));
        match text.split_once(':') {
            None if text == "host" => Ok(Self::Host),
            Some(("container", id)) => Ok(Self::Container(id.to_owned())),
            Some(("inode", inode)) => inode.parse().map(Self::Inode).map_err(|_| invalid()),
            Some(_) => Ok(Self::Named(text.into())),
            None => Err(invalid()),
        }
    }
}

/// One network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct Namespace<F> {
    pub links: Table<Link<F>>,
    pub addresses: Table<Address>,
    /// In the order in which they are asked; `None` where they were not read. Only seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<FibRule>>,
    pub routes: Table<Route>,
    pub neighbours: Table<Neighbour>,
    pub fdb: Table<FdbEntry>,
    pub qdiscs: Table<Qdisc<F>>,
    pub filters: Table<Filter<F>>,
    pub nft: nft::Ruleset<F>,
    /// What iptables-legacy made, as tables of the families `ip` and `ip6`; only seen.
    #[serde(default = "Table::default", skip_serializing_if = "Table::is_empty")]
    pub legacy: Table<nft::NftTable<F>>,
    /// Only seen.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub ipsets: Table<IpSet>,
    /// Only seen.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub connections: Table<Connection>,
    pub sysctls: Table<Sysctl>,
    pub sockets: Table<Socket>,
    /// Other namespaces by the numbers this one knows them by (`RTM_GETNSID`); only seen.
    #[serde(default)]
    pub numbers: BTreeMap<i32, NamespaceId>,
}

impl<F> Default for Namespace<F> {
    fn default() -> Self {
        Self {
            links: Table::default(),
            addresses: Table::default(),
            rules: None,
            routes: Table::default(),
            neighbours: Table::default(),
            fdb: Table::default(),
            qdiscs: Table::default(),
            filters: Table::default(),
            nft: nft::Ruleset::default(),
            legacy: Table::default(),
            ipsets: Table::default(),
            connections: Table::default(),
            sysctls: Table::default(),
            sockets: Table::default(),
            numbers: BTreeMap::new(),
        }
    }
}
