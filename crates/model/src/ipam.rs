//! Which address a container gets: the ledger of what is taken in, a lease out.
//!
//! Addresses are given in ascending order from the last one given, wrapping round, so that a freed
//! address rests as long as the pool allows before somebody else gets it: peers' caches and
//! connections to the one before have died by then.

use crate::cluster::{Network, NetworkName, Pool};
use crate::explain::{Reason, Reserved};
use crate::net::Family;
use std::collections::BTreeMap;
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
    pub fn lease(&self, network: &Network, asked: &[IpAddr]) -> Result<Vec<IpAddr>, Reason> {
        for family in Family::BOTH {
            if asked.iter().filter(|address| Family::of(**address) == family).count() > 1 {
                return Err(Reason::AddressesOfAFamily { family });
            }
        }
        if let Some(address) = asked.iter().find(|a| network.pool(Family::of(**a)).is_none()) {
            let subnets = network.pools.iter().map(|pool| pool.subnet).collect();
            let network = network.name.clone();
            return Err(Reason::AddressOutside { network, address: *address, subnets });
        }
        let lease = |pool: &Pool| match asked.iter().find(|a| Family::of(**a) == pool.family()) {
            Some(address) => self.claim(&network.name, pool, *address),
            None => self.next(&network.name, pool),
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

    fn next(&self, network: &NetworkName, pool: &Pool) -> Result<IpAddr, Reason> {
        let (first, count) = hosts(pool);
        let at = |offset: u128| from_number(pool.family(), first + offset);
        let start = self
            .last
            .get(&pool.family())
            .filter(|last| pool.subnet.contains(*last))
            .map_or(0, |last| (to_number(*last) - first + 1) % count);
        // At most every taken address is in the way, and the gateway.
        let tries = count.min(self.taken.len() as u128 + 2);
        (0..tries)
            .map(|step| at((start + step) % count))
            .find(|address| *address != pool.gateway && !self.taken.contains_key(address))
            .ok_or_else(|| Reason::NoAddressLeft {
                network: network.clone(),
                subnet: pool.subnet,
                taken: self.taken.keys().filter(|a| pool.subnet.contains(*a)).count(),
            })
    }
}

/// Addresses a pool can lease, the gateway not counted.
pub fn capacity(pool: &Pool) -> u128 {
    hosts(pool).1 - 1
}

/// The first host address as a number, and how many there are, the gateway among them. IPv6 has no
/// broadcast; its network address is the subnet-router anycast address (RFC 4291 §2.6.1).
fn hosts(pool: &Pool) -> (u128, u128) {
    let family = pool.family();
    let bits = family.bits() - pool.subnet.prefix_len();
    // A /0 cannot be a pool (`Pool::check`), so this stays below 2^128.
    let all = 1_u128 << bits.min(127);
    let first = to_number(pool.subnet.network()) + 1;
    (first, if family == Family::V4 { all - 2 } else { all - 1 })
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

    fn network(subnets: &[&str]) -> Network {
        let pools = subnets.iter().map(|s| Pool::with_first_gateway(s.parse().unwrap())).collect();
        Network::new("n".parse().unwrap(), pools)
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
            let lease = ledger.lease(&network, &[]).unwrap();
            given.push(lease[0].to_string());
            lease.iter().for_each(|address| ledger.take(*address, "x"));
        }
        assert_eq!(given, ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
        let full = ledger.lease(&network, &[]).unwrap_err();
        assert!(matches!(full, Reason::NoAddressLeft { taken: 5, .. }), "{full}");
    }

    #[test]
    fn a_freed_address_rests_until_the_pool_has_gone_round() {
        let network = network(&["10.0.0.0/29"]);
        let mut ledger = Ledger::default();
        ledger.take(ip("10.0.0.2"), "x");
        ledger.free(ip("10.0.0.2"));
        assert_eq!(ledger.lease(&network, &[]), Ok(vec![ip("10.0.0.3")]));
        ledger.take(ip("10.0.0.6"), "x");
        assert_eq!(ledger.lease(&network, &[]), Ok(vec![ip("10.0.0.2")]));
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_the_reason() {
        let network = network(&["10.0.0.0/29"]);
        let mut ledger = Ledger::default();
        ledger.take(ip("10.0.0.3"), "web/eth0");
        let no = |address| ledger.lease(&network, &[ip(address)]).unwrap_err().to_string();
        assert_eq!(
            no("10.0.0.1"),
            "network n: 10.0.0.1 cannot be a container's: it is the gateway of 10.0.0.0/29"
        );
        assert!(no("10.0.0.7").contains("broadcast"));
        assert_eq!(no("10.0.0.3"), "network n: 10.0.0.3 is already leased to web/eth0");
        assert_eq!(no("10.0.1.1"), "10.0.1.1 is not in network n; it holds 10.0.0.0/29");
        assert_eq!(no("fd00::1"), "fd00::1 is not in network n; it holds 10.0.0.0/29");
    }
}
