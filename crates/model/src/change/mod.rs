//! What if? A change that somebody could make, carried out in memory only, so that a packet can be
//! walked again.
//!
//! ```text
//! "delete route 10.2.0.0/16" ──▶ read ──▶ Change ─┐
//!                       Source of the host's parts ┴─▶ Changed, a Source of them as they would be
//! ```
//!
//! A change is of the state as the kernel shows it, with what the kernel would do of itself: an address
//! brings its local and its on-link route, and a link that goes takes its addresses and routes along.
//! What it would do later (neighbours, learned entries, answers of peers) it does not.

mod apply;
mod read;
#[cfg(test)]
mod tests;

use crate::explain::ChangeFault;
use crate::host::nft::{NftFamily, Policy};
use crate::host::{Address, FdbEntry, FibRule, Namespace, NamespaceId, Neighbour, Route, Unknown};
use crate::net::{IpNet, LinkName, Mac};
use crate::path::{Part, Source};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;

/// A change of one namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub namespace: NamespaceId,
    pub deed: Deed,
    /// As it was written.
    pub text: String,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    AddRoute(Route),
    /// The first route that fits; what is not said fits any.
    DeleteRoute {
        destination: IpNet,
        gateway: Option<IpAddr>,
        link: Option<LinkName>,
        table: u32,
    },
    AddFibRule(FibRule),
    DeleteFibRule {
        priority: u32,
    },
    AddAddress(Address),
    DeleteAddress {
        link: LinkName,
        address: IpAddr,
    },
    AddNeighbour(Neighbour),
    DeleteNeighbour {
        link: LinkName,
        address: IpAddr,
    },
    AddFdb(FdbEntry),
    DeleteFdb {
        link: LinkName,
        mac: Mac,
    },
    SetLink {
        link: LinkName,
        setting: LinkSetting,
    },
    DeleteLink {
        link: LinkName,
    },
    SetSysctl {
        path: String,
        value: String,
    },
    /// A rule of nftables by its handle, which tells it from the others of its table.
    DeleteRule {
        handle: u64,
        table: Option<TableName>,
        chain: Option<String>,
    },
    FlushChain {
        table: TableName,
        chain: String,
    },
    SetPolicy {
        table: TableName,
        chain: String,
        policy: Policy,
    },
    DeleteTable {
        table: TableName,
    },
    /// The kernel forgets all connections that it knows.
    FlushConnections,
}

/// A table of nftables; of any family where none is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableName {
    pub family: Option<NftFamily>,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkSetting {
    Up(bool),
    /// Bytes.
    Mtu(u32),
    Mac(Mac),
    Hairpin(bool),
    Isolated(bool),
}

impl Change {
    /// Reads `[in NAMESPACE:] VERB …`; without a namespace it is of `default`.
    pub fn read(
        text: &str,
        default: &NamespaceId,
        find: impl Fn(&str) -> Option<NamespaceId>,
    ) -> Result<Self, ChangeFault> {
        read::change(text, default, find)
    }

    /// Carries it out on what is there of the namespace. False if nothing was there for it.
    pub fn apply(&self, namespace: &mut Namespace<Unknown>) -> bool {
        apply::apply(&self.deed, namespace)
    }

    /// The part by which it can be told whether there is something to change.
    pub fn part(&self) -> Part {
        match &self.deed {
            Deed::AddRoute(_) | Deed::DeleteRoute { .. } => Part::Routes,
            Deed::AddFibRule(_) | Deed::DeleteFibRule { .. } => Part::Rules,
            Deed::AddAddress(_) | Deed::DeleteAddress { .. } => Part::Addresses,
            Deed::AddNeighbour(_) | Deed::DeleteNeighbour { .. } => Part::Neighbours,
            Deed::AddFdb(_) | Deed::DeleteFdb { .. } => Part::Fdb,
            Deed::SetLink { .. } | Deed::DeleteLink { .. } => Part::Links,
            Deed::SetSysctl { path, .. } => Part::Sysctl(path.clone()),
            Deed::DeleteRule { .. } | Deed::FlushChain { .. } => Part::Nft,
            Deed::SetPolicy { .. } | Deed::DeleteTable { .. } => Part::Nft,
            Deed::FlushConnections => Part::Rules,
        }
    }
}

/// A source as it would be after some changes.
pub struct Changed<'s, 'a> {
    source: &'s mut dyn Source<'a>,
    changes: &'s [Change],
}

impl<'s, 'a> Changed<'s, 'a> {
    /// Refuses a change for which there is nothing.
    pub fn new(source: &'s mut dyn Source<'a>, changes: &'s [Change]) -> Result<Self, ChangeFault> {
        for (number, change) in changes.iter().enumerate() {
            let (of, part) = (&change.namespace, change.part());
            let read = source.read(of, &part);
            let unread = |why| ChangeFault::Unread { change: change.text.clone(), why };
            let mut namespace = read.map_err(unread)?.into_owned();
            let earlier = changes[..number].iter().filter(|earlier| earlier.namespace == *of);
            earlier.for_each(|earlier| _ = earlier.apply(&mut namespace));
            if !change.apply(&mut namespace) {
                return Err(ChangeFault::Nothing { change: change.text.clone() });
            }
        }
        Ok(Self { source, changes })
    }
}

impl<'a> Source<'a> for Changed<'_, 'a> {
    fn read(
        &mut self,
        of: &NamespaceId,
        part: &Part,
    ) -> Result<Cow<'a, Namespace<Unknown>>, String> {
        let mut namespace = self.source.read(of, part)?;
        for change in self.changes.iter().filter(|change| change.namespace == *of) {
            change.apply(namespace.to_mut());
        }
        Ok(namespace)
    }
}
