//! A test on a private host: it runs itself once more in `tests/clients/host`, with which all that it
//! made ends, also when it fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of the iptables that is meant, on a private host. The machine's own choice
/// (update-alternatives) is left alone.
const BACKEND: &str = "/run/backend";
/// Says to the second run that it is one.
const MARK: &str = "GLASSNET_TEST_ON_PRIVATE_HOST";

/// The two sets of programs that are called `iptables`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Iptables {
    Nft,
    Legacy,
}

/// Does the work on a private host, where `iptables` is the one wanted. `test` is the name of the test
/// that calls, with its module.
pub(crate) fn on_private_host(test: &str, iptables: Iptables, work: impl FnOnce()) {
    if std::env::var_os(MARK).is_some() {
        assert_eq!(run("hostname"), "private-host", "{MARK} is for the second run only");
        link(iptables);
        return work();
    }
    let path = std::env::var("PATH").unwrap();
    let host = repository().join("tests/clients/host");
    // None of them takes a tenth of it on a machine with nothing else to do.
    let status = Command::new("timeout")
        .args(["--kill-after=5", "600"])
        .arg(host)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--quiet"])
        .env("PATH", format!("{BACKEND}:{path}:/usr/sbin:/sbin"))
        .env(MARK, "1")
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{test}, on its private host: {status}");
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn link(iptables: Iptables) {
    let programs = match iptables {
        Iptables::Nft => "/usr/sbin/xtables-nft-multi",
        Iptables::Legacy => "/usr/sbin/xtables-legacy-multi",
    };
    assert!(Path::new(programs).exists(), "{programs} is missing: scripts/setup test installs it");
    std::fs::create_dir_all(BACKEND).unwrap();
    for command in ["iptables", "ip6tables"].iter().flat_map(|family| {
        ["", "-save", "-restore"].map(|verb| format!("{BACKEND}/{family}{verb}"))
    }) {
        std::os::unix::fs::symlink(programs, command).unwrap();
    }
}

/// What a line for the shell prints; it has to succeed.
pub(crate) fn run(line: &str) -> String {
    let output = attempt(line);
    assert!(output.status.success(), "{line}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub(crate) fn attempt(line: &str) -> Output {
    Command::new("bash").args(["-ec", line]).stdin(Stdio::null()).output().unwrap()
}

pub(crate) fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).trim().to_owned()
}
