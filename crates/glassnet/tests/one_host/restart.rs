//! The daemon goes and comes back; packets do not notice.

use crate::alpha;
use crate::lab::Lab;

/// Ends the host's daemon and starts another; it has to be ready again.
fn restart(lab: &Lab) {
    let status = lab.says("alpha", &["glassnet", "status", "--json"]);
    let pid = status.split("\"pid\":").nth(1).unwrap();
    let pid: String = pid.trim().chars().take_while(char::is_ascii_digit).collect();
    lab.says("alpha", &["busybox", "kill", "-9", &pid]);
    let start = "glassnet node >>/var/log/glassnet.log 2>&1 & \
        i=0; until glassnet status >/dev/null 2>&1; do \
        i=$((i+1)); [ $i -lt 100 ] || exit 1; busybox sleep 0.1; done";
    lab.says("alpha", &["busybox", "sh", "-c", start]);
}

#[test]
fn a_restart_writes_nothing_and_loses_no_packet() {
    let lab = alpha::up("restart", 1);
    let generation = |lab: &Lab| lab.says("alpha", &["nft", "-j", "list", "ruleset"]);
    let links = |lab: &Lab| lab.says("alpha", &["busybox", "ip", "-o", "link"]);
    let (rules, before) = (generation(&lab), links(&lab));
    // 100 pings a second for the whole time.
    lab.says(
        "alpha/client",
        &["busybox", "sh", "-c", "busybox ping -i 0.01 -c 300 10.1.0.10 >/tmp/pings 2>&1 & "],
    );
    restart(&lab);
    std::thread::sleep(std::time::Duration::from_secs(4));
    let pings = lab.says("alpha/client", &["cat", "/tmp/pings"]);
    assert!(pings.contains("300 packets transmitted, 300 packets received"), "{pings}");
    assert_eq!(generation(&lab), rules);
    assert_eq!(links(&lab), before);
    assert_eq!(lab.fetch("outside", "http://192.0.2.1:8080/").as_deref(), Some("web"));
    assert_eq!(
        lab.fetch("alpha", "http://[::1]:8080/").as_deref(),
        Some("web"),
        "the forwarder is back"
    );
}
