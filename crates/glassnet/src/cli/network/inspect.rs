//! `glassnet network inspect`: all of one network, and who is attached to it.

use super::ls::mtu;
use crate::api::Api;
use crate::cli::output::Output;
use crate::cli::table::{Fields, Table};
use crate::cli::{DONE, Outcome, ls};
use crate::protocol::ClusterStatus;
use clap::Args;
use model::cluster::{Network, NetworkName};
use model::explain::Text;
use model::net::IpNet;
use serde_json::json;

/// Show a network and who is attached to it
#[derive(Args)]
pub(super) struct Inspect {
    /// Name of the network
    #[arg(value_name = "NAME")]
    name: NetworkName,
}

impl Inspect {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let api = Api::here();
        let network = api.network(&self.name)?;
        let mut rows = api.attachments()?;
        rows.retain(|row| row.attachment.network == self.name);
        let holders = match network.spread {
            Some(_) => api.status()?.cluster.map(|cluster| holders(&cluster, &self.name)),
            None => None,
        };
        out.document(&json!({ "network": network, "attachments": rows }))?;
        out.fields(&fields(&network, out))?;
        out.say(&Text::Verbatim(""))?;
        out.table(&ls::table(&rows, out.language), &Text::NobodyAttached)?;
        if let Some(cluster) = holders {
            out.say(&Text::Verbatim(""))?;
            out.table(&cluster, &Text::NoPeers)?;
        }
        DONE
    }
}

/// Who of the cluster gives out which of the network's addresses.
fn holders(cluster: &ClusterStatus, network: &NetworkName) -> Table {
    let mut table = Table::new([Text::Node, Text::Holds]);
    let list = |all: &[IpNet]| all.iter().map(IpNet::to_string).collect::<Vec<_>>().join(", ");
    let own = cluster.holds.get(network).map(|all| list(all)).unwrap_or_default();
    table.row([cluster.node.to_string(), own]);
    for peer in &cluster.peers {
        let there = peer.networks.iter().find(|there| there.network == *network);
        let theirs = there.map(|there| list(&there.prefixes)).unwrap_or_default();
        table.row([peer.name.to_string(), theirs]);
    }
    table
}

pub(super) fn fields(network: &Network, out: &Output) -> Fields {
    let mut fields = Fields::default();
    fields.add(Text::Name, &network.name);
    for pool in &network.pools {
        fields.add(Text::Subnet, pool.subnet);
        fields.add(Text::Gateway, pool.gateway);
    }
    fields.add(Text::Bridge, &network.bridge);
    fields.add(Text::Mtu, mtu(network, out));
    fields.add(Text::Masquerade, out.yes_or_no(network.masquerade));
    if let Some(spread) = &network.spread {
        fields.add(Text::Backend, spread.backend);
        fields.add(Text::Vni, spread.vni);
    }
    let spoofing = if network.spoofing { Text::Allowed } else { Text::Refused };
    fields.add(Text::Spoofing, out.word(spoofing));
    fields
}
