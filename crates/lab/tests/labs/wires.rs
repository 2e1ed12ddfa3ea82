//! Switches, cables and routers carry packets, and stop when they are cut.

use crate::stage::{Stage, on_one_switch};

const SITES: &str = "
lab: sites
switches: { east: , west: { mtu: 1300 } }
routers:
  gate:
    links:
      lan: { to: east, address: [10.1.0.1/24, 2001:db8:1::1/64] }
      wan: { to: far.wan, address: [10.9.0.1/30, 2001:db8:9::1/64] }
    routes:
      - { to: 10.2.0.0/24, via: 10.9.0.2 }
      - { to: 2001:db8:2::/64, via: 2001:db8:9::2 }
  far:
    links:
      lan: { to: west, address: [10.2.0.1/24, 2001:db8:2::1/64], mtu: 1500 }
      wan: { to: gate.wan, address: [10.9.0.2/30, 2001:db8:9::2/64] }
    routes:
      - { to: 10.1.0.0/24, via: 10.9.0.1 }
      - { to: 2001:db8:1::/64, via: 2001:db8:9::1 }
hosts:
  a:
    links: { eth0: { to: east, address: [10.1.0.10/24, 2001:db8:1::10/64] } }
    gateway: [10.1.0.1, 2001:db8:1::1]
  b:
    links: { eth0: { to: west, address: [10.2.0.10/24, 2001:db8:2::10/64], mtu: 1500 } }
    gateway: [10.2.0.1, 2001:db8:2::1]
    serve: 80:hello from b
    bridge_nf_call: 0
    sysctls: { net.ipv4.ip_default_ttl: 33, net.ipv4.conf.eth0.rp_filter: 1 }
";

#[test]
fn two_hosts_on_a_switch_reach_each_other() {
    let stage = Stage::new();
    stage.up("pair", &on_one_switch("pair", 2));
    for to in ["192.0.2.2", "2001:db8::2", "h2"] {
        assert!(stage.reaches("pair", "h1", to), "{to}");
    }
    assert!(stage.is_cut_off("pair", "h1", "192.0.2.3"));
}

#[test]
fn two_sites_reach_each_other_through_their_routers() {
    let stage = Stage::new();
    stage.up("sites", SITES);
    for to in ["10.2.0.10", "2001:db8:2::10"] {
        assert!(stage.reaches("sites", "a", to), "{to}");
    }
    assert_eq!(stage.sh("sites", "a", "busybox wget -qO- http://10.2.0.10/"), "hello from b\n");
    // The sysctls are b's own; b's answers show one of them, less two routers.
    let ttl = stage.sh("sites", "a", "busybox ping -c 1 10.2.0.10 | grep -o ttl=..");
    assert_eq!(ttl, "ttl=31\n");
    let values = "cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/net/ipv4/conf/eth0/rp_filter \
                  /proc/sys/net/bridge/bridge-nf-call-iptables";
    assert_eq!(stage.sh("sites", "b", values), "33\n1\n0\n");
    assert_ne!(stage.sh("sites", "a", values), "33\n1\n0\n");
}

/// The switch `west` passes 1300 bytes; both machines on it believe in 1500.
#[test]
fn a_switch_drops_what_is_larger_than_its_mtu() {
    let stage = Stage::new();
    stage.up("sites", SITES);
    let ping = |size: usize| {
        let size = size.to_string();
        let words = [
            "exec",
            "sites",
            "far",
            "--",
            "busybox",
            "ping",
            "-c1",
            "-W1",
            "-w1",
            "-s",
            &size,
            "10.2.0.10",
        ];
        stage.attempt(&words).0
    };
    assert!(ping(1300 - 28));
    assert!(!ping(1350 - 28));
}

#[test]
fn a_cut_link_carries_nothing_until_it_is_mended() {
    let stage = Stage::new();
    stage.up("sites", SITES);
    let carrier =
        |machine, link| stage.sh("sites", machine, &format!("cat /sys/class/net/{link}/carrier"));
    let routes = stage.sh("sites", "far", "cat /proc/net/route | wc -l");
    stage.run(&["cut", "sites", "gate.wan"]);
    assert!(stage.is_cut_off("sites", "a", "10.2.0.10"));
    assert_eq!((carrier("gate", "wan"), carrier("far", "wan")), ("0\n".into(), "0\n".into()));
    assert_eq!(stage.sh("sites", "far", "cat /proc/net/route | wc -l"), routes);

    // It is one cable: it can be mended from either end.
    stage.run(&["mend", "sites", "far.wan"]);
    assert!(stage.reaches("sites", "a", "10.2.0.10"));

    stage.run(&["cut", "sites", "a.eth0"]);
    stage.run(&["kill", "sites", "a"]);
    stage.run(&["start", "sites", "a"]);
    assert!(stage.is_cut_off("sites", "a", "10.1.0.1"), "what is cut stays cut");
    stage.run(&["mend", "sites", "a.eth0"]);
    assert!(stage.reaches("sites", "a", "10.1.0.1"));
}

#[test]
fn twenty_hosts() {
    let stage = Stage::new();
    let file = stage.file("many", &on_one_switch("many", 20));
    let told = stage.run(&["up", &file]);
    for line in ["machines 20/20", "links 20/20", "services 20/20"] {
        assert!(told.contains(line), "no \"{line}\" in:\n{told}");
    }
    for n in 2..=20 {
        assert!(stage.reaches("many", "h1", &format!("h{n}")), "h{n}");
    }
    let token = stage.token("many").unwrap();
    assert_eq!(crate::stage::marked(&token).len(), 21);
    stage.run(&["down", "many"]);
    assert!(crate::stage::marked(&token).is_empty());
    assert!(!stage.labs().exists());
}
