//! TO: the address that a packet is sent to, and how it was found.

use super::beyond::Beyond;
use super::resolve::{self, By};
use super::sender::Sender;
use super::{Wrong, called};
use crate::cli::error::Error;
use crate::machine::{Found, Machine};
use crate::places::NoPlace;
use model::cluster::NodeName;
use model::explain::{PartText, TraceText};
use model::host::NamespaceId;
use model::host::route::{RouteKind, TABLE_MAIN};
use model::net::Family;
use model::path::{Origin, Part};
use std::net::IpAddr;

pub(super) struct Receiver {
    pub(super) address: IpAddr,
    /// As people call it.
    pub(super) said: String,
    pub(super) note: Option<TraceText>,
}

pub(super) fn find(
    machine: &mut Machine,
    sender: &Sender,
    to: &str,
    family: Option<Family>,
    beyond: Option<&mut Beyond>,
) -> Result<Receiver, Error> {
    if let Ok(address) = to.parse::<IpAddr>() {
        return match family.filter(|family| *family != Family::of(address)) {
            Some(family) => {
                Err(Error::Trace(Wrong::Usage(TraceText::OtherFamily { address, family })))
            }
            None => Ok(Receiver { address, said: to.to_owned(), note: None }),
        };
    }
    match machine.find(to, |_| false) {
        Ok(found) => of_place(machine, sender, to, &found, family),
        Err(NoPlace::Unknown { .. }) if is_link(machine, to) => {
            let found = Found { id: NamespaceId::Host, link: Some(to.to_owned()) };
            of_place(machine, sender, to, &found, family)
        }
        Err(NoPlace::Unknown { known, .. }) => {
            match beyond.and_then(|beyond| beyond.addresses(to)) {
                Some((node, told)) => of_node(to, family, &node, told, known),
                None => of_name(machine, sender, to, family, known),
            }
        }
        Err(unclear) => Err(Error::Trace(Wrong::Place(unclear))),
    }
}

/// Whether the host has a link of this name.
fn is_link(machine: &mut Machine, name: &str) -> bool {
    let Ok(name) = name.parse() else { return false };
    let links = machine.part(&NamespaceId::Host, &Part::Links).map(|read| read.links);
    links.is_ok_and(|links| links.contains(&name))
}

/// An address of a place: IPv4 first, and of several one that the sender reaches directly.
fn of_place(
    machine: &mut Machine,
    sender: &Sender,
    to: &str,
    found: &Found,
    family: Option<Family>,
) -> Result<Receiver, Error> {
    let name = to.to_owned();
    let place = called(machine, &found.id);
    let read = machine.part(&found.id, &Part::Addresses).map_err(|why| {
        let (part, place) = (PartText::Addresses, place.clone());
        Error::Trace(Wrong::Unreadable { part, place, why })
    })?;
    let on_link = |link: &str| found.link.as_deref().is_none_or(|wanted| wanted == link);
    let of_link = read.addresses.iter().filter(|a| on_link(a.link.as_str()) && !a.tentative);
    let mut all: Vec<IpAddr> =
        of_link.map(|a| a.prefix.addr()).filter(|address| is_reachable(*address)).collect();
    // Kept in their order otherwise.
    all.sort_by_key(IpAddr::is_ipv6);
    let fits = |address: &&IpAddr| family.is_none_or(|family| Family::of(**address) == family);
    let Some(first) = all.iter().find(fits).copied() else {
        return Err(Error::Trace(Wrong::NoAddress { name, family, others: all }));
    };
    let same = all.iter().filter(fits).filter(|address| address.is_ipv4() == first.is_ipv4());
    let near = near(machine, sender);
    let nearest = same.copied().find(|address| near.iter().any(|on| on.contains(address)));
    let address = nearest.unwrap_or(first);
    let others: Vec<IpAddr> = all.into_iter().filter(|other| *other != address).collect();
    let note = match (others.is_empty(), nearest) {
        (true, _) => TraceText::HasIt { name, address },
        (false, Some(_)) => TraceText::HasNear { name, address, others },
        (false, None) => TraceText::HasSeveral { name, address, others },
    };
    Ok(Receiver { address, said: format!("{address} ({place})"), note: Some(note) })
}

/// Others can send to it.
fn is_reachable(address: IpAddr) -> bool {
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    !address.is_loopback() && !link_local
}

/// What the sender reaches without a gateway.
fn near(machine: &mut Machine, sender: &Sender) -> Vec<ipnet::IpNet> {
    if sender.origin != Origin::Socket {
        return Vec::new();
    }
    let routes = machine.part(&sender.id, &Part::Routes).map(|read| read.routes);
    let routes = routes.unwrap_or_default();
    let direct = routes.iter().filter(|route| {
        let main = route.table == TABLE_MAIN && route.kind == RouteKind::Unicast;
        main && route.destination.prefix_len() > 0
            && route.nexthops.iter().all(|hop| hop.gateway.is_none())
    });
    direct.map(|route| route.destination).collect()
}

/// Of another node, or of a place there: IPv4 first.
fn of_node(
    to: &str,
    family: Option<Family>,
    node: &NodeName,
    told: Result<Vec<IpAddr>, TraceText>,
    known: Vec<String>,
) -> Result<Receiver, Error> {
    let name = to.to_owned();
    let all = told.map_err(|why| Error::Trace(Wrong::NoName { why, known }))?;
    let mut fit = all.iter().filter(|a| family.is_none_or(|family| Family::of(**a) == family));
    let Some(address) = fit.next().copied() else {
        return Err(Error::Trace(Wrong::NoAddress { name, family, others: all }));
    };
    let note = TraceText::ByNode { name, address, node: node.clone() };
    Ok(Receiver { address, said: format!("{address} ({to})"), note: Some(note) })
}

fn of_name(
    machine: &Machine,
    sender: &Sender,
    to: &str,
    family: Option<Family>,
    known: Vec<String>,
) -> Result<Receiver, Error> {
    let of = called(machine, &sender.id);
    let name = to.to_owned();
    let Some(namespace) = machine.namespace(&sender.id) else {
        let why = TraceText::NameInFile { name };
        return Err(Error::Trace(Wrong::NoName { why, known }));
    };
    match resolve::resolve(machine, &sender.id, namespace, to, family) {
        Ok((address, by)) => {
            let said = format!("{address} ({to})");
            let note = match by {
                By::HostsFile => TraceText::ByHostsFile { name, address, of },
                By::Server { name, server } => TraceText::ByServer { name, address, server, of },
            };
            Ok(Receiver { address, said, note: Some(note) })
        }
        Err(why) => {
            let why = TraceText::NotResolved { name, of, why: Box::new(why) };
            Err(Error::Trace(Wrong::NoName { why, known }))
        }
    }
}
