//! `lab up`: from a file to running machines.

use std::net::IpAddr;
use std::path::Path;

use model::explain::LabDeed;

use crate::crew;
use crate::error::Error;
use crate::file;
use crate::init::{MachineOrders, Orders};
use crate::launch::{Launched, launch};
use crate::privilege;
use crate::process::{Process, boot_id};
use crate::progress::{Progress, Step, Tell};
use crate::state::{FABRIC, LabDirectory, Phase, Record};
use crate::topology::{Machine, Topology};
use crate::{credentials, down, faults, programs, service, stock, wiring};

/// Builds the lab a file describes, and says what was built. If anything
/// fails, what was made by then is taken down again.
pub fn up(file: &Path, tell: Tell<'_>) -> Result<Topology, Error> {
    let topology = file::read(file)?;
    privilege::check()?;
    programs::check(&topology)?;
    let directory = LabDirectory::create(&topology.name)?;
    let random = random_id().and_then(|token| Ok((token, boot_id()?)));
    let (token, boot) = random.map_err(|source| Error::State {
        what: LabDeed::Read,
        path: "/proc/sys/kernel/random".into(),
        source,
    })?;
    let mut record = Record::new(topology, token, boot);
    directory.write(&record)?;
    match build(&directory, &mut record, tell) {
        Ok(()) => Ok(record.topology),
        Err(error) => {
            // The reason of the failure matters more than a second one.
            let _ = down::take_down(directory, &record, &mut |_| {});
            Err(error)
        }
    }
}

fn build(directory: &LabDirectory, record: &mut Record, tell: Tell<'_>) -> Result<(), Error> {
    let topology = record.topology.clone();
    let machines: Vec<&Machine> = topology.machines.iter().collect();
    let total = machines.len();
    credentials::make(&directory.tls()?, &topology)?;
    let log = directory.machine(FABRIC)?.join("init.log");
    let fabric = launch(&record.token, FABRIC, &Orders::Fabric, &log)?;
    let launched = crew::each(
        &machines,
        |machine| launch_machine(directory, record, machine),
        |done, machine| tell(Progress { step: Step::Machines, done, total, what: &machine.name }),
    )?;
    record.running.insert(FABRIC.to_owned(), fabric.process);
    for (machine, launched) in machines.iter().zip(&launched) {
        record.running.insert(machine.name.clone(), launched.process);
    }
    directory.write(record)?;

    wiring::fabric(&topology, &fabric.process)?;
    crew::each(
        &machines,
        |machine| wiring::machine(record, machine).and_then(|()| faults::machine(record, machine)),
        |done, machine| tell(Progress { step: Step::Links, done, total, what: &machine.name }),
    )?;
    faults::fabric(record)?;
    fabric.go()?;
    // Whoever shares networks asks for the store as soon as it runs.
    let mut waiting: Vec<_> = launched.into_iter().zip(&machines).collect();
    waiting.sort_by_key(|(_, machine)| machine.etcd.is_none());
    for (number, (launched, machine)) in waiting.into_iter().enumerate() {
        launched.go()?;
        let what = &machine.name;
        tell(Progress { step: Step::Services, done: number + 1, total, what });
    }
    let containers = stock::machines(record, &machines, tell)?;
    record.running.extend(containers);
    record.phase = Phase::Up;
    directory.write(record)
}

/// Starts a machine's first process, which then waits for its network.
pub(crate) fn launch_machine(
    directory: &LabDirectory,
    record: &Record,
    machine: &Machine,
) -> Result<Launched, Error> {
    let path = directory.machine(&machine.name)?;
    let unreadable = |source| Error::State {
        what: LabDeed::Read,
        path: "/proc/sys/kernel/random/uuid".into(),
        source,
    };
    let boot_id = random_uuid().map_err(unreadable)?;
    let orders = Orders::Machine(MachineOrders {
        machine: machine.clone(),
        directory: path.clone(),
        machine_id: machine_id(&record.token, &machine.name),
        boot_id,
        hosts: hosts(&record.topology),
        services: service::of(&record.topology, machine),
        programs: programs::shown_to(machine)?,
        secrets: credentials::of(&directory.tls()?, &record.topology, machine)?,
    });
    launch(&record.token, &machine.name, &orders, &path.join("init.log"))
}

/// The first processes that `stock` started, by part.
pub(crate) type Parts = Vec<(String, Process)>;

/// The same for the life of a lab, another one for each machine: the lab's
/// token, changed by the machine's name (FNV-1a over 128 bits).
fn machine_id(token: &str, machine: &str) -> String {
    let start = u128::from_str_radix(token, 16).unwrap_or_default();
    let hash = machine.bytes().fold(start, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    format!("{hash:032x}")
}

/// Every machine's addresses, for /etc/hosts.
pub(crate) fn hosts(topology: &Topology) -> Vec<(IpAddr, String)> {
    topology
        .ports()
        .flat_map(|port| {
            let name = &port.machine.name;
            port.link.addresses.iter().map(move |address| (address.addr(), name.clone()))
        })
        .collect()
}

fn random_uuid() -> std::io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/uuid")?.trim().to_owned())
}

fn random_id() -> std::io::Result<String> {
    Ok(random_uuid()?.replace('-', ""))
}
