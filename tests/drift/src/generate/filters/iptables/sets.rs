//! Sets of ipset, one of each kind, and rules that ask them.
//!
//! `hash:net,net`, `hash:net,port,net`, `hash:ip,mark`, `hash:ip,mac` and `hash:mac` are left out: not every
//! kernel that the test runs on has them.

use super::super::super::draft::Draft;
use super::super::matches::{address, port};
use model::net::Family;

/// Kinds with the number of their dimensions.
const KINDS: [(&str, usize); 9] = [
    ("hash:ip", 1),
    ("hash:net", 1),
    ("hash:ip,port", 2),
    ("hash:net,port", 2),
    ("hash:ip,port,ip", 3),
    ("hash:ip,port,net", 3),
    ("hash:net,iface", 2),
    ("bitmap:port", 1),
    ("list:set", 1),
];

fn name(of: Family, kind: &str) -> String {
    let plain = kind.replace([':', ','], "-");
    format!("{plain}-{}", if of == Family::V4 { 4 } else { 6 })
}

/// Lines for `ipset restore`.
pub(super) fn write(draft: &mut Draft, of: Family, links: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for (kind, _) in KINDS {
        let name = name(of, kind);
        let like = match kind {
            "bitmap:port" => " range 0-65535".to_owned(),
            "list:set" => String::new(),
            _ => format!(" family {}", if of == Family::V4 { "inet" } else { "inet6" }),
        };
        lines.push(format!("create {name} {kind}{like}"));
        for _ in 0..draft.random.between(1, 3) {
            let element = element(draft, of, kind, links);
            lines.push(format!("add {name} {element} -exist"));
        }
    }
    lines
}

fn element(draft: &mut Draft, of: Family, kind: &str, links: &[String]) -> String {
    let only = |text: String| text.split('/').next().unwrap_or_default().to_owned();
    let (address, other) = (address(draft, of), address(draft, of));
    let carried = port(draft);
    let echo = match of {
        Family::V4 => "icmp:echo-request",
        Family::V6 => "icmpv6:echo-request",
    };
    let carried = match draft.random.below(5) {
        0 => echo.to_owned(),
        1 | 2 => format!("udp:{carried}"),
        _ => format!("tcp:{carried}"),
    };
    let nomatch = if draft.random.percent(20) { " nomatch" } else { "" };
    match kind {
        "hash:ip" => only(address),
        "hash:net" => format!("{address}{nomatch}"),
        "hash:ip,port" => format!("{},{carried}", only(address)),
        "hash:net,port" => format!("{address},{carried}{nomatch}"),
        "hash:ip,port,ip" => format!("{},{carried},{}", only(address), only(other)),
        "hash:ip,port,net" => format!("{},{carried},{other}", only(address)),
        "hash:net,iface" => format!("{address},{}", draft.random.pick(links)),
        "bitmap:port" => port(draft).to_string(),
        _ => name(of, draft.random.word(&["hash:ip", "hash:net"])),
    }
}

/// A rule's question.
pub(super) fn asked(draft: &mut Draft, of: Family, not: &str) -> String {
    let (kind, dimensions) = *draft.random.pick(&KINDS);
    let mut ends: Vec<&str> = (0..dimensions).map(|_| draft.random.word(&["src", "dst"])).collect();
    if kind == "list:set" && draft.random.percent(20) {
        ends.push("dst");
    }
    format!("-m set {not}--match-set {} {}", name(of, kind), ends.join(","))
}
