//! What container networks are known to fail by does not happen across hosts.

mod addresses;
mod arrival;
mod overlay;
mod restart;

use crate::fleet::{Container, Fleet};
use std::time::{Duration, Instant};

/// What a script on a host prints; it has to succeed.
fn shell(fleet: &Fleet, host: &str, script: &str) -> String {
    fleet.lab.says(host, &["sh", "-ec", script])
}

/// Waits until something holds, for so long only.
fn within(fleet: &Fleet, limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < limit, "{what}: not within {limit:?}\n{}", fleet.told());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Neighbours and forwarding entries on the tunnel, and our routes: what leads to the peers.
fn what_leads_to_peers(fleet: &Fleet, host: &str) -> String {
    let script = "ip route show proto 103; ip -6 route show proto 103; \
                  ip -6 neigh show dev gx-blue nud permanent; bridge fdb show dev gx-blue";
    let said = fleet.lab.run(host, &["sh", "-c", script]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut lines: Vec<&str> = said.lines().map(str::trim).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// This node's own addresses in the network, on its bridge: sorted.
fn own_addresses(fleet: &Fleet, host: &str) -> Vec<String> {
    let said = fleet.lab.run(host, &["ip", "-br", "address", "show", "gn-blue"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let whole = |word: &&str| word.ends_with("/32") || word.ends_with("/128");
    let mut own: Vec<_> = said.split_whitespace().filter(whole).map(str::to_owned).collect();
    own.sort_unstable();
    own
}

/// The MAC address of the tunnel's end.
fn tunnel_mac(fleet: &Fleet, host: &str) -> String {
    let said = fleet.lab.run(host, &["cat", "/sys/class/net/gx-blue/address"]);
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}

fn is_without_drift(fleet: &Fleet, host: &str) -> bool {
    let status = fleet.json(host, &["status"]);
    status.is_some_and(|status| status["drift"] == serde_json::json!([]))
}

/// One packet each, at once: whether all came back.
fn pings_all(fleet: &Fleet, from: &Container, to: &Container) -> bool {
    to.addresses.iter().all(|address| fleet.pings(from, address, &[]))
}
