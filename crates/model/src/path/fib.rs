//! Which route a destination takes (`net/ipv4/fib_rules.c`, `fib_trie.c`, `net/ipv6/route.c`): the
//! tables local, main and default in this order, in each the longest prefix, then the lowest
//! metric.
//!
//! Not modelled, and said so: rules that lead to other tables, and the choice among several next
//! hops.

use super::machine::{Conf, Halt, Machine, unknown};
use super::{Evidence, Reason};
use crate::host::route::{Nexthop, Route, RouteKind, TABLE_LOCAL, TABLE_MAIN};
use crate::host::{NamespaceId, Table};
use crate::net::{Family, LinkName};
use std::cmp::Reverse;
use std::net::IpAddr;

const TABLE_DEFAULT: u32 = 253;
const TABLES: [u32; 3] = [TABLE_LOCAL, TABLE_MAIN, TABLE_DEFAULT];

/// A route with the next hop that is taken; routes that refuse have none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'m> {
    pub(super) route: &'m Route,
    pub(super) nexthop: Option<&'m Nexthop>,
}

impl Found<'_> {
    pub(super) fn evidence(&self) -> Evidence {
        Evidence::Route {
            destination: self.route.destination,
            table: self.route.table,
            gateway: self.gateway(),
            link: self.nexthop.and_then(|hop| hop.link.clone()),
        }
    }

    /// The next hop; of an IPv4 route it may be an IPv6 address (`RTA_VIA`, RFC 5549).
    pub(super) fn gateway(&self) -> Option<IpAddr> {
        self.nexthop.and_then(|hop| hop.gateway)
    }

    pub(super) fn link(&self) -> Result<&LinkName, Halt> {
        match self.nexthop.and_then(|hop| hop.link.as_ref()) {
            Some(link) => Ok(link),
            None => unknown(format!("the route to {} names no link", self.route.destination)),
        }
    }

    /// What the route does with a packet that is not for this host.
    pub(super) fn sends(&self) -> Result<Sends, Halt> {
        let kind = match self.route.kind {
            RouteKind::Unicast => return Ok(Sends::On),
            RouteKind::Local => return Ok(Sends::Here),
            RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit => {
                let evidence = Box::new(self.evidence());
                return Err(Halt::Drop(Reason::RouteRefuses { evidence }));
            }
            RouteKind::Anycast => return Ok(Sends::Here),
            RouteKind::Broadcast => "to every host of the subnet (broadcast)".to_owned(),
            RouteKind::Multicast => "to a group (multicast)".to_owned(),
            RouteKind::Throw => "on to the next table".to_owned(),
            RouteKind::Other(kind) => format!("by a route of type {kind}"),
        };
        unknown(format!("it goes {kind}, which the walk does not follow"))
    }
}

/// Where a route sends a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sends {
    Here,
    On,
}

/// Refuses what goes to no single host, whatever the routes say (`__mkroute_output`,
/// `ip_route_input_slow`).
pub(super) fn to_one_host(destination: IpAddr) -> Result<(), Halt> {
    let many =
        destination.is_multicast() || matches!(destination, IpAddr::V4(to) if to.is_broadcast());
    if many || destination.is_unspecified() {
        return unknown(format!(
            "{destination} is no single host's, which the walk does not follow"
        ));
    }
    Ok(())
}

/// The route to a destination, or `None` when no table has one.
pub(super) fn lookup<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    destination: IpAddr,
) -> Result<Option<Found<'m>>, Halt> {
    let routes = machine.routes(of)?;
    let family = Family::of(destination);
    let elsewhere = |route: &&Route| {
        Family::of_prefix(&route.destination) == family && !TABLES.contains(&route.table)
    };
    if let Some(route) = routes.iter().find(elsewhere) {
        let table = route.table;
        return unknown(format!("table {table} has routes, and what leads to it was not read"));
    }
    for table in TABLES {
        match lookup_in(machine, of, routes, table, destination)? {
            Some(found) if found.route.kind == RouteKind::Throw => {}
            Some(found) => return Ok(Some(found)),
            None => {}
        }
    }
    Ok(None)
}

fn lookup_in<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    routes: &'m Table<Route>,
    table: u32,
    destination: IpAddr,
) -> Result<Option<Found<'m>>, Halt> {
    let fits = |route: &&Route| route.table == table && route.destination.contains(&destination);
    let rank = |route: &Route| (Reverse(route.destination.prefix_len()), route.metric);
    let mut fitting: Vec<&Route> = routes.iter().filter(fits).collect();
    fitting.sort_by_key(|route| rank(route));
    while let Some(first) = fitting.first().copied() {
        let equal = fitting.partition_point(|route| rank(route) == rank(first));
        let mut alive = Vec::new();
        for route in fitting.drain(..equal) {
            if has_nexthop(route.kind) {
                for nexthop in &route.nexthops {
                    let family = Family::of_prefix(&route.destination);
                    if is_alive(machine, of, nexthop, family)? {
                        alive.push(Found { route, nexthop: Some(nexthop) });
                    }
                }
                if route.nexthops.is_empty() {
                    return unknown(format!("the route to {} names no hop", route.destination));
                }
            } else {
                alive.push(Found { route, nexthop: None });
            }
        }
        match &alive[..] {
            [] => {}
            [one] => return Ok(Some(*one)),
            [one, ..] => {
                let to = one.route.destination;
                return unknown(format!("the route to {to} has several next hops"));
            }
        }
    }
    Ok(None)
}

fn has_nexthop(kind: RouteKind) -> bool {
    match kind {
        RouteKind::Unicast | RouteKind::Local | RouteKind::Broadcast => true,
        RouteKind::Anycast | RouteKind::Multicast | RouteKind::Other(_) => false,
        RouteKind::Blackhole | RouteKind::Unreachable => false,
        RouteKind::Prohibit | RouteKind::Throw => false,
    }
}

/// A next hop by a link that is set down is passed over (`RTNH_F_DEAD`); one whose link has lost
/// its carrier is not, unless `ignore_routes_with_linkdown` says so.
fn is_alive(
    machine: &Machine<'_>,
    of: &NamespaceId,
    nexthop: &Nexthop,
    family: Family,
) -> Result<bool, Halt> {
    let Some(name) = &nexthop.link else { return Ok(true) };
    let Some(link) = machine.links(of)?.get(name) else { return Ok(false) };
    if link.up && link.carrier == Some(false) {
        return Ok(!ignores_link_down(machine, of, name, family)?);
    }
    Ok(link.up)
}

fn ignores_link_down(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    family: Family,
) -> Result<bool, Halt> {
    const SETTING: &str = "ignore_routes_with_linkdown";
    let conf = match family {
        Family::V4 => machine.conf(of, link, SETTING)?,
        Family::V6 => {
            let path = format!("net/ipv6/conf/{link}/{SETTING}");
            let value = machine.sysctl(of, &path)?.and_then(|value| value.parse().ok());
            Conf { value, complete: value.is_some(), path }
        }
    };
    match conf.value {
        Some(1..) => Ok(true),
        Some(0) if conf.complete => Ok(false),
        _ => unknown(format!("{link} has no carrier, and {} was not read", conf.path)),
    }
}

/// The kind of an address as IPv4's local table knows it (`__inet_dev_addr_type`).
pub(super) fn kind4(
    machine: &Machine<'_>,
    of: &NamespaceId,
    address: IpAddr,
    on: Option<&LinkName>,
) -> Result<RouteKind, Halt> {
    let IpAddr::V4(v4) = address else { return Ok(RouteKind::Unicast) };
    if v4.octets()[0] == 0 || v4.is_broadcast() {
        return Ok(RouteKind::Broadcast);
    }
    if v4.is_multicast() {
        return Ok(RouteKind::Multicast);
    }
    let routes = machine.routes(of)?;
    let found = lookup_in(machine, of, routes, TABLE_LOCAL, address)?;
    let found = found.filter(|found| on.is_none_or(|on| found.link().is_ok_and(|is| is == on)));
    Ok(found.map_or(RouteKind::Unicast, |found| found.route.kind))
}

/// Whether the address is one of the namespace's own.
pub(super) fn is_local(
    machine: &Machine<'_>,
    of: &NamespaceId,
    address: IpAddr,
) -> Result<bool, Halt> {
    let routes = machine.routes(of)?;
    let found = lookup_in(machine, of, routes, TABLE_LOCAL, address)?;
    Ok(found.is_some_and(|found| found.route.kind == RouteKind::Local))
}
