//! What several hosts share: the store, and networks that all nodes have.

use model::cluster::Backend;
use model::explain::{LabCure, LabMistake, LabValue};

use super::check::one;
use super::links::machines;
use super::report::Mistake;
use super::shape::{EtcdOptions, EtcdShape, LabFile, MachineShape, NetworkShape, Text};
use crate::topology::{Etcd, Topology};

pub(super) fn etcd(shape: &MachineShape) -> Option<Etcd> {
    match shape.etcd.as_ref()? {
        EtcdShape::Runs(runs) => runs.then_some(Etcd { tls: false }),
        EtcdShape::With(EtcdOptions { tls }) => Some(Etcd { tls: tls.unwrap_or(false) }),
    }
}

/// The link that was named for it.
pub(super) fn underlay(
    name: &Text,
    shape: &MachineShape,
    mistakes: &mut Vec<Mistake>,
) -> Option<String> {
    let link = shape.underlay.as_ref()?;
    if !shape.links.names().any(|known| known == link.value) {
        let (machine, link_name) = (name.value.clone(), link.value.clone());
        let none = LabMistake::NoSuchLink { machine, link: link_name };
        mistakes.push(Mistake::on(link, none).with_names(&link.value, shape.links.names()));
    }
    Some(link.value.clone())
}

pub(super) fn backend(
    network: &NetworkShape,
    of_all: bool,
    mistakes: &mut Vec<Mistake>,
) -> Option<Backend> {
    let text = network.backend.as_ref()?;
    if !of_all {
        mistakes.push(Mistake::on(text, LabMistake::NotOfAll).with(LabCure::NetworkOfAll));
    }
    one(text, &LabValue::Backend, mistakes)
}

pub(super) fn port(
    network: &NetworkShape,
    of_all: bool,
    mistakes: &mut Vec<Mistake>,
) -> Option<u16> {
    let port = network.port.as_ref()?;
    if !of_all {
        mistakes.push(Mistake::on(port, LabMistake::NotOfAll).with(LabCure::NetworkOfAll));
    }
    let number = u16::try_from(port.value).ok().filter(|number| *number != 0);
    if number.is_none() {
        mistakes.push(Mistake::on(port, LabMistake::PortRange { port: port.value }));
    }
    number
}

/// The store is there and can be reached, and somebody uses what is shared.
pub(super) fn check(file: &LabFile, topology: &Topology, mistakes: &mut Vec<Mistake>) {
    for (name, shape) in machines(file) {
        let machine = topology.machine(&name.value);
        let lonely = machine.is_some_and(|machine| machine.addresses().next().is_none());
        if lonely && etcd(shape).is_some() {
            let none = LabMistake::EtcdWithoutAddress { name: name.value.clone() };
            mistakes.push(Mistake::on(name, none));
        }
    }
    let first = file.networks.0.first();
    let Some(store) = &file.store else {
        if let Some((network, _)) = first {
            let none = LabMistake::NetworksWithoutStore;
            mistakes.push(Mistake::on(network, none).with(LabCure::StoreName));
        }
        for (name, shape) in machines(file) {
            if let Some(link) = &shape.underlay {
                let none = LabMistake::UnderlayWithoutStore { name: name.value.clone() };
                mistakes.push(Mistake::on(link, none).with(LabCure::StoreName));
            }
        }
        return;
    };
    let Some(keeper) = topology.machine(&store.value) else {
        let names = file.hosts.names().chain(file.routers.names());
        let none = LabMistake::NobodyCalled { name: store.value.clone() };
        mistakes.push(Mistake::on(store, none).with_names(&store.value, names));
        return;
    };
    if keeper.etcd.is_none() {
        let none = LabMistake::StoreWithoutEtcd { name: store.value.clone() };
        mistakes.push(Mistake::on(store, none).with(LabCure::EtcdTrue));
        return;
    }
    let mut nodes = topology.machines.iter().filter(|machine| machine.node).peekable();
    if let (None, Some((network, _))) = (nodes.peek(), first) {
        mistakes.push(Mistake::on(network, LabMistake::NobodyRunsGlassnet).with(LabCure::NodeTrue));
    }
    for node in nodes {
        let Some((name, _)) = machines(file).find(|(name, _)| name.value == node.name) else {
            continue;
        };
        let underlay = topology.underlay(node);
        if underlay.is_none_or(|link| link.addresses.is_empty()) {
            let none = LabMistake::NoUnderlay { name: node.name.clone() };
            mistakes.push(Mistake::on(name, none).with(LabCure::UnderlayLink));
        } else if topology.store_address(node).is_none() {
            let none = LabMistake::StoreOfOtherFamily {
                name: node.name.clone(),
                store: keeper.name.clone(),
            };
            mistakes.push(Mistake::on(name, none));
        }
    }
}
