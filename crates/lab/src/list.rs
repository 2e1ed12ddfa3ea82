//! `lab ls`: which labs are there, and what of them runs.

use serde::Serialize;

use crate::error::Error;
use crate::state::{self, Phase};
use crate::topology::Role;

#[derive(Debug, Serialize)]
pub struct LabStatus {
    pub name: String,
    /// None: its record is missing or cannot be read.
    pub phase: Option<Phase>,
    pub machines: Vec<MachineStatus>,
    /// Links that were cut, as `alpha.eth0`.
    pub cut: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct MachineStatus {
    pub name: String,
    pub role: Role,
    pub node: bool,
    pub running: bool,
    pub addresses: Vec<ipnet::IpNet>,
    pub containers: Vec<ContainerStatus>,
}

#[derive(Debug, Serialize)]
pub struct ContainerStatus {
    pub name: String,
    pub running: bool,
}

/// Every lab on this computer, unfinished ones too.
pub fn ls() -> Result<Vec<LabStatus>, Error> {
    Ok(state::names()?.into_iter().map(status).collect())
}

fn status(name: String) -> LabStatus {
    let Ok(record) = state::read(&name) else {
        return LabStatus { name, phase: None, machines: Vec::new(), cut: Vec::new() };
    };
    let runs = |part: &str| record.process(part).is_some();
    let machines = (record.topology.machines.iter())
        .map(|machine| MachineStatus {
            name: machine.name.clone(),
            role: machine.role,
            node: machine.node,
            running: runs(&machine.name),
            addresses: machine.links.iter().flat_map(|link| link.addresses.clone()).collect(),
            containers: (machine.containers.iter())
                .map(|one| ContainerStatus {
                    name: one.name.clone(),
                    running: runs(&format!("{}/{}", machine.name, one.name)),
                })
                .collect(),
        })
        .collect();
    LabStatus { name, phase: Some(record.phase), machines, cut: record.cut.into_iter().collect() }
}
