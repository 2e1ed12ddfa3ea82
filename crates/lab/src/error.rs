//! What can go wrong with a lab, in words that say what, where, and what to try.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::file::Report;
use crate::wire::WireError;

#[derive(Debug, Error)]
pub enum Error {
    #[error("cannot read the lab file {}: {source}", path.display())]
    ReadFile { path: PathBuf, source: io::Error },

    #[error("{0}")]
    File(Report),

    #[error(
        "a lab needs the capabilities {}, which this process lacks: run the command as root \
         (for instance with sudo)", lacking.join(" and ")
    )]
    Privilege { lacking: Vec<&'static str> },

    #[error(
        "\"{name}\" is no name for a lab: use 1 to 32 of a-z, 0-9 and \"-\", a letter or digit \
         first"
    )]
    Name { name: String },

    #[error(
        "the lab \"{name}\" is there already: take it down first with: glassnet lab down {name}"
    )]
    AlreadyThere { name: String },

    #[error(
        "there is no lab \"{name}\"{}",
        known(labs, "the labs here are", "no lab is up; start one with: glassnet lab up FILE")
    )]
    NoLab { name: String, labs: Vec<String> },

    #[error(
        "the lab \"{lab}\" has no machine \"{name}\"{}",
        known(machines, "it has", "it has none")
    )]
    NoMachine { lab: String, name: String, machines: Vec<String> },

    #[error(
        "the machine \"{machine}\" has no container \"{name}\"{}",
        known(containers, "it has", "it has none")
    )]
    NoContainer { machine: String, name: String, containers: Vec<String> },

    #[error("the lab \"{lab}\" has no link \"{name}\"{}", known(links, "it has", "it has none"))]
    NoLink { lab: String, name: String, links: Vec<String> },

    #[error("\"{part}\" is not running: start it with: glassnet lab start {lab} {machine}")]
    NotRunning { lab: String, machine: String, part: String },

    #[error("the machine \"{machine}\" is running already")]
    Running { machine: String },

    #[error(
        "the lab \"{name}\" has ended: its switches are gone, most likely since this computer \
         was restarted. Clear it away with: glassnet lab down {name}"
    )]
    Gone { name: String },

    #[error("another glassnet is at work on the lab \"{name}\": try again when it is done")]
    Busy { name: String },

    #[error(
        "the lab \"{name}\" was not finished: an earlier command was interrupted. Take it down \
         with: glassnet lab down {name}"
    )]
    Unfinished { name: String },

    #[error("cannot {what} {}: {source}", path.display())]
    State { what: &'static str, path: PathBuf, source: io::Error },

    #[error("{} is damaged ({why}); nothing was touched. If no process of the lab is left, remove its directory by hand", path.display())]
    Damaged { path: PathBuf, why: String },

    #[error("\"{part}\" did not come up: {why}")]
    Launch { part: String, why: String },

    #[error("network of \"{part}\": {source}")]
    Wire { part: String, source: WireError },

    #[error(
        "sysctl {name} = {value} on \"{machine}\": {source}. The kernel here may not have it \
         in a network namespace of its own"
    )]
    Sysctl { machine: String, name: String, value: String, source: io::Error },

    #[error("on \"{machine}\", {command} failed{status}:\n{output}")]
    Glassnet { machine: String, command: String, status: String, output: String },

    #[error("cannot run {command} on \"{part}\": {source}")]
    Exec { part: String, command: String, source: io::Error },

    #[error("cannot end process {pid} (\"{part}\"): {source}")]
    End { pid: i32, part: String, source: io::Error },

    #[error(
        "the lab \"{name}\" is not wholly down:\n{}\nRun the same command again",
        errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
    )]
    Down { name: String, errors: Vec<Self> },
}

impl Error {
    /// A name for this kind of mistake that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ReadFile { .. } => "lab-file-unreadable",
            Self::File(_) => "lab-file-mistaken",
            Self::Privilege { .. } => "lab-privilege",
            Self::Name { .. } => "lab-name",
            Self::AlreadyThere { .. } => "lab-already-there",
            Self::NoLab { .. } => "lab-unknown",
            Self::NoMachine { .. } => "lab-machine-unknown",
            Self::NoContainer { .. } => "lab-container-unknown",
            Self::NoLink { .. } => "lab-link-unknown",
            Self::NotRunning { .. } => "lab-machine-off",
            Self::Running { .. } => "lab-machine-on",
            Self::Gone { .. } => "lab-gone",
            Self::Busy { .. } => "lab-busy",
            Self::Unfinished { .. } => "lab-unfinished",
            Self::State { .. } => "lab-state",
            Self::Damaged { .. } => "lab-state-damaged",
            Self::Launch { .. } => "lab-launch",
            Self::Wire { .. } => "lab-wire",
            Self::Sysctl { .. } => "lab-sysctl",
            Self::Glassnet { .. } => "lab-glassnet",
            Self::Exec { .. } => "lab-exec",
            Self::End { .. } => "lab-end",
            Self::Down { .. } => "lab-down",
        }
    }
}

fn known(names: &[String], some: &str, none: &str) -> String {
    if names.is_empty() { format!(" ({none})") } else { format!(" ({some}: {})", names.join(", ")) }
}
