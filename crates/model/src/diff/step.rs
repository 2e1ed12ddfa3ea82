//! One step from a host as it is to a host as it should be.
//!
//! A step carries whole objects, so that it can be undone and shown without asking anybody.
//! `kernel::apply` carries steps out and has no other policy than their order.

use crate::host::link::BridgePort;
use crate::host::nft::{BaseChain, Element, Key, NftFamily, Rule, Set};
use crate::host::{
    Address, FdbEntry, Filter, Link, NamespaceId, Neighbour, Never, Qdisc, Route, Sysctl,
};
use crate::net::{LinkName, Mac};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One change in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub namespace: NamespaceId,
    pub change: Change,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// `before` is the value found, when one was: it is what undoing writes.
    SetSysctl {
        sysctl: Sysctl,
        before: Option<String>,
    },
    /// Makes a link with all its settings. Not for veth: see [`Change::CreateVeth`].
    CreateLink(Link<Never>),
    /// Makes a veth pair, the peer being born in its own namespace, in one message.
    CreateVeth {
        link: Link<Never>,
        peer: Link<Never>,
        peer_namespace: NamespaceId,
    },
    /// Changes what is `Some` in `to`; `from` holds the values before.
    ChangeLink {
        name: LinkName,
        to: LinkChange,
        from: LinkChange,
    },
    /// Deletes a link; a veth's peer goes with it.
    DeleteLink {
        name: LinkName,
    },
    AddAddress(Address),
    RemoveAddress(Address),
    AddRoute(Route),
    /// Puts a route in the place of another to the same destination: there is no moment without.
    ChangeRoute {
        to: Route,
        from: Route,
    },
    RemoveRoute(Route),
    /// Takes the place of what was learned for the same address.
    AddNeighbour(Neighbour),
    /// The same of one that was written by hand.
    ChangeNeighbour {
        to: Neighbour,
        from: Neighbour,
    },
    RemoveNeighbour(Neighbour),
    AddFdbEntry(FdbEntry),
    /// Sends a MAC address elsewhere at once.
    ChangeFdbEntry {
        to: FdbEntry,
        from: FdbEntry,
    },
    RemoveFdbEntry(FdbEntry),
    AddQdisc(Qdisc<Never>),
    RemoveQdisc(Qdisc<Never>),
    AddFilter(Filter<Never>),
    RemoveFilter(Filter<Never>),
    /// One nftables transaction: all of it happens or none.
    Nft(Vec<NftChange>),
}

/// Settings of a link to change; `None` leaves one alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChange {
    pub mac: Option<Mac>,
    pub mtu: Option<u32>,
    pub up: Option<bool>,
    /// `Some(None)` takes the link off its bridge.
    pub master: Option<Option<LinkName>>,
    pub port: Option<BridgePort>,
    pub alias: Option<String>,
    pub group: Option<u32>,
    pub link_local: Option<bool>,
}

impl LinkChange {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One change of an nftables transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NftChange {
    AddTable {
        family: NftFamily,
        name: String,
        comment: Option<String>,
    },
    /// With all that is in it.
    DeleteTable {
        family: NftFamily,
        name: String,
    },
    AddChain {
        family: NftFamily,
        table: String,
        name: String,
        base: Option<BaseChain>,
    },
    DeleteChain {
        family: NftFamily,
        table: String,
        name: String,
        base: Option<BaseChain>,
    },
    /// Takes all rules out of a chain.
    FlushChain {
        family: NftFamily,
        table: String,
        chain: String,
    },
    /// Appends a rule.
    AddRule {
        family: NftFamily,
        table: String,
        chain: String,
        rule: Rule<Never>,
    },
    /// Puts a rule before all others of a chain.
    InsertRule {
        family: NftFamily,
        table: String,
        chain: String,
        rule: Rule<Never>,
    },
    /// Takes one rule out by the kernel's number.
    DeleteRule {
        family: NftFamily,
        table: String,
        chain: String,
        handle: u64,
    },
    /// The set without its elements.
    AddSet {
        family: NftFamily,
        table: String,
        set: Set,
    },
    DeleteSet {
        family: NftFamily,
        table: String,
        set: Set,
    },
    AddElements {
        family: NftFamily,
        table: String,
        set: Set,
        elements: BTreeMap<Key, Element>,
    },
    DeleteElements {
        family: NftFamily,
        table: String,
        set: Set,
        elements: BTreeMap<Key, Element>,
    },
}
