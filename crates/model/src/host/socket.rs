//! Sockets that wait for packets (`SOCK_DIAG_BY_FAMILY`).

use super::Keyed;
use crate::net::Transport;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A listening TCP socket or a bound UDP socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    pub transport: Transport,
    /// An unspecified address means every one of the host's.
    pub local: SocketAddr,
    /// An IPv6 socket that takes no IPv4 packets.
    pub v6_only: bool,
    pub inode: u64,
    /// Who holds it, when it could be seen.
    pub process: Option<Process>,
}

impl Keyed for Socket {
    type Key = (Transport, SocketAddr, u64);

    fn key(&self) -> Self::Key {
        (self.transport, self.local, self.inode)
    }
}

/// A process by its id and its name (`/proc/PID/comm`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    pub name: String,
}
