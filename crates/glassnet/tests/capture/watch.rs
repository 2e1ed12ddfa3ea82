//! A capture beside a test, and namespaces for it.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// Until something that has to happen is taken for a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A capture that goes on.
pub(crate) struct Watch {
    child: Child,
    errors: BufReader<ChildStderr>,
}

/// What came of one.
pub(crate) struct Captured {
    pub(crate) success: bool,
    pub(crate) out: String,
    pub(crate) told: String,
}

impl Watch {
    /// Begins, and comes back when packets are seen.
    pub(crate) fn begin(arguments: &[&str]) -> Self {
        let mut child = Command::new(GLASSNET)
            .arg("capture")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert!(line.starts_with("capturing"), "{arguments:?}: {line}");
        Self { child, errors }
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn end(self) -> Captured {
        // A packet may wait in the ring.
        std::thread::sleep(Duration::from_millis(100));
        signal(self.child.id(), "INT");
        self.ended()
    }

    /// Waits for its own end.
    pub(crate) fn ended(mut self) -> Captured {
        let pid = self.child.id();
        let mut out = String::new();
        let watched = std::thread::spawn(move || {
            // What would hang fails instead.
            std::thread::sleep(PATIENCE);
            signal(pid, "KILL");
        });
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let mut told = String::new();
        self.errors.read_to_string(&mut told).unwrap();
        let success = self.child.wait().unwrap().success();
        drop(watched);
        Captured { success, out, told }
    }
}

impl Captured {
    /// The document of `--json`.
    pub(crate) fn document(&self) -> Value {
        let read = serde_json::from_str(&self.out);
        read.unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.told))
    }
}

fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).output();
}

pub(crate) fn glassnet(arguments: &[&str]) -> Output {
    Command::new(GLASSNET).args(arguments).output().unwrap()
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// Runs a line of shell; it has to succeed.
pub(crate) fn sh(line: &str) -> String {
    let output = Command::new("sh").args(["-ec", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Two named namespaces with a link between them, 10.9.0.1 and 10.9.0.2; gone when dropped.
pub(crate) struct Pair(pub(crate) [String; 2]);

impl Pair {
    pub(crate) fn new(name: &str) -> Self {
        let names = ["a", "b"].map(|end| format!("gncap-{name}-{end}-{}", std::process::id()));
        let pair = Self(names);
        let [a, b] = &pair.0;
        sh(&format!(
            "ip netns add {a}; ip netns add {b}
             ip -n {a} link add eth0 type veth peer name eth0 netns {b}
             ip -n {a} addr add 10.9.0.1/24 dev eth0; ip -n {b} addr add 10.9.0.2/24 dev eth0
             for n in {a} {b}; do ip -n $n link set lo up; ip -n $n link set eth0 up; done"
        ));
        pair
    }

    pub(crate) fn a(&self) -> &str {
        &self.0[0]
    }

    pub(crate) fn ping(&self) {
        sh(&format!("ip netns exec {} ping -q -c 1 -W 5 10.9.0.2", self.a()));
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for name in &self.0 {
            let _ = Command::new("ip").args(["netns", "del", name]).output();
        }
    }
}
