//! What rules do.

use super::super::draft::Draft;
use super::Scene;

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
        15 if matches!(scene.hook, "input" | "forward" | "output") && scene.has_connections() => {
            reject(draft, scene)
        }
        16 => format!("log prefix \"seen {mark}\" counter"),
        17 => "limit rate 100/second counter".to_owned(),
        18 if scene.priority < -200 && matches!(scene.hook, "prerouting" | "output") => {
            "notrack".to_owned()
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

fn reject(draft: &mut Draft, scene: &Scene) -> String {
    let by_family = match scene.family {
        "ip" => "reject with icmp admin-prohibited",
        "ip6" => "reject with icmpv6 no-route",
        _ => "reject with icmpx port-unreachable",
    };
    match draft.random.below(3) {
        0 => by_family.to_owned(),
        1 if scene.carries == "tcp" => "meta l4proto tcp reject with tcp reset".to_owned(),
        _ => "reject".to_owned(),
    }
}
