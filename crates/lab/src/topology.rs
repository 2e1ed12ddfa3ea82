//! A lab as it was asked for: checked, with every default filled in.
//!
//! `file` makes it from what a person wrote; all else only reads it. It holds
//! no process, no path and no kernel name, and is kept in `lab.json` as it is.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A whole lab. Machines and switches keep the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    pub name: String,
    pub switches: Vec<Switch>,
    pub machines: Vec<Machine>,
}

/// A switch: frames larger than its MTU do not pass it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    pub name: String,
    pub mtu: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Host,
    Router,
}

/// A host, a router, or a machine outside: something with its own kernel view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub name: String,
    pub role: Role,
    /// Whether `glassnet node` runs on it.
    pub node: bool,
    pub links: Vec<Link>,
    /// At most one of each address family.
    pub gateways: Vec<IpAddr>,
    pub routes: Vec<Route>,
    pub bridge_nf_call: Option<bool>,
    /// Dotted names below `net.`, in the order they are to be written.
    pub sysctls: Vec<Sysctl>,
    pub serve: Vec<Page>,
    pub networks: Vec<Network>,
    pub containers: Vec<Container>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub name: String,
    pub to: LinkEnd,
    pub mtu: u32,
    pub addresses: Vec<IpNet>,
}

/// What the other end of a link's cable is plugged into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkEnd {
    Switch(String),
    Machine { machine: String, link: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub to: IpNet,
    pub via: IpAddr,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sysctl {
    pub name: String,
    pub value: String,
}

/// A page of plain text, served over HTTP on one TCP port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub port: u16,
    pub text: String,
}

/// A network the machine's glassnet is asked to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    pub name: String,
    pub subnets: Vec<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    pub name: String,
    pub network: Option<String>,
    pub addresses: Vec<IpAddr>,
    /// In glassnet's own words, for instance `8080:80/tcp`.
    pub publish: Vec<String>,
    /// Empty: the container only sleeps (and serves its pages).
    pub command: Vec<String>,
    pub serve: Vec<Page>,
}

/// Where a link is among all links of the lab, counted in file order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Port<'a> {
    pub(crate) number: usize,
    pub(crate) machine: &'a Machine,
    pub(crate) link: &'a Link,
}

impl Topology {
    /// Every link of every machine, numbered from 0.
    pub(crate) fn ports(&self) -> impl Iterator<Item = Port<'_>> {
        self.machines
            .iter()
            .flat_map(|machine| machine.links.iter().map(move |link| (machine, link)))
            .enumerate()
            .map(|(number, (machine, link))| Port { number, machine, link })
    }

    pub(crate) fn machine(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    pub(crate) fn port(&self, machine: &str, link: &str) -> Option<Port<'_>> {
        self.ports().find(|port| port.machine.name == machine && port.link.name == link)
    }

    /// The other end of a cable between two machines; none behind a switch.
    pub(crate) fn far_end(&self, port: Port<'_>) -> Option<Port<'_>> {
        match &port.link.to {
            LinkEnd::Switch(_) => None,
            LinkEnd::Machine { machine, link } => self.port(machine, link),
        }
    }
}

impl Port<'_> {
    /// The link as people name it: `alpha.eth0`.
    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.machine.name, self.link.name)
    }
}
