//! A machine that loses its power keeps its disk, and nothing else.

use crate::stage::{Stage, marked, on_one_switch};

#[test]
fn a_killed_machine_keeps_var_and_boots_anew() {
    let stage = Stage::new();
    stage.up("pair", &on_one_switch("pair", 2));
    let boot = |stage: &Stage| stage.sh("pair", "h1", "cat /proc/sys/kernel/random/boot_id");
    let lasting = "cat /etc/machine-id /sys/class/net/eth0/address";
    let (first, same) = (boot(&stage), stage.sh("pair", "h1", lasting));
    stage.sh(
        "pair",
        "h1",
        "echo kept > /var/lib/glassnet/x; echo lost > /run/x; echo lost > /etc/x",
    );
    stage.sh("pair", "h1", "busybox sleep 4712 >/dev/null 2>&1 &");

    let token = stage.token("pair").unwrap();
    assert_eq!(marked(&token).len(), 3);
    stage.run(&["kill", "pair", "h1"]);
    assert_eq!(marked(&token).len(), 2);
    stage.run(&["kill", "pair", "h1"]);
    let off = stage.refused(&["exec", "pair", "h1", "--", "true"]);
    assert!(off.contains("glassnet lab start pair/h1"), "{off}");
    assert!(stage.is_cut_off("pair", "h2", "h1"));

    stage.run(&["start", "pair", "h1"]);
    assert!(stage.reaches("pair", "h2", "h1"));
    assert_eq!(stage.sh("pair", "h1", "cat /var/lib/glassnet/x"), "kept\n");
    assert_eq!(stage.sh("pair", "h1", "ls /run/x /etc/x 2>/dev/null || true"), "");
    assert!(!stage.sh("pair", "h1", "cat /proc/[0-9]*/cmdline").contains("4712"));
    assert_ne!(boot(&stage), first);
    assert_eq!(stage.sh("pair", "h1", lasting), same);
    let (well, said) = stage.attempt(&["start", "pair", "h1"]);
    assert!(well && said.contains("running already"), "{said}");
}

/// Nobody collects a machine's orphans but its first process.
#[test]
fn orphans_are_collected() {
    let stage = Stage::new();
    stage.up("one", &on_one_switch("one", 1));
    stage.sh("one", "h1", "for i in 1 2 3 4 5; do (busybox sleep 0.05 &) ; done");
    let mut states = String::new();
    for _ in 0..100 {
        states = stage.sh("one", "h1", "cat /proc/[0-9]*/stat 2>/dev/null || true");
        if !states.contains("(sleep)") && !states.contains("busybox") {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{states}");
}

/// Other end of a cable: carrier lost, link and addresses kept.
#[test]
fn the_other_end_of_a_cable_sees_the_power_go() {
    let stage = Stage::new();
    let text = "
lab: cable
hosts:
  a: { links: { x: { to: b.x, address: 192.0.2.1/30 } } }
  b: { links: { x: { to: a.x, address: 192.0.2.2/30 } } }
";
    stage.up("cable", text);
    assert!(stage.reaches("cable", "a", "b"));
    stage.run(&["kill", "cable", "b"]);
    assert_eq!(stage.sh("cable", "a", "cat /sys/class/net/x/carrier"), "0\n");
    stage.run(&["start", "cable", "b"]);
    assert_eq!(stage.sh("cable", "a", "cat /sys/class/net/x/carrier"), "1\n");
    assert!(stage.reaches("cable", "a", "b"));
}
