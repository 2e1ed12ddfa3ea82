//! Random requests: a few networks with some containers.

use crate::cluster::*;
use crate::host::Wanted;
use crate::net::Transport;
use crate::plan::{self, Node};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) node: Node,
    pub(crate) networks: Vec<Network>,
    pub(crate) attachments: Vec<Attachment>,
}

impl Case {
    pub(crate) fn wanted(&self) -> Wanted {
        plan::host(&self.node, &self.networks, &self.attachments, &Default::default())
    }

    /// One network of both families with one container.
    pub(crate) fn smallest() -> Self {
        let node = Node {
            underlay_mtu: 1500,
            closed_links: vec!["eth0".parse().unwrap()],
            advertised_links: vec!["eth0".parse().unwrap()],
            ..Node::default()
        };
        let networks = vec![network(0, 3, None, true, false)];
        let attachments = vec![attachment(0, &networks[0], &[(80, None)], None)];
        Self { node, networks, attachments }
    }
}

fn network(i: u8, families: u8, mtu: Option<u32>, masquerade: bool, spoofing: bool) -> Network {
    let v4 = format!("10.{i}.0.0/24").parse().unwrap();
    let v6 = format!("fd00:{i}::/64").parse().unwrap();
    let subnets = [v4, v6].into_iter().enumerate().filter(|(bit, _)| families >> bit & 1 == 1);
    let pools = subnets.map(|(_, subnet)| Pool::with_first_gateway(subnet)).collect();
    let name = format!("net{i}").parse().unwrap();
    Network { mtu, masquerade, spoofing, ..Network::new(name, pools) }
}

fn attachment(
    i: u8,
    network: &Network,
    ports: &[(u16, Option<u8>)],
    rate: Option<u64>,
) -> Attachment {
    let address = |pool: &Pool| match pool.subnet.addr() {
        IpAddr::V4(a) => IpAddr::V4(Ipv4Addr::from(u32::from(a) + 10 + u32::from(i))),
        IpAddr::V6(a) => IpAddr::V6(Ipv6Addr::from(u128::from(a) + 10 + u128::from(i))),
    };
    let addresses: Vec<IpAddr> = network.pools.iter().map(address).collect();
    let rate = rate.map(|bits_per_second| Rate { bits_per_second, burst_bits: 100_000 });
    Attachment {
        alone: Vec::new(),
        id: AttachmentId {
            container: format!("c{i}").parse().unwrap(),
            interface: "eth0".parse().unwrap(),
        },
        network: network.name.clone(),
        mac: Network::mac_for(addresses[0]),
        addresses,
        publish: ports
            .iter()
            .map(|(port, host)| Publish {
                transport: if port % 2 == 0 { Transport::Tcp } else { Transport::Udp },
                host_address: host.map(|h| IpAddr::V4(Ipv4Addr::new(192, 0, 2, h))),
                // Every container its own ports, as the daemon sees to.
                host_port: u16::from(i) * 1000 + port,
                container_port: *port,
            })
            .collect(),
        bandwidth: Bandwidth { ingress: rate, egress: rate },
        default_route: true,
    }
}

prop_compose! {
    pub(crate) fn case()(
        shapes in prop::collection::vec((1..4_u8, prop::option::of(1280..9000_u32), any::<bool>(), any::<bool>()), 1..4),
        containers in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::collection::btree_map(1..100_u16, prop::option::of(1..5_u8), 0..3), prop::option::of(1_000_000..1_000_000_000_u64)),
            0..6,
        ),
        closed in any::<bool>(),
    ) -> Case {
        let networks: Vec<Network> = shapes
            .into_iter()
            .enumerate()
            .map(|(i, (families, mtu, masquerade, spoofing))| network(i as u8, families, mtu, masquerade, spoofing))
            .collect();
        let attachments = containers
            .into_iter()
            .enumerate()
            .map(|(i, (which, ports, rate))| {
                let ports: Vec<_> = ports.into_iter().collect();
                attachment(i as u8, which.get(&networks), &ports, rate)
            })
            .collect();
        let eth0 = || vec!["eth0".parse().unwrap()];
        let node = Node {
            underlay_mtu: 1500,
            closed_links: if closed { eth0() } else { Vec::new() },
            advertised_links: eth0(),
            ..Node::default()
        };
        Case { node, networks, attachments }
    }
}
