//! Published ports on `::1`.
//!
//! A packet to `::1` does not leave the loopback link whatever its destination is changed to, so
//! nftables cannot lead it to a container. A small forwarder listens there and hands the bytes of
//! each TCP connection, and each UDP datagram, to the container. Everything else that is published
//! goes through the kernel alone.

use model::cluster::{Attachment, Publish};
use model::net::Transport;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// UDP clients remembered by a port, and for how long after their last datagram.
const MAX_CLIENTS: usize = 1024;
const CLIENT_LIFE: Duration = Duration::from_secs(60);
/// TCP connections of one port at once.
const MAX_CONNECTIONS: usize = 1024;

type Port = (Transport, u16);

/// The ports that are listened on.
pub(super) struct Forwarders {
    runtime: Handle,
    open: Mutex<BTreeMap<Port, JoinHandle<()>>>,
    /// Ports whose sockets are open, and that nobody serves yet.
    bound: Mutex<Vec<Bound>>,
}

/// A port that clients can connect to, and where it leads.
struct Bound {
    port: Port,
    target: SocketAddr,
    socket: io::Result<Socket>,
}

enum Socket {
    Tcp(std::net::TcpListener),
    Udp(std::net::UdpSocket),
}

impl Forwarders {
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, open: Mutex::default(), bound: Mutex::default() }
    }

    /// Listens on `::1` for those ports that are published there: from now on clients can connect.
    /// [`Self::serve`] serves them; it wakes another thread, which whoever waits for a container
    /// need not wait for.
    pub(super) fn open(&self, publish: &[Publish], attachment: &Attachment) {
        for publish in publish.iter().filter(|publish| on_loopback(publish)) {
            // The container is reached by the family it has; IPv6 first, the client's own.
            let address = attachment.addresses.iter().max_by_key(|address| address.is_ipv6());
            let Some(address) = address else { continue };
            let target = SocketAddr::new(*address, publish.container_port);
            let port = (publish.transport, publish.host_port);
            let socket = Socket::bind(port);
            let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
            bound.push(Bound { port, target, socket });
        }
    }

    /// Serves what was opened.
    pub(super) fn serve(&self) {
        let bound = std::mem::take(&mut *self.bound.lock().unwrap_or_else(PoisonError::into_inner));
        for Bound { port, target, socket } in bound {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let task = self.runtime.spawn(async move {
                if let Err(error) = forward(port, socket, target).await {
                    tracing::warn!(%error, transport = %port.0, port = port.1, "cannot serve a published port on ::1");
                }
            });
            if let Some(before) = open.insert(port, task) {
                before.abort();
            }
        }
    }

    /// Stops listening.
    pub(super) fn close(&self, publish: &[Publish]) {
        let closes = |port: Port| publish.iter().any(|p| (p.transport, p.host_port) == port);
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        bound.retain(|bound| !closes(bound.port));
        drop(bound);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for publish in publish {
            if let Some(task) = open.remove(&(publish.transport, publish.host_port)) {
                task.abort();
            }
        }
    }
}

fn on_loopback(publish: &Publish) -> bool {
    match publish.host_address {
        None => true,
        Some(IpAddr::V6(address)) => address == Ipv6Addr::LOCALHOST || address.is_unspecified(),
        Some(IpAddr::V4(_)) => false,
    }
}

impl Socket {
    fn bind((transport, port): Port) -> io::Result<Self> {
        let address = (Ipv6Addr::LOCALHOST, port);
        match transport {
            Transport::Tcp => {
                let listener = std::net::TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Ok(Self::Tcp(listener))
            }
            Transport::Udp => {
                let socket = std::net::UdpSocket::bind(address)?;
                socket.set_nonblocking(true)?;
                Ok(Self::Udp(socket))
            }
        }
    }
}

/// Forwards for ever. The forwarder of the port's last owner may still be letting go of it.
async fn forward(port: Port, bound: io::Result<Socket>, target: SocketAddr) -> io::Result<()> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut bound = bound;
    loop {
        match bound {
            Ok(Socket::Tcp(listener)) => {
                return tcp(port.1, TcpListener::from_std(listener)?, target).await;
            }
            Ok(Socket::Udp(socket)) => return udp(UdpSocket::from_std(socket)?, target).await,
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse
                    && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
                bound = Socket::bind(port);
            }
            Err(error) => return Err(error),
        }
    }
}

async fn tcp(port: u16, listener: TcpListener, target: SocketAddr) -> io::Result<()> {
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return Ok(()) };
        let (mut client, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, port, "::1 forwarder: accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        tokio::spawn(async move {
            let _place = place;
            match TcpStream::connect(target).await {
                // Either side's end of data is passed on; the rest is the peers' business.
                Ok(mut container) => {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut container).await;
                }
                Err(error) => {
                    tracing::debug!(%error, %target, "::1 forwarder: the container does not answer");
                }
            }
        });
    }
}

async fn udp(socket: UdpSocket, target: SocketAddr) -> io::Result<()> {
    let socket = std::sync::Arc::new(socket);
    let mut clients: BTreeMap<SocketAddr, (std::sync::Arc<UdpSocket>, JoinHandle<()>)> =
        BTreeMap::new();
    let mut buffer = vec![0; 65_536];
    loop {
        let (n, client) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            // An ICMP error of an earlier answer; the socket goes on.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
            Err(error) => return Err(error),
        };
        clients.retain(|_, (_, answers)| !answers.is_finished());
        if !clients.contains_key(&client) {
            if clients.len() >= MAX_CLIENTS {
                continue;
            }
            let any: IpAddr = if target.is_ipv6() {
                Ipv6Addr::UNSPECIFIED.into()
            } else {
                std::net::Ipv4Addr::UNSPECIFIED.into()
            };
            let toward = std::sync::Arc::new(UdpSocket::bind((any, 0)).await?);
            toward.connect(target).await?;
            let answers = tokio::spawn(answers(toward.clone(), socket.clone(), client));
            clients.insert(client, (toward, answers));
        }
        if let Some((toward, _)) = clients.get(&client) {
            let _ = toward.send(&buffer[..n]).await;
        }
    }
}

async fn answers(
    from: std::sync::Arc<UdpSocket>,
    to: std::sync::Arc<UdpSocket>,
    client: SocketAddr,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(Ok(n)) = tokio::time::timeout(CLIENT_LIFE, from.recv(&mut buffer)).await {
        if to.send_to(&buffer[..n], client).await.is_err() {
            return;
        }
    }
}
