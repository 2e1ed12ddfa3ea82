//! `glassnet cidr overlaps`: which of several prefixes overlap, and how; of one, what on this host it
//! would collide with.
//!
//! Like `doctor`, it ends with 1 if it found something, or could not look everywhere.

use super::here::{Here, Used};
use super::read;
use crate::cli::Outcome;
use crate::cli::output::Output;
use clap::Args;
use model::cidr::{self, Relation};
use model::explain::Text;
use model::net::IpNet;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Say which prefixes overlap, or whether one would collide on this host; exit code 1 if so
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet cidr overlaps 10.0.0.0/22 10.0.2.0/24 192.168.0.0/16
  glassnet cidr overlaps 10.88.0.0/16

One prefix is compared with this host's routes and addresses, and with glassnet's networks.")]
pub(super) struct Overlaps {
    /// The prefixes, each as for glassnet cidr
    #[arg(value_name = "PREFIX", required = true)]
    prefixes: Vec<String>,
}

impl Overlaps {
    pub(super) fn run(self, out: &Output) -> Outcome {
        match &read(&self.prefixes)?[..] {
            [prefix] => with_host(prefix, &Here::look(out.language), out),
            prefixes => with_each_other(prefixes, out),
        }
    }
}

fn with_each_other(prefixes: &[IpNet], out: &Output) -> Outcome {
    let mut found = Vec::new();
    for (number, one) in prefixes.iter().enumerate() {
        for two in &prefixes[number + 1..] {
            let relation = cidr::relation(one, two);
            if relation.overlaps() {
                found.push((one.trunc(), two.trunc(), relation));
            }
        }
    }
    out.document(&json!({
        "prefixes": prefixes.iter().map(IpNet::trunc).collect::<Vec<_>>(),
        "overlaps": found.iter().map(|(one, two, relation)| {
            json!({ "one": one, "two": two, "relation": relation })
        }).collect::<Vec<_>>(),
    }))?;
    for (one, two, relation) in &found {
        out.say(&how(*relation, one, two))?;
    }
    if found.is_empty() {
        out.say(&Text::NoneOverlap { count: prefixes.len() })?;
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Of two that overlap.
fn how<'a>(relation: Relation, one: &'a IpNet, two: &'a IpNet) -> Text<'a> {
    match relation {
        Relation::Inside => Text::LiesIn { inner: one, outer: two },
        Relation::Holds => Text::LiesIn { inner: two, outer: one },
        _ => Text::AreTheSame { prefix: one },
    }
}

pub(super) fn with_host(prefix: &IpNet, here: &Here, out: &Output) -> Outcome {
    let prefix = &prefix.trunc();
    let colliding: Vec<(&Used, Relation)> = here
        .used
        .iter()
        .map(|used| (used, cidr::relation(prefix, &used.prefix)))
        .filter(|(_, relation)| relation.overlaps())
        .collect();
    let language = out.language;
    out.document(&json!({
        "prefix": prefix,
        "overlaps": colliding.iter().map(|(used, relation)| {
            json!({ "with": used.prefix, "relation": relation, "used": used.by })
        }).collect::<Vec<_>>(),
        "not_looked_at": here.unseen.iter().map(|unseen| {
            json!({ "part": unseen.part.name(), "why": unseen.why })
        }).collect::<Vec<Value>>(),
    }))?;
    for (used, relation) in &colliding {
        let how = match relation {
            Relation::Equal => Text::IsInUse { prefix },
            other => how(*other, prefix, &used.prefix),
        };
        let how = how.say(language);
        let by = used.by.say(language);
        out.say(&Text::Collides { how: &how, by: &by })?;
    }
    for unseen in &here.unseen {
        let part = unseen.part.word().say(language);
        out.say(&Text::NotLookedAt { part: &part, why: &unseen.why })?;
    }
    match (colliding.is_empty(), here.unseen.is_empty()) {
        (true, true) => out.say(&Text::FreeHere { prefix })?,
        (true, false) => out.say(&Text::FreeAsFarAsSeen { prefix })?,
        _ => {}
    }
    let free = colliding.is_empty() && here.unseen.is_empty();
    Ok(if free { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
