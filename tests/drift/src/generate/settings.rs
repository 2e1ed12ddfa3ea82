//! Settings (`/proc/sys/net`) other than those of a working router.

use super::draft::Draft;

pub(super) fn choose(draft: &mut Draft) {
    for host in 0..draft.hosts.len() {
        let name = draft.hosts[host].name.clone();
        bridges(draft, &name);
        let links = draft.links(&name);
        let link = draft.random.pick(&links).clone();
        if draft.random.percent(30) {
            let value = draft.random.below(3);
            let of = draft.random.word(&["all", &link]).to_owned();
            draft.set(&name, format!("net/ipv4/conf/{of}/rp_filter={value}"));
        }
        if draft.random.percent(12) {
            draft.set(&name, "net/ipv4/ip_forward=0");
        } else if draft.random.percent(12) {
            draft.set(&name, format!("net/ipv4/conf/{link}/forwarding=0"));
        }
        if draft.random.percent(10) {
            draft.set(&name, "net/ipv6/conf/all/forwarding=0");
        }
        let rare = [
            "route_localnet=1",
            "accept_local=1",
            "arp_ignore=1",
            "arp_ignore=2",
            "arp_ignore=8",
            "arp_announce=1",
            "arp_announce=2",
            "proxy_arp=1",
            "src_valid_mark=1",
        ];
        for setting in rare {
            if draft.random.percent(6) {
                let of = draft.random.word(&["all", &link]).to_owned();
                draft.set(&name, format!("net/ipv4/conf/{of}/{setting}"));
            }
        }
        if draft.random.percent(15) {
            for family in ["ipv4", "ipv6"] {
                draft.set(&name, format!("net/{family}/conf/{link}/ignore_routes_with_linkdown=1"));
            }
        }
    }
}

/// Whether bridged packets meet the rules of the IP stack. Both are on in a new namespace.
fn bridges(draft: &mut Draft, name: &str) {
    for setting in ["iptables", "ip6tables"] {
        if draft.random.percent(50) {
            draft.set(name, format!("net/bridge/bridge-nf-call-{setting}=0"));
        }
    }
}
