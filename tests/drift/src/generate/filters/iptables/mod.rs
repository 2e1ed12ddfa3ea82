//! Rulesets of iptables and ip6tables, by the program that speaks nftables or by the older one, with the
//! extensions that Docker, kube-proxy, Calico and flannel use.
//!
//! A namespace has the tables of one program: which of two runs first would hang on what was made first.

mod matches;
mod sets;
mod targets;

use super::super::draft::Draft;
use crate::case::{Chain, XTable};
use model::net::Family;

/// Priorities of the built-in chains (`NF_IP_PRI_*`), which no chain of nft is to have.
pub(super) const PRIORITIES: [i32; 5] = [-300, -150, -100, 0, 100];

/// Tables with the built-in chains that each has.
const TABLES: [(&str, &[&str]); 4] = [
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("filter", &["INPUT", "FORWARD", "OUTPUT"]),
];

/// What a rule may speak of.
#[derive(Clone, Debug)]
struct Scene {
    links: Vec<String>,
    table: &'static str,
    /// The built-in chain; none of one that others lead to.
    hook: Option<&'static str>,
    /// Chains that may be led to.
    others: Vec<String>,
    of: Family,
    /// `tcp`, `udp`, `echo`, `syn`; none for a rule of any.
    carries: Option<&'static str>,
}

impl Scene {
    fn is_in(&self, hooks: &[&str]) -> bool {
        self.hook.is_some_and(|hook| hooks.contains(&hook))
    }

    fn comes_in(&self) -> bool {
        self.is_in(&["PREROUTING", "INPUT", "FORWARD"])
    }

    fn goes_out(&self) -> bool {
        self.is_in(&["FORWARD", "OUTPUT", "POSTROUTING"])
    }

    /// Whether a rule of it may have a port.
    fn has_ports(&self) -> bool {
        matches!(self.carries, Some("tcp" | "udp"))
    }
}

pub(super) fn write(draft: &mut Draft, space: &str) {
    let links = draft.links(space);
    let program = draft.random.word(&["nft", "nft", "legacy"]).to_owned();
    let families: &[Family] = match draft.random.below(10) {
        0..6 => &[Family::V4],
        6..8 => &[Family::V6],
        _ => &Family::BOTH,
    };
    for of in families {
        let sets = sets::write(draft, *of, &links);
        draft.space(space).ipset.extend(sets);
        let tables = draft.random.between(1, 3);
        let mut left = TABLES.to_vec();
        for _ in 0..tables {
            // Most have rules that filter.
            let place = if draft.random.percent(40) {
                left.len() - 1
            } else {
                draft.random.below(left.len())
            };
            let (table, hooks) = left.remove(place);
            let scene = Scene {
                links: links.clone(),
                table,
                hook: None,
                others: Vec::new(),
                of: *of,
                carries: None,
            };
            let chains = chains(draft, &scene, hooks);
            let family = if *of == Family::V4 { "iptables" } else { "ip6tables" };
            let program = format!("{family}-{program}");
            draft.space(space).iptables.push(XTable { program, name: table.to_owned(), chains });
        }
    }
}

fn chains(draft: &mut Draft, scene: &Scene, hooks: &[&'static str]) -> Vec<Chain> {
    let mut chains = Vec::new();
    let mut others = Vec::new();
    for other in 0..draft.random.below(3) {
        let scene = Scene { others: others.clone(), ..scene.clone() };
        let name = format!("own{other}");
        let rules = rules(draft, &scene, 3);
        chains.push(Chain { name: name.clone(), base: None, rules });
        others.push(name);
    }
    let mut left = hooks.to_vec();
    for _ in 0..draft.random.between(1, hooks.len().min(3)) {
        let hook = left.remove(draft.random.below(left.len()));
        let scene = Scene { hook: Some(hook), others: others.clone(), ..scene.clone() };
        let drops = scene.table != "nat" && draft.random.percent(8);
        let policy = if drops { "DROP" } else { "ACCEPT" };
        let mut all = lets_resolve(&scene);
        all.extend(rules(draft, &scene, 4));
        chains.push(Chain { name: hook.to_owned(), base: Some(policy.to_owned()), rules: all });
    }
    chains
}

/// Lets neighbour discovery pass.
fn lets_resolve(scene: &Scene) -> Vec<String> {
    if scene.of == Family::V4 || scene.table == "nat" {
        return Vec::new();
    }
    let rule = |kind: u8| format!("-p icmpv6 -m icmp6 --icmpv6-type {kind} -j ACCEPT");
    [135, 136].map(rule).to_vec()
}

fn rules(draft: &mut Draft, scene: &Scene, most: usize) -> Vec<String> {
    (0..draft.random.between(1, most)).map(|_| rule(draft, scene)).collect()
}

fn rule(draft: &mut Draft, scene: &Scene) -> String {
    let carries = *draft.random.pick(&[Some("tcp"), Some("udp"), Some("echo"), None]);
    let scene = &Scene { carries, ..scene.clone() };
    let (carries, target) = targets::one(draft, scene);
    let scene = &Scene { carries, ..scene.clone() };
    let mut words: Vec<String> = matches::protocol(draft, scene).into_iter().collect();
    let mut kinds: Vec<String> = Vec::new();
    for _ in 0..draft.random.between(1, 2) {
        let one = matches::one(draft, scene);
        // Each kind once.
        let mut said = one.split(' ').filter(|word| *word != "!");
        let first = said.next().unwrap_or_default();
        let kind = if first == "-m" { said.next().unwrap_or_default() } else { first }.to_owned();
        if !kinds.contains(&kind) {
            kinds.push(kind);
            words.push(one);
        }
    }
    words.extend(target);
    words.join(" ")
}
