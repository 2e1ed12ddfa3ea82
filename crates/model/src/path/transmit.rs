//! Out of a link (`dev_queue_xmit`), and over to its other end (`drivers/net/veth.c`,
//! `drivers/net/loopback.c`).

use super::buffer::State;
use super::machine::{Halt, Machine, unknown};
use super::receive::leaves_by;
use super::walk::{Done, Next, hop};
use super::{Decision, Evidence, Reason, Stage};
use crate::host::link::Veth;
use crate::host::{Link, LinkKind, NamespaceId, Unknown};
use crate::net::LinkName;

/// The other end of a veth pair.
pub(super) fn peer(
    machine: &Machine<'_>,
    of: &NamespaceId,
    name: &LinkName,
) -> Result<(NamespaceId, LinkName), Halt> {
    let link = machine.link(of, name)?;
    let LinkKind::Veth(Veth { peer, peer_index, peer_netnsid }) = &link.kind else {
        return unknown(format!("{name} is not one of a pair"));
    };
    if let Some(peer) = peer {
        return Ok((peer.namespace.clone(), peer.name.clone()));
    }
    let Some(index) = peer_index else {
        return unknown(format!("the other end of {name} was not read"));
    };
    let namespace = match peer_netnsid {
        None => of.clone(),
        Some(number) => match machine.part(of, super::Part::Links)?.numbers.get(number) {
            Some(namespace) => namespace.clone(),
            None => {
                return unknown(format!(
                    "{name} leads to a namespace that was not read (its number here is {number})"
                ));
            }
        },
    };
    match machine.links(&namespace)?.iter().find(|link| link.index == Some(*index)) {
        Some(link) => Ok((namespace, link.name.clone())),
        None => unknown(format!("the other end of {name}, number {index}, is not in {namespace}")),
    }
}

/// The step.
pub(super) fn transmit(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let link = machine.link(&here, name)?;
    if !link.up || link.carrier == Some(false) {
        return Err(Halt::Drop(Reason::LinkDown { link: name.clone() }));
    }
    let egress = leaves_by(machine, state, name)?;
    let at = machine.place(&here, Some(name));
    match &link.kind {
        LinkKind::Loopback => {
            let cross = Decision::Cross { to: at.clone() };
            let hop = hop(at, Stage::Transmit, state.packet.clone(), cross, egress.evidence);
            Ok(Done { hops: vec![hop], next: Next::Receive(name.clone()) })
        }
        LinkKind::Veth(_) => {
            let (namespace, other) = peer(machine, &here, name)?;
            let far = machine.link(&namespace, &other)?;
            if !far.up {
                return Err(Halt::Drop(Reason::LinkDown { link: other }));
            }
            fits(state, far)?;
            let to = machine.place(&namespace, Some(&other));
            let mut evidence = egress.evidence;
            evidence.push(Evidence::Pair { link: name.clone(), other: to.clone() });
            let cross = Decision::Cross { to };
            let hop = hop(at, Stage::Transmit, state.packet.clone(), cross, evidence);
            state.scrub(&namespace);
            Ok(Done { hops: vec![hop], next: Next::Receive(other) })
        }
        LinkKind::Device => {
            let packet = state.packet.clone();
            let hop = hop(at, Stage::Transmit, packet, Decision::Wire, egress.evidence);
            Ok(Done { hops: vec![hop], next: Next::Wire(name.clone()) })
        }
        LinkKind::Bridge(_) => unknown(format!("bridge {name} as a plain link")),
        LinkKind::Vxlan(_) => {
            let (link, evidence) = (name.clone(), egress.evidence);
            Ok(Done { hops: Vec::new(), next: Next::Encapsulate { link, evidence } })
        }
        LinkKind::Ifb => unknown(format!("what is sent out of {name}, an ifb link")),
        LinkKind::Tun => unknown(format!("the program behind tun link {name}")),
        LinkKind::Macvlan { .. } => unknown(format!("macvlan link {name}")),
        LinkKind::Foreign(foreign) => unknown(format!("link {name}: {}", foreign.why)),
    }
}

/// A link takes frames that are larger than its MTU by a VLAN tag (`__is_skb_forwardable`).
pub(super) fn fits(state: &State, link: &Link<Unknown>) -> Result<(), Halt> {
    const VLAN_TAG: u32 = 4;
    let size = state.packet.ip_length();
    match link.mtu {
        Some(mtu) if size > mtu.saturating_add(VLAN_TAG) => {
            Err(Halt::Drop(Reason::TooBig { size, mtu, link: link.name.clone() }))
        }
        Some(_) => Ok(()),
        None => unknown(format!("the MTU of {} was not read", link.name)),
    }
}
