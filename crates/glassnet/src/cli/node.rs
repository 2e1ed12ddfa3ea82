//! `glassnet node`: the daemon, and `node reset`, which leaves nothing of it.

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome};
use crate::daemon::{self, Options};
use crate::protocol::{Failure, RUN_DIRECTORY, STATE_DIRECTORY};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Subcommand};
use model::explain::{Reason, Text};
use rustix::thread::{CapabilitySet, capabilities};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use store::StoreError;

/// Run the daemon that owns this host's container networks
#[derive(Args)]
pub(super) struct Node {
    /// Directory of the sockets
    #[arg(
        long, global = true, value_name = "DIR",
        env = "GLASSNET_RUN_DIR", hide_env_values = true, default_value = RUN_DIRECTORY
    )]
    run_dir: PathBuf,

    /// Directory of what survives a restart
    #[arg(
        long, global = true, value_name = "DIR",
        env = "GLASSNET_STATE_DIR", hide_env_values = true, default_value = STATE_DIRECTORY
    )]
    state_dir: PathBuf,

    /// Log lines of this level and above
    #[arg(
        long, value_name = "LEVEL", default_value = "info",
        value_parser = ["error", "warn", "info", "debug", "trace"]
    )]
    log_level: String,

    /// Form of a log line
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    log_format: String,

    /// Put an accept for each network into other programs' chains that would drop its packets
    #[arg(
        long, action = ArgAction::SetTrue, value_parser = BoolishValueParser::new(),
        env = "GLASSNET_ACCEPT_IN_FOREIGN_CHAINS", hide_env_values = true
    )]
    accept_in_foreign_chains: bool,

    #[command(subcommand)]
    verb: Option<NodeVerb>,
}

#[derive(Subcommand)]
enum NodeVerb {
    Reset(Reset),
}

/// Remove everything of glassnet from this host and restore the settings it changed
#[derive(Args)]
struct Reset {
    /// Do not ask first
    #[arg(long, short)]
    yes: bool,
}

impl Node {
    pub(super) fn run(self, out: &Output) -> Outcome {
        match &self.verb {
            None => {
                privileged()?;
                self.serve()
            }
            Some(NodeVerb::Reset(reset)) => {
                reset.confirm(out)?;
                privileged()?;
                self.reset(out)
            }
        }
    }

    fn serve(&self) -> Outcome {
        daemon::run(&self.options()).map_err(|error| not_run(&error))?;
        DONE
    }

    fn reset(&self, out: &Output) -> Outcome {
        let said = daemon::reset(&self.options()).map_err(|error| not_run(&error))?;
        if out.json {
            return out.document(&serde_json::json!({ "done": said })).and(DONE);
        }
        said.iter().try_for_each(|line| out.raw(&format!("{line}\n"))).and(DONE)
    }

    fn options(&self) -> Options {
        Options {
            run_directory: self.run_dir.clone(),
            state_directory: self.state_dir.clone(),
            json_logs: self.log_format == "json",
            log_level: self.log_level.clone(),
            accept_in_foreign_chains: self.accept_in_foreign_chains,
        }
    }
}

/// Without these nothing of its work can be done, and a thread that entered a namespace could not
/// come back. What it lacks beyond them costs it single answers only.
fn privileged() -> Result<(), Error> {
    let needed =
        [(CapabilitySet::NET_ADMIN, "CAP_NET_ADMIN"), (CapabilitySet::SYS_ADMIN, "CAP_SYS_ADMIN")];
    let held =
        capabilities(None).map_err(|error| Error::File("/proc/self".into(), error.into()))?;
    let lacking = needed.iter().filter(|(one, _)| !held.effective.contains(*one));
    let lacking: Vec<String> = lacking.map(|(_, name)| (*name).to_owned()).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(Reason::NodePrivilege { lacking }.into()))
}

/// Why the daemon does not run, from the chain that tells it for the log.
fn not_run(error: &anyhow::Error) -> Error {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Error::Refused(failure.clone());
    }
    let reason = match error.downcast_ref::<StoreError>() {
        Some(StoreError::Locked { path, holder }) => Reason::AnotherRuns {
            directory: path.display().to_string(),
            pid: holder.unwrap_or_default(),
        },
        _ => Reason::CannotStart { why: chain(error) },
    };
    Error::Refused(reason.into())
}

/// What happened and why, each cause once: some errors tell of theirs themselves.
fn chain(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

impl Reset {
    /// Whether the user means it; where nobody can be asked, only `--yes` says so.
    fn confirm(&self, out: &Output) -> Result<(), Error> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Error::NotConfirmed);
        }
        let _ = write!(io::stderr(), "{}", out.word(Text::ResetAsk));
        let mut answer = String::new();
        let _ = io::stdin().read_line(&mut answer);
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" | "是" => Ok(()),
            _ => Err(Error::NotConfirmed),
        }
    }
}
