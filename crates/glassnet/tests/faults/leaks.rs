//! What is left over and what is full (moby#41136, #32090, incus#3521).

use crate::host::{Host, in_a_private_host};
use crate::stage::{Place, attach, attach_place, detach, shell};
use crate::until;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// All that a container leaves its mark in: links, and the elements of our sets.
fn marks() -> String {
    shell(
        "ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/' | sort; \
         nft list ruleset | grep -v packets; ip route; ip -6 route | grep -v fe80 || true",
    )
}

#[test]
fn the_1024th_port_of_a_bridge_is_refused_in_words_and_leaves_nothing() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.cli(&["network", "create", "blue", "--subnet", "10.9.0.0/16"]).unwrap();
        // Somebody else's links, since making a thousand containers takes long.
        let mut batch = String::new();
        for n in 0..1021 {
            writeln!(batch, "link add p{n} master gn-blue type veth peer name q{n}").unwrap();
        }
        let mut ip =
            Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        ip.stdin.take().unwrap().write_all(batch.as_bytes()).unwrap();
        assert!(ip.wait().unwrap().success());

        let _fits = ["one", "two"].map(|name| attach(&host, name, &[]).unwrap());
        let before = marks();
        let too_many = Place::new("three");
        let with = ["--publish", "8080:80", "--egress", "10mbit"];
        let refused = attach_place(&host, &too_many, &with).unwrap_err();
        assert!(
            refused.contains("gn-blue")
                && refused.contains("1023 ports")
                && refused.contains("[exhausted]"),
            "{refused}"
        );
        host.until_held(2).unwrap();
        assert_eq!(marks(), before);
        assert!(!too_many.shell("ip -o link").contains("eth0"));
        detach(&host, "one");
        attach_place(&host, &too_many, &with).unwrap();
    });
}

/// Its namespace disappears, and no engine ever says so.
#[test]
fn a_container_that_vanishes_leaves_nothing() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let _stays = attach(&host, "stays", &[]).unwrap();
        let before = marks();
        let with = [
            "--publish",
            "8080:80",
            "--publish",
            "5353:53/udp",
            "--egress",
            "10mbit",
            "--ingress",
            "10mbit",
        ];
        for daemon_down in [false, true] {
            let place = attach(&host, "vanishes", &with).unwrap();
            assert_ne!(marks(), before);
            if daemon_down {
                host.kill();
            }
            drop(place);
            until(PATIENCE, "the kernel takes its link", || {
                shell("ip -o link").lines().filter(|line| line.contains("master gn-blue")).count()
                    == 1
            });
            if daemon_down {
                host.recover();
            }
            host.until_held(1).unwrap();
            until(PATIENCE, "nothing of it is left", || marks() == before);
        }
        // Nothing of it is open in the daemon either: its port is free for others.
        let _next = attach(&host, "next", &with).unwrap();
    });
}
