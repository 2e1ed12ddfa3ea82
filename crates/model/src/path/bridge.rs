//! A bridge looks for the port (`net/bridge/br_input.c`, `br_forward.c`, `br_device.c`).
//!
//! The sender of an answer has been learned by every bridge that the answer went through, so a MAC
//! address that was just asked for has its port; one from a cache may have none any more, and the
//! frame floods.

use super::bridge_netfilter::{self as filter, Seen};
use super::buffer::{Heard, Port, State};
use super::domain::{FORWARDING, Search, Sought, learns};
use super::hooks::{self, At, Stack};
use super::machine::{Halt, Machine, unknown};
use super::receive::{comes_in_by, leaves_by};
use super::transmit::fits;
use super::walk::{Done, Next, hop};
use super::{Decision, End, Evidence, Reason, Stage};
use crate::host::nft::Hook;
use crate::host::{Link, LinkKind, NamespaceId, Unknown};
use crate::net::{LinkName, Mac};
use std::ops::RangeInclusive;

/// Priorities of bridges' chains before and after those at which the IP stack's hooks are called
/// (`NF_BR_PRI_BRNF`); of two with one priority the one that was made last is first.
const BEFORE: RangeInclusive<i32> = i32::MIN..=0;
const AFTER: RangeInclusive<i32> = 1..=i32::MAX;

/// The step; `from` is the port the frame came by, none if the host sends it.
pub(super) fn bridge(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
    from: Option<&LinkName>,
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let link = machine.link(&here, name)?;
    let LinkKind::Bridge(settings) = &link.kind else {
        return unknown(format!("{name} is no bridge"));
    };
    if !link.up {
        return Err(Halt::Drop(Reason::LinkDown { link: name.clone() }));
    }
    if settings.vlan_filtering {
        return unknown(format!("bridge {name} filters VLANs"));
    }
    if let Some(from) = from {
        forwards(machine.link(&here, from)?)?;
    }
    let stack = Stack::Bridge(name);
    let first = if from.is_some() { Hook::Prerouting } else { Hook::Output };
    let mut evidence = Vec::new();
    let mut seen = Seen::Not;
    match from {
        Some(port) => {
            let at = At { hook: first, stack, iif: from, oif: None };
            evidence.extend(hooks::run_within(machine, state, &at, BEFORE)?.evidence);
            seen = filter::prerouting(machine, state, name, port)?;
            evidence.extend(hooks::run_within(machine, state, &at, AFTER)?.evidence);
        }
        // What the host sends leaves by the bridge's own link first.
        None => evidence.extend(leaves_by(machine, state, name)?.evidence),
    }
    let Some((_, mac)) = state.frame() else {
        return unknown(format!("a packet without a frame is at bridge {name}"));
    };
    if !mac.is_unicast() {
        return unknown("frames to groups are not followed");
    }
    if let (Some(port), Some((mac, _))) = (from, state.frame())
        && learns(machine, &here, name, port, mac)?
    {
        state.heard.push(Heard { at: Port::new(&here, name, port), mac });
    }
    let at = machine.place(&here, Some(name));
    let packet = state.packet.clone();
    if from.is_some() && is_own(machine, &here, link, mac)? {
        let input = At { hook: Hook::Input, stack, iif: from, oif: None };
        evidence.extend(hooks::run(machine, state, &input)?.evidence);
        state.told.push(hop(at, Stage::Bridge, packet, Decision::Up, evidence));
        // The bridge's own link takes it in like any other.
        let taken = comes_in_by(machine, state, name)?;
        if let Some(up) = state.told.last_mut() {
            up.evidence.extend(taken.evidence);
        }
        // To the IP stack it is for this host by the bridge's MAC address, or by that of the port it came by
        // (`eth_type_trans`, `br_handle_frame`).
        let by_port = from.map(|port| machine.link(&here, port)).transpose()?;
        let for_host = link.mac == Some(mac) || by_port.is_some_and(|port| port.mac == Some(mac));
        let next = match seen {
            _ if !for_host => Next::End(End::Dropped {
                at: machine.place(&here, Some(name)),
                stage: Stage::Prerouting,
                because: Reason::OtherHost { mac },
            }),
            Seen::Yes => Next::Route(name.clone()),
            Seen::Not | Seen::Untold => Next::Prerouting(name.clone()),
        };
        return Ok(Done { hops: std::mem::take(&mut state.told), next });
    }
    let (port, decision, why) = port(machine, state, &here, name, from, mac)?;
    evidence.extend(why);
    may_leave(machine, &here, from, &port)?;
    let hook = if from.is_some() { Hook::Forward } else { first };
    let on = At { hook, stack, iif: from, oif: Some(&port) };
    evidence.extend(hooks::run_within(machine, state, &on, BEFORE)?.evidence);
    let place = state.told.len();
    state.told.push(hop(at, Stage::Bridge, packet, decision, evidence));
    if from.is_some() {
        filter::forward(machine, state, name, &port, seen)?;
    }
    let mut late = hooks::run_within(machine, state, &on, AFTER)?.evidence;
    let out = At { hook: Hook::Postrouting, stack, iif: None, oif: Some(&port) };
    late.extend(hooks::run(machine, state, &out)?.evidence);
    state.told[place].evidence.extend(late);
    if from.is_some() {
        filter::postrouting(machine, state, name, seen)?;
    }
    let too_big = fits(state, machine.link(&here, &port)?);
    // What the IP stack's hooks have seen is cut by them, if it may be (`br_nf_dev_queue_xmit`).
    if too_big.is_err() && seen == Seen::Yes && !state.packet.is_whole() {
        return unknown(format!("it is cut for {port}, and fragments are not followed"));
    }
    too_big?;
    Ok(Done { hops: std::mem::take(&mut state.told), next: Next::Transmit(port) })
}

/// Whether a port lets frames pass at all.
fn forwards(port: &Link<Unknown>) -> Result<(), Halt> {
    let link = port.name.clone();
    if !port.up || port.carrier == Some(false) {
        return Err(Halt::Drop(Reason::LinkDown { link }));
    }
    match port.port.and_then(|port| port.state) {
        None | Some(FORWARDING) => Ok(()),
        Some(_) => Err(Halt::Drop(Reason::PortState { link })),
    }
}

/// `should_deliver`.
fn may_leave(
    machine: &Machine<'_>,
    of: &NamespaceId,
    from: Option<&LinkName>,
    to: &LinkName,
) -> Result<(), Halt> {
    let out = machine.link(of, to)?;
    forwards(out)?;
    let Some(from) = from else { return Ok(()) };
    if from == to && !out.port.unwrap_or_default().hairpin {
        return Err(Halt::Drop(Reason::Hairpin { link: to.clone() }));
    }
    let isolated = |link: &Link<Unknown>| link.port.is_some_and(|port| port.isolated);
    if isolated(out) && isolated(machine.link(of, from)?) {
        return Err(Halt::Drop(Reason::Isolated { from: from.clone(), to: to.clone() }));
    }
    Ok(())
}

/// Whether the frame is for the bridge itself.
fn is_own(
    machine: &Machine<'_>,
    of: &NamespaceId,
    bridge: &Link<Unknown>,
    mac: Mac,
) -> Result<bool, Halt> {
    let entry = |entry: &&crate::host::FdbEntry| {
        let its = entry.bridge.as_ref() == Some(&bridge.name) || entry.link == bridge.name;
        its && entry.mac == mac && entry.local
    };
    match bridge.mac {
        Some(own) if own == mac => Ok(true),
        Some(_) => Ok(machine.fdb(of)?.iter().any(|e| entry(&e))),
        None => unknown(format!("the MAC address of {} was not read", bridge.name)),
    }
}

/// The port behind which the MAC address is, and how the bridge comes to it.
fn port(
    machine: &Machine<'_>,
    state: &State,
    of: &NamespaceId,
    bridge: &LinkName,
    from: Option<&LinkName>,
    mac: Mac,
) -> Result<(LinkName, Decision, Option<Evidence>), Halt> {
    let entry = |entry: &&crate::host::FdbEntry| {
        entry.bridge.as_ref() == Some(bridge) && entry.mac == mac && !entry.local
    };
    let mut heard = state.heard.iter().rev();
    let is_here = |its: &Port| its.namespace == *of && its.bridge == *bridge;
    if let Some(heard) = heard.find(|its| is_here(&its.at) && its.mac == mac) {
        let port = heard.at.port.clone();
        let evidence = Evidence::Heard { mac, port: port.clone() };
        return Ok((port.clone(), Decision::Port { link: port }, Some(evidence)));
    }
    if let Some(entry) = machine.fdb(of)?.iter().find(entry) {
        let port = entry.link.clone();
        let evidence = Evidence::Fdb { mac, port: port.clone() };
        return Ok((port.clone(), Decision::Port { link: port }, Some(evidence)));
    }
    let links = machine.links(of)?.iter();
    let ports: Vec<LinkName> = links
        .filter(|link| link.master.as_ref() == Some(bridge) && forwards(link).is_ok())
        .map(|link| link.name.clone())
        .collect();
    let mut behind = Vec::new();
    let mut maybe = Vec::new();
    for port in &ports {
        let mut search = Search::new(machine, Sought::Mac(mac));
        search.leave_by(of, port)?;
        if !search.holders.is_empty() {
            behind.push(port.clone());
        } else if !(search.wires.is_empty() && search.unclear.is_empty()) {
            maybe.push(port.clone());
        }
    }
    let port = match (&behind[..], &maybe[..]) {
        ([one], _) | ([], [one]) => one.clone(),
        ([], []) => return Err(Halt::Drop(Reason::OtherHost { mac })),
        _ => return unknown(format!("{mac} may be behind more than one port of {bridge}")),
    };
    // What this host's bridges have learned from an answer was heard; of one from beyond a wire it is
    // taken for granted.
    if let Some(evidence @ Evidence::Resolved { mac: learned, by, .. }) = &state.resolved
        && *learned == mac
        && by.host != machine.host
    {
        let evidence = Some(evidence.clone());
        return Ok((port.clone(), Decision::Port { link: port }, evidence));
    }
    let mut links = Vec::new();
    for each in ports {
        if may_leave(machine, of, from, &each).is_ok() {
            links.push(each);
        }
    }
    Ok((port, Decision::Flood { links }, None))
}
