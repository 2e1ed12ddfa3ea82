//! A container cannot send under another's address. Root in a container may change all of its own
//! settings, and that is what these do.

use crate::alpha;

fn spoof(bridge_nf_call: u8) {
    let lab = alpha::up(&format!("spoof{bridge_nf_call}"), bridge_nf_call);
    let client = |command: &str| lab.says("alpha/client", &["busybox", "sh", "-c", command]);
    assert!(lab.pings("alpha/client", "10.1.0.10"), "before, all is well");

    // Another address, beside its own.
    client("ip addr add 10.1.0.77/24 dev eth0");
    client("ip -6 addr add fd00:1::77/64 dev eth0; sleep 3");
    let from = |address: &str, to: &str| {
        lab.run("alpha/client", &["busybox", "ping", "-c", "1", "-W", "1", "-I", address, to])
            .status
            .success()
    };
    assert!(!from("10.1.0.77", "10.1.0.10") && !from("10.1.0.77", "10.1.0.1"));
    assert!(!from("fd00:1::77", "fd00:1::10") && !from("fd00:1::77", "fd00:1::1"));
    // Its kernel may still be asking for the neighbour by the address that is not its own.
    let soon = |address: &str, to: &str| (0..5).any(|_| from(address, to));
    assert!(
        soon("10.1.0.20", "10.1.0.10") && soon("fd00:1::20", "fd00:1::10"),
        "its own still goes"
    );

    // The other's address, announced by ARP: nobody learns it.
    let neighbours = || lab.says("alpha/web", &["busybox", "ip", "neigh"]);
    let mac = client("cat /sys/class/net/eth0/address");
    client("ip addr add 10.1.0.1/32 dev eth0");
    lab.run("alpha/client", &["busybox", "arping", "-U", "-c", "2", "-I", "eth0", "10.1.0.1"]);
    let gateway = neighbours();
    let gateway = gateway.lines().find(|line| line.starts_with("10.1.0.1 ")).unwrap_or_default();
    assert!(!gateway.contains(&mac), "web took client for its gateway: {gateway}");
    client("ip addr del 10.1.0.1/32 dev eth0");

    // Another MAC address.
    client(
        "ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:99; ip link set eth0 up",
    );
    assert!(!lab.pings("alpha/client", "10.1.0.10"));
    let dropped = lab.says("alpha", &["nft", "list", "chain", "bridge", "glassnet", "antispoof"]);
    assert!(
        dropped.contains("a source that is not this port's") && !dropped.contains("packets 0 "),
        "{dropped}"
    );
}

#[test]
fn with_bridge_nf_call_off() {
    spoof(0);
}

#[test]
fn with_bridge_nf_call_on() {
    spoof(1);
}
