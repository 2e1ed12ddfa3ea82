//! Links: their names, and what their other ends are plugged into.

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
            mistakes.push(Mistake::on(name, format!("a second link called \"{}\"", name.value)));
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
            if let Some(address) =
                one::<ipnet::IpNet>(text, "an address with its prefix length", mistakes)
            {
                if address.addr().is_ipv6() && mtu < IPV6_MTU {
                    let what = format!("IPv6 needs an MTU of at least {IPV6_MTU}, not {mtu}");
                    mistakes.push(Mistake::on(text, what));
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
        let what = format!(
            "\"{text}\" has {} characters; a link's name has at most {LINK_NAME}",
            text.len()
        );
        mistakes.push(Mistake::on(name, what));
    } else if !text.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !text.chars().all(fitting)
        || TAKEN.contains(&text.as_str())
    {
        mistakes.push(
            Mistake::on(name, format!("\"{text}\" is no name for a link"))
                .with("eth0 and wan.2 are"),
        );
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
        let what = format!("no switch or machine is called \"{far_name}\"");
        mistakes.push(Mistake::on(to, what).with_names(far_name, names));
        return None;
    };
    let Some(far_link) = far_link else {
        let what = format!("\"{far_name}\" is a machine: name its link too");
        let first = far.links.names().next().unwrap_or("eth0");
        mistakes.push(Mistake::on(to, what).with(format!("for instance {far_name}.{first}")));
        return None;
    };
    let Some((_, far_end)) = far.links.0.iter().find(|(name, _)| name.value == far_link) else {
        let what = format!("\"{far_name}\" has no link \"{far_link}\"");
        mistakes.push(Mistake::on(to, what).with_names(far_link, far.links.names()));
        return None;
    };
    let own = format!("{}.{}", machine.value, name.value);
    if to.value == own {
        mistakes.push(Mistake::on(to, "a cable has two ends: this one leads to itself"));
        return None;
    }
    if far_end.to.value != own {
        let what = format!(
            "{} leads to {} (line {}), not back to {own}",
            to.value,
            far_end.to.value,
            far_end.to.referenced.line()
        );
        mistakes.push(Mistake::on(to, what).with(format!("there, write to: {own}")));
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
            let what = format!(
                "{links} links lead to \"{}\"; a switch has at most {MOST_LINKS_OF_A_SWITCH} ports",
                switch.value
            );
            mistakes.push(Mistake::on(switch, what));
        }
    }
}
