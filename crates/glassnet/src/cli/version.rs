//! `glassnet version`.

use super::output::Output;
use super::{DONE, Outcome};
use clap::Args;
use model::explain::Text;
use serde_json::json;

/// Print the version
#[derive(Args)]
pub(super) struct Version {}

impl Version {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let version = env!("CARGO_PKG_VERSION");
        out.document(&json!({ "version": version }))?;
        out.say(&Text::Verbatim(&format!("glassnet {version}")))?;
        DONE
    }
}
