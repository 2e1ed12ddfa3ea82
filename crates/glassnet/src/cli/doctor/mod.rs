//! `glassnet doctor`: looks for what breaks container networks, on ours and on foreign ones. It
//! reads only.
//!
//! A check is a pure function of what was [`Seen`]; a file holds one or two that belong together.
//! To add a check: a function, a line in [`CHECKS`], its findings in `model::explain`.

mod addresses;
mod configurations;
mod forwarding;
mod leaks;
mod mtu;
mod overlap;
mod seen;

use super::Outcome;
use super::output::Output;
use clap::Args;
use model::explain::{Finding, Text};
use seen::Seen;
use serde_json::json;
use std::process::ExitCode;

/// Look for what breaks container networks on this host; changes nothing
#[derive(Args)]
pub(super) struct Doctor {}

/// One question that is asked of a host.
struct Check {
    name: &'static str,
    /// Whether it compares with what the daemon knows.
    daemon: bool,
    run: fn(&Seen) -> Vec<Finding>,
}

/// All checks, in the order their findings are shown.
const CHECKS: &[Check] = &[
    Check { name: "forwarding", daemon: true, run: forwarding::off },
    Check { name: "foreign-forward-drop", daemon: false, run: forwarding::foreign_drop },
    Check { name: "legacy-filter", daemon: false, run: forwarding::unseen },
    Check { name: "leaked-links", daemon: true, run: leaks::links },
    Check { name: "leaked-leases", daemon: true, run: leaks::leases },
    Check { name: "addresses", daemon: true, run: addresses::nearly_gone },
    Check { name: "port-mtu", daemon: false, run: mtu::ports },
    Check { name: "underlay-mtu", daemon: true, run: mtu::underlay },
    Check { name: "cni-configuration", daemon: false, run: configurations::left_over },
    Check { name: "overlap", daemon: true, run: overlap::subnets },
];

impl Doctor {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let (seen, no_daemon) = seen::look(out.language)?;
        let findings = examine(&seen, no_daemon.as_deref());
        let language = out.language;
        let documents = findings.iter().map(|(check, finding)| {
            json!({ "check": check, "finding": finding.name(), "words": finding.say(language) })
        });
        out.document(&json!({
            "checks": CHECKS.iter().map(|check| check.name).collect::<Vec<_>>(),
            "findings": documents.collect::<Vec<_>>(),
        }))?;
        for (_, finding) in &findings {
            let words = finding.say(language);
            out.say(&Text::Verbatim(&words.what))?;
            out.say(&Text::Evidence { text: &words.evidence })?;
            out.say(&Text::Advice { text: &words.advice })?;
        }
        if findings.is_empty() {
            out.say(&Text::AllWell { checks: CHECKS.len() })?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(ExitCode::FAILURE)
    }
}

/// Runs every check that can be run; those that cannot make one finding together.
fn examine(seen: &Seen, no_daemon: Option<&str>) -> Vec<(&'static str, Finding)> {
    let (blind, able): (Vec<&Check>, Vec<&Check>) =
        CHECKS.iter().partition(|check| check.daemon && no_daemon.is_some());
    let mut findings: Vec<_> = able
        .iter()
        .flat_map(|check| (check.run)(seen).into_iter().map(|finding| (check.name, finding)))
        .collect();
    if let Some(why) = no_daemon {
        let checks: Vec<&str> = blind.iter().map(|check| check.name).collect();
        findings.push((
            "daemon",
            Finding::NotSeen { checks: checks.join(", "), part: "daemon".into(), why: why.into() },
        ));
    }
    findings
}

#[cfg(test)]
mod tests;
