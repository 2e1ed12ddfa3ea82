//! Rules as people know them: what `nft list ruleset` and `iptables -S` print.
//!
//! A rule is kept as what nft compiled it to; this is the way back:
//!
//! ```text
//! expressions ──flow: what is in which register──▶ statements
//!             ──printer, context: which header is it, what is implied──▶ words
//! ```
//!
//! [`rule`] and [`ruleset`] print what nft 1.0.6 prints, line by line, but for these kinds of
//! difference:
//!
//! - What the model does not hold: comments, sizes and timeouts of sets, comments of chains, numbers
//!   of counters, types by example (`typeof`).
//! - What needs more than the ruleset: names of links by their number (but `lo`), of users and
//!   groups, of marks.
//! - Order of tables, sets and chains: by name. Order of ranges over several fields: by key.
//! - Two borders of different fields that stand beside each other (`tcp dport >= 5 tcp sport <= 9`)
//!   are one range to nft, of the second field; here they are two.
//! - What is not modelled is `[unknown: why]`.

mod alone;
mod context;
mod elements;
mod flow;
mod header;
mod iptables;
mod kind;
mod listing;
mod matching;
mod printer;
mod value;
mod words;

use super::{Chain, NftTable, Rule, Ruleset};
use crate::host::{Never, Unknown};

/// What stands in a rule's place where the model knows no expression.
pub trait Shown {
    fn shown(&self) -> String;
}

impl Shown for Never {
    fn shown(&self) -> String {
        match *self {}
    }
}

impl Shown for Unknown {
    fn shown(&self) -> String {
        format!("[unknown: {}]", self.why)
    }
}

/// A rule, in nft's words or, in a table of iptables, in the options of that.
pub fn rule<F: Shown>(table: &NftTable<F>, chain: &Chain<F>, rule: &Rule<F>) -> String {
    if iptables::is_of_iptables(table) {
        return iptables::rule(table, chain, rule);
    }
    let mut printer = printer::Printer::new(table.family);
    for statement in &flow::statements(table, rule) {
        printer.take(statement);
    }
    let mut words = printer.finish();
    if let Some(comment) = &rule.comment {
        words.push(format!("comment \"{comment}\""));
    }
    words.join(" ")
}

/// A base chain's place: `type filter hook forward priority filter; policy drop;`.
pub fn chain_header<F>(table: &NftTable<F>, chain: &Chain<F>) -> Option<String> {
    listing::chain_header(table.family, chain)
}

/// One table, as `nft list table` lists it; one of iptables, as `iptables -S`.
pub fn table<F: Shown>(table: &NftTable<F>) -> String {
    listing::table(table)
}

/// Everything, as `nft list ruleset` lists it.
pub fn ruleset<F: Shown>(ruleset: &Ruleset<F>) -> String {
    listing::ruleset(ruleset)
}

#[cfg(test)]
mod tests;
