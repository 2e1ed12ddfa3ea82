//! Waiting, before a container is attached, until it would reach the others and they it.
//!
//! ```text
//! the ways to the living peers are tried and made   (settled)
//!   └▶ each peer answers by them, once              (answering)
//! ```
//!
//! The second is asked by whoever attaches first after a way was made: from the node's own address in
//! the network to the peer's. The answer tells that the peer too has made its way, which is another
//! proof than that of the means.

use super::{Cluster, Pair};
use crate::daemon::{Daemon, lock};
use model::cluster::{Echo, NetworkName, Outcome, Source};
use model::net::Family;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

/// After that, whatever is there has to do.
const READY: Duration = Duration::from_secs(2);
/// So long a peer has to answer: it may be about to be known as dead.
const HEARD: Duration = Duration::from_secs(1);
/// How long an answer is waited for before it is asked again.
const WAIT: Duration = Duration::from_millis(50);
/// Bytes: small, for sizes are proven elsewhere.
const SIZE: u32 = 128;

impl Daemon {
    /// Lets a container that comes as soon as there is a network, a peer or a way wait until packets
    /// would pass.
    pub(in crate::daemon) fn wait_for_ways(&self, name: &NetworkName) {
        let Some(cluster) = &self.cluster else { return };
        let spread = self.book().networks.get(name).is_some_and(|n| n.spread.is_some());
        if !spread {
            return;
        }
        let unsettled = |view: &mut super::View| !view.settled.contains(name);
        let view = lock(&cluster.view);
        drop(cluster.changed.wait_timeout_while(view, READY, unsettled));
        if self.unheard(cluster, name).is_empty() {
            return;
        }
        let _one_asks = lock(&cluster.asking);
        self.hear_from(cluster, name, Instant::now() + HEARD);
    }

    /// Asks until all have answered. Who has not by then is not waited for again.
    fn hear_from(&self, cluster: &Cluster, name: &NetworkName, until: Instant) {
        let here = kernel::NetNs::current();
        loop {
            let unheard = self.unheard(cluster, name);
            if unheard.is_empty() {
                return;
            }
            let echoes: Vec<Echo> =
                unheard.iter().flat_map(|(_, echoes)| echoes.iter().cloned()).collect();
            let left = until.saturating_duration_since(Instant::now());
            let asked = here
                .as_ref()
                .map(|here| kernel::prove::echoes(here.as_fd(), &echoes, left.min(WAIT)));
            let outcomes = match asked {
                Ok(Ok(outcomes)) => outcomes,
                Ok(Err(error)) => return tracing::warn!(%error, "the peers cannot be asked"),
                Err(error) => return tracing::warn!(%error, "the peers cannot be asked"),
            };
            let mut outcomes = outcomes.into_iter();
            let mut silent = 0;
            for (pair, echoes) in unheard {
                let mut of_it = outcomes.by_ref().take(echoes.len());
                let answers = of_it.by_ref().filter(|o| matches!(o, Outcome::Answered { .. }));
                if answers.count() == echoes.len() || left.is_zero() {
                    lock(&cluster.view).answering.insert(pair);
                } else {
                    silent += 1;
                }
            }
            if silent > 0 {
                // A refusal comes at once.
                std::thread::sleep(WAIT / 10);
            }
        }
    }

    /// Living peers to which there is a way that nobody has answered by yet, and what to ask each.
    fn unheard(&self, cluster: &Cluster, name: &NetworkName) -> Vec<(Pair, Vec<Echo>)> {
        let Some(own) = self.book().presences.get(name).cloned() else { return Vec::new() };
        let view = lock(&cluster.view);
        let ways = view.ways.iter().filter(|(pair, way)| {
            pair.0 == *name
                && way.by.is_some()
                && view.registry.alive.contains_key(&pair.1)
                && !view.answering.contains(*pair)
        });
        let unheard = ways.filter_map(|(pair, _)| {
            let its = view.registry.members.get(&pair.1)?.networks.get(name)?;
            let echo = |to: &std::net::IpAddr| {
                let of_family = |from: &&std::net::IpAddr| Family::of(**from) == Family::of(*to);
                let from = own.addresses.iter().find(of_family)?;
                Some(Echo { from: Source::Address(*from), to: *to, bytes: SIZE })
            };
            Some((pair.clone(), its.addresses.iter().filter_map(echo).collect()))
        });
        unheard.collect()
    }
}
