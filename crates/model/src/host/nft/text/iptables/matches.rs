//! Matches in options.

use super::{OMITTED, not, quoted};
use crate::host::nft::NftFamily;
use crate::host::nft::xt::{Compare, ConnectionMatch, LinkPattern, Match, Ports, Range};
use crate::net::octets;
use std::net::IpAddr;

pub(super) fn options(of: &Match, family: NftFamily) -> String {
    match of {
        Match::AddressType { .. } => address_type(of),
        Match::Comment(words) => format!("-m comment --comment {}", quoted(words)),
        Match::Connection(of) => connection(of),
        Match::ConnectionMark { mark, mask, not: is_not } => {
            format!("-m connmark {}--mark {}", not(*is_not), marked(*mark, *mask))
        }
        Match::Mark { mark, mask, not: is_not } => {
            format!("-m mark {}--mark {}", not(*is_not), marked(*mark, *mask))
        }
        Match::Icmp { kind, codes, not: is_not } => {
            let kind = if *kind == 255 { "any".to_owned() } else { icmp(*kind, *codes) };
            format!("-m icmp {}--icmp-type {kind}", not(*is_not))
        }
        Match::Icmp6 { kind, codes, not: is_not } => {
            format!("-m icmp6 {}--icmpv6-type {}", not(*is_not), icmp(*kind, *codes))
        }
        Match::IpRange { source, destination } => {
            let mut text = "-m iprange".to_owned();
            for (range, word) in [(source, "--src-range"), (destination, "--dst-range")] {
                if let Some(Range { first, last, not: is_not }) = range {
                    text += &format!(" {}{word} {first}-{last}", not(*is_not));
                }
            }
            text
        }
        Match::Length { range } => format!("-m length {}--length {}", not(range.not), span(range)),
        Match::Mac { mac, not: is_not } => format!("-m mac {}--mac-source {mac}", not(*is_not)),
        Match::Multiport { which, ranges, not: is_not } => {
            let word = match which {
                Ports::Source => "--sports",
                Ports::Destination => "--dports",
                Ports::Either => "--ports",
            };
            let one = |(first, last): &(u16, u16)| match first == last {
                true => first.to_string(),
                false => format!("{first}:{last}"),
            };
            let ranges: Vec<_> = ranges.iter().map(one).collect();
            format!("-m multiport {}{word} {}", not(*is_not), ranges.join(","))
        }
        Match::PacketType { kind, not: is_not } => {
            let kind = match kind {
                0 => "unicast".to_owned(),
                1 => "broadcast".to_owned(),
                2 => "multicast".to_owned(),
                other => other.to_string(),
            };
            format!("-m pkttype {}--pkt-type {kind}", not(*is_not))
        }
        Match::Physdev { iif, oif, is_in, is_out, is_bridged } => {
            let mut text = "-m physdev".to_owned();
            let mut is = |is: &Option<bool>, word: &str, name: &Option<(LinkPattern, bool)>| {
                if let Some(is) = is {
                    text += &format!(" {}--physdev-is-{word}", not(!is));
                }
                if let Some((name, is_not)) = name {
                    text += &format!(" {}--physdev-{word} {}", not(*is_not), pattern(name));
                }
            };
            is(is_in, "in", iif);
            is(is_out, "out", oif);
            is(is_bridged, "bridged", &None);
            text
        }
        Match::ReversePath { loose, valid_mark, accept_local, not } => {
            let flags = [
                (loose, " --loose"),
                (valid_mark, " --validmark"),
                (accept_local, " --accept-local"),
                (not, " --invert"),
            ];
            let flags: String =
                flags.iter().filter(|(is, _)| **is).map(|(_, word)| *word).collect();
            format!("-m rpfilter{flags}")
        }
        Match::Set { name, sources, not: is_not } => {
            let ends: Vec<_> =
                sources.iter().map(|source| if *source { "src" } else { "dst" }).collect();
            format!("-m set {}--match-set {name} {}", not(*is_not), ends.join(","))
        }
        Match::State { states } => {
            // The struct numbers "untracked" as nothing else does.
            let states = (*states & 0xf) as u16 | if states & 1 << 6 != 0 { 1 << 8 } else { 0 };
            format!("-m state --state {}", list(states, &STATES))
        }
        Match::Tcp { source, destination, flags, not_flags, option } => {
            let mut text = "-m tcp".to_owned();
            ports(&mut text, source, destination);
            if let Some((option, is_not)) = option {
                text += &format!(" {}--tcp-option {option}", not(*is_not));
            }
            if flags.0 != 0 || flags.1 != 0 {
                text += &format!(" {}{}", not(*not_flags), tcp_flags(flags.0, flags.1));
            }
            text
        }
        Match::Ttl { mode, ttl } => {
            let word = if family == NftFamily::Ip6 { "hl" } else { "ttl" };
            let (is_not, how) = match mode {
                Compare::Equal => (false, "eq"),
                Compare::NotEqual => (true, "eq"),
                Compare::Less => (false, "lt"),
                Compare::Greater => (false, "gt"),
            };
            format!("-m {word} {}--{word}-{how} {ttl}", not(is_not))
        }
        Match::Udp { source, destination } => {
            let mut text = "-m udp".to_owned();
            ports(&mut text, source, destination);
            text
        }
        Match::Uncertain { extension, .. } => format!("-m {extension} {OMITTED}"),
    }
}

/// `RTN_*`.
const ADDRESS_TYPES: [&str; 12] = [
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
    "THROW",
    "NAT",
    "XRESOLVE",
];

fn address_type(of: &Match) -> String {
    let Match::AddressType { source, destination, not_source, not_destination, on_iif, on_oif } =
        of
    else {
        return String::new();
    };
    let names = |kinds: u16| {
        let names = ADDRESS_TYPES.iter().enumerate().filter(|(bit, _)| kinds & 1 << bit != 0);
        names.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    };
    let mut text = "-m addrtype".to_owned();
    if *source != 0 {
        text += &format!(" {}--src-type {}", not(*not_source), names(*source));
    }
    if *destination != 0 {
        text += &format!(" {}--dst-type {}", not(*not_destination), names(*destination));
    }
    if *on_iif {
        text += " --limit-iface-in";
    }
    if *on_oif {
        text += " --limit-iface-out";
    }
    text
}

/// `XT_CONNTRACK_STATE_*`, in the order they are printed.
const STATES: [(u16, &str); 7] = [
    (1, "INVALID"),
    (1 << 3, "NEW"),
    (1 << 2, "RELATED"),
    (1 << 1, "ESTABLISHED"),
    (1 << 8, "UNTRACKED"),
    (1 << 6, "SNAT"),
    (1 << 7, "DNAT"),
];

/// `IPS_*`.
const STATUSES: [(u16, &str); 4] =
    [(1, "EXPECTED"), (1 << 1, "SEEN_REPLY"), (1 << 2, "ASSURED"), (1 << 3, "CONFIRMED")];

fn list(bits: u16, names: &[(u16, &str)]) -> String {
    let set = names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name);
    set.collect::<Vec<_>>().join(",")
}

fn connection(of: &ConnectionMatch) -> String {
    let mut text = "-m conntrack".to_owned();
    let mut add = |is_not: bool, word: &str, value: String| {
        text += &format!(" {}--{word} {value}", not(is_not));
    };
    if let Some((states, is_not)) = of.states {
        add(is_not, "ctstate", list(states, &STATES));
    }
    if let Some((protocol, is_not)) = of.protocol {
        add(is_not, "ctproto", protocol.to_string());
    }
    let words = ["ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst"];
    for (word, address) in words.iter().zip(&of.addresses) {
        if let Some((address, mask, is_not)) = address {
            add(*is_not, word, masked(*address, *mask));
        }
    }
    for (word, ports) in words.iter().zip(&of.ports) {
        if let Some((first, last, is_not)) = ports {
            add(*is_not, &format!("{word}port"), pair(first, last));
        }
    }
    if let Some((status, is_not)) = of.status {
        let shown = if status == 0 { "NONE".to_owned() } else { list(status, &STATUSES) };
        add(is_not, "ctstatus", shown);
    }
    if let Some((first, last, is_not)) = of.expires {
        add(is_not, "ctexpire", pair(&first, &last));
    }
    if let Some(original) = of.direction {
        add(false, "ctdir", if original { "ORIGINAL" } else { "REPLY" }.to_owned());
    }
    text
}

fn pair<T: PartialEq + std::fmt::Display>(first: &T, last: &T) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}:{last}"),
    }
}

/// An address and its mask, as a prefix where it is one; nothing for a whole address.
fn masked(address: IpAddr, mask: IpAddr) -> String {
    let bytes = octets(mask);
    let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
    let lead: u32 = bytes
        .iter()
        .scan(true, |go, byte| {
            let add = go.then_some(byte.leading_ones())?;
            *go = *byte == 0xff;
            Some(add)
        })
        .sum();
    match ones as usize == bytes.len() * 8 {
        true => address.to_string(),
        false if ones == lead => format!("{address}/{ones}"),
        false => format!("{address}/{mask}"),
    }
}

fn marked(mark: u32, mask: u32) -> String {
    match mask {
        u32::MAX => format!("{mark:#x}"),
        mask => format!("{mark:#x}/{mask:#x}"),
    }
}

fn icmp(kind: u8, codes: (u8, u8)) -> String {
    match codes {
        (0, 255) => kind.to_string(),
        (first, _) => format!("{kind}/{first}"),
    }
}

fn span(range: &Range<u16>) -> String {
    pair(&range.first, &range.last)
}

pub(super) fn ports(text: &mut String, source: &Range<u16>, destination: &Range<u16>) {
    for (range, word) in [(source, "--sport"), (destination, "--dport")] {
        if *range != Range::ALL {
            *text += &format!(" {}{word} {}", not(range.not), span(range));
        }
    }
}

fn pattern(name: &LinkPattern) -> String {
    let more = if name.is_beginning { "+" } else { "" };
    format!("{}{more}", name.text)
}

/// Bits of the TCP header.
const TCP_FLAGS: [&str; 6] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

/// The flags that are looked at, and those of them that are set.
pub(super) fn tcp_flags(mask: u8, set: u8) -> String {
    let names = |bits: u8| {
        let names = TCP_FLAGS.iter().enumerate().filter(|(bit, _)| bits & 1 << bit != 0);
        let names: Vec<_> = names.map(|(_, name)| *name).collect();
        if names.is_empty() { "NONE".to_owned() } else { names.join(",") }
    };
    format!("--tcp-flags {} {}", names(mask), names(set))
}
