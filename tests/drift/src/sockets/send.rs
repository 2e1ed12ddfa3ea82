//! Sends a packet and waits for its answer.

use super::keep_whole;
use crate::case::{Kind, Packet};
use crate::error::{Error, Result};
use crate::parse;
use kernel::netns;
use model::net::Family;
use nix::sys::socket::{setsockopt, sockopt as nix_sockopt};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, connect, ipproto, recvfrom,
    sendto, socket_with, sockopt,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A socket that has sent, or tried to.
#[derive(Debug)]
pub(crate) struct Sender {
    socket: OwnedFd,
    kind: Kind,
    number: u32,
    answered: bool,
}

/// What the kernel said to it.
pub(crate) type Sent = std::result::Result<(), Errno>;

impl Sender {
    /// Sends the packet from a namespace.
    pub(crate) fn send(
        namespace: BorrowedFd<'_>,
        packet: &Packet,
        number: u32,
    ) -> Result<(Self, Sent)> {
        let family = Family::of(packet.to);
        let socket = netns::within(namespace, || open(packet.kind, family))?
            .map_err(Error::system("open a socket"))?;
        prepare(&socket, packet, family).map_err(Error::system("set up a socket"))?;
        let any = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let from = SocketAddr::new(packet.from.unwrap_or(any), packet.from_port);
        bind(&socket, &from).map_err(Error::system(format!("send from {from}")))?;
        let sender = Self { socket, kind: packet.kind, number, answered: false };
        let sent = sender.go(packet, family);
        Ok((sender, sent))
    }

    fn go(&self, packet: &Packet, family: Family) -> Sent {
        let length = packet.payload as usize;
        let to = |port| SocketAddr::new(packet.to, port);
        let none = SendFlags::empty();
        match packet.kind {
            Kind::Tcp(port) => match connect(&self.socket, &to(port)) {
                Err(Errno::INPROGRESS) => Ok(()),
                other => other,
            },
            Kind::Udp(port) => {
                let payload = parse::payload(self.number, false, length);
                sendto(&self.socket, &payload, none, &to(port)).map(|_| ())
            }
            Kind::Echo => {
                let request = if family == Family::V4 { 8 } else { 128 };
                // The kernel puts in the identifier and the checksum; the sequence is 1.
                let mut bytes = vec![request, 0, 0, 0, 0, 0, 0, 1];
                bytes.extend(parse::payload(self.number, false, length));
                sendto(&self.socket, &bytes, none, &to(0)).map(|_| ())
            }
        }
    }

    /// Whether the answer is here. A connection that stands is the answer to a SYN.
    pub(crate) fn is_answered(&mut self) -> bool {
        if !self.answered {
            self.answered = match self.kind {
                Kind::Tcp(_) => is_connected(&self.socket),
                Kind::Udp(_) => self.take(0),
                Kind::Echo => self.take(8),
            };
        }
        self.answered
    }

    /// Looks through what has come for our cookie, behind a header of so many bytes.
    fn take(&self, header: usize) -> bool {
        let mut buffer = [0; 128];
        let mut found = false;
        while let Ok((length, _, _)) = recvfrom(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT)
        {
            let payload = buffer.get(header..length).and_then(parse::cookie);
            found |= payload.is_some_and(|(number, _)| number == self.number);
        }
        found
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn open(kind: Kind, family: Family) -> rustix::io::Result<OwnedFd> {
    let domain = match family {
        Family::V4 => AddressFamily::INET,
        Family::V6 => AddressFamily::INET6,
    };
    let (shape, protocol) = match (kind, family) {
        (Kind::Tcp(_), _) => (SocketType::STREAM, None),
        (Kind::Udp(_), _) => (SocketType::DGRAM, None),
        (Kind::Echo, Family::V4) => (SocketType::DGRAM, Some(ipproto::ICMP)),
        (Kind::Echo, Family::V6) => (SocketType::DGRAM, Some(ipproto::ICMPV6)),
    };
    socket_with(domain, shape, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, protocol)
}

fn prepare(socket: &OwnedFd, packet: &Packet, family: Family) -> rustix::io::Result<()> {
    sockopt::set_socket_reuseaddr(socket, true)?;
    sockopt::set_socket_broadcast(socket, true)?;
    keep_whole(socket, family)?;
    match family {
        Family::V4 => {
            sockopt::set_ip_ttl(socket, u32::from(packet.hops))?;
            // An address of another's is sent from, too.
            setsockopt(socket, nix_sockopt::IpTransparent, &true)
                .map_err(|errno| Errno::from_raw_os_error(errno as i32))
        }
        Family::V6 => {
            sockopt::set_ipv6_v6only(socket, true)?;
            sockopt::set_ipv6_unicast_hops(socket, Some(packet.hops))?;
            sockopt::set_ipv6_freebind(socket, true)
        }
    }
}

/// An error that the connection met is taken, and is no connection.
fn is_connected(socket: &OwnedFd) -> bool {
    matches!(sockopt::socket_error(socket), Ok(Ok(()))) && rustix::net::getpeername(socket).is_ok()
}
