//! A trace for who sees one for the first time: what is said is of this packet, and each thing is said once.

use crate::stage::Stage;

#[test]
fn what_happens_is_said_of_this_packet() {
    let mut stage = Stage::new("explain");
    stage.serve(80);
    stage.sh("ip netns exec $r nft 'add table ip n; add chain ip n post { type nat hook postrouting priority 100; }; \
              add rule ip n post oifname right masquerade; \
              add chain ip n passing { type filter hook forward priority 0; }; add rule ip n passing tcp dport 80 accept'");
    let traced = stage.trace("$a $b --port 80 --explain");
    let b = stage.called("b");
    traced.says(0, &[
        "looks for 10.9.2.2 in its routing table; of what fits, 0.0.0.0/0 is the longest prefix, and says: hand it to 10.9.1.1, by eth0.",
        "It asks everybody on eth0, \"who has 10.9.1.1?\", and left of netns:",
        "eth0 is one end of a veth pair: what goes in there comes out at left of netns:",
        "looks for 10.9.2.2 in its routing table; 10.9.2.0/24 fits",
        "Rules of netns:",
        "tcp dport 80 accept.",
        "writes its own 10.9.2.1:",
            " over the source 10.9.1.2:",
        &format!("It has arrived: busybox in netns:{b} waits for it."),
        "the answer, which is for 10.9.2.1:",
            ", is handed on to 10.9.1.2:",
        "has asked netns:",
    ]);
    for once in [
        "That is ARP:",
        "A veth pair is a cable",
        "A gateway is",
        "That is source NAT",
        "Forward is where",
    ] {
        assert_eq!(traced.text().matches(once).count(), 1, "{once}: {}", traced.text());
    }
    let plain = stage.trace("$a $b --port 80").text();
    assert!(!plain.contains("veth pair is"), "{plain}");
    stage.trace("$a $b -6 --explain").says(0, &["That is neighbour discovery"]);
    stage
        .trace("$a $b --port 81 --explain")
        .says(1, &["no program there listens at tcp port 81", "connection refused"]);
}

#[test]
fn in_chinese_and_for_programs() {
    let stage = Stage::new("explain-zh");
    stage.sh("ip netns exec $r sysctl -qw net.ipv4.ip_forward=0");
    let traced = stage.trace("$a $b --explain --lang zh");
    traced.says(1, &["网关就是本网络中的路由器", "这就是 ARP", "只有被设为路由器才能转发"]);
    let document = stage.trace("$a $b --explain --json").document();
    let (hops, lessons) = (&document["there"]["hops"], &document["explained"]["there"]);
    let (hops, lessons) = (hops.as_array().unwrap(), lessons.as_array().unwrap());
    assert_eq!(lessons.len(), hops.len() + 1, "{document:#}");
    assert!(lessons[0][0].as_str().unwrap().contains("hand it to 10.9.1.1"), "{document:#}");
    assert!(
        lessons[hops.len()][0].as_str().unwrap().contains("told to be a router"),
        "{document:#}"
    );
    assert!(stage.trace("$a $b --json").document().get("explained").is_none());
}
