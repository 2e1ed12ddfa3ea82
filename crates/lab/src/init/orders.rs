//! What a first process is told to be.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::service::ServiceOrders;
use crate::topology::{Container, Machine};

/// Where, inside a machine, the lab keeps what is the lab's.
pub(crate) const LAB_RUN: &str = "/run/glassnet-lab";
/// This program, as machines see it.
pub(crate) const PROGRAM_INSIDE: &str = "/run/glassnet-lab/bin/glassnet";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Orders {
    Fabric,
    Machine(MachineOrders),
    Container(ContainerOrders),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MachineOrders {
    pub(crate) machine: Machine,
    /// The machine's own directory on the computer's disk.
    pub(crate) directory: PathBuf,
    /// The same for the life of the lab.
    pub(crate) machine_id: String,
    /// Another one at every start.
    pub(crate) boot_id: String,
    /// All machines of the lab, for /etc/hosts.
    pub(crate) hosts: Vec<(IpAddr, String)>,
    /// In the order they are to be started.
    pub(crate) services: Vec<ServiceOrders>,
    /// Programs to show beside glassnet: name, and where they are.
    pub(crate) programs: Vec<(String, PathBuf)>,
    /// Files for the machine's own /etc that nobody else may read.
    pub(crate) secrets: Vec<(PathBuf, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContainerOrders {
    pub(crate) container: Container,
    pub(crate) hosts: Vec<(IpAddr, String)>,
}

/// Where programs are looked for inside a machine: the lab's own first.
pub(crate) fn search_path() -> String {
    format!("{LAB_RUN}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}
