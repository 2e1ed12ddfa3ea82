//! Whether a port is free: asked by taking it for a moment (`net/ipv4/inet_connection_sock.c`,
//! `inet_csk_get_port`). That costs a few microseconds; a list of all sockets costs a hundred, and
//! more with more sockets.

use crate::{Error, Result};
use model::net::Transport;
use rustix::io::Errno;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether no socket of the thread's namespace waits at the port: of the address, or of any address
/// of both families for `None`. An address that the namespace does not have is free.
pub fn is_free(transport: Transport, address: Option<IpAddr>, port: u16) -> Result<bool> {
    match address {
        Some(address) => taken_for_a_moment(transport, address, port),
        // One socket stands for both families, unless the kernel speaks only the older one.
        None => match taken_for_a_moment(transport, Ipv6Addr::UNSPECIFIED.into(), port) {
            Err(error) if error.errno() == Some(nix::errno::Errno::EAFNOSUPPORT) => {
                taken_for_a_moment(transport, Ipv4Addr::UNSPECIFIED.into(), port)
            }
            other => other,
        },
    }
}

fn taken_for_a_moment(transport: Transport, address: IpAddr, port: u16) -> Result<bool> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let kind = match transport {
        Transport::Tcp => SocketType::STREAM,
        Transport::Udp => SocketType::DGRAM,
    };
    let take = || {
        let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
        if transport == Transport::Tcp {
            // Connections that are over and linger do not count; who listens does all the same.
            set_socket_reuseaddr(&socket, true)?;
        }
        if family == AddressFamily::INET6 {
            set_ipv6_v6only(&socket, !address.is_unspecified())?;
        }
        bind(&socket, &SocketAddr::new(address, port))
    };
    match take() {
        Ok(()) | Err(Errno::ADDRNOTAVAIL) => Ok(true),
        Err(Errno::ADDRINUSE) => Ok(false),
        Err(error) => {
            Err(Error::io(format!("ask for {transport} port {port} of {address}"))(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netns::within;
    use crate::testing::Place;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsFd as _;

    fn free(transport: Transport, address: Option<&str>, port: u16) -> bool {
        is_free(transport, address.map(|a| a.parse().unwrap()), port).unwrap()
    }

    #[test]
    fn who_waits_for_packets_is_noticed() {
        let place = Place::new();
        place.run("ip link set lo up");
        within(place.namespace.as_fd(), || {
            use Transport::{Tcp, Udp};
            let _one = TcpListener::bind("127.0.0.1:80").unwrap();
            let _any = TcpListener::bind("0.0.0.0:81").unwrap();
            let _six = TcpListener::bind("[::1]:82").unwrap();
            let _both = UdpSocket::bind("[::]:53").unwrap();
            for (transport, address, port, expected) in [
                (Tcp, None, 80, false),
                (Tcp, Some("127.0.0.1"), 80, false),
                (Tcp, Some("127.0.0.2"), 80, true),
                (Tcp, Some("0.0.0.0"), 80, false),
                (Tcp, Some("::"), 80, false),
                (Tcp, Some("::1"), 80, true),
                (Udp, None, 80, true),
                (Tcp, None, 81, false),
                (Tcp, Some("127.0.0.2"), 81, false),
                (Tcp, Some("192.0.2.1"), 81, true),
                (Tcp, None, 82, false),
                (Tcp, Some("127.0.0.1"), 82, true),
                (Udp, None, 53, false),
                (Udp, Some("127.0.0.1"), 53, false),
                (Tcp, None, 53, true),
                (Tcp, None, 8080, true),
            ] {
                assert_eq!(
                    free(transport, address, port),
                    expected,
                    "{transport} {address:?} {port}"
                );
            }
        })
        .unwrap();
    }

    #[test]
    fn a_connection_that_is_over_is_not() {
        let place = Place::new();
        place.run("ip link set lo up");
        within(place.namespace.as_fd(), || {
            let server = TcpListener::bind("127.0.0.1:80").unwrap();
            let client = TcpStream::connect("127.0.0.1:80").unwrap();
            // Who closes first is the one whose port lingers.
            drop(server.accept().unwrap());
            drop((client, server));
            assert!(free(Transport::Tcp, None, 80));
        })
        .unwrap();
    }
}
