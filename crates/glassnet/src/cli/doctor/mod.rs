//! `glassnet doctor`: looks for what breaks container networks, on ours and on foreign ones. It
//! reads only.
//!
//! A check is a pure function of what was [`Seen`]; a file holds one or two that belong together.
//! To add a check: a function, a line in [`CHECKS`], its findings in `model::explain`.
//!
//! ```text
//! machine::snapshot, or a file ─▶ Seen ─┬─▶ checks of what stands there (domains: who hears whom)
//! what the daemon knows ───────────────▶ └─▶ walks: what each container needs to reach, asked of model::path
//! ```

mod addresses;
mod bridges;
mod configurations;
mod connections;
mod domains;
mod forwarding;
mod holders;
mod leaks;
mod mtu;
mod neighbours;
mod overlap;
mod published;
mod scope;
mod seen;
mod tunnels;
mod unread;
mod veths;
mod walks;

use super::Outcome;
use super::output::Output;
use super::trace::state;
use crate::machine::Machine;
use clap::Args;
use model::explain::{Finding, Text};
use model::net::Family;
use model::path::{Evidence, Reason};
use seen::{Daemon, Seen};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Look for what breaks container networks on this host; changes nothing
#[derive(Args)]
#[command(
    after_help = "Every container, pod and network namespace is looked at, whoever made it. What each needs to \
reach (the outside, its gateway, others in its network) is asked as glassnet trace does, without sending anything; \
and what stands in tables is compared: neighbours, forwarding databases, tunnels, connections.

PLACE is written as for glassnet capture. Labs are left out, unless a place of theirs is named.

Examples:
  glassnet doctor
  glassnet doctor pod:default/web
  glassnet doctor --state monday.json"
)]
pub(super) struct Doctor {
    /// Look only at what hangs together with these places, over bridges and veth pairs
    #[arg(value_name = "PLACE")]
    places: Vec<String>,

    /// Look at a snapshot instead of this machine (see glassnet snapshot)
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// One question that is asked of a host.
struct Check {
    name: &'static str,
    /// Whether it compares with what the daemon knows.
    daemon: bool,
    run: Run,
}

enum Run {
    Looks(fn(&Seen) -> Vec<Finding>),
    /// And asks the machine again, for what mends it.
    Asks(fn(&Seen, &mut Machine) -> Vec<Finding>),
}

const fn host(name: &'static str, run: fn(&Seen) -> Vec<Finding>) -> Check {
    Check { name, daemon: false, run: Run::Looks(run) }
}

const fn daemon(name: &'static str, run: fn(&Seen) -> Vec<Finding>) -> Check {
    Check { name, daemon: true, run: Run::Looks(run) }
}

/// All checks, in the order their findings are shown.
const CHECKS: &[Check] = &[
    daemon("forwarding", forwarding::off),
    host("foreign-forward-drop", forwarding::foreign_drop),
    host("legacy-filter", forwarding::unseen),
    Check { name: "walks", daemon: false, run: Run::Asks(walks::cut_off) },
    host("addresses-twice", holders::addresses),
    host("macs-twice", holders::macs),
    host("duplicate-addresses", holders::duplicates),
    host("fdb", bridges::fdb),
    host("neighbours", neighbours::wrong),
    host("tunnels", tunnels::entries),
    host("tunnel-mtu", tunnels::mtu),
    host("dead-links", veths::dead),
    host("left-over-ports", veths::left_over),
    host("bridge-ports", bridges::nearly_full),
    host("connections", connections::stale),
    host("published", published::to_nobody),
    daemon("leaked-links", leaks::links),
    daemon("leaked-leases", leaks::leases),
    daemon("addresses", addresses::nearly_gone),
    host("port-mtu", mtu::ports),
    daemon("underlay-mtu", mtu::underlay),
    host("cni-configuration", configurations::left_over),
    daemon("overlap", overlap::subnets),
    host("unread", unread::parts),
];

impl Doctor {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let (seen, mut machine, daemon) =
            seen::look(self.state.as_deref(), &self.places, out.language)?;
        let findings = examine(&seen, &mut machine, &daemon);
        let language = out.language;
        let documents = findings.iter().map(|(check, finding)| {
            let words = finding.say(language);
            let (who, command) = (finding.who(), finding.command());
            json!({
                "check": check, "finding": finding.name(), "words": words, "who": who,
                "command": command,
            })
        });
        let able: Vec<_> = able(&daemon).map(|check| check.name).collect();
        out.document(&json!({ "checks": able, "findings": documents.collect::<Vec<_>>() }))?;
        if let Some(note) = state::note(&machine) {
            out.say(&Text::Verbatim(&note.say(language)))?;
        }
        for (_, finding) in &findings {
            let words = finding.say(language);
            out.say(&Text::Verbatim(&words.what))?;
            out.say(&Text::Evidence { text: &words.evidence })?;
            out.say(&Text::Advice { text: &words.advice })?;
        }
        if findings.is_empty() {
            out.say(&Text::AllWell { checks: able.len() })?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(ExitCode::FAILURE)
    }
}

/// The checks that can be run.
fn able(daemon: &Daemon) -> impl Iterator<Item = &'static Check> {
    let told = matches!(daemon, Daemon::Told);
    CHECKS.iter().filter(move |check| told || !check.daemon)
}

/// Runs every check that can be run; those that cannot make one finding together.
fn examine(seen: &Seen, machine: &mut Machine, daemon: &Daemon) -> Vec<(&'static str, Finding)> {
    let mut findings = Vec::new();
    for check in able(daemon) {
        let found = match check.run {
            Run::Looks(run) => run(seen),
            Run::Asks(run) => run(seen, machine),
        };
        findings.extend(found.into_iter().map(|finding| (check.name, finding)));
    }
    let said: Vec<Finding> = findings.iter().map(|(_, finding)| finding.clone()).collect();
    findings.retain(|(_, finding)| !said.iter().any(|other| tells_the_same(other, finding)));
    if let Daemon::Silent { why } = daemon {
        let blind = CHECKS.iter().filter(|check| check.daemon);
        let checks = blind.map(|check| check.name).collect::<Vec<_>>().join(", ");
        let (part, why) = ("daemon".to_owned(), why.clone());
        findings.push(("daemon", Finding::NotSeen { checks, part, why }));
    }
    findings
}

/// Whether a finding about the host is why a packet is lost, so that there is nothing to add.
fn tells_the_same(host: &Finding, lost: &Finding) -> bool {
    let (Finding::CutOff { because, .. } | Finding::NoAnswer { because, .. }) = lost else {
        return false;
    };
    match (host, because) {
        (Finding::ForeignForwardDrop { chain: named, .. }, Reason::Rule { evidence }) => {
            matches!(&**evidence, Evidence::Rule { family, table, chain, .. }
                | Evidence::Policy { family, table, chain, .. }
                if *named == format!("{} {table} {chain}", family.as_str()))
        }
        (Finding::ForwardingOff { family, .. }, Reason::NotForwarding { sysctl }) => {
            sysctl.starts_with("net/ipv4/") == (*family == Family::V4)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
