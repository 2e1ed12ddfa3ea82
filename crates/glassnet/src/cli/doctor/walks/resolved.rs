//! Gateways whose MAC address is certain, since everybody in the layer-2 domain was seen and one alone
//! answers: known as if they had been asked for. Else each of a thousand walks would ask all of a domain.

use crate::cli::doctor::domains::{Domain, Domains, Held};
use crate::cli::doctor::seen::Seen;
use model::host::neighbour::NeighbourState;
use model::host::{Namespace, NamespaceId, Neighbour, Unknown};
use model::net::{Family, Mac};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The neighbours of each namespace that has such, with those that it has anyway.
pub(super) struct Resolved(pub(super) BTreeMap<NamespaceId, Namespace<Unknown>>);

impl Resolved {
    pub(super) fn of(seen: &Seen, domains: &Domains<'_>) -> Self {
        let gateways = gateways(seen);
        let mut resolved = Self(BTreeMap::new());
        for domain in domains.all().iter().filter(|domain| domain.closed) {
            let certain = alone(domain);
            let routers = certain.iter().filter(|(held, _)| gateways.contains(&held.address()));
            for (router, gateway) in routers {
                for (other, mac) in &certain {
                    let family = |held: &Held<'_>| Family::of(held.address());
                    if other.of != router.of && family(other) == family(router) {
                        // Each knows the other: an answer goes back to who asked.
                        resolved.know(seen, other, router, *gateway);
                        resolved.know(seen, router, other, *mac);
                    }
                }
            }
        }
        resolved
    }

    fn know(&mut self, seen: &Seen, who: &Held<'_>, whom: &Held<'_>, mac: Mac) {
        let Some(own) = seen.actual.namespaces.get(who.of) else { return };
        let entry = self.0.entry(who.of.clone()).or_insert_with(|| Namespace {
            neighbours: own.neighbours.clone(),
            ..Namespace::default()
        });
        let (link, address) = (who.link.name.clone(), whom.address());
        let before = entry.neighbours.get(&(link.clone(), address));
        if before.is_none_or(|before| before.mac.is_none()) {
            let (mac, state) = (Some(mac), NeighbourState::Reachable);
            entry.neighbours.insert(Neighbour { link, address, mac, state });
        }
    }
}

/// Addresses that are somebody's next hop.
fn gateways(seen: &Seen) -> BTreeSet<IpAddr> {
    let routes = seen.actual.namespaces.values().flat_map(|namespace| namespace.routes.iter());
    routes.flat_map(|route| route.nexthops.iter().filter_map(|hop| hop.gateway)).collect()
}

/// Those of the addresses on links of the domain that nobody else answers for.
fn alone<'d, 'a>(domain: &'d Domain<'a>) -> Vec<(&'d Held<'a>, Mac)> {
    let mut holders: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for held in &domain.addresses {
        *holders.entry(held.address()).or_default() += 1;
    }
    let alone = domain.addresses.iter().filter(|held| held.own && holders[&held.address()] == 1);
    alone.filter_map(|held| Some((held, held.link.mac?))).collect()
}
