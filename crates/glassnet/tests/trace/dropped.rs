//! A packet that does not arrive: where and why; and what the advice says mends it.

use crate::stage::Stage;

/// Breaks the way, asks, carries out the command that is advised, and asks again.
#[track_caller]
fn mended(name: &str, port: u16, breaks: &str, words: &str, because: &[&str]) {
    let mut stage = Stage::new(name);
    stage.serve(port);
    let words = format!("$a $b --port {port} {words}");
    stage.trace(&words).says(0, &[]);
    stage.sh(breaks);
    stage.trace(&words).says(1, because);
    let document = stage.trace(&format!("{words} --json")).document();
    let ends = document["ends"].as_array().unwrap();
    let last = ends.last().unwrap();
    assert_eq!(last["is"], "dropped", "{document:#}");
    assert!(!last["try"].as_str().unwrap().is_empty());
    let command = last["command"].as_str().unwrap_or_else(|| panic!("{last:#}"));
    stage.sh(command);
    stage.trace(&words).says(0, &["delivered to busybox"]);
}

#[test]
fn a_host_that_does_not_forward() {
    let breaks = "ip netns exec $r sysctl -qw net.ipv4.ip_forward=0";
    let because = [
        "dropped at",
        "does not forward",
        "what to do: let netns:",
        "sysctl -w net/ipv4/ip_forward=1",
    ];
    mended("forward", 80, breaks, "", &because);
}

#[test]
fn a_rule_of_a_firewall() {
    let breaks = "ip netns exec $r nft 'add table inet f; add chain inet f passing { type filter hook forward priority 0; }; \
                  add rule inet f passing tcp dport 80 counter drop comment \"no web\"'";
    let because = ["inet f passing \"no web\" drop", "nft delete rule inet f passing handle "];
    mended("rule", 80, breaks, "", &because);
}

#[test]
fn a_policy_of_a_firewall() {
    let breaks = "ip netns exec $b nft 'add table ip f; add chain ip f in { type filter hook input priority 0; policy drop; }'";
    mended("policy", 80, breaks, "", &["ip f in: policy drop", "chain ip f in { policy accept; }"]);
}

/// Only the answer is lost.
#[test]
fn a_rule_on_the_way_back() {
    let breaks = "ip netns exec $r nft 'add table ip f; add chain ip f passing { type filter hook forward priority 0; }; \
                  add rule ip f passing iifname right tcp sport 80 drop'";
    mended("back", 80, breaks, "", &["delivered to busybox", "\nback\n", "ip f passing handle"]);
}

#[test]
fn a_link_that_is_down_takes_its_routes_along() {
    let because = ["no route to 10.9.2.2", "bring right in netns:", "ip link set right up"];
    mended("down", 80, "ip -n $r link set right down", "", &because);
}

/// The near end is up and has no carrier, since the far end is down.
#[test]
fn the_far_end_of_a_link_that_is_down() {
    let because = ["is down", "bring eth0 in netns:", "-b ip link set eth0 up"];
    mended("far", 80, "ip -n $b link set eth0 down", "--one-way", &because);
}

#[test]
fn a_route_that_refuses() {
    let because = ["refused by route 10.9.2.2/32", "ip route del 10.9.2.2/32 table 254"];
    mended("route", 80, "ip -n $r route add blackhole 10.9.2.2/32", "", &because);
}

#[test]
fn a_rule_of_routing_policy_that_refuses() {
    let because = ["rule 100 unreachable", "ip rule del priority 100 unreachable"];
    mended(
        "policy-rule",
        80,
        "ip -n $r rule add priority 100 to 10.9.2.2 unreachable",
        "",
        &because,
    );
}

#[test]
fn a_link_that_takes_less() {
    let because =
        ["are more than right takes (1200)", "send at most 1200 bytes", "ip link set right mtu 14"];
    mended("size", 80, "ip -n $r link set right mtu 1200", "--size 1400 --one-way", &because);
}

#[test]
fn a_reverse_path_that_is_another() {
    let breaks = "ip netns exec $r sysctl -qw net.ipv4.conf.left.rp_filter=1
                  ip -n $r link add other type veth peer name rest; ip -n $r addr add 10.9.3.1/24 dev other
                  ip -n $r link set other up; ip -n $r link set rest up
                  ip -n $r route add 10.9.1.2/32 dev other
                  mac=$(ip netns exec $r cat /sys/class/net/left/address)
                  ip -n $a neigh replace 10.9.1.1 lladdr $mac dev eth0";
    let mut stage = Stage::new("reverse");
    stage.serve(80);
    stage.sh(breaks);
    let traced = stage.trace("$a $b --port 80");
    traced.says(
        1,
        &["the way back to 10.9.1.2 is not by left", "sysctl -w net/ipv4/conf/left/rp_filter=2"],
    );
}

#[test]
fn nobody_and_nothing_there() {
    let stage = Stage::new("nobody");
    stage.trace("$a $b --port 81").says(1, &["no socket waits at tcp port 81", "ss -ltnp"]);
    stage
        .trace("$a 10.9.1.77")
        .says(1, &["nobody on eth0 has 10.9.1.77", "glassnet capture eth0@netns:"]);
    stage.sh("ip -n $a route del default");
    let no_route = ["no route to 10.9.2.2", "ip route add 10.9.2.2 via GATEWAY"];
    stage.trace("$a $b").says(1, &no_route);
    stage.trace("$a $b --lang zh").says(1, &["没有到 10.9.2.2 的路由", "处理方法："]);
    stage.trace("$a $b -6 --ttl 1").says(1, &["its TTL has run out", "larger TTL"]);
}
