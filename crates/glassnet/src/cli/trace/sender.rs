//! FROM: who sends.

use super::{Wrong, called};
use crate::cli::error::Error;
use crate::machine::Machine;
use crate::places::NoPlace;
use model::explain::{Language, PartText, TraceText};
use model::host::NamespaceId;
use model::net::LinkName;
use model::path::{Origin, Part};
use std::net::IpAddr;

pub(super) struct Sender {
    pub(super) id: NamespaceId,
    pub(super) origin: Origin,
    pub(super) source: Option<IpAddr>,
    /// As people call it.
    pub(super) said: String,
}

pub(super) fn find(
    machine: &mut Machine,
    from: &str,
    link: Option<&str>,
    language: Language,
) -> Result<Sender, Error> {
    if let Some(link) = link {
        return outside(machine, from, link, language);
    }
    if let Ok(address) = from.parse() {
        return bearer(machine, from, address);
    }
    let found = machine.find(from, |_| false).map_err(|no| Error::Trace(Wrong::Place(no)))?;
    match found.link {
        // A socket is of no link.
        Some(_) => {
            let (name, known) = (from.to_owned(), vec![found.id.to_string()]);
            Err(Error::Trace(Wrong::Place(NoPlace::Unknown { name, known })))
        }
        None => Ok(socket(machine, found.id, None)),
    }
}

fn socket(machine: &Machine, id: NamespaceId, source: Option<IpAddr>) -> Sender {
    let place = called(machine, &id);
    let said = source.map_or_else(|| place.clone(), |source| format!("{source} ({place})"));
    Sender { id, origin: Origin::Socket, source, said }
}

/// The one namespace that has the address; the host first, whose every address is worth asking for.
fn bearer(machine: &mut Machine, from: &str, address: IpAddr) -> Result<Sender, Error> {
    let mut bearers: Vec<NamespaceId> = Vec::new();
    for id in machine.ids() {
        let addresses = machine.part(&id, &Part::Addresses).map(|read| read.addresses);
        let has = addresses.is_ok_and(|all| all.iter().any(|a| a.prefix.addr() == address));
        if has && id == NamespaceId::Host {
            return Ok(socket(machine, id, Some(address)));
        }
        bearers.extend(has.then_some(id));
    }
    let name = from.to_owned();
    match &bearers[..] {
        [id] => Ok(socket(machine, id.clone(), Some(address))),
        [] => Err(Error::Trace(Wrong::NotHere { address })),
        several => {
            let any = several.iter().map(ToString::to_string).collect();
            Err(Error::Trace(Wrong::Place(NoPlace::Unclear { name, any })))
        }
    }
}

/// Somebody who is not looked at, and whose packet comes in by a link.
fn outside(
    machine: &mut Machine,
    from: &str,
    by: &str,
    language: Language,
) -> Result<Sender, Error> {
    let address: IpAddr = from.parse().map_err(|_| {
        Error::Trace(Wrong::Usage(TraceText::OutsideIsAddress { from: from.to_owned() }))
    })?;
    let (link, id) = match by.split_once('@') {
        Some((link, place)) => {
            let found = machine.find(place, |_| false);
            (link, found.map_err(|no| Error::Trace(Wrong::Place(no)))?.id)
        }
        None => (by, NamespaceId::Host),
    };
    let place = called(machine, &id);
    let links = machine.part(&id, &Part::Links).map_err(|why| {
        let part = PartText::Links;
        Error::Trace(Wrong::Unreadable { part, place: place.clone(), why })
    })?;
    let known = || links.links.iter().map(|link| link.name.to_string()).collect();
    let name = link.parse::<LinkName>().ok().filter(|name| links.links.contains(name));
    let name = name.ok_or_else(|| {
        Error::Trace(Wrong::NoLink { link: link.to_owned(), place, known: known() })
    })?;
    let link = match &id {
        NamespaceId::Host => name.to_string(),
        id => format!("{name}@{id}"),
    };
    let said = TraceText::FromOutside { address, link }.say(language);
    Ok(Sender { id, origin: Origin::Wire(name), source: Some(address), said })
}
