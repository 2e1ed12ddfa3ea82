//! What the walk knows of a host: the parts of its namespaces that were supplied so far.
//!
//! A step asks for a part as if it were there. When it is not, the step stops with
//! [`Halt::Need`], the caller supplies it, and the step is taken again from its beginning.

use super::{Place, Reason};
use crate::host::nft::{NftTable, Ruleset};
use crate::host::{
    Actual, Address, Connection, FdbEntry, FibRule, IpSet, Link, Namespace, NamespaceId, Neighbour,
    Route, Socket, Table, Tuple, Unknown,
};
use crate::net::{LinkName, Mac};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A part of a namespace that can be read by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// With the numbers by which the namespace knows others.
    Links,
    Addresses,
    /// Rules of routing policy.
    Rules,
    Routes,
    Neighbours,
    Fdb,
    /// Queueing disciplines and filters.
    Traffic,
    Nft,
    /// Tables of iptables-legacy.
    Legacy,
    /// Sets of ipset.
    IpSets,
    /// The connection that has this tuple in either direction, if there is one.
    Connection(Tuple),
    Sockets,
    /// One setting, by its path below `/proc/sys/`. One that is not in what is supplied counts as
    /// not read; a reader that finds no `net/bridge/bridge-nf-call-*`, since `br_netfilter` is not
    /// loaded, supplies 0.
    Sysctl(String),
}

impl Part {
    /// The part alone, out of a whole namespace.
    pub fn of(&self, whole: &Namespace<Unknown>) -> Namespace<Unknown> {
        let mut only = Namespace::default();
        match self {
            Self::Links => {
                only.links = whole.links.clone();
                only.numbers = whole.numbers.clone();
            }
            Self::Addresses => only.addresses = whole.addresses.clone(),
            Self::Rules => only.rules = whole.rules.clone(),
            Self::Routes => only.routes = whole.routes.clone(),
            Self::Neighbours => only.neighbours = whole.neighbours.clone(),
            Self::Fdb => only.fdb = whole.fdb.clone(),
            Self::Traffic => {
                only.qdiscs = whole.qdiscs.clone();
                only.filters = whole.filters.clone();
            }
            Self::Nft => only.nft = whole.nft.clone(),
            Self::Legacy => only.legacy = whole.legacy.clone(),
            Self::IpSets => only.ipsets = whole.ipsets.clone(),
            Self::Connection(tuple) => {
                let known = whole.connections.iter();
                let known = known.filter(|known| known.original == *tuple || known.reply == *tuple);
                only.connections = known.cloned().collect();
            }
            Self::Sockets => only.sockets = whole.sockets.clone(),
            Self::Sysctl(path) => only.sysctls.extend(whole.sysctls.get(path).cloned()),
        }
        only
    }

    /// Puts the part, as it was read, to what is there of a namespace.
    pub fn put(&self, to: &mut Namespace<Unknown>, read: Namespace<Unknown>) {
        match self {
            Self::Links => {
                to.links = read.links;
                to.numbers = read.numbers;
            }
            Self::Addresses => to.addresses = read.addresses,
            Self::Rules => to.rules = read.rules,
            Self::Routes => to.routes = read.routes,
            Self::Neighbours => to.neighbours = read.neighbours,
            Self::Fdb => to.fdb = read.fdb,
            Self::Traffic => {
                to.qdiscs = read.qdiscs;
                to.filters = read.filters;
            }
            Self::Nft => to.nft = read.nft,
            Self::Legacy => to.legacy = read.legacy,
            Self::IpSets => to.ipsets = read.ipsets,
            Self::Connection(_) => to.connections.extend(read.connections),
            Self::Sockets => to.sockets = read.sockets,
            Self::Sysctl(_) => to.sysctls.extend(read.sysctls),
        }
    }
}

/// What came of asking a wire who has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    By {
        mac: Mac,
        place: Place,
    },
    Nobody,
    /// It cannot be told, and why.
    Unclear(String),
}

/// Why a step did not come to its end.
#[derive(Clone, Debug)]
pub(super) enum Halt {
    /// At least one; whoever looks at many places at once asks for what all of them lack.
    Need(Vec<(NamespaceId, Part)>),
    /// The address is asked for on this link, beyond which another host may be.
    Resolve {
        at: Place,
        address: IpAddr,
    },
    Drop(Reason),
    Unknown(String),
}

pub(super) fn unknown<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Unknown(why.into()))
}

/// Whether what was tried goes through: it does not where a packet would be dropped.
pub(super) fn passes<T>(tried: Result<T, Halt>) -> Result<bool, Halt> {
    match tried {
        Ok(_) => Ok(true),
        Err(Halt::Drop(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Why nothing of a namespace is known.
pub(super) fn not_read(of: &NamespaceId) -> String {
    format!("namespace {of} was not read")
}

/// A part, or why it cannot be had.
type Supplied<'a> = Result<Cow<'a, Namespace<Unknown>>, String>;

/// One host, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Machine<'a> {
    pub(super) host: String,
    /// Known from the start, so that nothing is asked for.
    whole: Option<&'a Actual>,
    parts: BTreeMap<NamespaceId, BTreeMap<Part, Supplied<'a>>>,
    answers: BTreeMap<(NamespaceId, LinkName, IpAddr), Answer>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(host: &str, whole: Option<&'a Actual>) -> Self {
        let (parts, answers) = Default::default();
        Self { host: host.to_owned(), whole, parts, answers }
    }

    /// Whether it was supplied, or cannot be had.
    pub(super) fn has(&self, of: &NamespaceId, part: &Part) -> bool {
        self.parts.get(of).is_some_and(|parts| parts.contains_key(part))
    }

    pub(super) fn supply(&mut self, of: NamespaceId, part: Part, namespace: Supplied<'a>) {
        self.parts.entry(of).or_default().insert(part, namespace);
    }

    pub(super) fn answer(&mut self, at: &Place, address: IpAddr, answer: Answer) {
        if let Some(link) = &at.link {
            self.answers.insert((at.namespace.clone(), link.clone(), address), answer);
        }
    }

    pub(super) fn answered(
        &self,
        of: &NamespaceId,
        link: &LinkName,
        address: IpAddr,
    ) -> Option<&Answer> {
        self.answers.get(&(of.clone(), link.clone(), address))
    }

    pub(super) fn part(&self, of: &NamespaceId, part: Part) -> Result<&Namespace<Unknown>, Halt> {
        if let Some(whole) = self.whole {
            let namespace = whole.namespaces.get(of);
            return namespace.map_or_else(|| unknown(not_read(of)), Ok);
        }
        match self.parts.get(of).and_then(|parts| parts.get(&part)) {
            Some(Ok(namespace)) => Ok(namespace),
            Some(Err(why)) => unknown(why.clone()),
            None => Err(Halt::Need(vec![(of.clone(), part)])),
        }
    }

    pub(super) fn links(&self, of: &NamespaceId) -> Result<&Table<Link<Unknown>>, Halt> {
        Ok(&self.part(of, Part::Links)?.links)
    }

    pub(super) fn link(&self, of: &NamespaceId, name: &LinkName) -> Result<&Link<Unknown>, Halt> {
        match self.links(of)?.get(name) {
            Some(link) => Ok(link),
            None => unknown(format!("link {name} is spoken of and not there")),
        }
    }

    pub(super) fn addresses(&self, of: &NamespaceId) -> Result<&Table<Address>, Halt> {
        Ok(&self.part(of, Part::Addresses)?.addresses)
    }

    /// `None` if they are not known, and are taken to be as they are by themselves.
    pub(super) fn rules(&self, of: &NamespaceId) -> Result<Option<&Vec<FibRule>>, Halt> {
        Ok(self.part(of, Part::Rules)?.rules.as_ref())
    }

    pub(super) fn legacy(&self, of: &NamespaceId) -> Result<&Table<NftTable<Unknown>>, Halt> {
        Ok(&self.part(of, Part::Legacy)?.legacy)
    }

    pub(super) fn ipsets(&self, of: &NamespaceId) -> Result<&Table<IpSet>, Halt> {
        Ok(&self.part(of, Part::IpSets)?.ipsets)
    }

    /// The connection that a packet with this tuple belongs to, and whether it is an answer in it.
    pub(super) fn connection(
        &self,
        of: &NamespaceId,
        tuple: Tuple,
    ) -> Result<Option<(&Connection, bool)>, Halt> {
        let connections = &self.part(of, Part::Connection(tuple))?.connections;
        let mut found = connections.iter().filter(|connection| connection.zone == 0);
        let found = found.find(|known| known.original == tuple || known.reply == tuple);
        Ok(found.map(|known| (known, known.original != tuple)))
    }

    pub(super) fn routes(&self, of: &NamespaceId) -> Result<&Table<Route>, Halt> {
        Ok(&self.part(of, Part::Routes)?.routes)
    }

    pub(super) fn neighbours(&self, of: &NamespaceId) -> Result<&Table<Neighbour>, Halt> {
        Ok(&self.part(of, Part::Neighbours)?.neighbours)
    }

    pub(super) fn fdb(&self, of: &NamespaceId) -> Result<&Table<FdbEntry>, Halt> {
        Ok(&self.part(of, Part::Fdb)?.fdb)
    }

    pub(super) fn nft(&self, of: &NamespaceId) -> Result<&Ruleset<Unknown>, Halt> {
        Ok(&self.part(of, Part::Nft)?.nft)
    }

    pub(super) fn sockets(&self, of: &NamespaceId) -> Result<&Table<Socket>, Halt> {
        Ok(&self.part(of, Part::Sockets)?.sockets)
    }

    /// A setting's value; `None` if it is not there, or was not read.
    pub(super) fn sysctl(&self, of: &NamespaceId, path: &str) -> Result<Option<&str>, Halt> {
        let namespace = self.part(of, Part::Sysctl(path.to_owned()))?;
        Ok(namespace.sysctls.get(&path.to_owned()).map(|sysctl| sysctl.value.as_str()))
    }

    /// The larger of a setting's values for all links and for this one (`IN_DEV_MAXCONF`, and
    /// `IN_DEV_ORCONF` for settings that are 0 or 1), as far as they are there.
    pub(super) fn conf(
        &self,
        of: &NamespaceId,
        link: &LinkName,
        setting: &str,
    ) -> Result<Conf, Halt> {
        let mut conf = Conf { value: None, complete: true, path: String::new() };
        for link in ["all", link.as_str()] {
            let path = format!("net/ipv4/conf/{link}/{setting}");
            match self.sysctl(of, &path)?.map(str::parse::<u32>) {
                Some(Ok(value)) if conf.value.is_none_or(|v| value > v) => {
                    conf = Conf { value: Some(value), path, ..conf };
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    conf.complete = false;
                    if conf.path.is_empty() {
                        conf.path = path;
                    }
                }
            }
        }
        Ok(conf)
    }

    pub(super) fn place(&self, namespace: &NamespaceId, link: Option<&LinkName>) -> Place {
        Place { host: self.host.clone(), namespace: namespace.clone(), link: link.cloned() }
    }
}

/// What a pair of settings comes to.
#[derive(Clone, Debug)]
pub(super) struct Conf {
    pub(super) value: Option<u32>,
    /// Both were there.
    pub(super) complete: bool,
    /// The one that counts, or the first that is missing.
    pub(super) path: String,
}
