//! What engines put into containers.

use crate::stage::Stage;

/// F40, moby#45646: Docker's resolver is reached by a rule inside the container, which somebody has wiped.
#[test]
fn the_rule_to_dockers_resolver_is_missing() {
    let mut stage = Stage::new("resolver");
    stage.wait_with("exec ip netns exec $w busybox nc -ll -p 41234 -e true");
    crate::stage::until("it waits", || {
        stage.succeeds("ip netns exec $w ss -ltnH | grep -q :41234")
    });
    stage.sh("ip netns exec $w nft 'add table ip nat; add chain ip nat OUTPUT { type nat hook output priority -100; }; \
              add rule ip nat OUTPUT ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:41234'");
    stage.trace("$w 127.0.0.11 --port 53", 0, &["delivered to busybox"]);
    stage.sh("ip netns exec $w nft flush ruleset");
    stage.trace(
        "$w 127.0.0.11 --port 53",
        1,
        &[
            "no socket waits at tcp port 53",
            "rule that leads 127.0.0.11 to Docker's resolver is missing",
        ],
    );
}
