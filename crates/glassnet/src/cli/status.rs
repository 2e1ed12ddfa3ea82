//! `glassnet status`: the daemon in numbers, and what it would have people know.

use super::network::numbers;
use super::output::Output;
use super::table::Fields;
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
    let minutes = now.saturating_sub(status.started) / 60;
    let ago = match minutes {
        0 => Text::LessThanAMinute,
        _ => Text::Duration {
            days: minutes / (24 * 60),
            hours: minutes / 60 % 24,
            minutes: minutes % 60,
        },
    };
    let mut fields = Fields::default();
    fields.add(Text::Version, &status.version);
    fields.add(Text::Process, status.pid);
    fields.add(Text::Started, Text::Ago { ago: &ago.say(language) }.say(language));
    fields.add(Text::Attachments, status.attachments);
    fields.add(Text::Queued, status.queued);
    fields
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
        };
        for language in Language::BOTH {
            let now = 1_000_000 + 26 * 3600 + 5 * 60;
            expect("status", language, &fields(&status, now, language).draw(language, false));
        }
    }
}
