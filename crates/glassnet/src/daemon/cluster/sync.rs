//! The line to the store: what stands in it is read whole, then followed change by change.

use super::settings::address_toward;
use super::{Cluster, Event};
use crate::daemon::lock;
use model::cluster::Alive;
use std::net::ToSocketAddrs as _;
use std::sync::Arc;
use std::time::Duration;
use store::etcd;

/// Seconds of silence after which the store takes a node for dead.
const TTL: Duration = Duration::from_secs(10);

/// Between two tries to reach the store: the first, and at most.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Follows the store for ever.
pub(in crate::daemon) async fn follow(cluster: Arc<Cluster>) {
    let mut pause = PAUSE;
    loop {
        let Err(why) = once(&cluster, &mut pause).await;
        cluster.tell(Event::Away(why));
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn once(
    cluster: &Arc<Cluster>,
    pause: &mut Duration,
) -> Result<std::convert::Infallible, etcd::Error> {
    let client = &cluster.client;
    client.reach().await?;
    if cluster.learn_own_address() {
        cluster.tell(Event::Host);
    }
    let alive = tokio::spawn(live(cluster.clone()));
    // The node lives for as long as it follows the store.
    let _ends_with_this = AbortOnDrop(alive);
    loop {
        let loaded = client.load().await?;
        cluster.tell(Event::Loaded(loaded.entries, loaded.unreadable));
        *pause = PAUSE;
        let mut watch = client.watch(loaded.revision).await?;
        loop {
            match watch.next().await {
                Ok(batch) => cluster.tell(Event::Changed(batch.changes, batch.unreadable)),
                // What happened meanwhile is not told any more: all is read again.
                Err(etcd::Error::HistoryGone { .. }) => break,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Says that this node lives, and goes on saying it.
async fn live(cluster: Arc<Cluster>) {
    let alive = Alive { machine: cluster.machine.clone(), boot: cluster.boot.clone() };
    loop {
        match cluster.client.alive(&cluster.name, &alive, TTL).await {
            Ok(Ok(mut living)) => {
                cluster.tell(Event::Named);
                living.ended().await;
            }
            Ok(Err(etcd::Refusal::NameHeld { machine, .. })) => {
                cluster.tell(Event::NameTaken(machine));
            }
            Ok(Err(refusal)) => tracing::warn!(%refusal, "cannot say that this node lives"),
            Err(error) => tracing::debug!(%error, "cannot say that this node lives"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

impl Cluster {
    /// Where no address was given: the one that leads to the store.
    pub(super) fn learn_own_address(&self) -> bool {
        if !self.settings.addresses.is_empty() {
            return false;
        }
        let endpoints = self.settings.store.address.endpoints.iter();
        let mut there =
            endpoints.filter_map(|e| (e.host.as_str(), e.port).to_socket_addrs().ok()).flatten();
        let found = there.find_map(|there| address_toward(there).ok());
        let Some(found) = found.filter(|address| !address.is_loopback()) else { return false };
        let mut view = lock(&self.view);
        if view.addresses != [found] {
            tracing::info!(address = %found, "the others reach this node here");
            view.addresses = vec![found];
            view.dirty = true;
            return true;
        }
        false
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
