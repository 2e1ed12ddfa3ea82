//! What the host itself is like: read, never set.

use model::host::link::BridgePort;
use model::host::route::{Nexthop, PROTOCOL, RouteKind, TABLE_MAIN};
use model::host::{Link, LinkKind, Namespace, Route, Unknown};
use model::net::{IpNet, LinkName};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The host's part of [`model::plan::Node`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Bytes.
    pub underlay_mtu: u32,
    pub advertised_links: Vec<LinkName>,
    /// Links that are not ours. That one of them changes is no reason to look again: what we
    /// care for in them comes with an address or a route.
    pub foreign_links: BTreeSet<LinkName>,
    /// The numbers of our bridges.
    pub bridges: BTreeSet<u32>,
    /// The numbers of our tunnel ends.
    pub tunnels: BTreeSet<u32>,
    /// The ports of our bridges, as they were seen last.
    pub ports: BTreeMap<LinkName, BridgePort>,
    /// Ports of our bridges that are not ours, by bridge: whoever is behind them may have any
    /// address.
    pub strangers: BTreeMap<LinkName, BTreeSet<LinkName>>,
    /// Where the host's routes that are not ours lead.
    pub out: Vec<Out>,
    /// The host's addresses on links that are not ours.
    pub addresses: Vec<(IpAddr, LinkName)>,
}

/// One of the host's own routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Out {
    pub to: IpNet,
    pub gateway: Option<IpAddr>,
    pub link: LinkName,
    pub metric: u32,
}

impl Facts {
    /// The link that bears an address.
    pub(super) fn link_of(&self, address: IpAddr) -> Option<LinkName> {
        let found = self.addresses.iter().find(|(own, _)| *own == address);
        found.map(|(_, link)| link.clone())
    }
}

/// The MTU when the host has no way out: Ethernet's.
const ETHERNET_MTU: u32 = 1500;

/// Reads the facts off the host's namespace. `accepts` tells a link's `accept_ra`.
pub(super) fn facts(
    host: &Namespace<Unknown>,
    accepts: impl Fn(&LinkName) -> Option<String>,
) -> Facts {
    let advertised = host.links.iter().filter(|link| may_be_advertised_to(link, host));
    let advertised = advertised.map(|link| link.name.clone()).filter(|link| {
        // 2 is what we set; it stays wanted while it is there.
        matches!(accepts(link).as_deref(), Some("1" | "2"))
    });
    Facts {
        underlay_mtu: underlay_mtu(host),
        advertised_links: advertised.collect(),
        foreign_links: foreign_links(host).into_iter().collect(),
        bridges: our_bridges(host).filter_map(|bridge| bridge.index).collect(),
        tunnels: our_tunnels(host),
        ports: ports(host),
        strangers: strangers(host),
        out: out(host),
        addresses: addresses(host),
    }
}

/// Whether a router may be beyond the link. The kernel takes advertisements on every link unless told
/// otherwise, on those of other container networks too, where nobody should be able to make himself
/// the host's router. So of links that programs make only those count that lead out already.
fn may_be_advertised_to(link: &Link<Unknown>, host: &Namespace<Unknown>) -> bool {
    /// `RTPROT_RA`.
    const BY_ADVERTISEMENT: u8 = 9;
    if link.is_ours() || link.master.is_some() {
        return false;
    }
    let mut routes = host.routes.iter().filter(|route| {
        let through = |hop: &Nexthop| hop.link.as_ref() == Some(&link.name);
        route.kind == RouteKind::Unicast && route.nexthops.iter().any(through)
    });
    match link.kind {
        LinkKind::Loopback | LinkKind::Ifb => false,
        // A network card, and what is made of several or of a part of one (bond, VLAN).
        LinkKind::Device | LinkKind::Foreign(_) => true,
        LinkKind::Bridge(_)
        | LinkKind::Veth(_)
        | LinkKind::Vxlan(_)
        | LinkKind::Tun
        | LinkKind::Macvlan { .. } => routes.any(|route| {
            route.protocol == BY_ADVERTISEMENT
                || (route.destination.prefix_len() == 0 && route.table == TABLE_MAIN)
        }),
    }
}

fn our_bridges(host: &Namespace<Unknown>) -> impl Iterator<Item = &Link<Unknown>> {
    host.links.iter().filter(|link| link.is_ours() && matches!(link.kind, LinkKind::Bridge(_)))
}

fn our_tunnels(host: &Namespace<Unknown>) -> BTreeSet<u32> {
    let ours = |link: &&Link<Unknown>| link.is_ours() && matches!(link.kind, LinkKind::Vxlan(_));
    host.links.iter().filter(ours).filter_map(|link| link.index).collect()
}

fn ports(host: &Namespace<Unknown>) -> BTreeMap<LinkName, BridgePort> {
    let ours: BTreeSet<&LinkName> = our_bridges(host).map(|bridge| &bridge.name).collect();
    let ports =
        host.links.iter().filter(|link| link.master.as_ref().is_some_and(|m| ours.contains(m)));
    ports.filter_map(|link| Some((link.name.clone(), link.port?))).collect()
}

fn strangers(host: &Namespace<Unknown>) -> BTreeMap<LinkName, BTreeSet<LinkName>> {
    let mut strangers: BTreeMap<LinkName, BTreeSet<LinkName>> = BTreeMap::new();
    for port in host.links.iter().filter(|link| !link.is_ours()) {
        let Some(master) = &port.master else { continue };
        if our_bridges(host).any(|bridge| bridge.name == *master) {
            strangers.entry(master.clone()).or_default().insert(port.name.clone());
        }
    }
    strangers
}

/// Links that lead to others: neither loopback nor ours.
pub(super) fn foreign_links(host: &Namespace<Unknown>) -> Vec<LinkName> {
    let links = host.links.iter();
    let foreign = links.filter(|link| !link.is_ours() && !matches!(link.kind, LinkKind::Loopback));
    foreign.map(|link| link.name.clone()).collect()
}

/// The smallest MTU among the links that default routes leave by.
fn underlay_mtu(host: &Namespace<Unknown>) -> u32 {
    let ways_out = host.routes.iter().filter(|route| {
        route.destination.prefix_len() == 0
            && route.table == TABLE_MAIN
            && route.kind == RouteKind::Unicast
    });
    let mtu = |link: &LinkName| host.links.get(link).filter(|link| !link.is_ours())?.mtu;
    ways_out
        .flat_map(|route| &route.nexthops)
        .filter_map(|hop| mtu(hop.link.as_ref()?))
        .min()
        .unwrap_or(ETHERNET_MTU)
}

fn is_foreign(host: &Namespace<Unknown>, link: &LinkName) -> bool {
    let link = host.links.get(link);
    link.is_some_and(|link| !link.is_ours() && !matches!(link.kind, LinkKind::Loopback))
}

fn out(host: &Namespace<Unknown>) -> Vec<Out> {
    let routes = host.routes.iter().filter(|route| {
        route.table == TABLE_MAIN && route.kind == RouteKind::Unicast && route.protocol != PROTOCOL
    });
    let out = routes.filter_map(|route| {
        let hop = route.nexthops.iter().find(|hop| !hop.dead)?;
        let link = hop.link.clone().filter(|link| is_foreign(host, link))?;
        let Nexthop { gateway, .. } = *hop;
        Some(Out { to: route.destination, gateway, link, metric: route.metric })
    });
    out.collect()
}

fn addresses(host: &Namespace<Unknown>) -> Vec<(IpAddr, LinkName)> {
    let foreign = host.addresses.iter().filter(|address| is_foreign(host, &address.link));
    foreign.map(|address| (address.prefix.addr(), address.link.clone())).collect()
}

/// The prefixes that the host routes by links that are not ours: no network may overlap them.
pub(super) fn routed(host: &Namespace<Unknown>) -> Vec<IpNet> {
    foreign_routes(host).map(|route| route.destination).collect()
}

/// The routes by links that are not ours.
pub(crate) fn foreign_routes(host: &Namespace<Unknown>) -> impl Iterator<Item = &Route> {
    let ours = |link: &Option<LinkName>| {
        link.as_ref().and_then(|link| host.links.get(link)).is_some_and(|link| link.is_ours())
    };
    host.routes.iter().filter(move |route| {
        route.table == TABLE_MAIN
            && route.kind == RouteKind::Unicast
            && !route.nexthops.iter().any(|hop| ours(&hop.link))
            && !is_of_every_link(&route.destination)
    })
}

/// The networks that the host has addresses in by links that are not ours, loopback with them.
pub(crate) fn foreign_addresses(
    host: &Namespace<Unknown>,
) -> impl Iterator<Item = (IpNet, LinkName)> {
    let foreign = host.addresses.iter().filter(|address| {
        let link = host.links.get(&address.link);
        link.is_some_and(|link| !link.is_ours()) && !is_of_every_link(&address.prefix)
    });
    foreign.map(|address| (address.prefix.trunc(), address.link.clone()))
}

/// What IPv6 has on each link.
fn is_of_every_link(prefix: &IpNet) -> bool {
    matches!(prefix.addr(), IpAddr::V6(a) if a.is_unicast_link_local() || a.is_multicast())
}
