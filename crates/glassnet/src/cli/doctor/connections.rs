//! Whether the kernel still translates to somebody who is gone (moby#8795, netavark#1045): a packet of a
//! connection that is known does not meet the rules again.

use super::domains::Domains;
use super::seen::Seen;
use model::explain::Finding;
use model::host::Connection;
use model::host::nft::ct_status;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Connections to an address in a network of which everybody was seen, and which nobody has.
pub(super) fn stale(seen: &Seen) -> Vec<Finding> {
    let domains = Domains::of(seen);
    let mut findings = Vec::new();
    for (of, namespace) in &seen.actual.namespaces {
        let mut dead: BTreeMap<IpAddr, Vec<&Connection>> = BTreeMap::new();
        for connection in namespace.connections.iter().filter(|one| is_translated(one)) {
            dead.entry(connection.reply.source.ip()).or_default().push(connection);
        }
        dead.retain(|to, _| domains.is_nobodys(seen, of, *to));
        for (to, connections) in dead {
            let Some(first) = connections.first() else { continue };
            let transport = match first.original.protocol {
                6 => "TCP".to_owned(),
                17 => "UDP".to_owned(),
                number => number.to_string(),
            };
            let (source, destination) = (first.original.source, first.original.destination);
            findings.push(Finding::StaleConnection {
                place: of.to_string(),
                transport,
                original: format!("{source} → {destination}"),
                to,
                count: connections.len(),
                command: seen.command(of, &format!("conntrack -D --reply-src {to}")),
            });
        }
    }
    findings
}

/// What is about to be forgotten by itself harms nobody: of TCP, a connection that ends.
fn is_translated(connection: &Connection) -> bool {
    const ESTABLISHED: u8 = 3;
    connection.status & ct_status::DNAT != 0
        && connection.reply.source.ip() != connection.original.destination.ip()
        && connection.tcp_state.is_none_or(|state| state <= ESTABLISHED)
}
