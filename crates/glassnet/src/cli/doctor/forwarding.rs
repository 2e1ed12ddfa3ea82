//! Whether packets are forwarded at all, and whether somebody else drops them on the way
//! (moby#30338, #50566: dockerd sets the policy of FORWARD to DROP).

use super::seen::Seen;
use model::explain::Finding;
use model::host::Unknown;
use model::host::nft::{
    Chain, ChainKind, Expression, Hook, NftFamily, NftTable, Policy, TABLE, Verdict,
};
use model::net::Family;

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

/// Chains of others at the forward hook that drop what they do not accept. An accept in one table
/// ends that table's chain only: every other table is still asked.
pub(super) fn foreign_drop(seen: &Seen) -> Vec<Finding> {
    let Some(host) = seen.host() else { return Vec::new() };
    let foreign = host.nft.tables.iter().filter(|table| table.name != TABLE);
    foreign.flat_map(|table| table.chains.iter().filter_map(|chain| drops(table, chain))).collect()
}

fn drops(table: &NftTable<Unknown>, chain: &Chain<Unknown>) -> Option<Finding> {
    let base = chain.base.as_ref()?;
    let drops = base.kind == ChainKind::Filter
        && base.hook == Hook::Forward
        && base.policy == Policy::Drop
        && !chain.rules.iter().any(|rule| accepts_all(&rule.expressions));
    drops.then(|| Finding::ForeignForwardDrop {
        chain: format!("{} {} {}", table.family.as_str(), table.name, chain.name),
        owner: owner(table),
        priority: base.priority,
        rules: chain.rules.len(),
    })
}

/// A rule without a condition that ends the chain well.
fn accepts_all(expressions: &[Expression<Unknown>]) -> bool {
    expressions.iter().all(|expression| {
        matches!(expression, Expression::Counter | Expression::Verdict(Verdict::Accept))
    }) && expressions.contains(&Expression::Verdict(Verdict::Accept))
}

/// Who has made a table, by the chains that well-known programs leave in it.
fn owner(table: &NftTable<Unknown>) -> String {
    let has = |start: &str| table.chains.iter().any(|chain| chain.name.starts_with(start));
    let iptables = matches!(table.family, NftFamily::Ip | NftFamily::Ip6)
        && matches!(table.name.as_str(), "filter" | "mangle" | "raw" | "security");
    let marks = [
        ("DOCKER", "Docker"),
        ("ufw", "ufw"),
        ("KUBE-", "Kubernetes"),
        ("cali-", "Calico"),
        ("CILIUM_", "Cilium"),
        ("NETAVARK", "Podman (netavark)"),
        ("CNI-", "CNI"),
        ("LIBVIRT_", "libvirt"),
    ];
    match marks.iter().find(|(start, _)| has(start)) {
        Some((_, owner)) => (*owner).to_owned(),
        None if table.name == "firewalld" => "firewalld".to_owned(),
        None if iptables => "iptables".to_owned(),
        None => format!("nftables {}", table.name),
    }
}
