//! The way to each peer: what is wanted of it, and the kernel made so.

use super::{Cluster, Pair, prove};
use crate::daemon::{Daemon, facts, lock};
use crate::protocol::Failure;
use model::cluster::{Hop, Member, Network, Presence, Way};
use model::diff;
use model::host::Namespace;
use model::plan;
use std::collections::BTreeSet;
use std::net::IpAddr;

impl Daemon {
    /// This node as it says itself to the others. `None` before its addresses are known.
    pub(in crate::daemon) fn member(&self, book: &crate::daemon::book::Book) -> Option<Member> {
        let cluster = self.cluster.as_ref()?;
        let addresses = lock(&cluster.view).addresses.clone();
        let mut networks = std::collections::BTreeMap::new();
        for network in book.networks.values().filter(|network| network.spread.is_some()) {
            let vtep = cluster.name.vtep_mac(&network.name);
            let written = book.presences.get(&network.name);
            let nothing = || Presence { vtep, addresses: Vec::new(), proof: Vec::new() };
            networks.insert(network.name.clone(), written.cloned().unwrap_or_else(nothing));
        }
        Some(Member {
            name: cluster.name.clone(),
            machine: cluster.machine.clone(),
            boot: cluster.boot.clone(),
            addresses,
            mtu: lock(&self.facts).underlay_mtu,
            networks,
        })
    }

    pub(super) fn spread_networks(&self) -> super::Networks {
        let book = self.book();
        let spread = book.networks.values().filter(|network| network.spread.is_some());
        spread.map(|network| network.name.clone()).collect()
    }

    /// Decides the ways anew, and makes the kernel so where they differ.
    pub(super) fn rework_ways(&self, cluster: &Cluster, pairs: &BTreeSet<Pair>) {
        for pair in pairs {
            if let Err(failure) = self.rework(cluster, pair) {
                let (network, peer) = pair;
                tracing::warn!(%network, %peer, %failure, "the way to a peer could not be made");
                // The look at all of the host mends what it can.
                if let Err(failure) = self.reconcile() {
                    tracing::warn!(%failure, "cannot compare the host with what it should be");
                }
            }
        }
    }

    fn rework(&self, cluster: &Cluster, pair: &Pair) -> Result<(), Failure> {
        let (name, peer) = pair;
        // A comparison of all the host must not come between the decision and the deed.
        let not_compared = self.world.read();
        let (node, network) = {
            let book = self.book();
            (self.node(&book), book.networks.get(name).cloned())
        };
        let to = match (&network, &node.member) {
            (Some(network), Some(here)) => self.way(cluster, here, network, peer),
            _ => None,
        };
        let from = {
            let mut view = lock(&cluster.view);
            let from = view.ways.get(pair).cloned();
            view.dirty |= from != to;
            if from != to {
                view.answering.remove(pair);
            }
            match &to {
                Some(way) => view.ways.insert(pair.clone(), way.clone()),
                None => {
                    view.proofs.remove(pair);
                    view.ways.remove(pair)
                }
            };
            from
        };
        let made = if from == to {
            Ok(())
        } else {
            self.remake(&node, network.as_ref(), pair, [from.as_ref(), to.as_ref()])
        };
        drop(not_compared);
        // Only now, for the proof goes by what was made.
        match &to {
            None => cluster.prover.forget(pair),
            Some(to) => {
                let same = |from: &Way| {
                    (&from.tunnel, &from.direct, &from.proof) == (&to.tunnel, &to.direct, &to.proof)
                };
                if !from.as_ref().is_some_and(same) || !cluster.prover.knows(pair) {
                    cluster.prover.now(pair);
                }
            }
        }
        made
    }

    /// Makes the kernel's part of a way what it should be.
    fn remake(
        &self,
        node: &plan::Node,
        network: Option<&Network>,
        (name, peer): &Pair,
        [from, to]: [Option<&Way>; 2],
    ) -> Result<(), Failure> {
        let steps = network.map_or_else(Vec::new, |network| {
            // With the links, for entries on them are ours as they are.
            let mut links = plan::network(node, network);
            let namespaces = links.namespaces.values_mut();
            namespaces.for_each(|n| {
                *n = Namespace { links: std::mem::take(&mut n.links), ..Namespace::default() }
            });
            let wanted = |way: Option<&Way>| {
                let mut wanted = links.clone();
                if let Some(way) = way {
                    wanted.merge(plan::way(node, network, way));
                }
                wanted
            };
            diff::diff(&wanted(to), &wanted(from).to_actual()).steps
        });
        tracing::info!(network = %name, %peer, by = ?to.and_then(|way| way.by), mtu = ?to.and_then(|way| way.mtu), "way to a peer");
        self.carry_out(&steps, &[])
    }

    /// What the way to a peer should be, from all that is known.
    fn way(
        &self,
        cluster: &Cluster,
        here: &Member,
        network: &Network,
        peer: &model::cluster::NodeName,
    ) -> Option<Way> {
        let view = lock(&cluster.view);
        let member = view.registry.members.get(peer)?;
        let prefixes = view.registry.held_by(&network.name, peer).collect();
        let facts = lock(&self.facts);
        let hop = |address| hop_toward(&facts, address);
        let way = Way::toward(here, network, member, prefixes, hop)?;
        drop(facts);
        let before = view.ways.get(&(network.name.clone(), peer.clone()));
        let proofs = view.proofs.get(&(network.name.clone(), peer.clone()));
        Some(prove::decide(network, way, proofs, before))
    }

    /// Links by which the others are reached.
    pub(in crate::daemon) fn underlay_links(&self) -> Vec<model::net::LinkName> {
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let view = lock(&cluster.view);
        let facts = lock(&self.facts);
        let own = view.addresses.iter().filter_map(|address| facts.link_of(*address));
        let hops = view.registry.members.values().flat_map(|member| &member.addresses);
        let hops = hops.filter_map(|address| Some(hop_toward(&facts, *address)?.link));
        let links: BTreeSet<_> = own.chain(hops).collect();
        links.into_iter().collect()
    }
}

/// What leads to an address of the underlay: the longest prefix of the host's own routes.
fn hop_toward(facts: &facts::Facts, address: IpAddr) -> Option<Hop> {
    let route = facts.out.iter().filter(|out| out.to.contains(&address));
    let route = route.max_by_key(|out| (out.to.prefix_len(), std::cmp::Reverse(out.metric)))?;
    Some(Hop { gateway: route.gateway.unwrap_or(address), link: route.link.clone() })
}
