//! `glassnet trace`: where this host would send a packet, hop by hop, from its state alone.

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome};
use crate::api::Api;
use clap::Args;
use model::cluster::ContainerId;
use model::explain::{Reason, Say as _};
use model::host::{Actual, NamespaceId};
use model::net::{LinkName, Transport};
use model::path::{self, Asked, Origin, Question};
use std::net::IpAddr;
use std::str::FromStr;

/// Say where a packet would go, and why
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet trace web 10.88.0.9 --port 80
  glassnet trace host 192.0.2.254
  glassnet trace 192.0.2.254 192.0.2.1 --in eth0 --port 8080")]
pub(super) struct Trace {
    /// Who sends: a container's id, `host`, or with --in the address of somebody outside
    #[arg(value_name = "FROM")]
    from: From,

    /// The address it is sent to
    #[arg(value_name = "TO")]
    to: IpAddr,

    #[command(flatten)]
    packet: Sent,

    /// The packet comes in by this link of the host
    #[arg(long = "in", value_name = "LINK")]
    link: Option<LinkName>,
}

/// The packet that is asked about, but for its addresses.
#[derive(Args)]
pub(super) struct Sent {
    /// Protocol: tcp, udp or icmp; tcp if a port is given, else icmp
    #[arg(long, value_name = "PROTO", value_parser = ["tcp", "udp", "icmp"])]
    proto: Option<String>,

    /// Port it is sent to
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Port it is sent from; else the kernel chooses
    #[arg(long, value_name = "PORT")]
    from_port: Option<u16>,

    /// Bytes of data in the packet
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    size: u32,

    /// TTL or hop limit
    #[arg(long, value_name = "N", default_value_t = 64)]
    ttl: u8,
}

impl Sent {
    /// The same from a socket of a namespace.
    pub(super) fn question(&self, from: NamespaceId, to: IpAddr) -> Question {
        let port = self.port.unwrap_or(0);
        let transport = match self.proto.as_deref() {
            Some("udp") => Some(Transport::Udp),
            Some("icmp") => None,
            Some(_) => Some(Transport::Tcp),
            None => self.port.map(|_| Transport::Tcp),
        };
        let asked = match transport {
            Some(Transport::Tcp) => Asked::Tcp { port },
            Some(Transport::Udp) => Asked::Udp { port },
            None => Asked::Echo,
        };
        Question {
            source_port: self.from_port,
            payload: self.size,
            hops: self.ttl,
            ..Question::new(from, to, asked)
        }
    }
}

#[derive(Clone)]
enum From {
    Address(IpAddr),
    Host,
    Container(ContainerId),
}

impl FromStr for From {
    type Err = model::cluster::InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text.parse(), text) {
            (Ok(address), _) => Ok(Self::Address(address)),
            (_, "host") => Ok(Self::Host),
            _ => text.parse().map(Self::Container),
        }
    }
}

/// A container that is not attached here is no question of its path.
fn known(container: &ContainerId, state: &Actual) -> Result<(), Error> {
    if state.namespaces.contains_key(&NamespaceId::Container(container.to_string())) {
        return Ok(());
    }
    let container = container.clone();
    let known = state.namespaces.keys().filter_map(|id| match id {
        NamespaceId::Container(id) => Some(id.clone()),
        _ => None,
    });
    let reason = match known.collect::<Vec<_>>() {
        known if known.is_empty() => Reason::NoContainerYet { container },
        known => Reason::NoSuchContainer { container, known },
    };
    Err(Error::Refused(reason.into()))
}

impl Trace {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let state = Api::here().state().map_err(Error::Api)?;
        if let From::Container(container) = &self.from {
            known(container, &state)?;
        }
        let question = self.question();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let path = path::walk(&host, &state, question);
        if out.json {
            return out.document(&path).and(DONE);
        }
        out.raw(&format!("{}\n", path.said(out.language))).and(DONE)
    }

    fn question(&self) -> Question {
        let (namespace, source) = match &self.from {
            From::Address(address) => (NamespaceId::Host, Some(*address)),
            From::Host => (NamespaceId::Host, None),
            From::Container(id) => (NamespaceId::Container(id.to_string()), None),
        };
        let origin = self.link.clone().map_or(Origin::Socket, Origin::Wire);
        Question { origin, source, ..self.packet.question(namespace, self.to) }
    }
}
