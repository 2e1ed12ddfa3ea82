//! What a node has of a network that several hosts share, beside the bridge: its own addresses, and
//! the tunnel's end.
//!
//! A tunnel end leads to containers, so it stands beside the bridges; but it is no port of one: what
//! goes between it and its bridge is known by both links and the source, as what comes without a tunnel.

use super::ground::{elements, empty, set};
use super::{Node, mtu};
use crate::cluster::{Network, Spread};
use crate::host::link::Vxlan;
use crate::host::nft::{Key, NftFamily, Set};
use crate::host::{Address, Link, LinkKind, NamespaceId, Sysctl, Wanted};
use crate::net::{Family, IpNet, LinkName, Mac, single};
use std::net::{IpAddr, Ipv4Addr};

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
    if let Some(presence) = member.networks.get(&network.name) {
        for address in presence.addresses.iter().chain(&presence.proof) {
            host.addresses.insert(Address::new(bridge.clone(), single(*address)));
        }
    }
    if spread.tunnels()
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
        // A link without an IPv4 address takes nothing in whose way back is another link's, however
        // loose `rp_filter` is (`__fib_validate_source`); a peer may send by the tunnel while this
        // node answers it directly. Any address does; nobody ever sees this one.
        let vtep = member.name.vtep_mac(&network.name);
        host.addresses.insert(Address::new(link.clone(), single(IpAddr::V4(unseen(vtep)))));
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

/// An IPv4 link-local address (RFC 3927) that follows from the tunnel end's MAC address, and is none of
/// those near 169.254.169.254, where clouds keep their metadata.
fn unseen(vtep: Mac) -> Ipv4Addr {
    let Mac([.., a, b]) = vtep;
    Ipv4Addr::new(169, 254, 1 + a % 128, 1 + b % 254)
}

fn sets(node: &Node, network: &Network, spread: &Spread) -> Vec<Set> {
    let comment = || Some(format!("network {}", network.name));
    let bridge = &network.bridge;
    // From where to where what is inside the network goes.
    let mut ways: Vec<[&LinkName; 2]> = Vec::new();
    let mut sets = Vec::new();
    let tunnel = &network.tunnel_link();
    if spread.tunnels() {
        for name in [set::BRIDGES, set::TUNNELS] {
            let mut set = empty(name);
            set.elements.insert(Key::new().link(tunnel), None, comment());
            sets.push(set);
        }
        let mut outer = empty(set::OUTER);
        outer.elements.insert(Key::new().port(spread.port), None, None);
        sets.push(outer);
        ways.extend([[tunnel, bridge], [bridge, tunnel]]);
    }
    let direct = spread.goes_direct();
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
