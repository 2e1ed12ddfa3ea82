//! Containers that come: many at once, and with their first packet.

use super::shell;
use crate::fleet::{Container, Fleet, Ground, blue};
use std::time::Duration;

/// At once, on each host.
const BURST: usize = 30;
const LONGEST: Duration = Duration::from_secs(2);

/// Milliseconds that each of a burst took.
fn burst(fleet: &Fleet, host: &str) -> Vec<u64> {
    let script = format!(
        "for i in $(seq {BURST}); do ip netns add c$i; done; \
         for i in $(seq {BURST}); do ( a=$(date +%s%N); \
         glassnet attach c$i --network blue >/dev/null || echo failed; \
         b=$(date +%s%N); echo $(( (b - a) / 1000000 )) ) & done; wait"
    );
    let said = shell(fleet, host, &script);
    said.lines().map(|line| line.parse().unwrap_or_else(|_| panic!("{host}: {said}"))).collect()
}

fn there(fleet: &Fleet, host: &str) -> Vec<Container> {
    let listed = fleet.json(host, &["ls"]).unwrap();
    let rows = listed.as_array().or_else(|| listed["attachments"].as_array()).cloned();
    let rows = rows.unwrap_or_else(|| panic!("{listed}"));
    let container = |row: &serde_json::Value| {
        let attachment = if row["attachment"].is_object() { &row["attachment"] } else { row };
        let addresses = attachment["addresses"].as_array().unwrap();
        let addresses = addresses.iter().map(|address| address.as_str().unwrap().to_owned());
        let name = row["netns"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        Container { host: host.to_owned(), name, addresses: addresses.collect() }
    };
    rows.iter().map(container).collect()
}

#[test]
fn thirty_at_once_on_each_host_take_two_seconds_at_most() {
    let fleet = Fleet::up("burst", 2, &Ground::Switch, &blue("auto"));
    fleet.until_by("h1", "h2", "direct");
    fleet.until_by("h2", "h1", "direct");
    let took: Vec<u64> = std::thread::scope(|scope| {
        let fleet = &fleet;
        let both: Vec<_> =
            fleet.hosts.iter().map(|host| scope.spawn(move || burst(fleet, host))).collect();
        both.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(took.len(), 2 * BURST);
    let longest = took.iter().max().unwrap();
    eprintln!("milliseconds: {took:?}");
    assert!(u128::from(*longest) <= LONGEST.as_millis(), "milliseconds: {took:?}");
    let (here, beyond) = (there(&fleet, "h1"), there(&fleet, "h2"));
    assert_eq!((here.len(), beyond.len()), (BURST, BURST));
    for (from, to) in here.iter().zip(&beyond) {
        assert!(super::pings_all(&fleet, from, to), "{from:?} does not reach {to:?}");
        assert!(super::pings_all(&fleet, to, from), "{to:?} does not reach {from:?}");
    }
}

/// One after the other, each pings with its first packet, nothing before it.
fn first_packets(fleet: &Fleet, name: &str, to: &Container, addresses: impl Fn(usize) -> String) {
    let host = "h1";
    for i in 1..=10 {
        let target = &to.addresses[i % 2];
        let script = format!(
            "ip netns add {name}{i}; glassnet attach {name}{i} --network blue {} >/dev/null; \
             ip netns exec {name}{i} ping -c 1 -W 1 {target}",
            addresses(i)
        );
        let said = fleet.lab.run(host, &["sh", "-ec", &script]);
        let text = [&said.stdout[..], &said.stderr[..]].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(said.status.success(), "{name}{i} lost its first packet: {text}\n{}", fleet.told());
    }
}

#[test]
fn the_first_packet_of_a_container_passes() {
    for (ground, by) in [(Ground::Switch, "direct"), (Ground::Router, "vxlan")] {
        let fleet = Fleet::up("first", 2, &ground, &blue("auto"));
        fleet.until_by("h1", "h2", by);
        fleet.until_by("h2", "h1", by);
        let web = fleet.attach("h2", "web", &[]).unwrap();
        first_packets(&fleet, "new", &web, |_| String::new());
        // Addresses that no block of the node has: claimed while the caller waits, and the others
        // have to hear of each before they know the way back.
        let single = |i| format!("--address 10.1.77.{i} --address fd00:1::77:{i}");
        first_packets(&fleet, "single", &web, single);
    }
}

/// A node that has just booted, and a container as soon as it gives an address.
#[test]
fn the_first_packet_passes_on_a_node_that_booted_just_now() {
    for (ground, by) in [(Ground::Switch, "direct"), (Ground::Router, "vxlan")] {
        let fleet = Fleet::up("fresh", 2, &ground, &blue("auto"));
        // The hosts have never met before.
        let web = fleet.attach("h1", "web", &[]).unwrap();
        let first = fleet.attach("h2", "first", &[]).unwrap();
        assert!(super::pings_all(&fleet, &first, &web), "{}", fleet.told());
        assert!(super::pings_all(&fleet, &web, &first), "{}", fleet.told());
        fleet.until_by("h2", "h1", by);
        fleet.until_by("h1", "h2", by);
        for i in 0..4 {
            fleet.must(&["kill", "@h2"]);
            // With a new disk, the store alone tells it of the others.
            let start: &[&str] =
                if i < 2 { &["start", "@h2"] } else { &["start", "@h2", "--new-disk"] };
            fleet.must(start);
            let target = &web.addresses[i % 2];
            let script = format!(
                "ip netns add new; until glassnet attach new --network blue >/dev/null 2>&1; do \
                 sleep 0.01; done; ip netns exec new ping -c 1 -W 1 {target}"
            );
            let said = fleet.lab.run("h2", &["sh", "-c", &script]);
            let text = String::from_utf8_lossy(&said.stdout);
            assert!(said.status.success(), "boot {i}: {text}\n{}", fleet.told());
        }
    }
}
