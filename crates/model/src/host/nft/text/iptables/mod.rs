//! Rules in iptables' options, as `iptables -S` prints them: `-A FORWARD -s 10.0.0.0/24 -i eth0 -p
//! tcp -m tcp --dport 80 -j ACCEPT`.
//!
//! What a rule asks of addresses, links and ports, iptables-nft says in nftables' own expressions;
//! [`native`] turns these back. Extensions are [`matches`] and [`targets`].
//!
//! Differs from `iptables -S` in what the model does not hold: the options of extensions that change
//! nothing on the way or of which nobody can say whether they match (`LOG`, `recent`, `TCPMSS`, …)
//! are printed as `…`; `-m state` is `-m conntrack --ctstate` and `-j NOTRACK` is `-j CT --notrack`,
//! which the kernel does not tell apart but for a mark. Chains of iptables-nft stand in the order of
//! `-S`: built-in ones by hook, others by name.

mod matches;
mod native;
mod targets;

use super::Shown;
use crate::host::nft::xt::Extension;
use crate::host::nft::{Chain, Expression, Hook, NftFamily, NftTable, Policy, Rule};

/// Whether a table's rules hold extensions of iptables.
pub(super) fn is_of_iptables<F>(table: &NftTable<F>) -> bool {
    let mut rules = table.chains.iter().flat_map(|chain| &chain.rules);
    rules.any(|rule| rule.expressions.iter().any(|of| matches!(of, Expression::Extension { .. })))
}

/// A table with its chains, policies and rules.
pub(super) fn table<F: Shown>(table: &NftTable<F>) -> String {
    let mut chains: Vec<_> = table.chains.iter().collect();
    chains.sort_by_key(|chain| {
        (chain.base.as_ref().map_or(u8::MAX, |base| place(base.hook)), chain.name.clone())
    });
    let program = if table.family == NftFamily::Ip6 { "ip6tables" } else { "iptables" };
    let (family, name) = (table.family.as_str(), &table.name);
    let mut text = format!("# table {family} {name}: {program} -t {name} -S\n");
    for chain in &chains {
        text += &match chain.base.as_ref().map(|base| base.policy) {
            None => format!("-N {}\n", chain.name),
            Some(Policy::Accept) => format!("-P {} ACCEPT\n", chain.name),
            Some(Policy::Drop) => format!("-P {} DROP\n", chain.name),
        };
    }
    for chain in &chains {
        for rule in &chain.rules {
            text += &format!("{}\n", self::rule(table, chain, rule));
        }
    }
    text
}

fn place(hook: Hook) -> u8 {
    match hook {
        Hook::Ingress => 0,
        Hook::Prerouting => 1,
        Hook::Input => 2,
        Hook::Forward => 3,
        Hook::Output => 4,
        Hook::Postrouting => 5,
        Hook::Egress => 6,
    }
}

pub(super) fn rule<F: Shown>(table: &NftTable<F>, chain: &Chain<F>, rule: &Rule<F>) -> String {
    let mut words = vec!["-A".to_owned(), chain.name.clone()];
    words.extend(native::options(table, rule));
    words.join(" ")
}

/// An extension's options.
pub(super) fn extension(of: &Extension, family: NftFamily) -> String {
    match of {
        Extension::Match(of) => matches::options(of, family),
        Extension::Target(of) => targets::options(of, family),
    }
}

/// What is turned round.
fn not(not: bool) -> &'static str {
    if not { "! " } else { "" }
}

/// Options that the model does not hold.
const OMITTED: &str = "…";

/// A text as a shell would have to be told it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}
