//! Machines for the walks: what the plan wants, and what the kernel and an ordinary host add to it.
//!
//! ```text
//!  c0 10.0.0.10 ─┐                                          out 192.0.2.9
//!  c1 10.0.0.11 ─┴─ gn-net0 10.0.0.1 ┐                       │
//!                                    ├ ha ─ eth0 192.0.2.1 ──┴── 192.0.2.254, the router
//!  c2 10.1.0.12 ─── gn-net1 10.1.0.1 ┘
//! ```
//!
//! The same in IPv6, with `fd00:N::` and `2001:db8::`. c0 publishes the host's 8080 as its port 80.

use crate::cluster::{Attachment, AttachmentId, Bandwidth, Network, Pool, Publish};
use crate::host::neighbour::NeighbourState;
use crate::host::route::{Nexthop, RouteKind, TABLE_LOCAL, TABLE_MAIN};
use crate::host::socket::Process;
use crate::host::{
    Actual, Address, Link, LinkKind, Namespace, NamespaceId, Neighbour, Route, Socket, Sysctl,
    Unknown,
};
use crate::net::{IpNet, LinkName, Mac, Transport, single};
use crate::path::{Asked, Question, Wire, WireEnd};
use crate::plan::{self, Node};
use std::net::{IpAddr, SocketAddr};

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn name(text: &str) -> LinkName {
    text.parse().unwrap()
}

pub(super) fn container(which: &str) -> NamespaceId {
    NamespaceId::Container(which.to_owned())
}

pub(super) fn network(i: u8) -> Network {
    let pools = [format!("10.{i}.0.0/24"), format!("fd00:{i}::/64")];
    let pools = pools.iter().map(|pool| Pool::with_first_gateway(pool.parse().unwrap()));
    Network::new(format!("net{i}").parse().unwrap(), pools.collect())
}

pub(super) fn attachment(i: u8, network: u8, publish: &[(u16, u16)]) -> Attachment {
    let of = self::network(network);
    let addresses =
        vec![ip(&format!("10.{network}.0.{}", 10 + i)), ip(&format!("fd00:{network}::{}", 10 + i))];
    Attachment {
        alone: Vec::new(),
        id: AttachmentId { container: format!("c{i}").parse().unwrap(), interface: name("eth0") },
        network: of.name,
        mac: Network::mac_for(addresses[0]),
        addresses,
        publish: publish
            .iter()
            .map(|(host_port, container_port)| Publish {
                transport: Transport::Tcp,
                host_address: None,
                host_port: *host_port,
                container_port: *container_port,
            })
            .collect(),
        bandwidth: Bandwidth::default(),
        default_route: true,
    }
}

/// The host of the picture.
pub(super) fn host() -> Actual {
    host_of(
        &[network(0), network(1)],
        &[attachment(0, 0, &[(8080, 80)]), attachment(1, 0, &[]), attachment(2, 1, &[])],
    )
}

pub(super) fn host_of(networks: &[Network], attachments: &[Attachment]) -> Actual {
    let node = Node { underlay_mtu: 1500, closed_links: vec![name("eth0")], ..Node::default() };
    let mut actual = plan::host(&node, networks, attachments, &Default::default()).to_actual();
    let host = actual.namespace(NamespaceId::Host);
    outer(host, "02:00:00:00:00:01", &["192.0.2.1/24", "2001:db8::1/64"]);
    let router = Mac([2, 0, 0, 0, 0, 0xfe]);
    for (gateway, everything) in [("192.0.2.254", "0.0.0.0/0"), ("2001:db8::fe", "::/0")] {
        neighbour(host, "eth0", gateway, router);
        let nexthop = Nexthop::via(ip(gateway), name("eth0"));
        host.routes.insert(Route::ours(everything.parse().unwrap(), nexthop));
    }
    for (id, namespace) in &mut actual.namespaces {
        if *id != NamespaceId::Host {
            listen(namespace, Transport::Tcp, 80, "web");
        }
        settle(namespace);
    }
    actual
}

/// A host of the neighbourhood, without containers.
pub(super) fn outsider() -> Actual {
    let mut actual = Actual::default();
    let host = actual.namespace(NamespaceId::Host);
    outer(host, "02:00:00:00:00:09", &["192.0.2.9/24", "2001:db8::9/64"]);
    listen(host, Transport::Tcp, 443, "server");
    settle(host);
    actual
}

pub(super) fn outer<A: AsRef<str>>(host: &mut Namespace<Unknown>, mac: &str, addresses: &[A]) {
    outer_by(host, "eth0", mac, addresses);
}

/// A network card with its addresses.
pub(super) fn outer_by<A: AsRef<str>>(
    host: &mut Namespace<Unknown>,
    link: &str,
    mac: &str,
    addresses: &[A],
) {
    host.links.insert(Link {
        mac: Some(mac.parse().unwrap()),
        mtu: Some(1500),
        up: true,
        group: 0,
        ..Link::ours(name(link), LinkKind::Device)
    });
    for address in addresses {
        host.addresses.insert(Address::new(name(link), address.as_ref().parse().unwrap()));
    }
}

pub(super) fn wires() -> Vec<Wire> {
    let end = |host: &str| WireEnd { host: host.to_owned(), link: name("eth0") };
    vec![vec![end("ha"), end("out")]]
}

pub(super) fn neighbour(of: &mut Namespace<Unknown>, link: &str, address: &str, mac: Mac) {
    let (link, address, state) = (name(link), ip(address), NeighbourState::Reachable);
    of.neighbours.insert(Neighbour { link, address, mac: Some(mac), state });
}

pub(super) fn listen(of: &mut Namespace<Unknown>, transport: Transport, port: u16, who: &str) {
    let local = SocketAddr::new(ip("::"), port);
    let process = Some(Process { pid: 100, name: who.to_owned() });
    let inode = u64::from(port);
    of.sockets.insert(Socket { transport, local, v6_only: false, inode, process });
}

pub(super) fn set(of: &mut Namespace<Unknown>, path: &str, value: &str) {
    of.sysctls.insert(Sysctl::new(path, value));
}

/// What the kernel makes by itself: the loopback link, routes of addresses, settings at their
/// defaults.
pub(super) fn settle(of: &mut Namespace<Unknown>) {
    let lo = name("lo");
    of.links.insert(Link {
        mtu: Some(65536),
        up: true,
        group: 0,
        ..Link::ours(lo.clone(), LinkKind::Loopback)
    });
    of.addresses.insert(Address::new(lo.clone(), "127.0.0.1/8".parse().unwrap()));
    of.addresses.insert(Address::new(lo, "::1/128".parse().unwrap()));
    let mut routes = Vec::new();
    for address in &of.addresses {
        routes.extend(routes_of(address));
    }
    of.routes.extend(routes);
    let links: Vec<_> = of.links.keys().map(ToString::to_string).collect();
    for link in links.iter().map(String::as_str).chain(["all"]) {
        for setting in ["rp_filter", "accept_local", "route_localnet", "arp_ignore"] {
            let sysctl = Sysctl::new(format!("net/ipv4/conf/{link}/{setting}"), "0");
            if !of.sysctls.contains(&sysctl.path) {
                of.sysctls.insert(sysctl);
            }
        }
    }
}

/// `fib_add_ifaddr`, `addrconf_prefix_route`.
fn routes_of(address: &Address) -> Vec<Route> {
    let (link, own) = (address.link.clone(), address.prefix.addr());
    let made = |destination: IpNet, table, kind| Route {
        table,
        kind,
        source: own.is_ipv4().then_some(own),
        protocol: 2,
        ..Route::ours(destination, Nexthop::on(link.clone()))
    };
    let mut routes = vec![made(single(own), TABLE_LOCAL, RouteKind::Local)];
    if own.is_loopback() && own.is_ipv4() {
        routes.push(made(address.prefix.trunc(), TABLE_LOCAL, RouteKind::Local));
    } else if address.prefix.prefix_len() < address.prefix.max_prefix_len() {
        routes.push(made(address.prefix.trunc(), TABLE_MAIN, RouteKind::Unicast));
        if own.is_ipv4() {
            let all = single(address.prefix.broadcast());
            routes.push(made(all, TABLE_LOCAL, RouteKind::Broadcast));
        }
    }
    routes
}

/// A TCP connection's first packet, from a given port.
pub(super) fn tcp(from: NamespaceId, to: &str, port: u16) -> Question {
    Question { source_port: Some(40000), ..Question::new(from, ip(to), Asked::Tcp { port }) }
}
