//! Rulesets of nftables: tables of all families, chains at all hooks, rules of many kinds.
//!
//! No two chains of a namespace have one priority: which of them runs first would hang on the order in
//! which they were made. And what resolves addresses is let through everywhere, since a walk takes that
//! for granted.

mod iptables;
mod matches;
mod nat;
mod statements;

pub(super) use matches::address;

use super::draft::Draft;
use crate::case::{Chain, Table};
use model::net::Family;
use std::collections::BTreeSet;

/// What a rule may speak of.
#[derive(Clone, Debug)]
struct Scene {
    links: Vec<String>,
    /// The table's: `ip`, `ip6`, `inet`, `bridge`, `netdev`.
    family: &'static str,
    hook: &'static str,
    /// Chains of the same table without a hook, that may be led to.
    others: Vec<String>,
    priority: i32,
    /// What a rule is about, so that its parts do not contradict each other: nft refuses such a rule.
    of: Family,
    carries: &'static str,
}

impl Scene {
    fn has_ip(&self) -> bool {
        self.family != "ip6"
    }

    fn has_ip6(&self) -> bool {
        self.family != "ip"
    }

    /// Whether connections are known there.
    fn has_connections(&self) -> bool {
        matches!(self.family, "ip" | "ip6" | "inet")
    }

    fn comes_in(&self) -> bool {
        matches!(self.hook, "prerouting" | "input" | "forward" | "ingress")
    }

    fn goes_out(&self) -> bool {
        matches!(self.hook, "forward" | "output" | "postrouting" | "egress")
    }
}

pub(super) fn write(draft: &mut Draft) {
    let hosts: Vec<String> = draft.hosts.iter().map(|host| host.name.clone()).collect();
    for space in draft.case.spaces.iter().map(|space| space.name.clone()).collect::<Vec<_>>() {
        let (share, most) = if hosts.contains(&space) { (65, 3) } else { (12, 1) };
        if draft.random.percent(share) {
            ruleset(draft, &space, most);
        }
        let share = if hosts.contains(&space) { 35 } else { 5 };
        if draft.random.percent(share) {
            iptables::write(draft, &space);
        }
    }
}

fn ruleset(draft: &mut Draft, space: &str, most: usize) {
    let mut priorities = BTreeSet::from([-400, -225, -200, -100, 100, 225]);
    priorities.extend(iptables::PRIORITIES);
    let links = draft.links(space);
    for number in 0..draft.random.between(1, most) {
        let family = *draft
            .random
            .pick(&["inet", "inet", "inet", "inet", "ip", "ip", "ip6", "bridge", "netdev"]);
        let scene = Scene {
            links: links.clone(),
            family,
            hook: "",
            others: Vec::new(),
            priority: 0,
            of: Family::V4,
            carries: "tcp",
        };
        let table = table(draft, scene, number, &mut priorities);
        draft.space(space).nft.push(table);
    }
    if draft.random.percent(45) {
        let table = nat::table(draft, space, &links, &mut priorities);
        draft.space(space).nft.push(table);
    }
}

/// A priority that no other chain of the namespace has.
fn priority(draft: &mut Draft, taken: &mut BTreeSet<i32>, least: i32, most: i32) -> i32 {
    loop {
        let priority = least + draft.random.below((most - least) as usize) as i32;
        if taken.insert(priority) {
            return priority;
        }
    }
}

fn table(draft: &mut Draft, scene: Scene, number: usize, taken: &mut BTreeSet<i32>) -> Table {
    let mut chains = Vec::new();
    let mut others = Vec::new();
    // Later ones may lead to earlier ones only, so that none leads in a circle; what they hold must do
    // at every hook that leads there.
    for other in 0..draft.random.below(3) {
        let scene = Scene { hook: "", others: others.clone(), ..scene.clone() };
        let name = format!("other{other}");
        let rules = rules(draft, &scene, 3);
        chains.push(Chain { name: name.clone(), base: None, rules });
        others.push(name);
    }
    let hooks: &[&'static str] = match scene.family {
        "netdev" => &["ingress", "egress"],
        _ => &["prerouting", "input", "forward", "output", "postrouting"],
    };
    for base in 0..draft.random.between(1, 3) {
        let hook = *draft.random.pick(hooks);
        let priority = priority(draft, taken, -350, 300);
        let scene = Scene { hook, others: others.clone(), priority, ..scene.clone() };
        let device = match scene.family {
            "netdev" => format!("device {} ", draft.random.pick(&scene.links)),
            _ => String::new(),
        };
        let reroutes = scene.has_connections() && hook == "output" && draft.random.percent(30);
        let kind = if reroutes { "route" } else { "filter" };
        let policy = if draft.random.percent(8) { "drop" } else { "accept" };
        let base_words =
            format!("type {kind} hook {hook} {device}priority {priority}; policy {policy};");
        let mut all = vec![lets_resolve(scene.family)];
        all.extend(rules(draft, &scene, 5));
        let base_words = Some(base_words);
        chains.push(Chain { name: format!("base{base}"), base: base_words, rules: all });
    }
    let sets = matches::sets(draft, scene.family);
    Table { family: scene.family.to_owned(), name: format!("t{number}"), sets, chains }
}

/// Lets ARP and neighbour discovery pass.
fn lets_resolve(family: &str) -> String {
    match family {
        "ip" => "counter".to_owned(),
        "bridge" | "netdev" => "meta protocol arp accept".to_owned(),
        _ => "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept".to_owned(),
    }
}

fn rules(draft: &mut Draft, scene: &Scene, most: usize) -> Vec<String> {
    let mut rules = Vec::new();
    if matches!(scene.family, "bridge" | "netdev") && !scene.hook.is_empty() {
        rules.push("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept".to_owned());
    }
    for _ in 0..draft.random.between(1, most) {
        rules.push(rule(draft, scene));
    }
    rules
}

fn rule(draft: &mut Draft, scene: &Scene) -> String {
    let of = match (scene.has_ip(), scene.has_ip6()) {
        (true, false) => Family::V4,
        (false, true) => Family::V6,
        _ if draft.random.percent(60) => Family::V4,
        _ => Family::V6,
    };
    let carries = *draft.random.pick(&["tcp", "udp", "tcp", "udp", "echo"]);
    let scene = &Scene { of, carries, ..scene.clone() };
    if draft.random.percent(15) {
        return matches::decides(draft, scene);
    }
    let mut words = Vec::new();
    for _ in 0..draft.random.between(1, 2) {
        words.push(matches::one(draft, scene));
    }
    words.dedup();
    words.push(statements::one(draft, scene));
    words.join(" ")
}
