//! Links: their names, and what their other ends are plugged into.

use model::explain::{LabCure, LabMistake, LabThing, LabValue};
use serde_saphyr::Spanned;

use super::check::{MOST_LINKS_OF_A_SWITCH, USUAL_MTU, mtu, one};
use super::report::Mistake;
use super::shape::{LabFile, LinkShape, MachineShape, Text};
use crate::topology::{Link, LinkEnd, Switch};

/// IFNAMSIZ without its terminator.
const LINK_NAME: usize = 15;
/// RFC 8200 §5.
const IPV6_MTU: u32 = 1280;
/// Names the kernel or its sysctls use for something else.
const TAKEN: [&str; 3] = ["lo", "all", "default"];

pub(super) fn machines(file: &LabFile) -> impl Iterator<Item = &(Text, MachineShape)> + Clone {
    file.hosts.0.iter().chain(&file.routers.0)
}

pub(super) fn links(
    file: &LabFile,
    machine: &Text,
    shape: &MachineShape,
    switches: &[Switch],
    mistakes: &mut Vec<Mistake>,
) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for (name, link) in &shape.links.0 {
        if links.iter().any(|earlier| earlier.name == name.value) {
            let second = LabMistake::Second { what: LabThing::Link, name: name.value.clone() };
            mistakes.push(Mistake::on(name, second));
        }
        link_name(name, mistakes);
        let Some(to) = end(file, machine, name, link, mistakes) else { continue };
        let own_mtu = mtu(link.mtu.as_ref(), mistakes);
        let mtu = own_mtu.unwrap_or_else(|| match &to {
            LinkEnd::Switch(switch) => {
                switches.iter().find(|s| s.name == *switch).map_or(USUAL_MTU, |s| s.mtu)
            }
            LinkEnd::Machine { machine, link } => {
                let far = machines(file).find(|(name, _)| name.value == *machine);
                let far = far.and_then(|(_, shape)| {
                    shape.links.0.iter().find(|(name, _)| name.value == *link)
                });
                far.and_then(|(_, shape)| shape.mtu.as_ref()).map_or(USUAL_MTU, |mtu| mtu.value)
            }
        });
        let mut addresses = Vec::new();
        for text in &link.address.0 {
            if let Some(address) = one::<ipnet::IpNet>(text, &LabValue::LinkAddress, mistakes) {
                if address.addr().is_ipv6() && mtu < IPV6_MTU {
                    let small = LabMistake::MtuForIpv6 { least: IPV6_MTU, mtu };
                    mistakes.push(Mistake::on(text, small));
                }
                addresses.push(address);
            }
        }
        links.push(Link { name: name.value.clone(), to, mtu, addresses });
    }
    links
}

fn link_name(name: &Text, mistakes: &mut Vec<Mistake>) {
    let text = &name.value;
    let fitting = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.len() > LINK_NAME {
        let (length, most) = (text.len(), LINK_NAME);
        let what = LabThing::Link;
        mistakes.push(Mistake::on(
            name,
            LabMistake::NameLong { name: text.clone(), length, what, most },
        ));
    } else if !text.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !text.chars().all(fitting)
        || TAKEN.contains(&text.as_str())
    {
        let none = LabMistake::NoName { name: text.clone(), what: LabThing::Link };
        mistakes.push(Mistake::on(name, none).with(LabCure::LinkNames));
    }
}

/// `to: fabric` is a switch, `to: beta.eth1` the end of a cable.
fn end(
    file: &LabFile,
    machine: &Text,
    name: &Text,
    link: &LinkShape,
    mistakes: &mut Vec<Mistake>,
) -> Option<LinkEnd> {
    let to = &link.to;
    if file.switches.names().any(|switch| switch == to.value) {
        return Some(LinkEnd::Switch(to.value.clone()));
    }
    let (far_name, far_link) = match to.value.split_once('.') {
        Some((far_name, far_link)) => (far_name, Some(far_link)),
        None => (to.value.as_str(), None),
    };
    let Some((_, far)) = machines(file).find(|(name, _)| name.value == far_name) else {
        let names = file.switches.names().chain(file.hosts.names()).chain(file.routers.names());
        let what = LabMistake::NobodyCalled { name: far_name.to_owned() };
        mistakes.push(Mistake::on(to, what).with_names(far_name, names));
        return None;
    };
    let Some(far_link) = far_link else {
        let machine = far_name.to_owned();
        let link = far.links.names().next().unwrap_or("eth0").to_owned();
        let what = LabMistake::LinkNotNamed { machine: machine.clone() };
        mistakes.push(Mistake::on(to, what).with(LabCure::InstanceLink { machine, link }));
        return None;
    };
    let Some((_, far_end)) = far.links.0.iter().find(|(name, _)| name.value == far_link) else {
        let (machine, link) = (far_name.to_owned(), far_link.to_owned());
        let what = LabMistake::NoSuchLink { machine, link };
        mistakes.push(Mistake::on(to, what).with_names(far_link, far.links.names()));
        return None;
    };
    let own = format!("{}.{}", machine.value, name.value);
    if to.value == own {
        mistakes.push(Mistake::on(to, LabMistake::CableToItself));
        return None;
    }
    if far_end.to.value != own {
        let what = LabMistake::NotBack {
            to: to.value.clone(),
            leads: far_end.to.value.clone(),
            line: far_end.to.referenced.line(),
            own: own.clone(),
        };
        mistakes.push(Mistake::on(to, what).with(LabCure::ThereWrite { own }));
        return None;
    }
    Some(LinkEnd::Machine { machine: far_name.to_owned(), link: far_link.to_owned() })
}

/// No switch may have more links than a bridge has ports.
pub(super) fn totals(file: &LabFile, mistakes: &mut Vec<Mistake>) {
    for (switch, _) in &file.switches.0 {
        let leads_here = |to: &Spanned<String>| to.value == switch.value;
        let links = machines(file)
            .flat_map(|(_, shape)| &shape.links.0)
            .filter(|(_, link)| leads_here(&link.to))
            .count();
        if links > MOST_LINKS_OF_A_SWITCH {
            let (name, most) = (switch.value.clone(), MOST_LINKS_OF_A_SWITCH);
            let what = LabMistake::TooManyPorts { links, switch: name, most };
            mistakes.push(Mistake::on(switch, what));
        }
    }
}
