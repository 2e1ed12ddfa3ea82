//! A case: a small network written down, and the packets that are sent in it.
//!
//! It is what a person would type, so that a kept case can be read and built by hand: lines for `ip`,
//! `bridge`, `ipset`, `iptables` and `nft`, each for the namespace that it stands in. Nothing in it is random any more.
//! [`crate::build`] makes it, [`crate::shrink`] takes lines out of it.

use model::net::{Family, Transport};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A network and its packets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about: a seed, or words.
    pub title: String,
    pub spaces: Vec<Space>,
    pub cables: Vec<Cable>,
    pub packets: Vec<Packet>,
}

/// A network namespace. It is made in the order of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    pub name: String,
    /// Lines for `ip`: links that are no cables, addresses, routes, rules, neighbours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip: Vec<String>,
    /// Lines for `ip -6`, where no word of a line says its family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip6: Vec<String>,
    /// Settings, as `net/ipv4/ip_forward=1`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sysctls: Vec<String>,
    /// Lines for `bridge`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bridge: Vec<String>,
    /// Lines for `ipset restore`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ipset: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iptables: Vec<XTable>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nft: Vec<Table>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sockets: Vec<Listener>,
}

/// A veth pair. Its ends are down until a line of their spaces sets them up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cable {
    pub ends: [End; 2],
}

/// One end of a cable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    pub space: String,
    pub link: String,
}

/// A table of nftables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// As nft names it: `ip`, `ip6`, `inet`, `bridge`, `netdev`.
    pub family: String,
    pub name: String,
    /// Whole declarations of sets and maps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<String>,
    pub chains: Vec<Chain>,
}

/// A table of iptables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XTable {
    /// Who makes it: `iptables-nft`, `ip6tables-legacy`.
    pub program: String,
    pub name: String,
    /// Rules without `-A` and the chain's name; a built-in chain's base is its policy.
    pub chains: Vec<Chain>,
}

/// A chain of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    pub name: String,
    /// `type filter hook input priority 0; policy drop;`, of a base chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    pub rules: Vec<String>,
}

/// A socket that waits for packets. One of UDP answers each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    pub transport: Transport,
    /// An unspecified address takes what is for any of its family.
    pub address: IpAddr,
    pub port: u16,
}

/// A packet that a socket sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packet {
    pub space: String,
    pub to: IpAddr,
    pub kind: Kind,
    /// The address it binds to; none lets the kernel choose. One that is not the space's own is
    /// feigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// The source port, or an echo's identifier.
    pub from_port: u16,
    /// Bytes behind the transport header; a SYN has none.
    pub payload: u32,
    pub hops: u8,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Tcp(u16),
    Udp(u16),
    Echo,
}

impl Case {
    pub fn space(&self, name: &str) -> Option<&Space> {
        self.spaces.iter().find(|space| space.name == name)
    }

    /// The numbers of the links of a cable. All links of a case have numbers of their own: two ends with
    /// one number would come up late (`linkwatch_urgent_event` takes such a link for no pair).
    pub fn numbers(cable: usize) -> [u32; 2] {
        let first = FIRST_NUMBER + 2 * u32::try_from(cable).unwrap_or_default();
        [first, first + 1]
    }
}

const FIRST_NUMBER: u32 = 1000;

impl Space {
    /// Lines for `ip` about a family.
    pub fn lines(&mut self, family: Family) -> &mut Vec<String> {
        match family {
            Family::V4 => &mut self.ip,
            Family::V6 => &mut self.ip6,
        }
    }
}

impl XTable {
    /// The table as a script for the program's `-restore`.
    pub fn script(&self) -> String {
        let mut script = format!("*{}\n", self.name);
        for chain in &self.chains {
            let policy = chain.base.as_deref().unwrap_or("-");
            script.push_str(&format!(":{} {policy} [0:0]\n", chain.name));
        }
        for chain in &self.chains {
            for rule in &chain.rules {
                script.push_str(&format!("-A {} {rule}\n", chain.name));
            }
        }
        script + "COMMIT\n"
    }
}

impl Table {
    /// The table as a script for nft.
    pub fn script(&self) -> String {
        let mut script = format!("table {} {} {{\n", self.family, self.name);
        for set in &self.sets {
            script.push_str(&format!("  {set}\n"));
        }
        // Chains may lead to others that stand below them.
        for chain in &self.chains {
            let base = chain.base.as_deref().unwrap_or_default();
            script.push_str(&format!("  chain {} {{ {base} }}\n", chain.name));
        }
        script.push_str("}\n");
        for chain in &self.chains {
            script.push_str(&format!("table {} {} {{\n", self.family, self.name));
            script.push_str(&format!("  chain {} {{\n", chain.name));
            for rule in &chain.rules {
                script.push_str(&format!("    {rule}\n"));
            }
            script.push_str("  }\n}\n");
        }
        script
    }
}
