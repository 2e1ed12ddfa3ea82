//! Whether neighbour entries lead to who has the address (cilium#34503, moby#52661).

use super::domains::Domains;
use super::seen::Seen;
use crate::cli::trace::command::word;
use model::explain::Finding;
use model::host::neighbour::NeighbourState;
use model::host::{LinkKind, NamespaceId, Neighbour};
use model::net::Mac;

/// Entries with another MAC address than the holder's, and entries that somebody wrote with one that
/// nobody has.
pub(super) fn wrong(seen: &Seen) -> Vec<Finding> {
    let domains = Domains::of(seen);
    let all = seen.actual.namespaces.iter();
    let entries = all.flat_map(|(of, namespace)| {
        let ends = |entry: &Neighbour| {
            let link = namespace.links.get(&entry.link);
            // What is behind a tunnel is another check's.
            link.is_some_and(|link| !matches!(link.kind, LinkKind::Vxlan(_) | LinkKind::Loopback))
        };
        let entries = namespace.neighbours.iter().filter(move |entry| ends(entry));
        entries.filter_map(move |entry| Some((of, entry, usable(entry)?)))
    });
    entries.filter_map(|(of, entry, mac)| one(seen, &domains, of, entry, mac)).collect()
}

/// The MAC address that packets are sent to by the entry.
fn usable(entry: &Neighbour) -> Option<Mac> {
    use NeighbourState::{Delay, Permanent, Probe, Reachable, Stale};
    let used = matches!(entry.state, Reachable | Stale | Delay | Probe | Permanent);
    entry.mac.filter(|mac| used && mac.is_unicast() && !mac.is_zero())
}

fn one(
    seen: &Seen,
    domains: &Domains<'_>,
    of: &NamespaceId,
    entry: &Neighbour,
    mac: Mac,
) -> Option<Finding> {
    let domain = domains.of_link(of, &entry.link)?;
    let line = format!("ip neigh del {} dev {}", entry.address, word(entry.link.as_str()));
    let (place, address) = (seen.link(of, &entry.link), entry.address);
    let command = seen.command(of, &line);
    let mut holders = domain.holders(entry.address).filter(|held| held.of != of).peekable();
    let Some(holder) = holders.peek().copied() else {
        let written = entry.state == NeighbourState::Permanent && domain.closed;
        return (written && !domain.has(mac)).then_some(Finding::NeighbourNobody {
            place,
            address,
            mac,
            command,
        });
    };
    // It may answer by another of its links.
    let is_its = holders.any(|held| {
        let mut stations = domain.stations.iter();
        stations.any(|(there, link)| *there == held.of && link.mac == Some(mac))
    });
    let (owner, its) = (seen.link(holder.of, &holder.link.name), holder.link.mac?);
    (!is_its).then_some(Finding::NeighbourElsewhere { place, address, mac, owner, its, command })
}
