//! Random tunnel ends with random peers: what a node has of networks that are spread over several.

use kernel::Sockets;
use kernel::netns::within;
use model::host::link::{Link, LinkKind, Vxlan};
use model::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use model::host::route::{Nexthop, Route};
use model::host::{NamespaceId, Sysctl, Wanted};
use model::net::{Family, IpNet, LinkName, Mac};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::Command;

#[derive(Clone, Debug)]
pub(crate) struct Tunnel {
    over: Family,
    port: u16,
    df: bool,
    mtu: u32,
    /// By a number below 5.
    peers: BTreeMap<u8, Peer>,
}

#[derive(Clone, Debug)]
struct Peer {
    /// The last part of its address in the underlay.
    underlay: u8,
    way: Way,
    mtu: Option<u32>,
    source: bool,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Vxlan,
    Direct,
    /// By an IPv6 next hop, for IPv4 too.
    DirectV6,
    None,
}

prop_compose! {
    fn peer()(
        underlay in 2..9_u8,
        way in prop::sample::select(vec![Way::Vxlan, Way::Direct, Way::DirectV6, Way::None]),
        mtu in prop::option::of(1280..1500_u32),
        source in any::<bool>(),
    ) -> Peer {
        Peer { underlay, way, mtu, source }
    }
}

prop_compose! {
    pub(crate) fn tunnel()(
        over in prop::sample::select(Family::BOTH.to_vec()),
        port in prop::sample::select(vec![4789_u16, 8472]),
        df in any::<bool>(),
        mtu in 1280..1500_u32,
        peers in prop::collection::btree_map(0..5_u8, peer(), 0..4),
    ) -> Tunnel {
        Tunnel { over, port, df, mtu, peers }
    }
}

fn address(family: Family, last: u8) -> IpAddr {
    match family {
        Family::V4 => [192, 0, 2, last].into(),
        Family::V6 => format!("2001:db8::{last}").parse().unwrap(),
    }
}

fn wire() -> LinkName {
    "u0".parse().unwrap()
}

/// Gives a host the link that others are reached by.
pub(crate) fn underlay(host: &Sockets) {
    let commands = [
        "link add u0 type veth peer name u1",
        "link set u0 up",
        "link set u1 up",
        "address add 192.0.2.1/24 dev u0",
        "address add 2001:db8::1/64 dev u0 nodad",
    ];
    for command in commands {
        let run = || Command::new("ip").args(command.split(' ')).status();
        assert!(within(host.namespace(), run).unwrap().unwrap().success(), "ip {command}");
    }
}

impl Tunnel {
    pub(crate) fn add(&self, number: u8, wanted: &mut Wanted) {
        let name: LinkName = format!("gx-net{number}").parse().unwrap();
        let wanted = wanted.namespace(NamespaceId::Host);
        let vxlan = Vxlan {
            vni: 100 + u32::from(number),
            port: self.port,
            local: Some(address(self.over, 1)),
            learning: false,
            df: self.df,
        };
        wanted.links.insert(Link {
            up: true,
            mac: Some(Mac([6, 0, 0, 0, number, 100])),
            mtu: Some(self.mtu),
            alias: Some(format!("network net{number}")),
            link_local: Some(true),
            ..Link::ours(name.clone(), LinkKind::Vxlan(vxlan))
        });
        wanted.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{name}/accept_dad"), "0"));
        wanted.sysctls.insert(Sysctl::new(format!("net/ipv4/conf/{name}/rp_filter"), "2"));
        for (which, peer) in &self.peers {
            let vtep = Mac([6, 0, 0, 0, number, *which]);
            let hop = IpAddr::from(vtep.link_local());
            let remote = address(self.over, peer.underlay);
            wanted.fdb.insert(FdbEntry::tunnel(name.clone(), vtep, remote));
            wanted.neighbours.insert(Neighbour {
                link: name.clone(),
                address: hop,
                mac: Some(vtep),
                state: NeighbourState::Permanent,
            });
            for family in Family::BOTH {
                let block: IpNet = match family {
                    Family::V4 => format!("10.{}.{which}.0/26", 100 + number),
                    Family::V6 => format!("fd00:{}:{which}::/122", 100 + number),
                }
                .parse()
                .unwrap();
                let hop = match peer.way {
                    Way::Vxlan => Nexthop::via(hop, name.clone()),
                    Way::Direct => Nexthop::via(address(family, peer.underlay), wire()),
                    Way::DirectV6 => Nexthop::via(address(Family::V6, peer.underlay), wire()),
                    Way::None => continue,
                };
                let mut route = Route::ours(block, hop);
                route.mtu = peer.mtu;
                route.source = peer.source.then(|| address(family, 1));
                wanted.routes.insert(route);
            }
        }
    }
}
