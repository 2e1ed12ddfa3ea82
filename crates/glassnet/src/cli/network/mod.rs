//! `glassnet network`: creates networks, shows them, removes them.

mod create;
mod inspect;
mod ls;
mod rm;
mod set;

use super::Outcome;
use super::output::Output;
use super::table::Table;
use crate::protocol::NetworkStatus;
use clap::{Args, Subcommand};
use model::explain::Text;
use model::net::IpNet;

/// Create, show and remove networks
#[derive(Args)]
#[command(arg_required_else_help = false)]
pub(super) struct Network {
    #[command(subcommand)]
    verb: NetworkVerb,
}

#[derive(Subcommand)]
enum NetworkVerb {
    Create(create::Create),
    Ls(ls::Ls),
    Inspect(inspect::Inspect),
    Rm(rm::Rm),
    Set(set::Set),
}

impl Network {
    pub(super) fn run(self, out: &Output) -> Outcome {
        match self.verb {
            NetworkVerb::Create(verb) => verb.run(out),
            NetworkVerb::Ls(verb) => verb.run(out),
            NetworkVerb::Inspect(verb) => verb.run(out),
            NetworkVerb::Rm(verb) => verb.run(out),
            NetworkVerb::Set(verb) => verb.run(out),
        }
    }
}

/// The networks with how much of them is in use.
pub(super) fn numbers(networks: &[NetworkStatus]) -> Table {
    let mut table = Table::new([Text::Name, Text::Subnet, Text::Attachments, Text::Leases]);
    for network in networks {
        table.row([
            network.name.to_string(),
            subnets(&network.subnets),
            network.attachments.to_string(),
            format!("{}/{}", network.leased, network.leasable),
        ]);
    }
    table
}

fn subnets(subnets: &[IpNet]) -> String {
    subnets.iter().map(IpNet::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
