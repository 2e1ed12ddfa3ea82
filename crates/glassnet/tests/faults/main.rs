//! Faults that other container networks are known for, each provoked in a lab and seen not to hold
//! on ours. What a test measures it prints; it asserts only that the thing happened.

mod addresses;
mod advertised;
mod bandwidth;
mod datagrams;
mod foreign_forward;
#[path = "../crash/host.rs"]
#[expect(dead_code, reason = "made for tests that kill the daemon")]
mod host;
#[path = "../one_host/lab.rs"]
#[expect(dead_code, reason = "made for tests of reach")]
mod lab;
mod leaks;
mod ports;
mod reset;
mod settings;
mod stage;
mod wiped;

use lab::Lab;
use std::time::{Duration, Instant};

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
