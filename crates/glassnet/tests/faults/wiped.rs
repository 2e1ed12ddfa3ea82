//! Somebody wipes what is ours (netavark#230, podman#5431: a firewall service reloads its rules):
//! it is there again before anybody notices.

use crate::{Lab, alpha, shell, until};
use std::time::Duration;

/// What takes the wiped away and waits till `again` prints the same as before, within the host so
/// that the time is not that of coming and going. Prints milliseconds.
fn wipe(lab: &Lab, wipe: &str, again: &str) -> u64 {
    let script = format!(
        r#"again() {{ ( {again} ) 2>/dev/null | grep -v -e packets -e fe80::; }}
        before=$(again)
        [ -n "$before" ]
        {wipe}
        read up _ </proc/uptime
        i=0
        until [ "$(again)" = "$before" ]; do
            i=$((i+1))
            [ $i -lt 400 ] || {{ echo "was:"; echo "$before"; echo "is:"; again; glassnet status; exit 1; }} >&2
            sleep 0.005
        done
        read now _ </proc/uptime
        echo "$up $now""#
    );
    let said = lab.says("alpha", &["sh", "-ec", &script]);
    let times: Vec<f64> = said.split_whitespace().map(|time| time.parse().unwrap()).collect();
    let milliseconds = ((times[1] - times[0]) * 1000.0).round();
    println!("{wipe:?}: restored within {milliseconds} ms");
    milliseconds as u64
}

const RULES: &str = "nft -s list table inet glassnet; nft -s list table bridge glassnet";

#[test]
fn rules_come_back() {
    let lab = alpha::up("wiped", 0);
    // A firewall service loads its file: everything goes, its own comes, in one transaction.
    let reload = r#"printf 'flush ruleset\ntable inet firewall {\n chain input {\n type filter hook input priority 0; policy accept;\n }\n }\n' | nft -f -"#;
    for act in [
        "nft flush ruleset",
        "nft delete table inet glassnet",
        "nft delete table bridge glassnet",
        "nft flush chain inet glassnet forward",
        "nft flush set bridge glassnet source4",
        "nft delete element inet glassnet publish4 '{ tcp . 8080 }'",
        "nft add rule inet glassnet forward accept",
        "nft insert rule inet glassnet forward drop",
        reload,
    ] {
        wipe(&lab, act, RULES);
    }
    for _ in 0..5 {
        wipe(&lab, "nft flush ruleset", RULES);
    }
    assert_eq!(lab.fetch("outside", "http://192.0.2.1:8080/").as_deref(), Some("web"));
    assert_eq!(lab.fetch("outside", "http://10.1.0.10/"), None);
    // Who it was is in the log.
    let log = shell(&lab, "alpha", "cat /var/log/glassnet*");
    let told = |table: &str| {
        log.lines().any(|line| line.contains(&format!("table=\"{table} glassnet\" by=nft (pid ")))
    };
    assert!(told("inet") && told("bridge"), "{log}");
}

#[test]
fn rules_come_back_while_the_daemon_is_busy() {
    let lab = alpha::up("wiped-busy", 0);
    // Without end, so that it is going on as long as is looked at; the lab takes it down.
    let churn = "for c in a b c; do (ip netns add $c; while :; do \
        glassnet attach $c --network blue; glassnet detach $c; done) & done; wait";
    shell(&lab, "alpha", &format!("({churn}) >/var/log/churn 2>&1 &"));
    let attached = || shell(&lab, "alpha", "grep -c attached /var/log/churn || true");
    until(Duration::from_secs(60), "the daemon is busy", || {
        attached().parse::<u32>().unwrap() > 10
    });
    // Elements come and go meanwhile; what has to be back are rules and the elements of web.
    let again =
        "nft -s list chain inet glassnet forward; nft list map inet glassnet publish4 | grep 8080";
    for _ in 0..10 {
        wipe(&lab, "nft flush ruleset", again);
    }
    let churn = lab.says("alpha", &["cat", "/var/log/churn"]);
    assert!(!churn.contains("could not"), "{churn}");
}

#[test]
fn links_addresses_and_routes_come_back() {
    let lab = alpha::up("wiped-links", 0);
    let links = "ip -o link show gn-blue | sed 's/qdisc.*//'; \
        bridge -o link show | grep 'master gn-blue'; ip -o address show gn-blue; \
        ip route show dev gn-blue; ip -6 route show dev gn-blue";
    for act in [
        "ip address flush dev gn-blue",
        "ip route flush dev gn-blue",
        "ip -6 route flush dev gn-blue",
        "ip link set gn-blue down",
        "ip link set gn-blue mtu 1400",
        "ip link set $(bridge -o link | sed -n 's/^[0-9]*: \\(gn[^@:]*\\).*master gn-blue.*/\\1/p' | head -n 1) nomaster",
        "ip link set $(bridge -o link | sed -n 's/^[0-9]*: \\(gn[^@:]*\\).*master gn-blue.*/\\1/p' | head -n 1) down",
    ] {
        wipe(&lab, act, links);
        assert_eq!(lab.fetch("outside", "http://192.0.2.1:8080/").as_deref(), Some("web"), "{act}");
        assert_eq!(
            lab.fetch("alpha/client", "http://[fd00:1::10]/").as_deref(),
            Some("web"),
            "{act}"
        );
    }
}
