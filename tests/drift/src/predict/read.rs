//! The live state of the namespaces, part by part as the walk asks for it. What packets change, the
//! neighbours, the bridges' databases and the connections, is read anew for each packet; the rest once.

use crate::build::Network;
use crate::error::Result;
use kernel::{Sockets, observe};
use model::host::{Link, Namespace, NamespaceId, Table, Unknown};
use model::path::{Part, Source};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::os::fd::AsFd as _;

pub(crate) struct Reader<'n> {
    network: &'n Network,
    opened: BTreeMap<NamespaceId, Opened>,
    kept: BTreeMap<(NamespaceId, Part), Namespace<Unknown>>,
    /// A walk goes on without what could not be read; a test must not.
    failure: Option<crate::error::Error>,
}

struct Opened {
    sockets: Sockets,
    links: Table<Link<Unknown>>,
}

impl<'n> Reader<'n> {
    pub(crate) fn new(network: &'n Network) -> Self {
        Self { network, opened: BTreeMap::new(), kept: BTreeMap::new(), failure: None }
    }

    pub(super) fn forget_what_changes(&mut self) {
        self.kept.retain(|(_, part), _| !changes(part));
    }

    pub(super) fn take_failure(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// All that was read for the last question, as one state.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&NamespaceId, &Part, &Namespace<Unknown>)> {
        self.kept.iter().map(|((of, part), namespace)| (of, part, namespace))
    }

    fn fetch(&mut self, of: &NamespaceId, part: &Part) -> Result<Option<Namespace<Unknown>>> {
        if !self.opened.contains_key(of) {
            let Some(built) = self.network.spaces.iter().find(|built| built.id == *of) else {
                return Ok(None);
            };
            let mut sockets = Sockets::open_in(built.as_fd())?;
            let links = observe::links(sockets.route()?)?;
            self.opened.insert(of.clone(), Opened { sockets, links });
        }
        let network = self.network;
        let opened = self.opened.get_mut(of);
        opened.map(|opened| opened.read(network, part)).transpose()
    }
}

impl Opened {
    fn read(&mut self, network: &Network, part: &Part) -> Result<Namespace<Unknown>> {
        let mut read = observe::part(&mut self.sockets, &self.links, part)?;
        if *part == Part::Links {
            let known = network.spaces.iter().map(|space| (&space.id, space));
            read.numbers = observe::numbers(self.sockets.route()?, &self.links, known)?;
        }
        Ok(read)
    }
}

fn changes(part: &Part) -> bool {
    matches!(part, Part::Neighbours | Part::Fdb | Part::Connection(_) | Part::Sockets)
}

impl<'a> Source<'a> for Reader<'_> {
    fn read(
        &mut self,
        of: &NamespaceId,
        part: &Part,
    ) -> std::result::Result<Cow<'a, Namespace<Unknown>>, String> {
        let key = (of.clone(), part.clone());
        if let Some(kept) = self.kept.get(&key) {
            return Ok(Cow::Owned(kept.clone()));
        }
        match self.fetch(of, part) {
            Ok(Some(read)) => {
                self.kept.insert(key, read.clone());
                Ok(Cow::Owned(read))
            }
            Ok(None) => Err(format!("namespace {of} is not of the case")),
            Err(error) => {
                let said = error.to_string();
                self.failure = Some(error);
                Err(said)
            }
        }
    }
}
