//! Routes of all tables (`fib_dump_info`, `rt6_fill_node`).
//!
//! Not seen, since the model has no place for it: type of service, encapsulation, and routes that
//! one packet put into the cache.

use super::Names;
use crate::Result;
use crate::netlink::{Message, Socket, rtm};
use model::host::Table;
use model::host::route::{Nexthop, Route, RouteKind};
use model::net::{Family, IpNet};
use netlink_packet_core::Parseable;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteMetric, RouteNextHop,
    RouteNextHopFlags, RouteType, RouteVia,
};
use std::net::IpAddr;

/// `struct rtmsg`, and in it `AF_INET` and `AF_INET6`.
const HEADER: usize = 12;
const FAMILIES: [u8; 2] = [2, 10];

/// All routes of the socket's namespace.
pub fn routes(socket: &mut Socket, names: &Names) -> Result<Table<Route>> {
    let mut routes = Table::default();
    for family in FAMILIES {
        let mut body = vec![0; HEADER];
        body[0] = family;
        let bodies = socket.dump(&Message::new(rtm::GET_ROUTE, 0, body, "routes"))?;
        routes.extend(bodies.iter().filter_map(|body| route(socket, names, body)));
    }
    Ok(routes)
}

fn route(socket: &Socket, names: &Names, body: &[u8]) -> Option<Route> {
    let message = RouteMessage::parse(body).ok()?;
    let header = &message.header;
    let family = match header.address_family {
        AddressFamily::Inet => Family::V4,
        AddressFamily::Inet6 => Family::V6,
        _ => return None,
    };
    if header.flags.contains(RouteFlags::Cloned) || header.tos != 0 {
        return None;
    }
    let mut route = Route {
        destination: family.everything(),
        table: header.table.into(),
        metric: 0,
        kind: kind(header.kind),
        scope: header.scope.into(),
        protocol: header.protocol.into(),
        source: None,
        nexthops: Vec::new(),
        mtu: None,
    };
    let mut gateway = None;
    let mut link = None;
    let mut many = None;
    for attribute in message.attributes {
        match attribute {
            RouteAttribute::Destination(to) => {
                route.destination = IpNet::new(ip(&to)?, header.destination_prefix_length).ok()?;
            }
            RouteAttribute::Table(table) => route.table = table,
            RouteAttribute::Priority(metric) => route.metric = metric,
            RouteAttribute::PrefSource(source) => route.source = ip(&source),
            RouteAttribute::Gateway(address) => gateway = ip(&address),
            RouteAttribute::Via(address) => gateway = via(&address),
            RouteAttribute::Oif(index) => link = names.get(socket, index),
            RouteAttribute::MultiPath(hops) => many = Some(hops),
            RouteAttribute::Metrics(metrics) => {
                route.mtu = metrics.into_iter().find_map(|metric| match metric {
                    RouteMetric::Mtu(mtu) => Some(mtu),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    let refuses = matches!(
        route.kind,
        RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Throw
    );
    if let Some(hops) = many {
        route.nexthops = hops.into_iter().map(|hop| nexthop(socket, names, hop)).collect();
    } else if (gateway.is_some() || link.is_some()) && !refuses {
        // IPv6 shows routes that refuse with the loopback link, which says nothing.
        let dead = RouteFlags::Dead | RouteFlags::Linkdown;
        route.nexthops.push(Nexthop {
            gateway,
            link,
            onlink: header.flags.contains(RouteFlags::Onlink),
            weight: 1,
            dead: header.flags.intersects(dead),
        });
    }
    Some(route)
}

fn nexthop(socket: &Socket, names: &Names, hop: RouteNextHop) -> Nexthop {
    let gateway = hop.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(address) => ip(address),
        RouteAttribute::Via(address) => via(address),
        _ => None,
    });
    Nexthop {
        gateway,
        link: names.get(socket, hop.interface_index),
        onlink: hop.flags.contains(RouteNextHopFlags::Onlink),
        weight: u16::from(hop.hops) + 1,
        dead: hop.flags.intersects(RouteNextHopFlags::Dead | RouteNextHopFlags::Linkdown),
    }
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

fn via(address: &RouteVia) -> Option<IpAddr> {
    match address {
        RouteVia::Inet(address) => Some((*address).into()),
        RouteVia::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

fn kind(kind: RouteType) -> RouteKind {
    match kind {
        RouteType::Unicast => RouteKind::Unicast,
        RouteType::Local => RouteKind::Local,
        RouteType::Broadcast => RouteKind::Broadcast,
        RouteType::Anycast => RouteKind::Anycast,
        RouteType::Multicast => RouteKind::Multicast,
        RouteType::BlackHole => RouteKind::Blackhole,
        RouteType::Unreachable => RouteKind::Unreachable,
        RouteType::Prohibit => RouteKind::Prohibit,
        RouteType::Throw => RouteKind::Throw,
        other => RouteKind::Other(other.into()),
    }
}
