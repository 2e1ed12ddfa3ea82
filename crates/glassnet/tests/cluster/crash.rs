//! A daemon dies between the store and its journal.

use crate::fleet::{Fleet, Ground};
use serde_json::Value;

const SUBNETS: [&str; 4] = ["--subnet", "10.1.0.0/16", "--subnet", "fd00:1::/64"];

/// Starts the daemon of `h1` so that it dies at a failpoint, and waits until it is dead.
fn until_it_dies(fleet: &Fleet, failpoint: &str, meanwhile: impl FnOnce()) {
    fleet.must(&["stop", "@h1", "node"]);
    let node = format!(
        "export GLASSNET_FAILPOINT={failpoint}:1; exec glassnet node --store etcd://192.0.2.100:2379 \
         --name h1 --address 192.0.2.1,2001:db8::1"
    );
    std::thread::scope(|scope| {
        let node = &node;
        let dies = scope.spawn(move || fleet.lab.run("h1", &["timeout", "20", "sh", "-c", node]));
        fleet.until("the daemon answers", || {
            dies.is_finished() || fleet.json("h1", &["status"]).is_some()
        });
        meanwhile();
        let died = dies.join().unwrap();
        assert_ne!(died.status.code(), Some(124), "it did not die at {failpoint}");
    });
    fleet.must(&["start", "@h1", "node"]);
    fleet.until("the daemon answers again", || fleet.json("h1", &["status"]).is_some());
}

/// What a node holds of network blue, as it says itself and as the other sees it.
fn held(fleet: &Fleet) -> (Value, Value) {
    let own =
        fleet.json("h1", &["status"]).map(|status| status["cluster"]["holds"]["blue"].clone());
    let seen = fleet.way("h2", "h1").map(|way| way["prefixes"].clone());
    (own.unwrap_or_default(), seen.unwrap_or_default())
}

#[test]
fn death_between_the_store_and_the_journal_loses_and_doubles_no_block() {
    let fleet = Fleet::up("crash", 2, &Ground::Switch, "");
    until_it_dies(&fleet, "daemon.cluster.claimed", || {
        let create = [&["glassnet", "network", "create", "blue"], &SUBNETS[..]].concat();
        let made = fleet.lab.run("h2", &create);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    });
    fleet.until("it holds one block of each family, and the other knows", || {
        let (own, seen) = held(&fleet);
        own.as_array().is_some_and(|own| own.len() == 2) && own == seen
    });
    let container = fleet.attach("h1", "web", &[]).unwrap();
    assert!(fleet.detach(&container));

    until_it_dies(&fleet, "daemon.cluster.released", || {
        // It may be removed, or wait for the dead one and give up.
        fleet.lab.run("h2", &["glassnet", "network", "rm", "blue"]);
    });
    fleet.until("the network can be removed, and is gone on both", || {
        fleet.lab.run("h2", &["glassnet", "network", "rm", "blue"]);
        ["h1", "h2"].into_iter().all(|host| {
            let networks = fleet.json(host, &["network", "ls"]);
            networks.is_some_and(|networks| networks.as_array().is_some_and(Vec::is_empty))
        })
    });
    fleet.until("its links are gone", || {
        let links = fleet.lab.says("h1", &["ip", "-br", "link"]);
        !links.contains("gx-blue") && !links.contains("gn-blue")
    });
}
