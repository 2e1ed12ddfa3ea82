//! Forgetting connections (`net/netfilter/nf_conntrack_netlink.c`).
//!
//! A connection that is being translated goes on being translated after its rule or its container
//! is gone: a datagram to a published port would reach whoever has the address next. So entries are
//! taken out with what they belong to.
//!
//! The kernel finds them by walking its whole hash table, about 10 ms however few there are, and
//! the table is one for all namespaces. So it is asked first whether this namespace has any.

use crate::netlink::{Attribute, Attributes, Message, Socket, Writer};
use crate::{Refusal, Result};
use model::net::Transport;
use nix::errno::Errno;
use std::net::IpAddr;

/// `NFNL_SUBSYS_CTNETLINK` with `IPCTNL_MSG_CT_GET`, `_DELETE` and `_GET_STATS`.
const GET: u16 = 1 << 8 | 1;
const DELETE: u16 = 1 << 8 | 2;
const GET_STATISTICS: u16 = 1 << 8 | 5;
/// `struct nfgenmsg`.
const HEADER: usize = 4;
/// `CTA_*`.
const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
const ID: u16 = 12;
const ZONE: u16 = 18;
const TUPLE_IP: u16 = 1;
const TUPLE_PROTOCOL: u16 = 2;
const PROTOCOL_NUMBER: u16 = 1;
const PROTOCOL_TO_PORT: u16 = 3;
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
    let dump = Message::new(GET, 0, vec![0; HEADER], "connections");
    let mut doomed = Vec::new();
    for body in socket.dump(&dump)? {
        let attributes = Attributes::after(&body, HEADER);
        let Some(connection) = Connection::of(attributes) else { continue };
        if which.iter().any(|which| connection.is_named_by(which)) {
            doomed.push(deletion(body[0], attributes));
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

/// What tells whether an entry is named.
struct Connection {
    original_source: IpAddr,
    original_destination: IpAddr,
    reply_source: IpAddr,
    protocol: u8,
    port: Option<u16>,
}

impl Connection {
    fn of(attributes: Attributes<'_>) -> Option<Self> {
        let original = attributes.nested(ORIGINAL);
        let protocol = original.nested(TUPLE_PROTOCOL);
        Some(Self {
            original_source: address(original, 0)?,
            original_destination: address(original, 1)?,
            reply_source: address(attributes.nested(REPLY), 0)?,
            protocol: protocol.get(PROTOCOL_NUMBER)?.u8()?,
            port: protocol.get(PROTOCOL_TO_PORT).and_then(Attribute::be16),
        })
    }

    fn is_named_by(&self, which: &Forget) -> bool {
        match which {
            Forget::Published { transport, address, port } => {
                self.protocol == transport.number()
                    && self.port == Some(*port)
                    && address.is_none_or(|address| address == self.original_destination)
            }
            Forget::Endpoint(address) => {
                [self.original_source, self.reply_source].contains(address)
            }
        }
    }
}

/// `CTA_IP_V4_SRC` and `_DST` are 1 and 2, those of IPv6 3 and 4.
fn address(tuple: Attributes<'_>, end: u16) -> Option<IpAddr> {
    let both = tuple.nested(TUPLE_IP);
    both.get(1 + end).or_else(|| both.get(3 + end))?.address()
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
