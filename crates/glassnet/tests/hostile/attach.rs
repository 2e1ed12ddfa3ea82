//! Frames on `attach.sock`.

use crate::host::{Host, frame, with_a_daemon};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{IoSlice, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};

fn attach(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut request = json!({
        "verb": "attach", "id": { "container": "web", "interface": "eth0" }, "network": "blue",
        "runtime": "test", "netns": "/run/netns/web",
    });
    change(&mut request);
    frame(request.to_string().as_bytes())
}

/// The answer to a frame with these descriptors.
fn send(host: &Host, bytes: &[u8], descriptors: &[RawFd]) -> Value {
    let mut stream = host.connect("attach.sock");
    let control = [ControlMessage::ScmRights(descriptors)];
    let control = if descriptors.is_empty() { &[][..] } else { &control[..] };
    let none = MsgFlags::empty();
    sendmsg::<()>(stream.as_raw_fd(), &[IoSlice::new(bytes)], control, none, None).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    serde_json::from_slice(answer.get(4..).unwrap_or_default()).unwrap_or_default()
}

#[test]
fn frames_nobody_should_send_change_nothing() {
    with_a_daemon(|host| {
        let before = host.found();
        let answer = |bytes: &[u8]| {
            let answer = host.talk("attach.sock", bytes);
            serde_json::from_slice::<Value>(answer.get(4..).unwrap_or_default()).ok()
        };
        // A half frame has nobody left to tell.
        for half in [&b""[..], b"\x10", b"\x10\0\0\0{", &frame(b"{}")[..5]] {
            assert_eq!(answer(half), None, "{half:?}");
        }
        let deep = format!(r#"{{"x":{}"#, "[".repeat(1 << 20));
        let long = "x".repeat(1 << 20);
        let long_name = attach(|request| request["id"]["container"] = long.clone().into());
        let many = attach(|request| request["addresses"] = json!(vec!["10.7.0.2"; 50_000]));
        let named = |name: &str| attach(|request| request["network"] = name.into());
        for (bytes, code, says) in [
            (&b"\xff\xff\xff\xff"[..], "invalid-request", "longer than 4194304 bytes"),
            (b"\x01\0\0\0{}{}", "invalid-request", "more bytes came"),
            (b"\0\0\0\0", "invalid-request", "EOF"),
            (&frame(b"\xff\xfe"), "invalid-request", "not understand"),
            (&frame(deep.as_bytes()), "invalid-request", "not understand"),
            (&frame(br#"{"verb":"destroy"}"#), "invalid-request", "destroy"),
            (&frame(br#"{"verb":"ready","network":"blue","x":1}"#), "invalid-request", "`x`"),
            (&long_name, "invalid-request", "it is too long"),
            (&named("../../etc"), "invalid-request", "starts with another"),
            (&named("a/b"), "invalid-request", "holds another character"),
            (&named("a\0b"), "invalid-request", "holds another character"),
            (&attach(|r| r["id"]["interface"] = "a/b".into()), "invalid-request", "'/'"),
            (&attach(|r| r["mac"] = "zz".into()), "invalid-request", "MAC"),
            (&many, "invalid-request", "no network namespace came"),
        ] {
            let said = answer(bytes).unwrap_or_else(|| panic!("no answer: {says}"));
            assert_eq!((&said["answer"], &said["code"]), (&json!("failed"), &json!(code)));
            let message = said["message"].as_str().unwrap();
            assert!(message.contains(says), "{says}: {message}");
            assert!(message.len() < 1000, "{} bytes", message.len());
        }
        host.is_again(&before);
        host.answers();
    });
}

#[test]
fn descriptors_that_are_no_network_namespace_are_told_and_closed() {
    with_a_daemon(|host| {
        let open = |path: &str| File::open(path).unwrap();
        let others: Vec<File> = ["/dev/null", "/", "/proc/self/ns/mnt", "/proc/self/ns/pid"]
            .map(open)
            .into_iter()
            .collect();
        let socket = std::os::unix::net::UnixStream::pair().unwrap().0;
        let before = host.found();
        let asked = attach(|_| {});
        assert_eq!(send(host, &asked, &[])["reason"]["is"], "no-namespace-sent");
        for descriptor in others.iter().map(File::as_raw_fd).chain([socket.as_raw_fd()]) {
            let said = send(host, &asked, &[descriptor]);
            assert_eq!(said["reason"]["is"], "not-a-namespace", "{said}");
        }
        // The daemon's own, and many at once of which it takes none to keep.
        // The namespace of this thread, which is the daemon's; the process's is the computer's own.
        let own = open("/proc/thread-self/ns/net");
        assert_eq!(send(host, &asked, &[own.as_raw_fd()])["code"], "no-namespace");
        for count in [2, 4, 5, 100, 253] {
            send(host, &asked, &vec![others[0].as_raw_fd(); count]);
        }
        let not_asked_for = frame(br#"{"verb":"ready","network":"blue"}"#);
        assert_eq!(send(host, &not_asked_for, &[own.as_raw_fd()])["answer"], "done");
        host.is_again(&before);
        host.answers();
    });
}

/// Many clients that say half a frame and stay: others are served, and in the end they are gone.
#[test]
fn a_client_that_stalls_holds_up_nobody() {
    with_a_daemon(|host| {
        let before = host.found();
        let stalled: Vec<_> = (0..100)
            .map(|_| {
                let mut stream = host.connect("attach.sock");
                stream.write_all(b"\x40\0\0\0{").unwrap();
                stream
            })
            .collect();
        host.answers();
        // A byte now and then does not make the wait longer.
        let mut slow = host.connect("attach.sock");
        slow.write_all(b"\x40\0\0\0").unwrap();
        while slow.write_all(b" ").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        host.is_again(&before);
        drop(stalled);
        host.answers();
    });
}

#[test]
fn fuzz_frames() {
    with_a_daemon(|host| {
        let before = host.found();
        let whole = attach(|_| {});
        let changed = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
        let mutated = prop::collection::vec(changed, 1..8).prop_map(move |changes| {
            let mut bytes = whole.clone();
            for (at, byte, how) in changes {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            bytes
        });
        let noise = prop::collection::vec(any::<u8>(), 0..200);
        let body = prop::collection::vec(any::<u8>(), 0..200).prop_map(|body| frame(&body));
        let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&prop_oneof![mutated, noise, body], |bytes| {
            let answer = host.talk("attach.sock", &bytes);
            if answer.is_empty() {
                return Ok(());
            }
            let said: Value = serde_json::from_slice(&answer[4..]).unwrap();
            prop_assert_eq!(&said["answer"], "failed", "{}", said);
            Ok(())
        });
        outcome.unwrap();
        host.is_again(&before);
        host.answers();
    });
}
