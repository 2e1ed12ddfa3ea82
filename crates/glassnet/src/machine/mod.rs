//! A machine as the walk asks for it: any part of any of its network namespaces, read when it is asked
//! for and not before.
//!
//! ```text
//! places ── identity ──▶ Space ── live ──▶ netlink, /proc/sys ─┐
//!                                                              ├─▶ Source::read(namespace, part)
//! a snapshot's file ───▶ Space ── kept ────────────────────────┘
//! ```
//!
//! What may not be read is told with the reason. If our daemon answers this user, what it has seen stands
//! in for that.

mod entry;
mod identity;
mod kept;
mod live;
mod mask;
mod outward;
mod owner;
mod part;
mod settings;
mod snapshot;

pub(crate) use entry::{bearer, entry};
pub(crate) use mask::What;
pub(crate) use outward::Outward;
pub(crate) use owner::name_holder;
pub(crate) use part::word;
pub(crate) use snapshot::{NoSnapshot, Snapshot, Unread};

use crate::api::Api;
use crate::places::{Called, Kind, Name, NoPlace, Places, Wanted, leads_to};
use kept::Kept;
use live::Live;
use model::host::{Actual, Namespace, NamespaceId, Unknown};
use model::path::{Part, Source};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

/// One machine's namespaces, as they are or as they were.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The machine's name for itself.
    pub(crate) host: String,
    spaces: Vec<Space>,
    /// What was asked for and could not be seen, in the order of the asking.
    pub(crate) unseen: Vec<Unseen>,
    /// When it was so, in seconds since 1970; `None` for now.
    pub(crate) time: Option<u64>,
    /// What stands in it by others: see [`What`].
    pub(crate) masked: Vec<String>,
    /// What our daemon tells, if it was asked and answered.
    daemon: OnceCell<Option<Actual>>,
}

/// A namespace and who is in it.
#[derive(Debug)]
struct Space {
    id: NamespaceId,
    inode: u64,
    names: Vec<Name>,
    /// The lowest number first; not known of a machine that is elsewhere.
    processes: Vec<u32>,
    state: State,
}

#[derive(Debug)]
enum State {
    Live(Box<Live>),
    Kept(Box<Kept>),
}

/// What a walk could not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unseen {
    pub(crate) namespace: NamespaceId,
    pub(crate) part: Part,
    pub(crate) why: String,
}

/// A namespace that was asked for by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: NamespaceId,
    pub(crate) link: Option<String>,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Result<Self, kernel::Error> {
        // Each namespace takes a descriptor, and there may be a thousand of them.
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
        let places = Places::look()?;
        let ids = identity::of(&places.0);
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let parts = places.0.into_iter().zip(ids);
        let (who, known): (Vec<_>, Vec<_>) = parts
            .map(|(place, id)| {
                let who = (id.clone(), place.inode, place.names, place.processes);
                (who, (id, place.namespace))
            })
            .unzip();
        let known: Rc<[_]> = known.into();
        let spaces = who.into_iter().enumerate().map(|(which, (id, inode, names, processes))| {
            let state = State::Live(Box::new(Live::new(Rc::clone(&known), which)));
            Space { id, inode, names, processes, state }
        });
        let (spaces, unseen, daemon) = (spaces.collect(), Vec::new(), OnceCell::new());
        Ok(Self { host, spaces, unseen, time: None, masked: Vec::new(), daemon })
    }

    /// What one word means: see [`Called::find`].
    pub(crate) fn find(
        &self,
        word: &str,
        is_link: impl Fn(&str) -> bool,
    ) -> Result<Found, NoPlace> {
        let live = self.spaces.iter().any(|space| matches!(space.state, State::Live(_)));
        let leads_to = |word: &str| live.then(|| leads_to(word)).flatten();
        match self.meant(word, leads_to, is_link) {
            Ok(found) => Ok(found),
            Err(no) => {
                // Who may not look into a container may still ask about it.
                let id = NamespaceId::Container(word.to_owned());
                let blind = live && !rustix::process::geteuid().is_root();
                let told = blind.then(|| self.told()).flatten();
                let told = told.is_some_and(|told| told.namespaces.contains_key(&id));
                if told { Ok(Found { id, link: None }) } else { Err(no) }
            }
        }
    }

    /// The same by a name alone, where somebody elsewhere asks: no path is looked up for him.
    pub(crate) fn find_by_name(&self, name: &str) -> Result<Found, NoPlace> {
        self.meant(name, |_| None, |_| false)
    }

    fn meant(
        &self,
        word: &str,
        leads_to: impl Fn(&str) -> Option<u64>,
        is_link: impl Fn(&str) -> bool,
    ) -> Result<Found, NoPlace> {
        let called: Called<'_> =
            self.spaces.iter().map(|space| (space.inode, &space.names[..])).collect();
        let Wanted { inode, link, .. } = called.find(word, leads_to, is_link)?;
        let space = self.spaces.iter().find(|space| space.inode == inode);
        let id = space.map_or(NamespaceId::Inode(inode), |space| space.id.clone());
        Ok(Found { id, link })
    }

    /// A namespace whose nftables rules were changed since they were read.
    pub(crate) fn changed(&mut self) -> Option<NamespaceId> {
        let changed = self.spaces.iter_mut().find_map(|space| match &mut space.state {
            State::Live(live) => live.has_changed().then_some(&space.id),
            State::Kept(_) => None,
        });
        changed.cloned()
    }

    /// Reads anew what is asked for from now on.
    pub(crate) fn forget(&mut self) {
        self.unseen.clear();
        for space in &mut self.spaces {
            if let State::Live(live) = &mut space.state {
                live.rest();
            }
        }
    }

    /// All its namespaces, the host's first.
    pub(crate) fn ids(&self) -> Vec<NamespaceId> {
        let mut ids: Vec<_> = self.spaces.iter().map(|space| space.id.clone()).collect();
        ids.sort();
        ids
    }

    /// Its names, the best first.
    pub(crate) fn names(&self, of: &NamespaceId) -> &[Name] {
        self.space(of).map_or(&[], |space| &space.names)
    }

    /// Processes in it, the lowest number first.
    pub(crate) fn processes(&self, of: &NamespaceId) -> &[u32] {
        self.space(of).map_or(&[], |space| &space.processes)
    }

    /// What a command begins with that is to be carried out in there; `None` if nobody can tell.
    pub(crate) fn prefix(&self, of: &NamespaceId) -> Option<String> {
        if *of == NamespaceId::Host {
            return Some(String::new());
        }
        let space = self.space(of)?;
        let named = space.names.iter().find(|name| name.kind == Kind::Netns);
        match (space.processes.first(), named) {
            (_, Some(name)) if !name.name.contains('/') => {
                Some(format!("ip netns exec {} ", name.name))
            }
            (Some(pid), _) => Some(format!("nsenter -t {pid} -n ")),
            (None, _) => None,
        }
    }

    /// The descriptor of a namespace that is here.
    pub(crate) fn namespace(&self, of: &NamespaceId) -> Option<&kernel::NetNs> {
        match &self.space(of)?.state {
            State::Live(live) => Some(live.namespace()),
            State::Kept(_) => None,
        }
    }

    /// The part, without a word of it among what was not seen.
    pub(crate) fn part(
        &mut self,
        of: &NamespaceId,
        part: &Part,
    ) -> Result<Namespace<Unknown>, String> {
        let read = match self.spaces.iter_mut().find(|space| space.id == *of) {
            Some(Space { state: State::Live(live), .. }) => live.read(part),
            Some(Space { state: State::Kept(kept), .. }) => return kept.read(part),
            None => Err(live::Closed { may_not: true, why: format!("{of} is not to be seen") }),
        };
        match read {
            Ok(read) => Ok(read),
            Err(closed) if closed.may_not => match self.told().and_then(|t| t.namespaces.get(of)) {
                Some(told) => Ok(part.of(told)),
                None => Err(closed.why),
            },
            Err(closed) => Err(closed.why),
        }
    }

    fn space(&self, of: &NamespaceId) -> Option<&Space> {
        self.spaces.iter().find(|space| space.id == *of)
    }

    /// Our daemon's state, asked for once.
    fn told(&self) -> Option<&Actual> {
        self.daemon.get_or_init(|| Api::here().state().ok()).as_ref()
    }
}

impl<'a> Source<'a> for Machine {
    fn read(
        &mut self,
        of: &NamespaceId,
        part: &Part,
    ) -> Result<Cow<'a, Namespace<Unknown>>, String> {
        let read = self.part(of, part);
        let gap = match &read {
            Err(why) => Some(why.clone()),
            Ok(_) => self.gap(of, part),
        };
        if let Some(why) = gap {
            let unseen = Unseen { namespace: of.clone(), part: part.clone(), why };
            if !self.unseen.contains(&unseen) {
                self.unseen.push(unseen);
            }
        }
        read.map(Cow::Owned)
    }
}

impl Machine {
    /// Why a part that was had may still not be the whole: our daemon does not tell of it.
    fn gap(&self, of: &NamespaceId, part: &Part) -> Option<String> {
        let untold =
            matches!(part, Part::Rules | Part::Legacy | Part::IpSets | Part::Connection(_));
        let asked = self.daemon.get().is_some_and(Option::is_some);
        let closed = match self.space(of).map(|space| &space.state) {
            Some(State::Live(live)) => live.is_closed(),
            Some(State::Kept(_)) => false,
            None => true,
        };
        (untold && asked && closed).then(|| "the daemon's answer does not hold it".to_owned())
    }
}
