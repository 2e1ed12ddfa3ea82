//! `lab stop`, `lab start`, `lab freeze` and `lab thaw` of one service: etcd
//! or glassnet's daemon on a machine.
//!
//! A service is told from any other process by the note its start left in the
//! machine (`Service::note`): a pid there and a start time. A signal can only
//! be sent from here to a pid here, which is found among the children of the
//! machine's first process.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::command;
use crate::error::Error;
use crate::init::{PROGRAM_INSIDE, VERB};
use crate::namespace;
use crate::power::{PATIENCE, known};
use crate::privilege;
use crate::process::{Process, child_of};
use crate::service::{self, Service, ServiceOrders};
use crate::state::{self, LabDirectory, Record};
use crate::topology::Machine;

/// How a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Activity {
    Running,
    Frozen,
    Stopped,
}

/// Ends a service as a crash would. Gives whether it ran.
pub fn stop(lab: &str, machine: &str, service: Service) -> Result<bool, Error> {
    privilege::check()?;
    let directory = LabDirectory::lock(lab, PATIENCE)?;
    let record = directory.finished()?;
    let known = known(&record, machine)?;
    has(&record, known, service)?;
    let Some(process) = process_of(&record, machine, service) else { return Ok(false) };
    process.end().map_err(|source| Error::End {
        pid: process.pid,
        part: format!("{machine}: {service}"),
        source,
    })?;
    Ok(true)
}

/// Starts a service that was stopped, or ended. Gives whether it did not run;
/// once it is started, it answers.
pub fn start_service(lab: &str, machine: &str, service: Service) -> Result<bool, Error> {
    privilege::check()?;
    let directory = LabDirectory::lock(lab, PATIENCE)?;
    let record = directory.finished()?;
    let known = known(&record, machine)?;
    let orders = has(&record, known, service)?;
    let first = record.process(machine).ok_or_else(|| off(&record, machine))?;
    if process_of(&record, machine, service).is_some() {
        return Ok(false);
    }
    order(first, &orders).map_err(|why| Error::Service {
        machine: machine.to_owned(),
        service,
        why: why.to_string(),
    })?;
    if service == Service::Node {
        command::wait_for_daemon(machine, first)?;
    }
    Ok(true)
}

/// Stops the services of a machine in their tracks, or one of them: they hold
/// their connections and answer nothing. Gives those that ran.
pub fn freeze(lab: &str, machine: &str, which: Option<Service>) -> Result<Vec<Service>, Error> {
    signal(lab, machine, which, Signal::STOP)
}

/// Lets what was frozen go on. Gives those that were there.
pub fn thaw(lab: &str, machine: &str, which: Option<Service>) -> Result<Vec<Service>, Error> {
    signal(lab, machine, which, Signal::CONT)
}

/// The lab is not locked for it: a command may be waiting for what is frozen.
fn signal(
    lab: &str,
    machine: &str,
    which: Option<Service>,
    signal: Signal,
) -> Result<Vec<Service>, Error> {
    privilege::check()?;
    let record = state::read(lab)?;
    let known = known(&record, machine)?;
    if record.process(machine).is_none() {
        return Err(off(&record, machine));
    }
    let wanted: Vec<Service> = match which {
        Some(service) => vec![has(&record, known, service)?.service],
        None => service::of(&record.topology, known).iter().map(|one| one.service).collect(),
    };
    let mut reached = Vec::new();
    for service in wanted {
        let Some(process) = process_of(&record, machine, service) else { continue };
        process.signal(signal).map_err(|source| Error::Signal {
            machine: machine.to_owned(),
            service,
            source,
        })?;
        reached.push(service);
    }
    Ok(reached)
}

/// The services of a machine and how each is.
pub(crate) fn activities(record: &Record, machine: &Machine) -> Vec<(Service, Activity)> {
    let of = |service| match process_of(record, &machine.name, service) {
        None => Activity::Stopped,
        Some(process) if process.is_frozen() => Activity::Frozen,
        Some(_) => Activity::Running,
    };
    let services = service::of(&record.topology, machine);
    services.iter().map(|orders| (orders.service, of(orders.service))).collect()
}

fn has(record: &Record, machine: &Machine, service: Service) -> Result<ServiceOrders, Error> {
    let services = service::of(&record.topology, machine);
    let all = services.iter().map(|one| one.service).collect();
    let found = services.into_iter().find(|one| one.service == service);
    let machine = machine.name.clone();
    found.ok_or(Error::NoService { machine, service, services: all })
}

/// The process that runs a service, if the machine and it run.
fn process_of(record: &Record, machine: &str, service: Service) -> Option<Process> {
    let first = record.process(machine)?;
    let note = format!("/proc/{}/root{}", first.pid, service.note());
    let text = fs::read_to_string(note).ok()?;
    let (pid, started) = text.trim().split_once(' ')?;
    child_of(first, pid.parse().ok()?, started.parse().ok()?)
}

/// Has a service started inside the machine: see `init::service`.
fn order(machine: &Process, orders: &ServiceOrders) -> io::Result<()> {
    let text = serde_json::to_string(orders).map_err(io::Error::other)?;
    let output = namespace::inside(machine, namespace::ALL, || {
        let mut start = Command::new(PROGRAM_INSIDE)
            .args([VERB, "service"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = start.stdin.take() {
            // If it has ended already, its answer says more than this would.
            let _ = writeln!(stdin, "{text}");
        }
        start.wait_with_output()
    })?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim() {
        "started" => Ok(()),
        other => Err(io::Error::other(other.strip_prefix("error ").unwrap_or(other).to_owned())),
    }
}

fn off(record: &Record, machine: &str) -> Error {
    Error::NotRunning {
        lab: record.topology.name.clone(),
        machine: machine.to_owned(),
        part: machine.to_owned(),
    }
}
