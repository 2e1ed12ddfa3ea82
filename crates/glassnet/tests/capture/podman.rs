//! A container of Podman, by the name that it has there. Podman runs in a host of its own
//! (`tests/clients/host`), which ends with all that is in it.

use crate::watch::{GLASSNET, text};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A container without a network has a namespace all the same, and a loopback link in it.
const SCRIPT: &str = r#"
    set -e
    root=$(mktemp -d)
    mkdir -p "$root"/{bin,proc,sys,dev,etc,run,tmp}
    cp "$(command -v busybox)" "$root"/bin/
    podman --storage-driver vfs --cgroup-manager cgroupfs run --quiet -d --name shop \
        --runtime "$(command -v runc)" --network none --cap-add NET_RAW --rootfs "$root" /bin/busybox sleep 60 >/dev/null
    trap 'podman rm -f -t 0 shop >/dev/null; rm -rf "$root"' EXIT
    "$1" --json capture podman:shop icmp --count 2 --for 20s 2>/run/told >/run/captured &
    until grep -q ^capturing /run/told; do sleep 0.05; done
    podman exec shop /bin/busybox ping -c 1 127.0.0.1 >/dev/null
    wait $!
    cat /run/captured
"#;

#[test]
fn a_container_by_its_name() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new("timeout")
        .args(["--kill-after=5", "90"])
        .arg(repository.join("tests/clients/host"))
        .args(["bash", "-c", SCRIPT, "bash", GLASSNET])
        .output()
        .unwrap();
    let read = serde_json::from_slice(&output.stdout);
    let document: Value = read.unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    assert_eq!(document["captured"], 2, "{document:#}");
    assert_eq!(document["packets"][0]["sightings"][0]["place"], "shop");
}
