//! Real clients against the plugin: cnitool, the CNI project's own, and containerd through its CRI;
//! each with our configuration alone and with the reference plugins chained to it.
//!
//! The walks are in `tests/clients`, each on a private host that is gone afterwards. They need root
//! and the tools of `scripts/setup test`.

use std::path::{Path, PathBuf};
use std::process::Command;

const ALONE: &str = "packaging/cni/10-glassnet.conflist";
const CHAINED: &str = "tests/clients/chain.conflist";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs a walk and wants all of it to pass. A client that hangs ends with the walk, after 5 minutes:
/// the host kills all its processes when the one that it was started by is gone.
fn walk(walk: &str, conflist: &str) {
    assert!(
        rustix::process::geteuid().is_root(),
        "this test makes network namespaces, which takes root: run `make test`, or as root"
    );
    let output = Command::new("timeout")
        .args(["--kill-after=10", "300", "tests/clients/host", "tests/clients/with-glassnet"])
        .arg(env!("CARGO_BIN_EXE_glassnet"))
        .args([&format!("tests/clients/{walk}"), conflist])
        .current_dir(repository())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    let story = format!("{walk} {conflist}: {}\n{said}\n{complained}", output.status);
    assert!(output.status.success(), "{story}");
    let passed = said.lines().last().and_then(|last| last.strip_suffix(" passed, 0 failed"));
    let passed: u32 = passed.and_then(|count| count.parse().ok()).unwrap_or_default();
    assert!(passed > 0, "nothing was tried: {story}");
}

#[test]
fn cnitool_calls_every_verb_in_every_version() {
    walk("cnitool", ALONE);
}

#[test]
fn cnitool_calls_us_at_the_head_of_a_chain() {
    walk("cnitool", CHAINED);
}

#[test]
fn containerd_makes_pods() {
    walk("pods", ALONE);
}

#[test]
fn containerd_makes_pods_on_a_chain() {
    walk("pods", CHAINED);
}
