//! `--if`: what a change would do, and nothing of it done.

use crate::stage::Stage;

/// The answer with these changes, and then the machine as it was.
#[track_caller]
fn tried(stage: &Stage, changes: &[&str], code: i32, wanted: &[&str]) {
    let changes: String = changes.iter().map(|change| format!(" --if \"{change}\"")).collect();
    let words = format!("$a $b --port 80{changes}");
    stage.trace(&words).says(code, wanted);
    let document = stage.trace(&format!("{words} --json")).document();
    let ends = document["if"]["ends"].as_array().unwrap();
    let delivered = ends.iter().all(|end| end["is"] == "delivered");
    assert_eq!(delivered, code == 0, "{document:#}");
}

#[test]
fn what_stops_a_packet_is_taken_away() {
    let mut stage = Stage::new("if");
    stage.serve(80);
    stage.sh("ip netns exec $b nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; \
              add rule ip f in tcp dport 80 drop'
              ip -n $r route add unreachable 10.9.2.2/32");
    let handle =
        stage.sh("ip netns exec $b nft -a list chain ip f in | sed -n 's/.*drop # handle //p'");
    let rule = format!("in $b: delete rule handle {handle}");
    let route = "in $r: delete route 10.9.2.2";
    stage.trace("$a $b --port 80").says(1, &["refused by route 10.9.2.2/32"]);
    tried(
        &stage,
        &[route],
        1,
        &["after", &route.replace("$r", &stage.called("r")), "tcp dport 80 drop"],
    );
    tried(&stage, &[route, &rule], 0, &["the first ", "delivered to busybox"]);
    tried(&stage, &[route, &rule, "in $r: set link right down"], 1, &["no route to 10.9.2.2"]);
    let down = "in $r: set sysctl net.ipv4.ip_forward=0";
    let links = "in $r: set sysctl net.ipv4.conf.left.forwarding=0";
    tried(&stage, &[route, &rule, down, links], 1, &["does not forward"]);
    // Nothing of it was done.
    stage.trace("$a $b --port 80").says(1, &["refused by route 10.9.2.2/32"]);
}

#[test]
fn what_cannot_be_tried() {
    let stage = Stage::new("ifnot");
    for (change, wanted) in [
        ("paint link eth0", "cannot be tried"),
        ("in $r: delete rule handle 99", "there is nothing of that to change"),
        ("in nowhere: set link eth0 up", "no namespace nowhere"),
        ("in $r: add route 10.0.0.0/8", "needs a value"),
    ] {
        stage.trace(&format!("$a $b --if \"{change}\"")).says(2, &["--if: ", wanted]);
    }
}
