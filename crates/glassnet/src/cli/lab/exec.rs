//! `glassnet lab exec`: a command inside a machine, or one of its containers.

use super::place;
use crate::cli::Outcome;
use crate::cli::output::Output;
use clap::Args;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

/// Run a command on a machine of a lab, or in one of its containers
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet lab exec alpha -- ip route
  glassnet lab exec two/alpha/web -- sh")]
pub(super) struct Exec {
    /// Where: [LAB/]HOST or [LAB/]HOST/CONTAINER; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST[/CONTAINER]")]
    place: String,

    /// Command with its arguments, after --
    #[arg(value_name = "CMD", last = true, required = true)]
    command: Vec<OsString>,
}

impl Exec {
    pub(super) fn run(self, _: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let (machine, container) = match place.part.split_once('/') {
            Some((machine, container)) => (machine, Some(container)),
            None => (place.part.as_str(), None),
        };
        let status = lab::exec(&place.lab, machine, container, &self.command)?;
        Ok(code(status))
    }
}

/// The command's own exit code; 128 and the signal's number if one ended it, as shells have it.
fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
