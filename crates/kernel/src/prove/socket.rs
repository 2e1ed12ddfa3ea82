//! One raw ICMP socket, bound to where its echoes come from.

use crate::netlink::{Attributes, Message, Socket, Writer, rtm};
use crate::netns::within;
use crate::{Error, Result, socket_filter};
use model::cluster::Source;
use model::explain::Unsent;
use model::net::{Family, LinkName, octets};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt as nix_sockopt};
use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrAny, SocketFlags, SocketType, bind, ipproto,
    netdevice, recvfrom, sendto, socket_with,
};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Bytes the kernel may queue: the answers of a thousand peers, and some room.
const QUEUE: usize = 8 << 20;
/// Of what comes only the headers matter.
const BUFFER: usize = 256;
/// `struct rtmsg`; `RTA_DST`, `RTA_SRC`, `RTA_OIF`.
const ROUTE_HEADER: usize = 12;
const DESTINATION: u16 = 1;
const SOURCE: u16 = 2;
const OUT: u16 = 4;
/// `struct ifinfomsg`; `IFLA_MTU`.
const LINK_HEADER: usize = 16;
const MTU: u16 = 4;

#[derive(Debug)]
pub(super) struct Raw {
    socket: OwnedFd,
    /// The link it is bound to, which link-local addresses are meant on.
    link: Option<u32>,
}

impl Raw {
    /// Opens a socket for echoes with that id. The inner error says that there is no such source.
    pub(super) fn open(
        namespace: BorrowedFd<'_>,
        family: Family,
        from: &Source,
        id: u16,
    ) -> Result<Result<Self, Unsent>> {
        let (domain, protocol) = match family {
            Family::V4 => (AddressFamily::INET, ipproto::ICMP),
            Family::V6 => (AddressFamily::INET6, ipproto::ICMPV6),
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            within(namespace, || socket_with(domain, SocketType::RAW, flags, Some(protocol)))?
                .map_err(Error::io("open a raw ICMP socket (it takes root's rights)"))?;
        let set = || -> rustix::io::Result<()> {
            match family {
                Family::V4 => sockopt::set_ip_mtu_discover(&socket, Ipv4PathMtuDiscovery::PROBE)?,
                Family::V6 => sockopt::set_ipv6_mtu_discover(&socket, Ipv6PathMtuDiscovery::PROBE)?,
            }
            sockopt::set_socket_recv_buffer_size_force(&socket, QUEUE)
                .or_else(|_| sockopt::set_socket_recv_buffer_size(&socket, QUEUE))?;
            sockopt::set_socket_send_buffer_size_force(&socket, QUEUE)
                .or_else(|_| sockopt::set_socket_send_buffer_size(&socket, QUEUE))
        };
        set().map_err(Error::io("set up a raw ICMP socket"))?;
        socket_filter::attach(socket.as_fd(), &filter(family, id))
            .map_err(Error::io("filter what a raw ICMP socket hears"))?;
        Ok(bound(socket, from))
    }

    pub(super) fn send(&self, packet: &[u8], to: IpAddr) -> Result<(), Errno> {
        let to = match to {
            IpAddr::V6(to) if to.is_unicast_link_local() => {
                SocketAddrV6::new(to, 0, 0, self.link.unwrap_or(0)).into()
            }
            to => SocketAddr::new(to, 0),
        };
        match sendto(&self.socket, packet, SendFlags::empty(), &to) {
            Ok(_) => Ok(()),
            Err(errno) => Err(Errno::from_raw(errno.raw_os_error())),
        }
    }

    /// All that has come, each with its sender.
    pub(super) fn receive(&self, mut each: impl FnMut(&[u8], IpAddr)) -> Result<()> {
        let mut buffer = [0_u8; BUFFER];
        loop {
            match recvfrom(&self.socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((len, _, by)) => {
                    let by = by.and_then(|by| SocketAddr::try_from(by).ok());
                    if let Some(by) = by {
                        each(&buffer[..len], by.ip());
                    }
                }
                Err(rustix::io::Errno::AGAIN) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Error::io("read from a raw ICMP socket")(error)),
            }
        }
    }
}

impl AsFd for Raw {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn bound(socket: OwnedFd, from: &Source) -> Result<Raw, Unsent> {
    match from {
        Source::Address(from) => {
            let address = SocketAddrAny::from(SocketAddr::new(*from, 0));
            match bind(&socket, &address) {
                Ok(()) => Ok(Raw { socket, link: None }),
                Err(_) => Err(Unsent::NoSource { from: *from }),
            }
        }
        Source::Link(link) => {
            let missing = || Unsent::NoLink { link: link.clone() };
            setsockopt(&socket, nix_sockopt::BindToDevice, &link.as_str().into())
                .map_err(|_| missing())?;
            let index = netdevice::name_to_index(&socket, link.as_str()).map_err(|_| missing())?;
            Ok(Raw { socket, link: Some(index) })
        }
    }
}

/// What this host says when it sends nothing.
pub(super) fn unsent(errno: Errno) -> Unsent {
    match errno {
        Errno::ENETUNREACH | Errno::EHOSTUNREACH => Unsent::NoRoute,
        Errno::ENETDOWN => Unsent::LinkDown,
        Errno::EPERM | Errno::EACCES => Unsent::Forbidden,
        other => Unsent::Other { errno: other as i32 },
    }
}

/// The MTU of the link by which an address is reached from there; `None` if none is found.
pub(super) fn link_mtu(socket: &mut Socket, from: &Source, to: IpAddr) -> Result<Option<u32>> {
    let link = match from {
        Source::Link(link) => index(socket, link),
        Source::Address(from) => {
            let length = Family::of(to).bits();
            let mut header = [0; ROUTE_HEADER];
            header[0] = if to.is_ipv4() { 2 } else { 10 };
            (header[1], header[2]) = (length, length);
            let mut body = Writer::after(&header);
            body.bytes(DESTINATION, &octets(to));
            body.bytes(SOURCE, &octets(*from));
            let what = format!("route to {to}");
            let found = socket.get(&Message::new(rtm::GET_ROUTE, 0, body.finish(), what)).ok();
            found.and_then(|body| Attributes::after(&body, ROUTE_HEADER).get(OUT)?.u32())
        }
    };
    let Some(link) = link else { return Ok(None) };
    let mut header = [0; LINK_HEADER];
    header[4..8].copy_from_slice(&link.to_ne_bytes());
    let what = format!("link {link}");
    match socket.get(&Message::new(rtm::GET_LINK, 0, header.to_vec(), what)) {
        Ok(body) => Ok(Attributes::after(&body, LINK_HEADER).get(MTU).and_then(|mtu| mtu.u32())),
        Err(error) if error.already_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

fn index(socket: &Socket, link: &LinkName) -> Option<u32> {
    netdevice::name_to_index(socket, link.as_str()).ok()
}

/// Lets through echo replies with the id, and errors about requests with it. A raw socket gets IPv4
/// packets with their header, of which errors hold another, and IPv6 packets without.
fn filter(family: Family, id: u16) -> Vec<libc::sock_filter> {
    /// `BPF_LDX | BPF_B | BPF_MSH`: the length of an IPv4 header. `BPF_LD` of a byte and of a half
    /// word, `BPF_IND` behind X, `BPF_ABS` from the beginning. `BPF_JMP` with `BPF_JEQ`, `BPF_RET`.
    const HEADER_LENGTH: u16 = 0xb1;
    const BYTE_BEHIND: u16 = 0x50;
    const HALF_BEHIND: u16 = 0x48;
    const BYTE: u16 = 0x30;
    const HALF: u16 = 0x28;
    const AND: u16 = 0x54;
    const SHIFT_LEFT: u16 = 0x64;
    const ADD_X: u16 = 0x0c;
    const TO_X: u16 = 0x07;
    const IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let step = |code, k| libc::sock_filter { code, jt: 0, jf: 0, k };
    // Jumps over so many steps, if equal and if not.
    let jump = |k, jt, jf| libc::sock_filter { code: IF_EQUAL, jt, jf, k };
    let id = u32::from(id);
    match family {
        Family::V4 => vec![
            step(HEADER_LENGTH, 0),
            step(BYTE_BEHIND, 0),
            jump(0, 0, 2), // an echo reply
            step(HALF_BEHIND, 4),
            jump(id, 10, 11),
            jump(3, 2, 0),
            jump(11, 1, 0),
            jump(12, 0, 8),
            step(BYTE_BEHIND, 8), // the length of the header within
            step(AND, 0xf),
            step(SHIFT_LEFT, 2),
            step(ADD_X, 0),
            step(TO_X, 0),
            step(HALF_BEHIND, 12),
            jump(id, 0, 1),
            step(RETURN, u32::MAX),
            step(RETURN, 0),
        ],
        Family::V6 => vec![
            step(BYTE, 0),
            jump(129, 0, 2), // an echo reply
            step(HALF, 4),
            jump(id, 6, 7),
            jump(1, 3, 0),
            jump(2, 2, 0),
            jump(3, 1, 0),
            jump(4, 0, 3),
            step(HALF, 8 + 40 + 4),
            jump(id, 0, 1),
            step(RETURN, u32::MAX),
            step(RETURN, 0),
        ],
    }
}
