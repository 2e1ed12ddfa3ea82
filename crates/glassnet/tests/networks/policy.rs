//! What Calico and flannel write for iptables, in small: policies of workloads by marks and sets of ipset,
//! with pods that are routed each by its own link; and a masquerade for what leaves the pods' network.
//!
//! The shapes are those of Felix (`felix/rules/`) and of flannel (`pkg/trafficmngr/iptables`).

use crate::private_host::{Iptables, on_private_host, run};
use crate::stage::Stage;

/// Of the pods `web`, `client` and `stranger`: web takes clients only, and client may not leave the cluster.
const CALICO: &str = r#"*raw
:cali-PREROUTING - [0:0]
:cali-OUTPUT - [0:0]
:cali-from-host-endpoint - [0:0]
:cali-rpf-skip - [0:0]
-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
-A OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT
-A cali-PREROUTING -j MARK --set-xmark 0x0/0xf0000
-A cali-PREROUTING -i cali+ -j MARK --set-xmark 0x40000/0x40000
-A cali-PREROUTING -m mark --mark 0x40000/0x40000 -j cali-rpf-skip
-A cali-PREROUTING -m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j DROP
-A cali-PREROUTING -m mark --mark 0x0/0x40000 -j cali-from-host-endpoint
-A cali-PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-OUTPUT -j MARK --set-xmark 0x0/0xf0000
COMMIT
*mangle
:cali-PREROUTING - [0:0]
:cali-POSTROUTING - [0:0]
-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
-A POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING
-A cali-PREROUTING -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-POSTROUTING -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-POSTROUTING -j MARK --set-xmark 0x0/0xf0000
COMMIT
*nat
:cali-POSTROUTING - [0:0]
:cali-nat-outgoing - [0:0]
-A POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING
-A cali-POSTROUTING -j cali-nat-outgoing
-A cali-nat-outgoing -m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40all-ipam-pools dst -j MASQUERADE --random-fully
COMMIT
*filter
:cali-FORWARD - [0:0]
:cali-INPUT - [0:0]
:cali-OUTPUT - [0:0]
:cali-cidr-block - [0:0]
:cali-from-wl-dispatch - [0:0]
:cali-to-wl-dispatch - [0:0]
:cali-wl-to-host - [0:0]
:cali-tw-caliweb - [0:0]
:cali-fw-caliweb - [0:0]
:cali-tw-caliclient - [0:0]
:cali-fw-caliclient - [0:0]
:cali-tw-calistranger - [0:0]
:cali-fw-calistranger - [0:0]
:cali-pi-web-from-clients - [0:0]
:cali-po-no-world - [0:0]
:cali-pri-kns.default - [0:0]
:cali-pro-kns.default - [0:0]
-A INPUT -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT
-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
-A FORWARD -m comment --comment "Policy explicitly accepted packet." -m mark --mark 0x10000/0x10000 -j ACCEPT
-A FORWARD -m comment --comment "cali:mp77cMpurHhyjLrM" -j MARK --set-xmark 0x10000/0x10000
-A OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT
-A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000
-A cali-FORWARD -i cali+ -j cali-from-wl-dispatch
-A cali-FORWARD -o cali+ -j cali-to-wl-dispatch
-A cali-FORWARD -o cali+ -j cali-cidr-block
-A cali-INPUT -i cali+ -g cali-wl-to-host
-A cali-INPUT -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-INPUT -j MARK --set-xmark 0x0/0xf0000
-A cali-OUTPUT -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-OUTPUT -o cali+ -j RETURN
-A cali-wl-to-host -j cali-from-wl-dispatch
-A cali-wl-to-host -m comment --comment "Configured DefaultEndpointToHostAction" -j ACCEPT
-A cali-from-wl-dispatch -i caliweb -g cali-fw-caliweb
-A cali-from-wl-dispatch -i caliclient -g cali-fw-caliclient
-A cali-from-wl-dispatch -i calistranger -g cali-fw-calistranger
-A cali-from-wl-dispatch -m comment --comment "Unknown interface" -j DROP
-A cali-to-wl-dispatch -o caliweb -g cali-tw-caliweb
-A cali-to-wl-dispatch -o caliclient -g cali-tw-caliclient
-A cali-to-wl-dispatch -o calistranger -g cali-tw-calistranger
-A cali-to-wl-dispatch -m comment --comment "Unknown interface" -j DROP
-A cali-tw-caliweb -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-tw-caliweb -m conntrack --ctstate INVALID -j DROP
-A cali-tw-caliweb -j MARK --set-xmark 0x0/0x10000
-A cali-tw-caliweb -m comment --comment "Start of policies" -j MARK --set-xmark 0x0/0x20000
-A cali-tw-caliweb -m mark --mark 0x0/0x20000 -j cali-pi-web-from-clients
-A cali-tw-caliweb -m comment --comment "Return if policy accepted" -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-tw-caliweb -m comment --comment "Drop if no policies passed packet" -m mark --mark 0x0/0x20000 -j DROP
-A cali-tw-caliweb -m comment --comment "Drop if no profiles matched" -j DROP
-A cali-fw-caliweb -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-fw-caliweb -m conntrack --ctstate INVALID -j DROP
-A cali-fw-caliweb -j MARK --set-xmark 0x0/0x10000
-A cali-fw-caliweb -p udp -m comment --comment "Drop VXLAN encapped packets originating in workloads" -m multiport --dports 4789 -j DROP
-A cali-fw-caliweb -p 4 -m comment --comment "Drop IPinIP encapped packets originating in workloads" -j DROP
-A cali-fw-caliweb -j cali-pro-kns.default
-A cali-fw-caliweb -m comment --comment "Return if profile accepted" -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-fw-caliweb -m comment --comment "Drop if no profiles matched" -j DROP
-A cali-tw-caliclient -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-tw-caliclient -m conntrack --ctstate INVALID -j DROP
-A cali-tw-caliclient -j MARK --set-xmark 0x0/0x10000
-A cali-tw-caliclient -j cali-pri-kns.default
-A cali-tw-caliclient -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-tw-caliclient -m comment --comment "Drop if no profiles matched" -j DROP
-A cali-fw-caliclient -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-fw-caliclient -m conntrack --ctstate INVALID -j DROP
-A cali-fw-caliclient -j MARK --set-xmark 0x0/0x10000
-A cali-fw-caliclient -p udp -m multiport --dports 4789 -j DROP
-A cali-fw-caliclient -p 4 -j DROP
-A cali-fw-caliclient -m comment --comment "Start of policies" -j MARK --set-xmark 0x0/0x20000
-A cali-fw-caliclient -m mark --mark 0x0/0x20000 -j cali-po-no-world
-A cali-fw-caliclient -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-fw-caliclient -m comment --comment "Drop if no policies passed packet" -m mark --mark 0x0/0x20000 -j DROP
-A cali-fw-caliclient -m comment --comment "Drop if no profiles matched" -j DROP
-A cali-tw-calistranger -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-tw-calistranger -m conntrack --ctstate INVALID -j DROP
-A cali-tw-calistranger -j MARK --set-xmark 0x0/0x10000
-A cali-tw-calistranger -j cali-pri-kns.default
-A cali-tw-calistranger -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-tw-calistranger -j DROP
-A cali-fw-calistranger -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-fw-calistranger -m conntrack --ctstate INVALID -j DROP
-A cali-fw-calistranger -j MARK --set-xmark 0x0/0x10000
-A cali-fw-calistranger -j cali-pro-kns.default
-A cali-fw-calistranger -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-fw-calistranger -j DROP
-A cali-pi-web-from-clients -p tcp -m set --match-set cali40s:clients src -m multiport --dports 80,8080:8090 -j MARK --set-xmark 0x10000/0x10000
-A cali-pi-web-from-clients -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-pi-web-from-clients -p icmp -m set --match-set cali40s:clients src -m icmp --icmp-type 8 -j MARK --set-xmark 0x10000/0x10000
-A cali-pi-web-from-clients -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-po-no-world -m set --match-set cali40all-ipam-pools dst -j MARK --set-xmark 0x10000/0x10000
-A cali-po-no-world -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-pri-kns.default -j MARK --set-xmark 0x10000/0x10000
-A cali-pri-kns.default -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-pro-kns.default -j MARK --set-xmark 0x10000/0x10000
-A cali-pro-kns.default -m mark --mark 0x10000/0x10000 -j RETURN
COMMIT
"#;

const PODS: [(&str, &str); 3] =
    [("web", "10.65.0.2"), ("client", "10.65.0.3"), ("stranger", "10.65.0.4")];

#[test]
fn of_calico_by_nft() {
    on_private_host("policy::of_calico_by_nft", Iptables::Nft, || calico("Calico, nft"));
}

#[test]
fn of_calico_by_legacy() {
    on_private_host("policy::of_calico_by_legacy", Iptables::Legacy, || calico("Calico, legacy"));
}

#[test]
fn of_flannel() {
    on_private_host("policy::of_flannel", Iptables::Nft, flannel);
}

/// Pods have a /32 and a gateway that nobody has; the host answers for it (`proxy_arp`).
fn calico(network: &str) {
    let mut stage = Stage::new();
    for (name, address) in PODS {
        run(&format!(
            "ip netns add {name}
             ip link add cali{name} type veth peer name eth0 netns {name}
             ip link set cali{name} address ee:ee:ee:ee:ee:ee up
             ip -n {name} address add {address}/32 dev eth0
             ip -n {name} link set eth0 up; ip -n {name} link set lo up
             ip -n {name} route add 169.254.1.1 dev eth0 scope link
             ip -n {name} route add default via 169.254.1.1 dev eth0
             ip route add {address} dev cali{name} scope link
             cd /proc/sys/net/ipv4
             echo 1 >conf/cali{name}/proxy_arp; echo 0 >neigh/cali{name}/proxy_delay
             echo 1 >conf/cali{name}/rp_filter"
        ));
        stage.add(&format!("netns:{name}"), format!("/run/netns/{name}"));
    }
    run("ipset create cali40all-ipam-pools hash:net; ipset add cali40all-ipam-pools 10.65.0.0/16
         ipset create cali40masq-ipam-pools hash:net; ipset add cali40masq-ipam-pools 10.65.0.0/16
         ipset create cali40s:clients hash:net; ipset add cali40s:clients 10.65.0.3");
    std::fs::write("/run/rules", CALICO).unwrap();
    run("iptables-restore --noflush </run/rules");
    stage.compare(network, &[], &[]);
}

/// The pods of this node are on a bridge; others' are behind the neighbour.
fn flannel() {
    let mut stage = Stage::new();
    run("ip link add cni0 type bridge; ip link set cni0 up
         ip address add 10.244.0.1/24 dev cni0; ip address add fd00:244::1/64 dev cni0 nodad");
    let gateways = ["10.244.0.1", "fd00:244::1"];
    stage.plug("one", "cni0", gateways, ["10.244.0.2", "fd00:244::2"]);
    stage.plug("two", "cni0", gateways, ["10.244.0.3", "fd00:244::3"]);
    run("ip netns add other; ip link add other type veth peer name eth0 netns other
         ip link set other up; ip address add 10.244.9.1/24 dev other
         ip -n other address add 10.244.9.2/24 dev eth0; ip -n other link set eth0 up; ip -n other link set lo up
         ip -n other route add default via 10.244.9.1");
    stage.add("netns:other", "/run/netns/other");
    let rules = r#"*nat
:FLANNEL-POSTRTG - [0:0]
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.0.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
COMMIT
*filter
:FORWARD DROP [0:0]
:FLANNEL-FWD - [0:0]
-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
-A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
COMMIT
"#;
    std::fs::write("/run/rules", rules).unwrap();
    run("iptables-restore --noflush </run/rules");
    stage.compare("flannel", &[], &[]);
}
