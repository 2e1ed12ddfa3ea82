//! The CNI plugin: a shim between an engine and the daemon. It reads what the engine asks, asks
//! the daemon, and says the answer in CNI's words. It decides nothing about networks and keeps no
//! state; while the daemon is down it leaves a DEL in its queue.
//!
//! ```text
//! CNI_* ─▶ environment ─┐                        ┌▶ add    ─▶ result, merged into prevResult ─┐
//!                       ├▶ verb, version allowed ┼▶ del    ─▶ (daemon down: queue)            ├▶ stdout
//! stdin ─▶ document ────┘                        ├▶ check  ─▶ differences                     │
//!          └▶ configuration ─▶ wishes            └▶ status, gc, version ──────────────────────┘
//! ```
//!
//! To read: the CNI SPEC 1.1.0, "Section 2: Execution Protocol", "Section 5: Result Types", and
//! CONVENTIONS.md, "Well-known Capabilities".
//!
//! What the SPEC leaves open, and what we do:
//!
//! - Keys of a configuration that we do not know are refused by ADD and STATUS (SPEC: plugins "may
//!   generate an error"), for a misspelt key must not change a network unseen. Other verbs ignore
//!   them: what was attached can always be taken off.
//! - As an interface plugin we always make `CNI_IFNAME`. With a `prevResult` our interface is added
//!   to it; if an earlier plugin made that very interface, ADD is refused.
//! - `CNI_NETNS_OVERRIDE` and `CNI_PATH` have no effect: the daemon tells its own namespace from a
//!   container's wherever the shim is run, and no other program is run.

mod add;
mod arguments;
mod bandwidth;
mod check;
mod configuration;
mod del;
mod document;
mod environment;
mod field;
mod gc;
mod netns;
mod ports;
mod previous;
mod refusal;
mod result;
mod status;
#[cfg(test)]
mod tests;
mod version;
mod wishes;

use crate::client::{self, NoAnswer};
use crate::protocol::{Request, Response};
use configuration::Configuration;
use environment::{Command, Environment};
use field::Field;
use refusal::Refusal;
use serde_json::Value;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use store::StoreError;
use version::Version;

/// One question to the daemon, as [`client::ask`].
type Ask<'a> = &'a dyn Fn(&Request, Option<BorrowedFd<'_>>) -> Result<Response, NoAnswer>;

/// What the plugin does to the world, each replaced in tests.
struct World<'a> {
    ask: Ask<'a>,
    /// Leaves a request for when the daemon is back.
    leave: &'a dyn Fn(&Request) -> Result<(), StoreError>,
    open: &'a dyn Fn(&str) -> Result<OwnedFd, Refusal>,
}

/// Answers the engine that set `CNI_COMMAND`; gives the exit code.
pub(crate) fn run() -> i32 {
    const SUCCESS: i32 = 0;
    const FAILURE: i32 = 1;
    let environment = Environment::read(&|name| std::env::var_os(name));
    let stdin = io::stdin();
    // A person who asks for the version at a terminal has no configuration to type.
    let input: &mut dyn Read =
        if stdin.is_terminal() { &mut io::empty() } else { &mut stdin.lock() };
    let world = World { ask: &client::ask, leave: &del::leave, open: &netns::open };
    let (said, code) = match answer(&environment, input, &world) {
        Ok(None) => return SUCCESS,
        Ok(Some(result)) => (result, SUCCESS),
        Err(error) => (error, FAILURE),
    };
    let mut line = said.to_string();
    line.push('\n');
    match io::stdout().lock().write_all(line.as_bytes()) {
        Ok(()) => code,
        Err(error) => {
            eprintln!("glassnet: the answer could not be written to standard output: {error}");
            FAILURE
        }
    }
}

/// The answer, or the error, each as it is written.
fn answer(
    environment: &Result<Environment, Refusal>,
    input: &mut dyn Read,
    world: &World<'_>,
) -> Result<Option<Value>, Value> {
    let mut spoken = Version::LATEST;
    let mut answer = || {
        let environment = environment.as_ref().map_err(Clone::clone)?;
        let bytes = document::read(input)?;
        if environment.command == Command::Version {
            return Ok(Some(version::supported(&bytes)));
        }
        let document = document::parse(&bytes)?;
        let root = Field::root(&document);
        spoken = version::asked(&root)?;
        environment.command.allowed_in(spoken)?;
        let configuration = Configuration::read(root, spoken)?;
        match environment.command {
            Command::Add => add::add(environment, &configuration, world).map(Some),
            Command::Del => del::del(environment, world).map(|()| None),
            Command::Check => check::check(environment, &configuration, world).map(|()| None),
            Command::Status => status::status(&configuration, world).map(|()| None),
            Command::Gc => gc::gc(&configuration, world).map(|()| None),
            Command::Version => unreachable!("answered above"),
        }
    };
    let answer: Result<_, Refusal> = answer();
    answer.map_err(|refusal| refusal.written(spoken))
}
