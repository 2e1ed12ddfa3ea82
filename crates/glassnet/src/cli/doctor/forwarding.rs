//! Whether packets are forwarded at all, and whether somebody else drops them on the way
//! (moby#30338, #50566: dockerd sets the policy of FORWARD to DROP).

use super::seen::Seen;
use model::cluster::{Network, Pool};
use model::explain::Finding;
use model::host::{Link, LinkKind, Namespace, Unknown};
use model::net::Family;
use model::path::{Blockage, Way, blocked, together};
use std::net::IpAddr;

/// A family that a network has and the kernel does not forward. A setting that was not read says
/// nothing.
pub(super) fn off(seen: &Seen) -> Vec<Finding> {
    let Some(host) = seen.host() else { return Vec::new() };
    let settings =
        [(Family::V4, "net/ipv4/ip_forward"), (Family::V6, "net/ipv6/conf/all/forwarding")];
    let off = settings.into_iter().filter_map(|(family, path)| {
        let network = seen.networks.iter().find(|network| network.pool(family).is_some())?;
        let setting = host.sysctls.get(&path.to_owned())?;
        (setting.value == "0").then(|| Finding::ForwardingOff {
            family,
            network: network.name.clone(),
            sysctl: setting.path.clone(),
            value: setting.value.clone(),
        })
    });
    off.collect()
}

/// Chains of others at the forward hook that drop what a network forwards. An accept in one table
/// ends that table's chain only: every other table is still asked. Other programs' bridges are asked
/// about too, but only for what their containers send: what may come in is their programs' affair.
pub(super) fn foreign_drop(seen: &Seen) -> Vec<Finding> {
    let Some(host) = seen.host() else { return Vec::new() };
    let ours = seen.networks.iter().flat_map(|network| blocked(host, network));
    let theirs = other_bridges(seen, host).into_iter().flat_map(|network| {
        let blocked = blocked(host, &network).into_iter();
        blocked.filter(|blocked| blocked.way != Way::In).collect::<Vec<_>>()
    });
    let finding = |Blockage { first, families, ways }: Blockage| Finding::ForeignForwardDrop {
        chain: first.place(),
        families,
        ways,
        priority: first.priority,
        by: first.by.to_string(),
        command: first.command(),
        owner: first.owner,
    };
    together(ours.chain(theirs)).into_iter().map(finding).collect()
}

/// A filter table of the older iptables: its chains are asked too, and cannot be seen with nftables.
pub(super) fn unseen(seen: &Seen) -> Vec<Finding> {
    let finding = |family: &Family| Finding::LegacyFilter {
        family: *family,
        program: match family {
            Family::V4 => "iptables-legacy",
            Family::V6 => "ip6tables-legacy",
        },
    };
    seen.legacy_filters.iter().map(finding).collect()
}

/// The families that have one. The kernel tells it to root alone.
pub(super) fn legacy_filters() -> Vec<Family> {
    let files =
        [(Family::V4, "/proc/net/ip_tables_names"), (Family::V6, "/proc/net/ip6_tables_names")];
    let has = |file: &str| {
        let tables = std::fs::read_to_string(file).unwrap_or_default();
        tables.lines().any(|table| table == "filter")
    };
    files.into_iter().filter(|(_, file)| has(file)).map(|(family, _)| family).collect()
}

/// Bridges with addresses that belong to no network we know of, as networks.
fn other_bridges(seen: &Seen, host: &Namespace<Unknown>) -> Vec<Network> {
    let bridges = host.links.iter().filter(|link| {
        link.up
            && !seen.networks.iter().any(|network| network.bridge == link.name)
            && matches!(link.kind, LinkKind::Bridge(_))
    });
    let network = |link: &Link<Unknown>| {
        let addresses = host.addresses.iter().filter(|address| address.link == link.name);
        let pools = addresses
            .map(|address| Pool { subnet: address.prefix.trunc(), gateway: address.prefix.addr() })
            .filter(|pool| !matches!(pool.gateway, IpAddr::V6(a) if a.is_unicast_link_local()));
        let network = Network::new(link.name.as_str().parse().ok()?, pools.collect());
        Some(Network { bridge: link.name.clone(), ..network })
    };
    bridges.filter_map(network).collect()
}
