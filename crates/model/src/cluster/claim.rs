//! Who gives out which addresses of a network: blocks, and single addresses outside them.

use super::{Network, NetworkName, NodeName};
use crate::net::{Family, IpNet, octets};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block, or one address (/32, /128), that a node holds. Two claims never overlap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    pub network: NetworkName,
    pub prefix: IpNet,
    pub node: NodeName,
}

impl Network {
    /// The block that an address is in.
    pub fn block_of(&self, address: IpAddr) -> Option<IpNet> {
        let family = Family::of(address);
        let length = self.spread?.block(family);
        self.pool(family).filter(|pool| pool.subnet.contains(&address))?;
        Some(IpNet::new(address, length).ok()?.trunc())
    }

    /// The blocks of a family in the order in which a node should try for one. Nodes begin at
    /// different places, so that many that join at once seldom want the same; the first block, where
    /// people like to pick addresses by hand, comes last.
    pub fn blocks_for(&self, node: &NodeName, family: Family) -> impl Iterator<Item = IpNet> {
        let pool = self.pool(family).map(|pool| pool.subnet);
        let length = self.spread.map_or(0, |spread| spread.block(family));
        let count = pool.map_or(0, |subnet| {
            1_u128 << u32::from(length.saturating_sub(subnet.prefix_len())).min(127)
        });
        let hash = super::name::short_hash(&["block", node.as_str()]);
        let seed = hash.bytes().fold(0_u128, |sum, digit| (sum << 5) ^ u128::from(digit));
        let others = count.saturating_sub(1);
        (0..count).filter_map(move |turn| {
            let index = if turn < others { 1 + (seed + turn) % others } else { 0 };
            block(pool?, length, index)
        })
    }
}

fn block(subnet: IpNet, length: u8, index: u128) -> Option<IpNet> {
    let family = Family::of_prefix(&subnet);
    let offset = index.checked_shl(u32::from(family.bits() - length))?;
    let address = match subnet.network() {
        IpAddr::V4(a) => {
            Ipv4Addr::from(u32::from(a).checked_add(u32::try_from(offset).ok()?)?).into()
        }
        IpAddr::V6(a) => Ipv6Addr::from(u128::from(a).checked_add(offset)?).into(),
    };
    IpNet::new(address, length).ok()
}

/// An address as a text that sorts as the address does: its bytes in hexadecimal digits.
pub(super) fn digits(address: IpAddr) -> String {
    octets(address).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Backend, Pool, Spread};
    use std::collections::BTreeSet;

    fn network(subnet: &str) -> Network {
        let pools = vec![Pool::with_first_gateway(subnet.parse().unwrap())];
        let spread = Some(Spread::new(Backend::Auto, 7, &pools));
        Network { spread, ..Network::new("n".parse().unwrap(), pools) }
    }

    #[test]
    fn every_block_is_tried_once_and_the_first_last() {
        let network = network("10.1.0.0/24");
        let node = "alpha".parse().unwrap();
        let blocks: Vec<IpNet> = network.blocks_for(&node, Family::V4).collect();
        assert_eq!(blocks.len(), 16);
        assert_eq!(blocks.iter().collect::<BTreeSet<_>>().len(), 16);
        assert_eq!(blocks[15], "10.1.0.0/28".parse().unwrap());
        assert!(blocks.iter().all(|block| network.pools[0].subnet.contains(block)));
        assert_eq!(network.blocks_for(&node, Family::V6).count(), 0);
    }

    #[test]
    fn a_large_pool_is_no_trouble() {
        let network = network("fd00::/64");
        let node = "alpha".parse().unwrap();
        let first = network.blocks_for(&node, Family::V6).next().unwrap();
        assert_eq!(first.prefix_len(), 122);
        assert_eq!(network.block_of(first.addr()), Some(first));
    }

    #[test]
    fn a_pool_of_one_block() {
        let mut network = network("10.1.0.0/28");
        network.spread.as_mut().unwrap().block_v4 = 28;
        let blocks: Vec<_> = network.blocks_for(&"a".parse().unwrap(), Family::V4).collect();
        assert_eq!(blocks, ["10.1.0.0/28".parse().unwrap()]);
    }
}
