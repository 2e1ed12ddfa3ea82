//! Rules as people know them: what `nft list ruleset` and `iptables -S` print.
//!
//! A rule is kept as what nft compiled it to; this is the way back:
//!
//! ```text
//! expressions ──flow: what is in which register──▶ statements
//!             ──printer, context: which header is it, what is implied──▶ words
//! ```
//!
//! [`rule`] and [`ruleset`] print what nft 1.0.6 prints, line by line (the kernel crate's tests hold
//! them side by side), but for these kinds of difference:
//!
//! - What the model does not hold: numbers of counters; comments of sets and chains; sizes, timeouts
//!   and further flags of sets; types by example (`typeof`), whose numbers are taken to be in the
//!   network's byte order; `snaplen` and `queue-threshold` of `log`, and a prefix that is empty.
//! - What the ruleset does not say: names of links by their number (`iif 2`, but for `lo`), of users,
//!   groups, marks, and of groups of links but `default`.
//! - Order: tables, sets and chains stand by name, ranges over several fields by key, not in the order
//!   in which they were made; sets of bits whose lowest bits are the same, largest first.
//! - Two borders of different values side by side (`meta length < 1000 meta mark > 16`): nft makes
//!   them one range, of the second value. Here they stay two.
//! - Ranges of names (`"a*"` and `"b"` in one set): nft prints `""-""`, here it is `"a"-"b"`.
//! - What is not modelled is `[unknown: why]`, and what is read from a register that it may have
//!   written `[unknown]`: bits that are shifted, as in concatenations with `ip dscp`; headers
//!   written where the reader knows no way to mend the checksum.
//!
//! A table with extensions of iptables is printed as `iptables -S` prints it; what differs there is
//! listed in `iptables/mod.rs`.

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
