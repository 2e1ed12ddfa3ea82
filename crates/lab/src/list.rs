//! `lab ls`: which labs are there, and what of them runs.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dropped::Dropped;
use crate::error::Error;
use crate::service::Service;
use crate::services::{Activity, activities};
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
    /// What routers and switches lose, by their names.
    pub drops: BTreeMap<String, Vec<Dropped>>,
}

#[derive(Debug, Serialize)]
pub struct MachineStatus {
    pub name: String,
    pub role: Role,
    pub node: bool,
    pub running: bool,
    pub addresses: Vec<ipnet::IpNet>,
    pub containers: Vec<ContainerStatus>,
    pub services: Vec<ServiceStatus>,
}

#[derive(Debug, Serialize)]
pub struct ServiceStatus {
    pub name: Service,
    pub state: Activity,
}

#[derive(Debug, Serialize)]
pub struct ContainerStatus {
    pub name: String,
    pub running: bool,
}

/// The names of all labs on this computer, of unfinished ones too.
pub fn names() -> Result<Vec<String>, Error> {
    state::names()
}

/// Every lab on this computer, unfinished ones too.
pub fn ls() -> Result<Vec<LabStatus>, Error> {
    Ok(state::names()?.into_iter().map(status).collect())
}

fn status(name: String) -> LabStatus {
    let Ok(record) = state::read(&name) else {
        let (machines, cut, drops) = (Vec::new(), Vec::new(), BTreeMap::new());
        return LabStatus { name, phase: None, machines, cut, drops };
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
            services: (activities(&record, machine).into_iter())
                .map(|(name, state)| ServiceStatus { name, state })
                .collect(),
        })
        .collect();
    let cut = record.cut.into_iter().collect();
    let mut drops = record.drops;
    drops.retain(|_, what| !what.is_empty());
    LabStatus { name, phase: Some(record.phase), machines, cut, drops }
}
