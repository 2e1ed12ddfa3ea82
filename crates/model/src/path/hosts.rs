//! A walk through one host's state, or through several hosts' that are wired together.

use super::domain::{Holder, Search, Sought};
use super::machine::{Halt, Machine, not_read};
use super::{Answer, End, Hop, Packet, Part, Path, Place, Progress, Question, Walk};
use crate::host::{Actual, Namespace, NamespaceId, Unknown};
use crate::net::{LinkName, Mac};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Links that hear each other: the two ends of a cable, or all that are plugged into one switch.
pub type Wire = Vec<WireEnd>;

/// A link of a host's own namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WireEnd {
    pub host: String,
    pub link: LinkName,
}

/// Where the parts of a host's state come from: a whole state, or whoever reads what is asked for.
pub trait Source<'a> {
    /// The part of the namespace, or why it cannot be had. What else the value holds is not looked at.
    fn read(
        &mut self,
        of: &NamespaceId,
        part: &Part,
    ) -> Result<Cow<'a, Namespace<Unknown>>, String>;

    /// All of it, if it is there already.
    fn whole(&self) -> Option<&'a Actual> {
        None
    }
}

impl<'a> Source<'a> for &'a Actual {
    fn read(&mut self, of: &NamespaceId, _: &Part) -> Result<Cow<'a, Namespace<Unknown>>, String> {
        let namespace = self.namespaces.get(of).map(Cow::Borrowed);
        namespace.ok_or_else(|| not_read(of))
    }

    fn whole(&self) -> Option<&'a Actual> {
        Some(self)
    }
}

/// The path through one host; what leaves it has left.
pub fn walk(host: &str, actual: &Actual, question: Question) -> Path {
    walk_hosts(&[(host, actual)], &[], host, question)
}

/// The path through one host there, and, if the packet is delivered, that of its answer. Only what the
/// walk asks for is read.
pub fn trace<'a>(
    host: &str,
    source: &mut dyn Source<'a>,
    question: Question,
) -> (Path, Option<Path>) {
    let sources = BTreeMap::from([(host.to_owned(), source)]);
    Journey::new(sources, &[], host, question).there_and_back()
}

/// The path through several hosts, from the one called `from`.
pub fn walk_hosts(
    hosts: &[(&str, &Actual)],
    wires: &[Wire],
    from: &str,
    question: Question,
) -> Path {
    let mut states = hosts.to_vec();
    Journey::new(sources(&mut states), wires, from, question).go()
}

/// Whole states as sources.
fn sources<'a, 's>(
    states: &'s mut [(&str, &'a Actual)],
) -> BTreeMap<String, &'s mut dyn Source<'a>> {
    let named = states.iter_mut();
    named.map(|(name, state)| ((*name).to_owned(), state as &mut dyn Source<'a>)).collect()
}

/// The path there, and, if the packet is delivered, that of its answer.
pub fn there_and_back(
    hosts: &[(&str, &Actual)],
    wires: &[Wire],
    from: &str,
    question: Question,
) -> (Path, Option<Path>) {
    let mut states = hosts.to_vec();
    Journey::new(sources(&mut states), wires, from, question).there_and_back()
}

/// Where a walk cannot go on by its host's state alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Who has this address on the wire of this link? [`Walk::answer`] it.
    Resolve {
        at: Place,
        address: IpAddr,
    },
    Leaves {
        at: Place,
        packet: Packet,
    },
    End(End),
}

impl End {
    pub fn at(&self) -> &Place {
        let (Self::Delivered { at, .. }
        | Self::Dropped { at, .. }
        | Self::Left { at }
        | Self::Unknown { at, .. }) = self;
        at
    }
}

impl<'a> Walk<'a> {
    /// Goes on as far as its host's state leads.
    pub fn go_on(&mut self, source: &mut dyn Source<'a>, hops: &mut Vec<Hop>) -> Stop {
        loop {
            match self.step() {
                Progress::Hop(hop) => hops.push(hop),
                Progress::Need(of, part) => {
                    let read = source.read(&of, &part);
                    self.machine.supply(of, part, read);
                }
                Progress::Resolve { at, address } => return Stop::Resolve { at, address },
                Progress::LeavesHost { at, packet } => return Stop::Leaves { at, packet },
                Progress::End(end) => return Stop::End(end),
            }
        }
    }
}

struct Journey<'a, 'w> {
    sources: BTreeMap<String, &'w mut dyn Source<'a>>,
    wires: &'w [Wire],
    walks: BTreeMap<String, Walk<'a>>,
    /// The host where the packet is.
    at: String,
}

/// More visits to hosts than any way has.
const MOST_VISITS: usize = 256;

impl<'a, 'w> Journey<'a, 'w> {
    fn new(
        sources: BTreeMap<String, &'w mut dyn Source<'a>>,
        wires: &'w [Wire],
        from: &str,
        question: Question,
    ) -> Self {
        let machine = |name: &String, source: &&mut dyn Source<'a>| {
            (name.clone(), Walk::before(Machine::new(name, source.whole())))
        };
        let mut walks: BTreeMap<_, _> = sources.iter().map(|(n, s)| machine(n, s)).collect();
        let whole = sources.get(from).and_then(|source| source.whole());
        walks.insert(from.to_owned(), Walk::on(Machine::new(from, whole), question));
        Self { sources, wires, walks, at: from.to_owned() }
    }

    fn there_and_back(mut self) -> (Path, Option<Path>) {
        let there = self.go();
        let turned = self.walks.get_mut(&self.at).is_some_and(Walk::turn_around);
        let back = turned.then(|| self.go());
        (there, back)
    }

    fn go(&mut self) -> Path {
        let mut hops: Vec<Hop> = Vec::new();
        let mut visits = 0;
        loop {
            let at = self.at.clone();
            let Some(walk) = self.walks.get_mut(&at) else { unreachable!("only hosts with walks") };
            match walk.step() {
                Progress::Hop(hop) => hops.push(hop),
                Progress::Need(of, part) => {
                    supply(&mut walk.machine, self.sources.get_mut(&at), of, part);
                }
                Progress::Resolve { at: place, address } => {
                    let answer = self.who_has(&place, address);
                    if let Some(walk) = self.walks.get_mut(&at) {
                        walk.answer(&place, address, answer);
                    }
                }
                Progress::LeavesHost { at: place, packet } => {
                    visits += 1;
                    match self.behind(&place, &packet) {
                        Some(end) if visits < MOST_VISITS => self.hand_over(&end, packet),
                        _ => return Path { hops, end: End::Left { at: place } },
                    }
                }
                Progress::End(end) => return Path { hops, end },
            }
        }
    }

    /// Carries the packet over a wire.
    fn hand_over(&mut self, to: &WireEnd, packet: Packet) {
        let before = self.walks.get(&self.at).map(|walk| &walk.state);
        let resolved = before.and_then(|state| state.resolved.clone());
        if let Some(walk) = self.walks.get_mut(&to.host) {
            walk.arrive(NamespaceId::Host, to.link.clone(), packet);
            walk.state.resolved = resolved;
        }
        self.at.clone_from(&to.host);
    }

    /// The other ends of a link's wire; `None` if it is on none.
    fn others(&self, place: &Place) -> Option<Vec<WireEnd>> {
        let is_here =
            |end: &WireEnd| end.host == place.host && Some(&end.link) == place.link.as_ref();
        let wire = self.wires.iter().find(|wire| wire.iter().any(is_here))?;
        let known = |end: &&WireEnd| !is_here(end) && self.sources.contains_key(&end.host);
        (place.namespace == NamespaceId::Host).then(|| wire.iter().filter(known).cloned().collect())
    }

    /// The end of the wire where the frame is taken, or led on from.
    fn behind(&mut self, place: &Place, packet: &Packet) -> Option<WireEnd> {
        let Some(super::Layer::Ethernet { destination, .. }) = packet.layers.first() else {
            return None;
        };
        let sought = Sought::Mac(*destination);
        let ends = self.others(place)?;
        ends.into_iter().find(|end| {
            let mut seen = BTreeSet::from([end.clone()]);
            matches!(self.search(end, sought, &mut seen), Ok(found) if !found.is_empty())
        })
    }

    fn who_has(&mut self, place: &Place, address: IpAddr) -> Answer {
        let Some(ends) = self.others(place) else {
            return Answer::Unclear("nobody was looked at".to_owned());
        };
        let mut seen: BTreeSet<_> = ends.iter().cloned().collect();
        let mut holders: BTreeMap<Mac, Place> = BTreeMap::new();
        let mut unclear = None;
        for end in ends {
            match self.search(&end, Sought::Address(address), &mut seen) {
                Ok(found) => holders.extend(found.into_iter().map(|h| (h.mac, h.place))),
                Err(why) => unclear = Some(why),
            }
        }
        let mut holders = holders.into_iter();
        match (holders.next(), holders.next(), unclear) {
            (Some((mac, place)), None, _) => Answer::By { mac, place },
            (Some(_), Some(_), _) => Answer::Unclear("more than one host has it".to_owned()),
            (None, _, Some(why)) => Answer::Unclear(why),
            (None, _, None) => Answer::Nobody,
        }
    }

    /// Who has it, behind an end of a wire.
    fn search(
        &mut self,
        end: &WireEnd,
        sought: Sought,
        seen: &mut BTreeSet<WireEnd>,
    ) -> Result<Vec<Holder>, String> {
        let Some(walk) = self.walks.get_mut(&end.host) else { return Ok(Vec::new()) };
        let (mut holders, wires, mut unclear) = loop {
            let mut search = Search::new(&walk.machine, sought);
            match search.arrive_at(&NamespaceId::Host, &end.link) {
                Ok(()) => break (search.holders, search.wires, search.unclear),
                Err(Halt::Need(wanted)) => {
                    for (of, part) in wanted {
                        supply(&mut walk.machine, self.sources.get_mut(&end.host), of, part);
                    }
                }
                Err(Halt::Unknown(why)) => return Err(why),
                Err(Halt::Resolve { .. } | Halt::Drop(_)) => return Ok(Vec::new()),
            }
        };
        for wire in wires {
            let Some(ends) = self.others(&wire) else {
                unclear.push("nobody was looked at".to_owned());
                continue;
            };
            for end in ends {
                if seen.insert(end.clone()) {
                    match self.search(&end, sought, seen) {
                        Ok(found) => holders.extend(found),
                        Err(why) => unclear.push(why),
                    }
                }
            }
        }
        match unclear.into_iter().next() {
            Some(why) if holders.is_empty() => Err(why),
            _ => Ok(holders),
        }
    }
}

/// Answers a need.
fn supply<'a>(
    machine: &mut Machine<'a>,
    source: Option<&mut &mut dyn Source<'a>>,
    of: NamespaceId,
    part: Part,
) {
    let read = source.map(|source| source.read(&of, &part));
    let supplied = read.unwrap_or_else(|| Err(not_read(&of)));
    machine.supply(of, part, supplied);
}
