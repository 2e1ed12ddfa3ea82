//! Rules and settings of others.

use crate::stage::Stage;

/// F19, moby#30338: dockerd sets the policy of FORWARD to DROP.
#[test]
fn a_policy_drops_what_is_forwarded() {
    let stage = Stage::new("policy");
    stage.sh("ip netns exec $h iptables-nft -P FORWARD DROP");
    let words = ["ip filter FORWARD: policy drop", "$w", "$x"];
    stage.trace("$w 192.168.9.2", 1, &words[..1]);
    stage.mended("cut-off", &words);
}

/// The same with the older iptables.
#[test]
fn a_policy_of_iptables_legacy_drops_what_is_forwarded() {
    let stage = Stage::new("legacy");
    stage.sh("ip netns exec $h iptables-legacy -P FORWARD DROP");
    stage.mended(
        "cut-off",
        &["ip filter FORWARD: policy drop", "iptables-legacy -t filter -P FORWARD ACCEPT"],
    );
}

/// One rule, whom it hits, and that it is told once.
#[test]
fn a_rule_drops_answers() {
    let stage = Stage::new("answers");
    stage.sh("ip netns exec $h nft 'add table inet f; add chain inet f out { type filter hook output priority 0; }; \
              add rule inet f out oifname br0 drop'");
    stage.mended(
        "no-answer",
        &["inet f out handle", "oifname \"br0\" drop", "$w, netns:$x", "on the way back"],
    );
}

#[test]
fn a_host_does_not_forward() {
    let stage = Stage::new("forward");
    stage.sh("ip netns exec $h sysctl -qw net.ipv4.ip_forward=0");
    stage.mended(
        "cut-off",
        &["does not forward", "$w, netns:$x", "sysctl -w net/ipv4/ip_forward=1"],
    );
}

/// What is meant is not told of: no way out of the host itself, isolated ports, some kinds of packets
/// only, a host that does not answer.
#[test]
fn what_is_meant_is_no_fault() {
    let stage = Stage::new("meant");
    stage.sh("ip -n $h route del default; ip -n $h -6 route del default
              bridge -n $h link set dev w0 isolated on; bridge -n $h link set dev x0 isolated on
              ip netns exec $h nft 'add table inet f; add chain inet f in { type filter hook input priority 0; policy drop; }; \
              add chain inet f passing { type filter hook forward priority 0; policy drop; }; \
              add rule inet f passing ct state established accept; add rule inet f passing tcp dport 443 accept; \
              add rule inet f in ct state established accept; add rule inet f in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept'");
    stage.is_well();
}
