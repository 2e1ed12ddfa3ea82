//! Packets as conversations: who said what to whom, in what order, and what went wrong.
//!
//! ```text
//! packets ──▶ Conversations ──▶ Conversation { client, server, events }
//!                                 SYN ▶ ◀ SYN ACK, ACK ▶, GET / ▶, ◀ 200 OK, FIN …
//! ```
//!
//! A conversation is two ends and a protocol: a TCP connection, the datagrams between two ports, the
//! echoes of one identifier. In a tunnel it is the inner packets that converse. Acknowledgements that
//! say nothing else are counted, and data that goes on is added up; the rest stands packet by packet.
//! Errors that a router sends about a conversation stand in it.

mod tcp;
#[cfg(test)]
mod tests;

use crate::packet::{Dissection, Found, Layer, protocol, summary};
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// One end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct End {
    pub address: IpAddr,
    /// `None` where the protocol has none.
    pub port: Option<u16>,
}

/// The address, and the port if there is one.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.address, port).fmt(f),
            None => self.address.fmt(f),
        }
    }
}

/// What passed between two ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// `IPPROTO_*`.
    pub protocol: u8,
    /// Who began, as far as was seen.
    pub client: End,
    pub server: End,
    pub events: Vec<Event>,
    /// Packets of each, the client first, and bytes that their transport carried.
    pub packets: [u64; 2],
    pub bytes: [u64; 2],
    tcp: tcp::State,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds; of several segments, the first's.
    pub time: u64,
    pub from: From,
    /// In the field's words: `SYN`, `HTTP GET /`; empty for data that nobody here reads.
    pub said: String,
    /// Bytes that the transport carried.
    pub bytes: u64,
    /// How many packets these are.
    pub packets: u64,
    pub notes: Vec<Note>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Client,
    Server,
    /// A router on the way, or whoever else speaks of it.
    Other(IpAddr),
}

/// What is to be said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It was sent before.
    Retransmission,
    /// Something before it is missing: lost, late, or not captured. Bytes.
    Gap(u32),
    /// The connection stands; nanoseconds since the SYN.
    Established(u64),
    /// The other end does not take any more for now.
    ZeroWindow,
    /// It asks whether the other is still there.
    KeepAlive,
    /// Nobody listens: the answer to a SYN.
    Refused,
    /// Cut off without a close.
    Reset,
}

/// Echoes are told apart by their identifier, which stands for both ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    protocol: u8,
    low: End,
    high: End,
}

impl Key {
    fn of(protocol: u8, one: End, other: End) -> Self {
        Self { protocol, low: one.min(other), high: one.max(other) }
    }
}

/// All conversations, in the order in which they began.
#[derive(Debug, Default)]
pub struct Conversations {
    all: Vec<Conversation>,
    latest: HashMap<Key, usize>,
}

/// A packet, as far as it matters here.
struct Said<'a> {
    protocol: u8,
    from: End,
    to: End,
    layers: &'a [Found],
}

impl Conversations {
    /// Adds a packet; gives the number of the conversation it belongs to, if it does to any.
    pub fn add(&mut self, time: u64, dissection: &Dissection) -> Option<usize> {
        let layers = summary::inner(&dissection.layers);
        if let Some((from, quoted)) = error(layers) {
            return self.about(time, from, layers, quoted);
        }
        let said = said(layers)?;
        let key = Key::of(said.protocol, said.from, said.to);
        let known = self.latest.get(&key).copied();
        let number = match known.filter(|number| !self.all[*number].is_over(&said)) {
            Some(number) => number,
            None => {
                let (client, server) = said.roles();
                self.latest.insert(key, self.all.len());
                self.all.push(Conversation::new(said.protocol, client, server));
                self.all.len() - 1
            }
        };
        self.all[number].add(time, &said);
        Some(number)
    }

    /// Whether a packet goes on with what was seen: of sightings before and behind a translation of
    /// addresses, one does.
    pub fn knows(&self, dissection: &Dissection) -> bool {
        said(summary::inner(&dissection.layers)).is_some_and(|said| {
            self.latest.contains_key(&Key::of(said.protocol, said.from, said.to))
        })
    }

    /// A router's error about a conversation stands in it, if the conversation was seen.
    fn about(&mut self, time: u64, from: End, layers: &[Found], quoted: &[Found]) -> Option<usize> {
        let said = said(quoted)?;
        let number = *self.latest.get(&Key::of(said.protocol, said.from, said.to))?;
        let line = summary::error(layers);
        let conversation = &mut self.all[number];
        let from = match from.address {
            address if address == conversation.client.address => From::Client,
            address if address == conversation.server.address => From::Server,
            address => From::Other(address),
        };
        let (bytes, packets, notes) = (0, 1, Vec::new());
        conversation.events.push(Event { time, from, said: line, bytes, packets, notes });
        Some(number)
    }

    pub fn all(&self) -> &[Conversation] {
        &self.all
    }
}

/// The sender of an ICMP error and what it quotes.
fn error(layers: &[Found]) -> Option<(End, &[Found])> {
    let place = layers.iter().position(|found| match &found.layer {
        Layer::Icmp(header) => header.is_error(),
        Layer::Icmpv6(header) => header.is_error(),
        _ => false,
    })?;
    let (address, _) = summary::ends(&layers[..place])?;
    Some((End { address, port: None }, &layers[place + 1..]))
}

fn said(layers: &[Found]) -> Option<Said<'_>> {
    let (source, destination) = summary::ends(layers)?;
    let echo = || {
        layers.iter().find_map(|found| {
            let (protocol, echo) = match &found.layer {
                Layer::Icmp(header) => (protocol::ICMP, header.echo()),
                Layer::Icmpv6(header) => (protocol::ICMPV6, header.echo()),
                _ => return None,
            };
            Some((protocol, echo.map(|(identifier, _)| [identifier; 2])))
        })
    };
    let ported = summary::ports(layers).map(|(protocol, ports)| (protocol, Some(ports)));
    let (protocol, ports) = ported.or_else(echo)?;
    let end = |address, number: usize| End { address, port: ports.map(|ports| ports[number]) };
    Some(Said { protocol, from: end(source, 0), to: end(destination, 1), layers })
}

impl Said<'_> {
    /// Client and server.
    fn roles(&self) -> (End, End) {
        match tcp::header(self.layers) {
            // It answers a SYN that was not seen.
            Some(header) if tcp::is_syn(header) && tcp::acknowledges(header) => {
                (self.to, self.from)
            }
            _ => (self.from, self.to),
        }
    }
}

impl Conversation {
    fn new(protocol: u8, client: End, server: End) -> Self {
        Self {
            protocol,
            client,
            server,
            events: Vec::new(),
            packets: [0; 2],
            bytes: [0; 2],
            tcp: tcp::State::default(),
        }
    }

    /// Whether a packet begins another between the same ends.
    fn is_over(&self, said: &Said<'_>) -> bool {
        tcp::header(said.layers)
            .is_some_and(|header| self.tcp.is_over(header, said.from == self.client))
    }

    fn add(&mut self, time: u64, said: &Said<'_>) {
        let (from, side) = match said.from == self.client {
            true => (From::Client, 0),
            false => (From::Server, 1),
        };
        let bytes = summary::carried(said.layers) as u64;
        self.packets[side] += 1;
        self.bytes[side] += bytes;
        let speech = said.layers.iter().find_map(|found| summary::saying(&found.layer));
        if let Some(header) = tcp::header(said.layers) {
            return self.add_segment(time, from, header, bytes, speech);
        }
        let said = speech.unwrap_or_else(|| summary::message(said.layers));
        self.events.push(Event { time, from, said, bytes, packets: 1, notes: Vec::new() });
    }
}
