//! Whether VXLAN tunnels lead where they should, and carry what they take. Other ends are compared as far
//! as they are on this machine.

use super::domains::Domains;
use super::seen::{At, Seen};
use crate::cli::trace::command::word;
use model::explain::Finding;
use model::host::link::Vxlan;
use model::host::neighbour::NeighbourState;
use model::host::{FdbEntry, LinkKind, Namespace, NamespaceId, Unknown};
use model::net::Mac;
use std::net::IpAddr;

/// Outer headers: IP, UDP, VXLAN, and the inner Ethernet header.
fn headers(underlay: IpAddr) -> u32 {
    let ip = if underlay.is_ipv4() { 20 } else { 40 };
    ip + 8 + 8 + 14
}

/// A tunnel's end.
#[derive(Clone, Copy)]
struct End<'a> {
    of: &'a NamespaceId,
    at: At<'a>,
    vxlan: &'a Vxlan,
}

fn ends(seen: &Seen) -> Vec<End<'_>> {
    let all = seen.links().filter_map(|(of, link)| match &link.kind {
        LinkKind::Vxlan(vxlan) if link.up => Some(End { of, at: (of, link), vxlan }),
        _ => None,
    });
    all.collect()
}

/// Entries that are missing, that lead to another host than the owner's, or whose MAC address is not that
/// of the end they lead to (flannel#533, moby#52661, flannel#1155).
pub(super) fn entries(seen: &Seen) -> Vec<Finding> {
    let (domains, ends) = (Domains::of(seen), ends(seen));
    let mut findings = Vec::new();
    for end in &ends {
        let namespace = &seen.actual.namespaces[end.of];
        let (_, link) = end.at;
        findings.extend(missing(seen, end, namespace));
        let others: Vec<_> = ends.iter().filter(|other| is_peer(end, other)).collect();
        let entries = namespace.fdb.iter().filter(|entry| entry.link == link.name);
        for entry in entries.filter(|entry| entry.mac.is_unicast() && !entry.mac.is_zero()) {
            if let Some(remote) = entry.remote {
                findings.extend(leads_astray(seen, &domains, end, entry, remote, &others));
            }
        }
    }
    findings
}

fn is_peer(one: &End<'_>, other: &End<'_>) -> bool {
    one.of != other.of && one.vxlan.vni == other.vxlan.vni
}

fn missing(seen: &Seen, end: &End<'_>, namespace: &Namespace<Unknown>) -> Vec<Finding> {
    let (of, link) = end.at;
    let knows = |mac: Mac| {
        let mut entries = namespace.fdb.iter().filter(|e| e.link == link.name);
        entries.any(|entry| entry.remote.is_some() && (entry.mac == mac || entry.mac.is_zero()))
    };
    let used = |state| !matches!(state, NeighbourState::Failed | NeighbourState::Incomplete);
    let neighbours = namespace.neighbours.iter().filter(|n| n.link == link.name && used(n.state));
    let lacking = neighbours.filter_map(|neighbour| {
        let mac = neighbour.mac.filter(|mac| mac.is_unicast() && !mac.is_zero() && !knows(*mac))?;
        let line = format!("bridge fdb append {mac} dev {} dst REMOTE", word(link.name.as_str()));
        let (tunnel, address) = (seen.link(of, &link.name), neighbour.address);
        let command = seen.command(of, &line);
        Some(Finding::NoTunnelEntry { tunnel, address, mac, command })
    });
    lacking.collect()
}

fn leads_astray(
    seen: &Seen,
    domains: &Domains<'_>,
    end: &End<'_>,
    entry: &FdbEntry,
    remote: IpAddr,
    others: &[&End<'_>],
) -> Option<Finding> {
    let (of, link) = end.at;
    let (tunnel, mac, name) = (seen.link(of, &link.name), entry.mac, word(link.name.as_str()));
    let is_at = |other: &End<'_>| {
        let its = seen.actual.namespaces[other.of].addresses.iter();
        other.vxlan.local == Some(remote)
            || other.vxlan.local.is_none() && its.clone().any(|a| a.prefix.addr() == remote)
    };
    let owner = others.iter().find_map(|other| {
        let (of, link) = other.at;
        let is_own = link.mac == Some(mac);
        let bridged = link.master.as_ref().and_then(|_| domains.of_link(of, &link.name));
        let station = bridged.and_then(|domain| {
            let mut stations = domain.stations.iter();
            stations.find(|(_, station)| station.mac == Some(mac)).copied()
        });
        Some((other, is_own.then_some(other.at).or(station)?))
    });
    if let Some((other, (there, station))) = owner {
        let at = other.vxlan.local?;
        let line = format!("bridge fdb replace {mac} dev {name} dst {at}");
        return (!is_at(other)).then(|| Finding::TunnelFdbElsewhere {
            tunnel,
            mac,
            remote,
            owner: seen.link(there, &station.name),
            at,
            command: seen.command(of, &line),
        });
    }
    // Behind a bridge are MAC addresses of others than the end itself.
    let end = others.iter().find(|other| is_at(other) && other.at.1.master.is_none())?;
    let (there, its) = (end.at.1, end.at.1.mac?);
    let line = format!("ip link set {} address {mac}", word(there.name.as_str()));
    Some(Finding::TunnelMacOther {
        tunnel,
        mac,
        remote,
        end: seen.link(end.of, &there.name),
        its,
        command: seen.command(end.of, &line),
    })
}

/// Tunnels that take more than the link below carries (moby#12565, cilium#29583). Routes through them may
/// say so by themselves.
pub(super) fn mtu(seen: &Seen) -> Vec<Finding> {
    let too_large = ends(seen).into_iter().filter_map(|end| {
        let (of, link) = end.at;
        let namespace = &seen.actual.namespaces[of];
        let local = end.vxlan.local?;
        let below = namespace.addresses.iter().find(|address| address.prefix.addr() == local)?;
        let underlay = namespace.links.get(&below.link)?;
        let (mtu, underlay_mtu, headers) = (link.mtu?, underlay.mtu?, headers(local));
        let most = underlay_mtu.checked_sub(headers)?;
        let through = |hops: &[model::host::route::Nexthop]| {
            hops.iter().any(|hop| hop.link.as_ref() == Some(&link.name))
        };
        let mut routes =
            namespace.routes.iter().filter(|route| through(&route.nexthops)).peekable();
        let limited = routes.peek().is_some()
            && routes.all(|r| is_linkwide(r) || r.mtu.is_some_and(|m| m <= most));
        let line = format!("ip link set {} mtu {most}", word(link.name.as_str()));
        (mtu > most && !limited).then(|| Finding::TunnelMtu {
            tunnel: seen.link(of, &link.name),
            mtu,
            headers,
            underlay: underlay.name.clone(),
            underlay_mtu,
            most,
            command: seen.command(of, &line),
        })
    });
    too_large.collect()
}

/// `fe80::/64` and multicast, which every link has.
fn is_linkwide(route: &model::host::Route) -> bool {
    let to = route.destination.addr();
    to.is_multicast() || matches!(to, IpAddr::V6(to) if to.is_unicast_link_local())
}
