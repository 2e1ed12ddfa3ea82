//! Tables, sets and chains as `nft list ruleset` lays them out.

use super::kind::Kind;
use super::value::Type;
use super::{Shown, elements, iptables};
use crate::host::nft::{
    BaseChain, Chain, ChainKind, DataType, Hook, NftFamily, NftTable, Policy, Ruleset, Set,
    SetValueType,
};

/// All tables.
pub(super) fn ruleset<F: Shown>(ruleset: &Ruleset<F>) -> String {
    ruleset.tables.iter().map(table).collect()
}

pub(super) fn table<F: Shown>(table: &NftTable<F>) -> String {
    if iptables::is_of_iptables(table) {
        return iptables::table(table);
    }
    let mut blocks: Vec<String> = table.sets.iter().filter(|set| !set.anonymous).map(set).collect();
    blocks.extend(table.chains.iter().map(|chain| self::chain(table, chain)));
    let comment = table.comment.as_ref();
    let comment = comment.map(|comment| format!("\tcomment \"{comment}\"\n")).unwrap_or_default();
    let (family, name) = (table.family.as_str(), &table.name);
    format!("table {family} {name} {{\n{comment}{}}}\n", blocks.join("\n"))
}

fn set(set: &Set) -> String {
    let is_map = set.value.is_some();
    let word = if is_map { "map" } else { "set" };
    let fields = elements::fields(&set.key);
    let mut text = format!("\t{word} {} {{\n\t\ttype {}", set.name, names(&fields));
    match &set.value {
        Some(SetValueType::Verdict) => text += " : verdict",
        Some(SetValueType::Data(types)) => {
            text += &format!(" : {}", names(&elements::fields(types)));
        }
        None => {}
    }
    text.push('\n');
    let flags = [(set.constant, "constant"), (set.interval, "interval")];
    let flags: Vec<_> = flags.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    if !flags.is_empty() {
        text += &format!("\t\tflags {}\n", flags.join(","));
    }
    let types: Vec<_> = fields.iter().map(|field| Type::of(*field)).collect();
    let items = elements::items(set, &types, 0);
    if !items.is_empty() {
        let in_line = match &types[..] {
            [one] => one.kind.elements_in_line(),
            _ => 1,
        };
        let lines: Vec<_> = items.chunks(in_line).map(|line| line.join(", ")).collect();
        text += &format!("\t\telements = {{ {} }}\n", lines.join(",\n\t\t\t     "));
    }
    text + "\t}\n"
}

fn names(fields: &[DataType]) -> String {
    let name = |field: &DataType| match elements::is_span(*field) {
        true => format!("interval {}", Kind::of(*field).name()),
        false => Kind::of(*field).name(),
    };
    let names: Vec<_> = fields.iter().map(name).collect();
    names.join(" . ")
}

fn chain<F: Shown>(table: &NftTable<F>, chain: &Chain<F>) -> String {
    let mut text = format!("\tchain {} {{\n", chain.name);
    if let Some(header) = chain_header(table.family, chain) {
        text += &format!("\t\t{header}\n");
    }
    for rule in &chain.rules {
        text += &format!("\t\t{}\n", super::rule(table, chain, rule));
    }
    text + "\t}\n"
}

/// Where packets enter the chain and what becomes of those that no rule decided on.
pub(super) fn chain_header<F>(family: NftFamily, chain: &Chain<F>) -> Option<String> {
    let BaseChain { kind, hook, priority, policy, devices } = chain.base.as_ref()?;
    let kind = match kind {
        ChainKind::Filter => "filter",
        ChainKind::Nat => "nat",
        ChainKind::Route => "route",
    };
    let policy = match policy {
        Policy::Accept => "accept",
        Policy::Drop => "drop",
    };
    let names: Vec<_> = devices.iter().map(|device| format!("\"{}\"", device.as_str())).collect();
    let devices = match &names[..] {
        [] => String::new(),
        [one] => format!(" device {one}"),
        several => format!(" devices = {{ {} }}", several.join(", ")),
    };
    let (hook_word, priority) = (hook_word(*hook), self::priority(family, *hook, *priority));
    Some(format!("type {kind} hook {hook_word}{devices} priority {priority}; policy {policy};"))
}

fn hook_word(hook: Hook) -> &'static str {
    match hook {
        Hook::Ingress => "ingress",
        Hook::Egress => "egress",
        Hook::Prerouting => "prerouting",
        Hook::Input => "input",
        Hook::Forward => "forward",
        Hook::Output => "output",
        Hook::Postrouting => "postrouting",
    }
}

/// Priorities with names, and the hooks that have them; none for all.
type Named = (i32, &'static str, Option<Hook>);

const IP: &[Named] = &[
    (-300, "raw", None),
    (-150, "mangle", None),
    (-100, "dstnat", Some(Hook::Prerouting)),
    (0, "filter", None),
    (50, "security", None),
    (100, "srcnat", Some(Hook::Postrouting)),
];

const BRIDGE: &[Named] = &[
    (-300, "dstnat", Some(Hook::Prerouting)),
    (-200, "filter", None),
    (100, "out", Some(Hook::Output)),
    (300, "srcnat", Some(Hook::Postrouting)),
];

const OTHERS: &[Named] = &[(0, "filter", None)];

/// How far from a named priority another is still told by it.
const REACH: i32 = 10;

/// `dstnat + 5`, or the number where no name is near.
pub(super) fn priority(family: NftFamily, hook: Hook, priority: i32) -> String {
    let named = match family {
        NftFamily::Ip | NftFamily::Ip6 | NftFamily::Inet => IP,
        NftFamily::Bridge => BRIDGE,
        NftFamily::Arp | NftFamily::Netdev => OTHERS,
    };
    let near = named.iter().find(|(base, _, only)| {
        (i64::from(priority) - i64::from(*base)).abs() <= i64::from(REACH)
            && only.is_none_or(|only| only == hook)
    });
    match near {
        None => priority.to_string(),
        Some((base, name, _)) => match priority - base {
            0 => (*name).to_owned(),
            over if over > 0 => format!("{name} + {over}"),
            under => format!("{name} - {}", -under),
        },
    }
}
