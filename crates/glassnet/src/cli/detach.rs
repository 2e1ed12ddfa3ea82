//! `glassnet detach`: the other way round, for one interface or for all a container has.

use super::output::Output;
use super::{DONE, Outcome, ask};
use crate::api::Api;
use crate::protocol::Request;
use clap::Args;
use model::cluster::{AttachmentId, ContainerId};
use model::explain::Text;
use model::net::LinkName;
use serde_json::json;

/// Detach a container from its networks
#[derive(Args)]
pub(super) struct Detach {
    /// Container id, as `glassnet ls` shows it
    #[arg(value_name = "NAME")]
    name: ContainerId,

    /// Detach this interface only; else all of them
    #[arg(long, value_name = "INTERFACE")]
    interface: Option<LinkName>,
}

impl Detach {
    pub(super) fn run(self, out: &Output) -> Outcome {
        // What is on its way out is detached already.
        let rows = Api::here().attachments()?.into_iter().filter(|row| row.state != "detaching");
        let ids = rows.map(|row| row.attachment.id);
        let ids: Vec<AttachmentId> = ids.filter(|id| self.means(id)).collect();
        for id in &ids {
            ask::ask(&Request::Detach { id: id.clone() }, None)?;
            out.say(&Text::ContainerDetached { id: &id.to_string() })?;
        }
        if ids.is_empty() {
            out.say(&Text::NotAttached { name: self.name.as_str() })?;
        }
        out.document(&json!({ "detached": ids }))?;
        DONE
    }

    fn means(&self, id: &AttachmentId) -> bool {
        id.container == self.name && self.interface.as_ref().is_none_or(|i| *i == id.interface)
    }
}
