//! Nodes that join, die, come back elsewhere or with nothing, and leave for good.

use crate::fleet::{Fleet, Ground, blue};

#[test]
fn power_cut_new_disk_and_new_address() {
    let fleet = Fleet::up("nodes", 3, &Ground::Switch, &blue("auto"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client]);
    let own = |host: &str| {
        let addresses = fleet.lab.says(host, &["ip", "-br", "address", "show", "gn-blue"]);
        addresses
            .split_whitespace()
            .filter(|word| word.ends_with("/32"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let before = own("h2");
    assert_eq!(before.len(), 2, "an own address and one to prove by");
    for again in [&["start", "@h2"][..], &["start", "@h2", "--new-disk"]] {
        fleet.must(&["kill", "@h2"]);
        fleet.until("the others see it dead", || {
            fleet.peers("h1").get("h2").is_some_and(|peer| peer["alive"] == false)
        });
        fleet.must(again);
        fleet.until("the daemon answers", || fleet.json("h2", &["status"]).is_some());
        let name = if again.len() == 2 { "again" } else { "anew" };
        let mut back = None;
        fleet.until("a container is attached", || {
            back = fleet.attach("h2", name, &[]);
            back.is_some()
        });
        let back = back.unwrap();
        fleet.all_reach_all(&[web.clone(), back.clone()]);
        fleet.until("its own addresses are as they were", || own("h2") == before);
        fleet.detach(&back);
    }
    // Another address: the others follow.
    let moved = "ip address del 192.0.2.2/24 dev eth0 && ip address add 192.0.2.77/24 dev eth0";
    fleet.lab.says("h2", &["sh", "-c", moved]);
    let moved = fleet.attach("h2", "moved", &[]).expect("the node has addresses");
    fleet.must(&["stop", "@h2", "node"]);
    fleet.must(&["start", "@h2", "node"]);
    fleet.until("the others know the new address", || {
        let peers = fleet.peers("h1");
        peers.get("h2").is_some_and(|peer| peer["addresses"][0] == "192.0.2.77")
    });
    fleet.all_reach_all(&[web, moved]);
}

#[test]
fn a_node_that_is_gone_for_good_is_forgotten() {
    let fleet = Fleet::up("forget", 2, &Ground::Switch, &blue("auto"));
    fleet.until_by("h1", "h2", "direct");
    let alive = fleet.lab.run("h1", &["glassnet", "node", "forget", "h2"]);
    assert!(!alive.status.success(), "a living node was forgotten");
    fleet.must(&["kill", "@h2"]);
    fleet.until("it can be forgotten", || {
        fleet.lab.run("h1", &["glassnet", "node", "forget", "h2"]).status.success()
    });
    fleet.until("no peer is left", || fleet.peers("h1").is_empty());
    let routes = fleet.lab.says("h1", &["sh", "-c", "ip route; ip -6 route"]);
    assert!(!routes.contains("gx-blue via"), "{routes}");
    assert!(fleet.lab.run("h1", &["glassnet", "network", "rm", "blue"]).status.success());
}

#[test]
fn an_address_of_one_s_choice_is_claimed_alone_and_reached_from_everywhere() {
    let fleet = Fleet::up("alone", 2, &Ground::Switch, &blue("auto"));
    let near = fleet.attach("h1", "near", &[]).unwrap();
    let block: std::net::Ipv4Addr = near.addresses[0].parse().unwrap();
    let theirs = block.octets();
    // In the first block, which nodes claim last.
    let chosen = fleet.attach("h2", "chosen", &["--address", "10.1.0.9"]).unwrap();
    let also = fleet.attach("h1", "also", &["--address", "10.1.0.10"]).unwrap();
    assert_eq!(chosen.addresses[0], "10.1.0.9");
    fleet.all_reach_all(&[near, chosen.clone(), also]);
    let taken = fleet.attach("h1", "taken", &["--address", "10.1.0.9"]);
    assert!(taken.is_none(), "an address was given twice");
    let of_h1 = format!("10.1.{}.{}", theirs[2], theirs[3] + 5);
    let refused = fleet.attach("h2", "refused", &["--address", &of_h1]);
    assert!(refused.is_none(), "{of_h1} is in a block of h1");
    // Given back, it may go to the other host.
    assert!(fleet.detach(&chosen));
    fleet.until("it is given again on the host that had it", || {
        fleet.attach("h2", "again", &["--address", "10.1.0.9"]).is_some()
    });
}

#[test]
fn the_store_by_tls_with_client_certificates() {
    let fleet = Fleet::of("tls", 2, &Ground::Switch, &blue("auto"), |file| {
        file.replace("etcd: true", "etcd: { tls: true }")
    });
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web, client]);
    // Who comes without is told why.
    let plain = "export GLASSNET_RUN_DIR=/run/x GLASSNET_STATE_DIR=/var/x; \
                 glassnet node --store etcd://192.0.2.100:2379 --name x 2>/dev/null & \
                 for i in 1 2 3 4 5 6 7 8; do sleep 0.5; glassnet status 2>/dev/null | grep TLS; done; \
                 kill $!";
    let said = fleet.lab.says("keeper", &["sh", "-c", plain]);
    assert!(said.contains("it speaks TLS only"), "{said}");
}
