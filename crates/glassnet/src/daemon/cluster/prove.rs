//! Proves by echoes what packets to each peer pass by, before it is used and ever again.
//!
//! A tunnel is proven to the peer's link-local address on it, which answers by the tunnel alone; the
//! direct way from one node's proof address to the other's, to which nothing else leads. Full size
//! first; see [`model::cluster::Search`].

use super::{Cluster, Event, Pair};
use crate::daemon::{Daemon, lock};
use model::cluster::{
    Backend, Choice, Echo, Means, Network, Outcome, Proofs, Search, Source, Tried, Way, choose,
};
use model::explain::WayFault;
use model::net::Family;
use model::plan;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long an echo is waited for. A search of a path that swallows large packets takes about ten
/// of these, and has to be over within 5 s.
const WAIT: Duration = Duration::from_millis(250);

/// What has answered by then is told without waiting for the rest. The best means answers as soon as
/// the others, so nothing worse is taken for a moment.
const LOOK: Duration = Duration::from_millis(20);

/// A way that is as good as it can be is proven again after so long …
const AGAIN: Duration = Duration::from_secs(30);

/// … and one that is not after this, doubled each time, and at most that: after a join the other side
/// may need a moment.
const SOON: Duration = Duration::from_millis(250);
const LATEST: Duration = Duration::from_secs(5);

/// What is known of the way to a peer.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub proofs: Proofs,
    pub choice: Choice,
    /// Everything has been tried at least once.
    pub over: bool,
    pub at: SystemTime,
}

impl Known {
    /// Microseconds there and back by a means.
    pub(super) fn round_trip(&self, by: Option<Means>) -> Option<u64> {
        let of = |tried: &Tried| match tried {
            Tried::Done(proof) => proof.microseconds,
            _ => None,
        };
        match by? {
            Means::Vxlan => of(&self.proofs.vxlan),
            Means::Direct => self.proofs.direct.values().filter_map(of).max(),
        }
    }
}

/// When each way is to be proven.
#[derive(Default)]
pub(super) struct Prover {
    due: Mutex<BTreeMap<Pair, Due>>,
    sooner: Condvar,
}

#[derive(Clone, Copy)]
struct Due {
    at: Instant,
    /// How often in a row it was not as good as it can be.
    failures: u32,
}

impl Prover {
    /// A way is new or was changed.
    pub(super) fn now(&self, pair: &Pair) {
        let due = Due { at: Instant::now(), failures: 0 };
        self.due().insert(pair.clone(), due);
        self.sooner.notify_all();
    }

    pub(super) fn knows(&self, pair: &Pair) -> bool {
        self.due().contains_key(pair)
    }

    pub(super) fn forget(&self, pair: &Pair) {
        self.due().remove(pair);
    }

    fn due(&self) -> std::sync::MutexGuard<'_, BTreeMap<Pair, Due>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are due and not under way; where nothing is either, waits until some are due.
    fn next(&self, under_way: &[(Pair, Trial)]) -> Vec<Pair> {
        let mut due = self.due();
        loop {
            let now = Instant::now();
            let is_ready = |(pair, due): &(&Pair, &Due)| {
                due.at <= now && under_way.iter().all(|(other, _)| other != *pair)
            };
            let ready: Vec<Pair> =
                due.iter().filter(is_ready).map(|(pair, _)| pair.clone()).collect();
            if !ready.is_empty() || !under_way.is_empty() {
                for pair in &ready {
                    if let Some(due) = due.get_mut(pair) {
                        due.at = now + AGAIN;
                    }
                }
                return ready;
            }
            let first = due.values().map(|due| due.at).min();
            let left = first.map_or(AGAIN, |first| first.saturating_duration_since(now));
            let waited = self.sooner.wait_timeout(due, left);
            due = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn proven(&self, pair: &Pair, good: bool) {
        let mut all = self.due();
        let Some(due) = all.get_mut(pair) else { return };
        due.failures = if good { 0 } else { due.failures + 1 };
        if !good {
            let pause = (SOON * 2_u32.saturating_pow(due.failures.min(8) - 1)).min(LATEST);
            // Unless it was changed while it was being proven.
            due.at = due.at.min(Instant::now() + pause);
        }
    }
}

/// The way with the means that is best by what is known. Before anything is, and when nothing passes
/// any more, it stays as it was: a cut cable is no reason to take routes away.
pub(super) fn decide(
    network: &Network,
    way: Way,
    known: Option<&Known>,
    before: Option<&Way>,
) -> Way {
    let Some(spread) = network.spread else { return way };
    let choice = match known {
        Some(known) => choose(spread.backend, &known.proofs),
        None => Choice { by: only(spread.backend), ..Choice::default() },
    };
    // Of the old means nothing is given up before the new one is proven.
    if spread.leaving.is_some()
        && choice.mtu.is_none()
        && let Some(before) = before.filter(|before| before.by.is_some())
    {
        return Way { by: before.by, mtu: before.mtu, ..way };
    }
    let allowed = |by: &Means| match spread.backend {
        Backend::Auto => true,
        backend => only(backend) == Some(*by),
    };
    let kept = before.and_then(|before| before.by).filter(allowed);
    let by = choice.by.or(kept);
    let mtu = if choice.mtu.is_some() {
        choice.mtu
    } else {
        before.filter(|before| before.by == by).and_then(|before| before.mtu)
    };
    Way { by, mtu, ..way }
}

fn only(backend: Backend) -> Option<Means> {
    match backend {
        Backend::Auto => None,
        Backend::Direct => Some(Means::Direct),
        Backend::Vxlan => Some(Means::Vxlan),
    }
}

/// Proves ways for ever.
pub(in crate::daemon) fn serve(daemon: &Daemon, cluster: &Cluster) {
    let here = match kernel::NetNs::current() {
        Ok(here) => here,
        Err(error) => {
            tracing::error!(%error, "ways to the peers cannot be proven");
            return;
        }
    };
    let mut trials: Vec<(Pair, Trial)> = Vec::new();
    loop {
        // A peer that has just come does not wait until another's long search is over.
        for pair in cluster.prover.next(&trials) {
            match daemon.trial(cluster, &pair) {
                Some(trial) => trials.push((pair, trial)),
                None => cluster.prover.forget(&pair),
            }
        }
        run(here.as_fd(), &mut trials, |trials| cluster.tell_what_is_known(trials));
        trials.retain(|(pair, trial)| {
            if trial.is_over() {
                let choice = choose(trial.backend, &trial.proofs(None));
                cluster.prover.proven(pair, choice.by.is_some() && choice.why.is_empty());
            }
            !trial.is_over()
        });
    }
}

impl Cluster {
    /// One means may be known to pass long before another is known not to.
    fn tell_what_is_known(&self, trials: &[(Pair, Trial)]) {
        let mut changed = Vec::new();
        let mut view = lock(&self.view);
        for (pair, trial) in trials {
            let before = view.proofs.get(pair);
            let proofs = trial.proofs(before.map(|before| &before.proofs));
            let choice = choose(trial.backend, &proofs);
            let over = trial.is_over() || before.is_some_and(|before| before.over);
            if before.is_none_or(|before| before.choice != choice || before.over != over) {
                changed.push(pair.clone());
            }
            let known = Known { proofs, choice, over, at: SystemTime::now() };
            view.proofs.insert(pair.clone(), known);
        }
        drop(view);
        if !changed.is_empty() {
            self.tell(Event::Proven(changed));
        }
    }
}

/// The next echo of every search, side by side. `tell` is called with what is known soon, and at the
/// end.
fn run(here: BorrowedFd<'_>, trials: &mut [(Pair, Trial)], mut tell: impl FnMut(&[(Pair, Trial)])) {
    // Which of all searches is asked by each echo.
    let (mut asked, mut echoes) = (Vec::new(), Vec::new());
    for (number, search) in searches(trials).enumerate() {
        if let Some(echo) = search.next() {
            asked.push(number);
            echoes.push(echo);
        }
    }
    if echoes.is_empty() {
        return tell(trials);
    }
    let mut taken = vec![false; echoes.len()];
    let mut take = |trials: &mut [(Pair, Trial)], first: usize, known: &[Option<Outcome>]| {
        for (number, search) in searches(trials).enumerate() {
            let Ok(echo) = asked.binary_search(&number) else { continue };
            let outcome = echo.checked_sub(first).and_then(|place| known.get(place)?.clone());
            if let Some(outcome) = outcome.filter(|_| !taken[echo]) {
                search.step(outcome);
                taken[echo] = true;
            }
        }
    };
    let outcomes = kernel::prove::echoes_with_a_look(here, &echoes, WAIT, LOOK, |first, known| {
        take(trials, first, known);
        tell(trials);
    });
    let outcomes = outcomes.unwrap_or_else(|error| {
        tracing::warn!(%error, "ways to the peers cannot be proven");
        vec![Outcome::Silent; echoes.len()]
    });
    let known: Vec<_> = outcomes.into_iter().map(Some).collect();
    take(trials, 0, &known);
    tell(trials);
}

fn searches(trials: &mut [(Pair, Trial)]) -> impl Iterator<Item = &mut Search> {
    trials.iter_mut().flat_map(|(_, trial)| trial.searches())
}

/// What is tried of one way.
struct Trial {
    backend: Backend,
    port: u16,
    direct: BTreeMap<Family, Attempt>,
    vxlan: Attempt,
    underlay: Attempt,
}

/// One thing that is tried, or why it is not.
enum Attempt {
    Not,
    Cannot(WayFault),
    Search(Search),
}

impl Attempt {
    fn search(&mut self) -> Option<&mut Search> {
        match self {
            Self::Search(search) => Some(search),
            _ => None,
        }
    }

    /// What is known of it; while it is under way, what was known before.
    fn known(&self, before: Option<&Tried>) -> Tried {
        match self {
            Self::Not => Tried::Not,
            Self::Cannot(why) => Tried::Cannot(why.clone()),
            Self::Search(search) => match search.proof() {
                Some(proof) => Tried::Done(proof.clone()),
                None => before.cloned().unwrap_or_default(),
            },
        }
    }
}

impl Trial {
    fn searches(&mut self) -> impl Iterator<Item = &mut Search> {
        let others = [&mut self.vxlan, &mut self.underlay];
        self.direct.values_mut().chain(others).filter_map(Attempt::search)
    }

    fn is_over(&self) -> bool {
        let others = [&self.vxlan, &self.underlay];
        let searches = self.direct.values().chain(others);
        searches.into_iter().all(|tried| !matches!(tried, Attempt::Search(s) if s.next().is_some()))
    }

    fn proofs(&self, before: Option<&Proofs>) -> Proofs {
        let direct = self.direct.iter().map(|(family, tried)| {
            (*family, tried.known(before.and_then(|before| before.direct.get(family))))
        });
        Proofs {
            direct: direct.collect(),
            vxlan: self.vxlan.known(before.map(|before| &before.vxlan)),
            underlay: self.underlay.known(before.map(|before| &before.underlay)),
            port: self.port,
        }
    }
}

impl Daemon {
    /// What is to be tried of a way; `None` if there is none any more.
    fn trial(&self, cluster: &Cluster, pair: &Pair) -> Option<Trial> {
        let (network, node) = {
            let book = self.book();
            (book.networks.get(&pair.0)?.clone(), self.node(&book))
        };
        let spread = network.spread?;
        let way = lock(&cluster.view).ways.get(pair).cloned()?;
        let member = node.member.as_ref()?;
        let from_to = |from: Source, to: IpAddr, bytes: u32| {
            Attempt::Search(Search::new(Echo { from, to, bytes }))
        };
        let vxlan = match &way.tunnel {
            _ if !spread.tunnels() => Attempt::Not,
            None => Attempt::Cannot(WayFault::NoTunnelEnd),
            Some(end) => from_to(
                Source::Link(network.tunnel_link()),
                IpAddr::V6(end.vtep.link_local()),
                plan::mtu(&node, &network),
            ),
        };
        let underlay = way.tunnel.and_then(|end| {
            let own = member.address(Family::of(end.underlay))?;
            Some(from_to(Source::Address(own), end.underlay, node.underlay_mtu))
        });
        let mut direct = BTreeMap::new();
        if spread.goes_direct() {
            let own = &member.networks.get(&network.name)?.proof;
            for family in network.pools.iter().map(model::cluster::Pool::family) {
                let of_family = |proof: &[IpAddr]| {
                    proof.iter().copied().find(|address| Family::of(*address) == family)
                };
                let reachable = way.hop(family).is_some()
                    || (family == Family::V4 && way.hop(Family::V6).is_some());
                let attempt = match (of_family(own), of_family(&way.proof)) {
                    _ if !reachable => Attempt::Cannot(WayFault::NoHop { family }),
                    (Some(from), Some(to)) => from_to(Source::Address(from), to, node.underlay_mtu),
                    _ => Attempt::Cannot(WayFault::NoProofAddress { family }),
                };
                direct.insert(family, attempt);
            }
        }
        Some(Trial {
            backend: spread.backend,
            port: spread.port,
            direct,
            vxlan,
            underlay: underlay.unwrap_or(Attempt::Not),
        })
    }
}
