//! A DEL that errs for ever keeps a pod for ever: it succeeds whatever is gone already, and one
//! spoilt file blocks no other.
//! cri-o#595, kubernetes#52331, calico/cni-plugin#287; cni#1055, containerd#8197.

use crate::call;
use crate::host::{Container, Host, in_a_private_host};
use crate::left;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

fn shell(command: &str) {
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

#[test]
fn whatever_is_gone_already_a_detach_succeeds() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let mut given = BTreeSet::new();
        // Each takes something away behind the daemon's back.
        let takes = [
            "true",
            "ip link del $(ip -br link show type veth | cut -d@ -f1)",
            "ip link set $(ip -br link show type veth | cut -d@ -f1) nomaster",
            "nft flush ruleset",
            "ip link del gn-blue",
        ];
        for take in takes {
            let container = Container::new("one", Some(8000));
            given.extend(host.cni("ADD", &container).unwrap());
            shell(take);
            for call in 1..=2 {
                host.cni("DEL", &container).unwrap_or_else(|why| panic!("{take}, {call}: {why}"));
            }
            host.until_held(0).unwrap();
        }
        host.recover();
        left::nothing(&host, &given, "all of them");
    });
}

#[test]
fn a_detach_needs_no_namespace_no_network_and_no_attachment() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        let none = json!({});
        call(&host, "DEL", ["never-was", "/nonexistent"], "crash", none.clone()).unwrap();
        host.create_network().unwrap();
        let container = Container::new("one", Some(8000));
        let given = host.cni("ADD", &container).unwrap().into_iter().collect();
        // The engine has lost the namespace and most of its configuration.
        call(&host, "DEL", ["one", ""], "crash", json!({ "network": "no-such" })).unwrap();
        host.until_held(0).unwrap();
        left::nothing(&host, &given, "without a namespace");
        host.cli(&["network", "rm", "blue"]).unwrap();
        call(&host, "DEL", ["one", "/nonexistent"], "crash", none).unwrap();
    });
}

#[test]
fn a_spoilt_entry_of_the_queue_blocks_no_other() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let container = Container::new("one", Some(8000));
        let given = host.cni("ADD", &container).unwrap().into_iter().collect();
        host.kill();
        let queue = host.state().join("detach-queue");
        // As a power cut leaves them, before and behind a whole one.
        for (time, content) in [(1, ""), (2, "{\"verb\":\"det"), (u64::MAX, "\0\0\0\0")] {
            let name = format!("{time:020}-{:010}-{:010}.json", 7, 0);
            fs::write(queue.join(name), content).unwrap();
        }
        fs::write(queue.join(".00000000000000000003-7-0.json.7.0.tmp"), "half").unwrap();
        host.cni("DEL", &container).unwrap();
        host.recover();
        host.until_held(0).unwrap();
        host.until_queue_is_empty();
        left::nothing(&host, &given, "spoilt entries");
    });
}
