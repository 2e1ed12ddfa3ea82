//! The next hop's MAC address (`net/core/neighbour.c`): from the cache, else by asking. The cache is
//! that of the next hop's own family, whatever the packet's is (`ip_neigh_for_gw`).

use super::buffer::State;
use super::domain::{Resolved, resolve};
use super::machine::{Halt, Machine, unknown};
use super::transmit::peer;
use super::walk::{Done, Next, hop};
use super::{Decision, Evidence, Reason, Stage};
use crate::host::neighbour::NeighbourState;
use crate::host::{LinkKind, NamespaceId};
use crate::net::{LinkName, Mac};
use std::net::IpAddr;

/// The step.
pub(super) fn neighbour(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
    nexthop: IpAddr,
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let link = machine.link(&here, name)?;
    if matches!(link.kind, LinkKind::Loopback) {
        let zero = Mac([0; 6]);
        state.packet = state.unframed().framed(zero, zero);
        return Ok(Done { hops: Vec::new(), next: Next::Transmit(name.clone()) });
    }
    has_carrier(machine, &here, name)?;
    let Some(own) = link.mac else {
        return unknown(format!("the MAC address of {name} was not read, or it has none"));
    };
    let (mac, evidence) = find(machine, state, &here, name, nexthop)?;
    state.packet = state.unframed().framed(own, mac);
    let at = machine.place(&here, Some(name));
    let decision = Decision::Neighbour { mac };
    let hop = hop(at, Stage::Neighbour, state.packet.clone(), decision, vec![evidence]);
    let next = match link.kind {
        LinkKind::Bridge(_) => Next::Bridge { bridge: name.clone(), from: None },
        _ => Next::Transmit(name.clone()),
    };
    Ok(Done { hops: vec![hop], next })
}

/// A link without its other side takes nothing, not even a question.
fn has_carrier(machine: &Machine<'_>, of: &NamespaceId, name: &LinkName) -> Result<(), Halt> {
    let link = machine.link(of, name)?;
    let lost = |link: &LinkName| Err(Halt::Drop(Reason::LinkDown { link: link.clone() }));
    if !link.up || link.carrier == Some(false) {
        return lost(name);
    }
    if let LinkKind::Veth(_) = link.kind {
        let (namespace, other) = peer(machine, of, name)?;
        if !machine.link(&namespace, &other)?.up {
            return lost(&other);
        }
    }
    Ok(())
}

/// The MAC of an address on a link. An entry whose probes failed is asked anew; one that is stale
/// is used while it is asked.
pub(super) fn find(
    machine: &Machine<'_>,
    state: &mut State,
    of: &NamespaceId,
    link: &LinkName,
    address: IpAddr,
) -> Result<(Mac, Evidence), Halt> {
    let entry = machine.neighbours(of)?.get(&(link.clone(), address));
    let written = entry.is_some_and(|entry| entry.state == NeighbourState::Permanent);
    let mut learned = state.learned.iter().rev();
    if let Some(learned) = learned
        .find(|its| !written && its.namespace == *of && its.link == *link && its.address == address)
    {
        let mac = learned.mac;
        state.resolved = None;
        return Ok((mac, Evidence::Asked { address, mac }));
    }
    if let Some(mac) = entry.filter(|entry| is_usable(entry.state)).and_then(|entry| entry.mac) {
        state.resolved = None;
        return Ok((mac, Evidence::Neighbour { address, mac, link: link.clone() }));
    }
    let source = state.packet.addresses().map(|(source, _)| source);
    let Resolved { mac, evidence, learned, heard } = resolve(machine, of, link, address, source)?;
    state.heard.extend(heard);
    state.learned.extend(learned);
    state.resolved = Some(evidence.clone());
    Ok((mac, evidence))
}

fn is_usable(state: NeighbourState) -> bool {
    match state {
        NeighbourState::Reachable | NeighbourState::Stale | NeighbourState::Delay => true,
        NeighbourState::Probe | NeighbourState::NoArp | NeighbourState::Permanent => true,
        NeighbourState::Incomplete | NeighbourState::Failed | NeighbourState::None => false,
    }
}
