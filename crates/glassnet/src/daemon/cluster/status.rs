//! The cluster as people ask for it.

use super::{Cluster, Link};
use crate::daemon::{Daemon, lock};
use crate::protocol::{ClusterStatus, Failure, PeerInNetwork, PeerStatus, StoreStatus};
use model::cluster::{NetworkName, NodeName};
use model::explain::{Notice, Reason};
use model::net::IpNet;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Cluster {
    pub(in crate::daemon) fn status(
        &self,
        holds: BTreeMap<NetworkName, Vec<IpNet>>,
    ) -> ClusterStatus {
        let view = lock(&self.view);
        let (connected, since, why) = match &view.store {
            Link::Here(since) => (true, *since, None),
            Link::Away(since, why) => (false, *since, why.clone()),
        };
        let now = SystemTime::now();
        let peers = view.registry.members.values().filter(|member| member.name != self.name);
        let peers = peers.map(|member| {
            let alive = view.registry.alive.contains_key(&member.name);
            let seen = view.seen.get(&member.name).copied();
            let last_seen = if alive && connected { Some(now) } else { seen };
            let ways = view.ways.iter().filter(|((_, peer), _)| *peer == member.name);
            let networks = ways.map(|(pair, way)| {
                let proofs = view.proofs.get(pair);
                PeerInNetwork {
                    network: pair.0.clone(),
                    prefixes: way.prefixes.clone(),
                    by: way.by,
                    mtu: way.mtu,
                    round_trip: proofs.and_then(|proofs| proofs.round_trip(way.by)),
                    proven: proofs.map(|proofs| seconds(proofs.at)),
                    whole: proofs.is_some_and(|proofs| proofs.choice.whole),
                    why: proofs.map(|proofs| proofs.choice.why.clone()).unwrap_or_default(),
                }
            });
            PeerStatus {
                name: member.name.clone(),
                addresses: member.addresses.clone(),
                alive,
                last_seen: last_seen.map(seconds),
                networks: networks.collect(),
            }
        });
        ClusterStatus {
            node: self.name.clone(),
            addresses: view.addresses.clone(),
            store: StoreStatus {
                endpoints: self
                    .settings
                    .store
                    .address
                    .endpoints
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                connected,
                since: seconds(since),
                why,
            },
            holds,
            peers: peers.collect(),
        }
    }

    /// What people should know.
    pub(in crate::daemon) fn notices(&self) -> Vec<Notice> {
        let view = lock(&self.view);
        let mut notices = Vec::new();
        if let Link::Away(_, Some(why)) = &view.store {
            notices.push(Notice::StoreAway { why: why.clone() });
        }
        if let Some(machine) = &view.name_held_by {
            notices.push(Notice::NameHeld { name: self.name.clone(), machine: machine.clone() });
        }
        for ((network, prefix), node) in &view.lost {
            let (network, prefix, node) = (network.clone(), *prefix, node.clone());
            notices.push(Notice::BlockLost { network, prefix, node });
        }
        for (key, why) in &view.unreadable {
            notices.push(Notice::UnreadableInStore { key: key.clone(), why: why.clone() });
        }
        // That a path is as good as its means allows, though a better means is not to be had, is told
        // with the peer.
        for ((network, peer), proofs) in view.proofs.iter().filter(|(_, p)| !p.choice.whole) {
            for obstacle in &proofs.choice.why {
                notices.push(Notice::PathObstacle {
                    network: network.clone(),
                    peer: peer.clone(),
                    obstacle: obstacle.clone(),
                });
            }
        }
        notices
    }
}

impl Daemon {
    /// Gives back what a node held that is gone for good.
    pub(in crate::daemon) fn forget_node(&self, name: &NodeName) -> Result<(), Failure> {
        let Some(cluster) = &self.cluster else { return Err(Reason::NotANode.into()) };
        let known: Vec<NodeName> = {
            let view = lock(&cluster.view);
            view.registry.members.keys().cloned().collect()
        };
        if !known.contains(name) {
            return Err(Reason::NoSuchNode { name: name.clone(), known }.into());
        }
        match cluster.ask(cluster.client.forget_node(name))? {
            Ok(_) => Ok(()),
            Err(refusal) => Err(Reason::StoreSaid { refusal }.into()),
        }
    }
}
