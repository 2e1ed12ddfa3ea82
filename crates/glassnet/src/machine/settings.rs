//! Which settings of a namespace a packet's way may depend on.

use model::net::LinkName;

/// Of each link, and of all.
const V4: [&str; 14] = [
    "accept_local",
    "arp_accept",
    "arp_announce",
    "arp_filter",
    "arp_ignore",
    "bc_forwarding",
    "disable_policy",
    "forwarding",
    "ignore_routes_with_linkdown",
    "proxy_arp",
    "proxy_arp_pvlan",
    "route_localnet",
    "rp_filter",
    "src_valid_mark",
];
const V6: [&str; 7] = [
    "accept_dad",
    "accept_ra",
    "disable_ipv6",
    "forwarding",
    "ignore_routes_with_linkdown",
    "proxy_ndp",
    "use_tempaddr",
];
/// Of the namespace.
const WHOLE: [&str; 22] = [
    "net/bridge/bridge-nf-call-arptables",
    "net/bridge/bridge-nf-call-ip6tables",
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-filter-vlan-tagged",
    "net/bridge/bridge-nf-pass-vlan-input-dev",
    "net/ipv4/fib_multipath_hash_fields",
    "net/ipv4/fib_multipath_hash_policy",
    "net/ipv4/fib_multipath_hash_seed",
    "net/ipv4/fib_multipath_use_neigh",
    "net/ipv4/fwmark_reflect",
    "net/ipv4/icmp_echo_ignore_all",
    "net/ipv4/ip_default_ttl",
    "net/ipv4/ip_forward",
    "net/ipv4/ip_forward_use_pmtu",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/ip_no_pmtu_disc",
    "net/ipv4/ip_nonlocal_bind",
    "net/ipv6/fib_multipath_hash_fields",
    "net/ipv6/fib_multipath_hash_policy",
    "net/ipv6/icmp/echo_ignore_all",
    "net/netfilter/nf_conntrack_count",
    "net/netfilter/nf_conntrack_max",
];

/// All of them.
pub(super) fn paths(links: &[LinkName]) -> Vec<String> {
    let of_links = links.iter().map(LinkName::as_str).chain(["all", "default"]).flat_map(|link| {
        let v4 = V4.iter().map(move |setting| format!("net/ipv4/conf/{link}/{setting}"));
        v4.chain(V6.iter().map(move |setting| format!("net/ipv6/conf/{link}/{setting}")))
    });
    WHOLE.iter().map(|path| (*path).to_owned()).chain(of_links).collect()
}
