//! What we say of a packet beside what tshark says.

use super::program::Shown;
use model::net::Mac;
use model::packet::{Dissection, Layer, Value, dns, ether_type, icmp};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

/// Names that Wireshark has not: it shows the options one by one.
const OURS_ALONE: [&str; 2] = ["ip.options", "ipv6.ext.data"];

/// Where Wireshark's bytes are more: the whole option, or the line with its end.
const WIDER: [&str; 3] = ["dhcp.option.type", "http.request.line", "http.response.line"];

/// A field of ours, under Wireshark's name, with its bytes counted from the packet's first.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) bytes: Range<usize>,
}

/// All that we say of a packet, but for what Wireshark says otherwise.
pub(super) fn told(dissection: &Dissection) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut before: Option<&Layer> = None;
    for found in &dissection.layers {
        for field in found.layer.fields() {
            let bytes = found.bytes.start + field.bytes.start..found.bytes.start + field.bytes.end;
            // To us each tag is one; Wireshark has other names for those of IEEE 802.1ad.
            let name = match field.name.strip_prefix("vlan.") {
                Some("etype") if is_service(before) => "ieee8021ah.etype".to_owned(),
                Some(name) if is_service(before) => format!("ieee8021ad.{name}"),
                _ => field.name.to_owned(),
            };
            // The name of such a record is shown in three parts, by names of their own.
            if name == "dns.resp.type" && field.value == Value::from(dns::kind::SRV) {
                told.pop();
            }
            told.push(Told { name, value: field.value, bytes });
        }
        before = Some(&found.layer);
    }
    let (_, times) = shows_less(dissection);
    told.retain(|told| {
        let theirs_otherwise = times && told.name == "data.data";
        !theirs_otherwise && !OURS_ALONE.contains(&&told.name[..])
    });
    told
}

/// Whether Wireshark stops earlier or later than we do in what an error quotes: of a redirect's it
/// reads eight bytes behind the IP header, of others' whatever there is of a TCP header. And whether it
/// reads what is a payload to us: the times of a timestamp.
pub(super) fn shows_less(dissection: &Dissection) -> (bool, bool) {
    let mut layers = dissection.layers.iter().map(|found| &found.layer);
    let quoting = layers.clone().any(|layer| match layer {
        Layer::Icmp(header) => header.kind == icmp::REDIRECT,
        Layer::TcpStart(_) => true,
        _ => false,
    });
    let times = layers.any(|layer| match layer {
        Layer::Icmp(header) => (icmp::TIMESTAMP..=icmp::ADDRESS_MASK_REPLY).contains(&header.kind),
        _ => false,
    });
    (quoting, times)
}

fn is_service(before: Option<&Layer>) -> bool {
    let kind = match before {
        Some(Layer::Ethernet(header)) => header.ether_type,
        Some(Layer::Vlan(header)) => header.ether_type,
        _ => return false,
    };
    kind == ether_type::SERVICE_VLAN
}

/// What tshark shows, but for what it shows otherwise.
pub(super) fn cleaned(mut shown: Vec<Shown>) -> Vec<Shown> {
    let raw = shown.iter().any(|shown| shown.name == "tcp.seq_raw");
    shown.retain_mut(|shown| match (&shown.name[..], &shown.value[..]) {
        // Besides ipv6.version.
        ("ip.version", "6") => false,
        // The end of the options, and what fills them.
        ("dhcp.option.type", "0") => false,
        // In what an error quotes, it is not shown as it is on the wire; it is neither made relative.
        ("tcp.seq", _) if !raw => {
            shown.name = "tcp.seq_raw".to_owned();
            true
        }
        _ => true,
    });
    shown
}

/// Whether tshark's text means the value.
fn means(value: &Value, text: &str) -> bool {
    match value {
        Value::Number(number) => read_number(text) == Some(*number),
        Value::Flag(flag) => match text {
            "1" | "True" => *flag,
            "0" | "False" => !*flag,
            _ => false,
        },
        Value::Mac(mac) => text.parse::<Mac>() == Ok(*mac),
        Value::Address(address) => text.parse::<IpAddr>() == Ok(*address),
        // The root of all names; and the end of a line of HTTP.
        Value::Text(own) => {
            own == text.trim_end_matches(['\r', '\n']) || own == "." && text == "<Root>"
        }
        Value::Bytes(_) => value.to_string() == text,
    }
}

fn read_number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The bytes in which a field has bits.
fn touched((at, length, bits): (usize, usize, u64)) -> Range<usize> {
    if bits == 0 {
        return at..at + length;
    }
    let upper = (64 - bits.leading_zeros() as usize).div_ceil(8);
    // Wireshark 4.0 has one field of more bits than bytes: ieee8021ad.priority.
    let end = at + length.max(upper);
    end - upper..end - bits.trailing_zeros() as usize / 8
}

/// The names that any of these bears.
pub(super) fn names(told: &[Vec<Told>]) -> BTreeSet<String> {
    told.iter().flatten().map(|told| told.name.clone()).collect()
}

/// What differs of one packet, as far as Wireshark shows as much of it as we do.
pub(super) fn differing(
    dissection: &Dissection,
    told: &[Told],
    shown: &[Shown],
    names: &BTreeSet<String>,
) -> Vec<String> {
    match shows_less(dissection).0 {
        true => contradictions(told, shown).1,
        false => differences(told, shown, names),
    }
}

/// Stops the test where something was found, and shows the first of it.
pub(super) fn none(found: Vec<String>) {
    let first: Vec<_> = found.iter().take(20).map(|text| &text[..]).collect();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), first.join("\n"));
}

/// Every field of ours is Wireshark's, in the order and in the bytes; and Wireshark has no more fields
/// of any name among `names`.
pub(super) fn differences(told: &[Told], shown: &[Shown], names: &BTreeSet<String>) -> Vec<String> {
    let mut ours: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    told.iter().for_each(|told| ours.entry(&told.name).or_default().push(told));
    let mut theirs: BTreeMap<&str, Vec<&Shown>> = BTreeMap::new();
    for shown in shown.iter().filter(|shown| names.contains(&shown.name)) {
        theirs.entry(&shown.name).or_default().push(shown);
    }
    let mut differences = Vec::new();
    for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let ours = ours.get(*name).map_or(&[][..], |all| all);
        let theirs = theirs.get(*name).map_or(&[][..], |all| all);
        let same = ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs));
        if !same {
            let ours: Vec<_> = ours.iter().map(|told| told.to_string()).collect();
            let theirs: Vec<_> = theirs.iter().map(|shown| shown.to_string()).collect();
            differences.push(format!(
                "{name}: ours {}; theirs {}",
                ours.join(", "),
                theirs.join(", ")
            ));
        }
    }
    differences
}

/// What is at one place under one name in both says the same; gives how many were compared, and the
/// differences.
pub(super) fn contradictions(told: &[Told], shown: &[Shown]) -> (usize, Vec<String>) {
    let mut theirs: BTreeMap<(&str, usize, usize), &Shown> = BTreeMap::new();
    for shown in shown {
        let Some(place) = shown.place.map(touched) else { continue };
        theirs.insert((&shown.name, place.start, place.end), shown);
    }
    let (mut compared, mut found) = (0, Vec::new());
    for told in told {
        let place = (&told.name[..], told.bytes.start, told.bytes.end);
        let Some(shown) = theirs.get(&place) else { continue };
        compared += 1;
        if !is_same(told, shown) {
            found.push(format!("{}: ours {told}; theirs {shown}", told.name));
        }
    }
    (compared, found)
}

fn is_same(ours: &Told, theirs: &Shown) -> bool {
    let place =
        theirs.place.map(touched).is_none_or(|place| match WIDER.contains(&&ours.name[..]) {
            true => place.start == ours.bytes.start && place.end > ours.bytes.end,
            false => place == ours.bytes,
        });
    place && means(&ours.value, &theirs.value)
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {:?}", self.value, self.bytes)
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place.map(touched) {
            Some(place) => write!(f, "{} at {place:?}", self.value),
            None => f.write_str(&self.value),
        }
    }
}
