//! `glassnet network ls`.

use super::subnets;
use crate::api::Api;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::cli::{DONE, Outcome};
use clap::Args;
use model::cluster::Network;
use model::explain::Text;
use model::net::IpNet;

/// List the networks
#[derive(Args)]
pub(super) struct Ls {}

impl Ls {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let networks = Api::here().networks()?;
        out.document(&networks)?;
        out.table(&table(&networks, out), &Text::NoNetworks)?;
        DONE
    }
}

pub(super) fn table(networks: &[Network], out: &Output) -> Table {
    let mut table = Table::new([
        Text::Name,
        Text::Subnet,
        Text::Gateway,
        Text::Bridge,
        Text::Mtu,
        Text::Masquerade,
    ]);
    for network in networks {
        let pools: Vec<IpNet> = network.pools.iter().map(|pool| pool.subnet).collect();
        let gateways: Vec<String> = network.pools.iter().map(|p| p.gateway.to_string()).collect();
        table.row([
            network.name.to_string(),
            subnets(&pools),
            gateways.join(", "),
            network.bridge.to_string(),
            mtu(network, out),
            out.yes_or_no(network.masquerade),
        ]);
    }
    table
}

pub(super) fn mtu(network: &Network, out: &Output) -> String {
    network.mtu.map_or_else(|| out.word(Text::FromUnderlay), |mtu| mtu.to_string())
}
