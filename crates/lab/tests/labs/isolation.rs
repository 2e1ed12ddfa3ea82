//! A machine sees itself and nothing else; the computer is not touched.

use std::collections::BTreeSet;
use std::process::Command;

use crate::stage::{Stage, held_namespaces, namespaces, on_one_switch};

const SEEN: &str = "for ns in /proc/[0-9]*/ns/*; do readlink $ns; done | sort -u";

/// Kinds of namespaces that a lab's machines share with the computer.
fn own(listed: &str) -> BTreeSet<String> {
    let shared = ["cgroup", "user", "time"];
    listed
        .lines()
        .filter(|line| !shared.iter().any(|kind| line.starts_with(kind)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_process_or_namespace_of_another_is_seen() {
    let stage = Stage::new();
    stage.up("pair", &on_one_switch("pair", 2));
    let one = own(&stage.sh("pair", "h1", SEEN));
    let two = own(&stage.sh("pair", "h2", SEEN));
    let outside: BTreeSet<String> = namespaces(std::process::id()).into_iter().collect();
    assert!(one.len() >= 5, "{one:?}");
    assert!(one.is_disjoint(&two), "{one:?} {two:?}");
    assert!(one.is_disjoint(&outside), "{one:?} {outside:?}");
    // Nor is a namespace bound somewhere in its files.
    assert_eq!(stage.sh("pair", "h1", "grep -c nsfs /proc/self/mountinfo || true"), "0\n");

    stage.sh("pair", "h2", "busybox sleep 4711 >/dev/null 2>&1 &");
    let seen = stage.sh("pair", "h1", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    assert!(!seen.contains("4711"), "{seen}");
    assert!(stage.sh("pair", "h2", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").contains("4711"));
}

#[test]
fn a_machine_is_itself() {
    let stage = Stage::new();
    stage.up("pair", &on_one_switch("pair", 2));
    let identity = "hostname; cat /etc/hostname /etc/machine-id /proc/sys/kernel/random/boot_id";
    let one = stage.sh("pair", "h1", identity);
    let two = stage.sh("pair", "h2", identity);
    assert!(one.starts_with("h1\nh1\n") && two.starts_with("h2\nh2\n"), "{one}{two}");
    let real = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let all: BTreeSet<&str> =
        one.lines().chain(two.lines()).chain(real.lines()).filter(|line| line.len() > 2).collect();
    assert_eq!(all.len(), 5, "machine ids and boot ids all differ: {one}{two}{real}");
    assert_eq!(stage.sh("pair", "h1", "ls /sys/class/net"), "eth0\nlo\n");
    assert_eq!(
        stage.sh("pair", "h1", "ls /opt/cni /etc/cni/net.d /var/lib/cni | grep -v :"),
        "\n\n"
    );
    assert_eq!(stage.sh("pair", "h1", "ls -d /sys/fs/cgroup/*"), {
        let listed = Command::new("sh").args(["-c", "ls -d /sys/fs/cgroup/*"]).output().unwrap();
        String::from_utf8(listed.stdout).unwrap()
    });
}

/// What a machine writes below /etc, /opt, /var, /run and /dev/shm stays in it.
#[test]
fn what_a_machine_writes_is_not_the_computers() {
    let stage = Stage::new();
    stage.up("pair", &on_one_switch("pair", 2));
    let name = format!("glassnet-lab-test-{}", std::process::id());
    for directory in ["/etc", "/var/lib", "/var/log", "/run", "/dev/shm"] {
        let path = format!("{directory}/{name}");
        stage.sh("pair", "h1", &format!("echo x > {path}"));
        assert!(!std::path::Path::new(&path).exists(), "{path}");
        assert!(!stage.attempt(&["exec", "pair", "h2", "--", "cat", &path]).0, "{path}");
    }
}

/// Two labs with the same host names and addresses, side by side.
#[test]
fn two_labs_do_not_collide() {
    let stage = Stage::new();
    stage.up("first", &on_one_switch("first", 2));
    stage.up("second", &on_one_switch("second", 2));
    stage.sh("first", "h2", "echo first > /var/which");
    stage.sh("second", "h2", "echo second > /var/which");
    for lab in ["first", "second"] {
        assert!(stage.reaches(lab, "h1", "h2"));
        assert_eq!(stage.sh(lab, "h2", "cat /var/which"), format!("{lab}\n"));
    }
    stage.run(&["kill", "first", "h2"]);
    assert!(stage.is_cut_off("first", "h1", "h2"));
    assert!(stage.reaches("second", "h1", "h2"));
    stage.run(&["down", "first"]);
    assert!(stage.reaches("second", "h1", "h2"));
    assert!(stage.refused(&["exec", "first", "h1", "--", "true"]).contains("second"));
}

/// From the first step to the last, no link, address or route of the network
/// namespace a lab is made from changes. It is one of the test's own, so that
/// nobody else's doings are seen there.
#[test]
fn the_namespace_it_is_made_from_is_never_touched() {
    let stage = Stage::new();
    let file = stage.file("pair", &on_one_switch("pair", 3));
    let heard = stage.labs().with_extension("heard");
    let script = r#"
        ip monitor link address route neigh > "$2" 2>&1 & monitor=$!
        sleep 0.3
        cat /proc/sys/net/ipv4/conf/all/forwarding > "$2.before"
        "$0" up "$1" && "$0" kill pair h1 && "$0" start pair h1 && "$0" down pair; end=$?
        sleep 0.3
        kill $monitor
        exit $end"#;
    let program = stage.command(&[]).get_program().to_owned();
    let output = Command::new("unshare")
        .args(["--net", "sh", "-c", script])
        .arg(program)
        .arg(&file)
        .arg(&heard)
        .env("GLASSNET_LABS_DIR", stage.labs())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_to_string(&heard).unwrap(), "");
}

#[test]
fn nothing_is_left_after_down() {
    let stage = Stage::new();
    stage.up("pair", &on_one_switch("pair", 2));
    let token = stage.token("pair").unwrap();
    let lost = held_namespaces(&token);
    assert!(!lost.is_empty());
    stage.run(&["down", "pair"]);
    crate::interrupted::nothing_is_left(&stage, &token, &lost);
    let (well, said) = stage.attempt(&["down", "pair"]);
    assert!(well && said.contains("there was no lab pair"), "{said}");
}
