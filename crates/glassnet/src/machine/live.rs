//! One namespace of this machine, read part by part. Each kind of socket is opened when it is first
//! needed, and once.
//!
//! The namespace that the program is in takes no rights to open a socket of: links, addresses, routes
//! and sockets are shown to everybody there.

use super::{numbers, settings};
use kernel::netlink::{Protocol, Socket};
use kernel::netns::inside;
use kernel::observe::{self, Names};
use kernel::{NetNs, Sockets};
use model::host::{Link, Namespace, NamespaceId, Table, Unknown};
use model::path::Part;
use nix::errno::Errno;
use std::collections::BTreeMap;
use std::os::fd::AsFd as _;
use std::rc::Rc;

#[derive(Debug)]
pub(super) struct Live {
    /// All namespaces of the machine, and which of them this is.
    known: Rc<[(NamespaceId, NetNs)]>,
    which: usize,
    route: Option<Socket>,
    netfilter: Option<Socket>,
    diagnostics: Option<Socket>,
    others: Option<Sockets>,
    links: Option<Table<Link<Unknown>>>,
    /// Who is behind the numbers that the links tell.
    numbers: Option<BTreeMap<i32, NamespaceId>>,
    /// Of the nftables rules, when they were read.
    generation: Option<u32>,
    /// Somebody said that this user may not.
    closed: bool,
}

/// Why a part was not read.
pub(super) struct Closed {
    /// This user may not, and another might.
    pub(super) may_not: bool,
    pub(super) why: String,
}

impl Live {
    pub(super) fn new(known: Rc<[(NamespaceId, NetNs)]>, which: usize) -> Self {
        let (route, netfilter, diagnostics, others) = Default::default();
        let (links, numbers, generation, closed) = Default::default();
        Self {
            known,
            which,
            route,
            netfilter,
            diagnostics,
            others,
            links,
            numbers,
            generation,
            closed,
        }
    }

    pub(super) fn namespace(&self) -> &NetNs {
        &self.known[self.which].1
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Closes what was opened; it is opened again when needed.
    pub(super) fn rest(&mut self) {
        *self = Self { closed: self.closed, ..Self::new(Rc::clone(&self.known), self.which) };
    }

    /// Whether the nftables rules are others by now than those that were read.
    pub(super) fn has_changed(&mut self) -> bool {
        let Some(before) = self.generation else { return false };
        let now = self.netfilter().and_then(kernel::nft::generation);
        now.is_ok_and(|now| now != before)
    }

    /// The part alone.
    pub(super) fn read(&mut self, part: &Part) -> Result<Namespace<Unknown>, Closed> {
        let administered = matches!(part, Part::Nft | Part::IpSets | Part::Connection(_));
        self.part(part).map_err(|error| self.closed(&error, administered))
    }

    /// An error in words, with the right that is lacking: who is in a namespace needs one only for what
    /// is of netfilter.
    fn closed(&mut self, error: &kernel::Error, administered: bool) -> Closed {
        let may_not = matches!(error.errno(), Some(Errno::EPERM | Errno::EACCES));
        self.closed |= may_not;
        let said = error.to_string();
        let known = said.contains("CAP_");
        let right =
            if may_not && administered && !known { " (it takes CAP_NET_ADMIN)" } else { "" };
        Closed { may_not, why: format!("{said}{right}") }
    }

    fn part(&mut self, part: &Part) -> kernel::Result<Namespace<Unknown>> {
        let mut read = Namespace::default();
        match part {
            Part::Links => {
                read.links = self.links()?.clone();
                read.numbers = self.numbers(&read.links)?;
            }
            Part::Addresses => {
                let names = Names::of(self.links()?);
                read.addresses = observe::addresses(self.route()?, &names)?;
            }
            Part::Rules => read.rules = Some(observe::rules(self.route()?)?),
            Part::Routes => {
                let names = Names::of(self.links()?);
                read.routes = observe::routes(self.route()?, &names)?;
            }
            Part::Neighbours => {
                let names = Names::of(self.links()?);
                read.neighbours = observe::neighbours(self.route()?, &names)?;
            }
            Part::Fdb => {
                let links = self.links()?.clone();
                read.fdb = observe::fdb(self.route()?, &links)?;
            }
            Part::Traffic => {
                let links = self.links()?.clone();
                let socket = self.route()?;
                read.qdiscs = observe::qdiscs(socket, &Names::of(&links))?;
                read.filters = observe::filters(socket, &links, &read.qdiscs)?;
            }
            Part::Nft => {
                read.nft = kernel::nft::read(self.netfilter()?)?;
                self.generation = read.nft.generation;
            }
            Part::Legacy => read.legacy = observe::legacy(self.others()?)?,
            Part::IpSets => read.ipsets = observe::ipsets(self.netfilter()?)?,
            Part::Connection(tuple) => {
                let known = observe::connection(self.others()?, *tuple)?;
                read.connections.extend(known);
            }
            Part::Sockets => read.sockets = observe::sockets(self.diagnostics()?)?,
            Part::Sysctl(path) => {
                read.sysctls = inside(self.namespace().as_fd(), || settings::of(&[path]))?;
            }
        }
        Ok(read)
    }

    /// All connections that the kernel knows.
    pub(super) fn connections(&mut self) -> Result<Namespace<Unknown>, Closed> {
        let read = self.others().and_then(observe::connections);
        let connections = read.map_err(|error| self.closed(&error, true))?;
        Ok(Namespace { connections, ..Namespace::default() })
    }

    /// All settings that a packet's way may depend on.
    pub(super) fn settings(&mut self) -> Result<Namespace<Unknown>, Closed> {
        let read = self.links().map(|links| links.iter().map(|link| link.name.clone()).collect());
        let read = read.and_then(|links: Vec<_>| {
            let paths = settings::paths(&links);
            inside(self.namespace().as_fd(), || settings::of(&paths))
        });
        let sysctls = read.map_err(|error| self.closed(&error, false))?;
        Ok(Namespace { sysctls, ..Namespace::default() })
    }

    fn numbers(
        &mut self,
        links: &Table<Link<Unknown>>,
    ) -> kernel::Result<BTreeMap<i32, NamespaceId>> {
        if self.numbers.is_none() {
            let known = Rc::clone(&self.known);
            self.numbers = Some(numbers::numbers(self.route()?, links, &known)?);
        }
        Ok(self.numbers.clone().unwrap_or_default())
    }

    /// For what opens its own sockets.
    fn others(&mut self) -> kernel::Result<&mut Sockets> {
        let sockets = match self.others.take() {
            Some(sockets) => sockets,
            None => Sockets::open_in(self.namespace().as_fd())?,
        };
        Ok(self.others.insert(sockets))
    }

    fn links(&mut self) -> kernel::Result<&Table<Link<Unknown>>> {
        let links = match self.links.take() {
            Some(links) => links,
            None => observe::links(self.route()?)?,
        };
        Ok(self.links.insert(links))
    }

    fn route(&mut self) -> kernel::Result<&mut Socket> {
        ready(&mut self.route, &self.known[self.which].1, Protocol::Route)
    }

    fn netfilter(&mut self) -> kernel::Result<&mut Socket> {
        ready(&mut self.netfilter, &self.known[self.which].1, Protocol::Netfilter)
    }

    fn diagnostics(&mut self) -> kernel::Result<&mut Socket> {
        ready(&mut self.diagnostics, &self.known[self.which].1, Protocol::SocketDiagnostics)
    }
}

fn ready<'s>(
    slot: &'s mut Option<Socket>,
    namespace: &NetNs,
    protocol: Protocol,
) -> kernel::Result<&'s mut Socket> {
    let socket = match slot.take() {
        Some(socket) => socket,
        None => inside(namespace.as_fd(), || Socket::open(protocol))??,
    };
    Ok(slot.insert(socket))
}
