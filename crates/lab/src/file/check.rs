//! From the shape of a lab file to its meaning: names, numbers, machines.
//!
//! Links are resolved in `links`, addresses compared in `subnets`. Every
//! function notes what it finds wrong and goes on.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Component, Path};

use ipnet::IpNet;
use model::explain::{LabCure, LabMistake, LabThing, LabValue};
use serde_saphyr::Spanned;

use super::report::Mistake;
use super::shape::{ContainerShape, Entries, LabFile, MachineShape, Many, NetworkShape, Text};
use super::{cluster, drops, links, subnets};
use crate::state;
use crate::topology::{Container, Machine, Network, Page, Role, Route, Switch, Sysctl, Topology};

pub(super) const USUAL_MTU: u32 = 1500;
const MTU: std::ops::RangeInclusive<u32> = 68..=65535;
const MOST_MACHINES: usize = 250;
/// A bridge of Linux has at most 1,023 ports.
pub(super) const MOST_LINKS_OF_A_SWITCH: usize = 1023;
/// A switch is a bridge, and its name is a link's.
const SWITCH_NAME: usize = 15;
const MACHINE_NAME: usize = 40;

pub(super) fn check(file: &LabFile) -> Result<Topology, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    if !state::is_name(&file.lab.value) {
        mistakes.push(
            Mistake::on(&file.lab, LabMistake::NoLabName { name: file.lab.value.clone() })
                .with(LabCure::LabName),
        );
    }
    names(file, &mut mistakes);
    let switches: Vec<Switch> = (file.switches.0.iter())
        .map(|(name, shape)| Switch {
            name: name.value.clone(),
            mtu: mtu(shape.as_ref().and_then(|shape| shape.mtu.as_ref()), &mut mistakes)
                .unwrap_or(USUAL_MTU),
            drop: shape
                .as_ref()
                .map_or_else(Vec::new, |shape| drops::read(&shape.drop, &mut mistakes)),
        })
        .collect();
    let mut machines = Vec::new();
    for (role, entries) in [(Role::Host, &file.hosts), (Role::Router, &file.routers)] {
        for (name, shape) in &entries.0 {
            let links = links::links(file, name, shape, &switches, &mut mistakes);
            machines.push(Machine { links, ..machine(role, name, shape, file, &mut mistakes) });
        }
    }
    links::totals(file, &mut mistakes);
    subnets::check(file, &mut mistakes);
    let topology = Topology {
        name: file.lab.value.clone(),
        switches,
        machines,
        store: file.store.as_ref().map(|store| store.value.clone()),
        networks: networks(&file.networks, true, file, &mut mistakes),
    };
    cluster::check(file, &topology, &mut mistakes);
    if mistakes.is_empty() { Ok(topology) } else { Err(mistakes) }
}

/// Switches, hosts and routers share one set of names, since `to:` may mean
/// any of them.
fn names(file: &LabFile, mistakes: &mut Vec<Mistake>) {
    let switches = file.switches.0.iter().map(|(name, _)| (name, LabThing::Switch, SWITCH_NAME));
    let hosts = file.hosts.0.iter().map(|(name, _)| (name, LabThing::Host, MACHINE_NAME));
    let routers = file.routers.0.iter().map(|(name, _)| (name, LabThing::Router, MACHINE_NAME));
    let mut seen: BTreeMap<&str, (LabThing, u64)> = BTreeMap::new();
    for (name, what, most) in switches.chain(hosts).chain(routers) {
        plain_name(name, &what, most, mistakes);
        if let Some((other, line)) = seen.insert(&name.value, (what, name.referenced.line())) {
            let taken = LabMistake::NameTaken { name: name.value.clone(), other, line };
            mistakes.push(Mistake::on(name, taken).with(LabCure::OtherName));
        }
    }
    if file.hosts.0.len() + file.routers.0.len() > MOST_MACHINES {
        let most = MOST_MACHINES;
        mistakes.push(Mistake::on(&file.lab, LabMistake::TooManyMachines { most }));
    }
}

/// The same rule for everything that becomes a host name or part of a path.
fn plain_name(name: &Text, what: &LabThing, most: usize, mistakes: &mut Vec<Mistake>) {
    let text = &name.value;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.len() > most {
        let (length, what) = (text.len(), what.clone());
        let long = LabMistake::NameLong { name: text.clone(), length, what, most };
        mistakes.push(Mistake::on(name, long));
    } else if !text.starts_with(plain) || !text.chars().all(|c| plain(c) || c == '-') {
        let none = LabMistake::NoName { name: text.clone(), what: what.clone() };
        mistakes.push(Mistake::on(name, none).with(LabCure::PlainName));
    }
}

pub(super) fn mtu(value: Option<&Spanned<u32>>, mistakes: &mut Vec<Mistake>) -> Option<u32> {
    let value = value?;
    if !MTU.contains(&value.value) {
        let out = LabMistake::MtuRange { mtu: value.value };
        mistakes.push(Mistake::on(value, out).with(LabCure::MtuRange));
    }
    Some(value.value)
}

fn machine(
    role: Role,
    name: &Text,
    shape: &MachineShape,
    file: &LabFile,
    mistakes: &mut Vec<Mistake>,
) -> Machine {
    let node = shape.node.unwrap_or(role == Role::Host);
    let networks = networks(&shape.networks, false, file, mistakes);
    if !node && let Some((first, _)) = shape.networks.0.first() {
        let none = LabMistake::NoNode { name: name.value.clone() };
        mistakes.push(Mistake::on(first, none).with(LabCure::NodeTrue));
    }
    let known: Vec<&str> = shape.networks.names().chain(file.networks.names()).collect();
    let containers =
        (shape.containers.0.iter()).map(|entry| container(entry, &known, node, mistakes)).collect();
    duplicates(&shape.containers, &LabThing::Container, mistakes);
    Machine {
        name: name.value.clone(),
        role,
        node,
        links: Vec::new(),
        gateways: parsed(&shape.gateway, &LabValue::Address, mistakes),
        routes: routes(shape, mistakes),
        bridge_nf_call: bridge_nf_call(shape, mistakes),
        sysctls: sysctls(&shape.sysctls, mistakes),
        serve: pages(&shape.serve, mistakes),
        networks,
        containers,
        etcd: cluster::etcd(shape),
        underlay: cluster::underlay(name, shape, mistakes),
        drop: drops::of_machine(role, shape, mistakes),
    }
}

fn bridge_nf_call(shape: &MachineShape, mistakes: &mut Vec<Mistake>) -> Option<bool> {
    let value = shape.bridge_nf_call.as_ref()?;
    if value.value > 1 {
        mistakes.push(Mistake::on(value, LabMistake::BridgeNetfilter));
    }
    Some(value.value == 1)
}

/// Networks of one machine, or `of_all` nodes.
fn networks(
    entries: &Entries<NetworkShape>,
    of_all: bool,
    file: &LabFile,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Network> {
    duplicates(entries, &LabThing::Network, mistakes);
    (entries.0.iter())
        .map(|(name, network)| {
            plain_name(name, &LabThing::Network, MACHINE_NAME, mistakes);
            if !of_all && file.networks.names().any(|other| other == name.value) {
                let second =
                    LabMistake::Second { what: LabThing::Network, name: name.value.clone() };
                mistakes.push(Mistake::on(name, second).with(LabCure::OtherName));
            }
            Network {
                name: name.value.clone(),
                subnets: parsed(&network.subnet, &LabValue::Subnet, mistakes),
                mtu: mtu(network.mtu.as_ref(), mistakes),
                backend: cluster::backend(network, of_all, mistakes),
                port: cluster::port(network, of_all, mistakes),
            }
        })
        .collect()
}

fn container(
    (name, shape): &(Text, Option<ContainerShape>),
    networks: &[&str],
    node: bool,
    mistakes: &mut Vec<Mistake>,
) -> Container {
    plain_name(name, &LabThing::Container, MACHINE_NAME, mistakes);
    let unset = ContainerShape::default();
    let shape = shape.as_ref().unwrap_or(&unset);
    match &shape.network {
        Some(network) if !node => mistakes
            .push(Mistake::on(network, LabMistake::NetworkWithoutNode).with(LabCure::NodeTrue)),
        Some(network) if !networks.contains(&network.value.as_str()) => {
            let none = LabMistake::NoSuchNetwork { name: network.value.clone() };
            mistakes.push(
                Mistake::on(network, none).with_names(&network.value, networks.iter().copied()),
            );
        }
        Some(_) => {}
        None => {
            for needless in shape.publish.0.iter().chain(&shape.address.0) {
                mistakes.push(
                    Mistake::on(needless, LabMistake::ContainerAlone).with(LabCure::NetworkName),
                );
            }
        }
    }
    for publish in &shape.publish.0 {
        let fitting = |c: char| c.is_ascii_alphanumeric() || ":.-/[]".contains(c);
        if publish.value.is_empty() || !publish.value.chars().all(fitting) {
            mistakes.push(
                Mistake::on(publish, LabMistake::NoPublish { text: publish.value.clone() })
                    .with(LabCure::Publish),
            );
        }
    }
    Container {
        name: name.value.clone(),
        network: shape.network.as_ref().map(|network| network.value.clone()),
        addresses: parsed(&shape.address, &LabValue::Address, mistakes),
        publish: shape.publish.0.iter().map(|text| text.value.clone()).collect(),
        command: shape.command.clone(),
        serve: pages(&shape.serve, mistakes),
    }
}

fn duplicates<V>(entries: &Entries<V>, what: &LabThing, mistakes: &mut Vec<Mistake>) {
    for (number, (name, _)) in entries.0.iter().enumerate() {
        if entries.names().take(number).any(|earlier| earlier == name.value) {
            let second = LabMistake::Second { what: what.clone(), name: name.value.clone() };
            mistakes.push(Mistake::on(name, second));
        }
    }
}

fn routes(shape: &MachineShape, mistakes: &mut Vec<Mistake>) -> Vec<Route> {
    (shape.routes.iter())
        .filter_map(|route| {
            let to: IpNet = one(&route.to, &LabValue::Prefix, mistakes)?;
            let via: IpAddr = one(&route.via, &LabValue::Address, mistakes)?;
            if to.addr() != to.network() {
                mistakes.push(
                    Mistake::on(&route.to, LabMistake::BitsBeyond { subnet: to })
                        .with(LabCure::MeantAddress { address: to.trunc() }),
                );
            }
            if to.addr().is_ipv4() != via.is_ipv4() {
                let mixed = LabMistake::MixedFamilies { to, via };
                mistakes.push(Mistake::on(&route.via, mixed));
            }
            Some(Route { to: to.trunc(), via })
        })
        .collect()
}

/// Only what is kept for each network namespace may be set: all other sysctls
/// belong to the whole computer.
fn sysctls(entries: &Entries<Text>, mistakes: &mut Vec<Mistake>) -> Vec<Sysctl> {
    for (name, value) in &entries.0 {
        let path = sysctl_path(&name.value);
        let steps = Path::new(&path).components();
        let downwards = steps.clone().all(|step| matches!(step, Component::Normal(_)));
        if !path.starts_with("net/") || !downwards || path.contains('\0') {
            mistakes.push(
                Mistake::on(name, LabMistake::NoNetworkSysctl { name: name.value.clone() })
                    .with(LabCure::Sysctl),
            );
        }
        if value.value.contains(['\n', '\0']) {
            mistakes.push(Mistake::on(value, LabMistake::SysctlLines));
        }
    }
    (entries.0.iter())
        .map(|(name, value)| Sysctl { name: name.value.clone(), value: value.value.clone() })
        .collect()
}

/// Dots part the steps, unless there are slashes: a link's name may hold dots.
pub(crate) fn sysctl_path(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { name.replace('.', "/") }
}

fn pages(texts: &Many, mistakes: &mut Vec<Mistake>) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for text in &texts.0 {
        let page = text.value.split_once(':').and_then(|(port, page)| {
            let port = port.trim().parse().ok().filter(|port| *port != 0)?;
            Some(Page { port, text: page.to_owned() })
        });
        match page {
            None => mistakes.push(
                Mistake::on(text, LabMistake::NoPage { text: text.value.clone() })
                    .with(LabCure::Page),
            ),
            Some(page) if pages.iter().any(|other| other.port == page.port) => {
                mistakes.push(Mistake::on(text, LabMistake::SecondPage { port: page.port }));
            }
            Some(page) => pages.push(page),
        }
    }
    pages
}

fn parsed<T: std::str::FromStr>(
    texts: &Many,
    kind: &LabValue,
    mistakes: &mut Vec<Mistake>,
) -> Vec<T> {
    texts.0.iter().filter_map(|text| one(text, kind, mistakes)).collect()
}

pub(super) fn one<T: std::str::FromStr>(
    text: &Text,
    kind: &LabValue,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    let value = text.value.parse().ok();
    if value.is_none() {
        let (written, kind) = (text.value.clone(), kind.clone());
        mistakes.push(Mistake::on(text, LabMistake::NotA { text: written, kind }));
    }
    value
}
