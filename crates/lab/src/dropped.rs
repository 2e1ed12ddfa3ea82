//! What a router or a switch can be told to lose, and the nftables rules by
//! which it does.
//!
//! | written | is lost |
//! |---|---|
//! | `icmp` | ICMP and ICMPv6, but for what IPv6 cannot live without: neighbour discovery, group membership |
//! | `too-big` | only the ICMP errors by which a router says that a packet is too large |
//! | `udp`, `udp 4789` | UDP, or what is sent to this port |
//! | `tcp`, `tcp 80` | TCP, or what is sent to this port |
//! | `fragments` | fragments of IP packets |
//! | `larger 1400` | IP packets of more than this many bytes |
//! | `from 192.0.2.0/24`, `to 2001:db8::1` | packets with such a source, or destination |
//!
//! Nothing is answered for what is lost: that is the point. Rules count what
//! they lose, so `nft list ruleset` on a router tells.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// An IP packet has at least a header, and at most what its length can say.
const SIZES: std::ops::RangeInclusive<u32> = 20..=65535;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Dropped {
    Icmp,
    TooBig,
    Udp {
        port: Option<u16>,
    },
    Tcp {
        port: Option<u16>,
    },
    Fragments,
    /// More than this many bytes, the IP header included.
    Larger {
        bytes: u32,
    },
    From {
        prefix: IpNet,
    },
    To {
        prefix: IpNet,
    },
}

/// The text names nothing that can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing that can be dropped")]
pub struct NotDroppable;

impl FromStr for Dropped {
    type Err = NotDroppable;

    fn from_str(text: &str) -> Result<Self, NotDroppable> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let port = |text: &str| match text.parse() {
            Ok(0) | Err(_) => Err(NotDroppable),
            Ok(port) => Ok(Some(port)),
        };
        match words.as_slice() {
            ["icmp"] => Ok(Self::Icmp),
            ["too-big"] => Ok(Self::TooBig),
            ["fragments"] => Ok(Self::Fragments),
            ["udp"] => Ok(Self::Udp { port: None }),
            ["udp", number] => Ok(Self::Udp { port: port(number)? }),
            ["tcp"] => Ok(Self::Tcp { port: None }),
            ["tcp", number] => Ok(Self::Tcp { port: port(number)? }),
            ["larger", bytes] => match bytes.parse() {
                Ok(bytes) if SIZES.contains(&bytes) => Ok(Self::Larger { bytes }),
                _ => Err(NotDroppable),
            },
            ["from", text] => Ok(Self::From { prefix: prefix(text)? }),
            ["to", text] => Ok(Self::To { prefix: prefix(text)? }),
            _ => Err(NotDroppable),
        }
    }
}

/// A prefix, or an address alone.
fn prefix(text: &str) -> Result<IpNet, NotDroppable> {
    let prefix = match text.parse::<IpNet>() {
        Ok(prefix) => prefix,
        Err(_) => text.parse::<IpAddr>().map_err(|_| NotDroppable)?.into(),
    };
    if prefix == prefix.trunc() { Ok(prefix) } else { Err(NotDroppable) }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Icmp => f.write_str("icmp"),
            Self::TooBig => f.write_str("too-big"),
            Self::Fragments => f.write_str("fragments"),
            Self::Udp { port: None } => f.write_str("udp"),
            Self::Udp { port: Some(port) } => write!(f, "udp {port}"),
            Self::Tcp { port: None } => f.write_str("tcp"),
            Self::Tcp { port: Some(port) } => write!(f, "tcp {port}"),
            Self::Larger { bytes } => write!(f, "larger {bytes}"),
            Self::From { prefix } => write!(f, "from {prefix}"),
            Self::To { prefix } => write!(f, "to {prefix}"),
        }
    }
}

impl TryFrom<String> for Dropped {
    type Error = NotDroppable;

    fn try_from(text: String) -> Result<Self, NotDroppable> {
        text.parse()
    }
}

impl From<Dropped> for String {
    fn from(dropped: Dropped) -> Self {
        dropped.to_string()
    }
}

impl Dropped {
    /// What a rule of nftables compares: one list for each rule it takes. The
    /// words mean the same in the families `inet` and `bridge`.
    fn matches(&self) -> Vec<String> {
        let one = |text: String| vec![text];
        match self {
            // 130 to 132 and 143 are group membership (RFC 3810), 133 to 137
            // neighbour discovery (RFC 4861).
            Self::Icmp => vec![
                "ip protocol icmp".to_owned(),
                "icmpv6 type != 130-137 icmpv6 type != 143".to_owned(),
            ],
            Self::TooBig => {
                vec!["icmp type 3 icmp code 4".to_owned(), "icmpv6 type 2".to_owned()]
            }
            Self::Udp { port: None } => one("meta l4proto udp".to_owned()),
            Self::Udp { port: Some(port) } => one(format!("udp dport {port}")),
            Self::Tcp { port: None } => one("meta l4proto tcp".to_owned()),
            Self::Tcp { port: Some(port) } => one(format!("tcp dport {port}")),
            // More to come, or not the first (RFC 791 §3.1).
            Self::Fragments => {
                vec!["ip frag-off & 0x3fff != 0".to_owned(), "exthdr frag exists".to_owned()]
            }
            Self::Larger { bytes } => one(format!("meta length > {bytes}")),
            Self::From { prefix } => one(format!("{} saddr {prefix}", family(prefix))),
            Self::To { prefix } => one(format!("{} daddr {prefix}", family(prefix))),
        }
    }

    fn rules(&self) -> String {
        self.matches().iter().map(|words| format!("    {words} counter drop\n")).collect()
    }
}

fn family(prefix: &IpNet) -> &'static str {
    match prefix {
        IpNet::V4(_) => "ip",
        IpNet::V6(_) => "ip6",
    }
}

/// A router's table, for `nft -f`. It replaces an earlier one in one go. The
/// errors of `too-big` are those of other routers and its own.
pub(crate) fn of_router(drops: &[Dropped]) -> String {
    let mut text = "add table inet lab\ndelete table inet lab\n".to_owned();
    if drops.is_empty() {
        return text;
    }
    let rules: String = drops.iter().map(Dropped::rules).collect();
    text += "table inet lab {\n  chain forward {\n    type filter hook forward priority -200;\n";
    text += &format!("{rules}  }}\n");
    if drops.contains(&Dropped::TooBig) {
        text += "  chain output {\n    type filter hook output priority -200;\n";
        text += &format!("{}  }}\n", Dropped::TooBig.rules());
    }
    text + "}\n"
}

/// The fabric's table: for each switch its ports, by their names in the
/// fabric, and what it loses.
pub(crate) fn of_fabric(switches: &[(&str, Vec<String>, &[Dropped])]) -> String {
    let mut text = "add table bridge lab\ndelete table bridge lab\n".to_owned();
    let losing: Vec<_> = (switches.iter())
        .filter(|(_, ports, drops)| !ports.is_empty() && !drops.is_empty())
        .collect();
    if losing.is_empty() {
        return text;
    }
    text += "table bridge lab {\n";
    for (name, _, drops) in &losing {
        let rules: String = drops.iter().map(Dropped::rules).collect();
        text += &format!("  chain switch-{name} {{\n{rules}  }}\n");
    }
    text += "  chain forward {\n    type filter hook forward priority -200;\n";
    for (name, ports, _) in &losing {
        let ports: Vec<String> = ports.iter().map(|port| format!("\"{port}\"")).collect();
        text += &format!("    iifname {{ {} }} jump switch-{name}\n", ports.join(", "));
    }
    text + "  }\n}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in [
            "icmp",
            "too-big",
            "fragments",
            "udp",
            "udp 4789",
            "tcp",
            "tcp 80",
            "larger 1400",
            "from 192.0.2.0/24",
            "to 2001:db8::1/128",
        ] {
            assert_eq!(text.parse::<Dropped>().map(|read| read.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(
            " to  192.0.2.1 ".parse::<Dropped>().unwrap().to_string(),
            "to 192.0.2.1/32",
            "an address alone is a prefix of its whole length"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "",
            "ICMP",
            "udp 0",
            "udp 65536",
            "udp 1 2",
            "tcp x",
            "larger",
            "larger 19",
            "larger 65536",
            "larger -1",
            "from",
            "to 192.0.2.1/24",
            "to x; drop",
            "sctp",
        ] {
            assert_eq!(text.parse::<Dropped>(), Err(NotDroppable), "{text}");
        }
    }
}
