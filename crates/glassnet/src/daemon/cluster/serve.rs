//! Takes in what the store, the proofs and the host tell, in order, and does what follows.

use super::{Cluster, Event, Link, Pair};
use crate::daemon::{Daemon, lock};
use model::cluster::{Change, Concern, Unreadable, Way};
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

/// How often claims, the snapshot and what has failed before are seen to.
const ROUND: Duration = Duration::from_secs(1);

/// How long nothing has to happen before the snapshot is written: what is told in several events, such as
/// the addresses of a container, is made into routes first.
const PAUSE: Duration = Duration::from_millis(5);

/// Serves the cluster for ever.
pub(in crate::daemon) fn serve(daemon: &Daemon, cluster: &Cluster) {
    let Some(inbox) = lock(&cluster.inbox).take() else { return };
    // Networks and ways as they were last seen: what is not there yet is made now.
    let last_seen = lock(&cluster.view).registry.concerns();
    daemon.take_in(cluster, &last_seen);
    let mut round = Instant::now() + ROUND;
    let mut rest = Instant::now();
    loop {
        let now = Instant::now();
        let dirty = lock(&cluster.view).dirty;
        let next_deed = if dirty { round.min(rest.max(now + PAUSE)) } else { round };
        let left = next_deed.saturating_duration_since(now);
        let mut quiet = false;
        match next(&inbox, left) {
            Ok(events) => {
                let mut concerns = BTreeSet::new();
                for event in events {
                    concerns.extend(cluster.note(event));
                }
                daemon.take_in(cluster, &concerns);
            }
            Err(RecvTimeoutError::Timeout) => quiet = true,
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // A daemon that is killed takes its routes from this when it starts, and would take away those
        // that it does not find there. So it is written as soon as it may, but never before a route
        // that is to be made: somebody may send the moment an address is claimed.
        let now = Instant::now();
        if rest <= now && (quiet || rest + ROUND <= now) {
            rest = Instant::now() + cluster.keep_snapshot();
        }
        if round <= Instant::now() {
            daemon.see_to_claims(cluster);
            daemon.see_to_changes(cluster);
            round = Instant::now() + ROUND;
        }
    }
}

/// The next event and all that have come with it: what a thousand nodes say at once is taken in
/// together.
fn next(inbox: &Receiver<Event>, left: Duration) -> Result<Vec<Event>, RecvTimeoutError> {
    let mut events = vec![inbox.recv_timeout(left)?];
    events.extend(inbox.try_iter());
    Ok(events)
}

impl Cluster {
    /// Takes an event in; says what it concerns.
    fn note(&self, event: Event) -> BTreeSet<Concern> {
        let mut view = lock(&self.view);
        let mut concerns = BTreeSet::new();
        match event {
            Event::Loaded(entries, unreadable) => {
                view.unreadable.clear();
                concerns = view.registry.replace(entries);
                view.unreadable.extend(unreadable.into_iter().map(|u| (u.key, u.why)));
                view.store = Link::Here(SystemTime::now());
                let now = SystemTime::now();
                let living: Vec<_> = view.registry.alive.keys().cloned().collect();
                view.seen.extend(living.into_iter().map(|node| (node, now)));
                // What of ours is not there, or was changed while we were away, is seen to.
                concerns.insert(Concern::Member(self.name.clone()));
            }
            Event::Changed(changes, unreadable) => {
                for change in changes {
                    if let Change::Put(entry) = &change {
                        view.unreadable.remove(&entry.key().to_string());
                    }
                    concerns.extend(view.registry.note(change));
                }
                view.unreadable
                    .extend(unreadable.into_iter().map(|Unreadable { key, why }| (key, why)));
                for concern in &concerns {
                    if let Concern::Alive(node) = concern {
                        view.seen.insert(node.clone(), SystemTime::now());
                    }
                }
            }
            Event::Away(why) => {
                if let Link::Here(_) = view.store {
                    tracing::warn!(%why, "the cluster's store is away");
                    let now = SystemTime::now();
                    let living: Vec<_> = view.registry.alive.keys().cloned().collect();
                    view.seen.extend(living.into_iter().map(|node| (node, now)));
                    view.store = Link::Away(now, Some(why));
                } else if let Link::Away(_, before) = &mut view.store {
                    *before = Some(why);
                }
            }
            Event::NameTaken(machine) => view.name_held_by = Some(machine),
            Event::Named => view.name_held_by = None,
            Event::Proven(pairs) => {
                let claims = pairs.into_iter().map(|(network, node)| Concern::Claim(network, node));
                concerns.extend(claims);
            }
            Event::Host => {
                drop(view);
                self.learn_own_address();
                view = lock(&self.view);
                view.ways.keys().for_each(|pair| self.prover.now(pair));
                let members = view.registry.members.keys().cloned();
                concerns.extend(members.map(Concern::Member));
            }
        }
        // Who lives is not kept.
        view.dirty |= concerns.iter().any(|concern| !matches!(concern, Concern::Alive(_)));
        drop(view);
        self.changed.notify_all();
        concerns
    }
}

impl Daemon {
    /// Does what follows from what has changed.
    fn take_in(&self, cluster: &Cluster, concerns: &BTreeSet<Concern>) {
        if !concerns.is_empty() {
            self.follow(cluster, concerns);
        }
        let mut settled = self.spread_networks();
        let mut view = lock(&cluster.view);
        // To whom nothing was tried yet, or what came of it is not carried out, nobody might get through.
        let unsettled = |(pair, way): &(&Pair, &Way)| {
            let known = view.proofs.get(*pair);
            view.registry.alive.contains_key(&pair.1)
                && known.is_none_or(|known| {
                    way.by.is_none() && (known.choice.by.is_some() || !known.over)
                })
        };
        let untried: Vec<_> = view.ways.iter().filter(unsettled).map(|(pair, _)| &pair.0).collect();
        settled.retain(|name| !untried.contains(&name));
        view.settled = settled;
        drop(view);
        cluster.changed.notify_all();
    }

    fn follow(&self, cluster: &Cluster, concerns: &BTreeSet<Concern>) {
        let mut pairs = BTreeSet::new();
        let mut ours = false;
        for concern in concerns {
            match concern {
                Concern::Network(name) => {
                    self.take_network_in(cluster, name);
                    let view = lock(&cluster.view);
                    for node in view.registry.members.keys().filter(|node| **node != cluster.name) {
                        let pair = (name.clone(), node.clone());
                        cluster.prover.now(&pair);
                        pairs.insert(pair);
                    }
                    ours = true;
                }
                Concern::Member(node) if *node == cluster.name => ours = true,
                Concern::Member(node) => {
                    let networks = self.spread_networks();
                    pairs.extend(networks.into_iter().map(|network| (network, node.clone())));
                }
                Concern::Claim(network, node) => {
                    ours |= *node == cluster.name;
                    pairs.insert((network.clone(), node.clone()));
                }
                Concern::Alive(node) => {
                    // Who comes back may have been away behind something that has changed.
                    let mut view = lock(&cluster.view);
                    let pairs = view.ways.keys().filter(|(_, peer)| peer == node);
                    pairs.for_each(|pair| cluster.prover.now(pair));
                    view.answering.retain(|(_, peer)| peer != node);
                }
            }
        }
        self.follow_the_underlay(cluster);
        if ours {
            self.settle_claims(cluster);
            self.say_who_we_are(cluster);
        }
        pairs.retain(|(_, node)| *node != cluster.name);
        self.rework_ways(cluster, &pairs);
    }

    /// What all ways of a network have in common (the tunnel's local address, the links that are
    /// let through) follows the underlay.
    fn follow_the_underlay(&self, cluster: &Cluster) {
        let links = self.underlay_links();
        let moved = {
            let mut view = lock(&cluster.view);
            let moved = view.underlay_links != links || view.placed != view.addresses;
            view.underlay_links = links;
            view.placed = view.addresses.clone();
            moved
        };
        if moved {
            self.compare_now();
        }
    }
}
