//! `lab kill` and `lab start`: pulling a machine's plug, and putting it back.

use std::time::Duration;

use crate::error::Error;
use crate::privilege;
use crate::process::Process;
use crate::progress::{Progress, Step, Tell};
use crate::state::{FABRIC, LabDirectory, Record};
use crate::topology::Machine;
use crate::up::launch_machine;
use crate::{faults, stock, wiring};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A power cut: the machine's processes, namespaces and /run are gone, its
/// /var is kept. A machine that is off already stays off.
pub fn kill(lab: &str, machine: &str) -> Result<(), Error> {
    privilege::check()?;
    let directory = LabDirectory::lock(lab, PATIENCE)?;
    let mut record = directory.finished()?;
    known(&record, machine)?;
    if let Some(process) = record.process(machine) {
        process.end().map_err(|source| Error::End {
            pid: process.pid,
            part: machine.to_owned(),
            source,
        })?;
    }
    forget(&mut record, machine);
    directory.write(&record)?;
    wiring::unplug(&record, machine)?;
    wiring::set_ports(&record)
}

/// What a machine finds at its next boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    Kept,
    /// An empty /var.
    New,
}

/// Starts a machine that was killed: same addresses, a new boot. Gives whether it was off; one that
/// runs already is left alone, and cannot be given a new disk.
pub fn start(lab: &str, machine: &str, disk: Disk, tell: Tell<'_>) -> Result<bool, Error> {
    privilege::check()?;
    let directory = LabDirectory::lock(lab, PATIENCE)?;
    let mut record = directory.finished()?;
    let wanted = known(&record, machine)?.clone();
    if record.process(machine).is_some() {
        return match disk {
            Disk::Kept => Ok(false),
            Disk::New => Err(Error::StillOn { lab: lab.to_owned(), machine: machine.to_owned() }),
        };
    }
    if record.process(FABRIC).is_none() {
        return Err(Error::Gone { name: lab.to_owned() });
    }
    if disk == Disk::New {
        directory.empty_disk(machine)?;
    }
    let result = boot(&directory, &mut record, &wanted, tell);
    if result.is_err() {
        // Half a machine is worse than none.
        if let Some(process) = record.process(machine) {
            let _ = process.end();
        }
        forget(&mut record, machine);
        let _ = directory.write(&record);
    }
    result.map(|()| true)
}

fn boot(
    directory: &LabDirectory,
    record: &mut Record,
    machine: &Machine,
    tell: Tell<'_>,
) -> Result<(), Error> {
    let what = &machine.name;
    let launched = launch_machine(directory, record, machine)?;
    tell(Progress { step: Step::Machines, done: 1, total: 1, what });
    let process: Process = launched.process;
    forget(record, what);
    record.running.insert(what.clone(), process);
    directory.write(record)?;
    wiring::machine(record, machine)?;
    wiring::set_ports(record)?;
    faults::machine(record, machine)?;
    tell(Progress { step: Step::Links, done: 1, total: 1, what });
    launched.go()?;
    tell(Progress { step: Step::Services, done: 1, total: 1, what });
    let containers = stock::machines(record, &[machine], tell)?;
    record.running.extend(containers);
    directory.write(record)
}

pub(crate) fn known<'a>(record: &'a Record, machine: &str) -> Result<&'a Machine, Error> {
    record.topology.machine(machine).ok_or_else(|| Error::NoMachine {
        lab: record.topology.name.clone(),
        name: machine.to_owned(),
        machines: record.topology.machines.iter().map(|one| one.name.clone()).collect(),
    })
}

/// Strikes out a machine's processes and its containers'.
fn forget(record: &mut Record, machine: &str) {
    record.running.retain(|part, _| {
        part != machine && part.split_once('/').is_none_or(|(of, _)| of != machine)
    });
}
