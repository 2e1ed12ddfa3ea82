//! What the kernel itself says: in network namespaces of their own, which end with what runs in them.

mod checksums;
mod filters;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Runs a Python program in a new network namespace; it takes a question and gives an answer.
fn asked<Answer: DeserializeOwned>(program: &str, question: &impl Serialize) -> Answer {
    let mut python = Command::new("unshare")
        .args(["--net", "--fork", "--kill-child", "python3", "-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs Python: install the package python3 (scripts/setup test does)");
    let question = serde_json::to_vec(question).expect("a question in JSON");
    let mut input = python.stdin.take().expect("it was piped");
    input.write_all(&question).expect("it reads the question");
    drop(input);
    let ran = python.wait_with_output().expect("it ends");
    assert!(ran.status.success(), "it needs root, and says more above: {}", ran.status);
    serde_json::from_slice(&ran.stdout).expect("an answer in JSON")
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
