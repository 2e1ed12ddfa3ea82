//! A snapshot that tells of the network without telling whose it is: addresses and names by others, the same
//! ones everywhere, so that a packet with a masked name and address takes the same way.
//!
//! What stays: all numbers (ports, marks, sizes, times, process and user ids, network identifiers), settings,
//! kinds, the order of things, names that every machine has, and what `address` keeps. What goes: comments,
//! aliases, what was not modelled, and the seed by which the kernel shares traffic among several next hops
//! (a hash of masked addresses would choose others). What cannot be masked truthfully stands as not modelled,
//! beginning with "masked:".
//!
//! The key is made anew for each file and kept nowhere; who needs to find things again keeps [`Words`].

mod address;
mod extensions;
mod field;
mod names;
mod parts;
mod rules;
mod sets;

use super::snapshot::Snapshot;
use crate::places::{Kind as NameKind, Name};
use address::Addresses;
use field::Kind;
use model::host::nft::Verdict;
use model::host::{Namespace, NamespaceId, Unknown};
use model::net::{IpNet, LinkName, Mac};
use names::Names;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::net::{IpAddr, SocketAddr};

/// What is masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct What {
    /// Of IP and MAC.
    pub(crate) addresses: bool,
    /// Of the host, containers, links, chains, tables, sets and processes.
    pub(crate) names: bool,
}

/// What stands for what.
#[derive(Debug, Serialize)]
pub(crate) struct Words {
    pub(crate) addresses: BTreeMap<String, String>,
    /// Each with what it is a name of: `link eth0`, `place web`.
    pub(crate) names: BTreeMap<String, String>,
}

/// Does it, for one file.
struct Mask {
    addresses: Option<Addresses>,
    names: Option<Names>,
}

impl Snapshot {
    /// The same with other addresses, names or both.
    pub(crate) fn masked(self, what: What) -> io::Result<(Self, Words)> {
        let mut key = [0; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
        Ok(self.masked_with(what, key))
    }

    fn masked_with(mut self, what: What, key: [u8; 16]) -> (Self, Words) {
        let mask = Mask {
            addresses: what.addresses.then(|| Addresses::new(key)),
            names: what.names.then(Names::default),
        };
        if let Some(names) = &mask.names {
            // What rules say that names begin with has to be known before a name is given.
            let learning = Mask { addresses: None, names: Some(Names::default()) };
            for of in &self.namespaces {
                learning.rules(&of.state);
            }
            let beginnings = learning.names.map(Names::into_beginnings).unwrap_or_default();
            beginnings.iter().for_each(|beginning| names.know_beginning(beginning));
            let links = self.namespaces.iter().flat_map(|of| of.state.links.iter());
            names.know_links(links.map(|link| &link.name));
        }
        for of in &mut self.namespaces {
            of.id = mask.namespace(&of.id);
            of.names = of.names.iter().map(|name| mask.name(name)).collect();
            of.state = mask.state(std::mem::take(&mut of.state));
            for unread in &mut of.unread {
                unread.why = "it could not be read".to_owned();
            }
        }
        if mask.names.is_some() {
            self.host = "masked".to_owned();
        }
        let words = [(what.addresses, "addresses"), (what.names, "names")];
        self.masked = words.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).into()).collect();
        let addresses = mask.addresses.map(|all| all.words.into_inner()).unwrap_or_default();
        let names = mask.names.map(|names| names.words()).unwrap_or_default();
        (self, Words { addresses, names })
    }
}

impl Mask {
    /// Whether a field of this kind becomes another.
    fn changes(&self, kind: Kind) -> bool {
        match kind {
            Kind::V4 | Kind::V6 | Kind::Mac => self.addresses.is_some(),
            Kind::Link => self.names.is_some(),
            Kind::Protocol | Kind::EtherType | Kind::Plain => false,
        }
    }

    fn ip(&self, address: IpAddr) -> IpAddr {
        self.addresses.as_ref().map_or(address, |all| all.ip(address))
    }

    fn endpoint(&self, of: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.ip(of.ip()), of.port())
    }

    fn prefix(&self, prefix: IpNet) -> IpNet {
        self.addresses.as_ref().map_or(prefix, |all| all.prefix(prefix))
    }

    fn on_subnet(&self, prefix: IpNet) -> IpNet {
        self.addresses.as_ref().map_or(prefix, |all| all.on_subnet(prefix))
    }

    fn mac(&self, mac: Mac) -> Mac {
        self.addresses.as_ref().map_or(mac, |all| all.mac(mac))
    }

    fn link_text(&self, name: &str) -> String {
        self.names.as_ref().map_or_else(|| name.to_owned(), |names| names.link(name))
    }

    fn link(&self, name: &LinkName) -> LinkName {
        self.link_text(name.as_str()).parse().unwrap_or_else(|_| name.clone())
    }

    fn beginning(&self, of: &str) -> String {
        self.names.as_ref().map_or_else(|| of.to_owned(), |names| names.beginning(of))
    }

    fn other(&self, kind: &'static str, name: &str) -> String {
        self.names.as_ref().map_or_else(|| name.to_owned(), |names| names.other(kind, name))
    }

    /// A set's; what was made for one rule is numbered by nft.
    fn set(&self, name: &str) -> String {
        if name.starts_with("__") { name.to_owned() } else { self.other("set", name) }
    }

    fn verdict(&self, verdict: &Verdict) -> Verdict {
        match verdict {
            Verdict::Jump(to) => Verdict::Jump(self.other("chain", to)),
            Verdict::Goto(to) => Verdict::Goto(self.other("chain", to)),
            other => other.clone(),
        }
    }

    fn namespace(&self, id: &NamespaceId) -> NamespaceId {
        self.names.as_ref().map_or_else(|| id.clone(), |names| names.namespace(id))
    }

    fn name(&self, name: &Name) -> Name {
        let Some(names) = &self.names else { return name.clone() };
        let masked = match name.kind {
            NameKind::Host => name.name.clone(),
            _ => names.place(&name.name),
        };
        Name { kind: name.kind, name: masked }
    }

    /// Sees all rules, for what they say of names.
    fn rules(&self, state: &Namespace<Unknown>) {
        for table in state.nft.tables.iter().chain(&state.legacy) {
            self.table(table);
        }
    }
}
