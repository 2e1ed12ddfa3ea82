//! Two hosts that share two networks, as the plan makes them:
//!
//! ```text
//!  a0 10.0.0.18 ─ gn-net0 ┐                                    ┌ gn-net0 ─ b0 10.0.0.34
//!                         ├ ha ─ eth0 192.0.2.1 ─┬─ 192.0.2.2 eth0 ─ hb ┤
//!  a1 10.1.0.18 ─ gn-net1 ┘                      │             └ gn-net1 ─ b1 10.1.0.34
//!                                        out 192.0.2.9
//! ```
//!
//! The same in IPv6. b0 publishes hb's 8080 as its port 80. A host has of each network its own address
//! (`.17`, `.33`) and one to be proven by (`.19`, `.35`).

use super::machine::*;
use crate::cluster::{
    Attachment, AttachmentId, Backend, Bandwidth, Hop, Means, Member, Network, NodeName, Presence,
    Publish, Spread, Way,
};
use crate::host::route::Nexthop;
use crate::host::{Actual, NamespaceId, Route};
use crate::net::{Family, IpNet, Transport};
use crate::path::{Asked, End, Path, Question, Wire, WireEnd, there_and_back};
use crate::plan::{self, Node};
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(super) const HOSTS: [&str; 2] = ["ha", "hb"];

/// How the two hosts reach each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fabric {
    pub(super) backend: Backend,
    pub(super) means: Means,
    /// Families of the underlay's addresses.
    pub(super) underlay: &'static [Family],
    /// A router between two subnets, else one wire.
    pub(super) routed: bool,
}

impl Fabric {
    pub(super) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (backend, means) in [
            (Backend::Direct, Means::Direct),
            (Backend::Auto, Means::Direct),
            (Backend::Auto, Means::Vxlan),
            (Backend::Vxlan, Means::Vxlan),
        ] {
            for underlay in [&Family::BOTH[..], &[Family::V4], &[Family::V6]] {
                for routed in [false, true] {
                    all.push(Self { backend, means, underlay, routed });
                }
            }
        }
        all
    }

    /// Whether packets of the family can go by it: no IPv6 by an IPv4 next hop.
    pub(super) fn carries(&self, family: Family) -> bool {
        self.means == Means::Vxlan || family == Family::V4 || self.underlay.contains(&family)
    }

    fn addresses(&self, host: usize) -> Vec<IpAddr> {
        let subnet = if self.routed { host } else { 0 };
        let all = [
            format!("192.0.{}.{}", 2 + subnet, 1 + host),
            format!("2001:db8:{subnet}::{}", 1 + host),
        ];
        let all = all.iter().map(|address| ip(address));
        all.filter(|address| self.underlay.contains(&Family::of(*address))).collect()
    }

    fn gateways(&self, host: usize) -> Vec<IpAddr> {
        let subnet = if self.routed { host } else { 0 };
        let all = [format!("192.0.{}.254", 2 + subnet), format!("2001:db8:{subnet}::fe")];
        let all = all.iter().map(|address| ip(address));
        all.filter(|address| self.underlay.contains(&Family::of(*address))).collect()
    }

    pub(super) fn network(&self, i: u8) -> Network {
        let network = network(i);
        let mut spread = Spread::new(self.backend, 7 + u32::from(i), &network.pools);
        // Blocks of the same last digits in both families.
        (spread.block_v4, spread.block_v6) = (28, 124);
        Network { spread: Some(spread), ..network }
    }

    fn member(&self, host: usize) -> Member {
        let name: NodeName = HOSTS[host].parse().unwrap();
        let presence = |i: u8| {
            let network = self.network(i).name;
            let (vtep, addresses, proof) =
                (name.vtep_mac(&network), own(host, i, 1).into(), own(host, i, 3).into());
            (network, Presence { vtep, addresses, proof })
        };
        Member {
            name: name.clone(),
            machine: name.to_string(),
            boot: "1".to_owned(),
            addresses: self.addresses(host),
            mtu: 1500,
            networks: [presence(0), presence(1)].into(),
        }
    }

    fn way(&self, from: usize, i: u8) -> Way {
        let to = 1 - from;
        let (here, peer) = (self.member(from), self.member(to));
        let prefixes = own(to, i, 0).map(|address| {
            let length = if address.is_ipv4() { 28 } else { 124 };
            IpNet::new(address, length).unwrap()
        });
        let hop = |address: IpAddr| {
            let router =
                || self.gateways(from).into_iter().find(|g| g.is_ipv4() == address.is_ipv4());
            let gateway = if self.routed { router()? } else { address };
            Some(Hop { gateway, link: name("eth0") })
        };
        let way = Way::toward(&here, &self.network(i), &peer, prefixes.into(), hop).unwrap();
        Way { by: Some(self.means), mtu: None, ..way }
    }

    pub(super) fn host(&self, host: usize) -> Actual {
        let node = Node {
            underlay_mtu: 1500,
            closed_links: vec![name("eth0")],
            member: Some(self.member(host)),
            underlay_links: vec![name("eth0")],
            ..Node::default()
        };
        let networks = [self.network(0), self.network(1)];
        let attachments = [attached(host, &networks[0]), attached(host, &networks[1])];
        let ways: BTreeMap<_, _> = (0..)
            .zip(&networks)
            .map(|(i, network)| (network.name.clone(), vec![self.way(host, i)]))
            .collect();
        let mut actual = plan::host(&node, &networks, &attachments, &ways).to_actual();
        let ns = actual.namespace(NamespaceId::Host);
        outer(ns, &format!("02:00:00:00:00:0{}", 1 + host), &self.prefixes(host));
        for gateway in self.gateways(host) {
            let to = Family::of(gateway).everything();
            ns.routes.insert(Route::ours(to, Nexthop::via(gateway, name("eth0"))));
        }
        listen(ns, Transport::Tcp, 22, "sshd");
        for (id, namespace) in &mut actual.namespaces {
            if *id != NamespaceId::Host {
                listen(namespace, Transport::Tcp, 80, "web");
            }
            settle(namespace);
        }
        actual
    }

    fn prefixes(&self, host: usize) -> Vec<String> {
        let length = |address: &IpAddr| if address.is_ipv4() { 24 } else { 64 };
        self.addresses(host).iter().map(|a| format!("{a}/{}", length(a))).collect()
    }

    /// What is between the hosts: a router, or a neighbour that would like to be one.
    pub(super) fn between(&self) -> Actual {
        let mut actual = Actual::default();
        let ns = actual.namespace(NamespaceId::Host);
        if self.routed {
            for host in 0..2 {
                let gateways = self.gateways(host);
                let length = |address: &IpAddr| if address.is_ipv4() { 24 } else { 64 };
                let prefixes: Vec<_> =
                    gateways.iter().map(|a| format!("{a}/{}", length(a))).collect();
                outer_by(ns, &format!("eth{host}"), &format!("02:00:00:00:00:f{host}"), &prefixes);
            }
        } else {
            let all = ["192.0.2.9/24", "2001:db8:0::9/64"];
            let all = all.into_iter().filter(|a| self.underlay.contains(&family_of(a)));
            outer(ns, "02:00:00:00:00:09", &all.map(ToString::to_string).collect::<Vec<_>>());
        }
        // It knows where the containers are.
        for (host, i) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let hops = self.addresses(host);
            for address in own(host, i, 0) {
                let v4 = address.is_ipv4();
                let length = if v4 { 28 } else { 124 };
                let Some(hop) = hops
                    .iter()
                    .find(|hop| hop.is_ipv4() == v4)
                    .or_else(|| hops.first().filter(|hop| v4 && hop.is_ipv6()))
                else {
                    continue;
                };
                let link = name(if self.routed && host == 1 { "eth1" } else { "eth0" });
                let to = IpNet::new(address, length).unwrap();
                ns.routes.insert(Route::ours(to, Nexthop::via(*hop, link)));
            }
        }
        set(ns, "net/ipv4/ip_forward", "1");
        set(ns, "net/ipv6/conf/all/forwarding", "1");
        settle(ns);
        actual
    }

    pub(super) fn wires(&self) -> Vec<Wire> {
        let end = |host: &str, link: &str| WireEnd { host: host.to_owned(), link: name(link) };
        if self.routed {
            vec![
                vec![end("ha", "eth0"), end("out", "eth0")],
                vec![end("hb", "eth0"), end("out", "eth1")],
            ]
        } else {
            vec![vec![end("ha", "eth0"), end("hb", "eth0"), end("out", "eth0")]]
        }
    }

    pub(super) fn go(&self, from: &str, question: Question) -> (Path, Option<Path>) {
        let (ha, hb, out) = (self.host(0), self.host(1), self.between());
        let hosts = [("ha", &ha), ("hb", &hb), ("out", &out)];
        there_and_back(&hosts, &self.wires(), from, question)
    }
}

fn family_of(prefix: &str) -> Family {
    Family::of_prefix(&prefix.parse().unwrap())
}

/// The addresses of a host's block in a network that end so.
pub(super) fn own(host: usize, network: u8, last: usize) -> [IpAddr; 2] {
    let last = 16 + 16 * host + last;
    [ip(&format!("10.{network}.0.{last}")), ip(&format!("fd00:{network}::{last:x}"))]
}

/// The address of a host's container in a network.
pub(super) fn of_container(host: usize, network: u8, family: Family) -> IpAddr {
    own(host, network, 2).into_iter().find(|a| Family::of(*a) == family).unwrap()
}

/// The container of a host in a network.
pub(super) fn id(host: usize, network: u8) -> NamespaceId {
    container(&format!("{}{network}", ["a", "b"][host]))
}

fn attached(host: usize, network: &Network) -> Attachment {
    let i = u8::from(network.name.as_str() == "net1");
    let NamespaceId::Container(container) = id(host, i) else { unreachable!() };
    let addresses: Vec<IpAddr> = own(host, i, 2).into();
    let publish = Publish {
        transport: Transport::Tcp,
        host_address: None,
        host_port: 8080,
        container_port: 80,
    };
    Attachment {
        alone: Vec::new(),
        id: AttachmentId { container: container.parse().unwrap(), interface: name("eth0") },
        network: network.name.clone(),
        mac: Network::mac_for(addresses[0]),
        addresses,
        publish: (host == 1 && i == 0).then_some(publish).into_iter().collect(),
        bandwidth: Bandwidth::default(),
        default_route: true,
    }
}

pub(super) fn ask(from: NamespaceId, to: IpAddr, port: u16) -> Question {
    Question { source_port: Some(40000), ..Question::new(from, to, Asked::Tcp { port }) }
}

/// Source and destination that the last hop shows.
fn last(path: &Path) -> (IpAddr, IpAddr) {
    path.hops.last().unwrap().packet.addresses().unwrap()
}

fn is_delivered(path: &Path, host: &str, to: &NamespaceId) -> bool {
    matches!(&path.end, End::Delivered { at, .. } if at.host == host && at.namespace == *to)
}

#[test]
fn containers_of_two_hosts_reach_each_other_under_their_own_addresses() {
    for fabric in Fabric::all() {
        for family in Family::BOTH.into_iter().filter(|family| fabric.carries(*family)) {
            let (from, to) = (of_container(0, 0, family), of_container(1, 0, family));
            let (there, back) = fabric.go("ha", ask(id(0, 0), to, 80));
            assert!(is_delivered(&there, "hb", &id(1, 0)), "{fabric:?}\n{there}");
            assert_eq!(last(&there), (from, to), "{there}");
            let back = back.unwrap();
            assert!(is_delivered(&back, "ha", &id(0, 0)), "{fabric:?}\n{back}");
            assert_eq!(last(&back), (to, from), "{back}");
        }
    }
}

#[test]
fn networks_are_isolated_across_hosts() {
    for fabric in Fabric::all() {
        for family in Family::BOTH {
            let to = of_container(1, 1, family);
            let (there, _) = fabric.go("ha", ask(id(0, 0), to, 80));
            assert!(matches!(there.end, End::Dropped { .. }), "{fabric:?}\n{there}");
        }
    }
}

#[test]
fn a_neighbour_reaches_no_container_but_by_published_ports() {
    for fabric in Fabric::all() {
        for family in Family::BOTH.into_iter().filter(|family| fabric.underlay.contains(family)) {
            let (there, _) =
                fabric.go("out", ask(NamespaceId::Host, of_container(1, 0, family), 80));
            assert!(matches!(there.end, End::Dropped { .. }), "{fabric:?}\n{there}");
            let hb = fabric.addresses(1).into_iter().find(|a| Family::of(*a) == family).unwrap();
            let (there, back) = fabric.go("out", ask(NamespaceId::Host, hb, 8080));
            assert!(is_delivered(&there, "hb", &id(1, 0)), "{fabric:?}\n{there}");
            assert!(is_delivered(&back.unwrap(), "out", &NamespaceId::Host));
        }
    }
}

#[test]
fn a_peer_itself_is_the_outside() {
    for fabric in Fabric::all() {
        for family in Family::BOTH.into_iter().filter(|family| fabric.underlay.contains(family)) {
            let of = |host| fabric.addresses(host).into_iter().find(|a| Family::of(*a) == family);
            let to = of(1).unwrap();
            let (there, back) = fabric.go("ha", ask(id(0, 0), to, 22));
            assert!(is_delivered(&there, "hb", &NamespaceId::Host), "{fabric:?}\n{there}");
            assert_eq!(last(&there), (of(0).unwrap(), to), "{there}");
            assert!(is_delivered(&back.unwrap(), "ha", &id(0, 0)));
            let (there, back) = fabric.go("ha", ask(id(0, 0), to, 8080));
            assert!(is_delivered(&there, "hb", &id(1, 0)), "{fabric:?}\n{there}");
            assert!(is_delivered(&back.unwrap(), "ha", &id(0, 0)));
        }
    }
}

#[test]
fn a_host_and_containers_elsewhere_reach_each_other() {
    for fabric in Fabric::all() {
        for family in Family::BOTH.into_iter().filter(|family| fabric.carries(*family)) {
            let to = of_container(1, 0, family);
            let own = own(0, 0, 1).into_iter().find(|a| Family::of(*a) == family).unwrap();
            let (there, back) = fabric.go("ha", ask(NamespaceId::Host, to, 80));
            assert!(is_delivered(&there, "hb", &id(1, 0)), "{fabric:?}\n{there}");
            assert_eq!(last(&there).0, own, "{there}");
            assert!(is_delivered(&back.unwrap(), "ha", &NamespaceId::Host));
            let (there, back) = fabric.go("hb", ask(id(1, 0), own, 22));
            assert!(is_delivered(&there, "ha", &NamespaceId::Host), "{fabric:?}\n{there}");
            assert_eq!(last(&there).0, to, "{there}");
            assert!(is_delivered(&back.unwrap(), "hb", &id(1, 0)));
        }
    }
}

#[test]
fn a_published_port_is_reached_from_its_own_network() {
    for fabric in Fabric::all() {
        for family in Family::BOTH.into_iter().filter(|family| fabric.carries(*family)) {
            let at = own(1, 0, 1).into_iter().find(|a| Family::of(*a) == family).unwrap();
            // From the other host, and the container itself.
            for (from, who) in [("ha", id(0, 0)), ("hb", id(1, 0))] {
                let (mut ha, mut hb) = (fabric.host(0), fabric.host(1));
                for host in [&mut ha, &mut hb] {
                    for family in ["iptables", "ip6tables"] {
                        let path = format!("net/bridge/bridge-nf-call-{family}");
                        set(host.namespace(NamespaceId::Host), &path, "0");
                    }
                }
                let out = fabric.between();
                let hosts = [("ha", &ha), ("hb", &hb), ("out", &out)];
                let question = ask(who.clone(), at, 8080);
                let (there, back) = there_and_back(&hosts, &fabric.wires(), from, question);
                assert!(is_delivered(&there, "hb", &id(1, 0)), "{fabric:?}\n{there}");
                let back = back.unwrap();
                assert!(is_delivered(&back, from, &who), "{fabric:?}\n{back}");
                assert_eq!(last(&back).0, at, "{back}");
            }
        }
    }
}
