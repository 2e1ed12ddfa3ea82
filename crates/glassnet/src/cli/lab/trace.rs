//! `glassnet lab trace`: where a packet would go among all machines of a lab, hop by hop, from
//! their states alone.

use super::across::Across;
use super::place;
use crate::cli::output::Output;
use crate::cli::trace::Sent;
use crate::cli::{DONE, Outcome};
use clap::Args;
use model::explain::Say as _;
use model::host::{Actual, NamespaceId};
use serde_json::json;
use std::net::IpAddr;

/// Say where a packet would go among all machines of a lab, and why
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet lab trace alpha/web 10.1.0.70 --port 80 --back
  glassnet lab trace two/outside 192.0.2.1")]
pub(super) struct Trace {
    /// Who sends: [LAB/]HOST or [LAB/]HOST/CONTAINER; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST[/CONTAINER]")]
    place: String,

    /// The address it is sent to
    #[arg(value_name = "TO")]
    to: IpAddr,

    #[command(flatten)]
    packet: Sent,

    /// If it is delivered, say the way of its answer too
    #[arg(long)]
    back: bool,
}

impl Trace {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let (machine, container) = match place.part.split_once('/') {
            Some((machine, container)) => (machine, Some(container)),
            None => (place.part.as_str(), None),
        };
        let across = Across::look(&place.lab)?;
        let from = match container {
            None => NamespaceId::Host,
            Some(container) => NamespaceId::Container(container.to_owned()),
        };
        known(&place.lab, machine, &across, &from)?;
        let (there, back) = across.walk(machine, self.packet.question(from, self.to));
        let back = back.filter(|_| self.back);
        if out.json {
            return out.document(&json!({ "there": there, "back": back })).and(DONE);
        }
        let mut text = format!("{}\n", there.said(out.language));
        if let Some(back) = back {
            text += &format!("\n{}\n", back.said(out.language));
        }
        out.raw(&text).and(DONE)
    }
}

/// A machine that does not run, or a container that is not there, is no question of its path.
fn known(lab: &str, machine: &str, across: &Across, from: &NamespaceId) -> Result<(), lab::Error> {
    let Some(actual) = across.machine(machine) else {
        // Says which machines there are, or that this one is off.
        return lab::visit(lab, machine, lab::View::Network, || ());
    };
    match from {
        NamespaceId::Container(name) if !actual.namespaces.contains_key(from) => {
            let (machine, name) = (machine.to_owned(), name.clone());
            Err(lab::Error::NoContainer { machine, name, containers: containers(actual) })
        }
        _ => Ok(()),
    }
}

fn containers(actual: &Actual) -> Vec<String> {
    let containers = actual.namespaces.keys().filter_map(|id| match id {
        NamespaceId::Container(name) => Some(name.clone()),
        NamespaceId::Host | NamespaceId::Named(_) | NamespaceId::Inode(_) => None,
    });
    containers.collect()
}
