//! Tracked connections (`struct nf_conn`, `IPCTNL_MSG_CT_GET`).

use super::Keyed;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// One direction of a connection (`struct nf_conntrack_tuple`).
///
/// An ICMP echo's identifier stands as both ports: requests and replies of one echo are one
/// connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tuple {
    /// TCP 6, UDP 17, ICMP 1, ICMPv6 58.
    pub protocol: u8,
    pub source: SocketAddr,
    pub destination: SocketAddr,
}

impl Tuple {
    pub fn inverted(self) -> Self {
        Self { source: self.destination, destination: self.source, ..self }
    }
}

/// A connection that the kernel knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub zone: u16,
    pub original: Tuple,
    /// What an answer looks like when it comes in: with address translation not merely the original
    /// the other way round.
    pub reply: Tuple,
    /// `IPS_*`.
    pub status: u32,
    pub mark: u32,
    /// Seconds until it is forgotten if nothing comes.
    pub timeout: Option<u32>,
    /// Of TCP, `enum tcp_conntrack`: 1 SYN_SENT, 2 SYN_RECV, 3 ESTABLISHED … 7 TIME_WAIT, 8 CLOSE.
    pub tcp_state: Option<u8>,
}

impl Keyed for Connection {
    type Key = (u16, Tuple);

    fn key(&self) -> Self::Key {
        (self.zone, self.original)
    }
}
