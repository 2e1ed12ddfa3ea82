//! CHECK: every difference, and nothing else.

use super::add::host_link;
use super::*;
use model::cluster::{Publish, Rate};
use model::net::Transport;

fn previous() -> Value {
    json!({
        "cniVersion": "1.1.0",
        "interfaces": [
            { "name": "gn-default" },
            { "name": host_link() },
            { "name": "eth0", "mac": "02:67:0A:58:00:05", "sandbox": NETNS },
            { "name": "net1", "mac": "02:00:00:00:00:09", "sandbox": NETNS },
        ],
        "ips": [
            { "address": "10.88.0.5/16", "interface": 2 },
            { "address": "fd00:88::5/64", "interface": 2 },
            { "address": "192.0.2.9/24", "interface": 2 },
            { "address": "198.51.100.1/24", "interface": 3 },
        ],
    })
}

fn check(more: Value, held: Attachment, differences: &[&str]) -> Result<Option<Value>, Value> {
    let daemon = |request: &Request| {
        assert_eq!(*request, Request::Check { id: id("pod1") });
        Ok(Response::Checked {
            differences: differences.iter().map(ToString::to_string).collect(),
            attachment: Box::new(held.clone()),
        })
    };
    call("CHECK", &configuration("1.1.0", more), &daemon).said
}

#[test]
fn what_is_as_it_should_be_says_nothing() {
    assert_eq!(check(json!({ "prevResult": previous() }), attachment(), &[]), Ok(None));
}

#[test]
fn every_difference_is_named() {
    let mut previous = previous();
    previous["interfaces"][1]["name"] = json!("gnother");
    previous["interfaces"][2]["mac"] = json!("02:00:00:00:00:01");
    previous["interfaces"][2]["sandbox"] = json!("/run/netns/red");
    previous["ips"] = json!([{ "address": "10.88.0.6/16", "interface": 2 }]);
    let more = json!({
        "prevResult": previous,
        "network": "blue",
        "runtimeConfig": {
            "ips": ["10.88.0.7"],
            "mac": "02:00:00:00:00:02",
            "portMappings": [
                { "hostPort": 8080, "containerPort": 80 },
                { "hostPort": 8081, "containerPort": 80 },
            ],
            "bandwidth": {
                "ingressRate": 8000, "ingressBurst": 800, "egressRate": 8000, "egressBurst": 800,
            },
        },
    });
    let mut held = attachment();
    held.publish = vec![Publish {
        transport: Transport::Tcp,
        host_address: None,
        host_port: 8080,
        container_port: 80,
    }];
    held.bandwidth.egress = Some(Rate { bits_per_second: 9000, burst_bits: 900 });
    let error = check(more, held, &["pod1: it takes to set eth0 up"]).unwrap_err();
    let host_link = host_link();
    let expected = [
        &format!("prevResult does not list the host's link {host_link}"),
        "prevResult has eth0 in /run/netns/red, CNI_NETNS is /run/netns/blue",
        "prevResult has MAC 02:00:00:00:00:01 on eth0, the lease 02:67:0a:58:00:05",
        "prevResult has 10.88.0.6 as IPv4 address of eth0, the lease 10.88.0.5",
        "prevResult has none as IPv6 address of eth0, the lease fd00:88::5",
        "network blue is asked for, the attachment is to default",
        "address 10.88.0.7 is asked for and not leased",
        "MAC 02:00:00:00:00:02 is asked for, the lease has 02:67:0a:58:00:05",
        "port 8081:80/tcp is asked for and not published",
        "ingress of 8000 bit/s with a burst of 800 is asked for, no limit is set",
        "egress of 8000 bit/s with a burst of 800 is asked for, it is 9000 bit/s with a burst of 900",
        "pod1: it takes to set eth0 up",
    ];
    assert_eq!(
        error,
        json!({
            "cniVersion": "1.1.0",
            "code": 106,
            "msg": "the container's network is not what it should be",
            "details": expected.join("; "),
        })
    );
}

#[test]
fn an_interface_that_is_not_in_prev_result_is_a_difference() {
    let error = check(json!({ "prevResult": {} }), attachment(), &[]).unwrap_err();
    let host_link = host_link();
    let expected = format!(
        "prevResult does not list the host's link {host_link}; \
         prevResult does not list eth0 in the container"
    );
    assert_eq!(error["details"], expected);
}

#[test]
fn what_keeps_check_from_checking() {
    let configuration = |more| configuration("0.4.0", more);
    let came = call("CHECK", &configuration(json!({})), &never);
    assert_eq!(
        came.said.unwrap_err(),
        json!({
            "cniVersion": "0.4.0",
            "code": 7,
            "msg": "invalid network configuration",
            "details": "prevResult is missing; CHECK compares with what ADD answered",
        })
    );
    let with = configuration(json!({ "prevResult": previous() }));
    assert_eq!(call("CHECK", &with, &down).said.unwrap_err()["code"], 11);
    assert_eq!(call("CHECK", &with, &fails(Code::Differs)).said.unwrap_err()["code"], 106);
}
