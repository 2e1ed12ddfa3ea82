//! One namespace of this machine, read part by part. Each kind of socket is opened when it is first
//! needed, and once.
//!
//! The namespace that the program is in takes no rights to open a socket of: links, addresses, routes
//! and sockets are shown to everybody there.

use super::settings;
use kernel::{NetNs, Sockets, observe};
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
    sockets: Option<Sockets>,
    links: Option<Rc<Table<Link<Unknown>>>>,
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
        let (sockets, links, numbers, generation, closed) = Default::default();
        Self { known, which, sockets, links, numbers, generation, closed }
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
        let now = self.sockets().and_then(|of| kernel::nft::generation(of.netfilter()?));
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
        let links = self.links()?;
        let mut read = observe::part(self.sockets()?, &links, part)?;
        match part {
            Part::Links => read.numbers = self.numbers(&links)?,
            Part::Nft => self.generation = read.nft.generation,
            _ => {}
        }
        Ok(read)
    }

    /// All connections that the kernel knows.
    pub(super) fn connections(&mut self) -> Result<Namespace<Unknown>, Closed> {
        let read = self.sockets().and_then(observe::connections);
        let connections = read.map_err(|error| self.closed(&error, true))?;
        Ok(Namespace { connections, ..Namespace::default() })
    }

    /// All settings that a packet's way may depend on.
    pub(super) fn settings(&mut self) -> Result<Namespace<Unknown>, Closed> {
        let read = self.links().and_then(|links| {
            let names: Vec<_> = links.iter().map(|link| link.name.clone()).collect();
            observe::settings(self.sockets()?, &settings::paths(&names))
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
            let known = known.iter().map(|(id, namespace)| (id, namespace));
            self.numbers = Some(observe::numbers(self.sockets()?.route()?, links, known)?);
        }
        Ok(self.numbers.clone().unwrap_or_default())
    }

    fn links(&mut self) -> kernel::Result<Rc<Table<Link<Unknown>>>> {
        let links = match self.links.take() {
            Some(links) => links,
            None => Rc::new(observe::links(self.sockets()?.route()?)?),
        };
        Ok(Rc::clone(self.links.insert(links)))
    }

    fn sockets(&mut self) -> kernel::Result<&mut Sockets> {
        let sockets = match self.sockets.take() {
            Some(sockets) => sockets,
            None => Sockets::open_in(self.namespace().as_fd())?,
        };
        Ok(self.sockets.insert(sockets))
    }
}
