//! Input that nobody means well by: a clear error, and the daemon is not asked.

use super::super::document;
use super::*;
use proptest::prelude::*;

const VERBS: [&str; 5] = ["ADD", "DEL", "CHECK", "STATUS", "GC"];

fn refused(verb: &str, input: &[u8]) -> (u64, String) {
    let variables = [
        ("CNI_COMMAND", verb),
        ("CNI_CONTAINERID", "pod1"),
        ("CNI_NETNS", NETNS),
        ("CNI_IFNAME", "eth0"),
    ];
    let error = call_with(&variables, input, &never).said.unwrap_err();
    (error["code"].as_u64().unwrap(), error["details"].as_str().unwrap().to_owned())
}

#[test]
fn bytes_that_are_no_configuration() {
    let deep = "[".repeat(100_000);
    let long = vec![b' '; usize::try_from(document::LONGEST).unwrap() + 1];
    let on_input = "the configuration on standard input: ";
    for (input, code, details) in [
        (&b""[..], 6, format!("{on_input}nothing came on standard input")),
        (b" \n\t ", 6, format!("{on_input}nothing came on standard input")),
        (b"{", 6, format!("{on_input}EOF while parsing an object at line 1 column 1")),
        (b"{} {}", 6, format!("{on_input}trailing characters at line 1 column 4")),
        (b"\xff\xfe{}", 6, format!("{on_input}expected value at line 1 column 1")),
        (
            b"{\"a\":\"\xff\"}",
            6,
            format!("{on_input}invalid unicode code point at line 1 column 7"),
        ),
        (
            b"{\"a\":\"\x07\"}",
            6,
            format!(
                "{on_input}control character (\\u0000-\\u001F) found while parsing a string \
                 at line 1 column 7"
            ),
        ),
        (
            b"{\"name\":\"a\",\"name\":\"b\"}",
            6,
            format!("{on_input}the key \"name\" is there twice at line 1 column 18"),
        ),
        (
            b"{\"runtimeConfig\":{\"mac\":1,\"mac\":2}}",
            6,
            format!("{on_input}the key \"mac\" is there twice at line 1 column 31"),
        ),
        (b"[]", 7, "the configuration is []: expected an object".to_owned()),
        (b"null", 7, "the configuration is null: expected an object".to_owned()),
        (deep.as_bytes(), 6, format!("{on_input}recursion limit exceeded at line 1 column 128")),
        (&long, 7, "the configuration on standard input is longer than 1048576 bytes".to_owned()),
    ] {
        for verb in VERBS {
            assert_eq!(refused(verb, input), (code, details.clone()), "{verb}");
        }
    }
}

#[test]
fn what_is_said_back_is_short_and_escaped() {
    let more = json!({ "network": format!("\u{7}\u{1b}[2J{}", "x".repeat(500_000)) });
    let (code, details) = refused("ADD", configuration("1.1.0", more).to_string().as_bytes());
    assert_eq!(code, 7);
    assert!(details.len() < 600 && !details.contains(char::is_control), "{details}");

    let key = "k".repeat(500_000);
    let (code, details) =
        refused("ADD", configuration("1.1.0", json!({ key: 1 })).to_string().as_bytes());
    assert_eq!(code, 2);
    assert!(details.len() < 600, "{details}");
}

#[test]
fn an_input_that_breaks_off() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the other end is gone"))
        }
    }
    let variable = |name: &str| (name == "CNI_COMMAND").then(|| "STATUS".into());
    let world = World { ask: &|request, _| never(request), leave: &|_| Ok(()), open: &netns::open };
    let said = answer(&Environment::read(&variable), &mut Broken, &world).unwrap_err();
    assert_eq!(said["code"], 5);
    assert_eq!(said["details"], "standard input could not be read: the other end is gone");
}

/// Any JSON, deep and wide enough to be in every place.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("10.88.0.5/16")),
        Just(json!("02:67:0a:58:00:05")),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = prop_oneof![
            Just("interfaces"),
            Just("ips"),
            Just("routes"),
            Just("name"),
            Just("sandbox"),
            Just("address"),
            Just("interface"),
            Just("dst"),
            Just("mac"),
            Just("portMappings"),
            Just("hostPort"),
            Just("HostPort"),
            Just("containerPort"),
            Just("protocol"),
            Just("hostIP"),
            Just("bandwidth"),
            Just("ingressRate"),
            Just("ingressBurst"),
            Just("cni"),
            Just("containerID"),
            Just("ifname"),
            Just("nameservers"),
            Just("domain"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..5)
                .prop_map(|object| Value::Object(object.into_iter().collect())),
        ]
    })
}

/// Answers every question rightly.
fn willing(request: &Request) -> Result<Response, NoAnswer> {
    Ok(match request {
        Request::Attach(_) => return leases(request),
        Request::Check { .. } => {
            Response::Checked { differences: Vec::new(), attachment: Box::new(attachment()) }
        }
        Request::Collect { .. } => Response::Collected { detached: Vec::new() },
        Request::Detach { .. } | Request::Ready { .. } => Response::Done,
    })
}

fn any_call(verb: &str, arguments: &str, input: &[u8]) {
    let variables = [
        ("CNI_COMMAND", verb),
        ("CNI_CONTAINERID", "pod1"),
        ("CNI_NETNS", NETNS),
        ("CNI_IFNAME", "eth0"),
        ("CNI_ARGS", arguments),
    ];
    if let Err(error) = call_with(&variables, input, &willing).said {
        assert!(error["code"].is_u64() && !error["details"].as_str().unwrap().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        verb in prop::sample::select(&VERBS[..]),
        input in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        any_call(verb, "", &input);
    }

    #[test]
    fn no_json_in_any_place_makes_it_panic(
        verb in prop::sample::select(&VERBS[..]),
        version in prop::sample::select(&["0.3.1", "0.4.0", "1.0.0", "1.1.0"][..]),
        key in prop::sample::select(&[
            "network", "ips", "mac", "bandwidth", "defaultRoute", "runtimeConfig", "args", "dns",
            "prevResult", "cni.dev/valid-attachments", "name", "cniVersion",
        ][..]),
        value in anything(),
        arguments in ".{0,40}",
    ) {
        let mut input = configuration(version, json!({ "prevResult": {} }));
        input[key] = value;
        any_call(verb, &arguments, input.to_string().as_bytes());
        any_call(verb, "", input.to_string().as_bytes());
    }

    #[test]
    fn no_variable_makes_it_panic(
        command in ".{0,10}", container in ".{0,140}", netns in ".{0,40}", interface in ".{0,20}",
    ) {
        for command in [&command[..], "ADD", "DEL", "CHECK"] {
            let variables = [
                ("CNI_COMMAND", command),
                ("CNI_CONTAINERID", &container),
                ("CNI_NETNS", &netns),
                ("CNI_IFNAME", &interface),
            ];
            let _ = Environment::read(&|name| {
                variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into())
            });
        }
    }
}
