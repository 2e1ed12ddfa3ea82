//! Ports to be published, as people write them:
//!
//! ```text
//! [HOSTADDR:]HOSTPORT[-END]:PORT[-END][/tcp|udp]
//! 8080:80    127.0.0.1:8080:80/tcp    [::1]:53:53/udp    9000-9010:9000-9010
//! ```
//!
//! Ranges are expanded here to single ports, up to a limit, since the kernel is told of single
//! ports only.

use model::cluster::Publish;
use model::explain::{Language, Text};
use model::net::Transport;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Ports that one attachment may publish.
pub(super) const MOST: usize = 1_000;

/// One `--publish`: its single ports, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ports(pub(super) Vec<Publish>);

/// Why a text is no port to be published, or several are not together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    Shape(String),
    Transport(String),
    Port(String),
    Address(String),
    Unspecified(IpAddr),
    Backwards(u16, u16),
    Lengths(usize, usize),
    TooMany(usize),
    Twice(Publish),
}

/// Reads one `--publish`.
pub(super) fn parse(text: &str) -> Result<Ports, Invalid> {
    let (ports, transport) = match text.rsplit_once('/') {
        None => (text, Transport::Tcp),
        Some((ports, transport)) => {
            let invalid = |_| Invalid::Transport(transport.to_owned());
            (ports, transport.parse().map_err(invalid)?)
        }
    };
    let shape = || Invalid::Shape(text.to_owned());
    let (rest, container) = ports.rsplit_once(':').ok_or_else(shape)?;
    let (host_address, host) = match rest.rsplit_once(':') {
        None => (None, rest),
        Some((address, host)) => (Some(read_address(address)?), host),
    };
    let (host, container) = (read_range(host)?, read_range(container)?);
    if host.len() != container.len() {
        return Err(Invalid::Lengths(host.len(), container.len()));
    }
    if host.len() > MOST {
        return Err(Invalid::TooMany(host.len()));
    }
    let pair = |(host_port, container_port)| Publish {
        transport,
        host_address,
        host_port,
        container_port,
    };
    Ok(Ports(host.zip(container).map(pair).collect()))
}

fn read_address(text: &str) -> Result<IpAddr, Invalid> {
    let invalid = || Invalid::Address(text.to_owned());
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bracketed {
        Some(inner) => inner.parse().map(IpAddr::V6).map_err(|_| invalid())?,
        None => text.parse().map(IpAddr::V4).map_err(|_| invalid())?,
    };
    if address.is_unspecified() { Err(Invalid::Unspecified(address)) } else { Ok(address) }
}

fn read_range(text: &str) -> Result<RangeInclusive<u16>, Invalid> {
    let port = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let port = text.parse::<u16>().ok().filter(|port| digits && *port != 0);
        port.ok_or_else(|| Invalid::Port(text.to_owned()))
    };
    let (first, last) = match text.split_once('-') {
        None => (port(text)?, port(text)?),
        Some((first, last)) => (port(first)?, port(last)?),
    };
    if first > last { Err(Invalid::Backwards(first, last)) } else { Ok(first..=last) }
}

/// All of an attachment's ports together.
pub(super) fn join(all: &[Ports]) -> Result<Vec<Publish>, Invalid> {
    let ports: Vec<Publish> = all.iter().flat_map(|ports| ports.0.iter().copied()).collect();
    if ports.len() > MOST {
        return Err(Invalid::TooMany(ports.len()));
    }
    let everywhere: BTreeSet<_> = (ports.iter())
        .filter(|port| port.host_address.is_none())
        .map(|port| (port.transport, port.host_port))
        .collect();
    let mut seen = BTreeSet::new();
    for port in &ports {
        let (transport, number) = (port.transport, port.host_port);
        let again = !seen.insert((transport, number, port.host_address));
        if again || (port.host_address.is_some() && everywhere.contains(&(transport, number))) {
            return Err(Invalid::Twice(*port));
        }
    }
    Ok(ports)
}

/// Single ports as ranges again, for people.
pub(super) fn show(ports: &[Publish]) -> String {
    let mut sorted = ports.to_vec();
    sorted.sort_by_key(|p| (p.transport, p.host_address, p.host_port, p.container_port));
    let mut ranges: Vec<(Publish, u16)> = Vec::new();
    for port in sorted {
        match ranges.last_mut() {
            Some((first, more)) if follows(first, *more, &port) => *more += 1,
            _ => ranges.push((port, 0)),
        }
    }
    ranges.iter().map(|(first, more)| show_range(first, *more)).collect::<Vec<_>>().join(", ")
}

fn follows(first: &Publish, more: u16, port: &Publish) -> bool {
    let next = |port: u16| port.checked_add(more).and_then(|last| last.checked_add(1));
    (first.transport, first.host_address) == (port.transport, port.host_address)
        && next(first.host_port) == Some(port.host_port)
        && next(first.container_port) == Some(port.container_port)
}

fn show_range(first: &Publish, more: u16) -> String {
    if more == 0 {
        return first.to_string();
    }
    let address = match first.host_address {
        Some(IpAddr::V6(address)) => format!("[{address}]:"),
        Some(address) => format!("{address}:"),
        None => String::new(),
    };
    let range = |port: u16| format!("{port}-{}", port + more);
    let (host, container) = (range(first.host_port), range(first.container_port));
    format!("{address}{host}:{container}/{}", first.transport)
}

impl Invalid {
    pub(super) fn say(&self, language: Language) -> String {
        match self {
            Self::Shape(text) => Text::PublishShape { text },
            Self::Transport(text) => Text::PublishTransport { text },
            Self::Port(text) => Text::PublishPort { text },
            Self::Address(text) => Text::PublishAddress { text },
            Self::Unspecified(address) => Text::PublishUnspecified { address: *address },
            Self::Backwards(first, last) => Text::PublishBackwards { first: *first, last: *last },
            Self::Lengths(host, container) => {
                Text::PublishLengths { host: *host, container: *container }
            }
            Self::TooMany(count) => Text::PublishTooMany { count: *count, most: MOST },
            Self::Twice(publish) => Text::PublishTwice { publish },
        }
        .say(language)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests;
