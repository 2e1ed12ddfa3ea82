//! Numbers for Prometheus, at `/metrics` of `api.sock`.

use super::Daemon;
use crate::protocol::ClusterStatus;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Instant;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByNetwork {
    network: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    state: &'static str,
}

/// `by` is `direct`, `vxlan` or `none`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByMeans {
    network: String,
    by: String,
}

/// Counters that are kept as things happen. What the book knows is read from it when asked.
pub(super) struct Metrics {
    attach: Histogram,
    detach: Histogram,
    attach_failures: Counter,
    detach_failures: Counter,
    drift: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        // 0.5 ms to 2 s.
        let latency = || Histogram::new(exponential_buckets(0.0005, 2.0, 13));
        Self {
            attach: latency(),
            detach: latency(),
            attach_failures: Counter::default(),
            detach_failures: Counter::default(),
            drift: Counter::default(),
        }
    }

    pub(super) fn attach_started(&self) -> Instant {
        Instant::now()
    }

    pub(super) fn attach_ended(&self, started: Instant, well: bool) {
        self.attach.observe(started.elapsed().as_secs_f64());
        if !well {
            self.attach_failures.inc();
        }
    }

    pub(super) fn detach_started(&self) -> Instant {
        Instant::now()
    }

    pub(super) fn detach_ended(&self, started: Instant, well: bool) {
        self.detach.observe(started.elapsed().as_secs_f64());
        if !well {
            self.detach_failures.inc();
        }
    }

    /// Steps that a comparison with the kernel found missing.
    pub(super) fn drift(&self, steps: usize) {
        self.drift.inc_by(steps as u64);
    }
}

impl Daemon {
    /// All numbers in the OpenMetrics text format.
    pub(super) fn metrics(&self) -> String {
        let metrics = &self.metrics;
        let mut registry = Registry::with_prefix("glassnet");
        let seconds = |registry: &mut Registry, name, help, histogram: &Histogram| {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        };
        seconds(&mut registry, "attach_latency", "Time to answer an attach", &metrics.attach);
        seconds(&mut registry, "detach_latency", "Time to answer a detach", &metrics.detach);
        registry.register(
            "attach_failures",
            "Attaches that failed",
            metrics.attach_failures.clone(),
        );
        registry.register(
            "detach_failures",
            "Detaches that failed",
            metrics.detach_failures.clone(),
        );
        registry.register(
            "drift_steps",
            "Steps that the kernel was found to lack",
            metrics.drift.clone(),
        );

        let leases = Family::<ByNetwork, Gauge>::default();
        let free = Family::<ByNetwork, Gauge>::default();
        let status = self.status();
        for network in &status.networks {
            let label = ByNetwork { network: network.name.to_string() };
            let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            leases.get_or_create(&label).set(number(network.leased));
            free.get_or_create(&label).set(number(network.leasable.saturating_sub(network.leased)));
        }
        registry.register("leases", "Addresses leased", leases);
        registry.register("free_addresses", "Addresses free, of the scarcer family", free);
        let queued = Gauge::<i64>::default();
        queued.set(i64::try_from(status.queued).unwrap_or(i64::MAX));
        registry.register("queued_detaches", "Detaches that wait on disk", queued);

        if let Some(cluster) = &status.cluster {
            of_cluster(&mut registry, cluster);
        }

        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => text,
            Err(error) => format!("# {error}\n"),
        }
    }
}

/// What this node knows of the others.
fn of_cluster(registry: &mut Registry, cluster: &ClusterStatus) {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let connected = Gauge::<i64>::default();
    connected.set(i64::from(cluster.store.connected));
    registry.register("store_connected", "Whether the cluster's store answers", connected);

    let peers = Family::<ByState, Gauge>::default();
    let alive = cluster.peers.iter().filter(|peer| peer.alive).count();
    peers.get_or_create(&ByState { state: "alive" }).set(number(alive));
    peers.get_or_create(&ByState { state: "away" }).set(number(cluster.peers.len() - alive));
    registry.register("peers", "Other nodes in the cluster", peers);

    let ways = Family::<ByMeans, Gauge>::default();
    let lessened = Family::<ByNetwork, Gauge>::default();
    for of in cluster.peers.iter().flat_map(|peer| &peer.networks) {
        let network = of.network.to_string();
        let by = of.by.map_or_else(|| "none".to_owned(), |by| by.to_string());
        ways.get_or_create(&ByMeans { network: network.clone(), by }).inc();
        let lessened = lessened.get_or_create(&ByNetwork { network });
        if of.proven.is_some() && !of.whole {
            lessened.inc();
        }
    }
    registry.register("ways", "Ways to the other nodes, by what they go by", ways);
    let help = "Ways that do not pass packets of full size";
    registry.register("lessened_ways", help, lessened);

    let held = Family::<ByNetwork, Gauge>::default();
    for (network, prefixes) in &cluster.holds {
        let label = ByNetwork { network: network.to_string() };
        held.get_or_create(&label).set(number(prefixes.len()));
    }
    registry.register("held_prefixes", "Blocks and single addresses that this node holds", held);
}
