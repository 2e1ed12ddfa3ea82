//! Walks a packet that comes from another node on through this one, by what is here now.

use super::super::Cluster;
use super::kept::{self, Visit};
use crate::cli::advice;
use crate::daemon::lock;
use crate::machine::{Machine, Outward, bearer, entry, name_holder};
use model::cluster::NodeName;
use model::cluster::trace::{Ask, Holder, Inquiry, Said, Stretch, Then, Unseen, Walked, next_hop};
use model::explain::TraceRefusal;
use model::host::NamespaceId;
use model::path::{Answer, End, Part, Path, Place, Stop, Walk};
use std::net::IpAddr;
use std::time::Instant;

/// How often a walk is begun anew since rules changed under it.
const TRIES: usize = 3;

impl Cluster {
    pub(super) fn look(&self, asker: &NodeName, inquiry: Inquiry) -> Result<Said, TraceRefusal> {
        let failed = |why: String| TraceRefusal::Failed { node: self.name.clone(), why };
        let mut machine = Machine::here().map_err(|error| failed(error.to_string()))?;
        let Inquiry { walk, ask, .. } = inquiry;
        match ask {
            Ask::Has { address } => {
                let found = bearer(&mut Outward(&mut machine), address).map_err(failed)?;
                Ok(Said::Has(found.map(|(link, mac)| {
                    let (host, namespace) = (self.name.to_string(), NamespaceId::Host);
                    Holder { address, mac, at: Place { host, namespace, link: Some(link) } }
                })))
            }
            Ask::Addresses { place } => Ok(Said::Addresses(addresses(&mut machine, &place))),
            Ask::Arrives { packet, next_hop, known, visited, back } => {
                let mut visit = match lock(&self.traces.kept).take(asker, &walk, Instant::now()) {
                    Some(visit) => visit,
                    None if visited.contains(&self.name) => return Err(self.forgotten()),
                    None => {
                        let walk = Walk::elsewhere(self.name.as_str());
                        Visit { walk, known: Vec::new() }
                    }
                };
                visit.known.extend(known);
                let entry = entry(&mut Outward(&mut machine), &packet, next_hop).map_err(failed)?;
                let said = match entry {
                    None => Said::NotHere,
                    Some(entry) => {
                        let link = entry.link;
                        visit.walk.arrive(NamespaceId::Host, link, entry.packet);
                        let walked = walk_on(&mut machine, &mut visit, back);
                        Said::Walked(Box::new(Walked { between: entry.between, ..walked }))
                    }
                };
                lock(&self.traces.kept).put(asker.clone(), walk, visit, Instant::now());
                Ok(said)
            }
            Ask::GoesOn { at, address, holder, back } => {
                let kept = lock(&self.traces.kept).take(asker, &walk, Instant::now());
                let mut visit = kept.ok_or_else(|| self.forgotten())?;
                let answer = match holder {
                    Some(Holder { mac, at: place, .. }) => Answer::By { mac, place },
                    None => Answer::Unclear("nobody was looked at".to_owned()),
                };
                visit.walk.answer(&at, address, answer);
                let walked = walk_on(&mut machine, &mut visit, back);
                lock(&self.traces.kept).put(asker.clone(), walk, visit, Instant::now());
                Ok(Said::Walked(Box::new(walked)))
            }
        }
    }

    fn forgotten(&self) -> TraceRefusal {
        TraceRefusal::Forgotten { node: self.name.clone(), seconds: kept::FOR.as_secs() }
    }
}

/// As far as it goes here, and if it is delivered, the answer's way too.
fn walk_on(machine: &mut Machine, visit: &mut Visit, back: bool) -> Walked {
    let before = visit.walk.clone();
    let mut tries = 1;
    let (mut way, mut back, unsteady) = loop {
        let way = stretch(machine, &mut visit.walk, &visit.known);
        let answers = back && visit.walk.turn_around();
        let back = answers.then(|| stretch(machine, &mut visit.walk, &visit.known));
        match machine.changed() {
            Some(_) if tries < TRIES => {
                machine.forget();
                visit.walk = before.clone();
                tries += 1;
            }
            changed => break (way, back, changed),
        }
    };
    let mut advice = None;
    for stretch in [Some(&mut way), back.as_mut()].into_iter().flatten() {
        if let Then::End(end) = &stretch.then {
            let hops = std::mem::take(&mut stretch.hops);
            let mut path = Path { hops, end: end.clone() };
            name_holder(machine, &mut path);
            advice = match path.end {
                End::Delivered { .. } | End::Left { .. } => None,
                End::Dropped { .. } | End::Unknown { .. } => self::advice(machine, &path),
            };
            *stretch = Stretch { hops: path.hops, then: Then::End(path.end) };
        }
    }
    let unseen = machine.unseen.iter().map(|unseen| Unseen {
        namespace: unseen.namespace.clone(),
        part: unseen.part.clone(),
        why: unseen.why.clone(),
    });
    Walked { way, back, between: false, unseen: unseen.collect(), unsteady, advice }
}

fn stretch(machine: &mut Machine, walk: &mut Walk<'static>, known: &[Holder]) -> Stretch {
    let mut hops = Vec::new();
    let then = loop {
        match walk.go_on(&mut Outward(machine), &mut hops) {
            Stop::Resolve { at, address } => {
                match known.iter().rev().find(|holder| holder.address == address) {
                    Some(holder) => {
                        let answer = Answer::By { mac: holder.mac, place: holder.at.clone() };
                        walk.answer(&at, address, answer);
                    }
                    None => break Then::Asks { at, address },
                }
            }
            Stop::Leaves { at, packet } => {
                break Then::Leaves { at, packet, next_hop: next_hop(&hops) };
            }
            Stop::End(end) => break Then::End(end),
        }
    };
    Stretch { hops, then }
}

/// Those by which others may send to a place; none if there is no such place.
fn addresses(machine: &mut Machine, place: &str) -> Vec<IpAddr> {
    let Ok(found) = machine.find_by_name(place) else { return Vec::new() };
    let read = machine.part(&found.id, &Part::Addresses).map(|read| read.addresses);
    let read = read.unwrap_or_default();
    let link_local =
        |a: &IpAddr| matches!(a, IpAddr::V6(address) if address.is_unicast_link_local());
    let settled = read.iter().filter(|address| !address.tentative).map(|a| a.prefix.addr());
    let mut all: Vec<_> = settled.filter(|a| !a.is_loopback() && !link_local(a)).collect();
    all.sort_by_key(IpAddr::is_ipv6);
    all
}
