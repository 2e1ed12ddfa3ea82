//! What a router or a switch is told to lose is lost, all else passes.

use crate::stage::Stage;

/// `a` and `b` behind the router `gate`; towards `b` at most 1400 bytes.
const LAB: &str = "
lab: lossy
switches: { east: , west: }
routers:
  gate:
    links:
      lan: { to: east, address: [10.1.0.1/24, 'fd01::1/64'] }
      wan: { to: west, address: [10.2.0.1/24, 'fd02::1/64'], mtu: 1400 }
hosts:
  a:
    node: false
    links: { eth0: { to: east, address: [10.1.0.10/24, 'fd01::10/64'] } }
    gateway: [10.1.0.1, 'fd01::1']
  b:
    node: false
    links: { eth0: { to: west, address: [10.2.0.10/24, 'fd02::10/64'] } }
    gateway: [10.2.0.1, 'fd02::1']
    serve: 80:hello from b
";
const B: [&str; 2] = ["10.2.0.10", "fd02::10"];

/// Whether a ping comes back, with this many bytes of IP; none may be cut up.
fn pings(stage: &Stage, to: &str, size: usize) -> bool {
    let headers = if to.contains(':') { 48 } else { 28 };
    let size = (size - headers).to_string();
    stage.attempt(&["exec", "lossy", "a", "--", "ping", "-c1", "-W1", "-Mdo", "-s", &size, to]).0
}

fn fetches(stage: &Stage, to: &str) -> bool {
    let host = if to.contains(':') { format!("[{to}]") } else { to.to_owned() };
    let url = format!("http://{host}/");
    let words = ["busybox", "timeout", "2", "busybox", "wget", "-q", "-O", "-", &url];
    stage.attempt(&[&["exec", "lossy", "a", "--"][..], &words].concat()).0
}

/// Whether a datagram to this port of `b` comes there.
fn datagram(stage: &Stage, to: &str, port: u16) -> bool {
    stage.sh(
        "lossy",
        "b",
        &format!(
            "rm -f /run/heard-{port}; (timeout 3 tcpdump -l -n -c 1 -i eth0 udp dst port {port} \
             >/run/heard-{port} 2>/run/ready-{port} </dev/null &); \
             until grep -q listening /run/ready-{port}; do sleep 0.02; done"
        ),
    );
    let sent = format!("for n in 1 2 3; do echo x > /dev/udp/{to}/{port}; sleep 0.1; done");
    let (well, said) = stage.attempt(&["exec", "lossy", "a", "--", "bash", "-c", &sent]);
    assert!(well, "{said}");
    let heard = format!("sleep 0.2; cat /run/heard-{port}");
    stage.sh("lossy", "b", &heard).contains(&format!(".{port}: "))
}

#[test]
fn a_router_loses_what_it_is_told_and_nothing_else() {
    let stage = Stage::new();
    stage.up("lossy", LAB);
    for place in ["gate", "west"] {
        for to in B {
            assert!(pings(&stage, to, 100) && fetches(&stage, to), "{to} before");
        }
        assert_eq!(stage.run(&["drop", "lossy", place, "icmp"]), "true\n");
        assert_eq!(stage.run(&["drop", "lossy", place, "icmp"]), "false\n");
        for to in B {
            assert!(!pings(&stage, to, 100), "{place}: a ping to {to} came back");
            assert!(fetches(&stage, to), "{place}: no page from {to}");
        }
        stage.run(&["drop", "lossy", place, "tcp 80"]);
        stage.run(&["pass", "lossy", place, "icmp"]);
        for to in B {
            assert!(pings(&stage, to, 100) && !fetches(&stage, to), "{place}: {to}");
        }
        stage.run(&["pass", "lossy", place, "tcp 80"]);
        stage.run(&["drop", "lossy", place, "to fd02::/64"]);
        assert!(fetches(&stage, B[0]) && !fetches(&stage, B[1]), "{place}: by prefix");
        assert_eq!(stage.run(&["pass", "lossy", place, "to fd02::/64"]), "true\n");
        assert_eq!(stage.run(&["pass", "lossy", place, "to fd02::/64"]), "false\n");
    }
}

#[test]
fn one_port_of_udp_is_lost() {
    let stage = Stage::new();
    stage.up("lossy", LAB);
    for place in ["gate", "east"] {
        for to in B {
            assert!(datagram(&stage, to, 4789), "{to} before");
        }
        stage.run(&["drop", "lossy", place, "udp 4789"]);
        for to in B {
            assert!(!datagram(&stage, to, 4789), "{place}: {to} heard it");
            assert!(datagram(&stage, to, 4790), "{place}: {to} did not hear the other port");
        }
        stage.run(&["pass", "lossy", place, "udp 4789"]);
    }
    for to in B {
        assert!(datagram(&stage, to, 4789), "{to} after");
    }
}

/// What the next link does not take: a usual router says so, a silent one not.
#[test]
fn a_silent_router_tells_no_size() {
    let stage = Stage::new();
    let told = |stage: &Stage, to: &str| {
        let size = if to.contains(':') { "1400" } else { "1420" };
        let words = ["exec", "lossy", "a", "--", "ping", "-c1", "-W1", "-Mdo", "-s", size, to];
        stage.attempt(&words).1
    };
    stage.up("lossy", LAB);
    for to in B {
        assert!(pings(&stage, to, 1400), "{to}: 1400 bytes");
        let said = told(&stage, to);
        assert!(said.contains("mtu = 1400") || said.contains("mtu=1400"), "{to}: {said}");
    }
    stage.run(&["down", "lossy"]);

    stage.up("lossy", &LAB.replace("  gate:\n", "  gate:\n    silent: true\n"));
    for to in B {
        assert!(pings(&stage, to, 1400), "{to}: 1400 bytes");
        let said = told(&stage, to);
        assert!(said.contains("100% packet loss") && !said.contains("mtu"), "{to}: {said}");
    }
    // It is a state like any other, and can be ended.
    assert_eq!(stage.run(&["pass", "lossy", "gate", "too-big"]), "true\n");
    assert!(told(&stage, B[1]).contains("1400"));
}

/// Sizes are those on a wire: a stream whose segments are small passes, though
/// the kernel hands it on in large pieces.
#[test]
fn what_is_larger_is_lost_in_silence() {
    let stage = Stage::new();
    // No link is narrow, so segments have 1500 bytes unless somebody says less.
    let text = LAB
        .replace(", mtu: 1400", "")
        .replace("routers:\n  gate:\n", "routers:\n  gate:\n    drop: larger 1300\n");
    stage.up("lossy", &text);
    let page = "dd if=/dev/zero of=/run/glassnet-lab/www/80/large bs=1k count=200 2>/dev/null";
    stage.sh("lossy", "b", page);
    let large = |stage: &Stage, to: &str| {
        let line = format!("busybox timeout 3 busybox wget -q -O - http://{to}/large | wc -c");
        stage.sh("lossy", "a", &line)
    };
    let check = |stage: &Stage, place: &str| {
        for to in B {
            assert!(pings(stage, to, 1300) && !pings(stage, to, 1301), "{place}: {to}");
        }
        assert_ne!(large(stage, B[0]), "204800\n", "{place}: large segments passed");
        // Both ends say that they take segments of no more than 1200 bytes.
        let narrow = "ip route change default via 10.1.0.1 advmss 1200";
        stage.sh("lossy", "a", narrow);
        assert_eq!(large(stage, B[0]), "204800\n", "{place}: small segments were lost");
        stage.sh("lossy", "a", "ip route change default via 10.1.0.1");
    };
    check(&stage, "gate");
    stage.run(&["pass", "lossy", "gate", "larger 1300"]);
    assert_eq!(large(&stage, B[0]), "204800\n");
    assert!(pings(&stage, B[0], 1500));
    stage.run(&["drop", "lossy", "west", "larger 1300"]);
    check(&stage, "west");
}

#[test]
fn what_is_lost_stays_lost_through_a_power_cut_and_ends_with_the_lab() {
    let stage = Stage::new();
    let text = LAB.replace("switches: { east: ,", "switches: { east: { drop: [tcp] },");
    stage.up("lossy", &text);
    assert!(!fetches(&stage, B[0]) && pings(&stage, B[0], 100));
    stage.run(&["pass", "lossy", "east", "tcp"]);
    assert!(fetches(&stage, B[0]));
    stage.run(&["drop", "lossy", "gate", "tcp"]);
    stage.run(&["kill", "lossy", "gate"]);
    // Also one that is off can be told.
    stage.run(&["drop", "lossy", "gate", "icmp"]);
    stage.run(&["start", "lossy", "gate"]);
    assert!(!fetches(&stage, B[0]) && !pings(&stage, B[0], 100));
    let labs: serde_json::Value = serde_json::from_str(&stage.run(&["ls"])).unwrap();
    assert_eq!(labs[0]["drops"], serde_json::json!({ "gate": ["tcp", "icmp"] }));

    let host = stage.refused(&["drop", "lossy", "a", "icmp"]);
    assert!(host.contains("\"a\" is a host"), "{host}");
    let unknown = stage.refused(&["drop", "lossy", "gat", "icmp"]);
    assert!(unknown.contains("it has: gate, east, west"), "{unknown}");
}
