//! The services of a machine: etcd and glassnet's daemon, and how each is run.
//!
//! Both are children of the machine's first process. Each can be ended, started
//! and frozen by itself (`services`); `init::service` is the half of that which
//! happens inside the machine.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::command;
use crate::init::LAB_RUN;
use crate::topology::{Etcd, Machine, Topology};

/// Where etcd serves clients.
pub(crate) const ETCD_PORT: u16 = 2379;
/// Where, on the machine's loopback only, etcd tells how it is: without TLS.
pub(crate) const ETCD_HEALTH: &str = "127.0.0.1:2381";
/// For its clients' certificates, and for its own.
pub(crate) const CLIENT_FILES: &str = "/etc/glassnet/store";
pub(crate) const SERVER_FILES: &str = "/etc/glassnet/etcd";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    Etcd,
    Node,
}

/// The text names no service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("etcd and node are the services of a lab's machines")]
pub struct NoSuchService;

impl FromStr for Service {
    type Err = NoSuchService;

    fn from_str(text: &str) -> Result<Self, NoSuchService> {
        match text {
            "etcd" => Ok(Self::Etcd),
            "node" => Ok(Self::Node),
            _ => Err(NoSuchService),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Etcd => "etcd",
            Self::Node => "node",
        })
    }
}

impl Service {
    /// What it has to say is appended here; it survives a power cut.
    pub(crate) fn log(self) -> &'static str {
        match self {
            Self::Etcd => "/var/log/etcd.log",
            Self::Node => "/var/log/glassnet.log",
        }
    }

    /// Tells its process: the pid in the machine, and when it was started.
    pub(crate) fn note(self) -> String {
        format!("{LAB_RUN}/services/{self}")
    }
}

/// How a service is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceOrders {
    pub(crate) service: Service,
    pub(crate) command: Vec<String>,
    /// The addresses which this link has at that moment complete the command.
    pub(crate) underlay: Option<String>,
}

/// The services a machine has, in the order they are started.
pub(crate) fn of(topology: &Topology, machine: &Machine) -> Vec<ServiceOrders> {
    let mut services = Vec::new();
    if let Some(etcd) = machine.etcd {
        let (service, command) = (Service::Etcd, etcd_command(machine, etcd));
        services.push(ServiceOrders { service, command, underlay: None });
    }
    if machine.node {
        let underlay = topology.keeper().and_then(|_| topology.underlay(machine));
        services.push(ServiceOrders {
            service: Service::Node,
            command: command::node(topology, machine),
            underlay: underlay.map(|link| link.name.clone()),
        });
    }
    services
}

/// One member that is alone, so nobody but itself is asked to elect it. It
/// keeps few old files and, since a lab may run for days, forgets history.
fn etcd_command(machine: &Machine, etcd: Etcd) -> Vec<String> {
    const PEERS: &str = "http://127.0.0.1:2380";
    let scheme = if etcd.tls { "https" } else { "http" };
    let advertised: Vec<String> =
        machine.addresses().map(|address| format!("{scheme}://{}", at(address))).collect();
    let mut command: Vec<String> = [
        "etcd",
        "--data-dir",
        "/var/lib/etcd",
        // Go listens on both families for it.
        "--listen-client-urls",
        &format!("{scheme}://0.0.0.0:{ETCD_PORT}"),
        "--advertise-client-urls",
        &advertised.join(","),
        "--listen-peer-urls",
        PEERS,
        "--initial-advertise-peer-urls",
        PEERS,
        "--initial-cluster",
        &format!("default={PEERS}"),
        "--listen-metrics-urls",
        &format!("http://{ETCD_HEALTH}"),
        "--logger",
        "zap",
        "--log-outputs",
        "stderr",
        "--log-level",
        "warn",
        "--snapshot-count",
        "10000",
        "--max-snapshots",
        "2",
        "--max-wals",
        "2",
        "--auto-compaction-mode",
        "periodic",
        "--auto-compaction-retention",
        "1h",
    ]
    .map(str::to_owned)
    .into();
    if etcd.tls {
        for (option, file) in [
            ("--trusted-ca-file", "ca.pem"),
            ("--cert-file", "server.pem"),
            ("--key-file", "server.key"),
        ] {
            command.extend([option.to_owned(), format!("{SERVER_FILES}/{file}")]);
        }
        command.push("--client-cert-auth".to_owned());
    }
    command
}

/// Address and port as a URL has them.
pub(crate) fn at(address: IpAddr) -> String {
    SocketAddr::new(address, ETCD_PORT).to_string()
}
