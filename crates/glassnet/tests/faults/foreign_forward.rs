//! Somebody else's FORWARD chain drops what it does not know (moby#39439, #30338: dockerd sets the
//! policy). An accept in our own table cannot help, so it is named, attaching is refused, and where
//! the operator allows it an accept is put into that very chain.

use crate::{Lab, alpha, shell, until};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// A host as dockerd leaves it.
const DOCKER: &str = "for iptables in iptables-nft ip6tables-nft; do \
    $iptables -P FORWARD DROP; $iptables -N DOCKER-USER; $iptables -A DOCKER-USER -j RETURN; \
    $iptables -A FORWARD -j DOCKER-USER; \
    $iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; \
    $iptables -A FORWARD -i docker0 -j ACCEPT; done";

/// A firewall of one's own.
const FIREWALL: &str = "nft 'add table inet firewall; \
    add chain inet firewall forward { type filter hook forward priority 10; policy drop; }; \
    add rule inet firewall forward iifname \"lan0\" accept'";

fn reaches(lab: &Lab) -> bool {
    lab.fetch("alpha/client", "http://192.0.2.254/").is_some()
        && lab.fetch("alpha/client", "http://[2001:db8::fe]/").is_some()
        && lab.fetch("outside", "http://192.0.2.1:8080/").is_some()
        && lab.fetch("outside", "http://[2001:db8::1]:8080/").is_some()
        && lab.fetch("alpha/client", "http://10.1.0.10/").is_some()
}

fn status(lab: &Lab) -> String {
    lab.says("alpha", &["glassnet", "status", "--json"])
}

fn doctor(lab: &Lab) -> String {
    String::from_utf8(lab.run("alpha", &["glassnet", "doctor"]).stdout).unwrap()
}

/// What STATUS of the CNI program says.
fn cni(lab: &Lab, verb: &str) -> String {
    let line = format!(
        "ip netns add cni 2>/dev/null || true; echo '{{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"type\":\"glassnet\",\"network\":\"blue\"}}' | \
         CNI_COMMAND={verb} CNI_CONTAINERID=cni CNI_IFNAME=eth0 CNI_NETNS=/run/netns/cni CNI_PATH=/x glassnet || true"
    );
    shell(lab, "alpha", &line)
}

fn refused(name: &str, foreign: &str, chain: &str, command: &str, undo: &str) {
    let lab = alpha::up(name, 1);
    assert!(reaches(&lab) && !status(&lab).contains("forwards"));
    shell(&lab, "alpha", foreign);
    until(PATIENCE, "status names it", || status(&lab).contains(chain));
    assert!(lab.fetch("alpha/client", "http://192.0.2.254/").is_none(), "it is really dropped");

    let doctor = doctor(&lab);
    for word in [chain, "policy drop", "gn-blue → eth0", command, "IPv4", "IPv6"] {
        assert!(doctor.contains(word), "{word}: {doctor}");
    }
    for verb in ["STATUS", "ADD"] {
        let said = cni(&lab, verb);
        assert!(said.contains(chain) && said.contains(command), "{verb}: {said}");
    }
    let attach = lab.run("alpha", &["glassnet", "attach", "cni", "--network", "green"]);
    let said = String::from_utf8_lossy(&attach.stderr).into_owned();
    assert!(!attach.status.success() && said.contains("[blocked]"), "{said}");

    // The command it gives helps, both families, and attaching works again.
    let commands: Vec<String> = {
        let json: serde_json::Value = serde_json::from_str(&status(&lab)).unwrap();
        let warnings = json["warnings"].as_array().unwrap().iter();
        let command = |line: &serde_json::Value| {
            let message = line["message"].as_str().unwrap();
            message.rsplit_once("let it pass with: ").map(|(_, c)| c.to_owned())
        };
        warnings.filter_map(command).collect()
    };
    for command in &commands {
        shell(&lab, "alpha", command);
    }
    until(PATIENCE, "nothing is blocked", || !status(&lab).contains("forwards"));
    assert!(reaches(&lab), "after {commands:?}");
    let said = cni(&lab, "ADD");
    assert!(said.contains("\"ips\""), "{said}");
    shell(&lab, "alpha", undo);
}

#[test]
fn dockers_policy_is_named_and_attaching_refused() {
    refused(
        "foreign-docker",
        DOCKER,
        "ip filter FORWARD",
        "iptables -I DOCKER-USER -i gn-blue -j ACCEPT",
        "iptables-nft -P FORWARD ACCEPT; ip6tables-nft -P FORWARD ACCEPT",
    );
}

#[test]
fn a_plain_nft_policy_is_named_and_attaching_refused() {
    refused(
        "foreign-nft",
        FIREWALL,
        "inet firewall forward",
        "nft insert rule inet firewall forward iifname gn-blue accept",
        "nft delete table inet firewall",
    );
}

#[test]
fn with_leave_an_accept_is_placed_and_taken_back() {
    let lab = alpha::up("foreign-accept", 1);
    let kill = "kill -9 $(glassnet status --json | sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p')";
    let start = |flags: &str| {
        shell(&lab, "alpha", kill);
        shell(
            &lab,
            "alpha",
            &format!(
                "glassnet node {flags} >>/var/log/glassnet.log 2>&1 & i=0; \
                 until glassnet status >/dev/null 2>&1; do i=$((i+1)); [ $i -lt 200 ]; sleep 0.05; done"
            ),
        );
    };
    let foreign = "nft -s list table ip filter; nft -s list table ip6 filter; nft -s list table inet firewall";
    shell(&lab, "alpha", &format!("{DOCKER}; {FIREWALL}"));
    let before = shell(&lab, "alpha", foreign);
    start("--accept-in-foreign-chains");
    until(PATIENCE, "nothing is blocked", || !status(&lab).contains("forwards"));
    assert!(reaches(&lab), "{}", status(&lab));
    // What our own rules do not let pass does not pass.
    assert!(lab.fetch("outside", "http://10.1.0.10/").is_none());
    assert!(lab.fetch("alpha/client", "http://10.2.0.10/").is_none());
    // iptables prints the rules as its own kind.
    let rules = shell(&lab, "alpha", "iptables-nft -S FORWARD");
    assert!(
        rules.contains("-A FORWARD -i gn-blue") && rules.contains("-P FORWARD DROP"),
        "{rules}"
    );

    // Somebody flushes that chain, or sets it up anew: the accepts are there again.
    shell(&lab, "alpha", "iptables-nft -F FORWARD");
    until(PATIENCE, "the accepts are back", || reaches(&lab));
    shell(&lab, "alpha", "iptables-nft -F FORWARD; iptables-nft -P FORWARD ACCEPT");
    let rules = || shell(&lab, "alpha", "iptables-nft -S FORWARD");
    until(PATIENCE, "they go when not needed", || !rules().contains("gn-blue"));
    shell(
        &lab,
        "alpha",
        "nft delete table ip filter; nft delete table ip6 filter; nft delete table inet firewall",
    );
    shell(&lab, "alpha", &format!("{DOCKER}; {FIREWALL}"));
    until(PATIENCE, "the accepts are there", || reaches(&lab));

    // Without leave they go, and `node reset` leaves none.
    start("");
    until(PATIENCE, "they are gone", || shell(&lab, "alpha", foreign) == before);
    start("--accept-in-foreign-chains");
    until(PATIENCE, "the accepts are there", || shell(&lab, "alpha", foreign) != before);
    shell(&lab, "alpha", kill);
    shell(&lab, "alpha", "sleep 0.2; glassnet node reset --yes");
    assert_eq!(shell(&lab, "alpha", foreign), before);
}

/// The older iptables keeps its rules where nftables does not show them.
#[test]
fn rules_that_cannot_be_seen_are_spoken_of() {
    let lab = alpha::up("foreign-legacy", 0);
    assert!(!doctor(&lab).contains("iptables-legacy"));
    shell(&lab, "alpha", "touch /run/xtables.lock; iptables-legacy -P FORWARD DROP");
    assert!(lab.fetch("alpha/client", "http://192.0.2.254/").is_none(), "it is really dropped");
    let found = doctor(&lab);
    assert!(found.contains("iptables-legacy -S FORWARD") && found.contains("IPv4"), "{found}");
}
