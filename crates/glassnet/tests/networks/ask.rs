//! Questions, and how a real socket asks them.

use crate::stage::Place;
use kernel::netns;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};
use std::fmt;
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

/// An ICMP error that comes while a socket still sends is only noted (`sk_err_soft`), and told when the SYN
/// is sent once more, a second later. Other answers take a tenth of that.
const PATIENCE: Duration = Duration::from_millis(1600);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Tcp(u16),
    Udp(u16),
    Echo,
}

#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) from: Arc<Place>,
    pub(crate) to: IpAddr,
    pub(crate) kind: Kind,
}

/// How it ended for who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What was sent came back.
    Came,
    /// A connection stood, and was ended before anything came.
    Closed,
    /// A reset, or an ICMP error that says the port.
    Refused,
    /// An ICMP error of another kind, or the sender's own lack of a route.
    Unreachable,
    /// The sender's own kernel would not send it.
    Unsent,
    Silence,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → ", self.from.name)?;
        match self.kind {
            Kind::Tcp(port) => write!(f, "tcp {}", SocketAddr::new(self.to, port)),
            Kind::Udp(port) => write!(f, "udp {}", SocketAddr::new(self.to, port)),
            Kind::Echo => write!(f, "echo {}", self.to),
        }
    }
}

impl Question {
    pub(crate) fn ask(&self, number: u32) -> Answer {
        let bytes = number.to_be_bytes();
        let answered = match self.kind {
            Kind::Tcp(port) => self.stream(SocketAddr::new(self.to, port), bytes),
            Kind::Udp(port) => self.datagram(SocketAddr::new(self.to, port), bytes),
            Kind::Echo => self.echo(bytes),
        };
        answered.unwrap_or_else(|error| judge(&error))
    }

    fn stream(&self, to: SocketAddr, bytes: [u8; 4]) -> Result<Answer> {
        let connect = || TcpStream::connect_timeout(&to, PATIENCE);
        let mut stream = netns::within(self.from.namespace.as_fd(), connect).unwrap()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut heard = [0; 4];
        let talked = stream.write_all(&bytes).and_then(|()| stream.read_exact(&mut heard));
        Ok(if talked.is_ok() && heard == bytes { Answer::Came } else { Answer::Closed })
    }

    fn datagram(&self, to: SocketAddr, bytes: [u8; 4]) -> Result<Answer> {
        let open = || UdpSocket::bind(unspecified(to.ip()));
        let socket = netns::within(self.from.namespace.as_fd(), open).unwrap()?;
        socket.connect(to)?;
        exchange(&socket, &bytes, 0)
    }

    fn echo(&self, bytes: [u8; 4]) -> Result<Answer> {
        let (domain, protocol, request) = match self.to {
            IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP, 8),
            IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6, 128),
        };
        let flags = SocketFlags::CLOEXEC;
        let open = || socket_with(domain, SocketType::DGRAM, flags, Some(protocol));
        let socket = netns::within(self.from.namespace.as_fd(), open).unwrap()?;
        let socket = UdpSocket::from(socket);
        socket.connect(SocketAddr::new(self.to, 0))?;
        // The kernel puts in the checksum and the identifier; the sequence is 1.
        let header = [request, 0, 0, 0, 0, 0, 0, 1];
        exchange(&socket, &[&header[..], &bytes[..]].concat(), header.len())
    }
}

/// Sends, and hears the same behind a header of so many bytes.
fn exchange(socket: &UdpSocket, sent: &[u8], header: usize) -> Result<Answer> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send(sent)?;
    let mut buffer = [0; 64];
    let length = socket.recv(&mut buffer)?;
    let same = buffer.get(header..length) == sent.get(header..);
    assert!(same, "something else came back: {:?}", buffer.get(..length));
    Ok(Answer::Came)
}

fn unspecified(like: IpAddr) -> SocketAddr {
    let any = match like {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(any, 0)
}

fn judge(error: &Error) -> Answer {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Answer::Silence,
        ErrorKind::ConnectionRefused => Answer::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Answer::Unreachable,
        ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::AddrNotAvailable => {
            Answer::Unsent
        }
        _ => panic!("a socket says what is not provided for: {error}"),
    }
}
