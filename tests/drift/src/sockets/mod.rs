//! Real sockets: those that send a case's packets and those that wait for them.

mod listen;
mod send;

pub(crate) use listen::{Listeners, Received};
pub(crate) use send::Sender;

use model::net::Family;
use rustix::io::Result;
use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use std::os::fd::AsFd;

/// Has a socket's packets not be cut, neither here nor on the way.
fn keep_whole(socket: impl AsFd, family: Family) -> Result<()> {
    match family {
        Family::V4 => sockopt::set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DO),
        Family::V6 => sockopt::set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::DO),
    }
}
