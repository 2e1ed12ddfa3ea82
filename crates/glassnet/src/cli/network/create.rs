//! `glassnet network create`. Whether the subnet is free, and which one is if none is named, is
//! the daemon's to say.

use super::subnets;
use crate::api::Api;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use crate::protocol::CreateNetwork;
use clap::Args;
use model::cluster::{Backend, NetworkName};
use model::explain::Text;
use model::net::IpNet;
use std::net::IpAddr;

/// Create a network
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet network create blue
  glassnet network create web --subnet 10.88.0.0/16 --subnet fd00:88::/64
  glassnet network create dmz --subnet 192.168.7.0/24 --gateway 192.168.7.254 --mtu 1400")]
pub(super) struct Create {
    /// Name of the network
    #[arg(value_name = "NAME")]
    name: NetworkName,

    /// Subnet, at most one of each family; else a free IPv4 subnet is chosen
    #[arg(long = "subnet", value_name = "SUBNET")]
    subnets: Vec<IpNet>,

    /// Gateway, one for each subnet at most; else the subnet's first address
    #[arg(long = "gateway", value_name = "ADDRESS")]
    gateways: Vec<IpAddr>,

    /// Largest packet in bytes; else the underlay's
    #[arg(long, value_name = "BYTES")]
    mtu: Option<u32>,

    /// On a node of a cluster: a network of this host alone
    #[arg(long, conflicts_with_all = ["backend", "vni", "vxlan_port"])]
    local: bool,

    /// How packets get to other hosts: auto, direct or vxlan [default: auto]
    #[arg(long, value_name = "BACKEND")]
    backend: Option<Backend>,

    /// VXLAN network identifier, 1 to 16777215; else one is chosen
    #[arg(long, value_name = "NUMBER")]
    vni: Option<u32>,

    /// UDP port of VXLAN [default: 4789]
    #[arg(long, value_name = "PORT")]
    vxlan_port: Option<u16>,

    /// Let containers keep their own addresses towards the outside
    #[arg(long)]
    no_masquerade: bool,

    /// Let containers send with addresses that are not theirs
    #[arg(long)]
    allow_spoofing: bool,
}

impl Create {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let answer = Api::here().create_network(&CreateNetwork {
            name: self.name,
            subnets: self.subnets,
            gateways: self.gateways,
            mtu: self.mtu,
            masquerade: !self.no_masquerade,
            spoofing: self.allow_spoofing,
            local: self.local,
            backend: self.backend,
            vni: self.vni,
            vxlan_port: self.vxlan_port,
        })?;
        out.document(&answer)?;
        let created = answer.network;
        let pools: Vec<IpNet> = created.pools.iter().map(|pool| pool.subnet).collect();
        let (name, subnets, bridge) = (&created.name, &subnets(&pools), &created.bridge);
        out.say(&match answer.created {
            true => Text::NetworkCreated { name, subnets, bridge },
            false => Text::NetworkThere { name, subnets, bridge },
        })?;
        DONE
    }
}
