//! The cluster as it was last seen, on disk: with the store away, a node starts from it.

use crate::daemon::lock;
use model::cluster::{NetworkName, Registry, Way};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// Where the others reach this node.
    pub addresses: Vec<IpAddr>,
    pub registry: Registry,
    pub ways: Vec<(NetworkName, Way)>,
}

/// What was kept; what cannot be read is as good as none, for the store has it all. Ways of another
/// boot are used until they are proven anew: containers that come first do not wait for that.
pub(super) fn read(path: &Path) -> Snapshot {
    let mut snapshot = match store::read_json_or_absent::<Snapshot>(path) {
        Ok(reading) => reading.value.unwrap_or_default(),
        Err(error) => {
            tracing::warn!(%error, "the last picture of the cluster cannot be read");
            Snapshot::default()
        }
    };
    // Whoever lives is for the store to say.
    snapshot.registry.alive.clear();
    snapshot
}

fn write(path: &Path, bytes: &[u8]) {
    if let Err(error) = store::write_atomically(path, bytes) {
        tracing::warn!(%error, "the picture of the cluster cannot be kept");
    }
}

/// A write is followed by a rest of so many times what it took to put it into words: of a large cluster
/// where much happens that takes a twentieth of a core at most.
const REST: u32 = 20;
/// What is put into words within this time, as a small cluster is, needs no rest.
const AT_ONCE: Duration = Duration::from_millis(5);

impl super::Cluster {
    /// Writes down what is seen, if it has changed since the last time; says how long to rest now.
    pub(super) fn keep_snapshot(&self) -> Duration {
        let started = Instant::now();
        let snapshot = {
            let mut view = lock(&self.view);
            if !std::mem::take(&mut view.dirty) {
                return Duration::ZERO;
            }
            let ways = view.ways.iter().map(|((network, _), way)| (network.clone(), way.clone()));
            Snapshot {
                addresses: view.addresses.clone(),
                registry: Registry { alive: BTreeMap::new(), ..view.registry.clone() },
                ways: ways.collect(),
            }
        };
        let bytes = serde_json::to_vec(&snapshot).expect("names and numbers have a form in JSON");
        let took = started.elapsed();
        write(&self.snapshot, &bytes);
        if took < AT_ONCE { Duration::ZERO } else { took * REST }
    }
}
