//! Two hosts of a cluster as the plan wants them, with networks blue and red in common.
//!
//! ```text
//!  c1 10.1.0.10 ─ gn-blue ┐                                        ┌ gn-blue ─ c2 10.1.0.70
//!                         ├ alpha ─ eth0 ═══════════ eth0 ─ beta ──┤
//!  r1 10.2.0.10 ── gn-red ┘                  ║                     └ gn-red ── r2 10.2.0.70
//!                                      out 192.0.2.9
//! ```
//!
//! On one switch they are 192.0.2.1 and .2; behind a router, `middle`, 198.51.1.1 and 198.51.2.1.
//! The same in IPv6, with `fd00:N::`, `2001:db8::` and `2001:db8:N::`.

use super::machine::*;
use crate::cluster::*;
use crate::host::route::Nexthop;
use crate::host::{Actual, Address, Link, LinkKind, NamespaceId, Route};
use crate::net::{Family, IpNet, Mac, Transport};
use crate::path::{Path, Question, Wire, WireEnd, there_and_back};
use crate::plan::{self, Node};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What lies between the hosts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Switch,
    Router,
}

pub(super) struct Hosts {
    /// `alpha`, `beta`, and what else is there.
    pub(super) all: BTreeMap<&'static str, Actual>,
    pub(super) wires: Vec<Wire>,
}

/// The networks: blue is 1, red is 2.
fn shared(number: u8, backend: Backend) -> Network {
    let pools = [format!("10.{number}.0.0/16"), format!("fd00:{number}::/64")];
    let pools = pools.iter().map(|pool| Pool::with_first_gateway(pool.parse().unwrap()));
    let name = ["blue", "red"][usize::from(number) - 1];
    let mut network = Network::new(name.parse().unwrap(), pools.collect());
    network.spread = Some(Spread::new(backend, number.into(), &network.pools));
    network
}

/// What a host, 0 or 1, holds of a network: a block of 64 addresses.
fn blocks(host: u8, network: u8) -> Vec<IpNet> {
    let last = host * 64;
    let blocks = [format!("10.{network}.0.{last}/26"), format!("fd00:{network}::{last:x}/122")];
    blocks.iter().map(|block| block.parse().unwrap()).collect()
}

/// An address of a host's block of both families.
fn addresses(host: u8, network: u8, which: u8) -> Vec<IpAddr> {
    let last = host * 64 + which;
    vec![ip(&format!("10.{network}.0.{last}")), ip(&format!("fd00:{network}::{last:x}"))]
}

fn underlay(host: u8, ground: Ground) -> Vec<IpAddr> {
    let n = host + 1;
    match ground {
        Ground::Switch => vec![ip(&format!("192.0.2.{n}")), ip(&format!("2001:db8::{n}"))],
        Ground::Router => vec![ip(&format!("198.51.{n}.1")), ip(&format!("2001:db8:{n}::1"))],
    }
}

/// The family of the tunnels is that of the first address a node says.
fn member(host: u8, ground: Ground, tunnels: Family, networks: &[Network]) -> Member {
    let name: NodeName = ["alpha", "beta"][usize::from(host)].parse().unwrap();
    let presence = |(network, number): (&Network, u8)| Presence {
        vtep: name.vtep_mac(&network.name),
        addresses: addresses(host, number, 2),
        proof: addresses(host, number, 3),
    };
    let presences = networks.iter().zip(1..).map(|(n, i)| (n.name.clone(), presence((n, i))));
    let addresses = underlay(host, ground);
    let addresses = addresses.into_iter().filter(|a| tunnels == Family::V4 || a.is_ipv6());
    Member {
        networks: presences.collect(),
        machine: format!("machine{host}"),
        boot: format!("boot{host}"),
        addresses: addresses.collect(),
        mtu: 1500,
        name,
    }
}

fn node(member: Member) -> Node {
    Node {
        underlay_mtu: 1500,
        closed_links: vec![name("eth0")],
        underlay_links: vec![name("eth0")],
        member: Some(member),
        ..Node::default()
    }
}

fn attachment(container: &str, host: u8, network: &Network, number: u8) -> Attachment {
    let addresses = addresses(host, number, if host == 0 { 10 } else { 6 });
    Attachment {
        id: AttachmentId { container: container.parse().unwrap(), interface: name("eth0") },
        network: network.name.clone(),
        mac: Network::mac_for(addresses[0]),
        addresses,
        publish: Vec::new(),
        bandwidth: Bandwidth::default(),
        default_route: true,
    }
}

fn host(me: u8, ground: Ground, means: Means, tunnels: Family) -> Actual {
    let backend = match means {
        Means::Direct => Backend::Direct,
        Means::Vxlan => Backend::Vxlan,
    };
    let networks = [shared(1, backend), shared(2, backend)];
    let [here, there] = [me, 1 - me].map(|host| member(host, ground, tunnels, &networks));
    let hop = |address: IpAddr| {
        let gateway = match ground {
            Ground::Switch => address,
            Ground::Router => router(me)[usize::from(address.is_ipv6())],
        };
        Some(Hop { gateway, link: name("eth0") })
    };
    let mut ways = BTreeMap::new();
    for (network, number) in networks.iter().zip(1..) {
        let way = Way::toward(&here, network, &there, blocks(1 - me, number), hop).unwrap();
        let mtu = plan::mtu(&node(here.clone()), network);
        ways.insert(network.name.clone(), vec![Way { by: Some(means), mtu: Some(mtu), ..way }]);
    }
    let containers = if me == 0 { ["c1", "r1"] } else { ["c2", "r2"] };
    let attachments = [0, 1].map(|i| attachment(containers[i], me, &networks[i], i as u8 + 1));
    let mut actual = plan::host(&node(here), &networks, &attachments, &ways).to_actual();
    let ns = actual.namespace(NamespaceId::Host);
    let [v4, v6] = [0, 1].map(|i| underlay(me, ground)[i]);
    outer(ns, &format!("02:00:00:00:00:0{me}"), &[format!("{v4}/24"), format!("{v6}/64")]);
    // The kernel's part: a tunnel end's own address.
    let own: Vec<_> = ns.links.iter().filter_map(Link::tunnel_address).collect();
    ns.addresses.extend(own);
    if ground == Ground::Router {
        for (gateway, all) in router(me).into_iter().zip(["0.0.0.0/0", "::/0"]) {
            let nexthop = Nexthop::via(gateway, name("eth0"));
            ns.routes.insert(Route::ours(all.parse().unwrap(), nexthop));
        }
    }
    for (id, namespace) in &mut actual.namespaces {
        if *id != NamespaceId::Host {
            listen(namespace, Transport::Tcp, 80, "web");
        }
        settle(namespace);
    }
    actual
}

/// The router's addresses on a host's side.
fn router(side: u8) -> [IpAddr; 2] {
    let n = side + 1;
    [ip(&format!("198.51.{n}.254")), ip(&format!("2001:db8:{n}::fe"))]
}

/// A router with a link to each host, which knows where the hosts' containers are.
fn middle() -> Actual {
    let mut actual = Actual::default();
    let ns = actual.namespace(NamespaceId::Host);
    for side in 0..2 {
        let link = name(&format!("eth{side}"));
        ns.links.insert(Link {
            mac: Some(Mac([2, 0, 0, 0, 1, side])),
            mtu: Some(1500),
            up: true,
            group: 0,
            ..Link::ours(link.clone(), LinkKind::Device)
        });
        for (address, length) in router(side).into_iter().zip([24, 64]) {
            let prefix = IpNet::new(address, length).unwrap();
            ns.addresses.insert(Address::new(link.clone(), prefix));
        }
        for (block, hop) in blocks(side, 1).into_iter().zip(underlay(side, Ground::Router)) {
            ns.routes.insert(Route::ours(block, Nexthop::via(hop, link.clone())));
        }
    }
    set(ns, "net/ipv4/ip_forward", "1");
    set(ns, "net/ipv6/conf/all/forwarding", "1");
    settle(ns);
    actual
}

impl Hosts {
    pub(super) fn new(ground: Ground, means: Means) -> Self {
        Self::tunnelled_by(Family::V4, ground, means)
    }

    pub(super) fn tunnelled_by(tunnels: Family, ground: Ground, means: Means) -> Self {
        let end = |host: &str, link| WireEnd { host: host.to_owned(), link: name(link) };
        let mut all: BTreeMap<_, _> = ["alpha", "beta"]
            .into_iter()
            .zip(0..)
            .map(|(name, me)| (name, host(me, ground, means, tunnels)))
            .collect();
        let wires = match ground {
            Ground::Switch => {
                all.insert("out", outsider());
                vec![["alpha", "beta", "out"].map(|host| end(host, "eth0")).to_vec()]
            }
            Ground::Router => {
                all.insert("middle", middle());
                vec![
                    vec![end("alpha", "eth0"), end("middle", "eth0")],
                    vec![end("middle", "eth1"), end("beta", "eth0")],
                ]
            }
        };
        Self { all, wires }
    }

    /// A host's own namespace.
    pub(super) fn of(&mut self, host: &str) -> &mut crate::host::Namespace<crate::host::Unknown> {
        self.all.get_mut(host).unwrap().namespace(NamespaceId::Host)
    }

    pub(super) fn ask(&self, from: &str, question: Question) -> (Path, Option<Path>) {
        let hosts: Vec<_> = self.all.iter().map(|(name, actual)| (*name, actual)).collect();
        there_and_back(&hosts, &self.wires, from, question)
    }

    /// From alpha's container of blue to beta's.
    pub(super) fn across(&self) -> Path {
        self.ask("alpha", tcp(container("c1"), "10.1.0.70", 80)).0
    }
}
