//! Whether bridges send to the right port, and have ports left.

use super::domains::Domains;
use super::seen::Seen;
use crate::cli::trace::command::word;
use model::explain::Finding;
use model::host::{LinkKind, NamespaceId};
use model::net::{LinkName, Mac};
use std::collections::BTreeMap;

/// `BR_MAX_PORTS`, less the one that the bridge keeps.
const MOST_PORTS: usize = 1023;

/// Entries that lead to another port than that which the owner of the MAC address is behind.
pub(super) fn fdb(seen: &Seen) -> Vec<Finding> {
    let domains = Domains::of(seen);
    let mut findings = Vec::new();
    for (of, bridge, ports) in bridges(seen) {
        let mut owners: BTreeMap<Mac, Vec<(&LinkName, String)>> = BTreeMap::new();
        for port in ports {
            for (there, link) in domains.behind(of, bridge, port) {
                let Some(mac) = link.mac else { continue };
                let owner = seen.link(there, &link.name);
                owners.entry(mac).or_default().push((port, owner));
            }
        }
        let entries = seen.actual.namespaces[of].fdb.iter();
        let learned = entries.filter(|e| e.bridge.as_ref() == Some(bridge) && !e.local);
        for entry in learned.filter(|entry| entry.remote.is_none()) {
            let Some(behind) = owners.get(&entry.mac) else { continue };
            if behind.iter().any(|(port, _)| **port == entry.link) {
                continue;
            }
            let Some((port, owner)) = behind.first() else { continue };
            let line =
                format!("bridge fdb del {} dev {} master", entry.mac, word(entry.link.as_str()));
            findings.push(Finding::FdbElsewhere {
                bridge: seen.link(of, bridge),
                mac: entry.mac,
                port: entry.link.clone(),
                owner: owner.clone(),
                behind: (*port).clone(),
                command: seen.command(of, &line),
            });
        }
    }
    findings
}

/// Bridges that have nine of ten of their ports in use (moby#41136).
pub(super) fn nearly_full(seen: &Seen) -> Vec<Finding> {
    let full = bridges(seen).filter(|(_, _, ports)| ports.len() * 10 >= MOST_PORTS * 9);
    let findings = full.map(|(of, bridge, ports)| Finding::BridgeNearlyFull {
        bridge: seen.link(of, bridge),
        ports: ports.len(),
        most: MOST_PORTS,
    });
    findings.collect()
}

type Bridge<'a> = (&'a NamespaceId, &'a LinkName, Vec<&'a LinkName>);

/// All bridges with their ports.
fn bridges(seen: &Seen) -> impl Iterator<Item = Bridge<'_>> {
    seen.actual.namespaces.iter().flat_map(|(of, namespace)| {
        let mut ports: BTreeMap<&LinkName, Vec<&LinkName>> = BTreeMap::new();
        for link in &namespace.links {
            if let Some(master) = &link.master {
                ports.entry(master).or_default().push(&link.name);
            }
        }
        let is_bridge = |name: &LinkName| {
            let link = namespace.links.get(name);
            link.is_some_and(|link| matches!(link.kind, LinkKind::Bridge(_)))
        };
        let ports = ports.into_iter().filter(move |(name, _)| is_bridge(name));
        ports.map(move |(bridge, ports)| (of, bridge, ports))
    })
}
