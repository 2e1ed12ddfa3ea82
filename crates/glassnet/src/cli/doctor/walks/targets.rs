//! Who needs to reach what.

use super::outside;
use crate::cli::doctor::domains::{Domains, Held, is_global};
use crate::cli::doctor::seen::Seen;
use model::explain::Target;
use model::host::route::{RouteKind, TABLE_MAIN};
use model::host::{LinkKind, Namespace, NamespaceId, Route, Unknown};
use model::net::Family;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Of the addresses of one layer-2 network, so many are asked for by others of it.
const MOST_PAIRS: usize = 32;

/// RFC 5737, RFC 3849, RFC 9637.
const NOBODYS: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 1)),
];

/// One question.
pub(super) struct Need {
    pub(super) who: NamespaceId,
    /// The address it asks from.
    pub(super) source: IpAddr,
    pub(super) target: Target,
    pub(super) address: IpAddr,
}

/// All questions: as many as there are containers, not as there are pairs of them.
pub(super) fn all(seen: &Seen, domains: &Domains<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    for family in Family::BOTH {
        let of_family = NOBODYS.into_iter().filter(|address| Family::of(*address) == family);
        let outside = outside(seen, &of_family.collect::<Vec<_>>());
        for (id, namespace) in containers(seen) {
            needs.extend(gateways(id, namespace, family, outside));
        }
    }
    needs.extend(neighbours(seen, domains));
    needs
}

/// Every namespace but the host's that has a link to others.
fn containers(seen: &Seen) -> impl Iterator<Item = (&NamespaceId, &Namespace<Unknown>)> {
    seen.actual.namespaces.iter().filter(|(id, namespace)| {
        let mut links = namespace.links.iter();
        **id != NamespaceId::Host && links.any(|l| !matches!(l.kind, LinkKind::Loopback))
    })
}

/// The way out, and the first step on it.
fn gateways(
    who: &NamespaceId,
    namespace: &Namespace<Unknown>,
    family: Family,
    outside: Option<IpAddr>,
) -> Vec<Need> {
    let leads = |route: &&Route| {
        route.table == TABLE_MAIN
            && route.kind == RouteKind::Unicast
            && Family::of_prefix(&route.destination) == family
    };
    let routes = || namespace.routes.iter().filter(leads);
    let default = routes().filter(|route| route.destination == family.everything());
    let default = default.min_by_key(|route| route.metric);
    let is_gateway = |route: &&Route| route.nexthops.iter().any(|hop| hop.gateway.is_some());
    let Some(route) = default.or_else(|| routes().find(is_gateway)) else { return Vec::new() };
    let Some(hop) = route.nexthops.first() else { return Vec::new() };
    let near = |source: &IpAddr| {
        let mut own = namespace.addresses.iter().filter(|own| Some(&own.link) == hop.link.as_ref());
        own.any(|own| own.prefix.addr() == *source)
    };
    let all = namespace.addresses.iter().filter(|own| !own.tentative).map(|own| own.prefix.addr());
    let sources: Vec<_> = all.filter(|a| Family::of(*a) == family && is_global(*a)).collect();
    let source = route.source.or_else(|| sources.iter().copied().find(near));
    let Some(source) = source.or_else(|| sources.first().copied()) else { return Vec::new() };
    let need = |target, address| Need { who: who.clone(), source, target, address };
    let out = default.and(outside).map(|address| need(Target::Outside { family }, address));
    // The gateway's own family need not be the packet's.
    let gateway =
        hop.gateway.filter(|gateway| Family::of(*gateway) == family && is_global(*gateway));
    let gateway = gateway.map(|address| need(Target::Gateway { address }, address));
    out.into_iter().chain(gateway).collect()
}

/// Each of the first few of a network asks for the next one.
fn neighbours(seen: &Seen, domains: &Domains<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    for domain in domains.all() {
        for family in Family::BOTH {
            // A bridge's own address is its host's, which need not answer.
            let is_containers = |held: &&Held<'_>| {
                *held.of != NamespaceId::Host && !matches!(held.link.kind, LinkKind::Bridge(_))
            };
            // Somebody has said that they shall not talk.
            let isolated = |held: &&Held<'_>| {
                let port = seen.peer(held.of, held.link).and_then(|(_, far)| far.port);
                port.is_some_and(|port| port.isolated)
            };
            let of_family =
                domain.addresses.iter().filter(is_containers).filter(|held| !isolated(held));
            let of_family =
                of_family.filter(|held| held.own && Family::of(held.address()) == family);
            let some: Vec<_> = of_family.take(MOST_PAIRS).collect();
            for pair in some.windows(2) {
                let [one, other] = pair else { continue };
                if one.of != other.of && one.prefix.contains(&other.address()) {
                    let (address, place) = (other.address(), other.of.to_string());
                    let target = Target::Neighbour { address, place };
                    let (who, source) = (one.of.clone(), one.address());
                    needs.push(Need { who, source, target, address });
                }
            }
        }
    }
    needs
}
