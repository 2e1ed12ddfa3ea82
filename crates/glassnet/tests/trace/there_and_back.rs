//! A packet that arrives, and its answer.

use crate::stage::Stage;
use serde_json::Value;

/// The namespaces that a way comes through.
fn namespaces(path: &Value) -> Vec<String> {
    let hops = path["hops"].as_array().unwrap().iter();
    let mut passed: Vec<String> =
        hops.map(|hop| hop["at"]["namespace"].as_str().unwrap().to_owned()).collect();
    passed.dedup();
    passed
}

#[test]
fn through_a_router_that_translates() {
    let mut stage = Stage::new("nat");
    stage.serve(80);
    stage.sh("ip netns exec $r nft 'add table ip n; add chain ip n post { type nat hook postrouting priority 100; }; \
              add rule ip n post oifname right masquerade comment \"to the outside\"'");
    let traced = stage.trace("$a $b --port 80");
    traced.says(
        0,
        &[
            "source becomes 10.9.2.1",
            "ip n post \"to the outside\"",
            "tcp socket",
            " of busybox",
            "delivered to busybox",
            "10.9.2.1 tcp 80",
        ],
    );
    let document = stage.trace("$a 10.9.2.2 --port 80 --json").document();
    let ids = |ends: [&str; 3]| ends.map(|end| format!("netns:{}", stage.called(end)));
    assert_eq!(namespaces(&document["there"]), ids(["a", "r", "b"]));
    assert_eq!(namespaces(&document["back"]), ids(["b", "r", "a"]));
    assert_eq!(document["unseen"], serde_json::json!([]));
    let ends: Vec<_> = document["ends"].as_array().unwrap().iter().map(|end| &end["is"]).collect();
    assert_eq!(ends, ["delivered", "delivered"]);
    let there = stage.trace("$a $b --port 80 --one-way --json").document();
    assert_eq!(there["back"], Value::Null);
    assert_eq!(there["ends"].as_array().unwrap().len(), 1);
}

#[test]
fn in_both_languages_and_both_families() {
    let stage = Stage::new("tongues");
    stage
        .trace("$a $b")
        .says(0, &["ICMP echo", "\nthere\n", "\nback\n", "delivered at", "10.9.2.2"]);
    stage.trace("$a $b -6").says(0, &["is fd09:2::2 here; it also has 10.9.2.2"]);
    stage.trace("$a fd09:2::2 --lang zh").says(0, &["ICMP 回显", "\n去程\n", "\n回程\n", "已交付"]);
}

/// Of a router's addresses the one that the sender is on a link with; a link may be named.
#[test]
fn of_several_addresses_the_nearest() {
    let stage = Stage::new("near");
    let near = ["is 10.9.2.1 here, which the sender reaches without a gateway", "10.9.1.1"];
    stage.trace("$b $r").says(0, &near);
    stage.trace("$b left@$r").says(0, &["is 10.9.1.1 here", "fd09:1::1"]);
    // An address that only one has stands for who has it.
    stage.sh("ip -n $a addr add 10.9.66.6/32 dev eth0");
    stage.trace("10.9.66.6 10.9.2.2 --one-way").says(0, &["10.9.66.6 (netns:", "delivered"]);
}

#[test]
fn what_comes_in_from_outside() {
    let stage = Stage::new("outside");
    let words = "192.0.2.9 10.9.2.2 --in left@$r --json";
    let document = stage.trace(words).document();
    assert_eq!(document["there"]["hops"][0]["stage"], "receive");
    assert_eq!(document["question"]["origin"]["wire"], "left");
    stage.trace("192.0.2.9 10.9.2.2 --in up@$r").says(1, &["[no-place]", "left", "right"]);
    stage.trace("$a 10.9.2.2 --in left@$r").says(2, &["[usage]", "with --in, FROM is the address"]);
}

#[test]
fn each_header_where_one_changes() {
    let mut stage = Stage::new("layers");
    stage.serve(80);
    let traced = stage.trace("$a $b --port 80 --layers --size 100");
    traced.says(
        0,
        &["IPv4 10.9.1.2 → 10.9.2.2, TTL 64, not to be cut\n", "TTL 63", "100 bytes of data"],
    );
    assert!(traced.text().contains("Ethernet "), "{}", traced.text());
}
