//! What a machine is given once it runs: networks and containers.

use crate::command::{self, Owner};
use crate::crew;
use crate::error::Error;
use crate::init::{ContainerOrders, Orders};
use crate::launch::launch_container;
use crate::process::Process;
use crate::progress::{Progress, Step, Tell};
use crate::state::{Phase, Record};
use crate::topology::{Container, Machine, Network};
use crate::up::{Parts, hosts};

/// Stocks all these machines; gives the first processes of their containers.
pub(crate) fn machines(
    record: &Record,
    machines: &[&Machine],
    tell: Tell<'_>,
) -> Result<Parts, Error> {
    let shared = record.topology.keeper().is_some();
    let nodes: Vec<&Machine> = (machines.iter().copied())
        .filter(|machine| machine.node && (shared || !machine.networks.is_empty()))
        .collect();
    // Networks of all hosts are made once in a lab's life.
    if record.phase == Phase::Making
        && let Some(first) = nodes.first().filter(|_| !record.topology.networks.is_empty())
    {
        let process = running(record, first)?;
        command::wait_for_daemon(&first.name, &process)?;
        for network in &record.topology.networks {
            command::make_network(&first.name, &process, network, Owner::AllHosts)?;
        }
    }
    let total = nodes.len();
    crew::each(
        &nodes,
        |machine| networks(record, machine),
        |done, machine| tell(Progress { step: Step::Networks, done, total, what: &machine.name }),
    )?;
    let wanted: Vec<(&Machine, &Container)> = machines
        .iter()
        .flat_map(|machine| machine.containers.iter().map(move |one| (*machine, one)))
        .collect();
    let total = wanted.len();
    crew::each(
        &wanted,
        |(machine, one)| container(record, machine, one),
        |done, (machine, one)| {
            let what = part(machine, one);
            tell(Progress { step: Step::Containers, done, total, what: &what });
        },
    )
}

/// The machine has its own networks, and has heard of those of all hosts.
fn networks(record: &Record, machine: &Machine) -> Result<(), Error> {
    let process = running(record, machine)?;
    command::wait_for_daemon(&machine.name, &process)?;
    let shared = record.topology.keeper().is_some();
    let owner = if shared { Owner::HostOfMany } else { Owner::Host };
    for network in &machine.networks {
        command::make_network(&machine.name, &process, network, owner)?;
    }
    let used = |network: &&Network| {
        let of_one = |one: &Container| one.network.as_deref() == Some(network.name.as_str());
        machine.containers.iter().any(of_one)
    };
    // Later somebody may have removed one; then only who needs it must have it.
    let all = record.phase == Phase::Making;
    for network in record.topology.networks.iter().filter(|network| all || used(network)) {
        command::wait_for_network(&machine.name, &process, network)?;
    }
    Ok(())
}

/// A container's command starts only when its network is there.
fn container(
    record: &Record,
    machine: &Machine,
    container: &Container,
) -> Result<(String, Process), Error> {
    let process = running(record, machine)?;
    let part = part(machine, container);
    let orders = Orders::Container(ContainerOrders {
        container: container.clone(),
        hosts: hosts(&record.topology),
    });
    let launched = launch_container(&record.token, &part, &orders, &process)?;
    if let Some(network) = &container.network {
        command::attach_container(&machine.name, &process, container, network, launched.pid)?;
    }
    Ok((part, launched.go()?))
}

fn part(machine: &Machine, container: &Container) -> String {
    format!("{}/{}", machine.name, container.name)
}

fn running(record: &Record, machine: &Machine) -> Result<Process, Error> {
    record.process(&machine.name).copied().ok_or_else(|| Error::NotRunning {
        lab: record.topology.name.clone(),
        machine: machine.name.clone(),
        part: machine.name.clone(),
    })
}
