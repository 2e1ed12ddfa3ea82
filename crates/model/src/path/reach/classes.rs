//! Which namespaces are alike: changing two of them for each other, by all their names, leaves the state
//! of all hosts as it was. What a packet does then depends on the class of who sends it and of who it is
//! for, and not on which of them.
//!
//! What every namespace says of itself and what others say of it is gathered, with its names blanked out
//! and sorted. What is about two at once (a rule between them) makes both of them classes by themselves.

use super::Endpoint;
use super::canon::{Canon, Writer};
use super::cuts::Cuts;
use super::names::{Names, Owner, Role, Space};
use super::rules::Rules;
use crate::host::neighbour::NeighbourState;
use crate::host::{Actual, Link, LinkKind, Neighbour, Unknown};
use crate::net::{LinkName, Mac};
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash as _;
use std::net::IpAddr;

/// The class of each namespace, by a number of no meaning.
pub(super) struct Classes {
    of: Vec<usize>,
}

/// What is known of namespaces so far.
struct Gathered {
    /// About each, by whom it says.
    facts: Vec<Vec<u128>>,
    /// Named together with another.
    alone: BTreeSet<usize>,
    cuts: Cuts,
}

impl Classes {
    /// The classes of endpoints, numbered as they come. Two of one class are also reached by addresses of
    /// the same role.
    pub(super) fn of_endpoints(
        &self,
        names: &Names<'_>,
        hosts: &[(&str, &Actual)],
        endpoints: &[Endpoint],
    ) -> Vec<usize> {
        let mut numbers = BTreeMap::new();
        let class = |(number, endpoint): (usize, &Endpoint)| {
            let space = space(names, hosts, endpoint);
            let role = space.and_then(|space| {
                let mut own = own_addresses(&names.spaces[space]);
                own.position(|address| address == endpoint.address)
            });
            // Whoever is not known is like nobody.
            let alone = role.is_none().then_some(number);
            let next = numbers.len();
            let class = space.map(|space| self.of[space]);
            let wanted = (endpoint.sends, endpoint.receives);
            *numbers.entry((class, role, alone, wanted)).or_insert(next)
        };
        endpoints.iter().enumerate().map(class).collect()
    }
}

fn space(names: &Names<'_>, hosts: &[(&str, &Actual)], endpoint: &Endpoint) -> Option<usize> {
    let host = hosts.iter().position(|(name, _)| *name == endpoint.host)?;
    names.position(host, &endpoint.namespace)
}

/// The classes of all namespaces that packets between the endpoints could come to.
pub(super) fn classes(
    names: &Names<'_>,
    hosts: &[(&str, &Actual)],
    endpoints: &[Endpoint],
) -> Classes {
    let from: Vec<_> = endpoints.iter().filter_map(|end| space(names, hosts, end)).collect();
    let connected = names.connected(&from);
    let facts = vec![Vec::new(); names.spaces.len()];
    let mut gathered = Gathered { facts, alone: BTreeSet::new(), cuts: Cuts::default() };
    for within in (0..names.spaces.len()).filter(|within| connected[*within]) {
        gathered.space(names, within);
    }
    gathered.cuts.sort();
    let Gathered { facts, alone, cuts } = gathered;
    let mut numbers = BTreeMap::new();
    let of = facts.into_iter().enumerate().map(|(number, mut facts)| {
        let space = &names.spaces[number];
        facts.sort_unstable();
        let mut hasher = SipHasher13::new();
        facts.hash(&mut hasher);
        let macs = space.state.links.iter().filter_map(|link| link.mac);
        for address in own_addresses(space).chain(macs.map(|mac| mac.link_local().into())) {
            cuts.segment(address).hash(&mut hasher);
        }
        let is_alone = !space.is_leaf || alone.contains(&number);
        let key = (space.host, is_alone.then_some(number), hasher.finish128().as_u128());
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    });
    let of = of.collect();
    Classes { of }
}

/// In the order of their roles.
fn own_addresses(space: &Space<'_>) -> impl Iterator<Item = IpAddr> {
    let mut addresses: Vec<_> = space.state.addresses.iter().collect();
    addresses.sort_by_key(|a| (&a.link, a.prefix.addr().is_ipv6(), a.position, a.prefix));
    addresses.into_iter().map(|a| a.prefix.addr())
}

impl Gathered {
    /// Says something of whom it is about. What a namespace says of nobody else is about itself, if it
    /// may have its like.
    fn fact(&mut self, within: usize, is_leaf: bool, fact: Canon) {
        let Canon { hash, about } = fact;
        let others = about.iter().filter(|other| **other != within).count();
        if others + usize::from(is_leaf) > 1 {
            self.alone.extend(about);
            self.alone.extend(is_leaf.then_some(within));
            return;
        }
        match (is_leaf, &about[..]) {
            (true, _) => self.facts[within].push(hash),
            (false, [other]) => {
                let mut hasher = SipHasher13::new();
                (within, hash).hash(&mut hasher);
                self.facts[*other].push(hasher.finish128().as_u128());
            }
            (false, _) => {}
        }
    }

    fn space(&mut self, names: &Names<'_>, within: usize) {
        let space = &names.spaces[within];
        let state = space.state;
        let mut fact = |this: &mut Self, canon| this.fact(within, space.is_leaf, canon);
        let writer = |what| Writer::new(names, within, what);
        for link in state.links.iter() {
            fact(self, of_link(names, within, link));
        }
        for address in state.addresses.iter() {
            self.cuts.prefix(address.prefix);
            let mut writer = writer("address");
            writer.link(&address.link).of(&address.prefix).of(&address.scope);
            fact(self, writer.of(&address.tentative).take());
        }
        for rule in state.rules.iter().flatten() {
            [rule.source, rule.destination].into_iter().flatten().for_each(|p| self.cuts.prefix(p));
            fact(self, writer("rule of policy").of(rule).take());
        }
        for route in state.routes.iter() {
            self.cuts.prefix(route.destination);
            fact(self, writer("route").of(route).take());
        }
        for neighbour in state.neighbours.iter().filter(|its| is_there(its)) {
            let is_written = neighbour.state == NeighbourState::Permanent;
            let mut writer = writer("neighbour");
            writer.link(&neighbour.link).address(neighbour.address).of(&neighbour.mac);
            fact(self, writer.of(&is_written).take());
        }
        // What a link listens to of groups is no entry that a bridge looks at.
        let is_asked = |mac: Mac, remote: Option<_>| mac.is_unicast() || remote.is_some();
        for entry in state.fdb.iter().filter(|entry| is_asked(entry.mac, entry.remote)) {
            fact(self, writer("fdb").of(entry).take());
        }
        for qdisc in state.qdiscs.iter() {
            fact(self, writer("qdisc").of(qdisc).take());
        }
        for filter in state.filters.iter() {
            fact(self, writer("filter").of(filter).take());
        }
        for table in state.nft.tables.iter().chain(&state.legacy) {
            let mut facts = Vec::new();
            let rules = Rules::new(names, within, table, &mut self.cuts);
            rules.items(&mut |canon| facts.push(canon));
            facts.into_iter().for_each(|canon| fact(self, canon));
        }
        self.ipsets(names, within, &mut fact);
        for sysctl in state.sysctls.iter() {
            let mut writer = writer("sysctl");
            for word in sysctl.path.split('/') {
                match word.parse::<LinkName>() {
                    Ok(name) => writer.link(&name),
                    Err(_) => writer.word(word),
                };
            }
            fact(self, writer.word(&sysctl.value).take());
        }
        for socket in state.sockets.iter() {
            let mut writer = writer("socket");
            writer.of(&socket.transport).of(&socket.local).of(&socket.v6_only);
            fact(self, writer.take());
        }
    }

    fn ipsets(
        &mut self,
        names: &Names<'_>,
        within: usize,
        fact: &mut impl FnMut(&mut Self, Canon),
    ) {
        use crate::host::ipset::{IpSetMembers, IpSetPart};
        for set in names.spaces[within].state.ipsets.iter() {
            let head = || {
                let mut writer = Writer::new(names, within, "ipset");
                writer.word(&set.name).word(&set.kind);
                writer
            };
            let IpSetMembers::Elements(elements) = &set.members else {
                fact(self, head().of(&set.members).take());
                continue;
            };
            for element in elements {
                for part in &element.parts {
                    if let IpSetPart::Net(net) = part {
                        self.cuts.prefix(*net);
                    }
                }
                fact(self, head().of(element).take());
            }
        }
    }
}

/// Whether the walk looks at it at all.
fn is_there(neighbour: &Neighbour) -> bool {
    use NeighbourState::{Failed, Incomplete, None};
    !matches!(neighbour.state, Failed | Incomplete | None)
}

/// The link, and where it leads to.
fn of_link(names: &Names<'_>, within: usize, link: &Link<Unknown>) -> Canon {
    let mut writer = Writer::new(names, within, "link");
    let mut plain = Link { index: None, alias: None, ..link.clone() };
    if let LinkKind::Veth(veth) = &mut plain.kind {
        (veth.peer, veth.peer_index, veth.peer_netnsid) = (None, None, None);
    }
    writer.of(&plain);
    let space = &names.spaces[within];
    let Some((there, end)) = space.peers.get(&link.name) else { return writer.take() };
    let owner = Owner { space: *there, role: Role::Mac(end) };
    match names.link(*there, end) {
        // The link of another that leads here is one of this one's names.
        Some(here) if space.is_leaf => writer.number(*there).owner(here),
        _ if names.spaces[*there].is_leaf => writer.owner(owner),
        _ => writer.number(*there).word(end.as_str()),
    };
    writer.take()
}
