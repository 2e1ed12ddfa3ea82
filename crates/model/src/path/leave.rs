//! A socket sends (`ip_queue_xmit`, `ip_make_skb`, `ip6_xmit`): the route, the source address, the
//! output hooks, and another look at the route if those gave the packet another destination.

use super::buffer::State;
use super::fib::{Flow, Found, Sends, lookup, to_one_host};
use super::hooks::{self, At, Stack};
use super::machine::{Halt, Machine, unknown};
use super::source;
use super::walk::{Done, Next, hop};
use super::{Asked, Decision, Evidence, Layer, Packet, Question, Reason, Stage, Translation};
use crate::host::nft::Hook;
use crate::host::{LinkKind, NamespaceId};
use crate::net::LinkName;
use std::net::IpAddr;

/// The packet that the question asks for, from this source.
pub(super) fn packet(question: &Question, source: IpAddr, answer: bool) -> Packet {
    let ip = Layer::Ip {
        source,
        destination: question.destination,
        hops: question.hops,
        dont_fragment: question.dont_fragment,
    };
    let from = question.source_port.unwrap_or(0);
    let transport = match question.asked {
        Asked::Tcp { port } => Layer::Tcp { source: from, destination: port, syn: !answer },
        Asked::Udp { port } => Layer::Udp { source: from, destination: port },
        Asked::Echo => Layer::Echo { request: !answer, identifier: from, sequence: 1 },
    };
    let payload = Layer::Payload { length: question.payload };
    let layers = [ip, transport].into_iter().chain((question.payload > 0).then_some(payload));
    Packet { layers: layers.collect() }
}

/// What the route is looked for with.
fn flow(question: &Question) -> Flow<'static> {
    let (protocol, port) = match question.asked {
        Asked::Tcp { port } => (6, port),
        Asked::Udp { port } => (17, port),
        Asked::Echo if question.destination.is_ipv4() => (1, 0),
        Asked::Echo => (58, 0),
    };
    Flow {
        source: question.source,
        protocol,
        ports: (question.source_port.unwrap_or(0), port),
        ..Flow::to(question.destination)
    }
}

/// The step.
pub(super) fn leave(
    machine: &Machine<'_>,
    state: &mut State,
    question: &Question,
    answer: bool,
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let to = question.destination;
    if matches!(to, IpAddr::V6(to) if to.is_unicast_link_local()) {
        return unknown(format!("{to} is link-local, and which link is meant was not said"));
    }
    to_one_host(to)?;
    let mut flow = flow(question);
    let mut found = lookup(machine, &here, &flow)?;
    let refused = |found: &Option<Found<'_>>| {
        found.is_none_or(|found| matches!(found.sends(), Err(Halt::Drop(_))))
    };
    if let (IpAddr::V6(to), None, true) = (to, question.source, refused(&found)) {
        // What was refused without a source is asked for once more with one (`ip6_dst_lookup_tail`).
        match source::choose6(machine, &here, None, to) {
            Ok(source) => {
                flow.source = Some(source.into());
                found = lookup(machine, &here, &flow)?;
            }
            Err(Halt::Unknown(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let Some(found) = found else {
        return Err(Halt::Drop(Reason::NoRoute { destination: to }));
    };
    let sends = found.sends()?;
    let source = match flow.source {
        Some(source) if source.is_ipv4() != to.is_ipv4() => {
            return unknown(format!("{source} cannot send to {to}"));
        }
        Some(source) => source,
        None if sends == Sends::Here && to.is_ipv6() => to,
        None if sends == Sends::Here => found.source().unwrap_or(to),
        None => source::choose(machine, &here, &found, to)?,
    };
    state.packet = packet(question, source, answer);
    // A socket that connects asks again once it has an address (`ip_route_connect`).
    let again = matches!(question.asked, Asked::Tcp { .. }) && question.source.is_none();
    let found = match again && to.is_ipv4() && sends == Sends::On {
        true => lookup(machine, &here, &Flow { source: Some(source), ..flow })?.unwrap_or(found),
        false => found,
    };
    let sends = found.sends()?;
    let (oif, gateway) = way_out(machine, &here, &found, sends)?;
    let mut evidence = found.evidence();
    evidence.extend(loopback_may_leave(machine, &here, source, &oif)?);
    fits_route(machine, state, found.mtu(), &oif)?;
    let decision = Decision::Route { link: oif.clone(), gateway, source: Some(source) };
    let at = machine.place(&here, None);
    let hop = hop(at, Stage::Leave, state.packet.clone(), decision, evidence);
    Ok(Done { hops: vec![hop], next: Next::Output { oif, gateway, mtu: found.mtu() } })
}

/// The link and gateway of a packet that this host sends; what is for itself takes the loopback.
fn way_out(
    machine: &Machine<'_>,
    of: &NamespaceId,
    found: &Found<'_>,
    sends: Sends,
) -> Result<(LinkName, Option<IpAddr>), Halt> {
    match sends {
        Sends::On => Ok((found.link()?.clone(), found.gateway())),
        Sends::Here => {
            let mut links = machine.links(of)?.iter();
            match links.find(|link| matches!(link.kind, LinkKind::Loopback)) {
                Some(link) if link.up => Ok((link.name.clone(), None)),
                Some(link) => Err(Halt::Drop(Reason::LinkDown { link: link.name.clone() })),
                None => unknown("the loopback link was not read"),
            }
        }
    }
}

/// The path's size as far as this host knows it: the route's, else the link's.
pub(super) fn fits_route(
    machine: &Machine<'_>,
    state: &State,
    route_mtu: Option<u32>,
    link: &LinkName,
) -> Result<(), Halt> {
    let size = state.packet.ip_length();
    let Some(mtu) = route_mtu.or(machine.link(&state.namespace, link)?.mtu) else {
        return unknown(format!("the MTU of {link} was not read"));
    };
    if size <= mtu {
        return Ok(());
    }
    if state.packet.is_whole() {
        return Err(Halt::Drop(Reason::TooBig { size, mtu, link: link.clone() }));
    }
    unknown(format!("its {size} bytes are cut for {link} ({mtu}), and fragments are not followed"))
}

/// The step.
pub(super) fn output(
    machine: &Machine<'_>,
    state: &mut State,
    oif: &LinkName,
    gateway: Option<IpAddr>,
    mtu: Option<u32>,
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let to = state.packet.addresses().map(|(_, to)| to);
    let stack = Stack::Ip { nexthop: gateway.or(to) };
    let at = At { hook: Hook::Output, stack, iif: None, oif: Some(oif) };
    let passed = hooks::run(machine, state, &at)?;
    let again = passed.is_remarked
        || passed.changes.iter().any(|c| matches!(c, Translation::Destination { .. }));
    let mut hops = passed.into_hop(machine, state, Stage::Output, Some(oif));
    let (oif, gateway, mtu) = match Flow::of(&state.packet, state.mark) {
        Some(flow) if again => {
            // `ip_route_me_harder`; an address of a link alone stays with the link.
            let strict = matches!(flow.destination, IpAddr::V6(to) if to.is_unicast_link_local());
            let flow = Flow { oif: strict.then_some(oif), ..flow };
            let Some(found) = lookup(machine, &here, &flow)? else {
                return Err(Halt::Drop(Reason::NoRoute { destination: flow.destination }));
            };
            let (oif, gateway) = way_out(machine, &here, &found, found.sends()?)?;
            let mut evidence = found.evidence();
            if let Some(source) = flow.source {
                evidence.extend(loopback_may_leave(machine, &here, source, &oif)?);
            }
            fits_route(machine, state, found.mtu(), &oif)?;
            let decision = Decision::Route { link: oif.clone(), gateway, source: None };
            let at = machine.place(&here, None);
            hops.push(hop(at, Stage::Route, state.unframed(), decision, evidence));
            (oif, gateway, found.mtu())
        }
        _ => (oif.clone(), gateway, mtu),
    };
    Ok(Done { hops, next: Next::Postrouting { iif: None, oif, gateway, mtu } })
}

/// 127.0.0.0/8 leaves by the loopback link only (`__mkroute_output`), unless `route_localnet` is
/// set for the link.
fn loopback_may_leave(
    machine: &Machine<'_>,
    of: &NamespaceId,
    source: IpAddr,
    oif: &LinkName,
) -> Result<Option<Evidence>, Halt> {
    let by_loopback = matches!(machine.link(of, oif)?.kind, LinkKind::Loopback);
    if !source.is_loopback() || source.is_ipv6() || by_loopback {
        return Ok(None);
    }
    let conf = machine.conf(of, oif, "route_localnet")?;
    match conf.value {
        Some(1..) => Ok(Some(Evidence::Sysctl { path: conf.path, value: "1".to_owned() })),
        Some(0) if conf.complete => Err(Halt::Drop(Reason::Martian { address: source })),
        _ => unknown(format!("{} was not read", conf.path)),
    }
}
