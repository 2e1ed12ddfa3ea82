//! A lab of several hosts that share networks, and containers that come and go on them.

use crate::lab::Lab;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// Until something that has to happen is taken for a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Hosts `h1`, `h2` … behind a router each in a subnet of its own, the store on `keeper`.
pub(crate) struct Fleet {
    pub(crate) lab: Lab,
    pub(crate) name: String,
    pub(crate) hosts: Vec<String>,
}

/// A container of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) host: String,
    pub(crate) name: String,
    /// IPv4 first.
    pub(crate) addresses: Vec<String>,
}

/// What a lab's file says of the hosts: on one switch, or each behind the router.
pub(crate) enum Ground {
    Switch,
    Router,
}

fn file(name: &str, hosts: usize, ground: &Ground, networks: &str) -> String {
    let mut file = format!("lab: {name}\nstore: keeper\n");
    file += "switches:\n";
    file += "  s0: { subnet: [192.0.2.0/24, \"2001:db8::/64\"] }\n";
    if let Ground::Router = ground {
        for i in 1..=hosts {
            file += &format!("  s{i}: {{ subnet: [198.51.{i}.0/24, \"2001:db8:{i}::/64\"] }}\n");
        }
        file += "routers:\n  middle:\n    links:\n";
        file += "      eth0: { to: s0, address: [192.0.2.254/24, \"2001:db8::fe/64\"] }\n";
        for i in 1..=hosts {
            file += &format!(
                "      eth{i}: {{ to: s{i}, address: [198.51.{i}.254/24, \"2001:db8:{i}::fe/64\"] }}\n"
            );
        }
    }
    file += "hosts:\n  keeper:\n    node: false\n    etcd: true\n    links:\n";
    file += "      eth0: { to: s0, address: [192.0.2.100/24, \"2001:db8::64/64\"] }\n";
    if let Ground::Router = ground {
        file += "    gateway: [192.0.2.254, \"2001:db8::fe\"]\n";
    }
    for i in 1..=hosts {
        file += &format!("  h{i}:\n    links:\n");
        match ground {
            Ground::Switch => {
                file += &format!(
                    "      eth0: {{ to: s0, address: [192.0.2.{i}/24, \"2001:db8::{i}/64\"] }}\n"
                );
            }
            Ground::Router => {
                file += &format!(
                    "      eth0: {{ to: s{i}, address: [198.51.{i}.1/24, \"2001:db8:{i}::1/64\"] }}\n"
                );
                file += &format!("    gateway: [198.51.{i}.254, \"2001:db8:{i}::fe\"]\n");
            }
        }
    }
    file + networks
}

/// One network of both families.
pub(crate) fn blue(backend: &str) -> String {
    format!("networks:\n  blue: {{ subnet: [10.1.0.0/16, \"fd00:1::/64\"], backend: {backend} }}\n")
}

impl Fleet {
    pub(crate) fn up(name: &str, hosts: usize, ground: &Ground, networks: &str) -> Self {
        Self::of(name, hosts, ground, networks, |file| file)
    }

    /// With something of the file changed.
    pub(crate) fn of(
        name: &str,
        hosts: usize,
        ground: &Ground,
        networks: &str,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let mut whole = String::new();
        let lab = Lab::of(name, |name| {
            whole = name.to_owned();
            change(file(name, hosts, ground, networks))
        });
        Self { lab, name: whole, hosts: (1..=hosts).map(|i| format!("h{i}")).collect() }
    }

    /// A verb of `glassnet lab`.
    pub(crate) fn order(&self, verb: &[&str]) -> Output {
        let mut command = Command::new(GLASSNET);
        command.arg("lab");
        for word in verb {
            // `@h1` is a machine of this lab.
            match word.strip_prefix('@') {
                Some(machine) => command.arg(format!("{}/{machine}", self.name)),
                None => command.arg(word),
            };
        }
        command.output().unwrap()
    }

    pub(crate) fn must(&self, verb: &[&str]) {
        let output = self.order(verb);
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        assert!(output.status.success(), "lab {verb:?}: {}", String::from_utf8_lossy(&said));
    }

    pub(crate) fn json(&self, host: &str, arguments: &[&str]) -> Option<Value> {
        let command = [&["glassnet", "--json"], arguments].concat();
        let output = self.lab.run(host, &command);
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Waits until something holds.
    pub(crate) fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let started = Instant::now();
        while !holds() {
            assert!(
                started.elapsed() < PATIENCE,
                "{what}: not within {PATIENCE:?}\n{}",
                self.told()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the nodes say of themselves, for a failure's message.
    pub(crate) fn told(&self) -> String {
        let mut told = String::new();
        for host in &self.hosts {
            let output = self.lab.run(host, &["glassnet", "status"]);
            let said = [&output.stdout[..], &output.stderr[..]].concat();
            told += &format!("--- {host}\n{}", String::from_utf8_lossy(&said));
        }
        told
    }

    /// Attaches a container; `None` if that was refused.
    pub(crate) fn attach(&self, host: &str, name: &str, more: &[&str]) -> Option<Container> {
        let made = self.lab.run(host, &["ip", "netns", "add", name]);
        assert!(made.status.success(), "{host}: {}", String::from_utf8_lossy(&made.stderr));
        let up = self.lab.run(host, &["ip", "-n", name, "link", "set", "lo", "up"]);
        assert!(up.status.success());
        let verb = [&["attach", name, "--network", "blue"], more].concat();
        let Some(said) = self.json(host, &verb) else {
            self.lab.run(host, &["ip", "netns", "del", name]);
            return None;
        };
        let addresses =
            said["addresses"].as_array().or_else(|| said["attachment"]["addresses"].as_array());
        let addresses = addresses.unwrap_or_else(|| panic!("no addresses in {said}")).iter();
        let addresses = addresses.map(|address| address.as_str().unwrap().to_owned()).collect();
        Some(Container { host: host.to_owned(), name: name.to_owned(), addresses })
    }

    pub(crate) fn detach(&self, container: &Container) -> bool {
        let gone = self.lab.run(&container.host, &["glassnet", "detach", &container.name]);
        self.lab.run(&container.host, &["ip", "netns", "del", &container.name]);
        gone.status.success()
    }

    pub(crate) fn pings(&self, from: &Container, address: &str, more: &[&str]) -> bool {
        let ping = ["ip", "netns", "exec", &from.name, "ping", "-c", "1", "-W", "1"];
        self.lab.run(&from.host, &[&ping, more, &[address]].concat()).status.success()
    }

    /// Every container reaches every other, by both families.
    pub(crate) fn all_reach_all(&self, containers: &[Container]) {
        for from in containers {
            for to in containers.iter().filter(|to| *to != from) {
                for address in &to.addresses {
                    let what =
                        format!("{} on {} reaches {address} on {}", from.name, from.host, to.host);
                    self.until(&what, || self.pings(from, address, &[]));
                }
            }
        }
    }

    /// The peers of a host, by name.
    pub(crate) fn peers(&self, host: &str) -> BTreeMap<String, Value> {
        let Some(status) = self.json(host, &["status"]) else { return BTreeMap::new() };
        let peers = status["cluster"]["peers"].as_array().cloned().unwrap_or_default();
        peers.into_iter().map(|peer| (peer["name"].as_str().unwrap().to_owned(), peer)).collect()
    }

    /// What packets from one host to another go by, in network blue.
    pub(crate) fn way(&self, from: &str, to: &str) -> Option<Value> {
        let peers = self.peers(from);
        let networks = peers.get(to)?["networks"].as_array()?.clone();
        networks.into_iter().find(|network| network["network"] == "blue")
    }

    pub(crate) fn until_by(&self, from: &str, to: &str, by: &str) {
        self.until(&format!("{from} reaches {to} by {by}"), || {
            self.way(from, to).is_some_and(|way| way["by"] == by)
        });
    }
}
