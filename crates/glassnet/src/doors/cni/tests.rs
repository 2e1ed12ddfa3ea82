//! Whole documents, as an engine reads them, written out.

use super::config::{self, Config};
use super::failure::CniError;
use super::{MAX_CONFIG, call, result};
use crate::protocol::Attached;
use model::cluster::{Attachment, AttachmentId, Bandwidth, Network, Pool, Publish, Rate};
use model::net::{Mac, Transport};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::ffi::OsString;

fn config(text: &str) -> Config {
    Config::read(text.as_bytes()).unwrap()
}

/// `web` on the network `default`, dual stack.
fn attached() -> Attached {
    let pool = |subnet: &str| Pool::with_first_gateway(subnet.parse().unwrap());
    let network =
        Network::new("default".parse().unwrap(), vec![pool("10.88.0.0/24"), pool("fd88::/64")]);
    let attachment = Attachment {
        id: AttachmentId { container: "web".parse().unwrap(), interface: "eth0".parse().unwrap() },
        network: network.name.clone(),
        addresses: vec!["10.88.0.2".parse().unwrap(), "fd88::2".parse().unwrap()],
        mac: Mac([0x02, 0x67, 0x0a, 0x58, 0x00, 0x02]),
        publish: Vec::new(),
        bandwidth: Bandwidth::default(),
        default_route: true,
    };
    Attached { attachment, network, mtu: 1500 }
}

fn added(config: &Config, version: &str, attached: &Attached) -> Value {
    let text = result::document(config, version, attached, "/run/netns/web").unwrap();
    assert!(text.ends_with("}\n"), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// 0.3.1 and 0.4.0 have the same result: each address says its IP version.
fn with_ip_version(version: &str) -> Value {
    json!({
        "cniVersion": version,
        "interfaces": [
            { "name": "gn-default", "mac": "02:62:62:35:72:64" },
            { "name": "gnwvnjqg9f6rgk2" },
            { "name": "eth0", "mac": "02:67:0a:58:00:02", "sandbox": "/run/netns/web" }
        ],
        "ips": [
            { "version": "4", "interface": 2, "address": "10.88.0.2/24", "gateway": "10.88.0.1" },
            { "version": "6", "interface": 2, "address": "fd88::2/64", "gateway": "fd88::1" }
        ],
        "routes": [
            { "dst": "0.0.0.0/0", "gw": "10.88.0.1" },
            { "dst": "::/0", "gw": "fd88::1" }
        ]
    })
}

#[test]
fn result_0_3_1() {
    assert_eq!(added(&config("{}"), "0.3.1", &attached()), with_ip_version("0.3.1"));
}

#[test]
fn result_0_4_0() {
    assert_eq!(added(&config("{}"), "0.4.0", &attached()), with_ip_version("0.4.0"));
}

#[test]
fn result_1_0_0() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "interfaces": [
            { "name": "gn-default", "mac": "02:62:62:35:72:64" },
            { "name": "gnwvnjqg9f6rgk2" },
            { "name": "eth0", "mac": "02:67:0a:58:00:02", "sandbox": "/run/netns/web" }
        ],
        "ips": [
            { "interface": 2, "address": "10.88.0.2/24", "gateway": "10.88.0.1" },
            { "interface": 2, "address": "fd88::2/64", "gateway": "fd88::1" }
        ],
        "routes": [
            { "dst": "0.0.0.0/0", "gw": "10.88.0.1" },
            { "dst": "::/0", "gw": "fd88::1" }
        ],
        "dns": { "nameservers": ["10.88.0.1"], "search": ["example.org"] }
    });
    let config = config(r#"{"dns": {"nameservers": ["10.88.0.1"], "search": ["example.org"]}}"#);
    assert_eq!(added(&config, "1.0.0", &attached()), expected);
}

#[test]
fn result_1_1_0_tells_the_mtu() {
    let expected = json!({
        "cniVersion": "1.1.0",
        "interfaces": [
            { "name": "gn-default", "mac": "02:62:62:35:72:64" },
            { "name": "gnwvnjqg9f6rgk2" },
            { "name": "eth0", "mac": "02:67:0a:58:00:02", "mtu": 1500, "sandbox": "/run/netns/web" }
        ],
        "ips": [
            { "interface": 2, "address": "10.88.0.2/24", "gateway": "10.88.0.1" },
            { "interface": 2, "address": "fd88::2/64", "gateway": "fd88::1" }
        ],
        "routes": [
            { "dst": "0.0.0.0/0", "gw": "10.88.0.1" },
            { "dst": "::/0", "gw": "fd88::1" }
        ]
    });
    assert_eq!(added(&config("{}"), "1.1.0", &attached()), expected);
}

#[test]
fn what_was_before_in_the_chain_stays_and_its_numbers_hold() {
    let config = config(
        r#"{
            "dns": { "nameservers": ["10.88.0.1"] },
            "prevResult": {
                "cniVersion": "1.0.0",
                "interfaces": [{ "name": "eth9", "mac": "02:00:00:00:00:09", "sandbox": "/run/netns/web" }],
                "ips": [{ "interface": 0, "address": "192.0.2.9/24", "gateway": "192.0.2.1" }],
                "routes": [{ "dst": "0.0.0.0/0", "gw": "192.0.2.1" }],
                "dns": { "nameservers": ["192.0.2.53"] },
                "vendor": { "kept": true }
            }
        }"#,
    );
    let mut attached = attached();
    attached.attachment.default_route = false;
    let expected = json!({
        "cniVersion": "1.0.0",
        "interfaces": [
            { "name": "eth9", "mac": "02:00:00:00:00:09", "sandbox": "/run/netns/web" },
            { "name": "gn-default", "mac": "02:62:62:35:72:64" },
            { "name": "gnwvnjqg9f6rgk2" },
            { "name": "eth0", "mac": "02:67:0a:58:00:02", "sandbox": "/run/netns/web" }
        ],
        "ips": [
            { "interface": 0, "address": "192.0.2.9/24", "gateway": "192.0.2.1" },
            { "interface": 3, "address": "10.88.0.2/24", "gateway": "10.88.0.1" },
            { "interface": 3, "address": "fd88::2/64", "gateway": "fd88::1" }
        ],
        "routes": [{ "dst": "0.0.0.0/0", "gw": "192.0.2.1" }],
        "dns": { "nameservers": ["192.0.2.53"] },
        "vendor": { "kept": true }
    });
    assert_eq!(added(&config, "1.0.0", &attached), expected);
}

#[test]
fn null_lists_of_an_earlier_result_are_empty() {
    let config = config(r#"{"prevResult": {"interfaces": null, "ips": null, "routes": null}}"#);
    assert_eq!(added(&config, "0.4.0", &attached()), with_ip_version("0.4.0"));
}

/// Asks with the environment of an ADD, but for what `changes` says (`None`: not set).
fn ask(stdin: &[u8], changes: &[(&str, Option<&str>)]) -> Result<String, CniError> {
    let usual = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "web"),
        ("CNI_IFNAME", "eth0"),
        // No answer may come from a daemon that happens to run here.
        ("CNI_NETNS", "/nowhere"),
    ];
    call::answer(stdin, &|name| {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        let usual = usual.iter().find(|(usual, _)| *usual == name).map(|(_, value)| *value);
        changed.map_or(usual, |(_, value)| *value).map(OsString::from)
    })
}

/// The error object, as it is printed.
fn error(stdin: &[u8], changes: &[(&str, Option<&str>)]) -> Value {
    let error = ask(stdin, changes).unwrap_err();
    serde_json::from_str(&error.document(config::version_of(stdin))).unwrap()
}

const MINIMAL: &[u8] = br#"{"cniVersion": "1.0.0", "name": "default", "type": "glassnet"}"#;

#[test]
fn an_unknown_version() {
    let expected = json!({
        "cniVersion": "1.1.0",
        "code": 1,
        "msg": "cniVersion \"0.2.0\" is not supported; this plugin speaks 0.3.1, 0.4.0, 1.0.0, 1.1.0"
    });
    assert_eq!(error(br#"{"cniVersion": "0.2.0"}"#, &[]), expected);
}

#[test]
fn a_verb_that_the_version_does_not_have() {
    let expected = json!({
        "cniVersion": "0.3.1",
        "code": 1,
        "msg": "CHECK came with CNI 0.4.0; the configuration says 0.3.1"
    });
    let check = [("CNI_COMMAND", Some("CHECK"))];
    assert_eq!(error(br#"{"cniVersion": "0.3.1"}"#, &check), expected);
}

#[test]
fn no_netns() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "code": 4,
        "msg": "CNI_NETNS is not set; the runtime has to set it for this command"
    });
    assert_eq!(error(MINIMAL, &[("CNI_NETNS", None)]), expected);
    assert_eq!(error(MINIMAL, &[("CNI_NETNS", Some(""))]), expected);
}

#[test]
fn a_netns_that_is_none() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "code": 4,
        "msg": "CNI_NETNS /proc/self/stat is not a network namespace: it is another kind of file"
    });
    assert_eq!(error(MINIMAL, &[("CNI_NETNS", Some("/proc/self/stat"))]), expected);
}

#[test]
fn a_bad_container_id() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "code": 4,
        "msg": "CNI_CONTAINERID: container id \"../web\" is not valid: it starts with another \
                character; use 1 to 128 letters, digits, '_', '.' and '-', starting with a letter \
                or digit"
    });
    for command in ["ADD", "DEL"] {
        let changes = [("CNI_COMMAND", Some(command)), ("CNI_CONTAINERID", Some("../web"))];
        assert_eq!(error(MINIMAL, &changes), expected);
    }
}

/// An ADD that publishes a port.
fn publishing(mapping: &Value) -> Vec<u8> {
    json!({ "cniVersion": "1.0.0", "runtimeConfig": { "portMappings": [mapping] } })
        .to_string()
        .into_bytes()
}

#[test]
fn a_bad_port_mapping() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "code": 7,
        "msg": "portMappings: hostPort 65536 is no port; ports are 1 to 65535"
    });
    let stdin = publishing(&json!({ "hostPort": 65536, "containerPort": 80, "protocol": "tcp" }));
    assert_eq!(error(&stdin, &[]), expected);
}

#[test]
fn sctp() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "code": 2,
        "msg": "portMappings: protocol \"sctp\" cannot be published; use tcp or udp"
    });
    let stdin = publishing(&json!({ "hostPort": 8080, "containerPort": 80, "protocol": "SCTP" }));
    assert_eq!(error(&stdin, &[]), expected);
}

#[test]
fn malformed_json() {
    let expected = json!({
        "cniVersion": "1.1.0",
        "code": 6,
        "msg": "the configuration on stdin cannot be read: \
                EOF while parsing a value at line 1 column 14"
    });
    for command in ["ADD", "DEL"] {
        assert_eq!(error(br#"{"cniVersion":"#, &[("CNI_COMMAND", Some(command))]), expected);
    }
}

#[test]
fn more_than_is_read() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "code": 6,
        "msg": "the configuration is longer than 1048576 bytes"
    });
    let mut stdin = MINIMAL.to_vec();
    stdin.resize(MAX_CONFIG as usize, b' ');
    assert_ne!(error(&stdin, &[])["code"], 6);
    stdin.push(b' ');
    assert_eq!(error(&stdin, &[]), expected);
}

#[test]
fn gc_without_a_list() {
    let expected = json!({
        "cniVersion": "1.1.0",
        "code": 7,
        "msg": "cni.dev/valid-attachments is not there; without it GC would detach everything"
    });
    let stdin = br#"{"cniVersion": "1.1.0", "name": "default"}"#;
    assert_eq!(error(stdin, &[("CNI_COMMAND", Some("GC"))]), expected);
}

#[test]
fn a_list_for_gc_by_either_name_and_null_for_none() {
    let web = attached().attachment.id;
    let list = r#"[{"containerID": "web", "ifname": "eth0"}]"#;
    let keep = |text: String| config(&text).keep().unwrap();
    assert_eq!(
        keep(format!(r#"{{"cni.dev/valid-attachments": {list}}}"#)),
        std::slice::from_ref(&web)
    );
    assert_eq!(keep(format!(r#"{{"cni.dev/attachments": {list}}}"#)), [web]);
    assert_eq!(keep(r#"{"cni.dev/valid-attachments": null}"#.to_owned()), []);
}

#[test]
fn versions_are_told_whatever_is_asked() {
    let expected = json!({
        "cniVersion": "1.0.0",
        "supportedVersions": ["0.3.1", "0.4.0", "1.0.0", "1.1.0"]
    });
    let text = ask(MINIMAL, &[("CNI_COMMAND", Some("VERSION"))]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
}

/// containerd's go-cni has no names of its own for JSON, so Go's are on the wire.
#[test]
fn containerds_capitals() {
    let config = config(
        r#"{"runtimeConfig": {
            "portMappings": [
                { "HostPort": 8080, "ContainerPort": 80, "Protocol": "udp", "HostIP": "192.0.2.1" },
                { "HostPort": 0, "ContainerPort": 81, "Protocol": "tcp", "HostIP": "" }
            ],
            "bandwidth": { "IngressRate": 8000, "IngressBurst": 16000, "EgressRate": 0, "EgressBurst": 0 }
        }}"#,
    );
    let published = Publish {
        transport: Transport::Udp,
        host_address: Some("192.0.2.1".parse().unwrap()),
        host_port: 8080,
        container_port: 80,
    };
    assert_eq!(config.publish().unwrap(), [published]);
    let ingress = Some(Rate { bits_per_second: 8000, burst_bits: 16000 });
    assert_eq!(config.bandwidth().unwrap(), Bandwidth { ingress, egress: None });
}

/// Everything that is done with a configuration before the daemon is asked.
fn use_all(stdin: &[u8]) {
    let _ = config::version_of(stdin);
    let _ = config::version_in_force(stdin);
    // No interface: never is a daemon asked, or a detach queued.
    for command in ["ADD", "DEL", "CHECK", "VERSION"] {
        let _ = ask(stdin, &[("CNI_COMMAND", Some(command)), ("CNI_IFNAME", None)]);
    }
    let Ok(config) = Config::read(stdin) else { return };
    let _ = (config.network(), config.addresses(&[]), config.mac(&[]));
    let _ = (config.publish(), config.bandwidth(), config.keep());
    let _ = result::document(&config, "0.4.0", &attached(), "/run/netns/web");
    if let Some(previous) = &config.prev_result {
        let _ = result::lacking(previous, &attached().attachment);
    }
}

/// JSON that is nearly a configuration.
fn nearly() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "(tcp|udp|sctp|192\\.0\\.2\\.1/24|fd00::1|02:00:00:00:00:01|web|eth0|1\\.0\\.0)"
            .prop_map(Value::from),
    ];
    let key = "(cniVersion|name|network|mac|dns|runtimeConfig|args|cni|ips|portMappings|hostPort\
        |containerPort|HostPort|ContainerPort|protocol|hostIP|bandwidth|ingressRate|egressBurst\
        |prevResult|interfaces|routes|address|cni\\.dev/valid-attachments|containerID|ifname)";
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn fuzz_bytes_as_configuration(stdin in prop::collection::vec(any::<u8>(), 0..512)) {
        use_all(&stdin);
    }

    #[test]
    fn fuzz_json_as_configuration(stdin in nearly()) {
        use_all(stdin.to_string().as_bytes());
    }

    #[test]
    fn fuzz_environment(command in ".{0,8}", id in ".{0,8}", arguments in "([A-Z]{0,3}=?.{0,6};?){0,4}") {
        let changes = [
            ("CNI_CONTAINERID", Some(id.as_str())),
            ("CNI_ARGS", Some(arguments.as_str())),
        ];
        let _ = ask(MINIMAL, &changes);
        let changes = [("CNI_COMMAND", Some(command.as_str())), ("CNI_IFNAME", None)];
        let _ = ask(MINIMAL, &changes);
    }
}
