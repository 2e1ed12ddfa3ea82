//! `glassnet ls`: who is attached.

use super::output::Output;
use super::table::Table;
use super::{DONE, Outcome, publish};
use crate::api::Api;
use crate::protocol::AttachmentRow;
use clap::Args;
use model::cluster::NetworkName;
use model::explain::{Language, Text};
use std::net::IpAddr;

/// List the attached containers
#[derive(Args)]
pub(super) struct Ls {
    /// Those of one network only
    #[arg(long, value_name = "NETWORK")]
    network: Option<NetworkName>,
}

impl Ls {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut rows = Api::here().attachments()?;
        if let Some(network) = &self.network {
            rows.retain(|row| row.attachment.network == *network);
        }
        out.document(&rows)?;
        out.table(&table(&rows, out.language), &Text::NoAttachments)?;
        DONE
    }
}

pub(super) fn table(rows: &[AttachmentRow], language: Language) -> Table {
    let mut table = Table::new([
        Text::Container,
        Text::Interface,
        Text::Network,
        Text::Address,
        Text::Published,
        Text::State,
    ]);
    for row in rows {
        let attachment = &row.attachment;
        table.row([
            attachment.id.container.to_string(),
            attachment.id.interface.to_string(),
            attachment.network.to_string(),
            attachment.addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", "),
            publish::show(&attachment.publish),
            state(&row.state).say(language),
        ]);
    }
    table
}

/// The daemon's word for how far an attachment has come.
fn state(word: &str) -> Text<'_> {
    match word {
        "leased" => Text::Pending,
        "attached" => Text::Attached,
        "detaching" => Text::Detaching,
        other => Text::Verbatim(other),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cli::help::expect;
    use serde_json::json;

    pub(in crate::cli) fn rows() -> Vec<AttachmentRow> {
        serde_json::from_value(json!([
            {
                "container": "web-1", "interface": "eth0", "network": "blue",
                "addresses": ["10.88.0.2", "fd00:88::2"], "mac": "02:67:0a:58:00:02",
                "publish": [
                    { "transport": "tcp", "host_address": null, "host_port": 8080, "container_port": 80 },
                    { "transport": "tcp", "host_address": null, "host_port": 8081, "container_port": 81 },
                ],
                "default_route": true, "runtime": "cli", "netns": "/run/netns/web", "state": "attached",
            },
            {
                "container": "db", "interface": "eth0", "network": "green",
                "addresses": ["10.89.0.2"], "mac": "02:67:0a:59:00:02", "default_route": true,
                "runtime": "podman", "netns": "/run/netns/db", "state": "detaching",
            },
        ]))
        .unwrap()
    }

    #[test]
    fn the_table_in_both_languages() {
        for language in Language::BOTH {
            expect("ls", language, &table(&rows(), language).draw(language, false));
        }
    }
}
