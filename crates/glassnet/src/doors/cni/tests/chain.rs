//! ADD behind other plugins of a chain.

use super::add::{bridge_mac, host_link};
use super::*;

fn earlier() -> Value {
    json!({
        "cniVersion": "0.4.0",
        "interfaces": [
            { "name": "lo", "mac": "00:00:00:00:00:00", "sandbox": "/run/netns/blue", "odd": 1 },
            { "name": "eth0", "mac": "02:00:5e:00:53:01" },
        ],
        "ips": [{ "version": "4", "address": "127.0.0.1/8", "interface": 0 }],
        "dns": { "nameservers": ["10.0.0.10"] },
        "theirs": { "deep": [1, 2] },
    })
}

#[test]
fn ours_goes_behind_theirs_and_theirs_stays() {
    let more = json!({ "prevResult": earlier(), "dns": { "nameservers": ["10.88.0.1"] } });
    let came = call("ADD", &configuration("0.4.0", more), &leases);
    assert_eq!(
        came.said.unwrap().unwrap(),
        json!({
            "cniVersion": "0.4.0",
            "interfaces": [
                { "name": "lo", "mac": "00:00:00:00:00:00", "sandbox": "/run/netns/blue", "odd": 1 },
                { "name": "eth0", "mac": "02:00:5e:00:53:01" },
                { "name": "gn-default", "mac": bridge_mac() },
                { "name": host_link() },
                { "name": "eth0", "mac": "02:67:0a:58:00:05", "sandbox": "/run/netns/blue" },
            ],
            "ips": [
                { "version": "4", "address": "127.0.0.1/8", "interface": 0 },
                {
                    "version": "4",
                    "address": "10.88.0.5/16",
                    "gateway": "10.88.0.1",
                    "interface": 4,
                },
                {
                    "version": "6",
                    "address": "fd00:88::5/64",
                    "gateway": "fd00:88::1",
                    "interface": 4,
                },
            ],
            "routes": [
                { "dst": "0.0.0.0/0", "gw": "10.88.0.1" },
                { "dst": "::/0", "gw": "fd00:88::1" },
            ],
            "dns": { "nameservers": ["10.0.0.10"] },
            "theirs": { "deep": [1, 2] },
        })
    );
}

#[test]
fn their_addresses_take_the_shape_of_the_version() {
    let came = call("ADD", &configuration("1.0.0", json!({ "prevResult": earlier() })), &leases);
    let result = came.said.unwrap().unwrap();
    assert_eq!(result["cniVersion"], "1.0.0");
    assert_eq!(result["ips"][0], json!({ "address": "127.0.0.1/8", "interface": 0 }));
}

#[test]
fn a_default_route_of_theirs_is_kept_unless_ours_is_wished() {
    let asked = |more: Value| {
        let mut previous = earlier();
        previous["routes"] = json!([{ "dst": "::/0" }]);
        let mut configuration = configuration("1.1.0", more);
        configuration["prevResult"] = previous;
        let came = call("ADD", &configuration, &leases);
        let Request::Attach(request) = &came.asked[0] else { panic!() };
        (request.default_route, came.said.unwrap().unwrap()["routes"].as_array().unwrap().len())
    };
    assert_eq!(asked(json!({})), (false, 1));
    assert_eq!(asked(json!({ "defaultRoute": true })), (true, 3));
}

#[test]
fn an_interface_that_is_there_is_not_made_again() {
    let mut previous = earlier();
    previous["interfaces"][1]["sandbox"] = json!("/run/netns/blue");
    let came = call("ADD", &configuration("1.1.0", json!({ "prevResult": previous })), &never);
    assert_eq!(
        came.said.unwrap_err(),
        json!({
            "cniVersion": "1.1.0",
            "code": 7,
            "msg": "invalid network configuration",
            "details": "prevResult.interfaces[1] is \
                {\"mac\":\"02:00:5e:00:53:01\",\"name\":\"eth0\",\"sandbox\":\"/run/netns/blue\"}: \
                a plugin earlier in the chain made eth0 in /run/netns/blue already; glassnet makes \
                that interface itself, so take the other plugin out of the chain",
        })
    );
}

#[test]
fn a_result_that_is_none_is_refused_before_anything_is_done() {
    for (previous, details) in [
        (json!([]), "prevResult is []: expected an object"),
        (json!({ "interfaces": {} }), "prevResult.interfaces is {}: expected a list"),
        (json!({ "interfaces": ["x"] }), "prevResult.interfaces[0] is \"x\": expected an object"),
        (json!({ "interfaces": [{}] }), "prevResult.interfaces[0] is {}: it has no name"),
        (
            json!({ "ips": [{ "address": "10.0.0.300/8" }] }),
            "prevResult.ips[0].address is \"10.0.0.300/8\": \"10.0.0.300/8\" is not an address; \
             write it as 10.88.0.9, 10.88.0.9/16 or fd00:88::9",
        ),
        (
            json!({ "routes": [{ "dst": "default" }] }),
            "prevResult.routes[0].dst is \"default\": invalid IP address syntax",
        ),
    ] {
        let came = call("ADD", &configuration("1.1.0", json!({ "prevResult": previous })), &never);
        let error = came.said.unwrap_err();
        assert_eq!((&error["code"], error["details"].as_str().unwrap()), (&json!(7), details));
    }
}
