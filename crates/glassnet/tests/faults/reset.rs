//! `glassnet node reset` leaves a host as it was before there was any glassnet.

use crate::{Lab, shell};

/// All that a network could leave behind, in text. What counts or changes by itself is left out.
const DUMP: &str = r#"
    ip -d -o link; ip -o address; ip route show table all; ip -6 route show table all
    ip rule; ip -6 rule; ip neigh; bridge fdb; tc qdisc; tc filter; nft -a list ruleset
    find /proc/sys/net -type f ! -name stable_secret ! -name nf_conntrack_count ! -name 'tcp_*key*' \
        ! -name flush ! -name '*random*' | sort | while read -r file; do
        echo "$file $(cat "$file" 2>/dev/null | tr '\n\t' '  ')"; done
    find /var /run /etc ! -path '/run/netns/*' ! -path '/run/glassnet-lab/*' | sort
    find /etc -type f | sort | xargs md5sum 2>/dev/null
"#;

fn lab(name: &str) -> Lab {
    Lab::of(name, |name| {
        format!(
            r#"lab: {name}
switches:
  fabric: {{ subnet: [192.0.2.0/24, "2001:db8::/64"] }}
hosts:
  alpha:
    node: false
    links:
      eth0: {{ to: fabric, address: [192.0.2.1/24, "2001:db8::1/64"] }}
    gateway: [192.0.2.254, "2001:db8::fe"]
"#
        )
    })
}

/// Lines of one that the other lacks, both ways.
fn difference(before: &str, after: &str) -> Vec<String> {
    let lack = |one: &str, other: &str, sign: &str| -> Vec<String> {
        let other: std::collections::BTreeSet<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !other.contains(line));
        lines.map(|line| format!("{sign} {line}")).collect()
    };
    [lack(before, after, "-"), lack(after, before, "+")].concat()
}

const START: &str = "glassnet node >/dev/null 2>&1 & \
    i=0; until glassnet status >/dev/null 2>&1; do i=$((i+1)); [ $i -lt 200 ]; sleep 0.05; done";
const STOP: &str = "pid=$(glassnet status --json | sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p'); \
    kill -9 $pid; while [ -e /proc/$pid ]; do sleep 0.05; done";

#[test]
fn nothing_is_left() {
    let lab = lab("reset");
    // Containers are the engine's. One setting is not at its default, and has to be again.
    shell(
        &lab,
        "alpha",
        "ip netns add one; ip netns add two; ip netns add three; \
        echo 1 >/proc/sys/net/ipv4/conf/eth0/forwarding; mkdir -p /var/lib; nft list ruleset",
    );
    let before = shell(&lab, "alpha", DUMP);
    assert!(before.contains("/proc/sys/net/ipv4/ip_forward 0") && before.contains("eth0"));
    shell(&lab, "alpha", START);
    for create in [
        "glassnet network create blue --subnet 10.1.0.0/24 --subnet fd00:1::/64",
        "glassnet network create green --subnet 10.2.0.0/24",
        "glassnet attach one --network blue --publish 8080:80 --publish 53:53/udp",
        "glassnet attach two --network blue --egress 10mbit --ingress 10mbit",
        "glassnet attach three --network green --publish 192.0.2.1:8081:80",
        "ip netns exec one ping -c 1 -W 2 10.1.0.1 && ip netns exec one ping -c 1 -W 2 fd00:1::1",
        "glassnet detach three",
    ] {
        shell(&lab, "alpha", create);
    }
    let with = shell(&lab, "alpha", DUMP);
    assert!(difference(&before, &with).len() > 100, "it had left its marks");
    shell(&lab, "alpha", STOP);
    let said = shell(&lab, "alpha", "glassnet node reset --yes");
    assert!(said.contains("delete link gn-blue"), "{said}");
    let after = shell(&lab, "alpha", DUMP);
    assert_eq!(difference(&before, &after), [""; 0], "reset said: {said}");
    // Once more, and there is nothing to do and nothing to complain about.
    let said = shell(&lab, "alpha", "glassnet node reset --yes");
    assert_eq!(difference(&before, &shell(&lab, "alpha", DUMP)), [""; 0], "{said}");
}
