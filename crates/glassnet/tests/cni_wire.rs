//! The built binary as an engine runs it, against a daemon that is a few lines: what is on the
//! wire, and what happens with nobody there. Needs root, as making a network namespace does.

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use serde_json::{Value, json};
use std::fs;
use std::io::{IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};

fn configuration(version: &str) -> Value {
    json!({ "cniVersion": version, "name": "pods", "type": "glassnet" })
}

/// Runs the plugin with its run and state directories below `root`.
fn plugin(root: &Path, verb: &str, netns: &str, configuration: &Value) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_glassnet"))
        .env_clear()
        .env("GLASSNET_RUN_DIR", root)
        .env("GLASSNET_STATE_DIR", root.join("state"))
        .env("CNI_COMMAND", verb)
        .env("CNI_CONTAINERID", "pod1")
        .env("CNI_NETNS", netns)
        .env("CNI_IFNAME", "eth0")
        .env("CNI_PATH", "/opt/cni/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(configuration.to_string().as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// What was printed, as JSON; nothing is `null`.
fn said(output: &Output) -> Value {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    match &output.stdout[..] {
        b"" => Value::Null,
        text => serde_json::from_slice(text).unwrap(),
    }
}

/// Answers one question; gives the question, its bytes as a frame, and the descriptors with it.
fn daemon(root: &Path, answer: &Value) -> JoinHandle<(Value, Vec<OwnedFd>)> {
    let listener = UnixListener::bind(root.join("attach.sock")).unwrap();
    let answer = answer.to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut frame = vec![0; 64 << 10];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut place = [IoSliceMut::new(&mut frame)];
        let got = recvmsg(&stream, &mut place, &mut control, RecvFlags::CMSG_CLOEXEC).unwrap();
        let mut descriptors = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        frame.truncate(got.bytes);
        let (length, body) = frame.split_first_chunk().unwrap();
        assert_eq!(u32::from_le_bytes(*length) as usize, body.len());
        let question = serde_json::from_slice(body).unwrap();
        // In pieces, as a stream may bring it.
        let length = u32::try_from(answer.len()).unwrap().to_le_bytes();
        for piece in [&length[..2], &length[2..], &answer.as_bytes()[..5], &answer.as_bytes()[5..]]
        {
            stream.write_all(piece).unwrap();
        }
        (question, descriptors)
    })
}

#[test]
fn add_sends_the_namespace_itself() {
    let root = tempfile::tempdir().unwrap();
    let netns = kernel::NetNs::fresh().expect("making a network namespace needs root");
    let path = format!("/proc/{}/fd/{}", std::process::id(), netns.as_fd().as_raw_fd());
    let answer = json!({
        "answer": "attached",
        "attachment": {
            "container": "pod1", "interface": "eth0", "network": "default",
            "addresses": ["10.88.0.2"], "mac": "02:67:0a:58:00:02", "default_route": true,
        },
        "network": {
            "name": "default", "pools": [{ "subnet": "10.88.0.0/16", "gateway": "10.88.0.1" }],
            "bridge": "gn-default", "mtu": null, "masquerade": true, "spoofing": false,
        },
        "mtu": 1500,
    });
    let daemon = daemon(root.path(), &answer);
    let output = plugin(root.path(), "ADD", &path, &configuration("1.0.0"));
    let (question, descriptors) = daemon.join().unwrap();

    assert_eq!(
        question,
        json!({
            "verb": "attach",
            "id": { "container": "pod1", "interface": "eth0" },
            "network": "default",
            "runtime": "pods",
            "netns": path,
            "addresses": [],
            "mac": null,
            "publish": [],
            "bandwidth": { "ingress": null, "egress": null },
            "default_route": true,
        })
    );
    let inodes: Vec<u64> = (descriptors.iter())
        .map(|descriptor| kernel::netns::inode(descriptor.as_fd()).unwrap())
        .collect();
    assert_eq!(inodes, [netns.inode().unwrap()]);

    assert!(output.status.success());
    let result = said(&output);
    assert_eq!(
        result["ips"],
        json!([{ "address": "10.88.0.2/16", "gateway": "10.88.0.1", "interface": 2 }])
    );
    assert_eq!(result["interfaces"][2]["sandbox"], json!(path));
}

#[test]
fn del_sends_no_namespace_and_prints_nothing() {
    let root = tempfile::tempdir().unwrap();
    let daemon = daemon(root.path(), &json!({ "answer": "done" }));
    let output = plugin(root.path(), "DEL", "", &configuration("0.3.1"));
    let (question, descriptors) = daemon.join().unwrap();
    let id = json!({ "container": "pod1", "interface": "eth0" });
    assert_eq!(question, json!({ "verb": "detach", "id": id }));
    assert!(descriptors.is_empty());
    assert!(output.status.success());
    assert_eq!(said(&output), Value::Null);
    assert!(
        !root.path().join("state").exists(),
        "nothing is left behind for a daemon that is there"
    );
}

#[test]
fn with_the_daemon_down_add_says_try_again_and_del_is_queued() {
    let root = tempfile::tempdir().unwrap();
    let add = plugin(root.path(), "ADD", "/proc/self/ns/net", &configuration("1.1.0"));
    assert_eq!(add.status.code(), Some(1));
    let socket = root.path().join("attach.sock");
    assert_eq!(
        said(&add),
        json!({
            "cniVersion": "1.1.0",
            "code": 11,
            "msg": "try again later",
            "details": format!(
                "no daemon listens at {}: No such file or directory (os error 2); \
                 start it with `glassnet node`",
                socket.display()
            ),
        })
    );
    let status = plugin(root.path(), "STATUS", "", &configuration("1.1.0"));
    assert_eq!(said(&status)["code"], 50);

    let queue = root.path().join("state/detach-queue");
    for expected in [1, 2] {
        let del = plugin(root.path(), "DEL", "/gone", &configuration("1.1.0"));
        assert!(del.status.success());
        assert_eq!(said(&del), Value::Null);
        let entries: Vec<_> =
            fs::read_dir(&queue).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(entries.len(), expected);
        for entry in entries {
            let entry: Value = serde_json::from_slice(&fs::read(entry).unwrap()).unwrap();
            let id = json!({ "container": "pod1", "interface": "eth0" });
            assert_eq!(entry, json!({ "verb": "detach", "id": id }));
        }
    }
}

#[test]
fn version_needs_nobody() {
    let root = tempfile::tempdir().unwrap();
    let output = plugin(root.path(), "VERSION", "", &json!({ "cniVersion": "1.0.0" }));
    assert!(output.status.success());
    let versions = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];
    assert_eq!(said(&output), json!({ "cniVersion": "1.0.0", "supportedVersions": versions }));
}
