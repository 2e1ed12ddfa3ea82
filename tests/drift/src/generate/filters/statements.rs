//! What rules do.

use super::super::draft::Draft;
use super::super::not_yet::{Kind, allowed};
use super::Scene;
use model::net::Family;

pub(super) fn one(draft: &mut Draft, scene: &Scene) -> String {
    let mark = draft.random.below(4);
    let others = &scene.others;
    match draft.random.below(20) {
        0..=3 => "drop".to_owned(),
        4..=7 => "accept".to_owned(),
        8 | 9 if !others.is_empty() => format!("jump {}", draft.random.pick(others)),
        10 if !others.is_empty() => format!("goto {}", draft.random.pick(others)),
        11 => "return".to_owned(),
        12 | 13 => format!("meta mark set {mark}"),
        14 if scene.has_connections() => connection(draft, mark),
        15 if may_reject(scene) => reject(draft, scene),
        16 => format!("log prefix \"seen {mark}\" counter"),
        17 => "limit rate 100/second counter".to_owned(),
        18 if scene.priority < -200 && matches!(scene.hook, "prerouting" | "output") => {
            match draft.random.percent(30) && scene.has_connections() && allowed(Kind::Zone) {
                true => format!("ct zone set {}", mark + 1),
                false => "notrack".to_owned(),
            }
        }
        19 if scene.of == Family::V4 && allowed(Kind::HeaderSet) => {
            draft.random.word(&["ip ttl set 40", "ip dscp set 1"]).to_owned()
        }
        _ => "counter".to_owned(),
    }
}

fn connection(draft: &mut Draft, mark: usize) -> String {
    match draft.random.below(4) {
        0 => "ct mark set mark".to_owned(),
        1 => "meta mark set ct mark".to_owned(),
        _ => format!("ct mark set {mark}"),
    }
}

/// The kinds that a table of the family has at the hook.
fn reject(draft: &mut Draft, scene: &Scene) -> String {
    const V4: [&str; 7] = [
        "net-unreachable",
        "host-unreachable",
        "prot-unreachable",
        "port-unreachable",
        "net-prohibited",
        "host-prohibited",
        "admin-prohibited",
    ];
    const V6: [&str; 6] = [
        "no-route",
        "admin-prohibited",
        "addr-unreachable",
        "port-unreachable",
        "policy-fail",
        "reject-route",
    ];
    const BOTH: [&str; 4] =
        ["port-unreachable", "admin-prohibited", "no-route", "host-unreachable"];
    if scene.carries == "tcp" && draft.random.percent(60) {
        return "meta l4proto tcp reject with tcp reset".to_owned();
    }
    match (scene.family, draft.random.below(4)) {
        (_, 0) => "reject".to_owned(),
        ("ip", _) => format!("reject with icmp {}", draft.random.word(&V4)),
        ("ip6", _) => format!("reject with icmpv6 {}", draft.random.word(&V6)),
        _ => format!("reject with icmpx {}", draft.random.word(&BOTH)),
    }
}

/// Whether the kernel lets a rule reject there (`nft_reject_validate`). Not every kernel that the test runs on
/// can outside of the IP stack.
fn may_reject(scene: &Scene) -> bool {
    let at = matches!(scene.hook, "prerouting" | "input" | "forward" | "output");
    at && scene.has_connections()
}
