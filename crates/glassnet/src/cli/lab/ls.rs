//! `glassnet lab ls`: the labs with their machines.

use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::cli::{DONE, Outcome};
use clap::Args;
use lab::{Activity, LabStatus, MachineStatus, Phase, Role};
use model::explain::{Language, Text};

/// List the labs and their machines
#[derive(Args)]
pub(super) struct Ls {}

impl Ls {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let labs = lab::ls()?;
        out.document(&labs)?;
        out.table(&table(&labs, out.language), &Text::NoLabs)?;
        DONE
    }
}

fn table(labs: &[LabStatus], language: Language) -> Table {
    let mut table = Table::new([
        Text::Lab,
        Text::Machine,
        Text::Role,
        Text::State,
        Text::Address,
        Text::Containers,
        Text::Faults,
    ]);
    for lab in labs {
        let whole = (lab.phase != Some(Phase::Up)).then(|| phase(lab.phase).say(language));
        if lab.machines.is_empty() {
            let state = phase(lab.phase).say(language);
            let nothing = String::new;
            let cells =
                [lab.name.clone(), nothing(), nothing(), state, nothing(), nothing(), nothing()];
            table.row(cells);
        }
        for machine in &lab.machines {
            let on = if machine.running { Text::On } else { Text::Off };
            let role = match machine.role {
                Role::Host => Text::Host,
                Role::Router => Text::Router,
            };
            table.row([
                lab.name.clone(),
                machine.name.clone(),
                role.say(language),
                whole.clone().unwrap_or_else(|| on.say(language)),
                join(&machine.addresses),
                containers(machine, language),
                faults(lab, machine, language),
            ]);
        }
    }
    table
}

fn phase(phase: Option<Phase>) -> Text<'static> {
    match phase {
        Some(Phase::Making) => Text::Making,
        Some(Phase::Up) => Text::Up,
        Some(Phase::Leaving) => Text::Leaving,
        None => Text::Damaged,
    }
}

/// The containers by name; one that does not run is marked.
fn containers(machine: &MachineStatus, language: Language) -> String {
    let names = machine.containers.iter().map(|container| {
        let name = &container.name;
        let off = Text::Off.say(language);
        if container.running { name.clone() } else { format!("{name} ({off})") }
    });
    names.collect::<Vec<_>>().join(", ")
}

/// What is broken on purpose: the machine's own links that are cut, what it drops, and services
/// that do not run though it does.
fn faults(lab: &LabStatus, machine: &MachineStatus, language: Language) -> String {
    let links =
        lab.cut.iter().filter_map(|link| link.strip_prefix(&machine.name)?.strip_prefix('.'));
    let mut faults: Vec<String> = links.map(|link| Text::FaultCut { link }.say(language)).collect();
    for what in lab.drops.get(&machine.name).into_iter().flatten() {
        faults.push(Text::FaultDrops { what: &what.to_string() }.say(language));
    }
    for service in machine.services.iter().filter(|_| machine.running) {
        let name = &service.name.to_string();
        match service.state {
            Activity::Running => {}
            Activity::Frozen => faults.push(Text::FaultFrozen { service: name }.say(language)),
            Activity::Stopped => faults.push(Text::FaultStopped { service: name }.say(language)),
        }
    }
    faults.join(", ")
}

fn join(words: &[impl ToString]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::expect;
    use lab::{ContainerStatus, Dropped, Service, ServiceStatus};
    use std::collections::BTreeMap;

    fn machine(name: &str, running: bool) -> MachineStatus {
        MachineStatus {
            name: name.into(),
            role: if name == "gate" { Role::Router } else { Role::Host },
            node: true,
            running,
            addresses: vec!["10.0.0.1/24".parse().unwrap()],
            containers: vec![ContainerStatus { name: "web".into(), running }],
            services: vec![ServiceStatus { name: Service::Node, state: Activity::Frozen }],
        }
    }

    #[test]
    fn the_table_in_both_languages() {
        let labs = [
            LabStatus {
                name: "two".into(),
                phase: Some(Phase::Up),
                machines: vec![machine("alpha", true), machine("gate", false)],
                cut: vec!["alpha.eth0".into()],
                drops: [("gate".to_owned(), vec![Dropped::Udp { port: Some(4789) }])].into(),
            },
            LabStatus {
                name: "broken".into(),
                phase: None,
                machines: vec![],
                cut: vec![],
                drops: BTreeMap::new(),
            },
        ];
        for language in Language::BOTH {
            expect("lab-ls", language, &table(&labs, language).draw(language, false));
        }
    }
}
