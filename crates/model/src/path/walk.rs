//! The walk: a value that its caller steps.
//!
//! It reads nothing. What it does not know it asks for ([`Progress::Need`]), and goes on once it is
//! supplied; a live reader, a snapshot and a test answer alike. A walk is of one host; a packet that
//! leaves it can go on in another host's walk ([`Walk::arrive`]), and come back to this one.

use super::buffer::{State, Tracking};
use super::deliver::Asker;
use super::hooks::Passed;
use super::machine::{Answer, Halt, Machine, Part};
use super::{
    Asked, Decision, End, Evidence, Hop, Layer, Origin, Packet, Place, Question, Stage, bridge,
    decap, deliver, encap, forward, leave, neighbour, postrouting, prerouting, receive, route,
    transmit,
};
use crate::host::{Namespace, NamespaceId, Unknown};
use crate::net::{LinkName, Mac};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::IpAddr;

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    Hop(Hop),
    /// [`Walk::supply`] this part of this namespace, or [`Walk::withhold`] it.
    Need(NamespaceId, Part),
    /// Who has this address on the wire of this link? [`Walk::answer`] it.
    Resolve {
        at: Place,
        address: IpAddr,
    },
    /// Out of the host. Stepping again says the same, until the packet [`Walk::arrive`]s.
    LeavesHost {
        at: Place,
        packet: Packet,
    },
    End(End),
}

/// What is to be done next.
#[derive(Clone, Debug)]
pub(super) enum Next {
    Leave {
        question: Question,
        answer: bool,
    },
    Output {
        oif: LinkName,
        gateway: Option<IpAddr>,
        mtu: Option<u32>,
    },
    /// With the size that the route itself says, in bytes.
    Postrouting {
        iif: Option<LinkName>,
        oif: LinkName,
        gateway: Option<IpAddr>,
        mtu: Option<u32>,
    },
    Neighbour {
        link: LinkName,
        nexthop: IpAddr,
    },
    Transmit(LinkName),
    Encapsulate {
        link: LinkName,
        evidence: Vec<Evidence>,
    },
    Wire(LinkName),
    Receive(LinkName),
    Bridge {
        bridge: LinkName,
        from: Option<LinkName>,
    },
    Prerouting(LinkName),
    Route(LinkName),
    Forward {
        iif: LinkName,
        oif: LinkName,
        gateway: Option<IpAddr>,
        mtu: Option<u32>,
    },
    Input(LinkName),
    Deliver(LinkName),
    Decapsulate(LinkName),
    End(End),
}

/// A step done: what there is to tell, and what comes next.
pub(super) struct Done {
    pub(super) hops: Vec<Hop>,
    pub(super) next: Next,
}

pub(super) fn hop(
    at: Place,
    stage: Stage,
    packet: Packet,
    decision: Decision,
    evidence: Vec<Evidence>,
) -> Hop {
    Hop { at, stage, packet, decision, evidence, time: None }
}

impl Passed {
    /// The hop at a hook; none where nobody had a say.
    pub(super) fn into_hop(
        self,
        machine: &Machine<'_>,
        state: &State,
        stage: Stage,
        link: Option<&LinkName>,
    ) -> Vec<Hop> {
        if self.is_silent() {
            return Vec::new();
        }
        let at = machine.place(&state.namespace, link);
        vec![hop(
            at,
            stage,
            state.unframed(),
            Decision::Pass { changes: self.changes },
            self.evidence,
        )]
    }
}

/// A packet on its way through one host.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    pub(super) machine: Machine<'a>,
    pub(super) state: State,
    next: Next,
    ready: VecDeque<Hop>,
    /// What the step still lacks.
    wanted: Vec<(NamespaceId, Part)>,
    hops: usize,
    /// Whose socket waits for the answer.
    asker: Option<(NamespaceId, Asker)>,
}

/// No way on one host has more hops, unless it goes in circles that no TTL ends.
const MOST_HOPS: usize = 1024;

impl<'a> Walk<'a> {
    /// A walk on the host that the packet comes from.
    pub fn new(host: &str, question: Question) -> Self {
        Self::on(Machine::new(host, None), question)
    }

    /// Of a host all of which is known.
    pub(super) fn on(machine: Machine<'a>, question: Question) -> Self {
        let mut walk = Self::before(machine);
        walk.state.namespace = question.namespace.clone();
        walk.next = match (&question.origin, question.source) {
            (Origin::Socket, _) => Next::Leave { question, answer: false },
            (Origin::Wire(link), Some(source)) => {
                walk.state.packet = leave::packet(&question, source, false);
                Next::Receive(link.clone())
            }
            (Origin::Wire(link), None) => {
                let at = walk.machine.place(&question.namespace, Some(link));
                let why = "what comes in by a wire must be given a source".to_owned();
                Next::End(End::Unknown { at, stage: Stage::Receive, why })
            }
        };
        walk
    }

    /// A walk on a host where the packet is yet to [`Self::arrive`].
    pub fn elsewhere(host: &str) -> Self {
        Self::before(Machine::new(host, None))
    }

    pub(super) fn before(machine: Machine<'a>) -> Self {
        let at = machine.place(&NamespaceId::Host, None);
        let state = State {
            namespace: NamespaceId::Host,
            packet: Packet::default(),
            mark: 0,
            tracking: Tracking::NotYet,
            connections: Vec::new(),
            bridged: None,
            resolved: None,
            heard: Vec::new(),
            learned: Vec::new(),
            told: Vec::new(),
        };
        let why = "no packet has arrived".to_owned();
        let next = Next::End(End::Unknown { at, stage: Stage::Receive, why });
        let (ready, wanted, hops, asker) = Default::default();
        Self { machine, state, next, ready, wanted, hops, asker }
    }

    /// A walk on the same host, of which it knows what this one was supplied.
    pub fn anew(self, question: Question) -> Self {
        let fresh = Self::new(&self.machine.host, question);
        Self { machine: self.machine, ..fresh }
    }

    /// Supplies a part of a namespace. Whatever else the value holds is not looked at.
    pub fn supply(&mut self, of: NamespaceId, part: Part, namespace: Cow<'a, Namespace<Unknown>>) {
        self.machine.supply(of, part, Ok(namespace));
    }

    /// Says that a part cannot be had, and why.
    pub fn withhold(&mut self, of: NamespaceId, part: Part, why: impl Into<String>) {
        self.machine.supply(of, part, Err(why.into()));
    }

    /// Says who has an address on a wire.
    pub fn answer(&mut self, at: &Place, address: IpAddr, answer: Answer) {
        self.machine.answer(at, address, answer);
    }

    /// The packet comes in by a link, from another host.
    pub fn arrive(&mut self, namespace: NamespaceId, link: LinkName, packet: Packet) {
        self.state.namespace = namespace;
        self.state.packet = packet;
        self.state.mark = 0;
        self.state.tracking = Tracking::NotYet;
        self.state.bridged = None;
        self.state.resolved = None;
        self.next = Next::Receive(link);
    }

    /// Once the packet is delivered: what answers it sets out for where it came from. The hosts
    /// remember the connection. False if there was nothing to answer.
    pub fn turn_around(&mut self) -> bool {
        let Next::End(End::Delivered { .. }) = self.next else { return false };
        let packet = &self.state.packet;
        let Some((from, to)) = packet.endpoints() else { return false };
        let identifier = packet.identifier();
        // An echo comes back as long as it was, and may be cut (`icmp_reply`).
        let payload = packet.layers.iter().rev().find_map(|layer| match layer {
            Layer::Payload { length } if identifier.is_some() => Some(*length),
            _ => None,
        });
        let asked = match packet.protocol() {
            Some(6) => Asked::Tcp { port: from.port() },
            Some(17) => Asked::Udp { port: from.port() },
            _ => Asked::Echo,
        };
        let question = Question {
            source: Some(to.ip()),
            source_port: Some(identifier.unwrap_or_else(|| to.port())),
            payload: payload.unwrap_or(0),
            dont_fragment: identifier.is_none(),
            ..Question::new(self.state.namespace.clone(), from.ip(), asked)
        };
        self.state.tracking = Tracking::NotYet;
        self.state.bridged = None;
        self.state.resolved = None;
        self.state.mark = 0;
        self.next = Next::Leave { question, answer: true };
        true
    }

    /// Goes on by one hop, or says what hinders it.
    pub fn step(&mut self) -> Progress {
        loop {
            while let Some((of, part)) = self.wanted.pop() {
                if !self.machine.has(&of, &part) {
                    return Progress::Need(of, part);
                }
            }
            if let Some(hop) = self.ready.pop_front() {
                self.hops += 1;
                return Progress::Hop(hop);
            }
            let (stage, link) = self.whereabouts();
            let at = self.machine.place(&self.state.namespace, link.as_ref());
            if let Next::Wire(_) = &self.next {
                return Progress::LeavesHost { at, packet: self.state.packet.clone() };
            }
            if let Next::End(end) = &self.next {
                return Progress::End(end.clone());
            }
            if self.hops > MOST_HOPS {
                let why = format!("it is still on its way after {MOST_HOPS} hops");
                self.next = Next::End(End::Unknown { at, stage, why });
                continue;
            }
            // A step that halts is taken again from its beginning.
            let mut state = self.state.clone();
            match self.take(&mut state) {
                Ok(Done { hops, next }) => {
                    if let Next::Leave { .. } = self.next
                        && self.asker.is_none()
                    {
                        let asker = state.packet.endpoints();
                        let asker = asker.map(|(own, asked)| Asker { own, asked });
                        self.asker = asker.map(|asker| (state.namespace.clone(), asker));
                    }
                    self.state = state;
                    self.next = next;
                    self.ready = hops.into();
                }
                Err(Halt::Need(wanted)) => self.wanted = wanted,
                Err(Halt::Resolve { at, address }) => return Progress::Resolve { at, address },
                Err(Halt::Drop(because)) => {
                    self.ready = state.told.into();
                    self.next = Next::End(End::Dropped { at, stage, because });
                }
                Err(Halt::Unknown(why)) => self.next = Next::End(End::Unknown { at, stage, why }),
            }
        }
    }

    fn take(&self, state: &mut State) -> Result<Done, Halt> {
        let machine = &self.machine;
        match &self.next {
            Next::Leave { question, answer } => leave::leave(machine, state, question, *answer),
            Next::Output { oif, gateway, mtu } => {
                leave::output(machine, state, oif, *gateway, *mtu)
            }
            Next::Postrouting { iif, oif, gateway, mtu } => {
                postrouting::postrouting(machine, state, iif.as_ref(), oif, *gateway, *mtu)
            }
            Next::Neighbour { link, nexthop } => {
                neighbour::neighbour(machine, state, link, *nexthop)
            }
            Next::Transmit(link) => transmit::transmit(machine, state, link),
            Next::Encapsulate { link, evidence } => {
                encap::encapsulate(machine, state, link, evidence)
            }
            Next::Decapsulate(_) => decap::decapsulate(machine, state),
            Next::Receive(link) => {
                self.frame(state, link)?;
                receive::receive(machine, state, link)
            }
            Next::Bridge { bridge, from } => bridge::bridge(machine, state, bridge, from.as_ref()),
            Next::Prerouting(link) => prerouting::prerouting(machine, state, link),
            Next::Route(link) => route::route(machine, state, link),
            Next::Forward { iif, oif, gateway, mtu } => {
                forward::forward(machine, state, iif, oif, *gateway, *mtu)
            }
            Next::Input(link) => deliver::input(machine, state, link),
            Next::Deliver(link) => {
                let asker = self.asker.as_ref().filter(|(of, _)| *of == state.namespace);
                deliver::deliver(machine, state, link, asker.map(|(_, asker)| *asker))
            }
            Next::Wire(_) | Next::End(_) => super::machine::unknown("nothing is left to do"),
        }
    }

    /// A packet that comes in by a wire that was not looked at is framed for the link; who sent
    /// the frame is not known, which a zero says.
    fn frame(&self, state: &mut State, link: &LinkName) -> Result<(), Halt> {
        if state.frame().is_some() {
            return Ok(());
        }
        let port = self.machine.link(&state.namespace, link)?;
        let owner = port.master.as_ref().unwrap_or(link);
        let Some(mac) = self.machine.link(&state.namespace, owner)?.mac else {
            return super::machine::unknown(format!("the MAC address of {owner} was not read"));
        };
        state.packet = state.unframed().framed(Mac([0; 6]), mac);
        Ok(())
    }

    fn whereabouts(&self) -> (Stage, Option<LinkName>) {
        match &self.next {
            Next::Leave { .. } => (Stage::Leave, None),
            Next::Output { oif, .. } => (Stage::Output, Some(oif.clone())),
            Next::Postrouting { oif, .. } => (Stage::Postrouting, Some(oif.clone())),
            Next::Neighbour { link, .. } => (Stage::Neighbour, Some(link.clone())),
            Next::Transmit(link) | Next::Wire(link) => (Stage::Transmit, Some(link.clone())),
            Next::Receive(link) => (Stage::Receive, Some(link.clone())),
            Next::Bridge { bridge, from } => {
                (Stage::Bridge, Some(from.as_ref().unwrap_or(bridge).clone()))
            }
            Next::Prerouting(link) => (Stage::Prerouting, Some(link.clone())),
            Next::Route(link) => (Stage::Route, Some(link.clone())),
            Next::Forward { iif, .. } => (Stage::Forward, Some(iif.clone())),
            Next::Input(link) => (Stage::Input, Some(link.clone())),
            Next::Deliver(link) => (Stage::Deliver, Some(link.clone())),
            Next::Encapsulate { link, .. } => (Stage::Encapsulate, Some(link.clone())),
            Next::Decapsulate(link) => (Stage::Decapsulate, Some(link.clone())),
            Next::End(_) => (Stage::Deliver, None),
        }
    }
}
