//! Layer-2 domains: which links hear each other's broadcasts, over bridges and veth pairs and through
//! namespaces.
//!
//! Here all of them are found at once, for what stands in tables; for one packet,
//! [`model::path`] looks by itself.

use super::seen::{At, Seen};
use model::host::{Link, LinkKind, NamespaceId, Unknown};
use model::net::{IpNet, LinkName, Mac};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

type Node<'a> = (&'a NamespaceId, &'a LinkName);

/// All domains.
pub(super) struct Domains<'a> {
    /// Who hears whom directly.
    edges: BTreeMap<Node<'a>, Vec<Node<'a>>>,
    links: BTreeMap<Node<'a>, &'a Link<Unknown>>,
    domains: Vec<Domain<'a>>,
    which: BTreeMap<Node<'a>, usize>,
}

/// One.
#[derive(Default)]
pub(super) struct Domain<'a> {
    /// Links that take packets for themselves: no ports of bridges.
    pub(super) stations: Vec<At<'a>>,
    /// Addresses that are answered for in it.
    pub(super) addresses: Vec<Held<'a>>,
    /// All who hear it were seen: no wire, tunnel or link of an unknown kind leads out of it.
    pub(super) closed: bool,
}

/// An address and who answers for it.
pub(super) struct Held<'a> {
    pub(super) of: &'a NamespaceId,
    pub(super) link: &'a Link<Unknown>,
    pub(super) prefix: IpNet,
    /// It is on that very link; else it is the host's, which answers for it by any.
    pub(super) own: bool,
}

impl Held<'_> {
    pub(super) fn address(&self) -> IpAddr {
        self.prefix.addr()
    }
}

impl<'a> Domain<'a> {
    /// Who answers for the address.
    pub(super) fn holders(&self, address: IpAddr) -> impl Iterator<Item = &Held<'a>> {
        self.addresses.iter().filter(move |held| held.address() == address)
    }

    pub(super) fn has(&self, mac: Mac) -> bool {
        self.stations.iter().any(|(_, link)| link.mac == Some(mac))
    }
}

/// `BR_STATE_FORWARDING`.
const FORWARDING: u8 = 3;

impl<'a> Domains<'a> {
    pub(super) fn of(seen: &'a Seen) -> Self {
        let links: BTreeMap<Node<'a>, _> =
            seen.links().map(|(of, link)| ((of, &link.name), link)).collect();
        let mut edges: BTreeMap<Node<'a>, Vec<Node<'a>>> = BTreeMap::new();
        let mut join = |one: Node<'a>, other: Node<'a>| {
            edges.entry(one).or_default().push(other);
            edges.entry(other).or_default().push(one);
        };
        for (&(of, name), link) in links.iter().filter(|(_, link)| hears(link)) {
            if let Some(bridge) = link.master.as_ref().and_then(|m| links.get(&(of, m)))
                && matches!(bridge.kind, LinkKind::Bridge(bridge) if !bridge.vlan_filtering)
                && bridge.up
                && link.port.and_then(|port| port.state).is_none_or(|state| state == FORWARDING)
            {
                join((of, name), (of, &bridge.name));
            }
            if let Some((there, other)) = seen.peer(of, link)
                && hears(other)
                && (of, name) < (there, &other.name)
            {
                join((of, name), (there, &other.name));
            }
        }
        let mut all = Self { edges, links, domains: Vec::new(), which: BTreeMap::new() };
        let nodes: Vec<_> = all.links.keys().copied().collect();
        for node in nodes {
            if !all.which.contains_key(&node) {
                let found = all.reached(node, None);
                let number = all.domains.len();
                all.which.extend(found.iter().map(|node| (*node, number)));
                let domain = all.domain(seen, &found);
                all.domains.push(domain);
            }
        }
        all
    }

    pub(super) fn all(&self) -> &[Domain<'a>] {
        &self.domains
    }

    /// That which the link is in.
    pub(super) fn of_link(&self, of: &NamespaceId, link: &LinkName) -> Option<&Domain<'a>> {
        self.domains.get(*self.which.get(&(of, link))?)
    }

    /// Whether the address is in a network of this namespace of which everybody was seen, and nobody has
    /// it.
    pub(super) fn is_nobodys(&self, seen: &Seen, of: &NamespaceId, address: IpAddr) -> bool {
        let Some(namespace) = seen.actual.namespaces.get(of) else { return false };
        let own = namespace.addresses.iter().any(|has| has.prefix.addr() == address);
        let holds = |prefix: &IpNet| prefix.contains(&address);
        let near = namespace.addresses.iter().filter(|has| holds(&has.prefix));
        let mut near = near.filter_map(|has| self.of_link(of, &has.link)).peekable();
        !own && near.peek().is_some()
            && near.all(|domain| domain.closed && domain.holders(address).next().is_none())
    }

    /// Who is behind a port of a bridge.
    pub(super) fn behind(
        &self,
        of: &'a NamespaceId,
        bridge: &'a LinkName,
        port: &'a LinkName,
    ) -> impl Iterator<Item = At<'a>> {
        let found = self.reached((of, port), Some((of, bridge)));
        let links = found.into_iter().map(|node| (node.0, self.links[&node]));
        links.filter(|(_, link)| link.master.is_none()).collect::<Vec<_>>().into_iter()
    }

    fn reached(&self, from: Node<'a>, without: Option<Node<'a>>) -> BTreeSet<Node<'a>> {
        let mut found = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            for next in self.edges.get(&node).into_iter().flatten() {
                if Some(*next) != without && found.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }

    fn domain(&self, seen: &'a Seen, nodes: &BTreeSet<Node<'a>>) -> Domain<'a> {
        let mut domain = Domain { closed: true, ..Domain::default() };
        for &(of, name) in nodes {
            let link = self.links[&(of, name)];
            domain.closed &= match &link.kind {
                LinkKind::Bridge(bridge) => !bridge.vlan_filtering,
                LinkKind::Veth(_) => seen.peer(of, link).is_some(),
                LinkKind::Loopback => true,
                LinkKind::Device | LinkKind::Vxlan(_) | LinkKind::Ifb | LinkKind::Tun => false,
                LinkKind::Macvlan { .. } | LinkKind::Foreign(_) => false,
            };
            if link.master.is_none() && !matches!(link.kind, LinkKind::Loopback) && hears(link) {
                domain.stations.push((of, link));
                domain.addresses.extend(held(seen, of, link));
            }
        }
        domain
    }
}

fn hears(link: &Link<Unknown>) -> bool {
    link.up && link.carrier != Some(false)
}

/// What a station answers for: an IPv4 address is the host's, not the link's, unless it is told
/// otherwise (`arp_ignore`).
fn held<'a>(seen: &'a Seen, of: &'a NamespaceId, link: &'a Link<Unknown>) -> Vec<Held<'a>> {
    let ignores = ["all", link.name.as_str()].iter().any(|which| {
        let path = format!("net/ipv4/conf/{which}/arp_ignore");
        seen.setting(of, path).is_some_and(|value| value > 0)
    });
    let Some(namespace) = seen.actual.namespaces.get(of) else { return Vec::new() };
    let usable = namespace.addresses.iter().filter(|a| !a.tentative && is_global(a.prefix.addr()));
    let held = usable.filter_map(|address| {
        let own = address.link == link.name;
        let prefix = address.prefix;
        (own || prefix.addr().is_ipv4() && !ignores).then_some(Held { of, link, prefix, own })
    });
    held.collect()
}

/// Not of one host or one link only.
pub(super) fn is_global(address: IpAddr) -> bool {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !address.is_loopback() && !is_link_local && !address.is_unspecified()
}
