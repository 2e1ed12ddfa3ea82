//! `lab drop` and `lab pass`: what a router or a switch loses in silence.
//!
//! Rules are written by the program `nft`, in the namespace of the router, or
//! of the fabric for its switches. What is lost stays lost when a machine is
//! started again, as what is cut stays cut.
//!
//! A sender may give the kernel one large packet that only its card cuts into
//! real ones (segmentation offload). In a lab no card ever does, so a rule
//! about sizes, or a switch with a small MTU, would judge packets that no wire
//! has seen. Where sizes matter, links therefore cut beforehand.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::command::last_lines;
use crate::dropped::{Dropped, of_fabric, of_router};
use crate::error::Error;
use crate::namespace;
use crate::power::PATIENCE;
use crate::privilege;
use crate::process::Process;
use crate::programs;
use crate::state::{FABRIC, LabDirectory, Record};
use crate::topology::{LinkEnd, Machine, Port, Role, Topology};
use crate::wire::{Wire, WireError};
use crate::wiring::port_name;

/// What a port may send at once if nothing is cut beforehand: the kernel's own
/// limit.
const UNCUT: u32 = 65535;

/// Lets a router or a switch lose something from now on. Gives whether that is
/// new.
pub fn drop(lab: &str, place: &str, what: Dropped) -> Result<bool, Error> {
    set(lab, place, what, true)
}

/// Lets it pass again. Gives whether it was lost.
pub fn pass(lab: &str, place: &str, what: Dropped) -> Result<bool, Error> {
    set(lab, place, what, false)
}

fn set(lab: &str, place: &str, what: Dropped, lost: bool) -> Result<bool, Error> {
    privilege::check()?;
    let directory = LabDirectory::lock(lab, PATIENCE)?;
    let mut record = directory.finished()?;
    known(&record.topology, place)?;
    let drops = record.drops.entry(place.to_owned()).or_default();
    let was_lost = drops.contains(&what);
    if was_lost == lost {
        return Ok(false);
    }
    if lost {
        drops.push(what);
    } else {
        drops.retain(|other| *other != what);
    }
    // Nothing is written down that did not come to be.
    apply(&record, place)?;
    directory.write(&record)?;
    Ok(true)
}

/// A place that passes on what is not its own.
fn known(topology: &Topology, place: &str) -> Result<(), Error> {
    match topology.machine(place) {
        Some(Machine { role: Role::Router, .. }) => return Ok(()),
        Some(_) => {
            return Err(Error::DropOnHost { name: place.to_owned() });
        }
        None if topology.switch(place).is_some() => return Ok(()),
        None => {}
    }
    let routers = topology.machines.iter().filter(|machine| machine.role == Role::Router);
    let switches = topology.switches.iter().map(|switch| switch.name.clone());
    Err(Error::NoDropPlace {
        lab: topology.name.clone(),
        name: place.to_owned(),
        places: routers.map(|machine| machine.name.clone()).chain(switches).collect(),
    })
}

fn apply(record: &Record, place: &str) -> Result<(), Error> {
    match record.topology.machine(place) {
        Some(found) if record.process(place).is_some() => machine(record, found),
        // It is off: it will have them when it is started.
        Some(_) => Ok(()),
        None => {
            fabric(record)?;
            for port in record.topology.ports().filter(|port| is_on(*port, place)) {
                sizes(record, port)?;
            }
            Ok(())
        }
    }
}

/// What a machine loses, and the sizes on its links.
pub(crate) fn machine(record: &Record, machine: &Machine) -> Result<(), Error> {
    if let Some(drops) = record.drops.get(&machine.name)
        && let Some(process) = record.process(&machine.name)
    {
        rules(&machine.name, process, &of_router(drops))?;
    }
    for port in record.topology.ports().filter(|port| port.machine.name == machine.name) {
        sizes(record, port)?;
    }
    Ok(())
}

/// What all switches lose.
pub(crate) fn fabric(record: &Record) -> Result<(), Error> {
    let topology = &record.topology;
    let switches: Vec<_> = (topology.switches.iter())
        .filter_map(|switch| {
            let drops = record.drops.get(&switch.name)?;
            let ports = topology.ports().filter(|port| is_on(*port, &switch.name));
            Some((switch.name.as_str(), ports.map(port_name).collect(), drops.as_slice()))
        })
        .collect();
    match record.process(FABRIC) {
        Some(process) if !switches.is_empty() => rules("fabric", process, &of_fabric(&switches)),
        _ => Ok(()),
    }
}

fn is_on(port: Port<'_>, switch: &str) -> bool {
    matches!(&port.link.to, LinkEnd::Switch(name) if name == switch)
}

/// Hands the text to `nft` in a namespace: all of it holds then, or nothing.
fn rules(part: &str, process: &Process, text: &str) -> Result<(), Error> {
    let program = programs::need(programs::NFT)?;
    let failed = |why: String| Error::Rules { part: part.to_owned(), why };
    let output = namespace::inside(process, namespace::NETWORK, || {
        let mut nft = Command::new(&program)
            .args(["-f", "-"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = nft.stdin.take() {
            // If it has ended already, what it said tells more than this would.
            let _ = stdin.write_all(text.as_bytes());
        }
        nft.wait_with_output()
    })
    .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(last_lines(&String::from_utf8_lossy(&output.stderr))))
}

/// Cuts to real sizes at both ends of a link, or leaves that, as it is needed.
fn sizes(record: &Record, port: Port<'_>) -> Result<(), Error> {
    let lost_by = |place: &str| {
        let drops = record.drops.get(place).into_iter().flatten();
        drops.into_iter().any(|one| matches!(one, Dropped::Larger { .. }))
    };
    let (lost, passes) = match &port.link.to {
        LinkEnd::Switch(name) => {
            let mtu = record.topology.switch(name).map_or(port.link.mtu, |switch| switch.mtu);
            (lost_by(name), mtu)
        }
        LinkEnd::Machine { .. } => {
            (false, record.topology.far_end(port).map_or(port.link.mtu, |far| far.link.mtu))
        }
    };
    let ends = [
        // What the machine sends is judged on the way.
        (&*port.machine.name, port.link.name.clone(), lost || passes < port.link.mtu),
        // What is sent to it is judged by itself.
        (FABRIC, port_name(port), lost_by(&port.machine.name)),
    ];
    for (part, link, cut) in ends {
        let Some(process) = record.process(part) else { continue };
        let set = || -> Result<(), WireError> {
            let mut wire = Wire::of(process)?;
            match wire.index(&link)? {
                Some(index) => wire.limit_segments(index, if cut { 1 } else { UNCUT }),
                None => Ok(()),
            }
        };
        set().map_err(|source| Error::Wire { part: part.to_owned(), source })?;
    }
    Ok(())
}
