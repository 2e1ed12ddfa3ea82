//! Running tshark, and reading what it says.
//!
//! It is told to know our protocols and no others, to take each packet for itself, and to check
//! checksums. What the person who runs the tests has set up for themselves is not looked at.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// A field that tshark shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) value: String,
    /// First byte, length, and the bits that count: 0 for all of them.
    pub(super) place: Option<(usize, usize, u64)>,
}

/// Those that are not disabled. Others would read what is a payload to us.
const PROTOCOLS: [&str; 19] = [
    "frame",
    "eth",
    "vlan",
    "ieee8021ad",
    "arp",
    "ip",
    "ipv6",
    "icmp",
    "icmpv6",
    "tcp",
    "udp",
    "vxlan",
    "dns",
    "mdns",
    "dhcp",
    "http",
    "tls",
    "data",
    "raw",
];
/// And parts of those.
const PARTS: [&str; 3] = ["ipv6.", "tcp.", "eth_"];
const HELPERS: [&str; 2] = ["ethertype", "_ws.malformed"];

const OPTIONS: [&str; 11] = [
    "ip.defragment:FALSE",
    "ipv6.defragment:FALSE",
    "tcp.desegment_tcp_streams:FALSE",
    "tcp.analyze_sequence_numbers:FALSE",
    "tcp.no_subdissector_on_error:FALSE",
    "tcp.relative_sequence_numbers:FALSE",
    "ip.check_checksum:TRUE",
    "tcp.check_checksum:TRUE",
    "udp.check_checksum:TRUE",
    // No last four bytes are taken for a check sequence.
    "eth.fcs:Never",
    "dns.desegment_dns_messages:FALSE",
];

fn tshark(folder: &Path) -> Command {
    let mut command = Command::new("tshark");
    command.env("WIRESHARK_CONFIG_DIR", folder).stdin(Stdio::null());
    command
}

/// What tshark says of each packet in a file; `folder` is its own.
pub(super) fn shown(folder: &Path, file: &Path) -> Vec<Vec<Shown>> {
    let known = tshark(folder)
        .args(["-G", "protocols"])
        .output()
        .expect("this test needs tshark: install the package tshark (scripts/setup test does)");
    let known = String::from_utf8(known.stdout).expect("protocols in UTF-8");
    let short = known.lines().filter_map(|line| line.split('\t').nth(2));
    let other = short.filter(|name| {
        let ours = PROTOCOLS.contains(name) || HELPERS.contains(name);
        !ours && !PARTS.iter().any(|part| name.starts_with(part))
    });
    let disabled: Vec<_> = other.collect();
    assert!(disabled.len() > 1000, "tshark knows many protocols: {}", disabled.len());
    fs::write(folder.join("disabled_protos"), disabled.join("\n") + "\n").expect("written");
    let said = folder.join("said.json");
    let mut command = tshark(folder);
    for option in OPTIONS {
        command.args(["-o", option]);
    }
    let ran = command
        .args(["-n", "-T", "json", "-x", "-r"])
        .arg(file)
        .stdout(File::create(&said).expect("a file for tshark"))
        .output()
        .expect("tshark runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = fs::read_to_string(&said).expect("tshark writes UTF-8");
    let packets: Node = serde_json::from_str(&text).expect("tshark writes JSON");
    let Node::List(packets) = packets else { panic!("no list of packets") };
    packets.iter().map(|packet| fields(packet.at("_source").at("layers"))).collect()
}

/// JSON whose objects have several values of one name, in their order.
enum Node {
    Text(String),
    Number(u64),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// `null` and what else says nothing here.
    Nothing,
}

impl Node {
    fn at(&self, name: &str) -> &Self {
        let Self::Object(members) = self else { panic!("no {name}") };
        let found = members.iter().find(|(its, _)| its == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }
}

/// All fields below, in the order in which they are shown.
fn fields(node: &Node) -> Vec<Shown> {
    let (mut found, mut places) = (Vec::new(), Vec::new());
    collect(node, &mut found, &mut places);
    found
}

fn collect(node: &Node, found: &mut Vec<Shown>, places: &mut Vec<(String, Place)>) {
    let Node::Object(members) = node else { return };
    for (name, value) in members {
        match value {
            Node::Object(_) => collect(value, found, places),
            Node::List(parts) => {
                if let (Some(name), Some(place)) = (name.strip_suffix("_raw"), place(parts)) {
                    places.push((name.to_owned(), place));
                }
            }
            Node::Text(text) => {
                // It stands right before the field that it is of.
                let place = places.pop().filter(|(its, _)| its == name).map(|(_, place)| place);
                found.push(Shown { name: name.clone(), value: text.clone(), place });
            }
            Node::Number(_) | Node::Nothing => {}
        }
    }
}

type Place = (usize, usize, u64);

/// Digits, first byte, length, bits, kind.
fn place(parts: &[Node]) -> Option<Place> {
    match parts {
        [Node::Text(_), Node::Number(at), Node::Number(length), Node::Number(bits), _] => {
            Some((*at as usize, *length as usize, *bits))
        }
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(part) = parts.next_element()? {
            list.push(part);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = parts.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}
