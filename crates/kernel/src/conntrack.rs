//! Tracked connections on the wire (`net/netfilter/nf_conntrack_netlink.c`), and forgetting them.
//! Reading them is [`crate::observe`]'s.
//!
//! A connection that is being translated goes on being translated after its rule or its container
//! is gone: a datagram to a published port would reach whoever has the address next. So entries are
//! taken out with what they belong to.
//!
//! The kernel finds them by walking its whole hash table, about 10 ms however few there are, and
//! the table is one for all namespaces. So it is asked first whether this namespace has any.

use crate::netlink::{Attribute, Attributes, Message, Socket, Writer};
use crate::{Refusal, Result};
use model::host::{Connection, Tuple};
use model::net::Transport;
use nix::errno::Errno;
use std::net::{IpAddr, SocketAddr};

/// `NFNL_SUBSYS_CTNETLINK` with `IPCTNL_MSG_CT_GET`, `_DELETE` and `_GET_STATS`.
const GET: u16 = 1 << 8 | 1;
const DELETE: u16 = 1 << 8 | 2;
const GET_STATISTICS: u16 = 1 << 8 | 5;
/// `struct nfgenmsg`.
const HEADER: usize = 4;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// `CTA_*`.
const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
const STATUS: u16 = 3;
const PROTOCOL_STATE: u16 = 4;
const TIMEOUT: u16 = 7;
const MARK: u16 = 8;
const ID: u16 = 12;
const ZONE: u16 = 18;
const TUPLE_IP: u16 = 1;
const TUPLE_PROTOCOL: u16 = 2;
const TUPLE_ZONE: u16 = 3;
/// Of a source; those of a destination follow.
const IPV4: u16 = 1;
const IPV6: u16 = 3;
const PROTOCOL_NUMBER: u16 = 1;
const PROTOCOL_FROM_PORT: u16 = 2;
const PROTOCOL_TO_PORT: u16 = 3;
const STATE_TCP: u16 = 1;
const TCP_STATE: u16 = 1;
const NESTED: u16 = 1 << 15;
/// `CTA_STATS_GLOBAL_ENTRIES`.
const ENTRIES: u16 = 1;

/// Which connections to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forget {
    /// Those made to a published port.
    Published {
        transport: Transport,
        /// `None` for a port published on all addresses.
        address: Option<IpAddr>,
        port: u16,
    },
    /// Those that an address began or that it answers, translated or not.
    Endpoint(IpAddr),
}

/// Forgets the connections that any of `which` names; how many there were.
pub fn forget(socket: &mut Socket, which: &[Forget]) -> Result<usize> {
    if which.is_empty() || count(socket)? == 0 {
        return Ok(0);
    }
    let mut doomed = Vec::new();
    for body in socket.dump(&every())? {
        let Some(connection) = connection(&body) else { continue };
        if which.iter().any(|which| which.names(&connection)) {
            doomed.push(deletion(body[0], Attributes::after(&body, HEADER)));
        }
    }
    let outcomes = socket.send_all(&doomed)?;
    for outcome in &outcomes {
        match outcome {
            // It ended by itself.
            Ok(()) | Err(Refusal { errno: Errno::ENOENT, .. }) => {}
            Err(refusal) => return Err(refusal.clone().of("a connection")),
        }
    }
    Ok(outcomes.iter().filter(|outcome| outcome.is_ok()).count())
}

/// How many connections the socket's namespace tracks.
pub fn count(socket: &mut Socket) -> Result<u32> {
    let question = Message::new(GET_STATISTICS, 0, vec![0; HEADER], "the count of connections");
    let answer = socket.get(&question)?;
    let entries = Attributes::after(&answer, HEADER).get(ENTRIES).and_then(Attribute::be32);
    entries.ok_or_else(|| crate::Error::Malformed {
        what: question.subject,
        why: "it has no number in it".to_owned(),
    })
}

impl Forget {
    fn names(&self, connection: &Connection) -> bool {
        match self {
            Self::Published { transport, address, port } => {
                let to = connection.original.destination;
                connection.original.protocol == transport.number()
                    && to.port() == *port
                    && address.is_none_or(|address| address == to.ip())
            }
            Self::Endpoint(address) => [connection.original.source, connection.reply.source]
                .iter()
                .any(|end| end.ip() == *address),
        }
    }
}

/// The question for the connection that a tuple belongs to, in either direction of it, in zone 0. Of
/// an ICMP echo it is that of the request, or with `answer` that of the reply, since the kernel tells
/// them apart.
pub(crate) fn question(tuple: Tuple, answer: bool) -> Message {
    let family = if tuple.source.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = Writer::after(&[family, 0, 0, 0]);
    body.nest(ORIGINAL, |body| {
        body.nest(TUPLE_IP, |body| {
            for (end, address) in [(0, tuple.source), (1, tuple.destination)] {
                match address.ip() {
                    IpAddr::V4(address) => body.bytes(IPV4 + end, &address.octets()),
                    IpAddr::V6(address) => body.bytes(IPV6 + end, &address.octets()),
                }
            }
        });
        body.nest(TUPLE_PROTOCOL, |body| {
            body.u8(PROTOCOL_NUMBER, tuple.protocol);
            match echo(tuple.protocol) {
                Some(echo) => {
                    body.be16(echo.identifier, tuple.source.port());
                    body.u8(echo.kind, if answer { echo.reply } else { echo.request });
                    body.u8(echo.code, 0);
                }
                None => {
                    body.be16(PROTOCOL_FROM_PORT, tuple.source.port());
                    body.be16(PROTOCOL_TO_PORT, tuple.destination.port());
                }
            }
        });
    });
    Message::new(GET, 0, body.finish(), "a connection")
}

/// The question for all of them.
pub(crate) fn every() -> Message {
    Message::new(GET, 0, vec![0; HEADER], "connections")
}

/// A connection from the kernel's answer; `None` for one without addresses.
pub(crate) fn connection(body: &[u8]) -> Option<Connection> {
    let attributes = Attributes::after(body, HEADER);
    let original = attributes.nested(ORIGINAL);
    let number = |kind| attributes.get(kind).and_then(Attribute::be32);
    // A zone of one direction only stands within that direction.
    let zone = attributes.get(ZONE).or_else(|| original.get(TUPLE_ZONE)).and_then(Attribute::be16);
    let state = attributes.nested(PROTOCOL_STATE).nested(STATE_TCP).get(TCP_STATE);
    Some(Connection {
        zone: zone.unwrap_or(0),
        original: tuple(original)?,
        reply: tuple(attributes.nested(REPLY))?,
        status: number(STATUS).unwrap_or(0),
        mark: number(MARK).unwrap_or(0),
        timeout: number(TIMEOUT),
        tcp_state: state.and_then(Attribute::u8),
    })
}

fn tuple(attributes: Attributes<'_>) -> Option<Tuple> {
    let addresses = attributes.nested(TUPLE_IP);
    let address = |end| addresses.get(IPV4 + end).or_else(|| addresses.get(IPV6 + end))?.address();
    let inner = attributes.nested(TUPLE_PROTOCOL);
    let protocol = inner.get(PROTOCOL_NUMBER)?.u8()?;
    let ports = match echo(protocol) {
        Some(echo) => [echo.identifier; 2],
        None => [PROTOCOL_FROM_PORT, PROTOCOL_TO_PORT],
    };
    let end = |end: u16, port| -> Option<SocketAddr> {
        let port = inner.get(port).and_then(Attribute::be16).unwrap_or(0);
        Some(SocketAddr::new(address(end)?, port))
    };
    Some(Tuple { protocol, source: end(0, ports[0])?, destination: end(1, ports[1])? })
}

/// How an ICMP echo stands in a tuple: `CTA_PROTO_ICMP_*` or `CTA_PROTO_ICMPV6_*`, and its types.
struct Echo {
    identifier: u16,
    kind: u16,
    code: u16,
    request: u8,
    reply: u8,
}

/// Whether the protocol is tracked by echoes rather than by ports.
pub(crate) fn is_echo(protocol: u8) -> bool {
    echo(protocol).is_some()
}

fn echo(protocol: u8) -> Option<Echo> {
    match protocol {
        1 => Some(Echo { identifier: 4, kind: 5, code: 6, request: 8, reply: 0 }),
        58 => Some(Echo { identifier: 7, kind: 8, code: 9, request: 128, reply: 129 }),
        _ => None,
    }
}

/// Names the entry by its original tuple and its number, so that not a newer one is hit.
fn deletion(family: u8, attributes: Attributes<'_>) -> Message {
    let mut body = Writer::after(&[family, 0, 0, 0]);
    for kind in [ORIGINAL, ID, ZONE] {
        if let Some(attribute) = attributes.get(kind) {
            let flag = if kind == ORIGINAL { NESTED } else { 0 };
            body.bytes(kind | flag, attribute.value);
        }
    }
    Message::new(DELETE, 0, body.finish(), "a connection")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netns::within;
    use crate::testing::Place;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    /// Sends datagrams from 127.0.0.1 to these, in a namespace that tracks connections and
    /// translates port 53 to port 5353 of 127.0.0.9.
    fn connect(place: &Place, to: &[&str]) {
        place.run("ip link set lo up");
        place.feed(
            "nft -f -",
            "table ip t {
               chain out { type nat hook output priority -100; policy accept
                 udp dport 53 dnat to 127.0.0.9:5353
               }
             }",
        );
        within(place.namespace.as_fd(), || {
            for to in to {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.send_to(b"x", to).unwrap();
            }
        })
        .unwrap();
    }

    #[test]
    fn only_what_is_named_is_forgotten() {
        let mut place = Place::new();
        connect(&place, &["127.0.0.2:53", "127.0.0.3:53", "127.0.0.4:99", "127.0.0.5:53"]);
        let socket = place.sockets.netfilter().unwrap();
        assert_eq!(count(socket).unwrap(), 4);
        let published = |address: Option<[u8; 4]>| Forget::Published {
            transport: Transport::Udp,
            address: address.map(IpAddr::from),
            port: 53,
        };
        assert_eq!(forget(socket, &[]).unwrap(), 0);
        assert_eq!(forget(socket, &[published(Some([127, 0, 0, 2]))]).unwrap(), 1);
        // Two are left that 127.0.0.9 answers.
        let container = Forget::Endpoint([127, 0, 0, 9].into());
        assert_eq!(forget(socket, std::slice::from_ref(&container)).unwrap(), 2);
        assert_eq!(forget(socket, &[container, published(None)]).unwrap(), 0);
        assert_eq!(forget(socket, &[Forget::Endpoint([127, 0, 0, 1].into())]).unwrap(), 1);
        assert_eq!(count(socket).unwrap(), 0);
    }
}
