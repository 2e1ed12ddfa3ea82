//! The CNI project's own plugins: bridge with `ipMasq`, portmap and firewall with `ingressPolicy`, called
//! by its own client, `cnitool` (`scripts/setup test` builds them).

use crate::ask::Kind;
use crate::compare::{Offer, TWO_GATEWAYS};
use crate::private_host::{Iptables, on_private_host, run};
use crate::stage::{HOST, Stage};
use serde_json::json;

#[test]
fn by_iptables_legacy() {
    let work = || plugins("CNI plugins, iptables-legacy", "iptables");
    on_private_host("plugins::by_iptables_legacy", Iptables::Legacy, work);
}

/// The firewall plugin knows iptables only, so that of nftables is under its rules.
#[test]
fn by_nftables() {
    let work = || plugins("CNI plugins, nftables", "nftables");
    on_private_host("plugins::by_nftables", Iptables::Nft, work);
}

/// Two networks that are kept apart, with a container in each and one in both.
fn plugins(network: &str, backend: &str) {
    let mut stage = Stage::new();
    for (number, name) in [(1, "alpha"), (2, "beta")] {
        configure(number, name, backend);
    }
    for name in ["one", "two", "both"] {
        run(&format!("ip netns add {name}; ip -n {name} link set lo up"));
    }
    let map = |host, container, protocol| json!({ "hostPort": host, "containerPort": container, "protocol": protocol });
    let mut near = map(9080, 80, "tcp");
    near["hostIP"] = json!(HOST[0]);
    attach(
        "one",
        "alpha",
        "eth0",
        &json!([map(8080, 80, "tcp"), map(8081, 81, "tcp"), map(8053, 80, "udp")]),
    );
    attach("two", "beta", "eth0", &json!([near]));
    attach("both", "alpha", "eth0", &json!([]));
    attach("both", "beta", "eth1", &json!([map(7080, 80, "tcp")]));
    for name in ["one", "two", "both"] {
        stage.add(&format!("netns:{name}"), format!("/run/netns/{name}"));
    }
    stage.compare(network, &offers(&["10.77.1.1", "10.77.2.1"]), &[TWO_GATEWAYS]);
}

/// The published ports, at every address where they might be.
fn offers(gateways: &[&str]) -> Vec<Offer> {
    let mut offers = Vec::new();
    for to in HOST.iter().chain(["127.0.0.1"].iter()).chain(gateways) {
        for port in [8080, 8081, 9080, 7080] {
            offers.push(Offer::new(to, Kind::Tcp(port)));
        }
        offers.push(Offer::new(to, Kind::Udp(8053)));
    }
    offers
}

fn configure(number: u8, name: &str, backend: &str) {
    let list = json!({
        "cniVersion": "1.0.0",
        "name": name,
        "plugins": [
            {
                "type": "bridge", "bridge": format!("{name}0"), "isGateway": true, "hairpinMode": true,
                "ipMasq": true, "ipMasqBackend": backend,
                "ipam": {
                    "type": "host-local",
                    "ranges": [
                        [{ "subnet": format!("10.77.{number}.0/24") }],
                        [{ "subnet": format!("fd77:{number}::/64") }],
                    ],
                    "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
                },
            },
            { "type": "portmap", "backend": backend, "capabilities": { "portMappings": true } },
            { "type": "firewall", "backend": "iptables", "ingressPolicy": "same-bridge" },
        ],
    });
    std::fs::create_dir_all("/run/cnitool").unwrap();
    std::fs::write(format!("/run/cnitool/{name}.conflist"), list.to_string()).unwrap();
}

fn attach(container: &str, network: &str, link: &str, ports: &serde_json::Value) {
    run(&format!(
        "export CNI_PATH=/opt/cni/bin NETCONFPATH=/run/cnitool CNI_IFNAME={link}
         export CAP_ARGS='{}'
         cnitool add {network} /run/netns/{container}",
        json!({ "portMappings": ports })
    ));
}
