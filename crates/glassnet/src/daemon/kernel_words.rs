//! Steps and the kernel's refusals in words.

use crate::protocol::{Code, Failure};
use model::diff::{Change, NftChange};

/// A kernel error as a failure for people.
pub(super) fn kernel_said(error: &kernel::Error) -> Failure {
    Failure { code: Code::Kernel, message: error.to_string() }
}

/// What a step does.
pub(super) fn in_words(change: &Change) -> String {
    match change {
        Change::SetSysctl { sysctl, .. } => format!("set {} to {}", sysctl.path, sysctl.value),
        Change::CreateLink(link) => format!("make link {}", link.name),
        Change::CreateVeth { link, peer, peer_namespace } => {
            format!("make link {} with {} in {peer_namespace}", link.name, peer.name)
        }
        Change::ChangeLink { name, .. } => format!("change link {name}"),
        Change::DeleteLink { name } => format!("delete link {name}"),
        Change::AddAddress(a) => format!("add address {} to {}", a.prefix, a.link),
        Change::RemoveAddress(a) => format!("remove address {} from {}", a.prefix, a.link),
        Change::AddRoute(r) => format!("add route to {}", r.destination),
        Change::RemoveRoute(r) => format!("remove route to {}", r.destination),
        Change::AddNeighbour(n) => format!("add neighbour {} on {}", n.address, n.link),
        Change::RemoveNeighbour(n) => format!("remove neighbour {} on {}", n.address, n.link),
        Change::AddFdbEntry(e) => format!("add fdb entry {} on {}", e.mac, e.link),
        Change::RemoveFdbEntry(e) => format!("remove fdb entry {} on {}", e.mac, e.link),
        Change::AddQdisc(q) => format!("add queue to {}", q.link),
        Change::RemoveQdisc(q) => format!("remove queue from {}", q.link),
        Change::AddFilter(f) => format!("add filter to {}", f.link),
        Change::RemoveFilter(f) => format!("remove filter from {}", f.link),
        Change::Nft(changes) => {
            let words: Vec<String> = changes.iter().map(nft_in_words).collect();
            match &words[..] {
                [one] => one.clone(),
                [first, ..] => format!("{first} and {} more in nftables", words.len() - 1),
                [] => "change nothing in nftables".to_owned(),
            }
        }
    }
}

fn nft_in_words(change: &NftChange) -> String {
    match change {
        NftChange::AddTable { family, name, .. } => {
            format!("make table {} {name}", family.as_str())
        }
        NftChange::DeleteTable { family, name } => {
            format!("delete table {} {name}", family.as_str())
        }
        NftChange::AddChain { table, name, .. } => format!("make chain {table} {name}"),
        NftChange::DeleteChain { table, name, .. } => format!("delete chain {table} {name}"),
        NftChange::FlushChain { table, chain, .. } => format!("rewrite chain {table} {chain}"),
        NftChange::AddRule { table, chain, .. } => format!("add a rule to {table} {chain}"),
        NftChange::InsertRule { family, table, chain, .. } => {
            format!("put an accept into {} {table} {chain}", family.as_str())
        }
        NftChange::DeleteRule { family, table, chain, .. } => {
            format!("take our accept out of {} {table} {chain}", family.as_str())
        }
        NftChange::AddSet { table, set, .. } => format!("make set {table} {}", set.name),
        NftChange::DeleteSet { table, set, .. } => format!("delete set {table} {}", set.name),
        NftChange::AddElements { table, set, elements, .. } => {
            format!("add {} to set {table} {}", elements.len(), set.name)
        }
        NftChange::DeleteElements { table, set, elements, .. } => {
            format!("remove {} from set {table} {}", elements.len(), set.name)
        }
    }
}
