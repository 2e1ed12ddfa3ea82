//! Addresses compared: within a machine, and with whom they share a wire.
//!
//! Two wires of one lab may well use the same subnet, as two sites behind
//! address translation do; two links of one machine may not.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::explain::{LabCure, LabMistake};

use super::links::machines;
use super::report::Mistake;
use super::shape::{LabFile, MachineShape, Text};

/// An address, where it was written, and whose it is.
struct Given<'a> {
    address: IpNet,
    text: &'a Text,
    owner: String,
}

pub(super) fn check(file: &LabFile, mistakes: &mut Vec<Mistake>) {
    let mut wires: BTreeMap<String, Vec<Given<'_>>> = BTreeMap::new();
    for (machine, shape) in machines(file) {
        within_machine(&machine.value, shape, mistakes);
        for (name, link) in &shape.links.0 {
            let own = format!("{}.{}", machine.value, name.value);
            let is_switch = file.switches.names().any(|switch| switch == link.to.value);
            // Both ends of a cable name the same wire.
            let wire = if is_switch { &link.to.value } else { own.as_str().min(&link.to.value) };
            let given = link.address.0.iter().filter_map(|text| {
                Some(Given { address: text.value.parse().ok()?, text, owner: own.clone() })
            });
            wires.entry(wire.to_owned()).or_default().extend(given);
        }
    }
    for (wire, given) in &wires {
        alone(given, mistakes);
        together(given, mistakes);
        match file.switches.0.iter().find(|(switch, _)| switch.value == *wire) {
            Some((_, shape)) => {
                let subnets = shape.as_ref().map_or(&[][..], |shape| &shape.subnet.0);
                on_switch(wire, subnets, given, mistakes);
            }
            None => on_cable(given, mistakes),
        }
    }
}

/// Addresses that no machine can have.
fn alone(given: &[Given<'_>], mistakes: &mut Vec<Mistake>) {
    for Given { address, text, .. } in given {
        let own = address.addr();
        let wide = address.max_prefix_len() - address.prefix_len() > 1;
        let what = if own.is_loopback() || own.is_multicast() || own.is_unspecified() {
            LabMistake::NotForALink { address: *address }
        } else if wide && own == address.network() {
            LabMistake::SubnetItself { address: *address }
        } else if wide && own.is_ipv4() && own == address.broadcast() {
            LabMistake::Broadcast { address: *address }
        } else {
            continue;
        };
        let mistake = Mistake::on(text, what);
        let first = address.hosts().next().filter(|_| wide && !own.is_loopback());
        let instance = first.and_then(|first| IpNet::new(first, address.prefix_len()).ok());
        mistakes.push(match instance {
            Some(address) => mistake.with(LabCure::InstanceAddress { address }),
            None => mistake,
        });
    }
}

/// Doubled addresses, and subnets that overlap without being the same.
fn together(given: &[Given<'_>], mistakes: &mut Vec<Mistake>) {
    let mut addresses: BTreeMap<IpAddr, &Given<'_>> = BTreeMap::new();
    let mut subnets: BTreeMap<IpNet, &Given<'_>> = BTreeMap::new();
    for one in given {
        let address = one.address.addr();
        if let Some(first) = addresses.get(&address) {
            let (owner, line) = (first.owner.clone(), first.text.referenced.line());
            let what = LabMistake::AddressTaken { address, owner, line };
            mistakes.push(Mistake::on(one.text, what).with(LabCure::OtherAddress));
            continue;
        }
        addresses.insert(address, one);
        let subnet = one.address.trunc();
        let other = subnets.iter().find(|(other, _)| overlap(other, &subnet));
        if let Some((other, first)) = other {
            let (owner, line) = (first.owner.clone(), first.text.referenced.line());
            let what = LabMistake::OverlapOnWire { subnet, other: *other, owner, line };
            let mistake = Mistake::on(one.text, what);
            mistakes.push(match IpNet::new(address, other.prefix_len()) {
                Ok(address) => mistake.with(LabCure::MeantAddress { address }),
                Err(_) => mistake,
            });
        }
        subnets.entry(subnet).or_insert(one);
    }
}

/// A switch may state its subnets; then every address belongs to one of them.
fn on_switch(switch: &str, texts: &[Text], given: &[Given<'_>], mistakes: &mut Vec<Mistake>) {
    let mut subnets: Vec<IpNet> = Vec::new();
    for text in texts {
        match text.value.parse::<IpNet>() {
            Ok(subnet) if subnet != subnet.trunc() => mistakes.push(
                Mistake::on(text, LabMistake::BitsBeyond { subnet })
                    .with(LabCure::MeantAddress { address: subnet.trunc() }),
            ),
            Ok(subnet) => subnets.push(subnet),
            Err(_) => {
                mistakes.push(Mistake::on(text, LabMistake::NoSubnet { text: text.value.clone() }));
            }
        }
    }
    if subnets.is_empty() {
        return;
    }
    for one in given.iter().filter(|one| !subnets.contains(&one.address.trunc())) {
        let (address, switch) = (one.address, switch.to_owned());
        let what = LabMistake::InNoSubnet { address, switch };
        let has = LabCure::SwitchHas { subnets: subnets.clone() };
        mistakes.push(Mistake::on(one.text, what).with(has));
    }
}

/// The ends of a cable must be able to talk: one subnet of each family is
/// shared, if both ends have an address of that family.
fn on_cable(given: &[Given<'_>], mistakes: &mut Vec<Mistake>) {
    for one in given {
        let mut others = (given.iter())
            .filter(|other| other.owner != one.owner)
            .filter(|other| other.address.addr().is_ipv4() == one.address.addr().is_ipv4())
            .peekable();
        let Some(first) = others.peek() else { continue };
        let (owner, other) = (first.owner.clone(), first.address);
        if !others.any(|other| other.address.trunc() == one.address.trunc()) {
            let address = one.address;
            mistakes.push(Mistake::on(one.text, LabMistake::NotOnCable { address, owner, other }));
        }
    }
}

/// Subnets of two links of one machine, and its next hops.
fn within_machine(machine: &str, shape: &MachineShape, mistakes: &mut Vec<Mistake>) {
    let mut connected: Vec<(&str, &Text, IpNet)> = Vec::new();
    for (name, link) in &shape.links.0 {
        for text in &link.address.0 {
            let Ok(address) = text.value.parse::<IpNet>() else { continue };
            let other = (connected.iter())
                .find(|(link, _, other)| *link != name.value && overlap_or_same(other, &address));
            if let Some((link, first, other)) = other {
                let (link, line) = (format!("{machine}.{link}"), first.referenced.line());
                let what = LabMistake::OverlapOnMachine { address, other: *other, link, line };
                mistakes.push(Mistake::on(text, what).with(LabCure::OwnSubnets));
            }
            connected.push((&name.value, text, address));
        }
    }
    let mut families = [false; 2];
    for text in &shape.gateway.0 {
        next_hop(text, &connected, mistakes);
        let Ok(gateway) = text.value.parse::<IpAddr>() else { continue };
        if std::mem::replace(&mut families[usize::from(gateway.is_ipv6())], true) {
            mistakes.push(Mistake::on(text, LabMistake::SecondGateway));
        }
    }
    for route in &shape.routes {
        next_hop(&route.via, &connected, mistakes);
    }
}

fn next_hop(text: &Text, connected: &[(&str, &Text, IpNet)], mistakes: &mut Vec<Mistake>) {
    let Ok(hop) = text.value.parse::<IpAddr>() else { return };
    if connected.iter().any(|(_, _, own)| own.addr() == hop) {
        mistakes.push(Mistake::on(text, LabMistake::OwnAddress { hop }));
    } else if !connected.iter().any(|(_, _, own)| own.contains(&hop)) {
        let subnets: Vec<IpNet> = connected.iter().map(|(_, _, own)| own.trunc()).collect();
        let mistake = Mistake::on(text, LabMistake::OnNoLink { hop });
        mistakes.push(if subnets.is_empty() {
            mistake
        } else {
            mistake.with(LabCure::LinksHave { subnets })
        });
    }
}

fn overlap_or_same(a: &IpNet, b: &IpNet) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}

/// Overlapping, but not equal.
fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a != b && overlap_or_same(a, b)
}
