//! One walk for each pair of classes, and one for each pair that its class cannot speak for.

use super::quiet::Quiet;
use super::{Cell, Endpoint, Outcome, Single};
use crate::host::{Actual, NamespaceId};
use crate::path::{Asked, Decision, Hop, Path, Question, Stage, Translation, Wire, there_and_back};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(super) struct Matrix<'m> {
    pub(super) hosts: &'m [(&'m str, &'m Actual)],
    /// Without what was set aside.
    pub(super) states: Vec<(&'m str, &'m Actual)>,
    pub(super) wires: &'m [Wire],
    pub(super) quiet: &'m Quiet,
    pub(super) endpoints: &'m [Endpoint],
    pub(super) asked: Asked,
}

type Ways = (Path, Option<Path>);

impl Matrix<'_> {
    /// The cells and the single pairs, each in their order, and how many were walked.
    pub(super) fn walk(&self, class_of: &[usize]) -> (Vec<Cell>, Vec<Single>, u64) {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, class) in class_of.iter().enumerate() {
            members.entry(*class).or_default().push(number);
        }
        let calculating = self.calculating();
        let (mut cells, mut singles, mut walks) = (Vec::new(), Vec::new(), 0);
        for (from, senders) in &members {
            for (to, receivers) in &members {
                let example = match (&senders[..], &receivers[..]) {
                    ([one, another, ..], _) if from == to => (*one, *another),
                    ([one, ..], [other, ..]) if from != to => (*one, *other),
                    _ => continue,
                };
                if !self.endpoints[example.0].sends || !self.endpoints[example.1].receives {
                    continue;
                }
                let ways = self.ways(&self.states, example);
                walks += 1;
                let outcome = Outcome::of(&ways);
                let same = if from == to { senders.len() } else { 0 };
                let pairs = (senders.len() * receivers.len() - same) as u64;
                let apart = match calculating.decides(&ways) {
                    true => all(senders, receivers),
                    false if outcome == Outcome::Answered => Vec::new(),
                    false => self.known(senders, receivers),
                };
                for (from, to) in apart {
                    let outcome = Outcome::of(&self.ways(self.hosts, (from, to)));
                    walks += 1;
                    singles.push(Single { from, to, outcome });
                }
                cells.push(Cell { from: *from, to: *to, pairs, example, outcome });
            }
        }
        singles.sort_by_key(|single| (single.from, single.to));
        singles.dedup_by_key(|single| (single.from, single.to));
        (cells, singles, walks)
    }

    fn ways(&self, states: &[(&str, &Actual)], (from, to): (usize, usize)) -> Ways {
        let (from, to) = (&self.endpoints[from], &self.endpoints[to]);
        let question = Question::new(from.namespace.clone(), to.address, self.asked);
        there_and_back(states, self.wires, &from.host, question)
    }

    /// Pairs of which one knew the other's MAC address, where asking for it may have failed.
    fn known(&self, senders: &[usize], receivers: &[usize]) -> Vec<(usize, usize)> {
        if self.quiet.known.is_empty() {
            return Vec::new();
        }
        let by_address = |numbers: &[usize]| -> BTreeMap<IpAddr, usize> {
            numbers.iter().map(|number| (self.endpoints[*number].address, *number)).collect()
        };
        let knows = |number: usize, others: &BTreeMap<IpAddr, usize>| -> Vec<usize> {
            let endpoint = &self.endpoints[number];
            let host = self.hosts.iter().position(|(name, _)| *name == endpoint.host);
            let known = host.and_then(|h| self.quiet.known.get(&(h, endpoint.namespace.clone())));
            known.into_iter().flatten().filter_map(|known| others.get(known).copied()).collect()
        };
        let (of_senders, of_receivers) = (by_address(senders), by_address(receivers));
        let there = senders
            .iter()
            .flat_map(|from| knows(*from, &of_receivers).into_iter().map(move |to| (*from, to)));
        let back = receivers
            .iter()
            .flat_map(|to| knows(*to, &of_senders).into_iter().map(move |from| (from, *to)));
        let pairs: BTreeSet<_> = there.chain(back).filter(|(from, to)| from != to).collect();
        pairs.into_iter().collect()
    }

    /// Namespaces that do not only compare addresses.
    fn calculating(&self) -> Calculating<'_> {
        let (mut hashing, mut choosing) = (BTreeSet::new(), BTreeSet::new());
        for (host, actual) in &self.states {
            for (id, state) in &actual.namespaces {
                if state.routes.iter().any(|route| route.nexthops.len() > 1) {
                    hashing.insert((*host, id));
                }
                let global = state.addresses.iter().filter(|address| match address.prefix.addr() {
                    IpAddr::V6(v6) => !v6.is_unicast_link_local() && !v6.is_loopback(),
                    IpAddr::V4(_) => false,
                });
                if global.count() > 1 {
                    choosing.insert((*host, id));
                }
            }
        }
        Calculating { hashing, choosing }
    }
}

/// Hosts' names and namespaces.
type Places<'m> = BTreeSet<(&'m str, &'m NamespaceId)>;

struct Calculating<'m> {
    /// They choose among several next hops by a hash over addresses.
    hashing: Places<'m>,
    /// They have several IPv6 addresses, and choose the one that has most bits in common with where a
    /// packet goes.
    choosing: Places<'m>,
}

impl Calculating<'_> {
    /// Whether a packet may go its way by such a calculation.
    fn decides(&self, (there, back): &Ways) -> bool {
        let mut hops = there.hops.iter().chain(back.iter().flat_map(|back| &back.hops));
        hops.any(|hop| {
            let place = (&hop.at.host[..], &hop.at.namespace);
            let is_v6 = hop.packet.addresses().is_some_and(|(from, _)| from.is_ipv6());
            self.hashing.contains(&place) || is_v6 && chooses(hop) && self.choosing.contains(&place)
        })
    }
}

/// Whether a source address is chosen there.
fn chooses(hop: &Hop) -> bool {
    let changes = match &hop.decision {
        Decision::Pass { changes } => &changes[..],
        _ => &[],
    };
    hop.stage == Stage::Leave || changes.iter().any(|c| matches!(c, Translation::Source { .. }))
}

fn all(senders: &[usize], receivers: &[usize]) -> Vec<(usize, usize)> {
    let pairs = senders.iter().flat_map(|from| receivers.iter().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| from != to).collect()
}
