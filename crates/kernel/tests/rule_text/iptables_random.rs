//! Rules of iptables made at random from options.

use crate::dice::{self, Dice};
use crate::iptables::hold;

const ADDRESSES: &[&str] =
    &["-s 10.0.0.0/8", "! -s 10.1.0.0/17", "-d 192.0.2.1", "! -d 192.0.2.0/24", "-s 172.16.0.0/12"];

const LINKS: &[&str] = &["-i eth0", "! -i eth+", "-i br-+", "-i lo"];

/// What only some transports have.
const TRANSPORTS: &[&str] = &[
    "-p tcp -m tcp --dport 80",
    "-p tcp -m tcp --sport 1:1023 ! --dport 22",
    "-p tcp -m tcp --tcp-flags SYN,ACK SYN",
    "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN",
    "-p tcp -m multiport --dports 80,443,1000:2000",
    "-p udp -m udp --dport 53",
    "-p udp -m udp ! --sport 5000:5010 --dport 1024:",
    "-p udp -m multiport ! --sports 53,67",
    "-p icmp -m icmp --icmp-type 8",
    "-p icmp -m icmp ! --icmp-type 3/4",
    "-p tcp",
    "! -p udp",
    "-p sctp",
    "",
    "",
];

const MATCHES: &[&str] = &[
    "-m conntrack --ctstate RELATED,ESTABLISHED",
    "-m conntrack ! --ctstate NEW,INVALID",
    "-m conntrack --ctorigdst 10.0.0.0/24 --ctdir REPLY",
    "-m addrtype --dst-type LOCAL",
    "-m addrtype ! --src-type LOCAL,MULTICAST --limit-iface-in",
    "-m comment --comment one",
    "-m comment --comment \"made of, words\"",
    "-m mark --mark 0x4000/0x4000",
    "-m mark ! --mark 0x1",
    "-m connmark --mark 0x7/0xff",
    "-m limit --limit 10/min --limit-burst 3",
    "-m iprange --src-range 10.0.0.1-10.0.0.9",
    "-m length --length 100:200",
    "-m mac --mac-source 00:11:22:33:44:55",
    "-m pkttype --pkt-type multicast",
    "-m set --match-set s1 src,dst",
    "-m statistic --mode random --probability 0.5",
    "-m ttl --ttl-lt 5",
];

/// Each table, a chain that packets enter it by, its targets.
const TABLES: &[(&str, &str, &[&str])] = &[
    ("raw", "PREROUTING", &["-j CT --notrack", "-j CT --zone 7", "-j ACCEPT", "-j DROP"]),
    (
        "mangle",
        "PREROUTING",
        &[
            "-j MARK --set-xmark 0x1/0xff",
            "-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff",
            "-j TTL --ttl-dec 1",
            "-j RETURN",
        ],
    ),
    (
        "nat",
        "PREROUTING",
        &[
            "-j DNAT --to-destination 192.0.2.7",
            "-j REDIRECT --random",
            "-j own",
            "-g own",
            "-j ACCEPT",
        ],
    ),
    (
        "filter",
        "INPUT",
        &["-j ACCEPT", "-j DROP", "-j own", "-g own", "-j REJECT", "-j LOG --log-prefix x", ""],
    ),
];

fn rule(dice: &mut Dice, targets: &[&str]) -> String {
    let mut words = Vec::new();
    for of in [ADDRESSES, LINKS] {
        if dice.roll(2) == 0 {
            words.push(dice.pick(of));
        }
    }
    words.push(dice.pick(TRANSPORTS));
    let first = dice.roll(MATCHES.len());
    // Each kind of match once: iptables-nft puts two alike together.
    words.push(MATCHES[first]);
    if dice.roll(2) == 0 {
        let other = MATCHES[dice.roll(MATCHES.len())];
        let kind = |text: &str| text.split(' ').nth(1).unwrap_or_default().to_owned();
        if kind(other) != kind(MATCHES[first]) {
            words.push(other);
        }
    }
    words.push(dice.pick(targets));
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// So many in each of the four tables.
fn rules() -> String {
    let mut dice = Dice::seeded();
    let mut text = String::new();
    let count = dice::rules(400) / TABLES.len();
    for (table, chain, targets) in TABLES {
        text += &format!("*{table}\n:own - [0:0]\n");
        for _ in 0..count {
            text += &format!("-A {chain} {}\n", rule(&mut dice, targets));
        }
        text += "COMMIT\n";
    }
    text
}

#[test]
fn rules_made_at_random_of_iptables_nft() {
    hold("iptables", "nft", &rules());
}

#[test]
fn rules_made_at_random_of_iptables_legacy() {
    hold("iptables", "legacy", &rules());
}
