//! Blocks of addresses: claimed when they are needed, given back when nobody has any of them.
//!
//! A claim stands in the store before it stands in the journal, and is out of the journal before it is
//! out of the store; so whatever breaks off, no two nodes ever think that they hold it. What only
//! the store knows to be ours is taken up again.

use super::{Cluster, Link};
use crate::daemon::record::Record;
use crate::daemon::{Daemon, lock};
use crate::protocol::Failure;
use model::cluster::{Change, Claim, Entry, Network, NetworkName, Presence};
use model::explain::Reason;
use model::ipam::Lack;
use model::net::{Family, IpNet, single};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use store::etcd;

/// How long a block rests before it is given back: a container that follows soon finds it.
const REST: Duration = Duration::from_secs(60);

/// With fewer free addresses than this, a further block is claimed before it is needed.
const SPARE: u128 = 8;

/// Blocks tried before a claim gives up: others claim too.
const TRIES: usize = 64;

impl Cluster {
    /// Asks the store, with an end.
    pub(super) fn ask<T>(
        &self,
        question: impl Future<Output = Result<etcd::Outcome<T>, etcd::Error>>,
    ) -> Result<Result<T, etcd::Refusal>, Reason> {
        // One that is known to be away is not waited for by every container that comes.
        if let Link::Away(_, Some(why)) = &lock(&self.view).store {
            return Err(Reason::StoreAway { why: why.clone() });
        }
        self.runtime.block_on(question).map_err(|why| Reason::StoreAway { why })
    }
}

impl Daemon {
    /// Claims what an attach lacks, while its caller waits.
    pub(in crate::daemon) fn claim(&self, name: &NetworkName, lack: Lack) -> Result<(), Failure> {
        let Some(cluster) = &self.cluster else {
            return Err(Reason::NotInACluster { network: name.clone() }.into());
        };
        let _one_by_one = lock(&cluster.claiming);
        let network = self.book().network(name)?.clone();
        match lack {
            Lack::Block(family) => {
                // Somebody else may have claimed one while this one waited.
                if self.free_in_blocks(&network, family) > 0 {
                    return Ok(());
                }
                self.claim_block(cluster, &network, family)
            }
            Lack::Address(address) => {
                let claim = cluster.claim_of(&network, single(address));
                let block = network.block_of(address).unwrap_or_else(|| single(address));
                match cluster.ask(cluster.client.claim_address(&claim, block))? {
                    Ok(_) => self.claimed(cluster, claim),
                    Err(refusal) => Err(Reason::StoreSaid { refusal }.into()),
                }
            }
        }
    }

    fn claim_block(
        &self,
        cluster: &Cluster,
        network: &Network,
        family: Family,
    ) -> Result<(), Failure> {
        let candidates: Vec<IpNet> = {
            let view = lock(&cluster.view);
            let free = |block: &IpNet| view.registry.holder(&network.name, block).is_none();
            // Those seen as taken are gone through without asking, however many.
            network.blocks_for(&cluster.name, family).filter(free).take(TRIES).collect()
        };
        let full = || {
            let subnet =
                network.pool(family).map_or_else(|| family.everything(), |pool| pool.subnet);
            Reason::NoBlockLeft { network: network.name.clone(), subnet }
        };
        if candidates.is_empty() {
            return Err(full().into());
        }
        for block in candidates {
            let claim = cluster.claim_of(network, block);
            let asked = cluster.ask(cluster.client.claim_block(&claim));
            match asked.map_err(|away| no_address(network, away))? {
                Ok(_) => return self.claimed(cluster, claim),
                Err(etcd::Refusal::Taken { .. }) => {}
                Err(refusal) => return Err(Reason::StoreSaid { refusal }.into()),
            }
        }
        Err(full().into())
    }

    /// A claim that stands in the store is written down and known.
    fn claimed(&self, cluster: &Cluster, claim: Claim) -> Result<(), Failure> {
        let (network, prefix) = (claim.network.clone(), claim.prefix);
        self.write(&[Record::Claimed { network: network.clone(), prefix }])?;
        crate::daemon::failpoint::CLAIMED.hit();
        tracing::info!(%network, %prefix, "addresses claimed");
        lock(&cluster.view).registry.note(Change::Put(Entry::Claim(claim)));
        Ok(())
    }

    fn free_in_blocks(&self, network: &Network, family: Family) -> u128 {
        let book = self.book();
        let (leased, leasable) = book.fill(network, |_| 0);
        // Of the scarcer family; a network of one family is that one.
        if network.pools.len() == 1 {
            return u128::from(leasable.saturating_sub(leased));
        }
        let pools = network.pools.iter().filter(|pool| pool.family() == family).copied().collect();
        let of_family = Network { pools, ..network.clone() };
        let (leased, leasable) = book.fill(&of_family, |_| 0);
        u128::from(leasable.saturating_sub(leased))
    }

    /// Makes the journal and the store agree on what is ours.
    pub(super) fn settle_claims(&self, cluster: &Cluster) {
        let stored: BTreeMap<NetworkName, BTreeSet<IpNet>> = {
            let view = lock(&cluster.view);
            if !view.store.is_here() {
                return;
            }
            let networks = view.registry.networks.keys();
            let held = |name: &NetworkName| view.registry.held_by(name, &cluster.name).collect();
            networks.map(|name| (name.clone(), held(name))).collect()
        };
        for (name, stored) in &stored {
            let known = self.book().claims.get(name).cloned().unwrap_or_default();
            for prefix in stored.difference(&known) {
                tracing::info!(network = %name, %prefix, "the store says that this is ours; taken up");
                let record = Record::Claimed { network: name.clone(), prefix: *prefix };
                if let Err(failure) = self.write(&[record]) {
                    tracing::warn!(%failure, "a claim cannot be written down");
                }
            }
            for prefix in known.difference(stored) {
                self.claim_again(cluster, name, *prefix);
            }
        }
        for name in stored.keys() {
            self.take_a_home(cluster, name);
        }
    }

    /// The store has forgotten a claim of ours, or given it to another.
    fn claim_again(&self, cluster: &Cluster, name: &NetworkName, prefix: IpNet) {
        let Ok(network) = self.book().network(name).cloned() else { return };
        let claim = cluster.claim_of(&network, prefix);
        let single = prefix.prefix_len() == Family::of_prefix(&prefix).bits();
        let asked = cluster.ask(async {
            if single {
                let block = network.block_of(prefix.addr()).unwrap_or(prefix);
                cluster.client.claim_address(&claim, block).await
            } else {
                cluster.client.claim_block(&claim).await
            }
        });
        match asked {
            Ok(Ok(_)) => {
                tracing::warn!(network = %name, %prefix, "the store had forgotten that this is ours; claimed again");
                let mut view = lock(&cluster.view);
                view.lost.remove(&(name.clone(), prefix));
                view.registry.note(Change::Put(Entry::Claim(claim)));
            }
            Ok(Err(etcd::Refusal::Taken { node, .. })) => {
                tracing::error!(network = %name, %prefix, %node, "what was ours is another node's now");
                // Whoever has an address of it keeps it; nothing more of it is given.
                let record = Record::Released { network: name.clone(), prefix };
                if let Err(failure) = self.write(&[record]) {
                    tracing::warn!(%failure, "a lost claim cannot be written down");
                }
                lock(&cluster.view).lost.insert((name.clone(), prefix), node);
            }
            Ok(Err(refusal)) => {
                tracing::warn!(network = %name, %prefix, %refusal, "cannot claim again");
            }
            Err(reason) => tracing::warn!(network = %name, %prefix, %reason, "cannot claim again"),
        }
    }

    /// The node's home in a network: a block of each family, and its own addresses of it.
    fn take_a_home(&self, cluster: &Cluster, name: &NetworkName) {
        let Ok(network) = self.book().network(name).cloned() else { return };
        if network.spread.is_none_or(|spread| spread.closing) {
            return;
        }
        for pool in &network.pools {
            let family = pool.family();
            let has_block = {
                let book = self.book();
                let mut own = book.claims.get(name).into_iter().flatten();
                own.any(|prefix| {
                    Family::of_prefix(prefix) == family && prefix.prefix_len() < family.bits()
                })
            };
            if !has_block {
                let _one_by_one = lock(&cluster.claiming);
                if let Err(failure) = self.claim_block(cluster, &network, family) {
                    tracing::warn!(network = %name, %failure, "no block of addresses for this node");
                }
            }
        }
        self.recover_presence(cluster, &network);
        let vtep = cluster.name.vtep_mac(name);
        let (presence, known) = {
            let book = self.book();
            (book.presence(&network, vtep), book.presences.get(name).cloned())
        };
        if known.as_ref() != Some(&presence) {
            let record = Record::Present { network: name.clone(), presence };
            if let Err(failure) = self.write(&[record]) {
                tracing::warn!(%failure, "this node's own addresses cannot be written down");
            }
        }
        self.show_presence(&network);
    }

    /// With a new disk, the store still tells which addresses were the node's own.
    fn recover_presence(&self, cluster: &Cluster, network: &Network) {
        let name = &network.name;
        let written = {
            let view = lock(&cluster.view);
            let member = view.registry.members.get(&cluster.name);
            member.and_then(|member| member.networks.get(name)).cloned()
        };
        let Some(written) = written else { return };
        let book = self.book();
        if book.presences.contains_key(name) {
            return;
        }
        let own = book.claims.get(name).cloned().unwrap_or_default();
        let taken = |address: &std::net::IpAddr| {
            book.held.values().any(|held| held.attachment.addresses.contains(address))
        };
        let still = |address: &std::net::IpAddr| {
            own.iter().any(|prefix| prefix.contains(address)) && !taken(address)
        };
        let keep = |addresses: &[std::net::IpAddr]| {
            addresses.iter().copied().filter(|address| still(address)).collect::<Vec<_>>()
        };
        let presence = Presence {
            vtep: written.vtep,
            addresses: keep(&written.addresses),
            proof: keep(&written.proof),
        };
        drop(book);
        if presence.addresses.is_empty() {
            return;
        }
        if let Err(failure) = self.write(&[Record::Present { network: name.clone(), presence }]) {
            tracing::warn!(%failure, "this node's own addresses cannot be written down");
        }
    }

    /// Claims ahead, and gives back what has rested.
    pub(super) fn see_to_claims(&self, cluster: &Cluster) {
        if !lock(&cluster.view).store.is_here() {
            return;
        }
        for name in self.spread_networks() {
            let Ok(network) = self.book().network(&name).cloned() else { continue };
            let closing = network.spread.is_some_and(|spread| spread.closing);
            if !closing {
                self.take_a_home(cluster, &name);
                for pool in &network.pools {
                    if self.free_in_blocks(&network, pool.family()) < SPARE {
                        let _one_by_one = lock(&cluster.claiming);
                        if let Err(failure) = self.claim_block(cluster, &network, pool.family()) {
                            tracing::debug!(network = %name, %failure, "no further block");
                        }
                    }
                }
            }
            self.give_back(cluster, &network, closing);
        }
        self.say_who_we_are(cluster);
    }

    fn give_back(&self, cluster: &Cluster, network: &Network, closing: bool) {
        let name = &network.name;
        if closing && !self.book().held.values().any(|held| held.attachment.network == *name) {
            self.leave_home(network);
        }
        let idle = self.book().idle(name);
        let now = Instant::now();
        let (rested, spare) = {
            let mut view = lock(&cluster.view);
            view.idle_since.retain(|(of, prefix), _| of != name || idle.contains(prefix));
            let mut rested = Vec::new();
            for prefix in &idle {
                let since = view.idle_since.entry((name.clone(), *prefix)).or_insert(now);
                if closing || now.duration_since(*since) >= REST {
                    rested.push(*prefix);
                }
            }
            (rested, !closing)
        };
        for prefix in rested {
            let family = Family::of_prefix(&prefix);
            let is_block = prefix.prefix_len() < family.bits();
            // What would be claimed again at once is kept.
            if spare && is_block && self.free_without(network, &prefix) < SPARE {
                continue;
            }
            if let Err(failure) = self.release(cluster, network, prefix) {
                tracing::warn!(network = %name, %prefix, %failure, "cannot give addresses back");
                return;
            }
        }
    }

    fn free_without(&self, network: &Network, prefix: &IpNet) -> u128 {
        let mut book = self.book().clone();
        book.note(&Record::Released { network: network.name.clone(), prefix: *prefix });
        let family = Family::of_prefix(prefix);
        let pools = network.pools.iter().filter(|pool| pool.family() == family).copied().collect();
        let (leased, leasable) = book.fill(&Network { pools, ..network.clone() }, |_| 0);
        u128::from(leasable.saturating_sub(leased))
    }

    fn release(&self, cluster: &Cluster, network: &Network, prefix: IpNet) -> Result<(), Failure> {
        {
            // Written under the book's lock, so that no lease of it comes in between.
            let mut book = self.book();
            if !book.idle(&network.name).contains(&prefix) {
                return Ok(());
            }
            let record = Record::Released { network: network.name.clone(), prefix };
            let ticket = self.note(&mut book, &record)?;
            drop(book);
            self.wait(ticket)?;
        }
        crate::daemon::failpoint::RELEASED.hit();
        let claim = cluster.claim_of(network, prefix);
        if let Err(refusal) = cluster.ask(cluster.client.release(&claim))? {
            tracing::warn!(network = %network.name, %prefix, %refusal, "given back, and was not ours");
        }
        lock(&cluster.view).registry.note(Change::Gone(Entry::Claim(claim).key()));
        tracing::info!(network = %network.name, %prefix, "addresses given back");
        Ok(())
    }

    /// Writes what the others should know of this node, if it is not what they know.
    pub(super) fn say_who_we_are(&self, cluster: &Cluster) {
        let member = {
            let book = self.book();
            self.member(&book)
        };
        let Some(member) = member.filter(|member| !member.addresses.is_empty()) else { return };
        {
            let view = lock(&cluster.view);
            if view.name_held_by.is_some()
                || !view.store.is_here()
                || view.registry.members.get(&cluster.name) == Some(&member)
            {
                return;
            }
        }
        match cluster.ask(cluster.client.put_member(&member)) {
            Ok(Ok(_)) => {
                lock(&cluster.view).registry.note(Change::Put(Entry::Member(member)));
            }
            Ok(Err(refusal)) => tracing::warn!(%refusal, "cannot tell the others of this node"),
            Err(reason) => tracing::warn!(%reason, "cannot tell the others of this node"),
        }
    }
}

impl Cluster {
    fn claim_of(&self, network: &Network, prefix: IpNet) -> Claim {
        Claim { network: network.name.clone(), prefix, node: self.name.clone() }
    }
}

impl Link {
    pub(super) fn is_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }
}

fn no_address(network: &Network, away: Reason) -> Reason {
    match away {
        Reason::StoreAway { why } => Reason::NoAddressHere { network: network.name.clone(), why },
        other => other,
    }
}
