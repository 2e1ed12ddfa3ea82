//! Rules of routing policy and the tables they lead to.

use super::draft::{Draft, Station};
use model::net::Family;

/// Tables that are not there by themselves.
const TABLES: [&str; 2] = ["100", "200"];

pub(super) fn choose(draft: &mut Draft) {
    for host in 0..draft.hosts.len() {
        if draft.random.percent(35) {
            let name = draft.hosts[host].name.clone();
            for _ in 0..draft.random.between(1, 4) {
                rule(draft, &name);
            }
            for _ in 0..draft.random.between(1, 3) {
                route(draft, &name);
            }
        }
    }
}

fn rule(draft: &mut Draft, space: &str) {
    let family = if draft.random.percent(60) { Family::V4 } else { Family::V6 };
    let mut words = format!("rule add pref {}", draft.random.between(1, 40));
    if draft.random.percent(15) {
        words.push_str(" not");
    }
    let prefix = super::filters::address(draft, family);
    let links = draft.links(space);
    let link = draft.random.pick(&links).clone();
    words.push_str(&match draft.random.below(7) {
        0 | 1 => format!(" from {prefix}"),
        2 => format!(" to {prefix}"),
        3 => format!(" iif {link}"),
        4 => format!(" fwmark {}", draft.random.between(1, 3)),
        5 => format!(" from {prefix} iif {link}"),
        _ => " ipproto udp dport 80".to_owned(),
    });
    let table = *draft.random.pick(&TABLES);
    words.push_str(&match draft.random.below(12) {
        0 => " blackhole".to_owned(),
        1 => " unreachable".to_owned(),
        2 => " prohibit".to_owned(),
        3 => format!(" goto {}", draft.random.pick(&[50, 32766])),
        4 => " table main suppress_prefixlength 0".to_owned(),
        5 => " table main suppress_prefixlength 24".to_owned(),
        6 => " nop".to_owned(),
        _ => format!(" table {table}"),
    });
    let lines = draft.space(space).lines(family);
    lines.push(words);
    // What `goto` leads to.
    lines.push(format!("rule add pref 50 table {table}"));
}

fn route(draft: &mut Draft, space: &str) {
    let family = if draft.random.percent(60) { Family::V4 } else { Family::V6 };
    let table = *draft.random.pick(&TABLES);
    let prefix = super::filters::address(draft, family);
    let fits = |s: &&Station| Family::of(s.address) == family;
    let stations: Vec<_> = draft.stations.iter().filter(fits).collect();
    let Some(gateway) = (!stations.is_empty()).then(|| draft.random.below(stations.len())) else {
        return;
    };
    let gateway = stations[gateway].address;
    let metric = draft.random.between(1, 3);
    let to = if draft.random.percent(50) { "default".to_owned() } else { prefix };
    let line = match draft.random.below(6) {
        0 => format!("route add blackhole {to} table {table}"),
        1 => format!("route add throw {to} table {table}"),
        2 => format!("route add unreachable {to} metric {metric} table {table}"),
        // Where it is on no link of the host, the kernel says no.
        _ => format!("route add {to} via {gateway} metric {metric} table {table}"),
    };
    draft.space(space).lines(family).push(line);
}
