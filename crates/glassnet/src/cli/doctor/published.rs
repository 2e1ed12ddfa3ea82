//! Whether rules lead ports to somebody who is there: an engine that dies leaves what it has published.

use super::domains::Domains;
use super::seen::Seen;
use crate::cli::trace::command::word;
use model::explain::Finding;
use model::host::Unknown;
use model::host::nft::xt::{Extension, Target};
use model::host::nft::{Expression, NatKind, text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Rules that translate to an address in a network of which everybody was seen, and which nobody has.
pub(super) fn to_nobody(seen: &Seen) -> Vec<Finding> {
    let domains = Domains::of(seen);
    let mut findings = Vec::new();
    for (of, namespace) in &seen.actual.namespaces {
        for table in &namespace.nft.tables {
            for chain in &table.chains {
                for rule in &chain.rules {
                    let (Some(to), Some(handle)) = (target(&rule.expressions), rule.handle) else {
                        continue;
                    };
                    if !domains.is_nobodys(seen, of, to) {
                        continue;
                    }
                    let (family, table_name) = (table.family.as_str(), word(&table.name));
                    let place =
                        format!("{family} {table_name} {} handle {handle}", word(&chain.name));
                    findings.push(Finding::PublishedToNobody {
                        place: of.to_string(),
                        rule: format!("{place}: {}", text::rule(table, chain, rule)),
                        to,
                        command: seen.command(of, &format!("nft delete rule {place}")),
                    });
                }
            }
        }
    }
    findings
}

/// The one address that a rule translates destinations to.
fn target(expressions: &[Expression<Unknown>]) -> Option<IpAddr> {
    expressions.iter().enumerate().find_map(|(at, one)| match one {
        Expression::Nat { kind: NatKind::Destination, address: Some(from), .. } => {
            let before = expressions[..at].iter().rev();
            before.into_iter().find_map(|one| match one {
                Expression::Immediate { to, value } if to == from => address(value),
                _ => None,
            })
        }
        Expression::Extension { is: Extension::Target(Target::Dnat(range)), .. } => {
            range.addresses.filter(|(first, last)| first == last).map(|(first, _)| first)
        }
        _ => None,
    })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(|octets| Ipv4Addr::from(octets).into());
    let v6 = || <[u8; 16]>::try_from(bytes).ok().map(|octets| Ipv6Addr::from(octets).into());
    v4().or_else(v6)
}
