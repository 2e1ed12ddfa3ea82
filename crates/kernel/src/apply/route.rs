//! Routes (`net/ipv4/fib_frontend.c`, `net/ipv6/route.c`).

use super::address::family;
use super::{index, subject};
use crate::Result;
use crate::netlink::{CREATE, EXCL, Message, REPLACE, Socket, rtm};
use model::host::NamespaceId;
use model::host::route::{Nexthop, Route, RouteKind};
use model::net::Family;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteMetric, RouteNextHop,
    RouteNextHopFlags, RouteType, RouteVia,
};
use std::net::IpAddr;

pub(super) fn add(socket: &Socket, home: &NamespaceId, route: &Route) -> Result<Message> {
    message(socket, home, route, rtm::NEW_ROUTE, CREATE | EXCL)
}

/// Puts the route in the place of the first to the same destination at the same metric.
pub(super) fn replace(socket: &Socket, home: &NamespaceId, route: &Route) -> Result<Message> {
    message(socket, home, route, rtm::NEW_ROUTE, CREATE | REPLACE)
}

pub(super) fn remove(socket: &Socket, home: &NamespaceId, route: &Route) -> Result<Message> {
    message(socket, home, route, rtm::DELETE_ROUTE, 0)
}

fn message(
    socket: &Socket,
    home: &NamespaceId,
    route: &Route,
    kind: u16,
    flags: u16,
) -> Result<Message> {
    let of = Family::of_prefix(&route.destination);
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = family(of);
    header.destination_prefix_length = route.destination.prefix_len();
    header.protocol = route.protocol.into();
    header.scope = route.scope.into();
    header.kind = route_type(route.kind);
    match u8::try_from(route.table) {
        Ok(table) => header.table = table,
        Err(_) => message.attributes.push(RouteAttribute::Table(route.table)),
    }
    let attributes = &mut message.attributes;
    if route.destination.prefix_len() > 0 {
        let network = route.destination.network();
        attributes.push(RouteAttribute::Destination(RouteAddress::from(network)));
    }
    if route.metric != 0 {
        attributes.push(RouteAttribute::Priority(route.metric));
    }
    attributes.extend(route.source.map(|source| RouteAttribute::PrefSource(source.into())));
    attributes.extend(route.mtu.map(|mtu| RouteAttribute::Metrics(vec![RouteMetric::Mtu(mtu)])));
    match &route.nexthops[..] {
        [] => {}
        [one] => {
            message.header.flags.set(RouteFlags::Onlink, one.onlink);
            attributes.extend(gateway(of, one));
            if let Some(link) = &one.link {
                attributes.push(RouteAttribute::Oif(index(socket, home, link)?));
            }
        }
        many => {
            let hops = many.iter().map(|hop| nexthop(socket, home, of, hop));
            attributes.push(RouteAttribute::MultiPath(hops.collect::<Result<_>>()?));
        }
    }
    let what = format_args!("route to {} (table {})", route.destination, route.table);
    Ok(Message::new(kind, flags, rtm::bytes(&message), subject(what, home)))
}

fn nexthop(
    socket: &Socket,
    home: &NamespaceId,
    family: Family,
    hop: &Nexthop,
) -> Result<RouteNextHop> {
    let mut nexthop = RouteNextHop::default();
    nexthop.flags.set(RouteNextHopFlags::Onlink, hop.onlink);
    nexthop.hops = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
    if let Some(link) = &hop.link {
        nexthop.interface_index = index(socket, home, link)?;
    }
    nexthop.attributes.extend(gateway(family, hop));
    Ok(nexthop)
}

/// The gateway; one of the other family than the route's goes by another attribute.
fn gateway(family: Family, hop: &Nexthop) -> Option<RouteAttribute> {
    let gateway = hop.gateway?;
    Some(match gateway {
        same if Family::of(same) == family => RouteAttribute::Gateway(same.into()),
        IpAddr::V4(other) => RouteAttribute::Via(RouteVia::Inet(other)),
        IpAddr::V6(other) => RouteAttribute::Via(RouteVia::Inet6(other)),
    })
}

fn route_type(kind: RouteKind) -> RouteType {
    match kind {
        RouteKind::Unicast => RouteType::Unicast,
        RouteKind::Local => RouteType::Local,
        RouteKind::Broadcast => RouteType::Broadcast,
        RouteKind::Anycast => RouteType::Anycast,
        RouteKind::Multicast => RouteType::Multicast,
        RouteKind::Blackhole => RouteType::BlackHole,
        RouteKind::Unreachable => RouteType::Unreachable,
        RouteKind::Prohibit => RouteType::Prohibit,
        RouteKind::Throw => RouteType::Throw,
        RouteKind::Other(number) => RouteType::from(number),
    }
}
