//! What a node has of a network that several hosts share, beside the bridge: its own addresses, and
//! the tunnel's end.
//!
//! A tunnel end is a part of its network, so it stands in the sets beside the bridge. What comes
//! without a tunnel is known by the link it comes by and its source.

use super::ground::{elements, empty, set};
use super::{Node, mtu};
use crate::cluster::{Network, Spread};
use crate::host::link::Vxlan;
use crate::host::nft::{Key, NftFamily, Set};
use crate::host::{Address, Link, LinkKind, NamespaceId, Sysctl, Wanted};
use crate::net::{Family, IpNet, single};

/// What VXLAN adds to a packet: outer IP header, UDP, VXLAN, inner Ethernet header (RFC 7348 §5).
fn overhead(outer: Family) -> u32 {
    const UDP_VXLAN_ETHERNET: u32 = 8 + 8 + 14;
    UDP_VXLAN_ETHERNET
        + match outer {
            Family::V4 => 20,
            Family::V6 => 40,
        }
}

/// Bytes: the largest packet that goes through a tunnel of this node unbroken.
pub(super) fn tunnel_mtu(node: &Node) -> u32 {
    let family = node.member.as_ref().and_then(crate::cluster::Member::tunnel_family);
    node.underlay_mtu.saturating_sub(overhead(family.unwrap_or(Family::V4)))
}

/// The part of a network that is spread.
pub(super) fn part(node: &Node, network: &Network, spread: &Spread) -> Wanted {
    let mut wanted = Wanted::default();
    let Some(member) = &node.member else { return wanted };
    let host = wanted.namespace(NamespaceId::Host);
    let bridge = &network.bridge;
    if let Some(presence) = member.networks.get(&network.name) {
        for address in presence.addresses.iter().chain(&presence.proof) {
            host.addresses.insert(Address::new(bridge.clone(), single(*address)));
        }
    }
    if spread.backend.tunnels()
        && let Some(local) = member.tunnel_family().and_then(|family| member.address(family))
    {
        let link = network.tunnel_link();
        let vxlan = Vxlan {
            vni: spread.vni,
            port: spread.port,
            local: Some(local),
            learning: false,
            // Else a router in between would break packets apart, and nobody would know.
            df: local.is_ipv4(),
        };
        host.links.insert(Link {
            mac: Some(member.name.vtep_mac(&network.name)),
            mtu: Some(mtu(node, network).min(tunnel_mtu(node))),
            up: true,
            link_local: Some(true),
            alias: Some(format!("glassnet network {}, tunnel end", network.name)),
            ..Link::ours(link.clone(), LinkKind::Vxlan(vxlan))
        });
        // Its next hops are link-local addresses. What it sends is never off the path it came by,
        // but for what the host itself says; loose, as of the bridge.
        host.sysctls.insert(Sysctl::new(format!("net/ipv4/conf/{link}/rp_filter"), "2"));
        host.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{link}/disable_ipv6"), "0"));
        host.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{link}/accept_ra"), "0"));
        host.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{link}/accept_dad"), "0"));
    }
    let sets = sets(node, network, spread);
    wanted.namespace(NamespaceId::Host).nft.tables.insert(elements(NftFamily::Inet, sets));
    wanted
}

fn sets(node: &Node, network: &Network, spread: &Spread) -> Vec<Set> {
    let comment = || Some(format!("network {}", network.name));
    let bridge = &network.bridge;
    let mut sets = Vec::new();
    if spread.backend.tunnels() {
        let tunnel = &network.tunnel_link();
        let [mut bridges, mut same] = [set::BRIDGES, set::SAME].map(empty);
        bridges.elements.insert(Key::new().link(tunnel), None, comment());
        same.elements.insert(Key::new().link(bridge).link(tunnel), None, comment());
        same.elements.insert(Key::new().link(tunnel).link(bridge), None, comment());
        sets.extend([bridges, same]);
    }
    for pool in &network.pools {
        let (remote, beyond) = match pool.family() {
            Family::V4 => (set::REMOTE4, set::BEYOND4),
            Family::V6 => (set::REMOTE6, set::BEYOND6),
        };
        let mut beyond = empty(beyond);
        let key = || Key::new().link(bridge);
        range(&mut beyond, key, &pool.subnet, comment());
        sets.push(beyond);
        if spread.backend != crate::cluster::Backend::Vxlan {
            let mut remote = empty(remote);
            for link in &node.underlay_links {
                let key = || Key::new().link(link).link(bridge);
                range(&mut remote, key, &pool.subnet, comment());
            }
            sets.push(remote);
        }
    }
    sets
}

fn range(set: &mut Set, key: impl Fn() -> Key, subnet: &IpNet, comment: Option<String>) {
    let (first, last) = (key().address(subnet.network()), key().address(subnet.broadcast()));
    set.elements.insert_range(first, last, comment);
}
