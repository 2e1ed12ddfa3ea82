//! `glassnet network rm`.

use crate::api::{self, Api};
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use crate::protocol::{Code, Failure};
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
        match Api::here().remove_network(&self.name) {
            // What is wanted gone is gone: the verb may be repeated.
            Err(api::Error::Refused(Failure { code: Code::NoNetwork, .. })) => {
                out.document(&json!({ "removed": null }))?;
                return out.say(&Text::NetworkNotThere { name: &self.name }).and(DONE);
            }
            answer => answer?,
        }
        out.document(&json!({ "removed": self.name }))?;
        out.say(&Text::NetworkRemoved { name: &self.name })?;
        DONE
    }
}
