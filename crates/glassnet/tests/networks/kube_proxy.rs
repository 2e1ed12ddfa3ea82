//! Services of Kubernetes, by the rules that kube-proxy writes for iptables (`pkg/proxy/iptables/proxier.go`,
//! `syncProxyRules`), with pods on a bridge of this node and one on another.

use crate::ask::Kind;
use crate::compare::Offer;
use crate::private_host::{Iptables, on_private_host, run};
use crate::stage::{HOST, OUTSIDE, Stage};

/// Chance is among these: what is to be said of a choice at random, and of one by what is remembered.
const RANDOM: &str = "statistic";
const REMEMBERED: &str = "recent";

#[test]
fn by_iptables_nft() {
    on_private_host("kube_proxy::by_iptables_nft", Iptables::Nft, || {
        services("kube-proxy, nft", &FAMILIES);
    });
}

#[test]
fn by_iptables_legacy() {
    let work = || services("kube-proxy, legacy", &FAMILIES[..1]);
    on_private_host("kube_proxy::by_iptables_legacy", Iptables::Legacy, work);
}

/// What differs between the families.
struct Family {
    command: &'static str,
    /// Of all pods, and the one of another node, which is the neighbour.
    pods: &'static str,
    remote: &'static str,
    local: [&'static str; 3],
    /// What service addresses begin with, and one outside of these that is led to a service.
    services: &'static str,
    balancer: &'static str,
    loopback: &'static str,
    refuse: &'static str,
    node: &'static str,
    neighbour: &'static str,
}

const FAMILIES: [Family; 2] = [
    Family {
        command: "iptables-restore",
        pods: "10.244.0.0/16",
        remote: "10.244.2.2",
        local: ["10.244.1.2", "10.244.1.3", "10.244.1.4"],
        services: "10.96.0.",
        balancer: "203.0.113.10",
        loopback: "127.0.0.0/8",
        refuse: "icmp-port-unreachable",
        node: HOST[0],
        neighbour: OUTSIDE[0],
    },
    Family {
        command: "ip6tables-restore",
        pods: "fd00:10:244::/48",
        remote: "fd00:10:244:2::2",
        local: ["fd00:10:244:1::2", "fd00:10:244:1::3", "fd00:10:244:1::4"],
        services: "fd00:10:96::",
        balancer: "2001:db8:113::10",
        loopback: "::1/128",
        refuse: "icmp6-port-unreachable",
        node: HOST[1],
        neighbour: OUTSIDE[1],
    },
];

fn services(network: &str, families: &[Family]) {
    let mut stage = Stage::new();
    run("ip link add cni0 type bridge; ip link set cni0 up
         ip address add 10.244.1.1/24 dev cni0; ip address add fd00:10:244:1::1/64 dev cni0 nodad");
    let gateways = ["10.244.1.1", "fd00:10:244:1::1"];
    let [v4, v6] = &FAMILIES;
    for (name, own) in ["one", "two", "three"].iter().zip(v4.local.into_iter().zip(v6.local)) {
        stage.plug(name, "cni0", gateways, own.into());
    }
    let mut offers = Vec::new();
    for family in families {
        let Family { command, remote, neighbour, .. } = family;
        run(&format!(
            "ip -n outside address add {remote} dev lo; ip route add {remote} via {neighbour}"
        ));
        std::fs::write("/run/rules", family.rules()).unwrap();
        run(&format!("{command} --noflush </run/rules"));
        offers.extend(family.offers());
    }
    stage.compare(network, &offers, &[]);
}

/// A service: what it is called, its address's end, its port's protocol, its endpoints, and, if it has a
/// port of each node, that.
struct Service {
    name: &'static str,
    address: u8,
    protocol: &'static str,
    endpoints: Vec<String>,
    node_port: Option<u16>,
    affinity: bool,
    /// `externalTrafficPolicy: Local`, with no endpoint on this node.
    local: bool,
}

impl Family {
    fn services(&self) -> [Service; 8] {
        let [one, two, three] = self.local;
        let at = |address: &str, port: u16| match address.contains(':') {
            true => format!("[{address}]:{port}"),
            false => format!("{address}:{port}"),
        };
        let service = |name, address, endpoints| Service {
            name,
            address,
            protocol: "tcp",
            endpoints,
            node_port: None,
            affinity: false,
            local: false,
        };
        let node = |port, service| Service { node_port: Some(port), ..service };
        let all = [one, two, three].map(|pod| at(pod, 80)).to_vec();
        let both = all[1..].to_vec();
        let sticky = |service| Service { affinity: true, ..service };
        [
            node(30080, service("WEB", 10, vec![at(one, 80)])),
            node(30020, service("MANY", 20, all)),
            node(30030, service("SHUT", 30, vec![at(two, 81)])),
            node(30040, service("NONE", 40, vec![])),
            Service { local: true, ..node(30050, service("AWAY", 50, vec![at(self.remote, 80)])) },
            Service { protocol: "udp", ..node(30053, service("NAMES", 53, vec![at(two, 80)])) },
            sticky(service("STICKY", 60, vec![at(three, 80)])),
            sticky(service("LOOSE", 61, both)),
        ]
    }

    /// What can be asked of them.
    fn offers(&self) -> Vec<Offer> {
        let mut offers = Vec::new();
        for service in self.services() {
            let kind = |port| match service.protocol {
                "udp" => Kind::Udp(port),
                _ => Kind::Tcp(port),
            };
            // What is remembered is not read, so even one endpoint is told with that reason.
            let why = match (service.affinity, service.endpoints.len()) {
                (true, _) => Some(REMEMBERED),
                (false, 0 | 1) => None,
                (false, _) => Some(RANDOM),
            };
            let offer = |to: &str, port| Offer { uncertain: why, ..Offer::new(to, kind(port)) };
            let address = format!("{}{}", self.services, service.address);
            offers.push(offer(&address, 80));
            offers.extend(service.node_port.map(|port| offer(self.node, port)));
        }
        // A port that the service does not have, and the address of a balancer.
        offers.push(Offer::new(&format!("{}10", self.services), Kind::Tcp(81)));
        offers.push(Offer::new(self.balancer, Kind::Tcp(80)));
        offers
    }

    /// All of it, in the order of `iptables-save`.
    fn rules(&self) -> String {
        let Self { pods, loopback, balancer, refuse, .. } = self;
        let bits = if loopback.contains(':') { 128 } else { 32 };
        let mut chains = String::new();
        let (mut nat, mut external, mut refusals) = (String::new(), String::new(), String::new());
        let mut node_ports = String::new();
        for service in self.services() {
            let Service { name, protocol, .. } = service;
            let port = format!("-m {protocol} --dport 80");
            let to = format!("-d {}{}/{bits} -p {protocol}", self.services, service.address);
            let (svc, ext) = (format!("KUBE-SVC-{name}"), format!("KUBE-EXT-{name}"));
            if service.endpoints.is_empty() {
                let why = format!("-m comment --comment \"default/{name} has no endpoints\"");
                let with = format!("-j REJECT --reject-with {refuse}");
                refusals += &format!("-A KUBE-SERVICES {to} {why} {port} {with}\n");
                if let Some(node_port) = service.node_port {
                    external += &format!(
                        "-A KUBE-EXTERNAL-SERVICES -p {protocol} {why} -m addrtype --dst-type LOCAL -m {protocol} --dport {node_port} {with}\n"
                    );
                }
                continue;
            }
            chains += &format!(":{svc} - [0:0]\n");
            nat += &format!(
                "-A KUBE-SERVICES {to} -m comment --comment \"default/{name} cluster IP\" {port} -j {svc}\n"
            );
            if name == "WEB" {
                nat += &format!(
                    "-A KUBE-SERVICES -d {balancer}/{bits} -p {protocol} -m comment --comment \"default/{name} loadbalancer IP\" {port} -j {ext}\n"
                );
            }
            nat += &format!(
                "-A {svc} ! -s {pods} {to} -m comment --comment \"default/{name} cluster IP\" {port} -j KUBE-MARK-MASQ\n"
            );
            if let Some(node_port) = service.node_port {
                chains += &format!(":{ext} - [0:0]\n");
                node_ports += &format!(
                    "-A KUBE-NODEPORTS -p {protocol} -m comment --comment \"default/{name}\" -m {protocol} --dport {node_port} -j {ext}\n"
                );
                if service.local {
                    nat += &format!(
                        "-A {ext} -s {pods} -m comment --comment \"pod traffic for default/{name} external destinations\" -j {svc}\n"
                    );
                    nat += &format!(
                        "-A {ext} -m comment --comment \"masquerade LOCAL traffic for default/{name} external destinations\" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ\n"
                    );
                    nat += &format!(
                        "-A {ext} -m comment --comment \"route LOCAL traffic for default/{name} external destinations\" -m addrtype --src-type LOCAL -j {svc}\n"
                    );
                    external += &format!(
                        "-A KUBE-EXTERNAL-SERVICES -p {protocol} -m comment --comment \"default/{name} has no local endpoints\" -m addrtype --dst-type LOCAL -m {protocol} --dport {node_port} -j DROP\n"
                    );
                } else {
                    nat += &format!(
                        "-A {ext} -m comment --comment \"masquerade traffic for default/{name} external destinations\" -j KUBE-MARK-MASQ\n-A {ext} -j {svc}\n"
                    );
                }
            }
            let count = service.endpoints.len();
            for (which, endpoint) in service.endpoints.iter().enumerate() {
                let sep = format!("KUBE-SEP-{name}{which}");
                let note = format!("-m comment --comment \"default/{name} -> {endpoint}\"");
                let pod = endpoint.rsplit_once(':').unwrap().0.trim_matches(['[', ']']);
                chains += &format!(":{sep} - [0:0]\n");
                if service.affinity {
                    nat += &format!(
                        "-A {svc} {note} -m recent --rcheck --seconds 10800 --reap --name {sep} -j {sep}\n"
                    );
                }
                let remember = match service.affinity {
                    true => format!(" -m recent --set --name {sep}"),
                    false => String::new(),
                };
                nat += &format!(
                    "-A {sep} -s {pod}/{bits} -m comment --comment \"default/{name}\" -j KUBE-MARK-MASQ\n"
                );
                nat += &format!(
                    "-A {sep} -p {protocol} -m comment --comment \"default/{name}\"{remember} -m {protocol} -j DNAT --to-destination {endpoint}\n"
                );
            }
            for which in 0..count {
                let chance = match count - which {
                    1 => String::new(),
                    left => format!(
                        "-m statistic --mode random --probability {:.11} ",
                        1.0 / left as f64
                    ),
                };
                let note = format!(
                    "-m comment --comment \"default/{name} -> {}\"",
                    service.endpoints[which]
                );
                nat += &format!("-A {svc} {note} {chance}-j KUBE-SEP-{name}{which}\n");
            }
        }
        format!(
            "*mangle
:KUBE-IPTABLES-HINT - [0:0]
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*filter
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment \"kubernetes health check service ports\" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES
-A OUTPUT -j KUBE-FIREWALL
{external}\
-A KUBE-FIREWALL ! -s {loopback} -d {loopback} -m comment --comment \"block incoming localnet connections\" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
{refusals}\
COMMIT
*nat
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-SERVICES - [0:0]
{chains}\
-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES
-A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully
{node_ports}{nat}\
-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
"
        )
    }
}
