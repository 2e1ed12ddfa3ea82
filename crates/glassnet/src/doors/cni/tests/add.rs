//! ADD, with whole questions and whole results.

use super::*;

#[test]
fn the_least_configuration_asks_for_the_default_network() {
    let came = call("ADD", &configuration("1.1.0", json!({})), &leases);
    assert_eq!(
        serde_json::to_value(&came.asked).unwrap(),
        json!([{
            "verb": "attach",
            "id": { "container": "pod1", "interface": "eth0" },
            "network": "default",
            "runtime": "pods",
            "netns": "/run/netns/blue",
            "addresses": [],
            "mac": null,
            "publish": [],
            "bandwidth": { "ingress": null, "egress": null },
            "default_route": true,
        }])
    );
    assert_eq!(
        came.said.unwrap().unwrap(),
        json!({
            "cniVersion": "1.1.0",
            "interfaces": [
                { "name": "gn-default", "mac": bridge_mac(), "mtu": 1450 },
                { "name": host_link(), "mtu": 1450 },
                {
                    "name": "eth0",
                    "mac": "02:67:0a:58:00:05",
                    "mtu": 1450,
                    "sandbox": "/run/netns/blue",
                },
            ],
            "ips": [
                { "address": "10.88.0.5/16", "gateway": "10.88.0.1", "interface": 2 },
                { "address": "fd00:88::5/64", "gateway": "fd00:88::1", "interface": 2 },
            ],
            "routes": [
                { "dst": "0.0.0.0/0", "gw": "10.88.0.1" },
                { "dst": "::/0", "gw": "fd00:88::1" },
            ],
            "dns": {},
        })
    );
}

#[test]
fn before_1_1_0_a_result_has_no_mtu() {
    let came = call("ADD", &configuration("1.0.0", json!({})), &leases);
    assert_eq!(
        came.said.unwrap().unwrap(),
        json!({
            "cniVersion": "1.0.0",
            "interfaces": [
                { "name": "gn-default", "mac": bridge_mac() },
                { "name": host_link() },
                { "name": "eth0", "mac": "02:67:0a:58:00:05", "sandbox": "/run/netns/blue" },
            ],
            "ips": [
                { "address": "10.88.0.5/16", "gateway": "10.88.0.1", "interface": 2 },
                { "address": "fd00:88::5/64", "gateway": "fd00:88::1", "interface": 2 },
            ],
            "routes": [
                { "dst": "0.0.0.0/0", "gw": "10.88.0.1" },
                { "dst": "::/0", "gw": "fd00:88::1" },
            ],
            "dns": {},
        })
    );
}

#[test]
fn before_1_0_0_each_address_names_its_family() {
    for version in ["0.3.1", "0.4.0"] {
        let more = json!({
            "defaultRoute": false,
            "dns": { "nameservers": ["10.88.0.1"], "domain": "lab", "search": ["lab"], "else": 1 },
        });
        let came = call("ADD", &configuration(version, more), &leases);
        assert_eq!(
            came.said.unwrap().unwrap(),
            json!({
                "cniVersion": version,
                "interfaces": [
                    { "name": "gn-default", "mac": bridge_mac() },
                    { "name": host_link() },
                    { "name": "eth0", "mac": "02:67:0a:58:00:05", "sandbox": "/run/netns/blue" },
                ],
                "ips": [
                    {
                        "version": "4",
                        "address": "10.88.0.5/16",
                        "gateway": "10.88.0.1",
                        "interface": 2,
                    },
                    {
                        "version": "6",
                        "address": "fd00:88::5/64",
                        "gateway": "fd00:88::1",
                        "interface": 2,
                    },
                ],
                "routes": [],
                "dns": { "nameservers": ["10.88.0.1"], "domain": "lab", "search": ["lab"] },
            })
        );
    }
}

pub(super) fn bridge_mac() -> String {
    Network::new("default".parse().unwrap(), Vec::new()).bridge_mac().to_string()
}

pub(super) fn host_link() -> String {
    id("pod1").host_link().to_string()
}
