//! `glassnet status`: the daemon in numbers, and what it would have people know.

use super::network::numbers;
use super::output::Output;
use super::table::{Fields, Table};
use super::{DONE, Outcome};
use crate::api::Api;
use crate::protocol;
use clap::Args;
use model::explain::{Language, Text};
use std::time::{SystemTime, UNIX_EPOCH};

/// Show how the daemon and its networks are
#[derive(Args)]
pub(super) struct Status {}

impl Status {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let status = Api::here().status()?;
        out.document(&document(&status, out.language))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        out.fields(&fields(&status, now, out.language))?;
        out.table(&numbers(&status.networks), &Text::NoNetworks)?;
        if let Some(cluster) = &status.cluster {
            out.table(&peers(cluster, now, out.language), &Text::NoPeers)?;
            for note in notes(cluster, out.language) {
                out.say(&Text::Verbatim(&note))?;
            }
        }
        if status.drift.is_empty() {
            out.say(&Text::NoDrift)?;
        } else {
            out.say(&Text::Drift { count: status.drift.len() })?;
        }
        for step in &status.drift {
            out.say(&Text::Verbatim(&format!("  {}", step.say(out.language))))?;
        }
        for warning in &status.warnings {
            out.say(&Text::Warning { text: &warning.say(out.language) })?;
        }
        DONE
    }
}

/// The status as the daemon gives it, with each notice also in words.
fn document(status: &protocol::Status, language: Language) -> serde_json::Value {
    let mut document = serde_json::json!(status);
    for (list, notices) in [("drift", &status.drift), ("warnings", &status.warnings)] {
        for (place, notice) in notices.iter().enumerate() {
            document[list][place]["message"] = notice.say(language).into();
        }
    }
    document
}

/// `now` in seconds since 1970.
fn fields(status: &protocol::Status, now: u64, language: Language) -> Fields {
    let mut fields = Fields::default();
    fields.add(Text::Version, &status.version);
    fields.add(Text::Process, status.pid);
    fields.add(Text::Started, ago(status.started, now, language));
    if let Some(cluster) = &status.cluster {
        fields.add(Text::Node, &cluster.node);
        let store = &cluster.store.endpoints.join(", ");
        let ago = &ago(cluster.store.since, now, language);
        fields.add(
            Text::Store,
            match cluster.store.connected {
                true => Text::StoreHere { store, ago },
                false => Text::StoreNotHere { store, ago },
            }
            .say(language),
        );
    }
    fields.add(Text::Attachments, status.attachments);
    fields.add(Text::Queued, status.queued);
    fields
}

/// How long ago a moment was.
fn ago(then: u64, now: u64, language: Language) -> String {
    let minutes = now.saturating_sub(then) / 60;
    let ago = match minutes {
        0 => Text::LessThanAMinute,
        _ => Text::Duration {
            days: minutes / (24 * 60),
            hours: minutes / 60 % 24,
            minutes: minutes % 60,
        },
    };
    Text::Ago { ago: &ago.say(language) }.say(language)
}

/// The other nodes, a row for each network shared with them.
fn peers(cluster: &protocol::ClusterStatus, now: u64, language: Language) -> Table {
    let mut table = Table::new([
        Text::Node,
        Text::Addresses,
        Text::State,
        Text::Network,
        Text::By,
        Text::Mtu,
        Text::RoundTrip,
        Text::Proven,
        Text::Holds,
    ]);
    let list = |all: &[String]| all.join(", ");
    let nothing = || "-".to_owned();
    for peer in &cluster.peers {
        let state = match peer.last_seen {
            _ if peer.alive => Text::Alive.say(language),
            Some(seen) => Text::LastSeen { ago: &ago(seen, now, language) }.say(language),
            None => Text::NeverSeen.say(language),
        };
        let addresses: Vec<String> = peer.addresses.iter().map(ToString::to_string).collect();
        let head = [peer.name.to_string(), list(&addresses), state];
        if peer.networks.is_empty() {
            let rest = std::iter::repeat_with(nothing).take(6);
            table.row(head.into_iter().chain(rest).collect::<Vec<_>>());
            continue;
        }
        for network in &peer.networks {
            let prefixes: Vec<String> = network.prefixes.iter().map(ToString::to_string).collect();
            let proven = network.proven.map(|then| {
                let seconds = now.saturating_sub(then);
                Text::SecondsAgo { seconds }.say(language)
            });
            let rest = [
                network.network.to_string(),
                network.by.map_or_else(|| Text::NotRouted.say(language), |by| by.to_string()),
                network.mtu.map_or_else(nothing, |mtu| mtu.to_string()),
                network.round_trip.map_or_else(nothing, |micros| format!("{micros} us")),
                proven.unwrap_or_else(nothing),
                list(&prefixes),
            ];
            table.row(head.clone().into_iter().chain(rest).collect::<Vec<_>>());
        }
    }
    table
}

/// Of peers that are reached well, but not by the best means: why not.
fn notes(cluster: &protocol::ClusterStatus, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    for peer in &cluster.peers {
        for of in peer.networks.iter().filter(|of| of.whole && !of.why.is_empty()) {
            let why: Vec<String> = of.why.iter().map(|why| why.say(language)).collect();
            let by = of.by.map(|by| by.to_string()).unwrap_or_default();
            let (network, node, why) = (&of.network, &peer.name, &why.join("; "));
            notes.push(Text::NotDirect { network, node, by: &by, why }.say(language));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::expect;

    #[test]
    fn the_fields_in_both_languages() {
        let status = protocol::Status {
            version: "0.1.0".into(),
            pid: 4711,
            started: 1_000_000,
            networks: Vec::new(),
            attachments: 3,
            queued: 1,
            drift: Vec::new(),
            warnings: Vec::new(),
            cluster: None,
        };
        for language in Language::BOTH {
            let now = 1_000_000 + 26 * 3600 + 5 * 60;
            expect("status", language, &fields(&status, now, language).draw(language, false));
        }
    }
}
