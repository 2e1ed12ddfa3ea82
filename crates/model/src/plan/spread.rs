//! What a node has of a network that several hosts share, beside the bridge: its own addresses, and
//! the tunnel's end.
//!
//! A tunnel end leads to containers, so it stands beside the bridges; but it is no port of one: what
//! goes between it and its bridge is known by both links and the source, as what comes without a tunnel.

use super::ground::{elements, empty, set};
use super::{Node, mtu};
use crate::cluster::{Backend, Network, Presence, Spread};
use crate::host::link::Vxlan;
use crate::host::nft::{Key, NftFamily, Set};
use crate::host::{Address, Link, LinkKind, NamespaceId, Sysctl, Wanted};
use crate::net::{Family, IpNet, LinkName, single};

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
    let whole = node.underlay_mtu.saturating_sub(overhead(family.unwrap_or(Family::V4)));
    whole.max(LEAST_MTU)
}

/// With less a link has no IPv6 (RFC 8200 §5), and all next hops through a tunnel are IPv6 addresses.
/// What an underlay takes less than that is said by the routes.
const LEAST_MTU: u32 = 1280;

/// The part of a network that is spread.
pub(super) fn part(node: &Node, network: &Network, spread: &Spread) -> Wanted {
    let mut wanted = Wanted::default();
    let Some(member) = &node.member else { return wanted };
    let host = wanted.namespace(NamespaceId::Host);
    let bridge = &network.bridge;
    // The blocks of this host are all behind its bridge; a container told so would keep in mind where
    // a block was when it has long been another host's. See the ground for all links together.
    host.sysctls.insert(Sysctl::new(format!("net/ipv4/conf/{bridge}/send_redirects"), "0"));
    let presence = member.networks.get(&network.name);
    let own = presence.map(|presence| own_addresses(network, presence)).unwrap_or_default();
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
            mtu: Some(mtu(node, network).min(tunnel_mtu(node)).max(LEAST_MTU)),
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
        host.addresses.extend(own);
    } else {
        host.addresses.extend(own.into_iter().filter(|address| address.link == *bridge));
    }
    let sets = sets(node, network, spread);
    wanted.namespace(NamespaceId::Host).nft.tables.insert(elements(NftFamily::Inet, sets));
    wanted
}

/// This node's own addresses in a network: on the bridge, and the first of IPv4 on the tunnel's end
/// too. To a link without any, loose reverse path filtering is strict (`__fib_validate_source`), and
/// all is lost that comes through the tunnel from a peer to which this node itself sends directly.
pub fn own_addresses(network: &Network, presence: &Presence) -> Vec<Address> {
    let all = presence.addresses.iter().chain(&presence.proof);
    let on_bridge = all.map(|address| Address::new(network.bridge.clone(), single(*address)));
    let tunnels = network.spread.is_some_and(|spread| spread.backend.tunnels());
    let first = presence.addresses.iter().find(|address| tunnels && address.is_ipv4());
    let on_tunnel = first.map(|address| Address::new(network.tunnel_link(), single(*address)));
    on_bridge.chain(on_tunnel).collect()
}

fn sets(node: &Node, network: &Network, spread: &Spread) -> Vec<Set> {
    let comment = || Some(format!("network {}", network.name));
    let bridge = &network.bridge;
    // From where to where what is inside the network goes.
    let mut ways: Vec<[&LinkName; 2]> = Vec::new();
    let mut sets = Vec::new();
    let tunnel = &network.tunnel_link();
    if spread.backend.tunnels() {
        for name in [set::BRIDGES, set::TUNNELS] {
            let mut set = empty(name);
            set.elements.insert(Key::new().link(tunnel), None, comment());
            sets.push(set);
        }
        ways.extend([[tunnel, bridge], [bridge, tunnel]]);
    }
    let direct = spread.backend != Backend::Vxlan;
    if direct {
        ways.extend(node.underlay_links.iter().map(|link| [link, bridge]));
    }
    for pool in &network.pools {
        let (remote, beyond, outward) = match pool.family() {
            Family::V4 => (set::REMOTE4, set::BEYOND4, set::OUTWARD4),
            Family::V6 => (set::REMOTE6, set::BEYOND6, set::OUTWARD6),
        };
        let mut remote = empty(remote);
        for [from, to] in &ways {
            range(&mut remote, || Key::new().link(from).link(to), &pool.subnet, comment());
        }
        sets.push(remote);
        if direct {
            let (mut beyond, mut outward) = (empty(beyond), empty(outward));
            range(&mut beyond, || Key::new().link(bridge), &pool.subnet, comment());
            for link in &node.underlay_links {
                range(&mut outward, || Key::new().link(link), &pool.subnet, comment());
            }
            sets.extend([beyond, outward]);
        }
    }
    sets.retain(|set| !set.elements.0.is_empty());
    sets
}

fn range(set: &mut Set, key: impl Fn() -> Key, subnet: &IpNet, comment: Option<String>) {
    let (first, last) = (key().address(subnet.network()), key().address(subnet.broadcast()));
    set.elements.insert_range(first, last, comment);
}
