//! A network: containers that reach each other, on one bridge a host.

use super::name::short_hash;
use super::{AttachmentId, NetworkName, Spread};
use crate::explain::{Reason, Unusable};
use crate::net::{Family, IpNet, LinkName, Mac};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One network as it was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    pub name: NetworkName,
    /// At most one of each family, at least one.
    pub pools: Vec<Pool>,
    pub bridge: LinkName,
    /// Bytes; `None` takes the underlay's.
    pub mtu: Option<u32>,
    /// What leaves the host bears the host's address.
    pub masquerade: bool,
    /// Containers may send with addresses that are not theirs.
    pub spoofing: bool,
    /// What all hosts of a network share; `None` for a network of this host alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
}

/// A subnet with its gateway, which is the bridge's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub subnet: IpNet,
    pub gateway: IpAddr,
}

impl Pool {
    /// A pool with the conventional gateway: the subnet's first host address.
    pub fn with_first_gateway(subnet: IpNet) -> Self {
        let first = match subnet.network() {
            IpAddr::V4(a) => IpAddr::V4(u32::from(a).wrapping_add(1).into()),
            IpAddr::V6(a) => IpAddr::V6(u128::from(a).wrapping_add(1).into()),
        };
        Self { subnet, gateway: first }
    }

    pub fn family(&self) -> Family {
        Family::of_prefix(&self.subnet)
    }

    /// The gateway with the subnet's length, as the bridge bears it.
    pub fn gateway_prefix(&self) -> IpNet {
        IpNet::new(self.gateway, self.subnet.prefix_len())
            .unwrap_or_else(|_| crate::net::single(self.gateway))
    }

    fn check(&self) -> Result<(), Reason> {
        let Self { subnet, gateway } = *self;
        if subnet.addr() != subnet.network() {
            return Err(Reason::SubnetHostBits { subnet, meant: subnet.trunc() });
        }
        if subnet.prefix_len() + 2 > self.family().bits() {
            return Err(Reason::SubnetTooSmall { subnet });
        }
        let address = subnet.network();
        let unusable = if address.is_loopback() {
            Some(Unusable::Loopback)
        } else if address.is_multicast() {
            Some(Unusable::Multicast)
        } else if subnet.prefix_len() < 8 {
            Some(Unusable::Large)
        } else if matches!(address, IpAddr::V6(a) if a.is_unicast_link_local()) {
            Some(Unusable::LinkLocal)
        } else {
            None
        };
        if let Some(why) = unusable {
            return Err(Reason::SubnetUnusable { subnet, why });
        }
        let in_the_middle = gateway != subnet.network()
            && (subnet.addr().is_ipv6() || gateway != subnet.broadcast());
        if !subnet.contains(&gateway) || !in_the_middle {
            return Err(Reason::GatewayOutside { gateway, subnet });
        }
        Ok(())
    }
}

impl Network {
    /// A network with everything at its default.
    pub fn new(name: NetworkName, pools: Vec<Pool>) -> Self {
        let bridge = Self::bridge_name(&name);
        Self { name, pools, bridge, mtu: None, masquerade: true, spoofing: false, spread: None }
    }

    /// Whether the network can be at all.
    pub fn check(&self) -> Result<(), Reason> {
        if self.pools.is_empty() {
            return Err(Reason::NoSubnet);
        }
        for family in Family::BOTH {
            if self.pools.iter().filter(|pool| pool.family() == family).count() > 1 {
                return Err(Reason::SubnetsOfAFamily { family });
            }
        }
        let smallest = if self.pool(Family::V6).is_some() { 1280 } else { 576 };
        if let Some(mtu) = self.mtu.filter(|mtu| !(smallest..=65_535).contains(mtu)) {
            return Err(Reason::MtuRange { mtu });
        }
        if let Some(spread) = &self.spread {
            spread.check(&self.pools)?;
        }
        self.pools.iter().try_for_each(Pool::check)
    }

    pub fn pool(&self, family: Family) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.family() == family)
    }

    /// `gn-NAME` where that fits, else with a hash in the name's place.
    fn bridge_name(name: &NetworkName) -> LinkName {
        let plain = format!("gn-{name}");
        plain.parse().unwrap_or_else(|_| {
            let hashed = format!("gn-{}", &short_hash(&[name.as_str()])[..12]);
            hashed.parse().expect("15 letters and digits name a link")
        })
    }

    /// The bridge's address, set by us so that nobody else has a reason to change it.
    pub fn bridge_mac(&self) -> Mac {
        let hash = short_hash(&["bridge", self.name.as_str()]);
        let [a, b, c, d] =
            [hash.as_bytes()[0], hash.as_bytes()[1], hash.as_bytes()[2], hash.as_bytes()[3]];
        Mac([0x02, 0x62, a, b, c, d])
    }

    /// The address of a container without one of its own choice. It follows from the IP address,
    /// so a reused IP address keeps its MAC and no neighbour's cache goes stale.
    pub fn mac_for(address: IpAddr) -> Mac {
        let [a, b, c, d] = match address {
            IpAddr::V4(a) => a.octets(),
            IpAddr::V6(a) => {
                let [.., a, b, c, d] = a.octets();
                [a, b, c, d]
            }
        };
        Mac([0x02, if address.is_ipv4() { 0x67 } else { 0x66 }, a, b, c, d])
    }
}

impl AttachmentId {
    /// The name of the attachment's link in the host.
    pub fn host_link(&self) -> LinkName {
        let name = format!("gn{}", short_hash(&[self.container.as_str(), self.interface.as_str()]));
        name.parse().expect("15 letters and digits name a link")
    }

    /// The name of the link that shapes what the container sends.
    pub fn shaper_link(&self) -> LinkName {
        let name = format!("gi{}", short_hash(&[self.container.as_str(), self.interface.as_str()]));
        name.parse().expect("15 letters and digits name a link")
    }
}
