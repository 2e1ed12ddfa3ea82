//! `glassnet network rm`.

use crate::api::Api;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use model::cluster::NetworkName;
use model::explain::Text;
use serde_json::json;

/// Remove a network that nobody is attached to
#[derive(Args)]
pub(super) struct Rm {
    /// Name of the network
    #[arg(value_name = "NAME")]
    name: NetworkName,
}

impl Rm {
    pub(super) fn run(self, out: &Output) -> Outcome {
        Api::here().remove_network(&self.name)?;
        out.document(&json!({ "removed": self.name }))?;
        out.say(&Text::NetworkRemoved { name: &self.name })?;
        DONE
    }
}
