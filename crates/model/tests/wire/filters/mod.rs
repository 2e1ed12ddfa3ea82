//! Filters: every primitive in all its spellings, combinations of them, and what is nearly one.

mod known;

pub(crate) use known::{OURS_ALONE, REFUSED, combinations, primitives};

use crate::random::Random;

/// An expression of some of these.
pub(crate) fn combination(primitives: &[String], random: &mut Random) -> String {
    fn part(primitives: &[String], depth: usize, random: &mut Random) -> String {
        match random.below(if depth == 0 { 1 } else { 5 }) {
            0 | 1 => random.pick(primitives),
            2 => format!("not {}", part(primitives, depth - 1, random)),
            3 => format!("({})", joined(primitives, depth - 1, random)),
            _ => format!("!({})", joined(primitives, depth - 1, random)),
        }
    }
    fn joined(primitives: &[String], depth: usize, random: &mut Random) -> String {
        let mut text = part(primitives, depth, random);
        for _ in 0..random.below(3) {
            let between = random.pick(&[" and ", " or ", " && ", " || "]);
            text = text + between + &part(primitives, depth, random);
        }
        text
    }
    joined(primitives, 3, random)
}

/// Words in any order, of which few make sense. None is a name that somebody would be asked for.
pub(crate) fn words(random: &mut Random) -> String {
    let mut text = Vec::new();
    if random.one_in(2) {
        text.push(random.pick(&STARTS));
    }
    for _ in 0..random.between(1, 4) {
        text.push(random.pick(&WORDS));
    }
    text.join(" ")
}

/// An expression with a word too few, too many, or another.
pub(crate) fn miswritten(primitives: &[String], random: &mut Random) -> String {
    let mut text = random.pick(primitives);
    for _ in 0..random.below(3) {
        text = text + random.pick(&[" and ", " or ", " and not "]) + &random.pick(primitives);
    }
    let spaced = text.replace('(', "( ").replace(')', " )").replace('[', "[ ").replace(']', " ]");
    let mut words: Vec<&str> = spaced.split(' ').collect();
    let at = random.below(words.len());
    match random.below(4) {
        0 => drop(words.remove(at)),
        1 => words.insert(at, random.pick(&WORDS)),
        2 => words[at] = random.pick(&WORDS),
        _ => {
            let other = random.below(words.len());
            words.swap(at, other);
        }
    }
    words.join(" ")
}

const WORDS: [&str; 66] = [
    "tcp",
    "udp",
    "ip",
    "ip6",
    "arp",
    "rarp",
    "icmp",
    "icmp6",
    "vlan",
    "host",
    "net",
    "port",
    "portrange",
    "src",
    "dst",
    "and",
    "or",
    "not",
    "(",
    ")",
    "10.0.0.1",
    "10.1.0.0/16",
    "10.1",
    "fd00::1",
    "fd00::/64",
    "80",
    "53",
    "443",
    "7",
    "[",
    "]",
    ":",
    "2",
    "4",
    "&",
    "|",
    "=",
    "!=",
    ">",
    "<=",
    "len",
    "ether",
    "link",
    "proto",
    "mask",
    "255.255.0.0",
    "0xff",
    "-",
    "+",
    "*",
    "/",
    "%",
    "<<",
    "less",
    "greater",
    "50000-60000",
    "broadcast",
    "multicast",
    "02:00:00:00:00:01",
    "!",
    "&&",
    "||",
    "tcpflags",
    "tcp-syn",
    "sctp",
    "\\tcp",
];
const STARTS: [&str; 12] = [
    "tcp port",
    "host 10.0.0.1",
    "src",
    "net 10.1",
    "tcp[13] =",
    "port 80 or",
    "ether",
    "not",
    "ip proto",
    "vlan 7 and",
    "len",
    "port (80 or",
];
/// Whether a header is looked at on the right side of an operator: libpcap does not ask there whether
/// the packet has one.
pub(crate) fn has_unguarded(text: &str) -> bool {
    let signs = ["&", "|", "^", "+", "-", "*", "/", "%", "<<", ">>"];
    text.match_indices('[').any(|(at, _)| {
        let before = text[..at].trim_end().trim_end_matches(|sign: char| sign.is_alphanumeric());
        let before = before.trim_end_matches([' ', '(']);
        signs.iter().any(|sign| before.ends_with(sign))
    })
}

/// The same with what tcpdump wants before some addresses and some names of protocols, in every way.
pub(crate) fn spelt_out(text: &str) -> Vec<String> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut ways = vec![String::new()];
    for word in spaced.split_whitespace() {
        let address =
            word.parse::<std::net::IpAddr>().is_ok() || word.matches([':', '-']).count() == 5;
        let other = match word {
            _ if address => Some(format!("host {word}")),
            "(" => Some("host (".to_owned()),
            // The list of protocols has another name for it.
            "icmp6" => Some("58".to_owned()),
            "tcp" | "udp" | "icmp" | "sctp" | "esp" | "ah" | "pim" | "igmp" => {
                Some(format!("\\{word}"))
            }
            _ => None,
        };
        let mut longer = Vec::new();
        for way in &ways {
            let spellings = other.iter().map(|other| &other[..]).chain([word]);
            longer.extend(spellings.map(|spelling| format!("{way} {spelling}")));
        }
        ways = longer;
        // There are few such words in most.
        ways.truncate(64);
    }
    ways
}
