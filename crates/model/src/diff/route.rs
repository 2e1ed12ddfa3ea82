//! Routes: put in each other's place where the kernel can, so that there is no moment without one.
//!
//! The kernel tells routes apart by table, destination and metric, and a replacement takes the place
//! of the first of these, whosever it is (`fib_table_insert`, `fib6_add_rt2node`). So one of ours is
//! replaced only where it is alone.

use super::{Change, Passes, Step, same_address};
use crate::host::route::{self, Nexthop, Route};
use crate::host::{Keyed as _, Namespace, NamespaceId, Never, Table, Unknown};
use crate::net::{Family, IpNet, LinkName};
use std::collections::BTreeMap;

/// Family, table, destination, metric.
type Slot = (Family, u32, IpNet, u32);

fn slot(route: &Route) -> Slot {
    let (family, table, destination, metric, _) = route.key();
    (family, table, destination, metric)
}

fn by_slot(routes: &Table<Route>) -> BTreeMap<Slot, Vec<&Route>> {
    let mut slots: BTreeMap<Slot, Vec<&Route>> = BTreeMap::new();
    for route in routes {
        slots.entry(slot(route)).or_default().push(route);
    }
    slots
}

impl Passes {
    pub(super) fn routes_of(
        &mut self,
        id: &NamespaceId,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
    ) {
        let step = |change| Step { namespace: id.clone(), change };
        let (wanted_slots, actual_slots) = (by_slot(&wanted.routes), by_slot(&actual.routes));
        let ours = |there: &Route| there.protocol == route::PROTOCOL && *id == NamespaceId::Host;
        for (slot, routes) in &actual_slots {
            let wants = wanted_slots.get(slot).map(Vec::as_slice).unwrap_or_default();
            let changes = match (wants, &routes[..]) {
                ([want], [there]) => {
                    let differs = !same_route(want, there) || self.is_resized(id, want);
                    differs && (ours(there) || want.key() == there.key())
                }
                _ => false,
            };
            if changes {
                self.change_route(&step, wanted, actual, (wants[0], routes[0]));
                continue;
            }
            for there in routes {
                let want = wanted.routes.get(&there.key());
                let different = want.is_none_or(|want| !same_route(want, there));
                if different && (ours(there) || want.is_some()) {
                    self.routes_away.push(step(Change::RemoveRoute((*there).clone())));
                }
            }
            for want in wants {
                if actual.routes.get(&want.key()).is_none_or(|there| !same_route(want, there)) {
                    self.routes.push(step(Change::AddRoute((*want).clone())));
                }
            }
        }
        for (_, wants) in wanted_slots.iter().filter(|(slot, _)| !actual_slots.contains_key(slot)) {
            let add = wants.iter().map(|want| step(Change::AddRoute((*want).clone())));
            self.routes.extend(add);
        }
    }

    /// Whether the kernel changes the route's MTU along with its link's (`rt6_mtu_change`): it has to
    /// be made again as it was.
    fn is_resized(&self, id: &NamespaceId, route: &Route) -> bool {
        let resized = |link: &LinkName| self.resized.contains(&(id.clone(), link.clone()));
        let mut links = route.nexthops.iter().filter_map(|hop| hop.link.as_ref());
        route.destination.addr().is_ipv6() && route.mtu.is_some() && links.any(resized)
    }

    /// A route whose link goes away goes with it, so it is led over before; if it cannot be, because
    /// what the new one takes is not there yet, the new one comes later.
    fn change_route(
        &mut self,
        step: &dyn Fn(Change) -> Step,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
        (to, from): (&Route, &Route),
    ) {
        let goes = |hop: &Nexthop| {
            let link = hop.link.as_ref().and_then(|link| actual.links.get(link));
            link.is_some_and(|link| link.is_ours() && !wanted.links.contains(&link.name))
        };
        let change = || Change::ChangeRoute { to: to.clone(), from: from.clone() };
        if from.nexthops.is_empty() || !from.nexthops.iter().all(goes) {
            self.routes.push(step(change()));
        } else if can_be_now(to, wanted, actual) {
            self.routes_over.push(step(change()));
        } else {
            self.routes_away.push(step(Change::RemoveRoute(from.clone())));
            self.routes.push(step(Change::AddRoute(to.clone())));
        }
    }

    /// The kernel makes a route to an address's prefix along with the address, once. Where the
    /// address has stayed and somebody took the route, the route alone is made again.
    pub(super) fn prefix_routes_of(
        &mut self,
        step: &dyn Fn(Change) -> Step,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
    ) {
        for address in &wanted.addresses {
            let stays = (actual.addresses.get(&address.key()))
                .is_some_and(|there| same_address(address, there) && !there.tentative);
            let up = actual.links.get(&address.link).is_some_and(|link| link.up);
            if !stays || !up || address.no_prefix_route {
                continue;
            }
            let route = Route::of_prefix(address);
            if !actual.routes.contains(&route.key()) && route.destination != address.prefix {
                self.routes.push(step(Change::AddRoute(route)));
            }
        }
    }
}

/// Whether all that the route takes is there as it is.
fn can_be_now(route: &Route, wanted: &Namespace<Never>, actual: &Namespace<Unknown>) -> bool {
    let up = |hop: &Nexthop| {
        let link = hop.link.as_ref().and_then(|link| actual.links.get(link));
        link.is_some_and(|link| link.up)
    };
    let known = |hop: &Nexthop| {
        let key = hop.link.clone().zip(hop.gateway);
        let want = key.as_ref().and_then(|key| wanted.neighbours.get(key));
        want.is_none_or(|want| actual.neighbours.get(&want.key()) == Some(want))
    };
    let source = |source| actual.addresses.iter().any(|there| there.prefix.addr() == source);
    route.nexthops.iter().all(|hop| up(hop) && known(hop)) && route.source.is_none_or(source)
}

fn same_route(wanted: &Route, there: &Route) -> bool {
    let hops = |route: &Route| -> Vec<_> {
        let hops = route.nexthops.iter();
        hops.map(|hop| (hop.gateway, hop.link.clone(), hop.onlink, hop.weight)).collect()
    };
    wanted.kind == there.kind
        && wanted.protocol == there.protocol
        && wanted.mtu == there.mtu
        && (wanted.source.is_none() || wanted.source == there.source)
        && hops(wanted) == hops(there)
}
