//! A fabric that does not carry what it should is named.

use crate::fleet::{Fleet, Ground, blue};
use std::time::{Duration, Instant};

/// What a host says of the way to another, within five seconds of being asked to say it.
fn said_within_five_seconds(fleet: &Fleet, host: &str, words: &[&str]) -> String {
    let started = Instant::now();
    loop {
        let said = fleet.lab.says(host, &["glassnet", "status"]);
        if words.iter().all(|word| said.contains(word)) {
            return said;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{words:?} were not said: {said}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_fabric_that_drops_the_overlay_s_port() {
    let fleet = Fleet::up("port", 2, &Ground::Router, &blue("vxlan"));
    fleet.until_by("h1", "h2", "vxlan");
    fleet.must(&["stop", "@h2", "node"]);
    fleet.must(&["drop", "@middle", "udp 4789"]);
    fleet.must(&["stop", "@h1", "node"]);
    fleet.must(&["start", "@h1", "node"]);
    fleet.must(&["start", "@h2", "node"]);
    said_within_five_seconds(&fleet, "h1", &["4789", "h2"]);
    fleet.must(&["pass", "@middle", "udp 4789"]);
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web, client]);
}

#[test]
fn a_fabric_that_drops_large_packets() {
    let fleet = Fleet::up("large", 2, &Ground::Router, &blue("vxlan"));
    fleet.until_by("h1", "h2", "vxlan");
    fleet.must(&["stop", "@h1", "node"]);
    fleet.must(&["stop", "@h2", "node"]);
    // Between the hosts only: the store's own answers are larger than that.
    let hole = "nft add table ip hole; \
                nft add chain ip hole forward '{ type filter hook forward priority 0; }'; \
                nft add rule ip hole forward ip saddr 198.51.0.0/16 ip daddr 198.51.0.0/16 \
                ip length '>' 1400 drop";
    fleet.lab.says("middle", &["sh", "-ec", hole]);
    fleet.must(&["start", "@h1", "node"]);
    fleet.must(&["start", "@h2", "node"]);
    said_within_five_seconds(&fleet, "h1", &["1350", "h2"]);
    said_within_five_seconds(&fleet, "h2", &["1350", "h1"]);
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    // Whoever sends too large a packet is told by this host, at once.
    let ping =
        ["ip", "netns", "exec", "client", "ping", "-c", "1", "-W", "1", "-M", "do", "-s", "1400"];
    let said = fleet.lab.run("h2", &[&ping[..], &[&web.addresses[0]]].concat());
    let said = [&said.stdout[..], &said.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.contains("mtu") || said.contains("Frag"),
        "nobody said that it is too large: {said}"
    );
}
