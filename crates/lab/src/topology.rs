//! A lab as it was asked for: checked, with every default filled in.
//!
//! `file` makes it from what a person wrote; all else only reads it. It holds
//! no process, no path and no kernel name, and is kept in `lab.json` as it is.

use std::net::IpAddr;

use ipnet::IpNet;
use model::cluster::Backend;
use serde::{Deserialize, Serialize};

use crate::dropped::Dropped;

/// A whole lab. Machines and switches keep the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    pub name: String,
    pub switches: Vec<Switch>,
    pub machines: Vec<Machine>,
    /// The machine whose etcd the nodes share their networks through.
    #[serde(default)]
    pub store: Option<String>,
    /// Networks that all nodes have; only with a store.
    #[serde(default)]
    pub networks: Vec<Network>,
}

/// A switch: frames larger than its MTU do not pass it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    pub name: String,
    pub mtu: u32,
    /// What it loses of what it should pass on.
    #[serde(default)]
    pub drop: Vec<Dropped>,
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
    #[serde(default)]
    pub etcd: Option<Etcd>,
    /// The link by whose addresses the other nodes reach this one; only with a store.
    #[serde(default)]
    pub underlay: Option<String>,
    /// What it loses of what it should forward, in silence.
    #[serde(default)]
    pub drop: Vec<Dropped>,
}

/// One etcd of a single member, at port 2379 of all the machine's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etcd {
    /// Whether it takes clients with a certificate of the lab's authority only.
    pub tls: bool,
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

/// A network that glassnet is asked to make: on one machine, or for all nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    pub name: String,
    pub subnets: Vec<IpNet>,
    #[serde(default)]
    pub mtu: Option<u32>,
    /// How packets get to other hosts; of a network of all nodes only, like the port.
    #[serde(default)]
    pub backend: Option<Backend>,
    /// The UDP port of its VXLAN.
    #[serde(default)]
    pub port: Option<u16>,
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

    /// The machine whose etcd the nodes share, with the etcd.
    pub(crate) fn keeper(&self) -> Option<(&Machine, Etcd)> {
        let keeper = self.machine(self.store.as_deref()?)?;
        Some((keeper, keeper.etcd?))
    }

    /// The link by whose addresses other nodes reach this one: the one that was
    /// named, else the first to a switch, else the first.
    pub(crate) fn underlay<'a>(&self, machine: &'a Machine) -> Option<&'a Link> {
        if let Some(name) = &machine.underlay {
            return machine.links.iter().find(|link| link.name == *name);
        }
        let to_switch = |link: &&Link| matches!(link.to, LinkEnd::Switch(_));
        machine.links.iter().find(to_switch).or_else(|| machine.links.first())
    }

    /// The address at which a node asks for the store: the first of a family
    /// that the node's underlay has too.
    pub(crate) fn store_address(&self, node: &Machine) -> Option<IpAddr> {
        let own = &self.underlay(node)?.addresses;
        let shared =
            |address: &IpAddr| own.iter().any(|own| own.addr().is_ipv4() == address.is_ipv4());
        self.keeper()?.0.addresses().find(shared)
    }

    pub(crate) fn switch(&self, name: &str) -> Option<&Switch> {
        self.switches.iter().find(|switch| switch.name == name)
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

impl Machine {
    /// Its addresses, in the order of the file.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.links.iter().flat_map(|link| link.addresses.iter().map(IpNet::addr))
    }
}

impl Port<'_> {
    /// The link as people name it: `alpha.eth0`.
    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.machine.name, self.link.name)
    }
}
