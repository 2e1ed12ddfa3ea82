//! The lab's only network code: links, addresses and routes over rtnetlink.
//!
//! Every message is sent from a socket born inside a namespace of the lab, so
//! nothing here can reach the machine's own interfaces. A veth is made from
//! the fabric's namespace with its peer born in the machine's namespace; it is
//! never anywhere else, not even for a moment.
//!
//! Read: rtnetlink(7), `net/core/rtnetlink.c` (`rtnl_newlink`).

mod message;
mod socket;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::LinkAttribute;
use nix::errno::Errno;

use crate::namespace;
use crate::process::Process;
use socket::Socket;
pub use socket::WireError;

/// A conversation with the kernel about one network namespace.
pub(crate) struct Wire {
    socket: Socket,
}

/// The machine's end of a veth that is to be made.
pub(crate) struct Peer<'a> {
    pub(crate) name: &'a str,
    pub(crate) mac: [u8; 6],
    pub(crate) mtu: u32,
    pub(crate) namespace: &'a OwnedFd,
}

impl Wire {
    /// About the namespace the calling thread is in.
    pub(crate) fn here() -> Result<Self, WireError> {
        Ok(Self { socket: Socket::open().map_err(WireError::Socket)? })
    }

    /// About the network namespace of a process of ours.
    pub(crate) fn of(process: &Process) -> Result<Self, WireError> {
        namespace::inside(process, namespace::NETWORK, || Self::here().map_err(io::Error::other))
            .map_err(WireError::Socket)
    }

    /// The index of a link, or none if there is no such link.
    pub(crate) fn index(&mut self, name: &str) -> Result<Option<u32>, WireError> {
        match self.socket.ask(&message::get_link(name), &format!("look for link {name}")) {
            Ok(replies) => Ok(replies.into_iter().find_map(|reply| match reply {
                RouteNetlinkMessage::NewLink(link) => Some(link.header.index),
                _ => None,
            })),
            Err(WireError::Refused { errno: Errno::ENODEV, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The index of a link that must be there.
    pub(crate) fn need(&mut self, name: &str) -> Result<u32, WireError> {
        self.index(name)?.ok_or_else(|| WireError::NoLink { name: name.to_owned() })
    }

    /// Makes a bridge and sets it up; one that is there already is kept.
    pub(crate) fn bridge(&mut self, name: &str, mtu: u32) -> Result<u32, WireError> {
        if self.index(name)?.is_none() {
            self.socket.tell(&message::new_bridge(name, mtu), &format!("make bridge {name}"))?;
        }
        let index = self.need(name)?;
        self.set_up(index, true)?;
        Ok(index)
    }

    /// Makes a veth: `port` here, on the bridge, and its peer in a machine.
    pub(crate) fn veth(
        &mut self,
        port: &str,
        port_mtu: u32,
        bridge: u32,
        peer: &Peer<'_>,
    ) -> Result<(), WireError> {
        let what = format!("make link {} with its port {port}", peer.name);
        self.socket.tell(&message::new_veth(port, port_mtu, bridge, peer), &what)
    }

    pub(crate) fn set_up(&mut self, index: u32, up: bool) -> Result<(), WireError> {
        let what = format!("set link {index} {}", if up { "up" } else { "down" });
        self.socket.tell(&message::set_link(index, up, Vec::new()), &what)
    }

    /// Sets a link up or down and writes its alias, which `ip link` shows.
    pub(crate) fn label(&mut self, index: u32, up: bool, alias: &str) -> Result<(), WireError> {
        let alias_attribute = vec![LinkAttribute::IfAlias(alias.to_owned())];
        let what = format!("name link {index} {alias}");
        self.socket.tell(&message::set_link(index, up, alias_attribute), &what)
    }

    /// Lets a link take at most this many segments at once from the kernel.
    pub(crate) fn limit_segments(&mut self, index: u32, most: u32) -> Result<(), WireError> {
        let what = format!("let link {index} send {most} segments at once");
        self.socket.tell(&message::limit_segments(index, most), &what)
    }

    /// Deletes a link; one that is gone already is no error.
    pub(crate) fn delete(&mut self, name: &str) -> Result<(), WireError> {
        let Some(index) = self.index(name)? else { return Ok(()) };
        match self.socket.tell(&message::delete_link(index), &format!("delete link {name}")) {
            Err(WireError::Refused { errno: Errno::ENODEV, .. }) => Ok(()),
            other => other,
        }
    }

    pub(crate) fn address(&mut self, index: u32, address: IpNet) -> Result<(), WireError> {
        let what = format!("give link {index} the address {address}");
        self.socket.tell(&message::new_address(index, address), &what)
    }

    pub(crate) fn route(&mut self, to: IpNet, via: std::net::IpAddr) -> Result<(), WireError> {
        self.socket.tell(&message::new_route(to, via), &format!("add the route {to} via {via}"))
    }
}

impl Peer<'_> {
    fn namespace_number(&self) -> i32 {
        self.namespace.as_raw_fd()
    }
}
