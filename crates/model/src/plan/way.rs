//! The way to one peer: a route for each prefix it holds, and, where it has a tunnel's end, the two
//! entries that lead there. Nothing for any single container of it.

use super::Node;
use crate::cluster::{Means, Network, Way};
use crate::host::neighbour::NeighbourState;
use crate::host::route::Nexthop;
use crate::host::{FdbEntry, NamespaceId, Neighbour, Route, Wanted};
use crate::net::{Family, IpNet, single};
use std::net::IpAddr;

/// The fragment of one way.
pub fn way(node: &Node, network: &Network, way: &Way) -> Wanted {
    let mut wanted = Wanted::default();
    let host = wanted.namespace(NamespaceId::Host);
    let tunnel = network.tunnel_link();
    if let Some(end) = &way.tunnel {
        host.neighbours.insert(Neighbour {
            link: tunnel.clone(),
            address: IpAddr::V6(end.vtep.link_local()),
            mac: Some(end.vtep),
            state: NeighbourState::Permanent,
        });
        host.fdb.insert(FdbEntry::tunnel(tunnel.clone(), end.vtep, end.underlay));
    }
    let presence = node.member.as_ref().and_then(|member| member.networks.get(&network.name));
    let route = |prefix: IpNet, nexthop: Nexthop, mtu: Option<u32>| {
        let family = Family::of_prefix(&prefix);
        let own = presence.into_iter().flat_map(|presence| &presence.addresses);
        let source = own.copied().find(|address| Family::of(*address) == family);
        Route { mtu, source, ..Route::ours(prefix, nexthop) }
    };
    let direct = |family: Family| {
        // An IPv4 prefix may lie behind an IPv6 next hop, but not the other way round.
        let other = || way.hop(Family::V6).filter(|_| family == Family::V4);
        let hop = way.hop(family).or_else(other)?;
        Some(Nexthop { onlink: false, ..Nexthop::via(hop.gateway, hop.link.clone()) })
    };
    for prefix in &way.prefixes {
        let nexthop = match way.by {
            Some(Means::Direct) => direct(Family::of_prefix(prefix)),
            Some(Means::Vxlan) => way
                .tunnel
                .map(|end| Nexthop::via(IpAddr::V6(end.vtep.link_local()), tunnel.clone())),
            None => None,
        };
        if let Some(nexthop) = nexthop {
            host.routes.insert(route(*prefix, nexthop, way.mtu));
        }
    }
    for address in &way.proof {
        if let Some(nexthop) = direct(Family::of(*address)) {
            let proof = presence.into_iter().flat_map(|presence| &presence.proof);
            let source = proof.copied().find(|own| Family::of(*own) == Family::of(*address));
            host.routes.insert(Route { source, ..route(single(*address), nexthop, None) });
        }
    }
    wanted
}
