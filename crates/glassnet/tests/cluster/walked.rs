//! What `lab trace` says of packets between containers of two hosts, whose state is the daemons' own.

use crate::fleet::{Container, Fleet, Ground, blue};
use serde_json::Value;
use std::collections::BTreeSet;

/// The way there, and, if it is delivered, the answer's way.
fn trace(fleet: &Fleet, from: &Container, to: &str) -> (Value, Value) {
    let place = format!("@{}/{}", from.host, from.name);
    let output = fleet.order(&["trace", &place, to, "--back", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let mut answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    (answer["there"].take(), answer["back"].take())
}

fn hosts(path: &Value) -> BTreeSet<&str> {
    let hops = path["hops"].as_array().unwrap().iter();
    hops.map(|hop| hop["at"]["host"].as_str().unwrap()).collect()
}

fn stages(path: &Value) -> BTreeSet<&str> {
    let hops = path["hops"].as_array().unwrap().iter();
    hops.map(|hop| hop["stage"].as_str().unwrap()).collect()
}

#[test]
fn the_walk_crosses_hosts_as_packets_do() {
    for (ground, backend, on) in [
        (Ground::Switch, "direct", vec!["h1", "h2"]),
        (Ground::Switch, "vxlan", vec!["h1", "h2"]),
        (Ground::Router, "vxlan", vec!["h1", "h2", "middle"]),
    ] {
        let fleet = Fleet::up("walked", 2, &ground, &blue(backend));
        let web = fleet.attach("h1", "web", &[]).unwrap();
        let client = fleet.attach("h2", "client", &[]).unwrap();
        fleet.all_reach_all(&[web.clone(), client.clone()]);
        for address in &web.addresses {
            let (there, back) = trace(&fleet, &client, address);
            let mut tunnelled = BTreeSet::new();
            for (path, host, container) in [(&there, "h1", "web"), (&back, "h2", "client")] {
                let end = &path["end"]["delivered"]["at"];
                assert_eq!(end["host"], host, "{path:#}");
                assert_eq!(end["namespace"], format!("container:{container}"));
                assert_eq!(hosts(path), on.iter().copied().collect());
                tunnelled
                    .extend(stages(path).into_iter().filter(|stage| stage.ends_with("capsulate")));
            }
            assert_eq!(tunnelled.len(), if backend == "vxlan" { 2 } else { 0 });
        }
        if let Ground::Router = ground {
            let rules = "add table inet site
                add chain inet site forward { type filter hook forward priority 0; }
                add rule inet site forward udp dport 4789 drop comment \"no tunnels\"";
            fleet.lab.says("middle", &["nft", rules]);
            let (there, _) = trace(&fleet, &client, &web.addresses[0]);
            let end = &there["end"]["dropped"];
            let rule = &end["because"]["rule"]["evidence"]["rule"];
            assert_eq!(
                (&end["at"]["host"], &rule["comment"]),
                (&"middle".into(), &"no tunnels".into())
            );
            assert!(!fleet.pings(&client, &web.addresses[0], &[]));
        }
    }
}
