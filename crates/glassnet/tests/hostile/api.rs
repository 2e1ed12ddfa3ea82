//! HTTP on `api.sock`.

use crate::host::{Host, with_a_daemon};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /v1/networks HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The status and the body of the first answer.
fn answer(host: &Host, bytes: &[u8]) -> (u16, String) {
    let answer = host.talk("api.sock", bytes);
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
}

#[test]
fn requests_nobody_should_send_change_nothing() {
    with_a_daemon(|host| {
        let before = host.found();
        let get =
            |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let deep = format!(r#"{{"subnets":{}"#, "[".repeat(100_000));
        let with = |key: &str, value: Value| {
            let mut body = json!({ "name": "red" });
            body[key] = value;
            post(body.to_string().as_bytes())
        };
        let huge_length =
            b"POST /v1/networks HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n{";
        for (bytes, status, says) in [
            (get("/nothing").into_bytes(), 400, "nothing at this address"),
            (get("/v1/networks/..%2f..%2fetc").into_bytes(), 400, "starts with another"),
            (get("/v1/networks/a%00b").into_bytes(), 400, "holds another character"),
            (get(&format!("/v1/networks/{}", "n".repeat(5000))).into_bytes(), 400, "too long"),
            (get("/v1/networks/red").into_bytes(), 404, "no network is named red"),
            (get("/v1/networks").replace("GET", "PATCH").into_bytes(), 400, "method"),
            (post(b""), 400, "not a network: EOF"),
            (post(b"\xff\xfe"), 400, "not a network"),
            (post(deep.as_bytes()), 400, "not a network: invalid type"),
            (post(br#"{"name":"a","name":"b"}"#), 400, "duplicate field"),
            (with("name", json!("../x")), 400, "starts with another"),
            (with("name", json!("a\u{0}")), 400, "another character"),
            (with("subnets", json!("10.0.0.0/8")), 400, "invalid type"),
            (with("subnets", json!(["10.0.0.1/8"])), 400, "host bits"),
            (with("subnets", json!(["10.9.0.0/16", "10.10.0.0/16"])), 400, "at most one IPv4"),
            (with("subnets", json!(["127.0.0.0/16"])), 400, "loopback"),
            (with("gateways", json!(["fd00::1"])), 400, "no subnet of its family"),
            (with("mtu", json!(1e30)), 400, "invalid"),
            (with("mtu", json!(4_294_967_295_u32)), 400, "out of range"),
            (with("colour", json!("red")), 400, "unknown field"),
            (post("x".repeat(3 << 20).as_bytes()), 400, "length limit"),
            (huge_length.to_vec(), 400, ""),
        ] {
            let (found, body) = answer(host, &bytes);
            assert_eq!(found, status, "{says}: {body}");
            assert!(body.contains(says), "{says}: {body}");
        }
        // Not HTTP at all, too many headers, two lengths: hyper's own answer, or none.
        let flood: String = (0..50_000).map(|i| format!("h{i}: x\r\n")).collect();
        for bytes in [
            "\0\0\0\0".to_owned(),
            "SSH-2.0-x\r\n\r\n".to_owned(),
            format!("GET /v1/status HTTP/1.1\r\n{flood}\r\n"),
            format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20)),
            "POST /v1/networks HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}".into(),
            "POST /v1/networks HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into(),
            "POST /v1/networks HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n"
                .into(),
        ] {
            let (status, _) = answer(host, bytes.as_bytes());
            assert!(status == 0 || (400..500).contains(&status), "{status}");
        }
        // A thousand questions on one connection are a thousand answers.
        let pipelined = get("/v1/networks").replace("connection: close\r\n", "").repeat(1000);
        let answers = host.talk("api.sock", pipelined.as_bytes());
        assert_eq!(String::from_utf8_lossy(&answers).matches("HTTP/1.1 200").count(), 1000);
        host.is_again(&before);
        host.answers();
    });
}

#[test]
fn clients_that_stall_hold_up_nobody_and_are_gone_after_a_while() {
    with_a_daemon(|host| {
        let before = host.found();
        let halves = ["", "GET /v1", "GET /v1/status HTTP/1.1\r\nhost: x\r\n"];
        let stalled: Vec<_> = (0..150)
            .map(|number| {
                let mut stream = host.connect("api.sock");
                stream.write_all(halves[number % halves.len()].as_bytes()).unwrap();
                stream
            })
            .collect();
        let begun = b"POST /v1/networks HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{";
        let mut body = host.connect("api.sock");
        body.write_all(begun).unwrap();
        host.answers();
        // The heads end by themselves; the body's time is longer, so its client goes.
        for mut stream in stalled {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
        }
        drop(body);
        host.is_again(&before);
        host.answers();
    });
}

#[test]
fn fuzz_api_bodies() {
    with_a_daemon(|host| {
        let before = host.found();
        let value = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            prop::collection::vec(any::<String>(), 0..4).prop_map(Value::from),
            "(fd|ff)?[0-9a-f:]{0,6}/[0-9]{1,3}".prop_map(|text| json!([text])),
            "10\\.7\\.0\\.[0-7]/(29|30|31|32|33)".prop_map(|text| json!([text])),
        ];
        // Never a name alone, and never one that a network may have.
        let key =
            prop::sample::select(vec!["subnets", "gateways", "mtu", "masquerade", "spoofing"]);
        let body = prop::collection::btree_map(key, value, 1..4);
        let name = any::<String>()
            .prop_filter("no name", |name| !name.starts_with(|c: char| c.is_ascii_alphanumeric()));
        let wrong_name = (name, body.clone()).prop_map(|(name, body)| {
            let mut body = json!(body);
            body["name"] = name.into();
            body.to_string().into_bytes()
        });
        let wrong_subnet = body.prop_map(|body| {
            let mut body = json!(body);
            body["name"] = "red".into();
            // Whatever else it says, this is blue's.
            body["subnets"] = json!(["10.7.0.0/29"]);
            body.to_string().into_bytes()
        });
        let noise = prop::collection::vec(any::<u8>(), 0..300);
        let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
        let bodies = prop_oneof![wrong_name, wrong_subnet, noise];
        let outcome = TestRunner::new(config).run(&bodies, |body| {
            let (status, said) = answer(host, &post(&body));
            prop_assert!((400..500).contains(&status), "{}: {}", status, said);
            let said: Value = serde_json::from_str(&said).unwrap();
            prop_assert!(said["code"].is_string() && said["reason"]["is"].is_string());
            Ok(())
        });
        outcome.unwrap();
        host.is_again(&before);
        host.answers();
    });
}
