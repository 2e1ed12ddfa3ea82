//! Addresses that leak until there are none: the engine died between ADD and its own note of it, and
//! never sends a DEL; the machine was booted; nobody saw the pool run dry.
//! calico#5339, k3s#5885, cri-o#2410, kubernetes#39557, containerd#12130, containerd PR#12923.

use crate::call;
use crate::host::{Container, Host, NETWORK, in_a_private_host};
use crate::left;
use nix::mount::{MsFlags, mount};
use serde_json::json;
use std::collections::BTreeSet;

/// Of a /28: 16 less network, broadcast and gateway.
const LEASABLE: usize = 13;

fn small_network(host: &Host) {
    host.cli(&["network", "create", NETWORK, "--subnet", "10.9.0.0/28"]).unwrap();
}

/// Containers that get every address there is.
fn fill(host: &Host, name: &str) -> Vec<Container> {
    let all: Vec<_> = (0..LEASABLE).map(|n| Container::new(&format!("{name}-{n}"), None)).collect();
    for container in &all {
        host.cni("ADD", container).unwrap();
    }
    all
}

#[test]
fn containers_that_end_unsaid_give_their_addresses_back() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        small_network(&host);
        let mut given = BTreeSet::new();
        for round in 0..3 {
            let all = fill(&host, &format!("round-{round}"));
            given.extend(all.iter().flat_map(Container::addresses));
            let late = Container::new("late", None);
            let none = host.cni("ADD", &late).unwrap_err();
            assert!(none.contains("\"code\":101"), "{none}");
            // Their namespaces die with them, and nobody says so.
            drop(all);
            host.until_held(0).unwrap();
            left::nothing(&host, &given, &format!("round {round}"));
        }
    });
}

#[test]
fn an_engine_that_died_before_it_noted_its_add_leaves_nothing() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let container = Container::new("one", Some(8000));
        assert!(host.cni_dies_at("ADD", &container, "client.answered"));
        host.until_held(1).unwrap();
        let given = container.addresses().into_iter().collect();
        drop(container);
        host.until_held(0).unwrap();
        left::nothing(&host, &given, "the engine is dead");
    });
}

#[test]
fn a_pool_that_runs_dry_is_said_before_it_is() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        small_network(&host);
        let mut containers = Vec::new();
        let status = || call(&host, "STATUS", ["", ""], "crash", json!({}));
        for count in 1..=LEASABLE {
            assert_eq!(status(), Ok(()), "{count} are not leased yet");
            let container = Container::new(&format!("c-{count}"), None);
            host.cni("ADD", &container).unwrap();
            containers.push(container);
            let warning = format!("{count} of {LEASABLE} addresses are leased");
            let told = host.cli(&["status", "--json"]).unwrap().contains(&warning);
            assert_eq!(told, count * 10 >= LEASABLE * 9, "{warning}");
        }
        assert!(status().unwrap_err().contains("\"code\":50"));
        host.cni("DEL", &containers[0]).unwrap();
        host.until_held(LEASABLE - 1).unwrap();
        assert_eq!(status(), Ok(()));
    });
}

#[test]
fn what_the_engine_does_not_know_any_more_is_collected_and_nobody_elses() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let [kept, stale, others] =
            ["kept", "stale", "others"].map(|name| Container::new(name, None));
        for container in [&kept, &stale] {
            host.cni("ADD", container).unwrap();
        }
        let of = ["others", &others.netns_path()];
        call(&host, "ADD", of, "another-engine", json!({})).unwrap();
        host.until_held(3).unwrap();
        let valid =
            json!({ "cni.dev/valid-attachments": [{ "containerID": "kept", "ifname": "eth0" }] });
        call(&host, "GC", ["", ""], "crash", valid).unwrap();
        host.until_held(2).unwrap();
        assert_eq!(stale.addresses(), Vec::<std::net::IpAddr>::new());
        assert_eq!((kept.addresses().len(), others.addresses().len()), (2, 2));
    });
}

/// Runs `work` on a host that has just booted.
fn booted(boot: &str, work: impl FnOnce() + Send) {
    let id = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(id.path(), format!("{boot}\n")).unwrap();
    in_a_private_host(|| {
        let (over, none) = ("/proc/sys/kernel/random/boot_id", None::<&str>);
        mount(Some(id.path()), over, none, MsFlags::MS_BIND, none).unwrap();
        work();
    });
}

#[test]
fn a_boot_voids_every_lease_and_a_restart_none() {
    let host = Host::new_on_disk();
    booted("0d5d6e3a-6a1b-4c1e-9f57-000000000001", || {
        host.recover();
        small_network(&host);
        let all = fill(&host, "before");
        host.recover();
        host.until_held(LEASABLE).unwrap();
        host.kill();
        drop(all);
    });
    booted("0d5d6e3a-6a1b-4c1e-9f57-000000000002", || {
        host.recover();
        host.until_held(0).unwrap();
        fill(&host, "after");
        host.kill();
    });
}
