//! What can go wrong with a lab, in words that say what, where, and what to try.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use model::explain::{LabDeed, LabFailure, Language};

use crate::file::Report;
use crate::service::Service;
use crate::wire::WireError;

#[derive(Debug)]
pub enum Error {
    ReadFile { path: PathBuf, source: io::Error },
    FileLong { path: PathBuf, most: u64 },
    FileNoText { path: PathBuf, byte: usize },
    File(Report),
    Privilege { lacking: Vec<&'static str> },
    Name { name: String },
    AlreadyThere { name: String },
    NoLab { name: String, labs: Vec<String> },
    NoMachine { lab: String, name: String, machines: Vec<String> },
    NoContainer { machine: String, name: String, containers: Vec<String> },
    NoLink { lab: String, name: String, links: Vec<String> },
    NotRunning { lab: String, machine: String, part: String },
    Gone { name: String },
    Busy { name: String },
    Unfinished { name: String },
    State { what: LabDeed, path: PathBuf, source: io::Error },
    Damaged { path: PathBuf, why: String },
    Launch { part: String, why: String },
    Wire { part: String, source: WireError },
    Sysctl { machine: String, name: String, value: String, source: io::Error },
    Glassnet { machine: String, command: String, status: String, output: String },
    Exec { part: String, command: String, source: io::Error },
    Enter { part: String, source: io::Error },
    End { pid: i32, part: String, source: io::Error },
    Down { name: String, errors: Vec<Self> },
    Missing { program: String, package: &'static str },
    Credentials { why: String },
    StillOn { lab: String, machine: String },
    NoService { machine: String, service: Service, services: Vec<Service> },
    Service { machine: String, service: Service, why: String },
    Signal { machine: String, service: Service, source: io::Error },
    DropOnHost { name: String },
    NoDropPlace { lab: String, name: String, places: Vec<String> },
    NoSuchDrop { text: String },
    Rules { part: String, why: String },
    NetworkUnheard { machine: String, network: String, seconds: u64, said: Box<Self> },
}

impl std::error::Error for Error {}

/// In English; [`Error::say`] knows other languages.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl Error {
    /// What happened, where, and what to try, in the reader's language.
    pub fn say(&self, language: Language) -> String {
        match self {
            Self::File(report) => LabFailure::Mistakes { report: report.say(language) },
            other => other.facts(),
        }
        .say(language)
    }

    fn facts(&self) -> LabFailure {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::ReadFile { path, source } => {
                LabFailure::ReadFile { path: shown(path), why: source.into() }
            }
            Self::FileLong { path, most } => {
                LabFailure::FileLong { path: shown(path), most: *most }
            }
            Self::FileNoText { path, byte } => {
                LabFailure::FileNoText { path: shown(path), byte: *byte }
            }
            Self::File(report) => LabFailure::Mistakes { report: report.to_string() },
            Self::Privilege { lacking } => LabFailure::Privilege {
                lacking: lacking.iter().map(|name| (*name).to_owned()).collect(),
            },
            Self::Name { name } => LabFailure::Name { name: name.clone() },
            Self::AlreadyThere { name } => LabFailure::AlreadyThere { name: name.clone() },
            Self::NoLab { name, labs } if labs.is_empty() => {
                LabFailure::NoLabAtAll { name: name.clone() }
            }
            Self::NoLab { name, labs } => {
                LabFailure::NoLab { name: name.clone(), labs: labs.clone() }
            }
            Self::NoMachine { lab, name, machines } => LabFailure::NoMachine {
                lab: lab.clone(),
                name: name.clone(),
                machines: machines.clone(),
            },
            Self::NoContainer { machine, name, containers } if containers.is_empty() => {
                LabFailure::NoContainerAtAll { machine: machine.clone(), name: name.clone() }
            }
            Self::NoContainer { machine, name, containers } => LabFailure::NoContainer {
                machine: machine.clone(),
                name: name.clone(),
                containers: containers.clone(),
            },
            Self::NoLink { lab, name, links } => {
                let (lab, name, links) = (lab.clone(), name.clone(), links.clone());
                LabFailure::NoLink { lab, name, links }
            }
            Self::NotRunning { lab, machine, part } => LabFailure::NotRunning {
                lab: lab.clone(),
                machine: machine.clone(),
                part: part.clone(),
            },
            Self::Gone { name } => LabFailure::Gone { name: name.clone() },
            Self::Busy { name } => LabFailure::Busy { name: name.clone() },
            Self::Unfinished { name } => LabFailure::Unfinished { name: name.clone() },
            Self::State { what, path, source } => {
                LabFailure::State { what: what.clone(), path: shown(path), why: source.into() }
            }
            Self::Damaged { path, why } => {
                LabFailure::Damaged { path: shown(path), why: why.clone() }
            }
            Self::Launch { part, why } => {
                LabFailure::Launch { part: part.clone(), why: why.clone() }
            }
            Self::Wire { part, source } => {
                LabFailure::Wire { part: part.clone(), why: source.to_string() }
            }
            Self::Sysctl { machine, name, value, source } => LabFailure::Sysctl {
                machine: machine.clone(),
                name: name.clone(),
                value: value.clone(),
                why: source.into(),
            },
            Self::Glassnet { machine, command, status, output } => LabFailure::Glassnet {
                machine: machine.clone(),
                command: command.clone(),
                status: status.clone(),
                output: output.clone(),
            },
            Self::Exec { part, command, source } => LabFailure::Exec {
                part: part.clone(),
                command: command.clone(),
                why: source.into(),
            },
            Self::Enter { part, source } => {
                LabFailure::Enter { part: part.clone(), why: source.into() }
            }
            Self::End { pid, part, source } => {
                LabFailure::End { pid: *pid, part: part.clone(), why: source.into() }
            }
            Self::Down { name, errors } => LabFailure::Down {
                name: name.clone(),
                failures: errors.iter().map(Self::facts).collect(),
            },
            Self::Missing { program, package } => {
                LabFailure::Missing { program: program.clone(), package: (*package).to_owned() }
            }
            Self::Credentials { why } => LabFailure::Credentials { why: why.clone() },
            Self::StillOn { lab, machine } => {
                LabFailure::StillOn { lab: lab.clone(), machine: machine.clone() }
            }
            Self::NoService { machine, service, services } if services.is_empty() => {
                let (machine, service) = (machine.clone(), service.to_string());
                LabFailure::NoServiceAtAll { machine, service }
            }
            Self::NoService { machine, service, services } => LabFailure::NoService {
                machine: machine.clone(),
                service: service.to_string(),
                services: services.iter().map(ToString::to_string).collect(),
            },
            Self::Service { machine, service, why } => LabFailure::Service {
                machine: machine.clone(),
                service: service.to_string(),
                why: why.clone(),
            },
            Self::Signal { machine, service, source } => LabFailure::Signal {
                machine: machine.clone(),
                service: service.to_string(),
                why: source.into(),
            },
            Self::DropOnHost { name } => LabFailure::DropOnHost { name: name.clone() },
            Self::NoDropPlace { lab, name, places } => LabFailure::NoDropPlace {
                lab: lab.clone(),
                name: name.clone(),
                places: places.clone(),
            },
            Self::NoSuchDrop { text } => LabFailure::NoSuchDrop { text: text.clone() },
            Self::Rules { part, why } => LabFailure::Rules { part: part.clone(), why: why.clone() },
            Self::NetworkUnheard { machine, network, seconds, said } => {
                LabFailure::NetworkUnheard {
                    machine: machine.clone(),
                    network: network.clone(),
                    seconds: *seconds,
                    said: vec![said.facts()],
                }
            }
        }
    }

    /// A name for this kind of mistake that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ReadFile { .. } | Self::FileLong { .. } | Self::FileNoText { .. } => {
                "lab-file-unreadable"
            }
            Self::File(_) => "lab-file-mistaken",
            Self::Privilege { .. } => "lab-privilege",
            Self::Name { .. } => "lab-name",
            Self::AlreadyThere { .. } => "lab-already-there",
            Self::NoLab { .. } => "lab-unknown",
            Self::NoMachine { .. } => "lab-machine-unknown",
            Self::NoContainer { .. } => "lab-container-unknown",
            Self::NoLink { .. } => "lab-link-unknown",
            Self::NotRunning { .. } => "lab-machine-off",
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
            Self::Enter { .. } => "lab-enter",
            Self::End { .. } => "lab-end",
            Self::Down { .. } => "lab-down",
            Self::Missing { .. } => "lab-program-missing",
            Self::Credentials { .. } => "lab-credentials",
            Self::StillOn { .. } => "lab-machine-on",
            Self::NoService { .. } => "lab-service-unknown",
            Self::Service { .. } | Self::Signal { .. } => "lab-service",
            Self::DropOnHost { .. } | Self::NoDropPlace { .. } => "lab-drop-place",
            Self::NoSuchDrop { .. } => "lab-drop-unknown",
            Self::Rules { .. } => "lab-rules",
            Self::NetworkUnheard { .. } => "lab-network-unheard",
        }
    }
}
