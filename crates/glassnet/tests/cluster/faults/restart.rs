//! Daemons and machines that start again: packets and entries stay.

use super::{is_without_drift, own_addresses, shell, tunnel_mac, what_leads_to_peers};
use crate::fleet::{Container, Fleet, Ground, blue};
use std::time::Duration;

/// Entries that are missing or stale after a boot, while nobody could be asked (flannel#533).
#[test]
fn a_host_that_boots_while_the_store_is_away_knows_the_way_to_the_others() {
    for (ground, backend) in
        [(Ground::Router, "vxlan"), (Ground::Switch, "direct"), (Ground::Router, "auto")]
    {
        let fleet = Fleet::up("boots", 3, &ground, &blue(backend));
        let web = fleet.attach("h1", "web", &[]).unwrap();
        let other = fleet.attach("h3", "other", &[]).unwrap();
        let client = fleet.attach("h2", "client", &[]).unwrap();
        fleet.all_reach_all(&[web.clone(), other.clone(), client]);
        let before = what_leads_to_peers(&fleet, "h2");
        fleet.must(&["stop", "@keeper", "etcd"]);
        fleet.must(&["kill", "@h2"]);
        fleet.must(&["start", "@h2"]);
        fleet.until("all is there that leads to the others", || {
            what_leads_to_peers(&fleet, "h2") == before
        });
        let back = fleet.attach("h2", "back", &[]).expect("the node has addresses of its own");
        for (from, to) in [(&back, &web), (&web, &back), (&back, &other), (&other, &back)] {
            assert!(super::pings_all(&fleet, from, to), "{from:?} does not reach {to:?}");
        }
        let status = fleet.json("h2", &["status"]).unwrap();
        assert_eq!(status["cluster"]["store"]["connected"], false, "the store was there");
    }
}

/// Links as they are. What is told of them is no help: a bridge's timers tell of ports as they were.
fn links(fleet: &Fleet, host: &str) -> String {
    shell(fleet, host, "ip -o link show")
}

/// Whatever is changed of addresses, routes and our tunnel's entries, and of nftables.
fn changes(fleet: &Fleet, host: &str, seconds: u32) -> String {
    let script = format!(
        "(timeout {seconds} ip monitor address route rule nexthop & \
          timeout {seconds} ip monitor neigh dev gx-blue | grep PERMANENT & \
          timeout {seconds} bridge monitor fdb | grep gx-blue & \
          timeout {seconds} nft monitor & wait) 2>&1"
    );
    let said = fleet.lab.run(host, &["sh", "-c", &script]);
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}

/// That nothing is heard means something only where something would be.
fn changes_are_heard(fleet: &Fleet, host: &str) {
    let make = "ip route add 203.0.113.0/24 dev lo; \
                ip -6 neigh add fe80::99 lladdr 02:00:00:00:00:99 nud permanent dev gx-blue; \
                bridge fdb append 02:00:00:00:00:99 dev gx-blue dst 203.0.113.9; \
                nft add table ip marker";
    let unmake = "ip route del 203.0.113.0/24 dev lo; nft delete table ip marker";
    std::thread::scope(|scope| {
        let heard = scope.spawn(|| changes(fleet, host, 3));
        std::thread::sleep(Duration::from_millis(1000));
        shell(fleet, host, make);
        let heard = heard.join().unwrap();
        for word in ["203.0.113.0/24", "fe80::99", "203.0.113.9", "table ip marker"] {
            assert!(heard.contains(word), "{word} was not heard: {heard}");
        }
    });
    shell(fleet, host, unmake);
}

/// Runs pings and a stream from `from` to `to` while something happens: nothing may be lost.
fn lossless(fleet: &Fleet, from: &Container, to: &Container, happens: impl FnOnce()) {
    let serve = format!("ip netns exec {} timeout 60 iperf3 -s -D -p 5201", to.name);
    shell(fleet, &to.host, &serve);
    let ping = |address: &str| {
        format!("ip netns exec {} ping -q -i 0.01 -c 900 -W 2 {address}", from.name)
    };
    let stream = format!(
        "ip netns exec {} iperf3 -c {} -p 5201 -t 9 -b 8M -l 8K -J",
        from.name, to.addresses[0]
    );
    let (first, second) = (ping(&to.addresses[0]), ping(&to.addresses[1]));
    let run = |script: &str| fleet.lab.run(&from.host, &["sh", "-c", script]);
    std::thread::scope(|scope| {
        let (run, stream) = (&run, &stream);
        let pings: Vec<_> =
            [&first, &second].into_iter().map(|ping| scope.spawn(move || run(ping))).collect();
        let streamed = scope.spawn(move || run(stream));
        std::thread::sleep(Duration::from_millis(700));
        happens();
        assert!(!streamed.is_finished(), "it was over before all had happened");
        for ping in pings {
            let said = ping.join().unwrap();
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            assert!(said.contains(" 0% packet loss"), "packets were lost: {said}");
        }
        let said = streamed.join().unwrap();
        let told: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        let intervals = told["intervals"].as_array().unwrap_or_else(|| panic!("{told}"));
        assert!(intervals.len() >= 9, "the stream broke off: {told}");
        // A pause of the sender's alone makes it send again; what was lost leaves a hole.
        let holes = format!(
            "ip netns exec {} nstat -asz TcpExtTCPOFOQueue | awk '/Tcp/ {{ print $2 }}'",
            to.name
        );
        assert_eq!(shell(fleet, &to.host, &holes), "0", "segments were lost: {told}");
        for interval in intervals {
            let sum = &interval["sum"];
            assert!(sum["bytes"].as_u64().unwrap() > 0, "the stream stood still: {sum}");
        }
    });
}

#[test]
fn daemons_killed_and_started_change_nothing_and_lose_nothing() {
    for (ground, by) in [(Ground::Switch, "direct"), (Ground::Router, "vxlan")] {
        let fleet = Fleet::up("again", 2, &ground, &blue("auto"));
        let web = fleet.attach("h1", "web", &["--publish", "8080:80"]).unwrap();
        let client = fleet.attach("h2", "client", &[]).unwrap();
        fleet.until_by("h1", "h2", by);
        fleet.until_by("h2", "h1", by);
        fleet.all_reach_all(&[web.clone(), client.clone()]);
        if by == "vxlan" {
            changes_are_heard(&fleet, "h1");
        }
        fleet.until("nothing is left to mend", || {
            fleet.hosts.iter().all(|host| is_without_drift(&fleet, host))
        });
        fleet.until("all is quiet", || {
            fleet.hosts.iter().all(|host| changes(&fleet, host, 2).is_empty())
        });
        let before: Vec<String> = fleet.hosts.iter().map(|host| links(&fleet, host)).collect();
        let changed: Vec<String> = std::thread::scope(|scope| {
            let fleet = &fleet;
            let heard: Vec<_> = fleet
                .hosts
                .iter()
                .map(|host| scope.spawn(move || changes(fleet, host, 9)))
                .collect();
            lossless(fleet, &client, &web, || {
                for host in ["@h1", "@h2"] {
                    fleet.must(&["stop", host, "node"]);
                }
                for host in ["@h1", "@h2", "@h1"] {
                    fleet.must(&["stop", host, "node"]);
                    fleet.must(&["start", host, "node"]);
                }
            });
            heard.into_iter().map(|heard| heard.join().unwrap()).collect()
        });
        for ((host, changed), before) in fleet.hosts.iter().zip(changed).zip(before) {
            assert_eq!(links(&fleet, host), before, "{host}: a restart changed a link");
            assert_eq!(changed, "", "{host}: a restart changed something");
            assert!(is_without_drift(&fleet, host), "{}", fleet.told());
        }
    }
}

/// What was learned a moment before the daemon died is not forgotten: with the store away nobody
/// would tell it again.
#[test]
fn what_was_learned_just_before_a_daemon_dies_is_kept() {
    let fleet = Fleet::up("learned", 2, &Ground::Router, &blue("auto"));
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.until_by("h2", "h1", "vxlan");
    fleet.until_by("h1", "h2", "vxlan");
    for i in 1..=4 {
        let address = format!("10.1.200.{i}");
        let six = format!("fd00:1::200:{i}");
        let web =
            fleet.attach("h1", &format!("web{i}"), &["--address", &address, "--address", &six]);
        let web = web.unwrap();
        // Each family is claimed by itself, and told by itself.
        fleet.until("the routes are there", || {
            let leads = what_leads_to_peers(&fleet, "h2");
            leads.contains(&format!("{address} ")) && leads.contains(&format!("{six} "))
        });
        fleet.must(&["stop", "@h2", "node"]);
        let before = what_leads_to_peers(&fleet, "h2");
        fleet.must(&["stop", "@keeper", "etcd"]);
        fleet.must(&["start", "@h2", "node"]);
        assert_eq!(what_leads_to_peers(&fleet, "h2"), before);
        let log = || fleet.lab.says("h2", &["tail", "-n", "30", "/var/log/glassnet.log"]);
        let reached = super::pings_all(&fleet, &client, &web);
        assert!(reached, "{address} is not reached any more\n{}\n{}", fleet.told(), log());
        fleet.must(&["start", "@keeper", "etcd"]);
        fleet.until("the store is back", || {
            fleet.hosts.iter().all(|host| {
                let status = fleet.json(host, &["status"]);
                status.is_some_and(|status| status["cluster"]["store"]["connected"] == true)
            })
        });
    }
}

/// The others hold them for this node's: they never drift.
#[test]
fn own_addresses_and_the_tunnel_s_mac_outlive_daemon_boot_and_disk() {
    for (ground, by) in [(Ground::Router, "vxlan"), (Ground::Switch, "direct")] {
        let fleet = Fleet::up("drift", 2, &ground, &blue("auto"));
        let web = fleet.attach("h1", "web", &[]).unwrap();
        fleet.until_by("h1", "h2", by);
        fleet.until("it is proven how large packets may be", || {
            fleet.way("h1", "h2").is_some_and(|way| way["mtu"].is_u64())
        });
        let mut before = (Vec::new(), String::new(), String::new());
        fleet.until("it has addresses of its own", || {
            before = (
                own_addresses(&fleet, "h2"),
                tunnel_mac(&fleet, "h2"),
                what_leads_to_peers(&fleet, "h1"),
            );
            before.0.len() == 4 && before.2.contains(&before.1)
        });
        for (stop, start) in [
            (&["stop", "@h2", "node"][..], &["start", "@h2", "node"][..]),
            (&["kill", "@h2"], &["start", "@h2"]),
            (&["kill", "@h2"], &["start", "@h2", "--new-disk"]),
            (&["stop", "@h2", "node"], &["start", "@h2", "node"]),
        ] {
            fleet.must(stop);
            fleet.must(start);
            let now = || (own_addresses(&fleet, "h2"), tunnel_mac(&fleet, "h2"));
            fleet.until(&format!("after {start:?} it is who it was: {before:?}"), || {
                now() == (before.0.clone(), before.1.clone())
            });
            let mut back = None;
            fleet.until("a container is attached", || {
                back = fleet.attach("h2", "back", &[]);
                back.is_some()
            });
            let back = back.unwrap();
            fleet.all_reach_all(&[web.clone(), back.clone()]);
            assert_eq!(now(), (before.0.clone(), before.1.clone()), "after {start:?}");
            assert_eq!(what_leads_to_peers(&fleet, "h1"), before.2, "after {start:?}");
            fleet.detach(&back);
        }
    }
}
