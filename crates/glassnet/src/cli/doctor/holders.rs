//! Whether two have one address, or one MAC address, where both are heard.

use super::domains::{Domain, Domains, Held, is_global};
use super::seen::{At, Seen};
use crate::cli::trace::command::word;
use model::explain::Finding;
use model::host::LinkKind;
use model::net::Mac;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Two namespaces that answer for one address (moby#33795, calico#13858).
pub(super) fn addresses(seen: &Seen) -> Vec<Finding> {
    let mut findings: BTreeMap<IpAddr, Finding> = BTreeMap::new();
    for domain in Domains::of(seen).all() {
        let mut first: BTreeMap<IpAddr, &Held<'_>> = BTreeMap::new();
        for held in &domain.addresses {
            let one = *first.entry(held.address()).or_insert(held);
            if one.of == held.of || !(one.own || held.own) || findings.contains_key(&held.address())
            {
                continue;
            }
            // It is taken from who has it on this very link.
            let (one, other) = if held.own { (one, held) } else { (held, one) };
            let (Some(one_mac), Some(two_mac)) = (one.link.mac, other.link.mac) else { continue };
            let line =
                format!("ip addr del {} dev {}", other.prefix, word(other.link.name.as_str()));
            findings.insert(
                held.address(),
                Finding::AddressTwice {
                    address: held.address(),
                    one: seen.link(one.of, &one.link.name),
                    one_mac,
                    two: seen.link(other.of, &other.link.name),
                    two_mac,
                    command: seen.command(other.of, &line),
                },
            );
        }
    }
    findings.into_values().collect()
}

/// Two stations with one MAC address. A link that is made upon another, a VLAN for instance, may well
/// have that one's.
pub(super) fn macs(seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    for domain in Domains::of(seen).all() {
        let mut first: BTreeMap<Mac, At<'_>> = BTreeMap::new();
        let plain = domain.stations.iter().filter(|(_, link)| {
            matches!(link.kind, LinkKind::Device | LinkKind::Veth(_) | LinkKind::Bridge(_))
        });
        for &(of, link) in plain {
            let Some(mac) = link.mac.filter(|mac| !mac.is_zero()) else { continue };
            let (one, other) = *first.entry(mac).or_insert((of, link));
            if one == of {
                continue;
            }
            let name = word(link.name.as_str());
            let line = format!("ip link set {name} address {}", another(domain, mac));
            findings.push(Finding::MacTwice {
                mac,
                one: seen.link(one, &other.name),
                two: seen.link(of, &link.name),
                command: seen.command(of, &line),
            });
        }
    }
    findings
}

/// The next MAC address that nobody has here, among those that are given locally.
fn another(domain: &Domain<'_>, mac: Mac) -> Mac {
    let mut next = mac;
    next.0[0] |= 2;
    loop {
        let [.., low] = &mut next.0;
        *low = low.wrapping_add(1);
        if next == mac || !domain.has(next) {
            return next;
        }
    }
}

/// IPv6 addresses that the kernel found to be somebody else's (RFC 4862 §5.4).
pub(super) fn duplicates(seen: &Seen) -> Vec<Finding> {
    let domains = Domains::of(seen);
    let mut findings = Vec::new();
    for (of, namespace) in &seen.actual.namespaces {
        for address in namespace.addresses.iter().filter(|address| address.duplicate) {
            let (link, bare) = (word(address.link.as_str()), address.prefix.addr());
            let others = domains.of_link(of, &address.link).into_iter().flat_map(|domain| {
                domain.holders(bare).filter(|held| held.of != of && is_global(bare))
            });
            let others: Vec<_> = others.map(|held| seen.link(held.of, &held.link.name)).collect();
            let again = seen.command(of, &format!("ip addr add {} dev {link}", address.prefix));
            let gone = seen.command(of, &format!("ip addr del {} dev {link}", address.prefix));
            findings.push(Finding::DuplicateAddress {
                place: seen.link(of, &address.link),
                address: bare,
                others,
                command: format!("{gone} && {again}"),
            });
        }
    }
    findings
}
