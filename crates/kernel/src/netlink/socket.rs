//! A small blocking netlink socket.
//!
//! The kernel carries rtnetlink and netfilter messages out within `sendmsg`, so their answers lie
//! in the receive queue when it returns: many messages cost one send, and their acknowledgements
//! are read without waiting.

use super::acknowledgement;
use super::message::{ACKNOWLEDGE, DONE, DUMP, ERROR, INTERRUPTED, Message, Received, split};
use crate::{Error, Refusal, Result};
use netlink_sys::SocketAddr;
use nix::errno::Errno;
use rustix::net::{RecvFlags, SendFlags, sockopt};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Bytes the kernel may queue for us: enough for the acknowledgements of thousands of messages.
const RECEIVE_QUEUE: usize = 8 << 20;
/// Bytes one send may have by default; more is asked for when needed.
const SEND_LIMIT: usize = 200 << 10;
/// Longest datagram the kernel makes of a dump is 32 KiB; single objects may be longer.
const BUFFER: usize = 128 << 10;
/// How often a dump is begun anew when the kernel says that it changed meanwhile.
const TRIES: u32 = 10;
/// The kernel answers within the send; a silence this long is a fault of ours.
const PATIENCE: Duration = Duration::from_secs(30);

/// The netlink families we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Route,
    Netfilter,
    SocketDiagnostics,
}

/// A socket of one namespace: the one its thread was in when it was made.
#[derive(Debug)]
pub struct Socket {
    socket: netlink_sys::Socket,
    sequence: u32,
    buffer: Vec<u8>,
    send_limit: usize,
}

impl Socket {
    /// Opens a socket in the namespace the thread is in.
    pub fn open(protocol: Protocol) -> Result<Self> {
        let number = match protocol {
            Protocol::Route => netlink_sys::protocols::NETLINK_ROUTE,
            Protocol::Netfilter => netlink_sys::protocols::NETLINK_NETFILTER,
            Protocol::SocketDiagnostics => netlink_sys::protocols::NETLINK_SOCK_DIAG,
        };
        let open = || -> std::io::Result<netlink_sys::Socket> {
            let mut socket = netlink_sys::Socket::new(number)?;
            socket.set_ext_ack(true)?;
            socket.set_cap_ack(true)?;
            if protocol == Protocol::Route {
                socket.set_netlink_get_strict_chk(true)?;
            }
            // Without CAP_NET_ADMIN over the first user namespace only the plain call works.
            if sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_QUEUE).is_err() {
                sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_QUEUE)?;
            }
            sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(PATIENCE))?;
            socket.bind(&SocketAddr::new(0, 0))?;
            socket.connect(&SocketAddr::new(0, 0))?;
            Ok(socket)
        };
        let socket = open().map_err(Error::io(format!("open a netlink socket ({protocol:?})")))?;
        Ok(Self { socket, sequence: 0, buffer: Vec::with_capacity(BUFFER), send_limit: SEND_LIMIT })
    }

    /// Sends one message and waits for the kernel's yes.
    pub fn request(&mut self, message: &Message) -> Result<()> {
        let outcome = self.send_all(std::slice::from_ref(message))?.pop();
        match outcome {
            Some(Err(refusal)) => Err(refusal.of(&message.subject)),
            _ => Ok(()),
        }
    }

    /// Sends all messages in one go. The kernel carries each out whether or not those before it
    /// failed; the outcomes are in the messages' order.
    pub fn send_all(&mut self, messages: &[Message]) -> Result<Vec<Result<(), Refusal>>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let first = self.take_sequences(messages.len());
        let mut bytes = Vec::with_capacity(messages.len() * 256);
        let mut starts = Vec::with_capacity(messages.len());
        for (message, sequence) in messages.iter().zip(first..) {
            starts.push(bytes.len());
            message.emit(ACKNOWLEDGE, sequence, &mut bytes);
        }
        self.send(&bytes)?;
        let mut outcomes: Vec<Option<Result<(), Refusal>>> = vec![None; messages.len()];
        let mut missing = messages.len();
        while missing > 0 {
            self.receive(|answer| {
                let which = answer.sequence.wrapping_sub(first) as usize;
                let sent = starts.get(which).and_then(|start| bytes.get(*start..));
                match outcomes.get_mut(which) {
                    Some(outcome) if answer.kind == ERROR && outcome.is_none() => {
                        *outcome = Some(acknowledgement::read(answer, sent));
                        missing -= 1;
                    }
                    _ => {}
                }
            })?;
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Asks for one object; its body comes back.
    pub fn get(&mut self, message: &Message) -> Result<Vec<u8>> {
        let sequence = self.take_sequences(1);
        let mut bytes = Vec::new();
        message.emit(0, sequence, &mut bytes);
        self.send(&bytes)?;
        let mut outcome = None;
        while outcome.is_none() {
            self.receive(|answer| {
                if answer.sequence == sequence {
                    outcome = Some(match answer.kind {
                        ERROR => acknowledgement::read(answer, Some(&bytes)).map(|()| Vec::new()),
                        _ => Ok(answer.body.to_vec()),
                    });
                }
            })?;
        }
        outcome.unwrap_or(Ok(Vec::new())).map_err(|refusal| refusal.of(&message.subject))
    }

    /// Asks for all objects of a kind: the bodies of the replies. Begins anew, a bounded number of
    /// times, when the kernel says that they changed while being read.
    pub fn dump(&mut self, message: &Message) -> Result<Vec<Vec<u8>>> {
        for _ in 0..TRIES {
            if let Some(bodies) = self.dump_once(message)? {
                return Ok(bodies);
            }
        }
        Err(Error::Unsteady { what: message.subject.clone(), tries: TRIES })
    }

    fn dump_once(&mut self, message: &Message) -> Result<Option<Vec<Vec<u8>>>> {
        let sequence = self.take_sequences(1);
        let mut bytes = Vec::new();
        message.emit(DUMP, sequence, &mut bytes);
        self.send(&bytes)?;
        let mut bodies = Vec::new();
        let mut interrupted = false;
        let mut end = None;
        while end.is_none() {
            self.receive(|answer| {
                if answer.sequence != sequence {
                    return;
                }
                interrupted |= answer.flags & INTERRUPTED != 0;
                match answer.kind {
                    // The end of a dump carries an error number as an acknowledgement does.
                    DONE | ERROR => end = Some(acknowledgement::read(answer, Some(&bytes))),
                    _ => bodies.push(answer.body.to_vec()),
                }
            })?;
        }
        match end {
            Some(Err(refusal)) if refusal.errno == Errno::EINTR => Ok(None),
            Some(Err(refusal)) => Err(refusal.of(&message.subject)),
            _ => Ok((!interrupted).then_some(bodies)),
        }
    }

    /// Reserves sequence numbers in a row and gives the first.
    pub(crate) fn take_sequences(&mut self, count: usize) -> u32 {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if self.sequence.checked_add(count).is_none() {
            self.sequence = 0;
        }
        let first = self.sequence + 1;
        self.sequence = self.sequence.saturating_add(count);
        first
    }

    /// Sends bytes that are whole messages.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() > self.send_limit {
            let size = bytes.len() + 4096;
            sockopt::set_socket_send_buffer_size_force(&self.socket, size)
                .or_else(|_| sockopt::set_socket_send_buffer_size(&self.socket, size))
                .map_err(Error::io("enlarge a netlink socket's send buffer"))?;
            self.send_limit = size;
        }
        rustix::net::send(&self.socket, bytes, SendFlags::empty())
            .map(|_| ())
            .map_err(Error::io(format!("send {} bytes of netlink", bytes.len())))
    }

    /// Waits for one datagram and hands over its messages.
    pub(crate) fn receive(&mut self, each: impl FnMut(Received<'_>)) -> Result<()> {
        self.receive_with(RecvFlags::empty(), each)
    }

    /// The same without waiting: `false` if nothing was there.
    pub(crate) fn receive_now(&mut self, each: impl FnMut(Received<'_>)) -> Result<bool> {
        match self.receive_with(RecvFlags::DONTWAIT, each) {
            Ok(()) => Ok(true),
            Err(error) if error.errno() == Some(Errno::EAGAIN) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn receive_with(&mut self, flags: RecvFlags, each: impl FnMut(Received<'_>)) -> Result<()> {
        let flags = flags | RecvFlags::TRUNC;
        // Not zeroed first: a socket may live for one answer.
        self.buffer.clear();
        let (got, whole) = loop {
            let space = rustix::buffer::spare_capacity(&mut self.buffer);
            match rustix::net::recv(&self.socket, space, flags) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other.map_err(Error::io("read from a netlink socket"))?,
            }
        };
        if whole > got {
            let why = format!("a datagram of {whole} bytes");
            return Err(Error::Malformed { what: "netlink".to_owned(), why });
        }
        split(&self.buffer).for_each(each);
        Ok(())
    }

    /// The acknowledgement in a message that came, when it is one.
    pub(crate) fn outcome(
        answer: Received<'_>,
        sent: Option<&[u8]>,
    ) -> Option<Result<(), Refusal>> {
        (answer.kind == ERROR).then(|| acknowledgement::read(answer, sent))
    }

    /// The number by which the kernel tells this socket from others of its namespace.
    pub(crate) fn port(&self) -> Result<u32> {
        let mut address = SocketAddr::new(0, 0);
        self.socket.get_address(&mut address).map_err(Error::io("name a netlink socket"))?;
        Ok(address.port_number())
    }

    /// Joins a multicast group.
    pub(crate) fn join(&mut self, group: u32) -> Result<()> {
        self.socket.add_membership(group).map_err(Error::io(format!("join netlink group {group}")))
    }

    /// Leaves a multicast group.
    pub(crate) fn leave(&mut self, group: u32) -> Result<()> {
        let left = self.socket.drop_membership(group);
        left.map_err(Error::io(format!("leave netlink group {group}")))
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
