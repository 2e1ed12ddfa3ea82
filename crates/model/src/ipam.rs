//! Which address a container gets: the ledger of what is taken in, a lease out.
//!
//! Addresses are given in ascending order from the last one given, wrapping round, so that a freed
//! address rests as long as the pool allows before somebody else gets it: peers' caches and
//! connections to the one before have died by then.

use crate::cluster::{Network, NetworkName, Pool};
use crate::explain::{Reason, Reserved};
use crate::net::Family;
use crate::net::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The addresses of one network that are taken, and by whom.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    taken: BTreeMap<IpAddr, String>,
    last: BTreeMap<Family, IpAddr>,
}

impl Ledger {
    /// Notes a lease as taken.
    pub fn take(&mut self, address: IpAddr, holder: &str) {
        self.taken.insert(address, holder.to_owned());
        self.last.insert(Family::of(address), address);
    }

    /// Notes an address as free.
    pub fn free(&mut self, address: IpAddr) {
        self.taken.remove(&address);
    }

    pub fn taken(&self) -> usize {
        self.taken.len()
    }

    /// Addresses of the family that are taken.
    pub fn taken_of(&self, family: Family) -> usize {
        self.taken.keys().filter(|address| Family::of(**address) == family).count()
    }

    /// An address of each of the network's families: those asked for, or the next free ones. The
    /// ledger is not changed; [`Ledger::take`] does that once the lease is durable.
    ///
    /// `own` are the prefixes that this node holds of a network that is spread over several; one that
    /// is not is all this node's.
    pub fn lease(
        &self,
        network: &Network,
        own: &BTreeSet<IpNet>,
        asked: &[IpAddr],
    ) -> Result<Vec<IpAddr>, NoLease> {
        for family in Family::BOTH {
            if asked.iter().filter(|address| Family::of(**address) == family).count() > 1 {
                return Err(Reason::AddressesOfAFamily { family }.into());
            }
        }
        if let Some(address) = asked.iter().find(|a| network.pool(Family::of(**a)).is_none()) {
            let subnets = network.pools.iter().map(|pool| pool.subnet).collect();
            let network = network.name.clone();
            return Err(Reason::AddressOutside { network, address: *address, subnets }.into());
        }
        let lease = |pool: &Pool| match asked.iter().find(|a| Family::of(**a) == pool.family()) {
            Some(address) => {
                let address = self.claim(&network.name, pool, *address)?;
                let held = || own.iter().any(|prefix| prefix.contains(&address));
                if network.spread.is_none() || held() {
                    Ok(address)
                } else {
                    Err(NoLease::Lacks(Lack::Address(address)))
                }
            }
            None if network.spread.is_none() => self
                .next(pool, &pool.subnet)
                .ok_or_else(|| self.none_left(&network.name, pool).into()),
            None => {
                let lacks = || NoLease::Lacks(Lack::Block(pool.family()));
                self.next_of(pool, own).ok_or_else(lacks)
            }
        };
        network.pools.iter().map(lease).collect()
    }

    fn claim(&self, network: &NetworkName, pool: &Pool, address: IpAddr) -> Result<IpAddr, Reason> {
        let subnet = pool.subnet;
        if !subnet.contains(&address) {
            let (network, subnets) = (network.clone(), vec![subnet]);
            return Err(Reason::AddressOutside { network, address, subnets });
        }
        let reserved = if address == pool.gateway {
            Some(Reserved::Gateway)
        } else if address == subnet.network() {
            Some(Reserved::NetworkAddress)
        } else if address.is_ipv4() && address == subnet.broadcast() {
            Some(Reserved::Broadcast)
        } else {
            None
        };
        if let Some(what) = reserved {
            let network = network.clone();
            return Err(Reason::AddressReserved { network, address, what, subnet });
        }
        match self.taken.get(&address) {
            Some(holder) => {
                let (network, holder) = (network.clone(), holder.clone());
                Err(Reason::AddressTaken { network, address, holder })
            }
            None => Ok(address),
        }
    }

    /// The next free address of a prefix of the pool.
    fn next(&self, pool: &Pool, within: &IpNet) -> Option<IpAddr> {
        let (first, count) = hosts(within);
        let at = |offset: u128| from_number(pool.family(), first + offset);
        let start = self
            .last
            .get(&pool.family())
            .filter(|last| within.contains(*last))
            .map_or(0, |last| (to_number(*last) - first + 1) % count);
        // At most every taken address is in the way, and the gateway.
        let tries = count.min(self.taken.len() as u128 + 2);
        (0..tries)
            .map(|step| at((start + step) % count))
            .find(|address| *address != pool.gateway && !self.taken.contains_key(address))
    }

    /// The next free address of the blocks a node holds: of the one the last was given of, then of
    /// those after it, so that here too a freed one rests.
    pub fn next_of(&self, pool: &Pool, own: &BTreeSet<IpNet>) -> Option<IpAddr> {
        let family = pool.family();
        let is_block = |prefix: &&IpNet| {
            Family::of_prefix(prefix) == family && prefix.prefix_len() < family.bits()
        };
        let blocks: Vec<&IpNet> = own.iter().filter(is_block).collect();
        let last = self.last.get(&family);
        let start = blocks.iter().position(|block| last.is_some_and(|last| block.contains(last)));
        let turned = (0..blocks.len()).map(|turn| (start.unwrap_or(0) + turn) % blocks.len());
        turned.filter_map(|at| self.next(pool, blocks[at])).next()
    }

    fn none_left(&self, network: &NetworkName, pool: &Pool) -> Reason {
        Reason::NoAddressLeft {
            network: network.clone(),
            subnet: pool.subnet,
            taken: self.taken.keys().filter(|a| pool.subnet.contains(*a)).count(),
        }
    }

    /// Whether nobody has an address within the prefix.
    pub fn is_empty(&self, prefix: &IpNet) -> bool {
        let mut within = self.taken.range(prefix.network()..);
        within.next().is_none_or(|(address, _)| !prefix.contains(address))
    }
}

/// Why there is no lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLease {
    Refused(Reason),
    /// There would be, with one more claim.
    Lacks(Lack),
}

/// What a node has to claim before it can give a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A further block of this family.
    Block(Family),
    /// This address, outside its blocks.
    Address(IpAddr),
}

impl From<Reason> for NoLease {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

/// Addresses a pool can lease, the gateway not counted.
pub fn capacity(pool: &Pool) -> u128 {
    hosts(&pool.subnet).1 - 1
}

/// Addresses that can be leased of what a node holds.
pub fn capacity_of<'a>(prefixes: impl Iterator<Item = &'a IpNet>, pool: &Pool) -> u128 {
    let of_family = prefixes.filter(|prefix| Family::of_prefix(prefix) == pool.family());
    of_family.map(|prefix| hosts(prefix).1 - u128::from(prefix.contains(&pool.gateway))).sum()
}

/// The first host address as a number, and how many there are. IPv6 has no broadcast; its network
/// address is the subnet-router anycast address (RFC 4291 §2.6.1). A prefix of one address is that.
fn hosts(prefix: &IpNet) -> (u128, u128) {
    let family = Family::of_prefix(prefix);
    let bits = family.bits() - prefix.prefix_len();
    let network = to_number(prefix.network());
    if bits == 0 {
        return (network, 1);
    }
    // A /0 cannot be a pool (`Pool::check`), so this stays below 2^128.
    let all = 1_u128 << bits.min(127);
    (network + 1, if family == Family::V4 { all - 2 } else { all - 1 })
}

fn to_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(a) => u32::from(a).into(),
        IpAddr::V6(a) => a.into(),
    }
}

fn from_number(family: Family, number: u128) -> IpAddr {
    match family {
        // Numbers of this family were made from 32 bits and stay inside their subnet.
        Family::V4 => IpAddr::V4((number as u32).into()),
        Family::V6 => IpAddr::V6(number.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Backend, Spread};

    fn network(subnets: &[&str]) -> Network {
        let pools = subnets.iter().map(|s| Pool::with_first_gateway(s.parse().unwrap())).collect();
        Network::new("n".parse().unwrap(), pools)
    }

    fn none() -> BTreeSet<IpNet> {
        BTreeSet::new()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_address_is_given_once_and_then_none() {
        let network = network(&["10.0.0.0/29", "fd00::/64"]);
        let mut ledger = Ledger::default();
        let mut given = Vec::new();
        for _ in 0..5 {
            let lease = ledger.lease(&network, &none(), &[]).unwrap();
            given.push(lease[0].to_string());
            lease.iter().for_each(|address| ledger.take(*address, "x"));
        }
        assert_eq!(given, ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
        let full = ledger.lease(&network, &none(), &[]).unwrap_err();
        assert!(matches!(full, NoLease::Refused(Reason::NoAddressLeft { taken: 5, .. })));
    }

    #[test]
    fn a_freed_address_rests_until_the_pool_has_gone_round() {
        let network = network(&["10.0.0.0/29"]);
        let mut ledger = Ledger::default();
        ledger.take(ip("10.0.0.2"), "x");
        ledger.free(ip("10.0.0.2"));
        assert_eq!(ledger.lease(&network, &none(), &[]), Ok(vec![ip("10.0.0.3")]));
        ledger.take(ip("10.0.0.6"), "x");
        assert_eq!(ledger.lease(&network, &none(), &[]), Ok(vec![ip("10.0.0.2")]));
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_the_reason() {
        let network = network(&["10.0.0.0/29"]);
        let mut ledger = Ledger::default();
        ledger.take(ip("10.0.0.3"), "web/eth0");
        let no = |address| match ledger.lease(&network, &none(), &[ip(address)]) {
            Err(NoLease::Refused(reason)) => reason.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            no("10.0.0.1"),
            "network n: 10.0.0.1 cannot be a container's: it is the gateway of 10.0.0.0/29"
        );
        assert!(no("10.0.0.7").contains("broadcast"));
        assert_eq!(no("10.0.0.3"), "network n: 10.0.0.3 is already leased to web/eth0");
        assert_eq!(no("10.0.1.1"), "10.0.1.1 is not in network n; it holds 10.0.0.0/29");
        assert_eq!(no("fd00::1"), "fd00::1 is not in network n; it holds 10.0.0.0/29");
    }

    #[test]
    fn a_spread_network_gives_of_the_node_s_own_blocks() {
        let mut network = network(&["10.1.0.0/16"]);
        network.spread = Some(Spread::new(Backend::Auto, 7, &network.pools));
        let block = |text: &str| text.parse::<IpNet>().unwrap();
        let mut ledger = Ledger::default();
        assert_eq!(
            ledger.lease(&network, &none(), &[]),
            Err(NoLease::Lacks(Lack::Block(Family::V4)))
        );
        let own =
            BTreeSet::from([block("10.1.0.64/26"), block("10.1.3.0/26"), block("10.1.9.9/32")]);
        let mut given = BTreeSet::new();
        while let Ok(lease) = ledger.lease(&network, &own, &[]) {
            assert!(given.insert(lease[0]), "{} twice", lease[0]);
            ledger.take(lease[0], "x");
        }
        assert_eq!(given.len(), 2 * 62, "neither first nor last of a block, nor the single one");
        assert_eq!(ledger.lease(&network, &own, &[ip("10.1.9.9")]), Ok(vec![ip("10.1.9.9")]));
        assert_eq!(
            ledger.lease(&network, &own, &[ip("10.1.9.8")]),
            Err(NoLease::Lacks(Lack::Address(ip("10.1.9.8"))))
        );
        assert_eq!(capacity_of(own.iter(), &network.pools[0]), 2 * 62 + 1);
        assert!(!ledger.is_empty(&block("10.1.3.0/26")));
        assert!(ledger.is_empty(&block("10.1.9.9/32")));
    }
}
