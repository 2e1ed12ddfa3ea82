//! `glassnet node`: the daemon, and `node reset`, which leaves nothing of it.

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome};
use crate::api::Api;
use crate::daemon::{self, ClusterSettings, Options};
use crate::protocol::{Failure, RUN_DIRECTORY, STATE_DIRECTORY};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Subcommand};
use model::cluster::NodeName;
use model::explain::{Reason, Text};
use model::net::Family;
use rustix::thread::{CapabilitySet, capabilities};
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
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

    /// Share networks with other hosts through this store, for instance etcd://10.0.0.1:2379
    #[arg(long, value_name = "URL", env = "GLASSNET_STORE", hide_env_values = true)]
    store: Option<String>,

    /// Where in the store the cluster stands
    #[arg(long, value_name = "KEY", default_value = "/glassnet/v1/", requires = "store")]
    store_prefix: String,

    /// Certificate of the authority that signed the store's (PEM); the store is spoken to by TLS
    #[arg(long, value_name = "FILE", requires = "store")]
    store_ca: Option<PathBuf>,

    /// This node's certificate for the store (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["store_ca", "store_key"])]
    store_cert: Option<PathBuf>,

    /// The key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "store_cert")]
    store_key: Option<PathBuf>,

    /// This node's name in the cluster; else the host's
    #[arg(long, value_name = "NAME", requires = "store")]
    name: Option<NodeName>,

    /// Where the other nodes reach this one, one of each family at most; else the address that leads
    /// to the store
    #[arg(long = "address", value_name = "ADDRESS", value_delimiter = ',', requires = "store")]
    addresses: Vec<IpAddr>,

    /// Do not tell other nodes where a packet would go here, when somebody traces one there
    #[arg(
        long, action = ArgAction::SetTrue, value_parser = BoolishValueParser::new(),
        env = "GLASSNET_REFUSE_TRACES", hide_env_values = true
    )]
    refuse_traces: bool,

    #[command(subcommand)]
    verb: Option<NodeVerb>,
}

#[derive(Subcommand)]
enum NodeVerb {
    Reset(Reset),
    Forget(Forget),
}

/// Give back what a node held that is gone for good: its blocks of addresses and its name
#[derive(Args)]
struct Forget {
    /// Name of the node
    #[arg(value_name = "NAME")]
    name: NodeName,
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
            Some(NodeVerb::Forget(Forget { name })) => {
                Api::at(&self.run_dir).forget_node(name)?;
                out.say(&Text::NodeForgotten { name })?;
                DONE
            }
        }
    }

    fn serve(&self) -> Outcome {
        daemon::run(&self.options_of_a_node()?).map_err(|error| not_run(&error))?;
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
            cluster: None,
        }
    }

    fn options_of_a_node(&self) -> Result<Options, Error> {
        Ok(Options { cluster: self.cluster()?, ..self.options() })
    }

    fn cluster(&self) -> Result<Option<ClusterSettings>, Error> {
        let Some(url) = &self.store else { return Ok(None) };
        let refused = |why: String| Error::Refused(Reason::CannotStart { why }.into());
        let tls = self.store_ca.as_ref().map(|ca| store::etcd::Tls {
            ca: ca.clone(),
            identity: self
                .store_cert
                .clone()
                .zip(self.store_key.clone())
                .map(|(cert, key)| store::etcd::Identity { cert, key }),
        });
        let store = store::etcd::Options::new(url, &self.store_prefix, tls);
        let store = store.map_err(|error| refused(error.to_string()))?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => {
                let host = rustix::system::uname();
                let host = host.nodename().to_string_lossy();
                let name = host.parse::<NodeName>();
                name.map_err(|error| refused(format!("{error}; give one with --name")))?
            }
        };
        for family in Family::BOTH {
            if self.addresses.iter().filter(|a| Family::of(**a) == family).count() > 1 {
                return Err(Error::Refused(Reason::AddressesOfANode { family }.into()));
            }
        }
        let (addresses, refuse_traces) = (self.addresses.clone(), self.refuse_traces);
        Ok(Some(ClusterSettings { store, name, addresses, refuse_traces }))
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
