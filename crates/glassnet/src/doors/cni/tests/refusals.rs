//! Codes and words of errors.

use super::*;

fn error(said: Result<Option<Value>, Value>) -> String {
    let Value::Object(mut error) = said.unwrap_err() else { panic!("an error is an object") };
    let mut take = |key: &str| match error.remove(key).unwrap() {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let line =
        format!("{} {} | {} | {}", take("cniVersion"), take("code"), take("msg"), take("details"));
    assert!(error.is_empty(), "{error:?}");
    line
}

#[test]
fn of_the_configuration() {
    let no_key = "unsupported field in the network configuration";
    for (input, expected) in [
        (
            json!({ "name": "pods" }),
            "1.1.0 1 | incompatible CNI version | \
             cniVersion is missing; glassnet speaks 0.3.1, 0.4.0, 1.0.0, 1.1.0".to_owned(),
        ),
        (
            json!({ "cniVersion": "0.2.0", "name": "pods" }),
            "1.1.0 1 | incompatible CNI version | \
             cniVersion is \"0.2.0\"; glassnet speaks 0.3.1, 0.4.0, 1.0.0, 1.1.0".to_owned(),
        ),
        (
            json!({ "cniVersion": 1.1, "name": "pods" }),
            "1.1.0 7 | invalid network configuration | cniVersion is 1.1: expected a text".to_owned(),
        ),
        (
            json!({ "cniVersion": "1.0.0" }),
            "1.0.0 7 | invalid network configuration | \
             name is missing; a configuration is known by it".to_owned(),
        ),
        (
            json!({ "cniVersion": "1.0.0", "name": "../pods" }),
            "1.0.0 7 | invalid network configuration | name is \"../pods\": expected 1 to 255 \
             letters, digits, '_', '.' and '-', starting with a letter or digit".to_owned(),
        ),
        (
            configuration("1.0.0", json!({ "netwrok": "blue" })),
            format!("1.0.0 2 | {no_key} | netwrok is \"blue\": glassnet has no such key; \
             there is network, ips, mac, bandwidth, defaultRoute"),
        ),
        (
            configuration("1.0.0", json!({ "ipam": { "type": "host-local" } })),
            format!("1.0.0 2 | {no_key} | ipam is {{\"type\":\"host-local\"}}: glassnet leases \
             addresses from the network's own subnets and calls no IPAM plugin"),
        ),
        (
            configuration("1.0.0", json!({ "runtimeConfig": { "ipRanges": [] } })),
            format!("1.0.0 2 | {no_key} | runtimeConfig.ipRanges is []: glassnet does not have the \
             capability ipRanges; it has portMappings, ips, mac, bandwidth"),
        ),
        (
            configuration("1.0.0", json!({ "network": "-" })),
            "1.0.0 7 | invalid network configuration | network is \"-\": network name \"-\" is not \
             valid: it starts with another character; use 1 to 63 letters, digits, '_', '.' and \
             '-', starting with a letter or digit".to_owned(),
        ),
        (
            configuration("1.0.0", json!({ "defaultRoute": "yes" })),
            "1.0.0 7 | invalid network configuration | \
             defaultRoute is \"yes\": expected true or false".to_owned(),
        ),
        (
            configuration("1.0.0", json!({ "dns": { "search": ["lab", 1] } })),
            "1.0.0 7 | invalid network configuration | dns.search[1] is 1: expected a text".to_owned(),
        ),
    ] {
        let came = call("ADD", &input, &never);
        assert_eq!(error(came.said), expected);
    }
}

#[test]
fn keys_of_the_spec_are_let_pass() {
    let more = json!({
        "cniVersions": ["1.1.0"], "capabilities": { "mac": true }, "disableCheck": true,
        "disableGC": false, "loadOnlyInlinedPlugins": true, "ipam": {}, "dns": null, "bridge": null,
        "cni.dev/whatever": 1, "args": { "labels": 1 },
    });
    assert!(call("ADD", &configuration("1.1.0", more), &leases).said.is_ok());
}

#[test]
fn of_the_environment() {
    let whole = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "pod1"),
        ("CNI_NETNS", NETNS),
        ("CNI_IFNAME", "eth0"),
    ];
    let invalid = "1.1.0 4 | invalid environment variable | ";
    for (but, expected) in [
        (
            ("CNI_COMMAND", "add"),
            "CNI_COMMAND is not usable: \"add\" is no CNI command; \
             there is ADD, DEL, CHECK, STATUS, GC, VERSION",
        ),
        (
            ("CNI_CONTAINERID", "../../etc"),
            "CNI_CONTAINERID is not usable: container id \"../../etc\" is not valid: it starts \
             with another character; use 1 to 128 letters, digits, '_', '.' and '-', starting \
             with a letter or digit",
        ),
        (
            ("CNI_IFNAME", "a/b"),
            "CNI_IFNAME is not usable: \"a/b\" cannot name an interface: \
             it holds '/', ':', white space or a zero byte",
        ),
        (
            ("CNI_NETNS", "/proc/self/status"),
            "CNI_NETNS is not usable: /proc/self/status is no network namespace but an ordinary \
             file; if it was one, what was mounted there is gone",
        ),
        (("CNI_NETNS", ""), "ADD needs CNI_NETNS in its environment"),
    ] {
        let input = configuration("1.1.0", json!({})).to_string();
        let variables = [&whole[..], &[but]].concat();
        let came = call_with(&variables, input.as_bytes(), &never);
        assert_eq!(error(came.said), format!("{invalid}{expected}"));
    }
    let came = call_with(&[("CNI_COMMAND", "ADD")], b"{}", &never);
    let missing = "ADD needs CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME in its environment";
    assert_eq!(error(came.said), format!("{invalid}{missing}"));
}

#[test]
fn of_a_container_that_is_gone() {
    let variables = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "pod1"),
        ("CNI_NETNS", "/no/such/namespace"),
        ("CNI_IFNAME", "eth0"),
    ];
    let input = configuration("1.1.0", json!({})).to_string();
    assert_eq!(
        error(call_with(&variables, input.as_bytes(), &never).said),
        "1.1.0 3 | no such container | there is no network namespace at \
         CNI_NETNS=/no/such/namespace; the container may have ended already"
    );
}

#[test]
fn of_the_daemon() {
    let configuration = configuration("1.1.0", json!({}));
    assert_eq!(
        error(call("ADD", &configuration, &down).said),
        "1.1.0 11 | try again later | no daemon listens at /run/glassnet/attach.sock: \
         entity not found; start it with `glassnet node`"
    );
    let closed = |_: &Request| {
        let source = io::Error::from(io::ErrorKind::PermissionDenied);
        Err(NoAnswer::Down { path: "/run/glassnet/attach.sock".into(), source })
    };
    assert_eq!(
        error(call("ADD", &configuration, &closed).said),
        "1.1.0 5 | I/O failure | /run/glassnet/attach.sock may not be opened: \
         permission denied; engines run the CNI program as root"
    );
    let other = |_: &Request| Ok(Response::Done);
    assert_eq!(
        error(call("ADD", &configuration, &other).said),
        "1.1.0 100 | the daemon's answer is not understood | the daemon answered something else \
         than was asked: Done; the CNI program and the daemon may be of different versions"
    );
    for (code, expected) in [
        (Code::InvalidRequest, "7 | invalid network configuration"),
        (Code::NoNetwork, "7 | invalid network configuration"),
        (Code::Exists, "103 | attached already, with other settings"),
        (Code::InUse, "104 | still in use"),
        (Code::Exhausted, "101 | nothing is left to give out"),
        (Code::Taken, "102 | somebody else has it"),
        (Code::Kernel, "105 | the kernel refused"),
        (Code::Storage, "5 | I/O failure"),
        (Code::Busy, "11 | try again later"),
        (Code::Differs, "106 | the container's network is not what it should be"),
        (Code::Blocked, "107 | another program's rules drop what is forwarded"),
    ] {
        let came = call("ADD", &configuration, &fails(code));
        assert_eq!(error(came.said), format!("1.1.0 {expected} | because"));
    }
    assert_eq!(
        error(call("ADD", &configuration, &fails(Code::NoNamespace)).said),
        "1.1.0 4 | invalid environment variable | CNI_NETNS is not usable: because"
    );
}
