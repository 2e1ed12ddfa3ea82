//! One network's part: a bridge that bears the gateway's addresses.

use super::ground::{elements, empty, set};
use super::{Node, mtu};
use crate::cluster::Network;
use crate::host::nft::{Key, NftFamily};
use crate::host::{Address, Bridge, Link, LinkKind, NamespaceId, Sysctl, Wanted};
use crate::net::Family;

/// The fragment of one network.
pub fn network(node: &Node, network: &Network) -> Wanted {
    let mut wanted = Wanted::default();
    let host = wanted.namespace(NamespaceId::Host);
    let bridge = &network.bridge;
    host.links.insert(Link {
        mac: Some(network.bridge_mac()),
        mtu: Some(mtu(node, network)),
        up: true,
        alias: Some(format!("glassnet network {}", network.name)),
        ..Link::ours(bridge.clone(), LinkKind::Bridge(Bridge::default()))
    });
    for pool in &network.pools {
        host.addresses.insert(Address::new(bridge.clone(), pool.gateway_prefix()));
    }
    if network.pool(Family::V4).is_some() {
        // See the rule in chain `local`.
        host.sysctls.insert(Sysctl::new(format!("net/ipv4/conf/{bridge}/route_localnet"), "1"));
        // Loose, as the kernel takes the greater of this and that of all links: a strict one would
        // drop what comes back another way. Sources are checked at the bridge's ports.
        host.sysctls.insert(Sysctl::new(format!("net/ipv4/conf/{bridge}/rp_filter"), "2"));
    }
    if network.pool(Family::V6).is_some() {
        host.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{bridge}/accept_ra"), "0"));
        // Its link-local address follows from its MAC, which is ours to give. Until the kernel was
        // sure of it, for about 2 s, it would not ask for neighbours by it.
        host.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{bridge}/accept_dad"), "0"));
    }

    let comment = || Some(format!("network {}", network.name));
    let inet = |name: &str, key: Key| {
        let mut set = empty(name);
        set.elements.insert(key, None, comment());
        set
    };
    let one = Key::new().link(bridge);
    let mut sets = vec![
        inet(set::BRIDGES, one.clone()),
        inet(set::SAME, Key::new().link(bridge).link(bridge)),
    ];
    if network.masquerade {
        sets.push(inet(set::MASQUERADE, one));
    }
    host.nft.tables.insert(elements(NftFamily::Inet, sets));
    if let Some(spread) = &network.spread {
        wanted.merge(super::spread::part(node, network, spread));
    }
    wanted
}
