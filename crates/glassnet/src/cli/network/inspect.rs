//! `glassnet network inspect`: all of one network, and who is attached to it.

use super::ls::mtu;
use crate::api::Api;
use crate::cli::output::Output;
use crate::cli::table::Fields;
use crate::cli::{DONE, Outcome, ls};
use clap::Args;
use model::cluster::{Network, NetworkName};
use model::explain::Text;
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
        out.document(&json!({ "network": network, "attachments": rows }))?;
        out.fields(&fields(&network, out))?;
        out.say(&Text::Verbatim(""))?;
        out.table(&ls::table(&rows, out.language), &Text::NobodyAttached)?;
        DONE
    }
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
    let spoofing = if network.spoofing { Text::Allowed } else { Text::Refused };
    fields.add(Text::Spoofing, out.word(spoofing));
    fields
}
