//! The cluster as the store tells of it: a value that takes changes in.

use super::{Alive, Entry, Key, Member, Network, NetworkName, NodeName};
use crate::net::{IpNet, overlap};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    pub networks: BTreeMap<NetworkName, Network>,
    pub members: BTreeMap<NodeName, Member>,
    pub alive: BTreeMap<NodeName, Alive>,
    /// Who holds what, by network: the prefixes of each in ascending order.
    pub claims: BTreeMap<NetworkName, BTreeMap<IpNet, NodeName>>,
    pub vnis: BTreeMap<u32, NetworkName>,
}

/// One change in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put(Entry),
    Gone(Key),
}

/// What a change concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// A network: made, changed or gone.
    Network(NetworkName),
    /// A node: what it says of itself.
    Member(NodeName),
    /// A node came to life or fell silent.
    Alive(NodeName),
    /// Prefixes of a node in a network.
    Claim(NetworkName, NodeName),
}

impl Registry {
    /// Takes one change in; says what it concerns, nothing if it told nothing new.
    pub fn note(&mut self, change: Change) -> Option<Concern> {
        match change {
            Change::Put(Entry::Network(network)) => {
                let name = network.name.clone();
                let before = self.networks.insert(name.clone(), network);
                (before.as_ref() != self.networks.get(&name)).then_some(Concern::Network(name))
            }
            Change::Put(Entry::Vni(number, network)) => {
                self.vnis.insert(number, network);
                None
            }
            Change::Put(Entry::Member(member)) => {
                let name = member.name.clone();
                let before = self.members.insert(name.clone(), member);
                (before.as_ref() != self.members.get(&name)).then_some(Concern::Member(name))
            }
            Change::Put(Entry::Alive(node, alive)) => {
                let before = self.alive.insert(node.clone(), alive);
                (before.as_ref() != self.alive.get(&node)).then_some(Concern::Alive(node))
            }
            Change::Put(Entry::Claim(claim)) => {
                let claims = self.claims.entry(claim.network.clone()).or_default();
                let before = claims.insert(claim.prefix, claim.node.clone());
                (before.as_ref() != Some(&claim.node))
                    .then_some(Concern::Claim(claim.network, claim.node))
            }
            Change::Gone(key) => self.forget(key),
        }
    }

    fn forget(&mut self, key: Key) -> Option<Concern> {
        match key {
            Key::Network(name) => self.networks.remove(&name).map(|_| Concern::Network(name)),
            Key::Vni(number) => {
                self.vnis.remove(&number);
                None
            }
            Key::Member(name) => self.members.remove(&name).map(|_| Concern::Member(name)),
            Key::Alive(name) => self.alive.remove(&name).map(|_| Concern::Alive(name)),
            Key::Claim(network, prefix) => {
                let claims = self.claims.get_mut(&network)?;
                let node = claims.remove(&prefix)?;
                if claims.is_empty() {
                    self.claims.remove(&network);
                }
                Some(Concern::Claim(network, node))
            }
        }
    }

    /// Becomes what was read anew, whole; says what differs from before.
    pub fn replace(&mut self, entries: impl IntoIterator<Item = Entry>) -> BTreeSet<Concern> {
        let mut fresh = Self::default();
        for entry in entries {
            fresh.note(Change::Put(entry));
        }
        let concerns = self.differences(&fresh);
        *self = fresh;
        concerns
    }

    /// All that it could concern: what differs from nothing.
    pub fn concerns(&self) -> BTreeSet<Concern> {
        Self::default().differences(self)
    }

    fn differences(&self, other: &Self) -> BTreeSet<Concern> {
        let mut concerns = BTreeSet::new();
        let networks = differing(&self.networks, &other.networks);
        concerns.extend(networks.cloned().map(Concern::Network));
        concerns.extend(differing(&self.members, &other.members).cloned().map(Concern::Member));
        concerns.extend(differing(&self.alive, &other.alive).cloned().map(Concern::Alive));
        for network in differing(&self.claims, &other.claims) {
            let empty = BTreeMap::new();
            let before = self.claims.get(network).unwrap_or(&empty);
            let after = other.claims.get(network).unwrap_or(&empty);
            for prefix in differing(before, after) {
                for node in [before.get(prefix), after.get(prefix)].into_iter().flatten() {
                    concerns.insert(Concern::Claim(network.clone(), node.clone()));
                }
            }
        }
        concerns
    }

    /// The prefixes that a node holds of a network.
    pub fn held_by<'a>(
        &'a self,
        network: &NetworkName,
        node: &'a NodeName,
    ) -> impl Iterator<Item = IpNet> + 'a {
        let claims = self.claims.get(network).into_iter().flatten();
        claims.filter(move |(_, holder)| *holder == node).map(|(prefix, _)| *prefix)
    }

    /// Who holds a prefix, or a part of it, or what it is a part of.
    pub fn holder(&self, network: &NetworkName, prefix: &IpNet) -> Option<(IpNet, &NodeName)> {
        let claims = self.claims.get(network)?;
        // Claims do not overlap: either one begins within the prefix, or the last before it may
        // reach into it.
        let mut within = claims.range(*prefix..);
        let next = within.next().filter(|(claim, _)| prefix.contains(*claim));
        let before = || claims.range(..*prefix).next_back();
        let found = next.or_else(|| before().filter(|(claim, _)| overlap(claim, prefix)))?;
        Some((*found.0, found.1))
    }
}

/// Keys that one map has and the other has not, or with another value.
fn differing<'a, K: Ord, V: PartialEq>(
    one: &'a BTreeMap<K, V>,
    two: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = &'a K> {
    let gone_or_changed = one.iter().filter(|(key, value)| two.get(key) != Some(value));
    let new = two.keys().filter(|key| !one.contains_key(key));
    gone_or_changed.map(|(key, _)| key).chain(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Claim;

    fn claim(prefix: &str, node: &str) -> Entry {
        Entry::Claim(Claim {
            network: "n".parse().unwrap(),
            prefix: prefix.parse().unwrap(),
            node: node.parse().unwrap(),
        })
    }

    #[test]
    fn what_is_told_twice_concerns_nobody() {
        let mut registry = Registry::default();
        let put = Change::Put(claim("10.1.0.64/26", "a"));
        assert!(registry.note(put.clone()).is_some());
        assert_eq!(registry.note(put), None);
        let key = claim("10.1.0.64/26", "a").key();
        assert!(registry.note(Change::Gone(key.clone())).is_some());
        assert_eq!(registry.note(Change::Gone(key)), None);
        assert_eq!(registry, Registry::default());
    }

    #[test]
    fn the_holder_of_a_part_and_of_the_whole_is_found() {
        let mut registry = Registry::default();
        registry.replace([claim("10.1.0.64/26", "a"), claim("10.1.0.130/32", "b")]);
        let network = "n".parse().unwrap();
        let holder = |prefix: &str| {
            let found = registry.holder(&network, &prefix.parse().unwrap());
            found.map(|(_, node)| node.to_string())
        };
        assert_eq!(holder("10.1.0.70/32").as_deref(), Some("a"));
        assert_eq!(holder("10.1.0.64/26").as_deref(), Some("a"));
        assert_eq!(holder("10.1.0.128/26").as_deref(), Some("b"));
        assert_eq!(holder("10.1.0.129/32"), None);
        assert_eq!(holder("10.1.0.192/26"), None);
    }

    #[test]
    fn after_a_gap_only_what_differs_is_told() {
        let mut registry = Registry::default();
        registry.replace([claim("10.1.0.0/26", "a"), claim("10.1.0.64/26", "b")]);
        let concerns = registry.replace([claim("10.1.0.0/26", "a"), claim("10.1.0.64/26", "c")]);
        let of = |node: &str| Concern::Claim("n".parse().unwrap(), node.parse().unwrap());
        assert_eq!(concerns, BTreeSet::from([of("b"), of("c")]));
    }
}
