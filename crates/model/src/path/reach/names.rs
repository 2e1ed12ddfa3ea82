//! What is a namespace's own, and nobody else's: its addresses, its MAC addresses, and the links of other
//! namespaces that lead to it. Blanked out, these are all that alike namespaces differ in.

use crate::host::{Actual, LinkKind, Namespace, NamespaceId, Unknown};
use crate::net::{LinkName, Mac};
use crate::path::machine::Machine;
use crate::path::transmit::peer;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A namespace of one of the hosts.
pub(super) struct Space<'a> {
    pub(super) host: usize,
    pub(super) id: &'a NamespaceId,
    pub(super) state: &'a Namespace<Unknown>,
    /// The other ends of its veths, by the names of its own.
    pub(super) peers: BTreeMap<&'a LinkName, (usize, LinkName)>,
    /// It hangs on one other namespace at most, so that it may have its like. The others are unlike by
    /// assumption: that makes more classes than there need be, and none that is wrong.
    pub(super) is_leaf: bool,
}

/// Whose a name is, and which of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner<'a> {
    pub(super) space: usize,
    pub(super) role: Role<'a>,
}

/// The same for names that stand for each other in namespaces that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role<'a> {
    /// The nth address of a family on the link.
    Address(&'a LinkName, bool, usize),
    Mac(&'a LinkName),
    /// What the kernel would make of the MAC address, whether it did or not.
    LinkLocal(&'a LinkName),
    /// The other end of the link, its MAC address, and its addresses.
    End(&'a LinkName),
    EndMac(&'a LinkName),
    EndLinkLocal(&'a LinkName),
    EndAddress(&'a LinkName, bool, usize),
}

pub(super) struct Names<'a> {
    pub(super) spaces: Vec<Space<'a>>,
    addresses: BTreeMap<IpAddr, Option<Owner<'a>>>,
    macs: BTreeMap<Mac, Option<Owner<'a>>>,
    ends: BTreeMap<(usize, LinkName), Owner<'a>>,
    indices: BTreeMap<(usize, u32), Owner<'a>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(hosts: &[(&'a str, &'a Actual)]) -> Self {
        let mut spaces = spaces(hosts);
        mark_leaves(&mut spaces);
        let (addresses, macs, ends, indices) = Default::default();
        let mut names = Self { spaces: Vec::new(), addresses, macs, ends, indices };
        for (number, space) in spaces.iter().enumerate().filter(|(_, space)| space.is_leaf) {
            names.own(number, space, &spaces);
        }
        names.spaces = spaces;
        names
    }

    fn own(&mut self, space: usize, of: &Space<'a>, spaces: &[Space<'a>]) {
        let mut addresses: Vec<_> = of.state.addresses.iter().collect();
        addresses.sort_by_key(|a| (&a.link, a.prefix.addr().is_ipv6(), a.position, a.prefix));
        let mut nth = BTreeMap::new();
        for address in addresses {
            let family = address.prefix.addr().is_ipv6();
            let nth: &mut usize = nth.entry((&address.link, family)).or_default();
            let role = Role::Address(&address.link, family, *nth);
            *nth += 1;
            if !address.prefix.addr().is_loopback() {
                only(&mut self.addresses, address.prefix.addr(), Owner { space, role });
            }
        }
        for link in of.state.links.iter() {
            if let Some(mac) = link.mac.filter(|mac| !mac.is_zero()) {
                only(&mut self.macs, mac, Owner { space, role: Role::Mac(&link.name) });
                let role = Role::LinkLocal(&link.name);
                only(&mut self.addresses, mac.link_local().into(), Owner { space, role });
            }
        }
        for (own, (there, end)) in of.peers.iter().filter(|(_, (there, _))| *there != space) {
            let owner = Owner { space, role: Role::End(own) };
            let link = spaces[*there].state.links.get(end);
            if let Some(index) = link.and_then(|link| link.index) {
                self.indices.insert((*there, index), owner);
            }
            if let Some(mac) = link.and_then(|link| link.mac) {
                only(&mut self.macs, mac, Owner { space, role: Role::EndMac(own) });
                let role = Role::EndLinkLocal(own);
                only(&mut self.addresses, mac.link_local().into(), Owner { space, role });
            }
            let mut addresses: Vec<_> = spaces[*there].state.addresses.iter().collect();
            addresses.retain(|address| address.link == *end);
            addresses.sort_by_key(|a| (a.prefix.addr().is_ipv6(), a.position, a.prefix));
            for (nth, address) in addresses.into_iter().enumerate() {
                let its = address.prefix.addr();
                let role = Role::EndAddress(own, its.is_ipv6(), nth);
                only(&mut self.addresses, its, Owner { space, role });
            }
            self.ends.insert((*there, end.clone()), owner);
        }
    }

    /// Nobody's also if several have it: then it is what they have in common.
    pub(super) fn address(&self, address: IpAddr) -> Option<Owner<'a>> {
        self.addresses.get(&address).copied().flatten()
    }

    pub(super) fn mac(&self, mac: Mac) -> Option<Owner<'a>> {
        self.macs.get(&mac).copied().flatten()
    }

    /// Whom a link of a namespace leads to.
    pub(super) fn link(&self, within: usize, name: &LinkName) -> Option<Owner<'a>> {
        self.ends.get(&(within, name.clone())).copied()
    }

    pub(super) fn index(&self, within: usize, index: u32) -> Option<Owner<'a>> {
        self.indices.get(&(within, index)).copied()
    }

    /// Which namespaces a packet from one of these could come to, by pairs of links; from one host to another
    /// it goes by way of their own.
    pub(super) fn connected(&self, from: &[usize]) -> Vec<bool> {
        let mut beside = vec![Vec::new(); self.spaces.len()];
        for (number, space) in self.spaces.iter().enumerate() {
            for (there, _) in space.peers.values() {
                beside[number].push(*there);
                beside[*there].push(number);
            }
        }
        let own = self.spaces.iter().enumerate().filter(|(_, s)| *s.id == NamespaceId::Host);
        let own: Vec<usize> = own.map(|(number, _)| number).collect();
        for number in &own {
            beside[*number].extend(&own);
        }
        let mut connected = vec![false; self.spaces.len()];
        let mut waiting = from.to_vec();
        while let Some(number) = waiting.pop() {
            if !std::mem::replace(&mut connected[number], true) {
                waiting.extend(&beside[number]);
            }
        }
        connected
    }

    pub(super) fn position(&self, host: usize, id: &NamespaceId) -> Option<usize> {
        self.spaces.binary_search_by_key(&(host, id), |space| (space.host, space.id)).ok()
    }
}

/// What two claim belongs to neither.
fn only<'a, K: Ord>(names: &mut BTreeMap<K, Option<Owner<'a>>>, name: K, owner: Owner<'a>) {
    let held = names.entry(name).or_insert(Some(owner));
    if held.is_some_and(|held| held.space != owner.space) {
        *held = None;
    }
}

/// All namespaces, in the order of the hosts and of their names.
fn spaces<'a>(hosts: &[(&'a str, &'a Actual)]) -> Vec<Space<'a>> {
    let mut spaces = Vec::new();
    for (host, (_, actual)) in hosts.iter().enumerate() {
        for (id, state) in &actual.namespaces {
            let (peers, is_leaf) = (BTreeMap::new(), false);
            spaces.push(Space { host, id, state, peers, is_leaf });
        }
    }
    for number in 0..spaces.len() {
        let Space { host, id, state, .. } = spaces[number];
        let machine = Machine::new("", Some(hosts[host].1));
        let veths = state.links.iter().filter(|link| matches!(link.kind, LinkKind::Veth(_)));
        let ends = veths.filter_map(|link| {
            let (of, other) = peer(&machine, id, &link.name).ok()?;
            let there = spaces.binary_search_by_key(&(host, &of), |s| (s.host, s.id)).ok()?;
            Some((&link.name, (there, other)))
        });
        let peers = ends.collect();
        spaces[number].peers = peers;
    }
    spaces
}

fn mark_leaves(spaces: &mut [Space<'_>]) {
    let others = |number: usize, space: &Space<'_>| -> BTreeSet<usize> {
        space.peers.values().map(|(there, _)| *there).filter(|there| *there != number).collect()
    };
    let beside: Vec<_> = spaces.iter().enumerate().map(|(n, space)| others(n, space)).collect();
    for (space, beside) in spaces.iter_mut().zip(beside) {
        space.is_leaf = *space.id != NamespaceId::Host && beside.len() <= 1;
    }
}
