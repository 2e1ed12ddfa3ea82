//! Known killers of container networks, tried on ours: each with the real daemon and the real CNI
//! program, on a host or in a lab of its own. What a crash does is tried in `crash`. What a test
//! measures it prints; it asserts only that the thing happened.

mod addresses;
mod advertised;
mod bandwidth;
mod bursts;
mod datagrams;
mod detaches;
mod foreign_forward;
mod leaks;
mod ports;
mod reset;
mod settings;
mod stage;
mod strangers;
mod wiped;

#[path = "../one_host/alpha.rs"]
mod alpha;
#[path = "../crash/host.rs"]
#[allow(dead_code)]
mod host;
#[path = "../one_host/lab.rs"]
#[allow(dead_code)]
mod lab;
#[path = "../crash/left.rs"]
#[allow(dead_code)]
mod left;

use host::Host;
use lab::Lab;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Calls the CNI program as an engine named `runtime` does, with more in its configuration.
fn call(host: &Host, verb: &str, of: [&str; 2], runtime: &str, more: Value) -> Result<(), String> {
    let mut config = json!({
        "cniVersion": "1.1.0", "name": runtime, "type": "glassnet", "network": host::NETWORK,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let [container, netns] = of;
    let mut command = host.program();
    command.env("CNI_COMMAND", verb).env("CNI_PATH", "/nonexistent").env("CNI_IFNAME", "eth0");
    command.env("CNI_CONTAINERID", container).env("CNI_NETNS", netns);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(config.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// Waits until it is so, and tells how long that took; longer than `patience` is a failure.
fn until(patience: Duration, what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < patience, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    started.elapsed()
}

/// Runs lines of shell on a host; they have to succeed.
fn shell(lab: &Lab, place: &str, lines: &str) -> String {
    lab.says(place, &["sh", "-ec", lines])
}
