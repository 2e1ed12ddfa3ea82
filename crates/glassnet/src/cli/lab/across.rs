//! A lab as the walk takes it: the state of each machine, and what is plugged into what.
//!
//! A node says its state by itself (`/v1/state`), with that of its containers; a router or a machine
//! outside has nobody to ask, and its namespace is read from here. Of a node without its daemon
//! only the host is read, and a way into a container of it then ends as unknown.

use crate::api::{self, Api};
use crate::cli::error::Error;
use crate::daemon::observe_for_the_walk;
use crate::protocol::RUN_DIRECTORY;
use lab::{LinkEnd, Topology, View};
use model::host::{Actual, LinkKind, NamespaceId};
use model::net::LinkName;
use model::path::{Path, Question, Wire, WireEnd, there_and_back};
use std::collections::BTreeMap;

/// All machines of a lab that run, at about one moment.
pub(in crate::cli) struct Across {
    machines: BTreeMap<String, Actual>,
    wires: Vec<Wire>,
}

impl Across {
    /// Looks at a lab.
    pub(in crate::cli) fn look(lab: &str) -> Result<Self, Error> {
        let topology = lab::topology(lab)?;
        let wires = wires(&topology);
        let mut machines = BTreeMap::new();
        for machine in &topology.machines {
            let mut actual = match state(lab, &machine.name, machine.node) {
                // Without power: nobody answers at its end of the wire.
                Err(Error::Lab(lab::Error::NotRunning { .. })) => continue,
                other => other?,
            };
            for end in wires.iter().flatten().filter(|end| end.host == machine.name) {
                plug_in(&mut actual, &end.link);
            }
            machines.insert(machine.name.clone(), actual);
        }
        Ok(Self { machines, wires })
    }

    /// What is there on a machine that runs.
    pub(in crate::cli) fn machine(&self, name: &str) -> Option<&Actual> {
        self.machines.get(name)
    }

    /// The packet's path from a machine, and its answer's if it is delivered.
    pub(in crate::cli) fn walk(&self, from: &str, question: Question) -> (Path, Option<Path>) {
        let machines: Vec<_> =
            self.machines.iter().map(|(name, actual)| (name.as_str(), actual)).collect();
        there_and_back(&machines, &self.wires, from, question)
    }
}

fn state(lab: &str, machine: &str, node: bool) -> Result<Actual, Error> {
    if node {
        let asked =
            lab::visit(lab, machine, View::Files, || Api::at(RUN_DIRECTORY.as_ref()).state())?;
        match asked {
            Err(api::Error::NotRunning { .. }) => {}
            other => return other.map_err(Error::Api),
        }
    }
    let host = lab::visit(lab, machine, View::Network, observe_for_the_walk)?;
    let mut actual = Actual::default();
    actual.namespaces.insert(NamespaceId::Host, host.map_err(Error::Kernel)?);
    Ok(actual)
}

/// A lab's cable is a veth pair, whose other end is in the lab's fabric; to the machine it is its
/// network card.
fn plug_in(actual: &mut Actual, link: &LinkName) {
    let host = actual.namespaces.get_mut(&NamespaceId::Host);
    if let Some(link) = host.and_then(|host| host.links.get_mut(link)) {
        link.kind = LinkKind::Device;
    }
}

/// A wire for each switch, and one for each cable between two machines.
fn wires(topology: &Topology) -> Vec<Wire> {
    let mut switches: BTreeMap<&str, Wire> = BTreeMap::new();
    let mut cables: Vec<Wire> = Vec::new();
    for machine in &topology.machines {
        for link in &machine.links {
            let Some(end) = end(&machine.name, &link.name) else { continue };
            match &link.to {
                LinkEnd::Switch(switch) => switches.entry(switch).or_default().push(end),
                LinkEnd::Machine { machine, link } => {
                    // Both ends tell of the cable; it is kept at the first.
                    cables.extend(
                        self::end(machine, link).filter(|far| end < *far).map(|far| vec![end, far]),
                    );
                }
            }
        }
    }
    switches.into_values().chain(cables).collect()
}

fn end(host: &str, link: &str) -> Option<WireEnd> {
    Some(WireEnd { host: host.to_owned(), link: link.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_plugged_into_one_switch_or_one_cable_hears_each_other() {
        let link =
            |name: &str, to: Value| json!({ "name": name, "to": to, "mtu": 1500, "addresses": [] });
        let switch = |name: &str| json!({ "switch": name });
        let cable = |to: &str| json!({ "machine": { "machine": to, "link": "eth1" } });
        let machine = |name: &str, links: [Value; 2]| {
            json!({
                "name": name, "role": "host", "node": false, "links": links, "gateways": [],
                "routes": [], "sysctls": [], "serve": [], "networks": [], "containers": [],
            })
        };
        let machines = [
            machine("a", [link("eth0", switch("s")), link("eth1", cable("b"))]),
            machine("b", [link("eth0", switch("t")), link("eth1", cable("a"))]),
            machine("c", [link("eth0", switch("s")), link("eth1", switch("t"))]),
        ];
        let topology = json!({ "name": "two", "switches": [], "machines": machines });
        let topology: Topology = serde_json::from_value(topology).unwrap();
        let shown: Vec<String> = wires(&topology)
            .iter()
            .map(|wire| {
                let ends = wire.iter().map(|end| format!("{}.{}", end.host, end.link));
                ends.collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(shown, ["a.eth0 c.eth0", "b.eth0 c.eth1", "a.eth1 b.eth1"]);
    }
}
