//! `lab exec`: a command inside a machine or one of its containers.

use std::ffi::OsString;
use std::process::{Command, ExitStatus};

use nix::sys::signal::{SigSet, Signal};

use crate::error::Error;
use crate::init::search_path;
use crate::namespace;
use crate::power::known;
use crate::privilege;
use crate::state;

/// What of the caller's environment a command inside may know.
const PASSED_ON: [&str; 4] = ["TERM", "LANG", "LC_ALL", "COLUMNS"];

/// Runs a command with the caller's stdin, stdout and stderr, and waits for
/// its end. Interrupts from the keyboard are left to the command, also after
/// it has ended: the caller is expected to end with its status.
pub fn exec(
    lab: &str,
    machine: &str,
    container: Option<&str>,
    command: &[OsString],
) -> Result<ExitStatus, Error> {
    privilege::check()?;
    let record = state::read(lab)?;
    let known = known(&record, machine)?;
    let part = match container {
        None => machine.to_owned(),
        Some(name) if known.containers.iter().any(|one| one.name == name) => {
            format!("{machine}/{name}")
        }
        Some(name) => {
            return Err(Error::NoContainer {
                machine: machine.to_owned(),
                name: name.to_owned(),
                containers: known.containers.iter().map(|one| one.name.clone()).collect(),
            });
        }
    };
    let process = record.process(&part).ok_or_else(|| Error::NotRunning {
        lab: lab.to_owned(),
        machine: machine.to_owned(),
        part: part.clone(),
    })?;
    let failed = |source| Error::Exec {
        part: part.clone(),
        command: command
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" "),
        source,
    };
    let Some((program, arguments)) = command.split_first() else {
        return Err(failed(std::io::Error::other("no command was given")));
    };
    let mut keyboard = SigSet::empty();
    keyboard.add(Signal::SIGINT);
    keyboard.add(Signal::SIGQUIT);
    keyboard.thread_block().map_err(|error| failed(error.into()))?;
    namespace::inside(process, namespace::ALL, || {
        Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", search_path())
            .env("HOME", "/root")
            .envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .status()
    })
    .map_err(failed)
}
