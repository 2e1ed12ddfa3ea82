//! Targets.

use super::super::super::draft::Draft;
use super::super::super::not_yet::{Kind, allowed};
use super::super::super::topology::PORTS;
use super::super::matches::address;
use super::super::nat::target;
use super::Scene;
use model::net::Family;
use std::net::SocketAddr;

/// One, with the protocol that its rule has to be of. A rule without a target only counts.
pub(super) fn one(draft: &mut Draft, scene: &Scene) -> (Option<&'static str>, Option<String>) {
    if draft.random.percent(15) && !scene.others.is_empty() {
        let how = draft.random.word(&["-j", "-j", "-g"]);
        let how = how.to_owned();
        return (scene.carries, Some(format!("{how} {}", draft.random.pick(&scene.others))));
    }
    if draft.random.percent(6) {
        return (scene.carries, aside(draft));
    }
    if scene.table == "nat" {
        return translate(draft, scene);
    }
    let words = match scene.table {
        "raw" if allowed(Kind::Zone) && draft.random.percent(20) => "-j CT --zone 3",
        "raw" => draft.random.word(&["-j CT --notrack", "-j ACCEPT", "-j RETURN", "-j DROP"]),
        "mangle"
            if scene.carries == Some("tcp") && scene.goes_out() && draft.random.percent(20) =>
        {
            return (Some("syn"), Some("-j TCPMSS --clamp-mss-to-pmtu".to_owned()));
        }
        "mangle" => return (scene.carries, Some(mangle(draft, scene))),
        _ => match draft.random.below(10) {
            0..=3 => "-j DROP",
            4..=6 => "-j ACCEPT",
            7 => "-j RETURN",
            // Of own chains the kernel asks from which hook they are led to.
            _ => return (scene.carries, Some(reject(draft, scene))),
        },
    };
    (scene.carries, Some(words.to_owned()))
}

/// What decides nothing, or something that only chance knows and that decides nothing.
fn aside(draft: &mut Draft) -> Option<String> {
    let words = draft.random.word(&[
        "-j LOG --log-prefix seen",
        "-m statistic --mode random --probability 0.5",
        "-m statistic --mode nth --every 2 --packet 0",
        "-m limit --limit 10/second",
        "-m statistic --mode random --probability 0.5 -j LOG",
    ]);
    Some(words.to_owned())
}

fn mangle(draft: &mut Draft, scene: &Scene) -> String {
    let mark = draft.random.below(4);
    let hops = if scene.of == Family::V4 { "TTL --ttl" } else { "HL --hl" };
    match draft.random.below(14) {
        0 | 1 => format!("-j MARK --set-mark {mark}"),
        2 => format!("-j MARK --set-xmark {mark}/0x2"),
        3 => format!("-j MARK --or-mark {mark}"),
        4 => "-j MARK --and-mark 0x1".to_owned(),
        5 => "-j CONNMARK --save-mark".to_owned(),
        6 => "-j CONNMARK --restore-mark --nfmask 0x3 --ctmask 0x1".to_owned(),
        7 => format!("-j CONNMARK --set-xmark {mark}/0x3"),
        8 => format!("-j {hops}-set {}", draft.random.pick(&[1, 2, 40])),
        9 => format!("-j {hops}-dec 1"),
        10 => format!("-j {hops}-inc 1"),
        11 => "-j RETURN".to_owned(),
        12 => "-j ACCEPT".to_owned(),
        _ => "-j DROP".to_owned(),
    }
}

fn reject(draft: &mut Draft, scene: &Scene) -> String {
    let kinds: &[&str] = match (scene.of, scene.carries) {
        (_, Some("tcp")) => &["tcp-reset", "tcp-reset"],
        (Family::V4, _) => &[
            "icmp-net-unreachable",
            "icmp-host-unreachable",
            "icmp-port-unreachable",
            "icmp-proto-unreachable",
            "icmp-net-prohibited",
            "icmp-host-prohibited",
            "icmp-admin-prohibited",
        ],
        (Family::V6, _) => &[
            "icmp6-no-route",
            "icmp6-adm-prohibited",
            "icmp6-addr-unreachable",
            "icmp6-port-unreachable",
        ],
    };
    format!("-j REJECT --reject-with {}", draft.random.word(kinds))
}

fn translate(draft: &mut Draft, scene: &Scene) -> (Option<&'static str>, Option<String>) {
    let to_destination = scene.is_in(&["PREROUTING", "OUTPUT"]);
    let to_source = scene.is_in(&["POSTROUTING", "INPUT"]);
    if !to_destination && !to_source {
        let words = draft.random.word(&["-j ACCEPT", "-j RETURN"]).to_owned();
        return (scene.carries, Some(words));
    }
    // Not what tunnels send: a datagram of theirs that came to a socket would get no answer.
    let carries = match scene.carries {
        None | Some("udp") if to_destination => *draft.random.pick(&[Some("tcp"), Some("echo")]),
        carries => carries,
    };
    let to = target(draft, "", scene.of, false);
    let port = *draft.random.pick(&PORTS);
    let words = match (scene.hook, draft.random.below(6)) {
        (_, 0) => draft.random.word(&["-j ACCEPT", "-j RETURN"]).to_owned(),
        (Some("PREROUTING" | "OUTPUT"), 1) if carries == Some("tcp") => {
            format!("-j REDIRECT --to-ports {port}")
        }
        (Some("PREROUTING" | "OUTPUT"), 2) => "-j REDIRECT".to_owned(),
        (Some("PREROUTING" | "OUTPUT"), 3) if carries == Some("tcp") => {
            format!("-j DNAT --to-destination {}", SocketAddr::new(to, port))
        }
        (Some("PREROUTING" | "OUTPUT"), 4) => format!("-j NETMAP --to {}", prefix(draft, scene.of)),
        (Some("PREROUTING" | "OUTPUT"), _) => format!("-j DNAT --to-destination {to}"),
        (Some("POSTROUTING"), 1..=3) => "-j MASQUERADE".to_owned(),
        (_, 4) => format!("-j NETMAP --to {}", prefix(draft, scene.of)),
        _ => format!("-j SNAT --to-source {to}"),
    };
    (carries, Some(words))
}

fn prefix(draft: &mut Draft, of: Family) -> String {
    let prefix = address(draft, of);
    match (prefix.contains('/'), of) {
        (true, _) => prefix,
        (false, Family::V4) => format!("{prefix}/32"),
        (false, Family::V6) => format!("{prefix}/128"),
    }
}
