//! What others set, hold or leave on a host: sysctls, locks, configurations.

use crate::host::{Host, in_a_private_host};
use crate::stage::{Place, attach_place, outside};
use crate::{alpha, shell, until};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

/// systemd-sysctl applies its patterns to each new link, and again at any restart (cilium#10645).
#[test]
fn settings_of_our_links_and_forwarding_are_put_back() {
    let lab = alpha::up("settings", 0);
    let read = |path: &str| lab.says("alpha", &["cat", &format!("/proc/sys/{path}")]);
    for (path, ours) in [
        ("net/ipv4/conf/gn-blue/rp_filter", "2"),
        ("net/ipv4/ip_forward", "1"),
        ("net/ipv6/conf/all/forwarding", "1"),
    ] {
        assert_eq!(read(path), ours, "{path}");
        let other = if ours == "2" { "1" } else { "0" };
        shell(&lab, "alpha", &format!("echo {other} >/proc/sys/{path}"));
        let took = until(PATIENCE, path, || read(path) == ours);
        println!("{path}: put back within {took:?}");
    }
    // Of these the kernel tells nobody: they are put back at the next occasion.
    for (path, ours, other) in [
        ("net/ipv4/conf/gn-blue/route_localnet", "1", "0"),
        ("net/ipv6/conf/gn-blue/accept_ra", "0", "2"),
    ] {
        assert_eq!(read(path), ours, "{path}");
        shell(
            &lab,
            "alpha",
            &format!("echo {other} >/proc/sys/{path}; ip address add 127.0.0.9/8 dev lo"),
        );
        until(PATIENCE, path, || read(path) == ours);
        shell(&lab, "alpha", "ip address del 127.0.0.9/8 dev lo");
    }
    assert_eq!(lab.fetch("outside", "http://192.0.2.1:8080/").as_deref(), Some("web"));
    assert_eq!(lab.fetch("alpha", "http://127.0.0.1:8080/").as_deref(), Some("web"));
}

/// Somebody holds iptables' lock (plugins#510): attaching and detaching run no iptables.
#[test]
fn the_xtables_lock_delays_nobody() {
    let lab = alpha::up("xtables-lock", 0);
    shell(
        &lab,
        "alpha",
        "touch /run/xtables.lock; (flock /run/xtables.lock sleep 120) >/dev/null 2>&1 & sleep 0.3",
    );
    let held = lab.run("alpha", &["flock", "-n", "/run/xtables.lock", "true"]);
    assert!(!held.status.success(), "the lock is held");
    shell(&lab, "alpha", "ip netns add c");
    let started = Instant::now();
    for _ in 0..3 {
        shell(
            &lab,
            "alpha",
            "timeout 30 glassnet attach c --network blue --publish 9090:80 --egress 10mbit",
        );
        shell(&lab, "alpha", "timeout 30 glassnet detach c");
    }
    println!("3 attaches and detaches with the lock held: {:?}", started.elapsed());
    let held = lab.run("alpha", &["flock", "-n", "/run/xtables.lock", "true"]);
    assert!(!held.status.success(), "the lock was held all the time");
}

/// Neither the program nor the daemon runs another program.
#[test]
fn attaching_runs_no_other_program() {
    let lab = alpha::up("no-exec", 0);
    let pid = "$(glassnet status --json | sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p')";
    let traced = shell(
        &lab,
        "alpha",
        &format!(
            "ip netns add c
            strace -f -qq -e trace=execve -o /run/daemon.trace -p {pid} & tracer=$!
            sleep 0.5
            strace -f -qq -e trace=execve -o /run/attach.trace glassnet attach c --network blue --publish 9090:80
            strace -f -qq -e trace=execve -o /run/detach.trace glassnet detach c
            sleep 0.3; kill $tracer; wait $tracer || true
            grep -h execve /run/*.trace"
        ),
    );
    let ran: Vec<&str> = traced.lines().filter(|line| line.contains("execve(")).collect();
    // The two that were started by hand.
    assert_eq!(ran.len(), 2, "{traced}");
    assert!(ran.iter().all(|line| line.contains("glassnet\", [\"glassnet\"")), "{traced}");
}

/// A configuration of another plugin, left in the engines' directory (kubespray#2122).
#[test]
fn the_doctor_names_the_configuration_that_wins() {
    let lab = alpha::up("conflist", 0);
    let doctor = || String::from_utf8(lab.run("alpha", &["glassnet", "doctor"]).stdout).unwrap();
    let ours =
        r#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"glassnet","network":"blue"}]}"#;
    let theirs =
        r#"{"cniVersion":"0.3.1","name":"cbr0","plugins":[{"type":"flannel"},{"type":"portmap"}]}"#;
    let directory = "/etc/cni/net.d";
    shell(&lab, "alpha", &format!("echo '{ours}' >{directory}/20-glassnet.conflist"));
    assert!(!doctor().contains("20-glassnet"), "{}", doctor());
    shell(
        &lab,
        "alpha",
        &format!("echo '{theirs}' >{directory}/10-flannel.conflist; : >{directory}/15-empty.conf"),
    );
    let found = doctor();
    for words in
        ["/etc/cni/net.d/10-flannel.conflist", "flannel, portmap", "15-empty.conf", "empty"]
    {
        assert!(found.contains(words), "{words}: {found}");
    }
    shell(&lab, "alpha", &format!("rm {directory}/10-flannel.conflist {directory}/15-empty.conf"));
    assert!(!doctor().contains("20-glassnet"), "{}", doctor());
}

/// IPv6 makes sure that an address is nobody's, for a second or two, before it may be used
/// (plugins#680). Ours are nobody's, by the ledger.
#[test]
fn an_ipv6_address_can_be_used_at_once() {
    in_a_private_host(|| {
        let host = Host::new();
        let outside = outside();
        outside.serve("[2001:db8::fe]:80");
        host.recover();
        host.create_network().unwrap();
        for number in 0..3 {
            let place = Place::new(&format!("c{number}"));
            let started = Instant::now();
            attach_place(&host, &place, &[]).unwrap();
            let attached = started.elapsed();
            let seen = place.shell("ip -6 -o address show dev eth0 scope global");
            assert!(seen.contains("fd09::") && !seen.contains("tentative"), "{seen}");
            assert_eq!(place.fetch("[2001:db8::fe]:80").as_deref(), Some("outside"));
            println!("attached in {attached:?}, answered after {:?}", started.elapsed());
        }
    });
}
