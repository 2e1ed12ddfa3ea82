//! The packet that is asked about, but for its addresses.

use clap::Args;
use model::host::NamespaceId;
use model::net::Transport;
use model::path::{Asked, Question};
use std::net::IpAddr;

#[derive(Args)]
pub(in crate::cli) struct Sent {
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
    pub(in crate::cli) fn question(&self, from: NamespaceId, to: IpAddr) -> Question {
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
