//! Networks: created and removed.

use super::book::{Book, Creation};
use super::kernel_words::kernel_said;
use super::record::{Record, Stage};
use super::{Daemon, facts, failpoint, lock, look};
use crate::protocol::{CreateNetwork, CreatedNetwork, Failure, Response};
use model::cluster::{Network, NetworkName};
use model::diff;
use model::explain::{Notice, Reason};
use model::plan;
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

/// How long a network's removal waits for those who are leaving it.
const PATIENCE: Duration = Duration::from_secs(5);

impl Daemon {
    /// Creates a network and its bridge. One that is there, just so, is the answer.
    pub(super) fn create_network(
        &self,
        request: &CreateNetwork,
    ) -> Result<CreatedNetwork, Failure> {
        if let Some(cluster) = self.cluster.clone().filter(|_| !request.local) {
            return self.create_spread(&cluster, request);
        }
        if request.backend.is_some() || request.vni.is_some() || request.vxlan_port.is_some() {
            return Err(if self.cluster.is_some() {
                Reason::NotInACluster { network: request.name.clone() }.into()
            } else {
                Reason::NotANode.into()
            });
        }
        let host = look::host().map_err(|error| kernel_said(&error))?;
        let routed = facts::routed(&host);
        // Else a comparison that comes between the record and the bridge makes the bridge first.
        let not_compared = self.world.read();
        let (network, node) = {
            let mut book = self.book();
            let network = match book.create(request, &routed)? {
                Creation::New(network) => network,
                Creation::Same(network) => return Ok(CreatedNetwork { network, created: false }),
            };
            let record = Record::NetworkCreated { network: network.clone() };
            let ticket = self.note(&mut book, &record)?;
            let node = self.node(&book);
            drop(book);
            self.wait(ticket)?;
            (network, node)
        };
        failpoint::NETWORK_CREATED.hit();
        let steps = diff::appear(&plan::network(&node, &network));
        if let Err(failure) = self.carry_out(&steps, &[]) {
            self.write(&[Record::NetworkRemoved { name: network.name.clone() }])?;
            return Err(failure);
        }
        drop(not_compared);
        // Whether others let it pass is seen with the network there.
        self.compare_now();
        tracing::info!(network = %network.name, bridge = %network.bridge, "network created");
        Ok(CreatedNetwork { network, created: true })
    }

    /// The book, once nobody is left in the network but those who are there to stay.
    fn when_the_leaving_are_gone(&self, network: &NetworkName) -> MutexGuard<'_, Book> {
        let until = Instant::now() + PATIENCE;
        let mut book = self.book();
        loop {
            let mut there = book.held.values().filter(|h| h.attachment.network == *network);
            let leaving =
                there.clone().next().is_some() && there.all(|held| held.stage == Stage::Detaching);
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|_| leaving)
            else {
                return book;
            };
            book = self.wait_for_the_leaving(book, left);
        }
    }

    /// Removes a network that nobody is attached to.
    pub(super) fn remove_network(&self, name: &NetworkName) -> Result<(), Failure> {
        let spread = self.book().network(name)?.clone();
        if let Some(cluster) = self.cluster.clone().filter(|_| spread.spread.is_some()) {
            drop(self.when_the_leaving_are_gone(name));
            return self.remove_spread(&cluster, &spread);
        }
        let (network, node) = {
            let mut book = self.when_the_leaving_are_gone(name);
            book.remove(name)?;
            let network = book.network(name)?.clone();
            let node = self.node(&book);
            let ticket = self.note(&mut book, &Record::NetworkRemoved { name: name.clone() })?;
            drop(book);
            self.wait(ticket)?;
            (network, node)
        };
        failpoint::NETWORK_REMOVED.hit();
        let alone = self.world.read();
        for step in diff::undo(&diff::appear(&plan::network(&node, &network))) {
            if let Err(failure) = self.carry_out(std::slice::from_ref(&step), &[]) {
                tracing::debug!(network = %name, %failure, "network rm: a part was not there");
            }
        }
        drop(alone);
        self.compare_now();
        // Whoever makes and removes networks all day lengthens the journal too.
        self.reaper.wake();
        tracing::info!(network = %name, "network removed");
        Ok(())
    }

    /// The network is there, or gone, whatever comes of this: the next look at the kernel finds it.
    pub(super) fn compare_now(&self) {
        if let Err(failure) = self.reconcile() {
            tracing::warn!(%failure, "cannot compare the host with what it should be");
        }
        // What was asked for just now was no difference of somebody's making.
        let asked_for = |notice: &Notice| matches!(notice, Notice::WasMissing { .. });
        lock(&self.notes).drift.retain(|notice| !asked_for(notice));
    }

    /// Leased and leasable addresses of the network's scarcer family.
    pub(super) fn fill(&self, book: &Book, network: &Network) -> (u64, u64) {
        book.fill(network, |family| {
            self.cluster.as_ref().map_or(0, |cluster| cluster.unclaimed(network, family))
        })
    }

    /// Whether an attach to the network could be served now.
    pub(super) fn ready(&self, name: &NetworkName) -> Result<Response, Failure> {
        let book = self.book();
        let network = book.network(name)?;
        let (leased, leasable) = self.fill(&book, network);
        if leased >= leasable {
            return Err(Reason::NetworkFull { network: name.clone(), leasable }.into());
        }
        drop(book);
        self.refuse_blocked(name, false)?;
        Ok(Response::Done)
    }
}
