//! Whether somebody else claims a network's addresses too.

use super::seen::Seen;
use model::cluster::{Network, Pool};
use model::explain::Finding;
use model::host::Route;
use model::host::route::{RouteKind, TABLE_MAIN};
use model::net::overlap;

/// Routes that overlap a network's subnet, and networks that overlap each other.
pub(super) fn subnets(seen: &Seen) -> Vec<Finding> {
    let pools: Vec<(&Network, &Pool)> =
        seen.networks.iter().flat_map(|n| n.pools.iter().map(move |pool| (n, pool))).collect();
    let mut findings = Vec::new();
    for (number, (network, pool)) in pools.iter().enumerate() {
        let others = pools[number + 1..].iter().filter(|(other, _)| other.name != network.name);
        for (other, theirs) in others.filter(|(_, theirs)| overlap(&pool.subnet, &theirs.subnet)) {
            findings.push(Finding::SubnetsOverlap {
                one: network.name.clone(),
                one_subnet: pool.subnet,
                two: other.name.clone(),
                two_subnet: theirs.subnet,
            });
        }
        let routes = seen.host().into_iter().flat_map(|host| host.routes.iter());
        for route in routes.filter(|route| leads_away(route, seen)) {
            if overlap(&pool.subnet, &route.destination) {
                findings.push(Finding::SubnetOverRoute {
                    network: network.name.clone(),
                    subnet: pool.subnet,
                    route: route.destination,
                    link: link(route),
                });
            }
        }
    }
    findings
}

/// A route of the main table that is no default route and not to one of our bridges: those of two
/// networks that overlap are told once.
fn leads_away(route: &Route, seen: &Seen) -> bool {
    let to_bridge = |bridge| route.nexthops.iter().any(|hop| hop.link.as_ref() == Some(bridge));
    route.table == TABLE_MAIN
        && route.destination.prefix_len() > 0
        && !matches!(route.kind, RouteKind::Multicast | RouteKind::Broadcast | RouteKind::Local)
        && !seen.networks.iter().any(|network| to_bridge(&network.bridge))
}

fn link(route: &Route) -> String {
    let link = route.nexthops.first().and_then(|hop| hop.link.as_ref());
    link.map_or_else(|| format!("{:?}", route.kind).to_lowercase(), ToString::to_string)
}
