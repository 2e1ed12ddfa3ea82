//! `glassnet reach`: who on this machine reaches whom, and why not.
//!
//! ```text
//! all namespaces, as for a snapshot ── places ─▶ endpoints ─▶ model::path::reach ─▶ view
//!                                                                   │
//!                                     --save FILE ◀── saved ◀───────┴── compare ◀── --diff FILE
//! ```

mod places;
mod saved;
mod view;

use super::Outcome;
use super::error::Error;
use super::output::Output;
use super::trace::{self, Wrong};
use crate::machine::{Machine, Snapshot};
use clap::Args;
use model::explain::ReachText;
use model::host::Actual;
use model::net::{Family, Transport};
use model::path::Asked;
use model::path::reach::{compare, reach};
use places::Chosen;
use saved::Saved;
use std::path::PathBuf;
use std::process::ExitCode;

/// Say who reaches whom on this machine, and why not
#[derive(Args)]
#[command(
    after_help = "Every place is asked about every other, there and back, by one of its addresses. Places \
that nothing tells apart are a class, and one packet stands for all between two classes. Nothing is sent.

PLACE is a name as glassnet trace takes it, or a pattern: web, 'pod:default/*', 'docker:*', host.

The exit code is 0 if all is told; with --diff 1 if something became different.

Examples:
  glassnet reach
  glassnet reach --from 'pod:shop/*' --to pod:shop/db --port 5432
  glassnet reach --port 80 --save monday.reach
  glassnet reach --port 80 --diff monday.reach"
)]
pub(super) struct Reach {
    /// Only from these places: may be given several times
    #[arg(long, value_name = "PLACE")]
    from: Vec<String>,

    /// Only to these places: may be given several times
    #[arg(long, value_name = "PLACE")]
    to: Vec<String>,

    /// Protocol: tcp, udp or icmp; tcp if a port is given, else icmp
    #[arg(long, value_name = "PROTO", value_parser = ["tcp", "udp", "icmp"])]
    proto: Option<String>,

    /// Port it is sent to
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// By IPv6 addresses instead of IPv4's
    #[arg(short = '6', long = "ipv6")]
    v6: bool,

    /// Ask a snapshot instead of this machine (see glassnet snapshot)
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Keep the answer in a file, for a later --diff
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,

    /// Say only what became different since an answer was kept
    #[arg(long, value_name = "FILE")]
    diff: Option<PathBuf>,
}

impl Reach {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let asked = self.asked()?;
        let before = self.diff.as_deref().map(Saved::read).transpose()?;
        if let Some(before) = &before
            && before.reach.asked != asked
        {
            let asked = before.reach.asked;
            return Err(Error::Trace(Wrong::Reach(ReachText::OtherQuestion {
                asked: view::packet(asked, out.language),
            })));
        }
        let taken = match &self.state {
            Some(path) => trace::state::snapshot(path)?,
            None => Machine::here().map_err(Error::Kernel)?.snapshot(|_| true),
        };
        let family = if self.v6 { Family::V6 } else { Family::V4 };
        let chosen = Chosen::of(&taken, family, &self.from, &self.to)?;
        let host = taken.host.clone();
        let unread = view::unread(&taken);
        let state = actual(taken);
        let Chosen { endpoints, names, without } = chosen;
        let reach = reach(&[(&host, &state)], &[], endpoints, asked);
        let saved = Saved::new(names, reach);
        if let Some(path) = &self.save {
            saved.write(path).map_err(|error| Error::File(path.clone(), error))?;
        }
        let differences = before.map(|before| compare(&before.reach, &saved.reach));
        let answer = view::Answer { saved: &saved, differences, without, family, unread };
        out.document(&answer.document())?;
        out.drawn(|language, colour| answer.draw(language, colour))?;
        let differs = answer.differences.is_some_and(|differences| !differences.is_empty());
        Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn asked(&self) -> Result<Asked, Error> {
        let transport = match self.proto.as_deref() {
            Some("udp") => Some(Transport::Udp),
            Some("tcp") => Some(Transport::Tcp),
            Some(_) => None,
            None => self.port.map(|_| Transport::Tcp),
        };
        match (transport, self.port) {
            (Some(Transport::Tcp), Some(port)) => Ok(Asked::Tcp { port }),
            (Some(Transport::Udp), Some(port)) => Ok(Asked::Udp { port }),
            (None, None) => Ok(Asked::Echo),
            (Some(_), None) => Err(Error::Trace(Wrong::Reach(ReachText::NeedsPort))),
            (None, Some(_)) => Err(Error::Trace(Wrong::Reach(ReachText::NoPortOfIcmp))),
        }
    }
}

/// The namespaces alone.
fn actual(taken: Snapshot) -> Actual {
    let namespaces = taken.namespaces.into_iter().map(|of| (of.id, of.state));
    Actual { namespaces: namespaces.collect() }
}
