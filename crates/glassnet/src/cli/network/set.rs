//! `glassnet network set`: changes what of a network can change while containers use it.

use crate::api::Api;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use crate::protocol::ChangeNetwork;
use clap::Args;
use model::cluster::{Backend, NetworkName};
use model::explain::Text;

/// Change a network of the cluster while it is used
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet network set blue --backend vxlan")]
pub(super) struct Set {
    /// Name of the network
    #[arg(value_name = "NAME")]
    name: NetworkName,

    /// How packets get to other hosts: auto, direct or vxlan
    #[arg(long, value_name = "BACKEND", required = true)]
    backend: Backend,
}

impl Set {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let change = ChangeNetwork { backend: Some(self.backend) };
        let network = Api::here().change_network(&self.name, &change)?;
        out.document(&network)?;
        out.say(&Text::NetworkBackend { name: &self.name, backend: self.backend.as_str() })?;
        DONE
    }
}
