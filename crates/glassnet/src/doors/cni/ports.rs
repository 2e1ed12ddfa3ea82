//! `runtimeConfig.portMappings` (CONVENTIONS, "port mappings").
//!
//! Names of an entry's keys may be in any case: containerd writes `HostPort`, and Go, in which the
//! reference plugin is written, takes that for `hostPort`.

use super::field::Field;
use super::refusal::Refusal;
use model::cluster::Publish;
use model::net::Transport;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Ports that one attachment may publish.
const MOST: usize = 1_000;

pub(super) fn read(field: &Field<'_>) -> Result<Vec<Publish>, Refusal> {
    let items = field.items()?;
    let mut publish: Vec<Publish> = Vec::new();
    let mut seen = BTreeSet::new();
    for item in &items {
        // Port 0 is how engines write "not published"; the same entry twice is one.
        let Some(port) = entry(item)?.filter(|port| seen.insert(*port)) else { continue };
        if let Some(other) = publish.iter().find(|other| other.collides(&port)) {
            return Err(
                item.invalid(format_args!("{port} wants the same port of the host as {other}"))
            );
        }
        if publish.len() == MOST {
            return Err(item.invalid(format_args!("a container can publish at most {MOST} ports")));
        }
        publish.push(port);
    }
    Ok(publish)
}

fn entry(item: &Field<'_>) -> Result<Option<Publish>, Refusal> {
    let port = |key| item.member_in_any_case(key)?.map_or(Ok(0), |field| field.number(65_535));
    let (host_port, container_port) = (port("hostPort")?, port("containerPort")?);
    if host_port == 0 {
        return Ok(None);
    }
    if container_port == 0 {
        return Err(item.invalid("it has no containerPort from 1 to 65535"));
    }
    let host_address = match item.member_in_any_case("hostIP")? {
        Some(field) => field.parsed::<IpAddr>()?.map(|address| address.to_canonical()),
        None => None,
    };
    let narrow = |port| u16::try_from(port).map_err(|why| item.invalid(why));
    Ok(Some(Publish {
        transport: transport(item)?,
        host_address,
        host_port: narrow(host_port)?,
        container_port: narrow(container_port)?,
    }))
}

/// TCP unless named.
fn transport(item: &Field<'_>) -> Result<Transport, Refusal> {
    let Some(field) = item.member_in_any_case("protocol")? else { return Ok(Transport::Tcp) };
    match field.text()? {
        "" => Ok(Transport::Tcp),
        name => name.parse().map_err(|_| field.unsupported("ports are published for tcp and udp")),
    }
}
