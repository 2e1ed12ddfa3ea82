//! Reading a namespace as the model sees it: each part for itself, so that a caller reads only
//! what it needs, or many together.
//!
//! Links come first: all other objects name links by index, and [`Names`] turns those into names.
//! A thing of another's that the model does not know is foreign, with its bytes and the reason; a
//! message that cannot be read at all is left out only where it names no object.

mod address;
mod connection;
mod ipset;
mod legacy;
mod link;
mod neighbour;
mod numbers;
mod part;
mod route;
mod rule;
mod socket;
mod traffic;

pub use address::addresses;
pub use connection::{connection, connections};
pub use ipset::ipsets;
pub use legacy::legacy;
pub use link::links;
pub(crate) use link::messages as link_messages;
pub use neighbour::{fdb, neighbours};
pub use numbers::numbers;
pub use part::{part, settings};
pub use route::routes;
pub use rule::rules;
pub use socket::{held, owners, process, sockets};
pub use traffic::{filters, qdiscs};

use crate::netlink::Socket;
use crate::netns::{Sockets, inside};
use crate::{Result, nft, sysctl};
use model::host::link::Link;
use model::host::{Namespace, Sysctl, Table, Unknown};
use model::net::LinkName;
use std::collections::BTreeMap;

/// The names of a namespace's links by index.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<u32, LinkName>);

impl Names {
    pub fn of(links: &Table<Link<Unknown>>) -> Self {
        Self(links.iter().filter_map(|link| Some((link.index?, link.name.clone()))).collect())
    }

    /// The name; the kernel is asked for that of a link made after the others were read.
    fn get(&self, socket: &Socket, index: u32) -> Option<LinkName> {
        self.0
            .get(&index)
            .cloned()
            .or_else(|| rustix::net::netdevice::index_to_name(socket, index).ok()?.parse().ok())
    }
}

/// What to read besides the links.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub addresses: bool,
    /// Rules of routing policy.
    pub rules: bool,
    pub routes: bool,
    pub neighbours: bool,
    pub fdb: bool,
    /// Queueing disciplines and filters.
    pub traffic: bool,
    pub nft: bool,
    /// Tables of iptables-legacy.
    pub legacy: bool,
    /// Sets of ipset.
    pub ipsets: bool,
    pub sockets: bool,
    /// Who holds the sockets, which takes a walk through `/proc`.
    pub owners: bool,
    /// Paths below `/proc/sys`; what is not there is left out.
    pub sysctls: Vec<String>,
}

impl Parts {
    /// All that anything of ours can be among, or stands upon.
    pub fn all(sysctls: Vec<String>) -> Self {
        Self {
            addresses: true,
            routes: true,
            neighbours: true,
            fdb: true,
            traffic: true,
            nft: true,
            sockets: true,
            sysctls,
            ..Self::default()
        }
    }

    /// The same, and what of others may decide a packet's way though nothing of ours stands on it.
    pub fn for_the_walk(sysctls: Vec<String>) -> Self {
        Self { rules: true, legacy: true, ipsets: true, ..Self::all(sysctls) }
    }
}

/// Reads links and the parts asked for.
pub fn namespace(of: &mut Sockets, parts: &Parts) -> Result<Namespace<Unknown>> {
    let mut namespace = Namespace { sysctls: sysctls(of, &parts.sysctls)?, ..Default::default() };
    if parts.nft {
        namespace.nft = nft::read(of.netfilter()?)?;
    }
    if parts.legacy {
        namespace.legacy = legacy(of)?;
    }
    if parts.ipsets {
        namespace.ipsets = ipsets(of.netfilter()?)?;
    }
    if parts.sockets || parts.owners {
        namespace.sockets = sockets(of.diagnostics()?)?;
    }
    if parts.owners {
        owners(&mut namespace.sockets);
    }
    let socket = of.route()?;
    namespace.links = links(socket)?;
    let names = Names::of(&namespace.links);
    if parts.addresses {
        namespace.addresses = addresses(socket, &names)?;
    }
    if parts.rules {
        namespace.rules = Some(rules(socket)?);
    }
    if parts.routes {
        namespace.routes = routes(socket, &names)?;
    }
    if parts.neighbours {
        namespace.neighbours = neighbours(socket, &names)?;
    }
    if parts.fdb {
        namespace.fdb = fdb(socket, &namespace.links)?;
    }
    if parts.traffic {
        namespace.qdiscs = qdiscs(socket, &names)?;
        namespace.filters = filters(socket, &namespace.links, &namespace.qdiscs)?;
    }
    Ok(namespace)
}

/// Settings by their paths below `/proc/sys`; those that are not there are left out.
pub fn sysctls(of: &Sockets, paths: &[String]) -> Result<Table<Sysctl>> {
    if paths.is_empty() {
        return Ok(Table::default());
    }
    inside(of.namespace(), || {
        let read = |path: &String| {
            let value = sysctl::read_if_there(path);
            value.transpose().map(|value| value.map(|value| Sysctl::new(path, value)))
        };
        paths.iter().filter_map(read).collect()
    })?
}

#[cfg(test)]
mod tests;
