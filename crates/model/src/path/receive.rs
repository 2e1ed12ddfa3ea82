//! Into a link (`__netif_receive_skb_core`, `eth_type_trans`): up to the bridge it is a port of, or
//! to this host's own stack.

use super::buffer::State;
use super::hooks::{self, At, Passed, Stack};
use super::machine::{Halt, Machine, unknown};
use super::walk::{Done, Next, hop};
use super::{Decision, Part, Reason, Stage};
use crate::host::nft::Hook;
use crate::host::qdisc::{FilterKind, Place, QdiscKind};
use crate::host::{LinkKind, NamespaceId};
use crate::net::LinkName;

/// The step.
pub(super) fn receive(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let link = machine.link(&here, name)?;
    if !link.up {
        return Err(Halt::Drop(Reason::LinkDown { link: name.clone() }));
    }
    let ingress = comes_in_by(machine, state, name)?;
    let next = match &link.master {
        Some(master) => match machine.link(&here, master)?.kind {
            LinkKind::Bridge(_) => {
                Next::Bridge { bridge: master.clone(), from: Some(name.clone()) }
            }
            _ => return unknown(format!("{name} belongs to {master}, which is no bridge")),
        },
        None => {
            if !matches!(link.kind, LinkKind::Loopback) {
                let Some((_, mac)) = state.frame() else {
                    return unknown(format!("a packet without a frame came in by {name}"));
                };
                match link.mac {
                    None => return unknown(format!("the MAC address of {name} was not read")),
                    Some(own) if own != mac => {
                        return Err(Halt::Drop(Reason::OtherHost { mac }));
                    }
                    Some(_) => {}
                }
            }
            Next::Prerouting(name.clone())
        }
    };
    let at = machine.place(&here, Some(name));
    let taken = Decision::Taken { into: link.master.clone() };
    let hop = hop(at, Stage::Receive, state.packet.clone(), taken, ingress.evidence);
    Ok(Done { hops: vec![hop], next })
}

/// What hangs on a link for what comes in by it.
pub(super) fn comes_in_by(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
) -> Result<Passed, Halt> {
    device_rules(machine, &state.namespace, name, "comes in by")?;
    let stack = Stack::Device(name);
    hooks::run(machine, state, &At { hook: Hook::Ingress, stack, iif: Some(name), oif: None })
}

/// What hangs on a link for what leaves by it.
pub(super) fn leaves_by(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
) -> Result<Passed, Halt> {
    device_rules(machine, &state.namespace, name, "leaves by")?;
    let stack = Stack::Device(name);
    hooks::run(machine, state, &At { hook: Hook::Egress, stack, iif: None, oif: Some(name) })
}

/// Traffic control. A queue delays and sheds load, which is no part of a packet's way; filters that
/// are not modelled could do anything.
fn device_rules(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    passes: &str,
) -> Result<(), Halt> {
    let traffic = machine.part(of, Part::Traffic)?;
    if let Some(filter) = traffic.filters.get(link) {
        match &filter.kind {
            // Through the shaper's queue, and back to where it was taken from (`ifb.c`).
            FilterKind::RedirectAll { to } => match machine.links(of)?.get(to).map(|to| &to.kind) {
                None | Some(LinkKind::Ifb) => {}
                Some(_) => return unknown(format!("what {passes} {link} is redirected to {to}")),
            },
            FilterKind::Foreign(foreign) => {
                return unknown(format!("what {passes} {link} meets {}", foreign.why));
            }
        }
    }
    match traffic.qdiscs.get(&(link.clone(), Place::Ingress)).map(|qdisc| &qdisc.kind) {
        None | Some(QdiscKind::NoQueue | QdiscKind::Tbf(_) | QdiscKind::Ingress) => Ok(()),
        Some(QdiscKind::Foreign(foreign)) => {
            unknown(format!("what {passes} {link} meets {}", foreign.why))
        }
    }
}
