//! A walk through one host's state, or through several hosts' that are wired together.

use super::domain::{Holder, Search, Sought};
use super::machine::{Halt, Machine};
use super::{Answer, End, Hop, Packet, Part, Path, Place, Progress, Question, Walk};
use crate::host::{Actual, NamespaceId};
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

/// The path through one host; what leaves it has left.
pub fn walk(host: &str, actual: &Actual, question: Question) -> Path {
    walk_hosts(&[(host, actual)], &[], host, question)
}

/// The path through several hosts, from the one called `from`.
pub fn walk_hosts(
    hosts: &[(&str, &Actual)],
    wires: &[Wire],
    from: &str,
    question: Question,
) -> Path {
    Journey::new(hosts, wires, from, question).go()
}

/// The path there, and, if the packet is delivered, that of its answer.
pub fn there_and_back(
    hosts: &[(&str, &Actual)],
    wires: &[Wire],
    from: &str,
    question: Question,
) -> (Path, Option<Path>) {
    let mut journey = Journey::new(hosts, wires, from, question);
    let there = journey.go();
    let turned = journey.walks.get_mut(&journey.at).is_some_and(Walk::turn_around);
    let back = turned.then(|| journey.go());
    (there, back)
}

struct Journey<'a, 'w> {
    states: BTreeMap<String, &'a Actual>,
    wires: &'w [Wire],
    walks: BTreeMap<String, Walk<'a>>,
    /// The host where the packet is.
    at: String,
}

/// More visits to hosts than any way has.
const MOST_VISITS: usize = 256;

impl<'a, 'w> Journey<'a, 'w> {
    fn new(
        hosts: &[(&str, &'a Actual)],
        wires: &'w [Wire],
        from: &str,
        question: Question,
    ) -> Self {
        let states: BTreeMap<_, _> =
            hosts.iter().map(|(name, actual)| ((*name).to_owned(), *actual)).collect();
        let mut walks: BTreeMap<_, _> =
            states.keys().map(|name| (name.clone(), Walk::elsewhere(name))).collect();
        walks.insert(from.to_owned(), Walk::new(from, question));
        Self { states, wires, walks, at: from.to_owned() }
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
                    supply(&mut walk.machine, self.states.get(&at).copied(), of, part);
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
        let resolved = self.walks.get(&self.at).and_then(|walk| walk.state.resolved.clone());
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
        let known = |end: &&WireEnd| !is_here(end) && self.states.contains_key(&end.host);
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
        let state = self.states.get(&end.host).copied();
        let Some(walk) = self.walks.get_mut(&end.host) else { return Ok(Vec::new()) };
        let (mut holders, wires, mut unclear) = loop {
            let mut search = Search::new(&walk.machine, sought);
            match search.arrive_at(&NamespaceId::Host, &end.link) {
                Ok(()) => break (search.holders, search.wires, search.unclear),
                Err(Halt::Need(of, part)) => supply(&mut walk.machine, state, of, part),
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

/// Answers a need from a snapshot.
fn supply<'a>(machine: &mut Machine<'a>, state: Option<&'a Actual>, of: NamespaceId, part: Part) {
    let namespace = state.and_then(|state| state.namespaces.get(&of)).map(Cow::Borrowed);
    let missing = format!("namespace {of} was not read");
    machine.supply(of, part, namespace.ok_or(missing));
}
