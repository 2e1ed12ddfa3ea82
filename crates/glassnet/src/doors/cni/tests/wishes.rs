//! Capabilities, `args`, `CNI_ARGS` and our own keys, as they reach the daemon.

use super::*;
use crate::protocol::AttachRequest;

fn wished(arguments: &str, more: Value) -> Result<AttachRequest, String> {
    let variables = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "pod1"),
        ("CNI_NETNS", NETNS),
        ("CNI_IFNAME", "eth0"),
        ("CNI_ARGS", arguments),
    ];
    let input = configuration("1.1.0", more).to_string();
    let came = call_with(&variables, input.as_bytes(), &leases);
    match came.said {
        Err(error) => {
            assert!(came.asked.is_empty());
            Err(format!("{} {}", error["code"], error["details"].as_str().unwrap()))
        }
        Ok(_) => match &came.asked[..] {
            [Request::Attach(request)] => Ok(request.clone()),
            other => panic!("{other:?}"),
        },
    }
}

fn published(mappings: Value) -> Result<String, String> {
    let wished = wished("", json!({ "runtimeConfig": { "portMappings": mappings } }))?;
    let ports: Vec<String> = wished.publish.iter().map(ToString::to_string).collect();
    Ok(ports.join(" "))
}

#[test]
fn ports() {
    let all = json!([
        { "hostPort": 8080, "containerPort": 80, "protocol": "tcp" },
        { "hostPort": 53, "containerPort": 53, "protocol": "UDP", "hostIP": "10.0.0.1" },
        { "hostPort": 53, "containerPort": 53, "protocol": "", "hostIP": "" },
        { "hostPort": 0, "containerPort": 99, "protocol": "sctp" },
        { "hostPort": 8080, "containerPort": 80, "protocol": "tcp" },
        { "HostPort": 443, "ContainerPort": 8443, "Protocol": "TCP", "HostIP": "::1" },
        { "hostPort": 444, "containerPort": 8443, "hostIP": "::ffff:10.0.0.1" },
    ]);
    let expected =
        "8080:80/tcp 10.0.0.1:53:53/udp 53:53/tcp [::1]:443:8443/tcp 10.0.0.1:444:8443/tcp";
    assert_eq!(published(all).unwrap(), expected);
    assert_eq!(published(Value::Null).unwrap(), "");
}

#[test]
fn ports_that_cannot_be() {
    let at = "runtimeConfig.portMappings";
    for (mappings, error) in [
        (json!({}), format!("7 {at} is {{}}: expected a list")),
        (json!([80]), format!("7 {at}[0] is 80: expected an object")),
        (
            json!([{ "hostPort": "80", "containerPort": 80 }]),
            format!("7 {at}[0].hostPort is \"80\": expected a whole number from 0 to 65535"),
        ),
        (
            json!([{ "hostPort": 65536, "containerPort": 80 }]),
            format!("7 {at}[0].hostPort is 65536: expected a whole number from 0 to 65535"),
        ),
        (
            json!([{ "hostPort": -1, "containerPort": 80 }]),
            format!("7 {at}[0].hostPort is -1: expected a whole number from 0 to 65535"),
        ),
        (
            json!([{ "hostPort": 80 }]),
            format!("7 {at}[0] is {{\"hostPort\":80}}: it has no containerPort from 1 to 65535"),
        ),
        (
            json!([{ "hostPort": 80, "containerPort": 80, "protocol": "sctp" }]),
            format!("2 {at}[0].protocol is \"sctp\": ports are published for tcp and udp"),
        ),
        (
            json!([{ "hostPort": 80, "containerPort": 80, "hostIP": "localhost" }]),
            format!("7 {at}[0].hostIP is \"localhost\": invalid IP address syntax"),
        ),
        (
            json!([{ "hostPort": 80, "HostPort": 81, "containerPort": 80 }]),
            format!(
                "7 {at}[0] is {{\"HostPort\":81,\"containerPort\":80,\"hostPort\":80}}: \
                 it has hostPort twice, in different cases"
            ),
        ),
        (
            json!([
                { "hostPort": 80, "containerPort": 80 },
                { "hostPort": 80, "containerPort": 81, "hostIP": "10.0.0.1" },
            ]),
            format!(
                "7 {at}[1] is {{\"containerPort\":81,\"hostIP\":\"10.0.0.1\",\"hostPort\":80}}: \
                 10.0.0.1:80:81/tcp wants the same port of the host as 80:80/tcp"
            ),
        ),
    ] {
        assert_eq!(published(mappings).unwrap_err(), error);
    }
    let many: Vec<_> =
        (1..=1001).map(|port| json!({ "hostPort": port, "containerPort": port })).collect();
    let error = published(json!(many)).unwrap_err();
    assert!(error.ends_with("a container can publish at most 1000 ports"), "{error}");
}

#[test]
fn the_first_to_wish_for_addresses_and_a_mac_is_heard() {
    let all = json!({
        "runtimeConfig": { "ips": ["10.88.0.1/16", "fd00:88::1"], "mac": "02:00:00:00:00:01" },
        "args": { "cni": { "ips": ["10.88.0.2"], "mac": "02:00:00:00:00:02", "labels": [] } },
        "ips": ["10.88.0.4"],
        "mac": "02:00:00:00:00:04",
    });
    let arguments = "IgnoreUnknown=1;K8S_POD_NAME=web;IP=10.88.0.3/16;MAC=02:00:00:00:00:03";
    let heard = |arguments: &str, without: &[&str]| {
        let mut more = all.clone();
        without.iter().for_each(|key| more[*key] = Value::Null);
        let wished = wished(arguments, more).unwrap();
        let addresses: Vec<String> = wished.addresses.iter().map(ToString::to_string).collect();
        format!("{} {}", addresses.join(" "), wished.mac.unwrap_or(model::net::Mac([0; 6])))
    };
    assert_eq!(heard(arguments, &[]), "10.88.0.1 fd00:88::1 02:00:00:00:00:01");
    assert_eq!(heard(arguments, &["runtimeConfig"]), "10.88.0.2 02:00:00:00:00:02");
    assert_eq!(heard(arguments, &["runtimeConfig", "args"]), "10.88.0.3 02:00:00:00:00:03");
    assert_eq!(heard("", &["runtimeConfig", "args"]), "10.88.0.4 02:00:00:00:00:04");
    assert_eq!(heard("IP=;MAC=", &["runtimeConfig", "args", "ips", "mac"]), " 00:00:00:00:00:00");
}

#[test]
fn addresses_and_macs_that_cannot_be() {
    for (arguments, more, error) in [
        (
            "",
            json!({ "ips": ["10.88.0.2", "10.88.0.3"] }),
            "7 ips[1] is \"10.88.0.3\": it is the second IPv4 address; \
             an attachment has at most one of each family",
        ),
        (
            "",
            json!({ "runtimeConfig": { "ips": ["10.88.0.2/33"] } }),
            "7 runtimeConfig.ips[0] is \"10.88.0.2/33\": \"10.88.0.2/33\" \
             has a prefix length other than 0 to 32",
        ),
        (
            "",
            json!({ "args": { "cni": { "mac": "02:00" } } }),
            "7 args.cni.mac is \"02:00\": \"02:00\" is not a MAC address; \
             write six pairs of hex digits, such as 02:00:5e:00:53:01",
        ),
        ("", json!({ "args": [] }), "7 args is []: expected an object"),
        (
            "POD=a;B=c",
            json!({}),
            "4 CNI_ARGS is not usable: it has keys that are not known here: POD, B; there is IP, \
             MAC and IgnoreUnknown, and IgnoreUnknown=1 lets others pass",
        ),
        (
            "IgnoreUnknown=perhaps",
            json!({}),
            "4 CNI_ARGS is not usable: in IgnoreUnknown: \"perhaps\" is neither true nor false",
        ),
        (
            "IP=ten",
            json!({}),
            "4 CNI_ARGS is not usable: in IP: \"ten\" is not an address; \
             write it as 10.88.0.9, 10.88.0.9/16 or fd00:88::9",
        ),
        ("IP", json!({}), "4 CNI_ARGS is not usable: \"IP\" is not KEY=VALUE"),
    ] {
        assert_eq!(wished(arguments, more).unwrap_err(), error);
    }
}

#[test]
fn bandwidth() {
    let of = |more: Value| {
        wished("", more).map(|wished| serde_json::to_value(wished.bandwidth).unwrap())
    };
    let engine = json!({ "ingressRate": 8000, "ingressBurst": 1600, "egressRate": 0 });
    let capitals = json!({ "EgressRate": 9000, "EgressBurst": 1700, "IngressRate": 0 });
    let both = json!({ "runtimeConfig": { "bandwidth": engine }, "bandwidth": capitals });
    assert_eq!(
        of(both).unwrap(),
        json!({ "ingress": { "bits_per_second": 8000, "burst_bits": 1600 }, "egress": null })
    );
    assert_eq!(
        of(json!({ "bandwidth": capitals })).unwrap(),
        json!({ "ingress": null, "egress": { "bits_per_second": 9000, "burst_bits": 1700 } })
    );
    for (bandwidth, error) in [
        (
            json!({ "ingressRate": 8000 }),
            "7 bandwidth is {\"ingressRate\":8000}: ingressRate is set without ingressBurst, \
             the bits that may pass at once; a 50th of the rate is usual",
        ),
        (
            json!({ "egressBurst": 8000 }),
            "7 bandwidth is {\"egressBurst\":8000}: egressBurst is set without egressRate",
        ),
        (
            json!({ "egressRate": 1.5 }),
            "7 bandwidth.egressRate is 1.5: \
             expected a whole number from 0 to 18446744073709551615",
        ),
        (
            json!({ "rate": 1 }),
            "2 bandwidth.rate is 1: a bandwidth has no such key; \
             it has ingressRate, ingressBurst, egressRate, egressBurst",
        ),
    ] {
        assert_eq!(of(json!({ "bandwidth": bandwidth })).unwrap_err(), error);
    }
}

#[test]
fn keys_of_ours() {
    let wished = wished("", json!({ "network": "blue", "defaultRoute": false })).unwrap();
    assert_eq!((wished.network.as_str(), wished.default_route), ("blue", false));
}
