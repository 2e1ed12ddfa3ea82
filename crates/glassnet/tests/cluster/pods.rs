//! Pods that containerd makes on two hosts, reached by their own addresses and by published ports.

use crate::engine::Engines;
use crate::fleet::{Container, Ground, PATIENCE};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const PORT: u16 = 8080;
const PUBLISHED: [&str; 2] = ["--port", "8080:80"];

#[test]
fn on_one_switch_without_a_tunnel() {
    walk("pods-direct", &Ground::Switch, "direct", |i| {
        [format!("192.0.2.{i}"), format!("2001:db8::{i}")]
    });
}

#[test]
fn behind_a_router_through_vxlan() {
    walk("pods-vxlan", &Ground::Router, "vxlan", |i| {
        [format!("198.51.{i}.1"), format!("2001:db8:{i}::1")]
    });
}

/// `underlay` gives the addresses of the host with a number.
fn walk(name: &str, ground: &Ground, by: &str, underlay: impl Fn(usize) -> [String; 2]) {
    let engines = Engines::up(name, 2, ground);
    let fleet = &engines.fleet;
    fleet.until_by("h1", "h2", by);
    fleet.until_by("h2", "h1", by);

    // A host's first pod brings what stays: only then is there a "before" to compare with.
    let first = fleet.hosts.iter().map(|host| engines.run(host, "first", &PUBLISHED));
    let first: Vec<_> = first.collect();
    engines.remove(&first);
    nobody_is_attached(&engines);
    let before = fleet.hosts.iter().map(|host| Kept::on(&engines, host)).collect::<Vec<_>>();

    let web = engines.run("h1", "web", &PUBLISHED);
    let neighbour = engines.run("h1", "neighbour", &[]);
    let client = engines.run("h2", "client", &PUBLISHED);
    let pods = [web.clone(), neighbour, client.clone()];

    for from in &pods {
        for to in pods.iter().filter(|to| *to != from) {
            for address in &to.addresses {
                engines.pings(from, address);
                engines.fetches(from, address, 80, &to.name);
            }
        }
        // Of these, a pod reaches itself, one beside it, or one on the other host.
        for (number, server) in [(1, &web), (2, &client)] {
            for address in underlay(number) {
                engines.fetches(from, &address, PORT, &server.name);
            }
        }
    }
    for host in ["h1", "h2", "keeper"] {
        for (number, server) in [(1, &web), (2, &client)] {
            for address in underlay(number) {
                engines.host_fetches(host, &address, PORT, &server.name);
            }
        }
    }

    is_captured_by_name(&engines, &web, &client);

    engines.remove(&pods);
    nobody_is_attached(&engines);
    for (host, before) in fleet.hosts.iter().zip(&before) {
        before.again(&engines, host);
        untracked(&engines, host, &pods);
    }

    // A host that loses its power does not remove its pods first.
    engines.run("h1", "last", &PUBLISHED);
    engines.run("h2", "last", &[]);
    engines.down();
}

/// What a host has when no pod is there: its network, and the node's blocks.
struct Kept(BTreeSet<String>);

impl Kept {
    fn on(engines: &Engines, host: &str) -> Self {
        let status = engines.fleet.json(host, &["status"]).unwrap();
        let blocks = &status["cluster"]["holds"]["blue"];
        assert!(!blocks.as_array().unwrap().is_empty(), "{host} gave its blocks away: {status}");
        let network = engines.network_of(host);
        let lines = network.lines().map(str::to_owned).chain([format!("blocks {blocks}")]);
        Self(lines.collect())
    }

    /// The host has come to be as it was.
    fn again(&self, engines: &Engines, host: &str) {
        let started = Instant::now();
        loop {
            let now = Self::on(engines, host);
            let differs: Vec<_> = self.0.symmetric_difference(&now.0).collect();
            if differs.is_empty() {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{host} is not as it was: {differs:#?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// No lease is kept for a pod, and none waits to be given back.
fn nobody_is_attached(engines: &Engines) {
    for host in &engines.fleet.hosts {
        engines.fleet.until(&format!("{host} has no attachment"), || {
            let rows = engines.fleet.json(host, &["ls"]).unwrap();
            let queued = &engines.fleet.json(host, &["status"]).unwrap()["queued"];
            rows.as_array().unwrap().is_empty() && *queued == 0
        });
    }
}

/// A tracked connection to an address that a new pod gets would lead its packets astray.
fn untracked(engines: &Engines, host: &str, pods: &[Container]) {
    let list = "conntrack -L 2>/dev/null; conntrack -L -f ipv6 2>/dev/null; true";
    let tracked = engines.fleet.lab.says(host, &["sh", "-c", list]);
    for pod in pods.iter().filter(|pod| pod.host == host) {
        for address in &pod.addresses {
            let held =
                tracked.lines().find(|line| line.split(['=', ' ']).any(|word| word == address));
            assert_eq!(held, None, "{host} tracks a connection of {}", pod.name);
        }
    }
}

/// A pod's packets are found by the pod's name, on its host and from outside of it.
fn is_captured_by_name(engines: &Engines, web: &Container, client: &Container) {
    let fleet = &engines.fleet;
    let listed = fleet.json(&web.host, &["capture"]).unwrap();
    let names =
        listed.as_array().unwrap().iter().flat_map(|place| place["names"].as_array().unwrap());
    let pods: Vec<_> = names
        .filter(|name| name["kind"] == "pod")
        .map(|name| name["name"].as_str().unwrap().to_owned())
        .collect();
    let pod = pods.iter().find(|name| name.ends_with(&format!("/{}", web.name)));
    let pod = pod.unwrap_or_else(|| panic!("no {} among {pods:?}", web.name));
    let capture = format!(
        "glassnet --json capture pod:{pod} icmp and host {} --count 2 --for 10s 2>/run/capture.log",
        client.addresses[0]
    );
    let captured = std::thread::scope(|scope| {
        let captured = scope.spawn(|| fleet.lab.says(&web.host, &["sh", "-c", &capture]));
        fleet.until("the ping is captured", || {
            engines.pings(client, &web.addresses[0]);
            captured.is_finished()
        });
        captured.join().unwrap()
    });
    let document: serde_json::Value = serde_json::from_str(&captured).unwrap();
    assert_eq!(document["captured"], 2, "{captured}");
    assert_eq!(document["packets"][0]["sightings"][0]["place"], pod[..], "{captured}");
}
