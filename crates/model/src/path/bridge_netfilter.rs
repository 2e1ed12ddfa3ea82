//! Bridged packets at the hooks of the IP stack (`net/bridge/br_netfilter_hooks.c`), where
//! `net/bridge/bridge-nf-call-iptables` says so.
//!
//! The rules then see the bridge as the link that the packet comes by and leaves by, and at
//! postrouting no link it came by. A packet that is given another destination on the same bridge
//! stays bridged: it gets that one's MAC address and keeps its sender's.

use super::buffer::{Bridged, State};
use super::fib::{Flow, Sends, lookup};
use super::hooks::{self, At, Passed, Stack};
use super::machine::{Halt, Machine, passes, unknown};
use super::neighbour;
use super::route::{forwarding, no_martian, reverse_path};
use super::walk::hop;
use super::{Decision, Evidence, Reason, Stage, Translation};
use crate::host::nft::Hook;
use crate::net::LinkName;
use std::net::IpAddr;

/// Whether the IP stack's hooks see bridged packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Not,
    Yes,
    /// The setting was not read, or is not there.
    Untold,
}

fn setting(state: &State) -> &'static str {
    match state.packet.addresses() {
        Some((source, _)) if source.is_ipv6() => "net/bridge/bridge-nf-call-ip6tables",
        _ => "net/bridge/bridge-nf-call-iptables",
    }
}

fn at<'x>(hook: Hook, iif: Option<&'x LinkName>, oif: Option<&'x LinkName>) -> At<'x> {
    At { hook, stack: Stack::Ip { nexthop: None }, iif, oif }
}

/// Prerouting, before the bridge looks for the port. May give the frame another destination.
pub(super) fn prerouting(
    machine: &Machine<'_>,
    state: &mut State,
    bridge: &LinkName,
    port: &LinkName,
) -> Result<Seen, Halt> {
    let path = setting(state);
    let (seen, trial) = match machine.sysctl(&state.namespace, path)? {
        Some("0") => return Ok(Seen::Not),
        Some(_) => (Seen::Yes, None),
        None => (Seen::Untold, Some(state.clone())),
    };
    state.bridged = Some(Bridged { iport: port.clone(), oport: None });
    let passed = hooks::run(machine, state, &at(Hook::Prerouting, Some(bridge), None));
    if let Some(before) = trial {
        // A frame for the host meets these rules anyway. They matter here if they could keep it
        // on the bridge, or if it would be bridged.
        let after = std::mem::replace(state, before);
        let own = machine.link(&state.namespace, bridge)?.mac;
        let is_up = state.frame().map(|(_, mac)| mac) == own;
        let stays = match &passed {
            Ok(passed) if is_redirected(passed) => on_bridge(machine, &after, bridge)?,
            Ok(_) | Err(_) => false,
        };
        match passed {
            Err(need @ (Halt::Need(..) | Halt::Resolve { .. })) => return Err(need),
            Ok(_) if stays => return untold(path, "give it another destination"),
            _ if is_up => return Ok(Seen::Untold),
            Ok(passed) if passed.changes.is_empty() => return Ok(Seen::Untold),
            Ok(_) => return untold(path, "change it"),
            Err(Halt::Drop(_)) => return untold(path, "drop it"),
            Err(Halt::Unknown(why)) => return untold(path, &format!("decide: {why}")),
        }
    }
    let passed = passed?;
    let redirected = is_redirected(&passed);
    let told = passed.into_hop(machine, state, Stage::Prerouting, Some(bridge));
    state.told.extend(told);
    if redirected {
        let here = state.namespace.clone();
        let link = machine.link(&here, bridge)?;
        let Some((source, _)) = state.frame() else { return Ok(seen) };
        let to = if on_bridge(machine, state, bridge)? {
            let Some((_, address)) = state.packet.addresses() else { return Ok(seen) };
            let (mac, evidence) = neighbour::find(machine, state, &here, bridge, address)?;
            let at = machine.place(&here, Some(bridge));
            state.packet = state.unframed().framed(source, mac);
            let decision = Decision::Neighbour { mac };
            state.told.push(hop(
                at,
                Stage::Neighbour,
                state.packet.clone(),
                decision,
                vec![evidence],
            ));
            mac
        } else if let Some(own) = link.mac {
            own
        } else {
            return unknown(format!("the MAC address of {bridge} was not read"));
        };
        state.packet = state.unframed().framed(source, to);
    }
    Ok(seen)
}

/// Forward, once the port is found.
pub(super) fn forward(
    machine: &Machine<'_>,
    state: &mut State,
    bridge: &LinkName,
    port: &LinkName,
    seen: Seen,
) -> Result<(), Halt> {
    let turns = [
        (Stage::Forward, at(Hook::Forward, Some(bridge), Some(bridge))),
        (Stage::Postrouting, at(Hook::Postrouting, None, Some(bridge))),
    ];
    if seen == Seen::Not {
        return Ok(());
    }
    if let Some(bridged) = &mut state.bridged {
        bridged.oport = Some(port.clone());
    }
    if seen == Seen::Untold {
        let path = setting(state);
        let mut trial = state.clone();
        hooks::run(machine, &mut trial, &at(Hook::Prerouting, Some(bridge), None))?;
        for (_, at) in turns {
            match hooks::run(machine, &mut trial, &at) {
                Ok(passed) if passed.changes.is_empty() => {}
                Ok(_) => return untold(path, "change it"),
                Err(Halt::Drop(Reason::Rule { evidence })) => {
                    return untold(path, &format!("drop it ({})", name(&evidence)));
                }
                Err(Halt::Drop(_)) => return untold(path, "drop it"),
                Err(Halt::Unknown(why)) => return untold(path, &format!("decide: {why}")),
                Err(need @ (Halt::Need(..) | Halt::Resolve { .. })) => return Err(need),
            }
        }
        return Ok(());
    }
    let [(stage, at), _] = turns;
    pass(machine, state, bridge, stage, &at)
}

/// Postrouting, after the bridge's own.
pub(super) fn postrouting(
    machine: &Machine<'_>,
    state: &mut State,
    bridge: &LinkName,
    seen: Seen,
) -> Result<(), Halt> {
    match seen {
        Seen::Yes => {
            let at = at(Hook::Postrouting, None, Some(bridge));
            pass(machine, state, bridge, Stage::Postrouting, &at)
        }
        Seen::Not | Seen::Untold => Ok(()),
    }
}

fn pass(
    machine: &Machine<'_>,
    state: &mut State,
    bridge: &LinkName,
    stage: Stage,
    at: &At<'_>,
) -> Result<(), Halt> {
    let told = hooks::run(machine, state, at)?.into_hop(machine, state, stage, Some(bridge));
    state.told.extend(told);
    Ok(())
}

fn untold<T>(path: &str, what: &str) -> Result<T, Halt> {
    unknown(format!("{path} was not read; if it is 1, rules {what}"))
}

fn name(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Rule { table, chain, .. } | Evidence::Policy { table, chain, .. } => {
            format!("chain {chain} of table {table}")
        }
        _ => "a rule".to_owned(),
    }
}

fn is_redirected(passed: &Passed) -> bool {
    passed.changes.iter().any(|change| matches!(change, Translation::Destination { .. }))
}

/// Whether the packet's destination is reached by the bridge it is on: it is routed as one that came in
/// by the bridge (`br_nf_pre_routing_finish`). One that the host would not forward goes up, and ends
/// there; of IPv6 what has no route ends at once.
fn on_bridge(machine: &Machine<'_>, state: &State, bridge: &LinkName) -> Result<bool, Halt> {
    let of = &state.namespace;
    let Some(flow) = Flow::of(&state.packet, state.mark) else { return Ok(false) };
    let (flow, to) = (Flow { iif: Some(bridge), ..flow }, flow.destination);
    if let (IpAddr::V4(_), Some(source)) = (to, flow.source) {
        no_martian(machine, of, bridge, source, to)?;
    }
    let Some(found) = lookup(machine, of, &flow)? else {
        return match to.is_ipv4() {
            true => Ok(false),
            false => Err(Halt::Drop(Reason::NoRoute { destination: to })),
        };
    };
    match found.sends() {
        Ok(Sends::Here) => {
            if to.is_ipv4() {
                reverse_path(machine, of, bridge, &flow, None)?;
            }
            Ok(false)
        }
        Ok(Sends::On) if to.is_ipv6() => Ok(found.link()? == bridge),
        Ok(Sends::On) => {
            if !passes(forwarding(machine, of, bridge, to))? {
                return Ok(false);
            }
            reverse_path(machine, of, bridge, &flow, Some(found.link()?))?;
            Ok(found.link()? == bridge)
        }
        Err(Halt::Drop(_)) if to.is_ipv4() => Ok(false),
        Err(other) => Err(other),
    }
}
