//! The plugin while no daemon runs: what can wait is written down, the rest is told to try again.

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const CONFIG: &str = r#"{
    "cniVersion": "1.1.0", "name": "default", "type": "glassnet",
    "cni.dev/valid-attachments": [], "prevResult": {}
}"#;

/// Calls the plugin with a home where nobody listens. The namespace is its own, which it only opens.
fn call(home: &Path, command: &str) -> Output {
    let mut plugin = Command::new(env!("CARGO_BIN_EXE_glassnet"))
        .env_clear()
        .env("GLASSNET_RUN_DIR", home.join("run"))
        .env("GLASSNET_STATE_DIR", home.join("state"))
        .env("CNI_COMMAND", command)
        .env("CNI_CONTAINERID", "web")
        .env("CNI_IFNAME", "eth0")
        .env("CNI_NETNS", "/proc/self/ns/net")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    plugin.stdin.take().unwrap().write_all(CONFIG.as_bytes()).unwrap();
    plugin.wait_with_output().unwrap()
}

/// The names and contents of what waits for the daemon.
fn queued(home: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(folder) = std::fs::read_dir(home.join("state/detach-queue")) else { return Vec::new() };
    let mut found: Vec<_> = folder
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn add_check_and_gc_say_try_again_and_status_not_available() {
    for (command, code) in [("ADD", 11), ("CHECK", 11), ("GC", 11), ("STATUS", 50)] {
        let home = tempfile::tempdir().unwrap();
        let output = call(home.path(), command);
        assert!(!output.status.success(), "{command}");
        let socket = home.path().join("run/attach.sock");
        let no_daemon = format!(
            "no daemon listens at {}: No such file or directory (os error 2); start it with `glassnet node`",
            socket.display()
        );
        let expected = json!({
            "cniVersion": "1.1.0",
            "code": code,
            "msg": if command == "STATUS" { "the network cannot take containers now" } else { "try again later" },
            "details": no_daemon,
        });
        assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), expected, "{command}");
        assert_eq!(queued(home.path()), [], "{command}");
    }
}

#[test]
fn del_succeeds_and_is_written_down() {
    let home = tempfile::tempdir().unwrap();
    for calls in 1..=2 {
        let output = call(home.path(), "DEL");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stdout, b"", "DEL has no result");
        let queued = queued(home.path());
        assert_eq!(queued.len(), calls, "{queued:?}");
        let (_, content) = queued.last().unwrap();
        let expected =
            json!({ "verb": "detach", "id": { "container": "web", "interface": "eth0" } });
        assert_eq!(serde_json::from_slice::<Value>(content).unwrap(), expected);
    }
}
