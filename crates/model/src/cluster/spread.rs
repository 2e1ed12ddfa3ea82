//! What a network that is spread over several hosts has beside one of a single host.

use super::NetworkName;
use super::name::short_hash;
use crate::explain::Reason;
use crate::net::{Family, IpNet, LinkName};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The UDP port of VXLAN (RFC 7348 §8).
pub const VXLAN_PORT: u16 = 4789;

/// The settings that all hosts of a network share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    pub backend: Backend,
    /// The VXLAN network identifier: 24 bits, not 0, another for each network of a cluster.
    pub vni: u32,
    /// The UDP port that VXLAN is sent to.
    pub port: u16,
    /// Prefix lengths of the blocks of addresses that nodes claim.
    pub block_v4: u8,
    pub block_v6: u8,
    /// The backend that it had until just now. What that needs stays until every node has proven the
    /// new one, so that a change costs no packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving: Option<Backend>,
    /// It is about to be removed: nobody gives or claims an address of it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
}

impl Spread {
    /// Blocks of 64 addresses, or of fewer where the pool is so small that not sixteen nodes would
    /// get one.
    pub fn new(backend: Backend, vni: u32, pools: &[super::Pool]) -> Self {
        let length = |family: Family, usual: u8| {
            let pool = pools.iter().find(|pool| pool.family() == family);
            pool.map_or(usual, |pool| {
                let least = pool.subnet.prefix_len();
                (least + 4).clamp(usual, family.bits() - 2).max(least)
            })
        };
        let (block_v4, block_v6) = (length(Family::V4, 26), length(Family::V6, 122));
        Self { backend, vni, port: VXLAN_PORT, block_v4, block_v6, leaving: None, closing: false }
    }

    /// Whether there is a tunnel end on each node.
    pub fn tunnels(&self) -> bool {
        self.backends().any(|backend| backend != Backend::Direct)
    }

    /// Whether packets may go as they are.
    pub fn goes_direct(&self) -> bool {
        self.backends().any(|backend| backend != Backend::Vxlan)
    }

    fn backends(&self) -> impl Iterator<Item = Backend> {
        [Some(self.backend), self.leaving].into_iter().flatten()
    }

    /// Length of a block's prefix.
    pub fn block(&self, family: Family) -> u8 {
        match family {
            Family::V4 => self.block_v4,
            Family::V6 => self.block_v6,
        }
    }

    pub(super) fn check(&self, pools: &[super::Pool]) -> Result<(), Reason> {
        if !(1..1 << 24).contains(&self.vni) {
            return Err(Reason::VniRange { vni: self.vni });
        }
        if self.port == 0 {
            return Err(Reason::VxlanPortZero);
        }
        for pool in pools {
            let (block, subnet) = (self.block(pool.family()), pool.subnet);
            if block <= subnet.prefix_len() || block > pool.family().bits() - 2 {
                return Err(Reason::BlockSize { block: block.into(), subnet });
            }
        }
        Ok(())
    }

    /// A number for a network nobody has numbered: the same each time for the same name, so that
    /// two nodes that create it at once say the same. Who claims it first has it.
    pub fn vni_for(name: &NetworkName, attempt: u32) -> u32 {
        let hash = short_hash(&["vni", name.as_str(), &attempt.to_string()]);
        let number = hash.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte));
        // Above the low numbers that people give by hand.
        0x0010_0000 + number % 0x00ef_ffff
    }
}

/// How packets get to containers on other hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// For each peer, direct where that is proven to work, else VXLAN.
    Auto,
    /// Routes through the underlay, packets as they are.
    Direct,
    /// Packets inside VXLAN (RFC 7348).
    Vxlan,
}

impl Backend {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Direct, Self::Vxlan];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Vxlan => "vxlan",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Backend {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        let known = Self::ALL.into_iter().find(|backend| backend.as_str() == text);
        known.ok_or_else(|| Reason::NoSuchBackend { backend: text.to_owned() })
    }
}

impl super::Network {
    /// The name of the network's tunnel end: `gx-NAME` where that fits, else with a hash.
    pub fn tunnel_link(&self) -> LinkName {
        let plain = format!("gx-{}", self.name);
        plain.parse().unwrap_or_else(|_| {
            let hashed = format!("gx-{}", &short_hash(&[self.name.as_str()])[..12]);
            hashed.parse().expect("15 letters and digits name a link")
        })
    }

    /// Length of the prefix that a container's address bears: its node's block, beyond which it
    /// asks the gateway, or, on a network of one host, the whole subnet.
    pub fn address_prefix_len(&self, subnet: &IpNet) -> u8 {
        match &self.spread {
            Some(spread) => spread.block(Family::of_prefix(subnet)),
            None => subnet.prefix_len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Network, Pool};

    fn spread(subnet: &str) -> Spread {
        let pools = [Pool::with_first_gateway(subnet.parse().unwrap())];
        Spread::new(Backend::Auto, 7, &pools)
    }

    #[test]
    fn blocks_shrink_with_a_small_pool() {
        assert_eq!(spread("10.1.0.0/16").block_v4, 26);
        assert_eq!(spread("10.1.0.0/24").block_v4, 28);
        assert_eq!(spread("10.1.0.0/28").block_v4, 30);
        assert_eq!(spread("fd00::/64").block_v6, 122);
        assert_eq!(spread("fd00::/120").block_v6, 124);
    }

    #[test]
    fn a_network_has_the_same_number_wherever_it_is_created() {
        let name: NetworkName = "blue".parse().unwrap();
        assert_eq!(Spread::vni_for(&name, 0), Spread::vni_for(&name, 0));
        assert_ne!(Spread::vni_for(&name, 0), Spread::vni_for(&name, 1));
        for attempt in 0..1000 {
            assert!((1..1 << 24).contains(&Spread::vni_for(&name, attempt)));
        }
    }

    #[test]
    fn a_tunnel_end_has_a_name_the_kernel_takes() {
        let name = "a-name-that-is-too-long-for-a-link".parse().unwrap();
        let network = Network::new(name, Vec::new());
        assert_ne!(network.tunnel_link(), network.bridge);
    }
}
