//! Sockets that wait: each says back what it was told, and notes who told it.

use crate::stage::Place;
use kernel::netns;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt,
    sockopt as nix_sockopt,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use std::io::{IoSlice, IoSliceMut, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What came to a socket, as the socket sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) number: u32,
    pub(crate) place: String,
    pub(crate) from: IpAddr,
    pub(crate) to: SocketAddr,
}

/// All that came.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Receipt>>>);

impl Heard {
    fn note(&self, receipt: Receipt) {
        self.0.lock().unwrap().push(receipt);
    }

    pub(crate) fn of(&self, number: u32) -> Vec<Receipt> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|receipt| receipt.number == number).cloned().collect()
    }
}

/// Listens at a port of every address of a place, until the process ends.
pub(crate) fn at(place: &Arc<Place>, port: u16, heard: &Heard) {
    let any = [IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::UNSPECIFIED)];
    for local in any.map(|any| SocketAddr::new(any, port)) {
        let open = |shape| {
            let opened = netns::within(place.namespace.as_fd(), || open(local, shape)).unwrap();
            opened.unwrap_or_else(|error| panic!("{} {local}: {error}", place.name))
        };
        let (stream, datagram) = (open(SocketType::STREAM), open(SocketType::DGRAM));
        let (name, notes) = (place.name.clone(), heard.clone());
        std::thread::spawn(move || accept(&TcpListener::from(stream), &name, &notes));
        let (name, notes) = (place.name.clone(), heard.clone());
        std::thread::spawn(move || while answer(&datagram, port, &name, &notes).is_some() {});
    }
}

fn open(local: SocketAddr, shape: SocketType) -> rustix::io::Result<OwnedFd> {
    let domain = if local.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(domain, shape, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    let told = if local.is_ipv4() {
        setsockopt(&socket, nix_sockopt::Ipv4PacketInfo, &true)
    } else {
        sockopt::set_ipv6_v6only(&socket, true)?;
        setsockopt(&socket, nix_sockopt::Ipv6RecvPacketInfo, &true)
    };
    told.map_err(|errno| rustix::io::Errno::from_raw_os_error(errno as i32))?;
    bind(&socket, &local)?;
    if shape == SocketType::STREAM {
        listen(&socket, 256)?;
    }
    Ok(socket)
}

/// Who connects says a number, and hears it again.
fn accept(listener: &TcpListener, place: &str, heard: &Heard) {
    loop {
        let Ok((mut stream, from)) = listener.accept() else { return };
        let (place, heard) = (place.to_owned(), heard.clone());
        std::thread::spawn(move || {
            let mut number = [0; 4];
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let Ok(to) = stream.local_addr() else { return };
            if stream.read_exact(&mut number).is_ok() {
                let number = u32::from_be_bytes(number);
                heard.note(Receipt { number, place, from: from.ip(), to });
                // Who asked may be gone by now.
                let _ = stream.write_all(&number.to_be_bytes());
            }
        });
    }
}

/// A datagram goes back from the address it came to.
fn answer(socket: &OwnedFd, port: u16, place: &str, heard: &Heard) -> Option<()> {
    let mut buffer = [0; 64];
    let mut space = nix::cmsg_space!(libc::in6_pktinfo);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    let (descriptor, none) = (socket.as_raw_fd(), MsgFlags::empty());
    let got = recvmsg::<SockaddrStorage>(descriptor, &mut parts, Some(&mut space), none).ok()?;
    let (asker, length) = (got.address?, got.bytes);
    let information: Vec<_> = got.cmsgs().ok()?.collect();
    let number: Option<[u8; 4]> = buffer.get(..length).and_then(|bytes| bytes.try_into().ok());
    let Some(number) = number else { return Some(()) };
    for message in information {
        let (to, v4, v6);
        let back = match message {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                to = IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes());
                let ipi_spec_dst = info.ipi_addr;
                v4 = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst, ipi_addr: info.ipi_addr };
                ControlMessage::Ipv4PacketInfo(&v4)
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                to = IpAddr::from(info.ipi6_addr.s6_addr);
                v6 = libc::in6_pktinfo { ipi6_ifindex: 0, ..info };
                ControlMessage::Ipv6PacketInfo(&v6)
            }
            _ => continue,
        };
        let from = address(&asker)?;
        let (place, to) = (place.to_owned(), SocketAddr::new(to, port));
        heard.note(Receipt { number: u32::from_be_bytes(number), place, from, to });
        // An answer that cannot be sent is one that does not come back, which is what is looked at.
        let _ = sendmsg(descriptor, &[IoSlice::new(&number)], &[back], none, Some(&asker));
    }
    Some(())
}

fn address(of: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = of.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| of.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}
