//! DEL, STATUS, GC and VERSION.

use super::*;

fn done(_: &Request) -> Result<Response, NoAnswer> {
    Ok(Response::Done)
}

#[test]
fn del_asks_for_a_detach_and_says_nothing() {
    let came = call("DEL", &configuration("0.3.1", json!({})), &done);
    assert_eq!(came.said, Ok(None));
    assert_eq!(came.asked, [Request::Detach { id: id("pod1") }]);
    assert!(came.left.is_empty());
}

#[test]
fn del_needs_no_namespace_and_no_more_of_the_configuration_than_its_version() {
    let more = json!({ "mac": 7, "no such key": 1, "prevResult": [], "runtimeConfig": 3 });
    let input = configuration("1.1.0", more).to_string();
    for netns in ["", "/no/such/namespace"] {
        let variables = [
            ("CNI_COMMAND", "DEL"),
            ("CNI_CONTAINERID", "pod1"),
            ("CNI_IFNAME", "eth0"),
            ("CNI_NETNS", netns),
            ("CNI_ARGS", "nonsense"),
        ];
        let came = call_with(&variables, input.as_bytes(), &done);
        assert_eq!(came.said, Ok(None));
        assert_eq!(came.asked, [Request::Detach { id: id("pod1") }]);
    }
}

#[test]
fn del_is_left_for_a_daemon_that_gives_no_answer() {
    let silent = |_: &Request| {
        let source = io::Error::from(io::ErrorKind::TimedOut);
        Err(NoAnswer::Silent { path: "/run/glassnet/attach.sock".into(), source })
    };
    let odd = |_: &Request| {
        Err(NoAnswer::Odd { path: "/run/glassnet/attach.sock".into(), why: "no JSON".to_owned() })
    };
    for daemon in [&down as Daemon<'_>, &silent, &odd] {
        let came = call("DEL", &configuration("1.1.0", json!({})), daemon);
        assert_eq!(came.said, Ok(None));
        assert_eq!(came.left, [Request::Detach { id: id("pod1") }]);
    }
}

#[test]
fn del_that_can_neither_be_done_nor_left_is_an_error() {
    let variable = |name: &str| match name {
        "CNI_COMMAND" => Some("DEL".into()),
        "CNI_CONTAINERID" => Some("pod1".into()),
        "CNI_IFNAME" => Some("eth0".into()),
        _ => None,
    };
    let full =
        || store::StoreError::QueueFull { path: "/var/lib/glassnet/detach-queue".into(), count: 3 };
    let world =
        World { ask: &|request, _| down(request), leave: &|_| Err(full()), open: &netns::open };
    let input = configuration("1.1.0", json!({})).to_string();
    let said = answer(&Environment::read(&variable), &mut input.as_bytes(), &world);
    assert_eq!(
        said.unwrap_err(),
        json!({
            "cniVersion": "1.1.0",
            "code": 5,
            "msg": "I/O failure",
            "details": "no daemon listens at /run/glassnet/attach.sock: entity not found; start it \
                with `glassnet node`; nor could the DEL be queued for it: \
                /var/lib/glassnet/detach-queue holds 3 entries, its limit; start the daemon, which \
                works them off",
        })
    );
}

#[test]
fn status_is_the_daemons_for_the_network() {
    let configuration = configuration("1.1.0", json!({ "network": "blue" }));
    let came = call("STATUS", &configuration, &done);
    assert_eq!(came.said, Ok(None));
    assert_eq!(came.asked, [Request::Ready { network: "blue".parse().unwrap() }]);

    assert_eq!(
        call("STATUS", &configuration, &down).said.unwrap_err(),
        json!({
            "cniVersion": "1.1.0",
            "code": 50,
            "msg": "the network cannot take containers now",
            "details": "no daemon listens at /run/glassnet/attach.sock: entity not found; \
                start it with `glassnet node`",
        })
    );
    for (failure, code) in [(Code::Exhausted, 50), (Code::NoNetwork, 50), (Code::Kernel, 51)] {
        let error = call("STATUS", &configuration, &fails(failure)).said.unwrap_err();
        assert_eq!((&error["code"], &error["details"]), (&json!(code), &json!("because")));
    }
}

#[test]
fn status_refuses_a_configuration_that_add_would_refuse() {
    let error = call("STATUS", &configuration("1.1.0", json!({ "netwrok": "blue" })), &never);
    assert_eq!(error.said.unwrap_err()["code"], 2);
}

fn collects(_: &Request) -> Result<Response, NoAnswer> {
    Ok(Response::Collected { detached: vec![id("gone")] })
}

#[test]
fn gc_names_what_is_to_stay() {
    let kept = |list: Value| {
        let more = json!({ "network": "blue", "cni.dev/valid-attachments": list });
        let came = call("GC", &configuration("1.1.0", more), &collects);
        assert_eq!(came.said, Ok(None));
        let Request::Collect { runtime, network, keep } = &came.asked[0] else { panic!() };
        assert_eq!((runtime.as_str(), network.as_str()), ("pods", "blue"));
        keep.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let entry = |container: &str| json!({ "containerID": container, "ifname": "eth0" });
    assert_eq!(kept(json!([entry("a"), entry("b")])), "a/eth0 b/eth0");
    // Nothing of ours can have such a name.
    assert_eq!(kept(json!([entry("../a"), entry("b")])), "b/eth0");
    assert_eq!(kept(json!([])), "");
    assert_eq!(kept(Value::Null), "");
}

#[test]
fn gc_collects_nothing_when_it_is_told_nothing_or_nonsense() {
    let came = call("GC", &configuration("1.1.0", json!({})), &never);
    assert_eq!(came.said, Ok(None));
    let at = "cni.dev/valid-attachments";
    for (list, details) in [
        (json!({}), format!("{at} is {{}}: expected a list")),
        (json!(["a"]), format!("{at}[0] is \"a\": expected an object")),
        (
            json!([{ "containerID": "a" }]),
            format!("{at}[0] is {{\"containerID\":\"a\"}}: it has no ifname"),
        ),
    ] {
        let came = call("GC", &configuration("1.1.0", json!({ at: list })), &never);
        assert_eq!(came.said.unwrap_err()["details"], details);
    }
    let older = json!({ "cni.dev/attachments": [{ "containerID": "a", "ifname": "eth0" }] });
    let came = call("GC", &configuration("1.1.0", older), &collects);
    let Request::Collect { keep, .. } = &came.asked[0] else { panic!() };
    assert_eq!(keep, &[id("a")]);
}

#[test]
fn version_tells_what_there_is_whatever_it_is_asked_in() {
    for (input, spoken) in [
        (r#"{"cniVersion":"0.4.0"}"#, "0.4.0"),
        (r#"{"cniVersion":"9.0.0"}"#, "9.0.0"),
        (r#"{"cniVersion":"\u0007.0.0"}"#, "1.1.0"),
        (r#"{"cniVersion":4}"#, "1.1.0"),
        ("", "1.1.0"),
        ("not JSON", "1.1.0"),
    ] {
        let came = call_with(&[("CNI_COMMAND", "VERSION")], input.as_bytes(), &never);
        assert_eq!(
            came.said.unwrap().unwrap(),
            json!({
                "cniVersion": spoken,
                "supportedVersions": ["0.3.1", "0.4.0", "1.0.0", "1.1.0"],
            })
        );
    }
}

#[test]
fn a_verb_is_refused_before_its_version() {
    for (verb, first) in [("ADD", 0), ("DEL", 0), ("CHECK", 1), ("STATUS", 3), ("GC", 3)] {
        for (i, version) in ["0.3.1", "0.4.0", "1.0.0", "1.1.0"].into_iter().enumerate() {
            let came = call(verb, &configuration(version, json!({})), &fails(Code::Busy));
            let code = came.said.err().map_or(0, |error| error["code"].as_u64().unwrap());
            assert_eq!(code == 1, i < first, "{verb} in {version} gave {code}");
        }
    }
}
