//! What each container needs to reach, asked of the model as `glassnet trace` does: the outside, if it has a
//! default route; its gateway; some others of its own layer-2 network. There, and back.
//!
//! What is meant is not told of: a host without a way out of its own, a gateway that does not answer pings,
//! ports that somebody has isolated, rules between networks. What one rule, setting or link does to many is
//! told once.

mod ask;
mod cause;
mod resolved;
mod targets;

use super::domains::Domains;
use super::seen::Seen;
use crate::cli::trace::cure;
use crate::machine::Machine;
use ask::Asker;
use cause::Cause;
use model::explain::{Finding, Proof, Remedy, Target, Who};
use model::host::NamespaceId;
use model::path::{Asked, End, Evidence, Path, Question, Reason, Stage};
use resolved::Resolved;
use std::collections::BTreeMap;
use std::net::IpAddr;
use targets::Need;

/// A packet that is lost, and whose.
struct Lost {
    who: NamespaceId,
    target: Target,
    on_the_way_back: bool,
    path: Path,
}

/// The check.
pub(super) fn cut_off(seen: &Seen, machine: &mut Machine) -> Vec<Finding> {
    let domains = Domains::of(seen);
    let needs = targets::all(seen, &domains);
    let resolved = Resolved::of(seen, &domains);
    let mut by_cause: BTreeMap<Cause, (Vec<NamespaceId>, Lost)> = BTreeMap::new();
    for lost in each(Asker { seen, resolved: &resolved }, &needs) {
        let Some(cause) = Cause::of(&lost.who, &lost.path) else { continue };
        let (who, _) = by_cause.entry(cause).or_insert_with(|| (Vec::new(), lost.copy()));
        if !who.contains(&lost.who) {
            who.push(lost.who);
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    for (who, lost) in by_cause.into_values() {
        findings.extend(finding(seen, machine, &who, lost));
    }
    findings
}

impl Lost {
    fn copy(&self) -> Self {
        let (who, target, path) = (self.who.clone(), self.target.clone(), self.path.clone());
        Self { who, target, path, on_the_way_back: self.on_the_way_back }
    }
}

/// Asks for all needs, on all processors.
fn each(asker: Asker<'_>, needs: &[Need]) -> Vec<Lost> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = needs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let shares: Vec<_> = needs
            .chunks(share)
            .map(|share| {
                scope.spawn(|| share.iter().filter_map(|need| lost(asker, need)).collect())
            })
            .collect();
        let joined = shares.into_iter().map(std::thread::ScopedJoinHandle::join);
        let lost = joined.map(|lost: std::thread::Result<Vec<Lost>>| match lost {
            Ok(lost) => lost,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        lost.flatten().collect()
    })
}

/// What is lost of what it takes to have the need fulfilled, if that is a fault.
fn lost(asker: Asker<'_>, need: &Need) -> Option<Lost> {
    let question = |asked| Question {
        source: Some(need.source),
        dont_fragment: false,
        ..Question::new(need.who.clone(), need.address, asked)
    };
    let (there, back) = asker.ask(question(Asked::Echo));
    let (path, on_the_way_back) = match back {
        Some(back) => (back, true),
        None => (there, false),
    };
    let End::Dropped { at, stage, because } = &path.end else { return None };
    let elsewhere = at.namespace != need.who;
    let outside = matches!(need.target, Target::Outside { .. });
    let is_meant = match because {
        // Who routes for it has no way out of its own.
        Reason::NoRoute { .. } | Reason::RouteRefuses { .. } => outside && elsewhere,
        Reason::Rule { .. } if *stage == Stage::Input => elsewhere,
        // A firewall may well let only some of it out.
        Reason::Rule { .. } if outside => [Asked::Tcp { port: 443 }, Asked::Udp { port: 53 }]
            .into_iter()
            .any(|asked| !is_ruled_out(&asker.ask(question(asked)).0)),
        Reason::Isolated { .. } => true,
        _ => false,
    };
    let (who, target) = (need.who.clone(), need.target.clone());
    (!is_meant).then_some(Lost { who, target, on_the_way_back, path })
}

fn is_ruled_out(path: &Path) -> bool {
    matches!(path.end, End::Dropped { because: Reason::Rule { .. }, .. })
}

fn finding(seen: &Seen, machine: &mut Machine, who: &[NamespaceId], lost: Lost) -> Option<Finding> {
    let Lost { target, path, on_the_way_back, .. } = lost;
    let advice = cure::cure(machine, &path)?;
    let End::Dropped { because, .. } = path.end.clone() else { return None };
    let remedy = Remedy { cure: advice.cure, command: advice.command };
    let last = path.hops.last();
    let evidence = last.into_iter().flat_map(|hop| {
        hop.evidence.iter().filter(|one| stands(seen, &hop.at.namespace, one)).cloned()
    });
    let evidence = evidence.collect();
    let proof = Proof { end: path.end, evidence };
    let who = Who(who.iter().map(ToString::to_string).collect());
    Some(if on_the_way_back {
        Finding::NoAnswer { who, target, because, proof, remedy }
    } else {
        Finding::CutOff { who, target, because, proof, remedy }
    })
}

/// Whether it can be looked up: what is known of a gateway without asking stands in no table.
fn stands(seen: &Seen, of: &NamespaceId, evidence: &Evidence) -> bool {
    match evidence {
        Evidence::Neighbour { address, link, mac } => {
            let namespace = seen.actual.namespaces.get(of);
            let entry = namespace.and_then(|of| of.neighbours.get(&(link.clone(), *address)));
            entry.is_some_and(|entry| entry.mac == Some(*mac))
        }
        _ => true,
    }
}

/// The address that outside stands for: one of those for documentation that nobody here has or routes.
fn outside(seen: &Seen, candidates: &[IpAddr]) -> Option<IpAddr> {
    let is_here = |address: &IpAddr| {
        seen.actual.namespaces.values().any(|namespace| {
            let routed = |to: &model::net::IpNet| to.prefix_len() > 0 && to.contains(address);
            namespace.routes.iter().any(|route| routed(&route.destination))
                || namespace.addresses.iter().any(|has| has.prefix.contains(address))
        })
    };
    candidates.iter().copied().find(|address| !is_here(address))
}

#[cfg(test)]
mod tests;
