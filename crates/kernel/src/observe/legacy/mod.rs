//! Tables of iptables-legacy (`net/ipv4/netfilter/ip_tables.c`, `net/ipv6/netfilter/ip6_tables.c`).
//!
//! A table is one piece of memory: entries one behind the other, the rules of all chains. Nothing in it
//! says what a chain is; that follows from where things lie:
//!
//! ```text
//! hook_entry[h] ▶ rule … rule, policy ◀ underflow[h]      a built-in chain
//!                 ERROR "name", rule … rule, RETURN       a chain of somebody's
//!                 ERROR "ERROR"                           the end
//! ```
//!
//! A jump goes to the first rule behind an `ERROR`. What an entry says itself is put as iptables-nft
//! puts it to nftables; its matches and targets are [`crate::xt`]'s.

mod entry;
mod packet;
mod socket;
#[cfg(test)]
mod tests;

use crate::netns::{Sockets, inside};
use crate::{Error, Result, ipset};
use entry::{Entry, Verb};
use model::host::nft::{BaseChain, Chain, ChainKind, Hook, NftFamily, NftTable, Policy, Rule};
use model::host::{Table, Unknown};
use model::net::Family;
use socket::Blob;
use std::collections::BTreeMap;
use std::io;

/// In the order of `enum nf_inet_hooks`, which entries and names of chains follow.
const HOOKS: [(Hook, &str); 5] = [
    (Hook::Prerouting, "PREROUTING"),
    (Hook::Input, "INPUT"),
    (Hook::Forward, "FORWARD"),
    (Hook::Output, "OUTPUT"),
    (Hook::Postrouting, "POSTROUTING"),
];

/// The tables of the namespace, as `ip` and `ip6`. Only what is there already is asked for: asking for
/// a table would make it, and its hooks with it.
pub fn legacy(of: &mut Sockets) -> Result<Table<NftTable<Unknown>>> {
    let blobs = inside(of.namespace(), || {
        let mut blobs = Vec::new();
        for family in Family::BOTH {
            for name in names(family)? {
                blobs.extend(socket::table(family, &name)?);
            }
        }
        Ok::<_, Error>(blobs)
    })??;
    if blobs.is_empty() {
        return Ok(Table::default());
    }
    let mut names = ipset::Names::of(of.netfilter()?);
    blobs.iter().map(|blob| table(blob, &mut |index| names.get(index))).collect()
}

/// The tables that the thread's namespace has; none where the kernel lacks them.
fn names(family: Family) -> Result<Vec<String>> {
    // Not /proc/net, which is that of the process's first thread.
    let path = match family {
        Family::V4 => "/proc/thread-self/net/ip_tables_names",
        Family::V6 => "/proc/thread-self/net/ip6_tables_names",
    };
    match std::fs::read_to_string(path) {
        Ok(names) => Ok(names.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io(format!("read {path}"))(error)),
    }
}

fn table(blob: &Blob, set_name: &mut crate::xt::SetName<'_>) -> Result<NftTable<Unknown>> {
    let entries = entries(blob)?;
    let base = |offset: usize| {
        (0..HOOKS.len()).find(|hook| blob.hooks & 1 << hook != 0 && blob.begins[*hook] == offset)
    };
    let ends = |offset: usize| {
        (0..HOOKS.len()).any(|hook| blob.hooks & 1 << hook != 0 && blob.ends[hook] == offset)
    };
    // Where jumps go to.
    let chains: BTreeMap<usize, &str> = entries
        .iter()
        .filter_map(|entry| Some((entry.next, entry.head()?)))
        .chain(entries.iter().filter_map(|e| base(e.offset).map(|hook| (e.offset, HOOKS[hook].1))))
        .collect();
    let mut found: Vec<Chain<Unknown>> = Vec::new();
    let mut inside = false;
    for (at, entry) in entries.iter().enumerate() {
        if let Some(name) = entry.head() {
            // The last one heads nothing.
            inside = at + 1 < entries.len();
            if inside {
                found.push(Chain { name: name.to_owned(), base: None, rules: Vec::new() });
            }
            continue;
        }
        if let Some(hook) = base(entry.offset) {
            found.push(built_in(blob, hook));
            inside = true;
        }
        let Some(chain) = found.last_mut().filter(|_| inside) else {
            return Err(malformed(blob, format!("entry at {} is in no chain", entry.offset)));
        };
        if ends(entry.offset) {
            if let (Some(base), Verb::Drop) = (&mut chain.base, entry.verb(&chains)) {
                base.policy = Policy::Drop;
            }
            inside = false;
            continue;
        }
        let last = entries.get(at + 1).is_some_and(|next| next.head().is_some());
        if last && chain.base.is_none() && entry.verb(&chains) == Verb::Return && entry.is_bare() {
            inside = false;
            continue;
        }
        let expressions = entry.expressions(&chains, set_name);
        let comment = crate::xt::comment(&expressions);
        chain.rules.push(Rule { handle: None, comment, expressions });
    }
    let family = match blob.family {
        Family::V4 => NftFamily::Ip,
        Family::V6 => NftFamily::Ip6,
    };
    let (name, sets) = (blob.name.clone(), Table::default());
    Ok(NftTable { family, name, comment: None, sets, chains: found.into_iter().collect() })
}

fn entries(blob: &Blob) -> Result<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    let mut offset = 0;
    while offset < blob.entries.len() {
        let entry =
            Entry::at(blob.family, &blob.entries, offset).map_err(|why| malformed(blob, why))?;
        offset = entry.next;
        entries.push(entry);
    }
    Ok(entries)
}

fn malformed(blob: &Blob, why: String) -> Error {
    Error::Malformed { what: format!("table {} of {}", blob.name, blob.family), why }
}

/// A built-in chain, with the priority that its table's module has (`iptable_filter.c` and the like).
fn built_in(blob: &Blob, hook: usize) -> Chain<Unknown> {
    let (hook, name) = HOOKS[hook];
    let (kind, priority) = match (&blob.name[..], hook) {
        ("raw", _) => (ChainKind::Filter, -300),
        ("mangle", Hook::Output) => (ChainKind::Route, -150),
        ("mangle", _) => (ChainKind::Filter, -150),
        ("nat", Hook::Prerouting | Hook::Output) => (ChainKind::Nat, -100),
        ("nat", _) => (ChainKind::Nat, 100),
        ("security", _) => (ChainKind::Filter, 50),
        _ => (ChainKind::Filter, 0),
    };
    let policy = Policy::Accept;
    let base = BaseChain { kind, hook, priority, policy, devices: Vec::new() };
    Chain { name: name.to_owned(), base: Some(base), rules: Vec::new() }
}
