//! Networks of the cluster: created for all nodes, and made on this one as the store tells of them.

use super::{Cluster, PATIENCE};
use crate::daemon::kernel_words::kernel_said;
use crate::daemon::record::Record;
use crate::daemon::{Daemon, facts, lock, look};
use crate::protocol::{ChangeNetwork, CreateNetwork, CreatedNetwork, Failure};
use model::cluster::{
    Backend, Change as Told, Entry, Key, Network, NetworkName, NodeName, Presence, Spread,
};
use model::diff::{self, Change, Step};
use model::explain::Reason;
use model::host::{Address, NamespaceId};
use model::net::single;
use model::plan;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use store::etcd;

/// Numbers tried for a new network before all are said to be taken.
const NUMBERS: u32 = 64;

/// How long a network's removal waits for the other nodes to let go of it.
const CLOSING: Duration = Duration::from_secs(8);

impl Daemon {
    /// Creates a network for all nodes.
    pub(in crate::daemon) fn create_spread(
        &self,
        cluster: &Cluster,
        request: &CreateNetwork,
    ) -> Result<CreatedNetwork, Failure> {
        let host = look::host().map_err(|error| kernel_said(&error))?;
        let mut routed = facts::routed(&host);
        {
            // Also those that this node has not made yet.
            let view = lock(&cluster.view);
            let networks = view.registry.networks.values().filter(|n| n.name != request.name);
            routed
                .extend(networks.flat_map(|network| network.pools.iter().map(|pool| pool.subnet)));
        }
        let network = match self.book().create(request, &routed)? {
            crate::daemon::book::Creation::New(network) => network,
            crate::daemon::book::Creation::Same(network) => {
                return Ok(CreatedNetwork { network, created: false });
            }
        };
        for attempt in 0..NUMBERS {
            let mut spread = Spread::new(
                request.backend.unwrap_or(Backend::Auto),
                request.vni.unwrap_or_else(|| Spread::vni_for(&network.name, attempt)),
                &network.pools,
            );
            spread.port = request.vxlan_port.unwrap_or(spread.port);
            let network = Network { spread: Some(spread), ..network.clone() };
            network.check()?;
            match cluster.ask(cluster.client.create_network(&network))? {
                Ok(_) => {
                    cluster.tell(super::Event::Changed(
                        vec![Told::Put(Entry::Network(network.clone()))],
                        Vec::new(),
                    ));
                    self.until_there(cluster, &network)?;
                    return Ok(CreatedNetwork { network, created: true });
                }
                Err(etcd::Refusal::VniTaken { .. }) if request.vni.is_none() => {}
                Err(refusal) => return Err(Reason::StoreSaid { refusal }.into()),
            }
        }
        Err(Reason::NoVniFree { tried: NUMBERS }.into())
    }

    /// Waits until this node has made the network, with a block of its own.
    fn until_there(&self, cluster: &Cluster, network: &Network) -> Result<(), Failure> {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.book().presences.contains_key(&network.name) {
                return Ok(());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let name = network.name.clone();
                return Err(Reason::NetworkNotMade { name, seconds: PATIENCE.as_secs() }.into());
            }
            let view = lock(&cluster.view);
            let waited = cluster.changed.wait_timeout(view, left.min(Duration::from_millis(100)));
            drop(waited);
        }
    }

    /// Makes a network of the store's on this host, or changes it, or takes it away.
    pub(super) fn take_network_in(&self, cluster: &Cluster, name: &NetworkName) {
        let stored = lock(&cluster.view).registry.networks.get(name).cloned();
        let known = self.book().networks.get(name).cloned();
        let done = match (stored, known) {
            (Some(to), None) => self.make_here(&to),
            (Some(to), Some(from)) if from.spread.is_none() => {
                Err(Reason::NameOfALocalNetwork { name: to.name }.into())
            }
            (Some(to), Some(from)) if to != from => self.change_here(&from, &to),
            (None, Some(from)) if from.spread.is_some() && lock(&cluster.view).store.is_here() => {
                self.take_away_here(&from)
            }
            _ => Ok(()),
        };
        if let Err(failure) = done {
            tracing::warn!(network = %name, %failure, "a network of the cluster cannot be made here");
            lock(&self.notes)
                .warnings
                .push(model::explain::Notice::Failed { said: failure.message });
        }
    }

    fn make_here(&self, network: &Network) -> Result<(), Failure> {
        let not_compared = self.world.read();
        self.write(&[Record::NetworkCreated { network: network.clone() }])?;
        crate::daemon::failpoint::NETWORK_CREATED.hit();
        let node = self.node(&self.book());
        let steps = diff::appear(&plan::network(&node, network));
        let made = self.carry_out(&steps, &[]);
        drop(not_compared);
        tracing::info!(network = %network.name, "network of the cluster made");
        self.compare_now();
        made
    }

    fn change_here(&self, from: &Network, to: &Network) -> Result<(), Failure> {
        self.write(&[Record::NetworkCreated { network: to.clone() }])?;
        let kernel_differs = {
            let node = self.node(&self.book());
            plan::network(&node, from) != plan::network(&node, to)
        };
        tracing::info!(network = %to.name, backend = ?to.spread.map(|spread| spread.backend), "network of the cluster changed");
        if kernel_differs {
            self.compare_now();
        }
        Ok(())
    }

    fn take_away_here(&self, network: &Network) -> Result<(), Failure> {
        // Nodes let go of a network before it is removed; one that was away then may not have.
        let users = self.book().held.values().any(|held| held.attachment.network == network.name);
        if users {
            return Err(Reason::NetworkGoneInUse { name: network.name.clone() }.into());
        }
        self.write(&[Record::NetworkRemoved { name: network.name.clone() }])?;
        tracing::info!(network = %network.name, "network of the cluster removed");
        self.compare_now();
        Ok(())
    }

    /// Removes a network from all nodes: first nobody gives an address of it any more, then all give
    /// their blocks back, then it goes.
    pub(in crate::daemon) fn remove_spread(
        &self,
        cluster: &Cluster,
        network: &Network,
    ) -> Result<(), Failure> {
        self.book().remove(&network.name)?;
        let Some(spread) = network.spread else { return Ok(()) };
        let closing =
            Network { spread: Some(Spread { closing: true, ..spread }), ..network.clone() };
        self.replace(cluster, network, &closing)?;
        let until = Instant::now() + CLOSING;
        loop {
            match cluster.ask(cluster.client.remove_network(&network.name))? {
                Ok(_) => break,
                Err(etcd::Refusal::StillClaimed { .. }) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(refusal) => {
                    // As it was; whoever let go takes a block again.
                    let open = Network {
                        spread: Some(Spread { closing: false, ..spread }),
                        ..network.clone()
                    };
                    self.replace(cluster, &closing, &open)?;
                    return Err(held_by(cluster, network, refusal).into());
                }
            }
        }
        cluster.tell(super::Event::Changed(
            vec![Told::Gone(Key::Network(network.name.clone())), Told::Gone(Key::Vni(spread.vni))],
            Vec::new(),
        ));
        let until = Instant::now() + PATIENCE;
        while self.book().networks.contains_key(&network.name) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Changes what of a network can change while it is used.
    pub(in crate::daemon) fn change_network(
        &self,
        name: &NetworkName,
        change: &ChangeNetwork,
    ) -> Result<Network, Failure> {
        let network = self.book().network(name)?.clone();
        let (Some(cluster), Some(spread)) = (&self.cluster, network.spread) else {
            return Err(Reason::NotInACluster { network: name.clone() }.into());
        };
        let backend = change.backend.unwrap_or(spread.backend);
        let leaving = if backend == spread.backend { spread.leaving } else { Some(spread.backend) };
        let changed = Spread { backend, leaving, ..spread };
        let to = Network { spread: Some(changed), ..network.clone() };
        to.check()?;
        if to != network {
            self.replace(cluster, &network, &to)?;
            let until = Instant::now() + PATIENCE;
            while self.book().networks.get(name) != Some(&to) && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(to)
    }

    /// A change of backend is over some time after every way was proven by the new one.
    pub(super) fn see_to_changes(&self, cluster: &Cluster) {
        let changing: Vec<Network> = {
            let book = self.book();
            let changing = book
                .networks
                .values()
                .filter(|network| network.spread.is_some_and(|spread| spread.leaving.is_some()));
            changing.cloned().collect()
        };
        let due: Vec<Network> = {
            let mut view = lock(&cluster.view);
            let to = |network: &Network| {
                let spread = network.spread.as_ref();
                spread.map(|spread| (network.name.clone(), spread.backend))
            };
            let still: BTreeSet<_> = changing.iter().filter_map(to).collect();
            view.changing.retain(|change, _| still.contains(change));
            changing
                .into_iter()
                .filter(|network| {
                    let Some(change) = to(network) else { return false };
                    let since = *view.changing.entry(change).or_insert_with(Instant::now);
                    since.elapsed() >= cluster.turn(&view)
                })
                .collect()
        };
        for network in due {
            let Some(spread) = network.spread else { continue };
            let over =
                Network { spread: Some(Spread { leaving: None, ..spread }), ..network.clone() };
            if let Err(failure) = self.replace(cluster, &network, &over) {
                tracing::debug!(network = %network.name, %failure, "somebody else was before us");
            }
        }
    }

    fn replace(&self, cluster: &Cluster, from: &Network, to: &Network) -> Result<(), Failure> {
        if let Err(refusal) = cluster.ask(cluster.client.replace_network(to, from))? {
            return Err(Reason::StoreSaid { refusal }.into());
        }
        let change = Told::Put(Entry::Network(to.clone()));
        cluster.tell(super::Event::Changed(vec![change], Vec::new()));
        Ok(())
    }

    /// Puts the node's own addresses on the bridge, and takes those away that are not any more.
    pub(super) fn show_presence(&self, network: &Network) {
        let Some(presence) = self.book().presences.get(&network.name).cloned() else { return };
        let before = lock(&self.shown).insert(network.name.clone(), presence.clone());
        let all = |presence: &Presence| -> BTreeSet<IpAddr> {
            presence.addresses.iter().chain(&presence.proof).copied().collect()
        };
        let (before, now) = (before.as_ref().map(all).unwrap_or_default(), all(&presence));
        let step = |change| Step { namespace: NamespaceId::Host, change };
        let on_bridge = |address: &IpAddr| Address::new(network.bridge.clone(), single(*address));
        let gone = before.difference(&now).map(|a| step(Change::RemoveAddress(on_bridge(a))));
        let new = now.difference(&before).map(|a| step(Change::AddAddress(on_bridge(a))));
        let steps: Vec<Step> = gone.chain(new).collect();
        if steps.is_empty() {
            return;
        }
        let not_compared = self.world.read();
        let done = self.carry_out(&steps, &[]);
        drop(not_compared);
        if let Err(failure) = done {
            // After a start they may be there already.
            tracing::debug!(network = %network.name, %failure, "this node's own addresses");
            self.compare_now();
        }
    }

    /// The node's own addresses of a network that closes are given up.
    pub(super) fn leave_home(&self, network: &Network) {
        let Some(presence) = self.book().presences.get(&network.name).cloned() else { return };
        if presence.addresses.is_empty() && presence.proof.is_empty() {
            return;
        }
        let nothing = Presence { vtep: presence.vtep, addresses: Vec::new(), proof: Vec::new() };
        let own = presence.addresses.iter().chain(&presence.proof).map(|address| single(*address));
        tracing::info!(network = %network.name, own = ?own.collect::<Vec<_>>(), "given up");
        let record = Record::Present { network: network.name.clone(), presence: nothing };
        if let Err(failure) = self.write(&[record]) {
            tracing::warn!(%failure, "this node's own addresses cannot be given up");
            return;
        }
        self.show_presence(network);
    }
}

/// Who holds a network that cannot be removed: if nothing is heard of them, that is the way out.
fn held_by(cluster: &Cluster, network: &Network, refusal: etcd::Refusal) -> Reason {
    let view = lock(&cluster.view);
    let Some(claims) = view.registry.claims.get(&network.name) else {
        return Reason::StoreSaid { refusal };
    };
    let holders: BTreeSet<&NodeName> = claims.values().collect();
    let name = network.name.clone();
    let dead = holders.iter().filter(|node| !view.registry.alive.contains_key(**node));
    let dead: Vec<NodeName> = dead.copied().cloned().collect();
    if dead.is_empty() {
        Reason::NetworkInUseElsewhere { name, nodes: holders.into_iter().cloned().collect() }
    } else {
        Reason::NetworkHeldByTheDead { name, nodes: dead }
    }
}

impl Cluster {
    /// How long after a change of backend this node may say that it is over: one node after the other,
    /// those that are alive in the order of their names, so that seldom two say it at once.
    fn turn(&self, view: &super::View) -> Duration {
        const SETTLED: Duration = Duration::from_secs(3);
        const EACH: Duration = Duration::from_secs(2);
        let before = view.registry.alive.keys().take_while(|node| **node != self.name).count();
        SETTLED + EACH * u32::try_from(before).unwrap_or(u32::MAX).min(60)
    }
}
