//! Random networks that several hosts share, with random ways to random peers, as the plan makes them.

use model::cluster::{
    Backend, Hop, Means, Member, Network, NetworkName, NodeName, Pool, Presence, Spread, Way,
};
use model::host::Wanted;
use model::net::{IpNet, LinkName};
use model::plan::{self, Node};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What this host says and knows.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    networks: Vec<Network>,
    /// Where the block begins that this host has its own addresses of.
    home: u8,
    /// Whether the underlay has IPv4.
    v4: bool,
    peers: Vec<Peer>,
}

/// By what another host is reached, if it is, and the size that was proven.
#[derive(Clone, Debug)]
struct Peer {
    by: Option<Means>,
    mtu: Option<u32>,
}

prop_compose! {
    fn network()(
        families in 1..4_u8,
        mtu in prop::option::of(1280..9000_u32),
        masquerade in any::<bool>(),
        backend in prop::option::of(prop::sample::select(&Backend::ALL[..])),
    ) -> (u8, Option<u32>, bool, Option<Backend>) {
        (families, mtu, masquerade, backend)
    }
}

prop_compose! {
    pub(crate) fn cluster()(
        shapes in prop::collection::vec(network(), 1..3),
        home in prop::sample::select(vec![0_u8, 128]),
        v4 in any::<bool>(),
        peers in prop::collection::vec(
            (
                prop::option::of(prop::sample::select(vec![Means::Direct, Means::Vxlan])),
                prop::option::of(1280..1450_u32),
            ),
            0..4,
        ),
    ) -> Cluster {
        let networks = (0..).zip(shapes).map(|(i, (families, mtu, masquerade, backend))| {
            let v4 = format!("10.{i}.0.0/24").parse().unwrap();
            let v6 = format!("fd00:{i}::/64").parse().unwrap();
            let subnets = [v4, v6].into_iter().enumerate();
            let subnets = subnets.filter(|(bit, _)| families >> bit & 1 == 1);
            let pools: Vec<_> =
                subnets.map(|(_, subnet)| Pool::with_first_gateway(subnet)).collect();
            let name = format!("net{i}").parse().unwrap();
            let spread = backend.map(|backend| Spread {
                block_v4: 28,
                block_v6: 124,
                ..Spread::new(backend, 7 + i, &pools)
            });
            Network { mtu, masquerade, spread, ..Network::new(name, pools) }
        });
        let peers = peers.into_iter().map(|(by, mtu)| Peer { by, mtu }).collect();
        Cluster { networks: networks.collect(), home, v4, peers }
    }
}

fn wire() -> LinkName {
    "u0".parse().unwrap()
}

/// The address that comes so many after the subnet's own.
fn of(pool: &Pool, number: u8) -> IpAddr {
    match pool.subnet.addr() {
        IpAddr::V4(a) => IpAddr::from((u32::from(a) + u32::from(number)).to_be_bytes()),
        IpAddr::V6(a) => IpAddr::from((u128::from(a) + u128::from(number)).to_be_bytes()),
    }
}

impl Cluster {
    fn shared(&self) -> impl Iterator<Item = &Network> {
        self.networks.iter().filter(|network| network.spread.is_some())
    }

    /// This host is number 1.
    fn member(&self, number: u8, home: u8) -> Member {
        let name: NodeName = format!("n{number}").parse().unwrap();
        let presence = |network: &Network| {
            let own = |last| network.pools.iter().map(|pool| of(pool, home + last)).collect();
            let vtep = name.vtep_mac(&network.name);
            (network.name.clone(), Presence { vtep, addresses: own(2), proof: own(3) })
        };
        let v4 = self.v4.then_some(IpAddr::from([192, 0, 2, number]));
        let v6 = format!("2001:db8::{number}").parse().unwrap();
        Member {
            machine: name.to_string(),
            boot: "1".to_owned(),
            addresses: v4.into_iter().chain([v6]).collect(),
            mtu: 1500,
            networks: self.shared().map(presence).collect(),
            name,
        }
    }

    fn ways(&self) -> BTreeMap<NetworkName, Vec<Way>> {
        let here = self.member(1, self.home);
        let hop = |gateway| Some(Hop { gateway, link: wire() });
        let ways = |network: &Network| {
            let spread = network.spread?;
            let peers = (2..).zip(&self.peers);
            let ways = peers.filter_map(|(number, peer)| {
                let home = 16 * number;
                let prefix =
                    |pool: &Pool| IpNet::new(of(pool, home), spread.block(pool.family())).unwrap();
                let prefixes = network.pools.iter().map(prefix).collect();
                let way = Way::toward(&here, network, &self.member(number, home), prefixes, hop)?;
                Some(Way { by: peer.by, mtu: peer.mtu, ..way })
            });
            Some((network.name.clone(), ways.collect()))
        };
        self.shared().filter_map(ways).collect()
    }

    pub(crate) fn wanted(&self) -> Wanted {
        let node = Node {
            underlay_mtu: 1500,
            member: Some(self.member(1, self.home)),
            underlay_links: vec![wire()],
            closed_links: vec![wire()],
            ..Node::default()
        };
        plan::host(&node, &self.networks, [], &self.ways())
    }
}
