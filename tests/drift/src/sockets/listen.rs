//! Sockets that wait: those of UDP answer each datagram from the address it came to, those of TCP take
//! connections and end them.

use super::keep_whole;
use crate::build::Network;
use crate::case::{Case, Listener};
use crate::error::{Error, Result};
use crate::parse;
use kernel::netns;
use model::host::NamespaceId;
use model::net::{Family, Transport};
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt,
    sockopt as nix_sockopt,
};
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, accept_with, bind, getpeername, getsockname, listen,
    socket_with, sockopt,
};
use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

/// What came to a socket, as the socket sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub namespace: NamespaceId,
    pub from: SocketAddr,
    pub to: SocketAddr,
    /// The number in a datagram of ours.
    pub number: Option<u32>,
}

/// All listeners of a case.
#[derive(Debug)]
pub(crate) struct Listeners(Vec<Open>);

#[derive(Debug)]
struct Open {
    namespace: NamespaceId,
    transport: Transport,
    port: u16,
    socket: OwnedFd,
}

impl Listeners {
    pub(crate) fn open(network: &Network, case: &Case) -> Result<Self> {
        let mut all = Vec::new();
        for space in &case.spaces {
            let built = network.space(&space.name)?;
            for wanted in &space.sockets {
                let socket = netns::within(built.as_fd(), || open(wanted))?.map_err(
                    Error::system(format!("listen at {}:{}", wanted.address, wanted.port)),
                )?;
                let (namespace, transport, port) =
                    (built.id.clone(), wanted.transport, wanted.port);
                all.push(Open { namespace, transport, port, socket });
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.iter().map(|open| open.socket.as_fd())
    }

    /// What has come since the last look. Datagrams are answered here.
    pub(crate) fn look(&self) -> Vec<Received> {
        let mut received = Vec::new();
        for open in &self.0 {
            while let Some(one) = match open.transport {
                Transport::Tcp => open.accept(),
                Transport::Udp => open.answer(),
            } {
                received.push(one);
            }
        }
        received
    }
}

fn open(wanted: &Listener) -> rustix::io::Result<OwnedFd> {
    let family = Family::of(wanted.address);
    let domain = match family {
        Family::V4 => AddressFamily::INET,
        Family::V6 => AddressFamily::INET6,
    };
    let shape = match wanted.transport {
        Transport::Tcp => SocketType::STREAM,
        Transport::Udp => SocketType::DGRAM,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(domain, shape, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    keep_whole(&socket, family)?;
    let told = match family {
        Family::V4 => setsockopt(&socket, nix_sockopt::Ipv4PacketInfo, &true),
        Family::V6 => {
            sockopt::set_ipv6_v6only(&socket, true)?;
            setsockopt(&socket, nix_sockopt::Ipv6RecvPacketInfo, &true)
        }
    };
    told.map_err(|errno| rustix::io::Errno::from_raw_os_error(errno as i32))?;
    // Listening at an address that is not there, or not any more, is one of the faults.
    match family {
        Family::V4 => sockopt::set_ip_freebind(&socket, true)?,
        Family::V6 => sockopt::set_ipv6_freebind(&socket, true)?,
    }
    bind(&socket, &SocketAddr::new(wanted.address, wanted.port))?;
    if wanted.transport == Transport::Tcp {
        listen(&socket, 16)?;
    }
    Ok(socket)
}

impl Open {
    fn accept(&self) -> Option<Received> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let taken = accept_with(&self.socket, flags).ok()?;
        let from = SocketAddr::try_from(getpeername(&taken).ok()??).ok()?;
        let to = SocketAddr::try_from(getsockname(&taken).ok()?).ok()?;
        Some(Received { namespace: self.namespace.clone(), from, to, number: None })
    }

    fn answer(&self) -> Option<Received> {
        let mut buffer = vec![0; 64 << 10];
        let mut space = nix::cmsg_space!(libc::in6_pktinfo);
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let descriptor = self.socket.as_raw_fd();
        let got = recvmsg::<SockaddrStorage>(
            descriptor,
            &mut parts,
            Some(&mut space),
            MsgFlags::MSG_DONTWAIT,
        )
        .ok()?;
        let asker = got.address?;
        let mut to = None;
        let mut back = None;
        for message in got.cmsgs().ok()? {
            match message {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    to = Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes()));
                    let spec = libc::in_pktinfo {
                        ipi_ifindex: 0,
                        ipi_spec_dst: info.ipi_addr,
                        ipi_addr: info.ipi_addr,
                    };
                    back = Some(Back::V4(spec));
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    to = Some(IpAddr::from(info.ipi6_addr.s6_addr));
                    back = Some(Back::V6(libc::in6_pktinfo { ipi6_ifindex: 0, ..info }));
                }
                _ => {}
            }
        }
        let length = got.bytes;
        let from = address(&asker)?;
        let number = buffer.get(..length).and_then(parse::cookie).map(|(number, _)| number);
        if let (Some(number), Some(back)) = (number, &back) {
            let payload = parse::payload(number, true, 0);
            let parts = [IoSlice::new(&payload)];
            let message = match back {
                Back::V4(info) => ControlMessage::Ipv4PacketInfo(info),
                Back::V6(info) => ControlMessage::Ipv6PacketInfo(info),
            };
            // An answer that cannot be sent is one that the walk has to refuse, too.
            let _ = sendmsg(descriptor, &parts, &[message], MsgFlags::empty(), Some(&asker));
        }
        let to = SocketAddr::new(to?, self.port);
        Some(Received { namespace: self.namespace.clone(), from, to, number })
    }
}

enum Back {
    V4(libc::in_pktinfo),
    V6(libc::in6_pktinfo),
}

fn address(of: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = of.as_sockaddr_in() {
        return Some(SocketAddr::new(IpAddr::V4(v4.ip()), v4.port()));
    }
    let v6 = of.as_sockaddr_in6()?;
    Some(SocketAddr::new(IpAddr::V6(v6.ip()), v6.port()))
}
