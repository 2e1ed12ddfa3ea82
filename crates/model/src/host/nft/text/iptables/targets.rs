//! Targets in options.

use super::OMITTED;
use crate::host::nft::NftFamily;
use crate::host::nft::xt::{ConnectionMark, NatRange, Target};
use crate::net::octets;

pub(super) fn options(of: &Target, family: NftFamily) -> String {
    match of {
        Target::Aside { extension } => format!("-j {extension} {OMITTED}"),
        Target::ConnectionMark(how) => connection_mark(*how),
        Target::Ct { notrack: true, .. } => "-j CT --notrack".to_owned(),
        Target::Ct { zone: 0, .. } => "-j CT".to_owned(),
        Target::Ct { zone, .. } => format!("-j CT --zone {zone}"),
        Target::Mark { bits, mask } => format!("-j MARK --set-xmark {bits:#x}/{mask:#x}"),
        Target::Masquerade { ports, flags } => {
            format!("-j MASQUERADE{}{}", to_ports(*ports), self::flags(*flags))
        }
        Target::Redirect { ports, flags } => {
            format!("-j REDIRECT{}{}", to_ports(*ports), self::flags(*flags))
        }
        Target::Dnat(range) => format!("-j DNAT{}", translation("--to-destination", range)),
        Target::Snat(range) => format!("-j SNAT{}", translation("--to-source", range)),
        Target::Netmap { address, mask } => {
            let ones: u32 = octets(*mask).iter().map(|byte| byte.count_ones()).sum();
            format!("-j NETMAP --to {address}/{ones}")
        }
        Target::Reject { with } => {
            let names = if family == NftFamily::Ip6 { &REJECT6 } else { &REJECT };
            let name = names.get(*with as usize).copied().filter(|name| !name.is_empty());
            format!("-j REJECT --reject-with {}", name.unwrap_or(OMITTED))
        }
        Target::TcpMss => format!("-j TCPMSS {OMITTED}"),
        Target::Set => format!("-j SET {OMITTED}"),
        Target::Ttl { mode, ttl } => {
            let is_ip6 = family == NftFamily::Ip6;
            let (target, word) = if is_ip6 { ("HL", "hl") } else { ("TTL", "ttl") };
            let how = match mode {
                0 => "set",
                1 => "inc",
                _ => "dec",
            };
            format!("-j {target} --{word}-{how} {ttl}")
        }
    }
}

/// `enum ipt_reject_with`; without a name those that nothing makes any more.
const REJECT: [&str; 9] = [
    "icmp-net-unreachable",
    "icmp-host-unreachable",
    "icmp-proto-unreachable",
    "icmp-port-unreachable",
    "",
    "icmp-net-prohibited",
    "icmp-host-prohibited",
    "tcp-reset",
    "icmp-admin-prohibited",
];

/// `enum ip6t_reject_with`.
const REJECT6: [&str; 9] = [
    "icmp6-no-route",
    "icmp6-adm-prohibited",
    "",
    "icmp6-addr-unreachable",
    "icmp6-port-unreachable",
    "",
    "tcp-reset",
    "icmp6-policy-fail",
    "icmp6-reject-route",
];

fn connection_mark(how: ConnectionMark) -> String {
    match how {
        ConnectionMark::Set { bits, mask } => {
            format!("-j CONNMARK --set-xmark {bits:#x}/{mask:#x}")
        }
        ConnectionMark::Save { connection, packet } => {
            format!("-j CONNMARK --save-mark --nfmask {packet:#x} --ctmask {connection:#x}")
        }
        ConnectionMark::Restore { connection, packet } => {
            format!("-j CONNMARK --restore-mark --nfmask {packet:#x} --ctmask {connection:#x}")
        }
    }
}

/// `NF_NAT_RANGE_*`.
const RANDOM: u32 = 1 << 2;
const PERSISTENT: u32 = 1 << 3;
const FULLY_RANDOM: u32 = 1 << 4;
const OFFSET: u32 = 1 << 5;

fn flags(flags: u32) -> String {
    let words =
        [(RANDOM, " --random"), (FULLY_RANDOM, " --random-fully"), (PERSISTENT, " --persistent")];
    words.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| *word).collect()
}

fn to_ports(ports: Option<(u16, u16)>) -> String {
    ports.map(|ports| format!(" --to-ports {}", pair(ports))).unwrap_or_default()
}

fn pair((first, last): (u16, u16)) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    }
}

fn translation(word: &str, range: &NatRange) -> String {
    let NatRange { addresses, ports, base_port, flags } = *range;
    if addresses.is_none() && ports.is_none() {
        return self::flags(flags);
    }
    let addresses = addresses.map(|(first, last)| {
        let span = match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        if first.is_ipv6() && ports.is_some() { format!("[{span}]") } else { span }
    });
    let base = if flags & OFFSET != 0 { format!("/{base_port}") } else { String::new() };
    let ports = ports.map(|ports| format!(":{}{base}", pair(ports)));
    let (addresses, ports) = (addresses.unwrap_or_default(), ports.unwrap_or_default());
    format!(" {word} {addresses}{ports}{}", self::flags(flags))
}
