//! A table of address translation.

use super::super::draft::Draft;
use super::super::topology::PORTS;
use super::matches::address;
use super::priority;
use crate::case::{Chain, Table};
use model::net::Family;
use std::collections::BTreeSet;
use std::net::SocketAddr;

pub(super) fn table(
    draft: &mut Draft,
    space: &str,
    links: &[String],
    taken: &mut BTreeSet<i32>,
) -> Table {
    let family = *draft.random.pick(&["inet", "ip", "ip6", "ip"]);
    let mut chains = Vec::new();
    let hooks = ["prerouting", "postrouting", "postrouting", "output", "input"];
    let mut seen = BTreeSet::new();
    for _ in 0..draft.random.between(1, 3) {
        let hook = *draft.random.pick(&hooks);
        if !seen.insert(hook) && draft.random.percent(70) {
            continue;
        }
        let priority = priority(draft, taken, -190, 300);
        let rules =
            (0..draft.random.between(1, 3)).map(|_| rule(draft, space, links, family, hook));
        let rules = rules.collect();
        let base = Some(format!("type nat hook {hook} priority {priority}; policy accept;"));
        chains.push(Chain { name: format!("nat{}", chains.len()), base, rules });
    }
    Table { family: family.to_owned(), name: "nat".to_owned(), sets: Vec::new(), chains }
}

fn rule(draft: &mut Draft, space: &str, links: &[String], family: &str, hook: &str) -> String {
    let of = match family {
        "ip" => Family::V4,
        "ip6" => Family::V6,
        _ if draft.random.percent(60) => Family::V4,
        _ => Family::V6,
    };
    let ip = if of == Family::V4 { "ip" } else { "ip6" };
    // In a table of both families a translation has to say of which it is.
    let which = if family == "inet" { format!(" {ip}") } else { String::new() };
    let side = if draft.random.percent(70) { "daddr" } else { "saddr" };
    let mut words = vec![format!("{ip} {side} {}", address(draft, of))];
    let transport = draft.random.word(&["tcp", "udp"]).to_owned();
    let port = *draft.random.pick(&PORTS);
    let to = target(draft, space, of, hook == "postrouting" || hook == "input");
    let with_port = |port: u16| SocketAddr::new(to, port);
    match (hook, draft.random.below(4)) {
        ("prerouting" | "output", 0) => {
            words.push(format!("{transport} dport {port} redirect to :{}", PORTS[2]));
        }
        ("prerouting" | "output", 1) => {
            words.push(format!("{transport} dport {port} dnat{which} to {}", with_port(PORTS[0])));
        }
        ("prerouting" | "output", 2) => {
            words
                .push(format!("dnat{which} to {transport} dport map {{ 80 : {to}, 5000 : {to} }}"));
        }
        // Not what tunnels send: a datagram of theirs that came to a socket would get no answer.
        ("prerouting" | "output", _) => {
            words.push(format!("meta l4proto {{ tcp, icmp, icmpv6 }} dnat{which} to {to}"));
        }
        ("postrouting", 0 | 1) => {
            let link = draft.random.pick(links).clone();
            words = vec![words.remove(0), format!("oifname \"{link}\" masquerade")];
        }
        ("postrouting", 2) => words.push("masquerade".to_owned()),
        _ => words.push(format!("snat{which} to {to}")),
    }
    words.join(" ")
}

/// An address to translate to: for the source mostly one of the namespace's own.
pub(super) fn target(draft: &mut Draft, space: &str, of: Family, source: bool) -> std::net::IpAddr {
    let own = source && draft.random.percent(80);
    let all: Vec<_> = draft
        .stations
        .iter()
        .filter(|station| Family::of(station.address) == of && (!own || station.space == space))
        .map(|station| station.address)
        .collect();
    match (all.is_empty(), of) {
        (false, _) => *draft.random.pick(&all),
        (true, Family::V4) => [10, 9, 9, 9].into(),
        (true, Family::V6) => std::net::Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, 9).into(),
    }
}
