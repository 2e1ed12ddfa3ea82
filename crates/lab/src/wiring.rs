//! The wires of a lab: bridges in the fabric, and links of machines.
//!
//! | name in the fabric | is |
//! |---|---|
//! | the switch's name | its bridge |
//! | `p.N` | the fabric's end of link N, which shows `alpha.eth0` as its alias |
//! | `c.N` | the cable between two machines: a bridge of two ports |
//!
//! A cable is a bridge rather than a bare veth, so that it behaves like one:
//! pulled out or with one machine off, the other end loses its carrier but
//! keeps its link, its addresses and its routes.

use std::fs;
use std::os::fd::OwnedFd;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::error::Error;
use crate::file::sysctl_path;
use crate::namespace;
use crate::process::Process;
use crate::state::{FABRIC, Record};
use crate::topology::{LinkEnd, Machine, Port, Role, Topology};
use crate::wire::{Peer, Wire, WireError};

/// Makes every switch and cable.
pub(crate) fn fabric(topology: &Topology, fabric: &Process) -> Result<(), Error> {
    let make = || {
        let mut wire = Wire::of(fabric)?;
        for switch in &topology.switches {
            wire.bridge(&switch.name, switch.mtu)?;
        }
        for port in topology.ports() {
            if let Some(far) = topology.far_end(port)
                && port.number < far.number
            {
                wire.bridge(&bridge(topology, port), port.link.mtu.max(far.link.mtu))?;
            }
        }
        Ok(())
    };
    make().map_err(|source| Error::Wire { part: "fabric".to_owned(), source })
}

/// Gives a machine all its links, addresses, sysctls and routes.
pub(crate) fn machine(record: &Record, machine: &Machine) -> Result<(), Error> {
    let failed = |source| Error::Wire { part: machine.name.clone(), source };
    let (fabric, process) = (running(record, FABRIC)?, running(record, &machine.name)?);
    let own: Vec<Port<'_>> =
        record.topology.ports().filter(|port| port.machine.name == machine.name).collect();
    let mut outside = Wire::of(fabric).map_err(failed)?;
    let mut inside = Wire::of(process).map_err(failed)?;
    for port in &own {
        plug(record, *port, process, &mut outside).map_err(failed)?;
    }
    sysctls(machine, process)?;
    let address = || {
        for port in own {
            let index = inside.need(&port.link.name)?;
            inside.set_up(index, true)?;
            for address in &port.link.addresses {
                inside.address(index, *address)?;
            }
        }
        for gateway in &machine.gateways {
            let everywhere = match gateway {
                std::net::IpAddr::V4(_) => IpNet::V4(Ipv4Net::default()),
                std::net::IpAddr::V6(_) => IpNet::V6(Ipv6Net::default()),
            };
            inside.route(everywhere, *gateway)?;
        }
        for route in &machine.routes {
            inside.route(route.to, route.via)?;
        }
        Ok(())
    };
    address().map_err(failed)
}

/// Makes one link, with its port on the right bridge.
fn plug(
    record: &Record,
    port: Port<'_>,
    process: &Process,
    fabric: &mut Wire,
) -> Result<(), WireError> {
    let topology = &record.topology;
    let name = port_name(port);
    fabric.delete(&name)?;
    let bridge = fabric.need(&bridge(topology, port))?;
    // The thread that asked for the namespace has left; the file stays open.
    let namespace: OwnedFd =
        fs::File::open(format!("/proc/{}/ns/net", process.pid)).map_err(WireError::Socket)?.into();
    if !process.is_alive() {
        return Err(WireError::Socket(std::io::ErrorKind::NotFound.into()));
    }
    // What the switch does not pass is lost at its port, as in a real one.
    let port_mtu = match &port.link.to {
        LinkEnd::Switch(name) => (topology.switches.iter())
            .find(|switch| switch.name == *name)
            .map_or(port.link.mtu, |switch| switch.mtu),
        LinkEnd::Machine { .. } => port.link.mtu,
    };
    let mac = mac(&port.label());
    let peer = Peer { name: &port.link.name, mac, mtu: port.link.mtu, namespace: &namespace };
    fabric.veth(&name, port_mtu, bridge, &peer)?;
    let index = fabric.need(&name)?;
    fabric.label(index, is_plugged(record, port), &port.label())
}

/// Sets every port up or down as the record says it should be.
pub(crate) fn set_ports(record: &Record) -> Result<(), Error> {
    let set = || {
        let mut wire = Wire::of(
            record
                .process(FABRIC)
                .ok_or_else(|| WireError::Socket(std::io::ErrorKind::NotFound.into()))?,
        )?;
        for port in record.topology.ports() {
            if let Some(index) = wire.index(&port_name(port))? {
                wire.set_up(index, is_plugged(record, port))?;
            }
        }
        Ok(())
    };
    set().map_err(|source| Error::Wire { part: "fabric".to_owned(), source })
}

/// Takes a dead machine's ports away; the kernel would, but later.
pub(crate) fn unplug(record: &Record, machine: &str) -> Result<(), Error> {
    let failed = |source| Error::Wire { part: machine.to_owned(), source };
    let Some(fabric) = record.process(FABRIC) else { return Ok(()) };
    let mut wire = Wire::of(fabric).map_err(failed)?;
    for port in record.topology.ports().filter(|port| port.machine.name == machine) {
        wire.delete(&port_name(port)).map_err(failed)?;
    }
    Ok(())
}

/// A link has its carrier unless it, or the far end of its cable, was cut, or
/// the machine there is off.
fn is_plugged(record: &Record, port: Port<'_>) -> bool {
    let far = record.topology.far_end(port);
    let cut = |port: &Port<'_>| record.cut.contains(&port.label());
    let far_is_off = far.is_some_and(|far| record.process(&far.machine.name).is_none());
    !cut(&port) && !far.as_ref().is_some_and(cut) && !far_is_off
}

fn sysctls(machine: &Machine, process: &Process) -> Result<(), Error> {
    let mut wanted: Vec<(String, String)> = Vec::new();
    if has_ipv6(process).map_err(|source| Error::Exec {
        part: machine.name.clone(),
        command: "look for IPv6".to_owned(),
        source,
    })? {
        // No two links of a lab share a hardware address, so nobody need wait
        // two seconds to learn that nobody has one's link-local address.
        wanted.extend(
            machine
                .links
                .iter()
                .map(|link| (format!("net/ipv6/conf/{}/accept_dad", link.name), "0".to_owned())),
        );
    }
    if machine.role == Role::Router {
        for name in ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"] {
            wanted.push((name.to_owned(), "1".to_owned()));
        }
    }
    if let Some(on) = machine.bridge_nf_call {
        for table in ["iptables", "ip6tables", "arptables"] {
            let name = format!("net.bridge.bridge-nf-call-{table}");
            wanted.push((name, u8::from(on).to_string()));
        }
    }
    wanted.extend(machine.sysctls.iter().map(|s| (s.name.clone(), s.value.clone())));
    for (name, value) in wanted {
        let path = std::path::Path::new("/proc/sys").join(sysctl_path(&name));
        // The thread is in the machine's namespaces, so this is its own value.
        namespace::inside(process, namespace::ALL, || fs::write(&path, &value)).map_err(
            |source| Error::Sysctl { machine: machine.name.clone(), name, value, source },
        )?;
    }
    Ok(())
}

fn has_ipv6(process: &Process) -> std::io::Result<bool> {
    let conf = std::path::Path::new("/proc/sys/net/ipv6/conf");
    namespace::inside(process, namespace::ALL, || Ok(conf.exists()))
}

fn running<'a>(record: &'a Record, part: &str) -> Result<&'a Process, Error> {
    record.process(part).ok_or_else(|| Error::NotRunning {
        lab: record.topology.name.clone(),
        machine: part.to_owned(),
        part: part.to_owned(),
    })
}

pub(crate) fn port_name(port: Port<'_>) -> String {
    format!("p.{}", port.number)
}

/// The bridge a port belongs to.
fn bridge(topology: &Topology, port: Port<'_>) -> String {
    match &port.link.to {
        LinkEnd::Switch(name) => name.clone(),
        LinkEnd::Machine { .. } => {
            let far = topology.far_end(port).map_or(port.number, |far| far.number);
            format!("c.{}", port.number.min(far))
        }
    }
}

/// A link keeps its hardware address through a restart, as a card does: it is
/// made from its name (FNV-1a), marked as locally administered.
fn mac(label: &str) -> [u8; 6] {
    let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [a, b, c, d, e, ..] = hash.to_be_bytes();
    [0x02, a, b, c, d, e]
}
