//! The walk goes on across the nodes of a cluster: what leaves this machine for another node is walked on
//! by that node's daemon, which our own asks through the store; what comes back is walked on here.
//!
//! ```text
//! own walk ── leaves ──▶ daemon ▶ store ▶ that node's daemon ── a part of the way ──┐
//!     ▲                                                                             │
//!     └───────────────── its packet is for a link of ours ◀── leaves ◀──────────────┘
//! ```

use super::beyond::Beyond;
use super::port;
use crate::machine::{Outward, bearer, entry};
use crate::protocol::{Toward, TraceAnswer};
use model::cluster::NodeName;
use model::cluster::trace::{Ask, Holder, Said, Stretch, Then, next_hop};
use model::host::NamespaceId;
use model::net::LinkName;
use model::path::{
    Answer, Asked, End, Hop, Layer, Packet, Part, Path, Place, Question, Source, Stage, Stop, Walk,
};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// More visits to nodes than any way has.
const MOST_VISITS: usize = 32;

/// The way there, and, if the packet is delivered and that is asked for, the answer's.
pub(super) fn walk(
    host: &str,
    source: &mut dyn Source<'static>,
    question: &Question,
    one_way: bool,
    beyond: &mut Beyond,
) -> (Path, Option<Path>) {
    let walk = Walk::new(host, question.clone());
    let (at, turned, visited) = Default::default();
    let (mut source, question, back) = (Outward(source), question.clone(), !one_way);
    let source = &mut source;
    Journey { host, source, question, walk, beyond, at, turned, visited, back }.there_and_back()
}

struct Journey<'j> {
    host: &'j str,
    source: &'j mut dyn Source<'static>,
    question: Question,
    walk: Walk<'static>,
    beyond: &'j mut Beyond,
    /// The node where the packet is; `None` for this machine.
    at: Option<NodeName>,
    /// The beginning of the answer's way, if the node where it begins has told it.
    turned: Option<Stretch>,
    visited: BTreeSet<NodeName>,
    /// The answer's way is asked for too.
    back: bool,
}

/// Where a way goes on.
enum Onward {
    /// In the walk of this machine.
    Here,
    /// As a node has told.
    Told(Stretch),
    /// From its beginning.
    Anew,
}

impl Journey<'_> {
    fn there_and_back(mut self) -> (Path, Option<Path>) {
        let there = self.go(None);
        if !std::mem::take(&mut self.back) {
            return (there, None);
        }
        let back = match (&self.at, self.turned.take()) {
            (Some(_), turned) => turned.map(|turned| self.go(Some(turned))),
            (None, _) => self.walk.turn_around().then(|| self.go(None)),
        };
        (there, back)
    }

    /// From here, or from where a node has got to.
    fn go(&mut self, mut told: Option<Stretch>) -> Path {
        let mut hops = Vec::new();
        for _ in 0..MOST_VISITS {
            let then = match told.take() {
                Some(stretch) => {
                    hops.extend(stretch.hops);
                    stretch.then
                }
                None => self.here(&mut hops),
            };
            let next = match then {
                Then::End(end) => return Path { hops, end },
                Then::Asks { at, address } => self.resolve(at, address),
                Then::Leaves { at, packet, next_hop } => self.leave(at, packet, next_hop),
            };
            match next {
                Ok(Onward::Here) => {}
                Ok(Onward::Told(stretch)) => told = Some(stretch),
                Ok(Onward::Anew) => hops.clear(),
                Err(end) => return Path { hops, end: *end },
            }
        }
        let at = hops.last().map_or_else(|| self.place(), |hop| hop.at.clone());
        let why = format!("it is still on its way after {MOST_VISITS} visits to nodes");
        Path { hops, end: End::Unknown { at, stage: Stage::Transmit, why } }
    }

    /// As far as the state of this machine leads.
    fn here(&mut self, hops: &mut Vec<Hop>) -> Then {
        match self.walk.go_on(self.source, hops) {
            Stop::Resolve { at, address } => Then::Asks { at, address },
            Stop::Leaves { at, packet } => Then::Leaves { at, packet, next_hop: next_hop(hops) },
            Stop::End(end) => Then::End(end),
        }
    }

    /// Over to the machine that the packet is for: this one goes on itself, another tells.
    fn leave(
        &mut self,
        at: Place,
        packet: Packet,
        next_hop: Option<IpAddr>,
    ) -> Result<Onward, Box<End>> {
        if let Some(node) = self.at.clone() {
            let unread = |why| {
                let at = at.clone();
                Box::new(End::Unknown { at, stage: Stage::Transmit, why })
            };
            let found = entry(self.source, &packet, next_hop).map_err(unread)?;
            if let Some(entry) = found {
                self.beyond.crossed(node.as_str(), self.host, entry.between);
                self.walk.arrive(NamespaceId::Host, entry.link, entry.packet);
                self.at = None;
                return Ok(Onward::Here);
            }
        }
        let known = if self.at.is_none() { self.senders(&at, &packet) } else { Vec::new() };
        let destination = packet.addresses().map(|(_, to)| to);
        let to = Toward::Packet { next_hop, destination };
        if self.lacks_port() && self.beyond.concerns(to.clone()) {
            self.take_port();
            return Ok(Onward::Anew);
        }
        let (visited, back) = (self.visited.iter().cloned().collect(), self.back);
        let ask = Ask::Arrives { packet, next_hop, known, visited, back };
        match self.beyond.ask(to, ask) {
            TraceAnswer::Nobody | TraceAnswer::Concerns { .. } => Err(Box::new(End::Left { at })),
            TraceAnswer::Refused { why, .. } => Err(self.beyond.unknown(at, &why)),
            TraceAnswer::From { node, reply, .. } => match reply.said {
                Said::NotHere => Err(Box::new(End::Left { at })),
                said => {
                    let from = at.host.clone();
                    self.take(node, said, at, Some(&from)).map(Onward::Told)
                }
            },
        }
    }

    /// A node could not tell where its rules look at the port; a second question takes longer than to
    /// ask with one that the kernel might choose.
    fn lacks_port(&self) -> bool {
        self.at.is_none()
            && self.question.source_port.is_none()
            && self.question.asked != Asked::Echo
    }

    fn take_port(&mut self) {
        let port = port::likely(self.source, &self.question.namespace);
        self.question.source_port = Some(port);
        self.beyond.port = Some(port);
        let walk = std::mem::replace(&mut self.walk, Walk::elsewhere(self.host));
        self.walk = walk.anew(self.question.clone());
    }

    /// Who has an address on a wire, for whoever asks; the walk goes on with the answer.
    fn resolve(&mut self, at: Place, address: IpAddr) -> Result<Onward, Box<End>> {
        let holder = self.holder(&at, address)?;
        let Some(node) = self.at.clone() else {
            let answer = match holder {
                Some(Holder { mac, at: place, .. }) => Answer::By { mac, place },
                None => Answer::Unclear("nobody was looked at".to_owned()),
            };
            self.walk.answer(&at, address, answer);
            return Ok(Onward::Here);
        };
        let ask = Ask::GoesOn { at: at.clone(), address, holder, back: self.back };
        match self.beyond.ask(Toward::Node(node), ask) {
            TraceAnswer::Nobody | TraceAnswer::Concerns { .. } => Err(Box::new(End::Left { at })),
            TraceAnswer::Refused { why, .. } => Err(self.beyond.unknown(at, &why)),
            TraceAnswer::From { node, reply, .. } => {
                self.take(node, reply.said, at, None).map(Onward::Told)
            }
        }
    }

    /// An address of this machine, if a node asks, or of another node.
    fn holder(&mut self, at: &Place, address: IpAddr) -> Result<Option<Holder>, Box<End>> {
        if self.at.is_some()
            && let Ok(Some((link, mac))) = bearer(self.source, address)
        {
            let place = Place { link: Some(link), ..self.place() };
            return Ok(Some(Holder { address, mac, at: place }));
        }
        let to = Toward::Packet { next_hop: Some(address), destination: None };
        match self.beyond.ask(to, Ask::Has { address }) {
            TraceAnswer::Nobody | TraceAnswer::Concerns { .. } => Ok(None),
            TraceAnswer::Refused { why, .. } => Err(self.beyond.unknown(at.clone(), &why)),
            TraceAnswer::From { reply, .. } => match reply.said {
                Said::Has(holder) => Ok(holder),
                Said::Refused(why) => Err(self.beyond.unknown(at.clone(), &why)),
                _ => Ok(None),
            },
        }
    }

    /// What a node told of its part of the way.
    fn take(
        &mut self,
        node: NodeName,
        said: Said,
        at: Place,
        from: Option<&str>,
    ) -> Result<Stretch, Box<End>> {
        let walked = match said {
            Said::Walked(walked) => walked,
            Said::Refused(why) => return Err(self.beyond.unknown(at, &why)),
            Said::NotHere | Said::Has(_) | Said::Addresses(_) => {
                return Err(self.beyond.odd(&node, at));
            }
        };
        if let Some(from) = from {
            self.beyond.crossed(from, node.as_str(), walked.between);
        }
        let (way, back) = self.beyond.told(&node, self.host, *walked);
        self.visited.insert(node.clone());
        self.at = Some(node);
        self.turned = back;
        Ok(way)
    }

    /// Who a node may find to have sent the frame: the addresses of the link that it left by.
    fn senders(&mut self, at: &Place, packet: &Packet) -> Vec<Holder> {
        let Some(Layer::Ethernet { source: mac, .. }) = packet.layers.first() else {
            return Vec::new();
        };
        let links = self.source.read(&at.namespace, &Part::Links);
        let addresses = self.source.read(&at.namespace, &Part::Addresses);
        let (Ok(links), Ok(addresses)) = (links, addresses) else { return Vec::new() };
        let sends =
            |name: &LinkName| links.links.get(name).is_some_and(|link| link.mac == Some(*mac));
        let its = addresses.addresses.iter().filter(|address| sends(&address.link));
        let holders = its.map(|address| {
            let place = Place { link: Some(address.link.clone()), ..self.place() };
            Holder { address: address.prefix.addr(), mac: *mac, at: place }
        });
        holders.collect()
    }

    fn place(&self) -> Place {
        Place { host: self.host.to_owned(), namespace: NamespaceId::Host, link: None }
    }
}
