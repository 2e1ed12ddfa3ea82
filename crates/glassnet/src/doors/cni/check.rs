//! CHECK (SPEC, "`CHECK`: Check container's networking is as expected"). Three things are compared,
//! and every difference is named: what ADD answered (`prevResult`) and what is asked now, each
//! with the lease that the daemon holds; and, by the daemon, that lease with the kernel.
//!
//! What later plugins of the chain added is theirs to check.

use super::World;
use super::configuration::Configuration;
use super::environment::Environment;
use super::previous::{Previous, sandbox};
use super::refusal::Refusal;
use super::wishes::Wishes;
use crate::protocol::{Request, Response};
use model::cluster::{Attachment, NetworkName};
use model::net::{Family, Mac};
use std::os::fd::AsFd;

pub(super) fn check(
    environment: &Environment,
    configuration: &Configuration<'_>,
    world: &World<'_>,
) -> Result<(), Refusal> {
    let id = environment.id()?;
    let previous = configuration.previous()?.ok_or(Refusal::Absent {
        path: "prevResult",
        why: "CHECK compares with what ADD answered",
    })?;
    let wishes = Wishes::read(configuration, &environment.arguments)?;
    let network = configuration.network()?;
    let netns = (world.open)(&environment.netns)?;
    let request = Request::Check { id: id.clone() };
    let (attachment, of_kernel) = match (world.ask)(&request, Some(netns.as_fd()))? {
        Response::Checked { attachment, differences } => (attachment, differences),
        Response::Failed(failure) => return Err(failure.into()),
        other => return Err(Refusal::unexpected(&other)),
    };
    let mut differences = with_previous(&previous, &environment.netns, &attachment);
    differences.extend(with_wishes(&wishes, &network, &attachment));
    differences.extend(of_kernel);
    if differences.is_empty() { Ok(()) } else { Err(Refusal::Differs(differences)) }
}

/// What ADD answered and the lease.
fn with_previous(previous: &Previous, netns: &str, attachment: &Attachment) -> Vec<String> {
    let mut differences = Vec::new();
    let outside = attachment.id.host_link();
    if !previous.has_outside(&outside) {
        differences.push(format!("prevResult does not list the host's link {outside}"));
    }
    let interface = &attachment.id.interface;
    let Some(place) = previous.inside(interface) else {
        differences.push(format!("prevResult does not list {interface} in the container"));
        return differences;
    };
    let listed = &previous.interfaces[place];
    if sandbox(listed) != netns {
        let sandbox = sandbox(listed);
        differences.push(format!("prevResult has {interface} in {sandbox}, CNI_NETNS is {netns}"));
    }
    let mac = listed["mac"].as_str().unwrap_or_default();
    if !mac.is_empty() && mac.parse::<Mac>().ok() != Some(attachment.mac) {
        let held = attachment.mac;
        differences.push(format!("prevResult has MAC {mac} on {interface}, the lease {held}"));
    }
    let listed = previous.addresses(place);
    for held in attachment.addresses.iter().filter(|held| !listed.contains(held)) {
        let family = Family::of(*held);
        let of_family = listed.iter().filter(|address| Family::of(**address) == family);
        let of_family: Vec<String> = of_family.map(ToString::to_string).collect();
        let instead = if of_family.is_empty() { "none".to_owned() } else { of_family.join(", ") };
        differences.push(format!(
            "prevResult has {instead} as {family} address of {interface}, the lease {held}"
        ));
    }
    differences
}

/// What is asked for and the lease.
fn with_wishes(wishes: &Wishes, network: &NetworkName, attachment: &Attachment) -> Vec<String> {
    let mut differences = Vec::new();
    if *network != attachment.network {
        let held = &attachment.network;
        differences.push(format!("network {network} is asked for, the attachment is to {held}"));
    }
    for address in wishes.addresses.iter().filter(|ip| !attachment.addresses.contains(ip)) {
        differences.push(format!("address {address} is asked for and not leased"));
    }
    for mac in wishes.mac.iter().filter(|mac| **mac != attachment.mac) {
        differences.push(format!("MAC {mac} is asked for, the lease has {}", attachment.mac));
    }
    for port in wishes.publish.iter().filter(|port| !attachment.publish.contains(port)) {
        differences.push(format!("port {port} is asked for and not published"));
    }
    let (asked, held) = (wishes.bandwidth, attachment.bandwidth);
    for (way, asked, held) in
        [("ingress", asked.ingress, held.ingress), ("egress", asked.egress, held.egress)]
    {
        let Some(asked) = asked.filter(|asked| Some(*asked) != held) else { continue };
        let held = held.map_or_else(
            || "no limit is set".to_owned(),
            |held| {
                format!("it is {} bit/s with a burst of {}", held.bits_per_second, held.burst_bits)
            },
        );
        let (rate, burst) = (asked.bits_per_second, asked.burst_bits);
        differences
            .push(format!("{way} of {rate} bit/s with a burst of {burst} is asked for, {held}"));
    }
    differences
}
