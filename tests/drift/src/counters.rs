//! What the kernel itself takes: echoes that it answers, connections that it begins. Where the answer
//! is dropped at once, its own counters are all that can be seen of it.
//!
//! Only the namespace is looked at where the packet is predicted to end: had it got to another, it would
//! have been seen there. The kernel looks through large tables for such a file.

use crate::build::{Built, Network};
use crate::case::{Kind, Packet};
use crate::error::{Error, Result};
use crate::predict::Predicted;
use kernel::netns;
use model::host::NamespaceId;
use model::path::{End, Stage};
use std::os::fd::AsFd as _;

/// The counts as they were before a packet was sent.
#[derive(Debug)]
pub(crate) struct Counters<'n> {
    place: Option<&'n Built>,
    is_v4: bool,
    echoes: u64,
}

impl<'n> Counters<'n> {
    pub(crate) fn before(
        network: &'n Network,
        packet: &Packet,
        predicted: &Predicted,
    ) -> Result<Self> {
        let place = match &predicted.there.end {
            End::Delivered { at, .. } => Some(&at.namespace),
            End::Dropped { at, stage: Stage::Input | Stage::Deliver, .. } => Some(&at.namespace),
            // What ends earlier is not seen where it does not get to.
            End::Dropped { .. } | End::Left { .. } | End::Unknown { .. } => None,
        };
        let place = network.spaces.iter().find(|built| Some(&built.id) == place);
        let mut counters = Self { place, is_v4: packet.to.is_ipv4(), echoes: 0 };
        if packet.kind == Kind::Echo {
            counters.echoes = counters.echoes()?;
        }
        Ok(counters)
    }

    /// The namespace, if its kernel has taken the packet since, which came to it from this port.
    pub(crate) fn taken(&self, kind: Kind, port: u16) -> Result<Option<NamespaceId>> {
        let is_taken = match kind {
            Kind::Udp(_) => false,
            Kind::Echo => self.echoes()? > self.echoes,
            Kind::Tcp(_) => self.is_begun(port)?,
        };
        Ok(self.place.filter(|_| is_taken).map(|built| built.id.clone()))
    }

    /// Echo requests that came to the namespace's kernel.
    fn echoes(&self) -> Result<u64> {
        let name = if self.is_v4 { "snmp" } else { "snmp6" };
        let table = self.read(name)?;
        if !self.is_v4 {
            let found = table.lines().find_map(|line| line.strip_prefix("Icmp6InEchos"));
            return Ok(found.and_then(|value| value.trim().parse().ok()).unwrap_or(0));
        }
        let mut lines = table.lines().filter(|line| line.starts_with("Icmp:"));
        let (names, values) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let place = names.split(' ').position(|name| name == "InEchos");
        Ok(place.and_then(|place| values.split(' ').nth(place)?.parse().ok()).unwrap_or(0))
    }

    /// Whether a connection from this port has had a SYN and not yet more.
    fn is_begun(&self, port: u16) -> Result<bool> {
        /// `TCP_SYN_RECV`.
        const BEGUN: &str = "03";
        let table = self.read(if self.is_v4 { "tcp" } else { "tcp6" })?;
        let port = format!(":{port:04X}");
        Ok(table.lines().skip(1).any(|line| {
            let words: Vec<_> = line.split_whitespace().skip(2).take(2).collect();
            matches!(words[..], [remote, BEGUN] if remote.ends_with(&port))
        }))
    }

    /// A file below `/proc/net` of the namespace.
    fn read(&self, name: &str) -> Result<String> {
        let Some(built) = self.place else { return Ok(String::new()) };
        let path = format!("/proc/thread-self/net/{name}");
        netns::within(built.as_fd(), || std::fs::read_to_string(&path))?
            .map_err(Error::system(format!("read {path} in {}", built.name)))
    }
}
