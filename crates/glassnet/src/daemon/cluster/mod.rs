//! This node's part in a cluster: networks that several hosts share.
//!
//! ```text
//! etcd ──changes──▶ sync ──events──▶ serve ─┬─▶ networks   a network is made, changed, removed here
//!   ▲                                       ├─▶ claims     blocks of addresses, ours to give
//!   └───────claims, member, alive───────────┤
//!                                           └─▶ ways       routes, neighbours, fdb for each peer
//! prove ──what passes──▶ serve                             by what was proven to pass
//! trace ◀──questions, answers──▶ etcd                      where a packet goes from here, or there
//! ```
//!
//! One thread ([`serve`]) takes all events in, in their order, so what it decides it decides on one
//! picture. While the store is away nothing here changes but time: containers talk on, and new ones
//! get addresses of the blocks that are this node's own.

mod claims;
mod networks;
mod prove;
mod reach;
mod serve;
mod settings;
mod snapshot;
mod status;
mod sync;
mod trace;
mod ways;

pub(super) use prove::serve as prove;
pub(super) use serve::serve;
pub(crate) use settings::Settings;
pub(super) use sync::follow;
pub(super) use trace::answer_traces;

use super::lock;
use model::cluster::{Backend, Change, Entry, NetworkName, NodeName, Registry, Way};
use model::net::Family;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};
use store::etcd::Client;

/// A peer in a network.
type Pair = (NetworkName, NodeName);

/// All that the daemon holds of the cluster.
pub(super) struct Cluster {
    pub(super) name: NodeName,
    settings: Settings,
    machine: String,
    boot: String,
    runtime: tokio::runtime::Handle,
    client: Client,
    view: Mutex<View>,
    /// Told whenever the view has changed.
    changed: Condvar,
    /// One claim at a time: whoever waited may find what it lacked.
    claiming: Mutex<()>,
    /// One asks the peers at a time: for all who wait.
    asking: Mutex<()>,
    events: Mutex<Sender<Event>>,
    inbox: Mutex<Option<Receiver<Event>>>,
    snapshot: PathBuf,
    /// Wakes the proofs.
    prover: prove::Prover,
    traces: trace::Traces,
}

/// The cluster as this node sees it.
#[derive(Default)]
struct View {
    registry: Registry,
    /// Where the others reach this node, at most one address of each family.
    addresses: Vec<IpAddr>,
    /// Those with which the kernel's part was made.
    placed: Vec<IpAddr>,
    /// Links by which the others are reached, as the rules have them.
    underlay_links: Vec<model::net::LinkName>,
    /// Something of what is kept on disk has changed.
    dirty: bool,
    ways: BTreeMap<Pair, Way>,
    /// Networks that this node is at home in, with the ways to all peers made and tried.
    settled: Networks,
    /// Peers that have answered by the way as it is made now, or were given the time to.
    answering: BTreeSet<Pair>,
    proofs: BTreeMap<Pair, prove::Known>,
    store: Link,
    /// Another machine lives under this node's name.
    name_held_by: Option<String>,
    unreadable: BTreeMap<String, String>,
    /// When a peer was last known to live.
    seen: BTreeMap<NodeName, SystemTime>,
    /// Prefixes we held and somebody else holds now: nothing of them is given.
    lost: BTreeMap<(NetworkName, model::net::IpNet), NodeName>,
    /// Networks whose backend is being changed, since when this node knows.
    changing: BTreeMap<(NetworkName, Backend), Instant>,
    idle_since: BTreeMap<(NetworkName, model::net::IpNet), Instant>,
}

/// How it stands with the store.
#[derive(Clone, Debug)]
enum Link {
    /// Since when.
    Here(SystemTime),
    Away(SystemTime, Option<store::etcd::Error>),
}

impl Default for Link {
    fn default() -> Self {
        Self::Away(SystemTime::now(), None)
    }
}

/// What [`serve`] is told.
#[derive(Debug)]
enum Event {
    /// All that stands in the store.
    Loaded(Vec<Entry>, Vec<model::cluster::Unreadable>),
    Changed(Vec<Change>, Vec<model::cluster::Unreadable>),
    Away(store::etcd::Error),
    /// Another machine lives under this node's name.
    NameTaken(String),
    Named,
    /// What was proven of some peers.
    Proven(Vec<Pair>),
    /// Links, addresses or routes of this host changed.
    Host,
}

impl Cluster {
    pub(super) fn new(
        settings: Settings,
        boot: String,
        snapshot: PathBuf,
        runtime: tokio::runtime::Handle,
    ) -> anyhow::Result<Self> {
        let (events, inbox) = channel();
        let saved = snapshot::read(&snapshot);
        let addresses = match &settings.addresses[..] {
            [] => saved.addresses,
            given => given.to_vec(),
        };
        let view = View {
            registry: saved.registry,
            ways: saved
                .ways
                .into_iter()
                .map(|(network, way)| ((network, way.peer.clone()), way))
                .collect(),
            placed: addresses.clone(),
            addresses,
            ..View::default()
        };
        Ok(Self {
            name: settings.name.clone(),
            machine: settings::machine()?,
            client: Client::new(settings.store.clone())?,
            settings,
            boot,
            runtime,
            view: Mutex::new(view),
            changed: Condvar::new(),
            claiming: Mutex::default(),
            asking: Mutex::default(),
            events: Mutex::new(events),
            inbox: Mutex::new(Some(inbox)),
            snapshot,
            prover: prove::Prover::default(),
            traces: trace::Traces::default(),
        })
    }

    fn tell(&self, event: Event) {
        // The receiver lives as long as the daemon.
        let _ = lock(&self.events).send(event);
    }

    /// Something of the host changed that ways may depend on.
    pub(super) fn host_changed(&self) {
        self.tell(Event::Host);
    }

    /// The ways of a network, for the plan of all the host.
    pub(super) fn ways(&self) -> BTreeMap<NetworkName, Vec<Way>> {
        let mut ways: BTreeMap<NetworkName, Vec<Way>> = BTreeMap::new();
        for ((network, _), way) in &lock(&self.view).ways {
            ways.entry(network.clone()).or_default().push(way.clone());
        }
        ways
    }

    /// Addresses of a family that could still be claimed of a network.
    pub(super) fn unclaimed(&self, network: &model::cluster::Network, family: Family) -> u128 {
        let Some(pool) = network.pool(family) else { return 0 };
        let (Some(spread), view) = (network.spread, lock(&self.view)) else { return 0 };
        let claims = view.registry.claims.get(&network.name);
        let block = spread.block(family);
        let blocks = 1_u128 << u32::from(block.saturating_sub(pool.subnet.prefix_len())).min(100);
        let is_block = |prefix: &&model::net::IpNet| {
            Family::of_prefix(prefix) == family && prefix.prefix_len() == block
        };
        let taken = claims.map_or(0, |claims| claims.keys().filter(is_block).count() as u128);
        let each = (1_u128 << u32::from(family.bits() - block).min(20)) - 2;
        blocks.saturating_sub(taken).saturating_mul(each)
    }
}

/// How long a question to the store may take while somebody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Names of networks.
type Networks = BTreeSet<NetworkName>;
