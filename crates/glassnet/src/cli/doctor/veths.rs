//! Veth pairs whose other end is down, or in a namespace where nobody lives.

use super::seen::{About, Seen};
use crate::cli::trace::command::word;
use crate::places::{Kind, Name};
use model::explain::Finding;
use model::host::route::RouteKind;
use model::host::{LinkKind, NamespaceId, Route};
use model::net::LinkName;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Routes by a veth that has no carrier. One by a bridge without ports waits for containers.
pub(super) fn dead(seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (of, namespace) in &seen.actual.namespaces {
        let mut told: BTreeSet<&LinkName> = BTreeSet::new();
        for route in namespace.routes.iter().filter(|route| leads_somewhere(route)) {
            let [hop] = &route.nexthops[..] else { continue };
            let Some(link) = hop.link.as_ref().and_then(|name| namespace.links.get(name)) else {
                continue;
            };
            let Some((there, other)) = seen.peer(of, link) else { continue };
            if !link.up || other.up || !told.insert(&link.name) {
                continue;
            }
            let line = format!("ip link set {} up", word(other.name.as_str()));
            findings.push(Finding::RouteByDeadLink {
                place: of.to_string(),
                route: route.destination,
                link: link.name.clone(),
                far: seen.link(there, &other.name),
                command: seen.command(there, &line),
            });
        }
    }
    findings
}

fn leads_somewhere(route: &Route) -> bool {
    let to = route.destination.addr();
    let is_link_local = matches!(to, IpAddr::V6(to) if to.is_unicast_link_local());
    route.kind == RouteKind::Unicast && !to.is_multicast() && !is_link_local
}

/// Ports of bridges that an engine has left behind (moby#41136, docker/for-linux#109). What our own daemon
/// has made, it watches itself.
pub(super) fn left_over(seen: &Seen) -> Vec<Finding> {
    let ports = seen.links().filter(|(_, link)| !link.is_ours());
    let left = ports.filter_map(|(of, link)| {
        let LinkKind::Veth(veth) = &link.kind else { return None };
        let bridge = link.master.clone()?;
        let there = seen.peers_namespace(of, link);
        let (peer, nobody) = match there.and_then(|there| Some((there, seen.about.get(there)?))) {
            Some((there, about)) => (there.to_string(), is_left(there, about)),
            // Neither a process nor a path leads there: something holds it open.
            None => (format!("[netnsid {}]", veth.peer_netnsid?), seen.everybody),
        };
        nobody.then(|| Finding::LeakedPort {
            port: seen.link(of, &link.name),
            bridge,
            peer,
            command: seen.command(of, &format!("ip link del {}", word(link.name.as_str()))),
        })
    });
    left.collect()
}

/// No process is in it, and it has a name that engines give: what somebody has named for himself, or holds
/// by a path of his own, may well wait.
fn is_left(of: &NamespaceId, about: &About) -> bool {
    let by_engine = |name: &Name| name.kind == Kind::Netns && is_engines(&name.name);
    *of != NamespaceId::Host && about.processes == Some(0) && about.names.iter().all(by_engine)
}

/// `cni-UUID` of containerd, `netns-UUID` of Podman, the bare UUID of CRI-O.
fn is_engines(name: &str) -> bool {
    let bare = name.strip_prefix("cni-").or_else(|| name.strip_prefix("netns-")).unwrap_or(name);
    let is_uuid = |bytes: &[u8]| {
        let fits = |(at, byte): (usize, &u8)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        bytes.len() == 36 && bytes.iter().enumerate().all(fits)
    };
    is_uuid(bare.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_an_engine_gave() {
        let uuid = "0f5a3b1c-9d2e-4a6b-8c7d-1e2f3a4b5c6d";
        for name in [uuid, &format!("cni-{uuid}"), &format!("netns-{uuid}")] {
            assert!(is_engines(name), "{name}");
        }
        for name in ["blue", "cni-test", &format!("my-{uuid}"), &uuid[1..]] {
            assert!(!is_engines(name), "{name}");
        }
    }
}
