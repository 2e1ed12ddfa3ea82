//! The route of a packet that came in (`ip_route_input_slow`, `ip6_route_input`): is it for this
//! host, and if not, does the host forward it? Before that, whether its source may come by this
//! link at all (`fib_validate_source`, RFC 3704).

use super::buffer::State;
use super::fib::{Flow, Found, Sends, has_own_rules, is_local, lookup, to_one_host};
use super::machine::{Halt, Machine, passes, unknown};
use super::walk::{Done, Next, hop};
use super::{Decision, Evidence, Reason, Stage};
use crate::host::route::RouteKind;
use crate::host::{LinkKind, NamespaceId};
use crate::net::LinkName;
use std::net::IpAddr;

/// The step.
pub(super) fn route(
    machine: &Machine<'_>,
    state: &mut State,
    iif: &LinkName,
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let Some(flow) = Flow::of(&state.packet, state.mark) else {
        return unknown("a packet without addresses");
    };
    let (flow, to) = (Flow { iif: Some(iif), ..flow }, flow.destination);
    let at = machine.place(&here, Some(iif));
    let local = |evidence| {
        let hop = hop(at.clone(), Stage::Route, state.packet.clone(), Decision::Local, evidence);
        Done { hops: vec![hop], next: Next::Input(iif.clone()) }
    };
    if matches!(machine.link(&here, iif)?.kind, LinkKind::Loopback) {
        // The route was looked up when it was sent, and stays with it.
        return Ok(local(Vec::new()));
    }
    to_one_host(to)?;
    if let (IpAddr::V4(_), Some(source)) = (to, flow.source) {
        no_martian(machine, &here, iif, source, to)?;
    }
    let Some(found) = lookup(machine, &here, &flow)? else {
        return Err(Halt::Drop(Reason::NoRoute { destination: to }));
    };
    let mut evidence = found.evidence();
    if to.is_ipv4() {
        evidence.extend(reverse_path(machine, &here, iif, &flow, onward(&found)?)?);
    }
    match found.sends()? {
        Sends::Here => Ok(local(evidence)),
        Sends::On => {
            evidence.push(forwarding(machine, &here, iif, to)?);
            let (oif, gateway) = (found.link()?.clone(), found.gateway());
            let decision = Decision::Route { link: oif.clone(), gateway, source: None };
            let hop = hop(at, Stage::Route, state.packet.clone(), decision, evidence);
            let next = Next::Forward { iif: iif.clone(), oif, gateway, mtu: found.mtu() };
            Ok(Done { hops: vec![hop], next })
        }
    }
}

/// The setting that makes the host a router; each IPv4 link has its own.
pub(super) fn forwarding(
    machine: &Machine<'_>,
    of: &NamespaceId,
    iif: &LinkName,
    to: IpAddr,
) -> Result<Evidence, Halt> {
    let paths = match to {
        IpAddr::V4(_) => {
            vec![format!("net/ipv4/conf/{iif}/forwarding"), "net/ipv4/ip_forward".to_owned()]
        }
        IpAddr::V6(_) => vec!["net/ipv6/conf/all/forwarding".to_owned()],
    };
    for path in &paths {
        match machine.sysctl(of, path)? {
            Some("0") => return Err(Halt::Drop(Reason::NotForwarding { sysctl: path.clone() })),
            Some(value) => {
                return Ok(Evidence::Sysctl { path: path.clone(), value: value.to_owned() });
            }
            None => {}
        }
    }
    unknown(format!("whether it forwards ({}) was not read", paths.join(", ")))
}

/// Addresses that cannot come in by a wire.
pub(super) fn no_martian(
    machine: &Machine<'_>,
    of: &NamespaceId,
    iif: &LinkName,
    source: IpAddr,
    to: IpAddr,
) -> Result<(), Halt> {
    if let IpAddr::V4(from) = source
        && (from.octets()[0] == 0 || from.is_multicast() || from.is_broadcast())
    {
        return Err(Halt::Drop(Reason::Martian { address: source }));
    }
    if let Some(address) = [source, to].into_iter().find(IpAddr::is_loopback) {
        let conf = machine.conf(of, iif, "route_localnet")?;
        match conf.value {
            Some(1..) => {}
            Some(0) if conf.complete => return Err(Halt::Drop(Reason::Martian { address })),
            _ => return unknown(format!("{} was not read", conf.path)),
        }
    }
    if is_local(machine, of, source)? {
        let conf = machine.conf(of, iif, "accept_local")?;
        match conf.value {
            Some(1..) => {}
            Some(0) if conf.complete => {
                return Err(Halt::Drop(Reason::Martian { address: source }));
            }
            _ => {
                return unknown(format!(
                    "its source {source} is the receiver's own, and {} was not read",
                    conf.path
                ));
            }
        }
    }
    Ok(())
}

/// Refuses a packet whose addresses cannot come in by the link.
fn takes_in(
    machine: &Machine<'_>,
    of: &NamespaceId,
    iif: &LinkName,
    flow: &Flow<'_>,
) -> Result<(), Halt> {
    let Some(source) = flow.source else { return Ok(()) };
    no_martian(machine, of, iif, source, flow.destination)?;
    let found = lookup(machine, of, flow)?;
    let oif = found.as_ref().map(onward).transpose()?.flatten();
    reverse_path(machine, of, iif, flow, oif).map(|_| ())
}

/// The link by which a packet is sent on, if it is.
pub(super) fn onward<'m>(found: &Found<'m>) -> Result<Option<&'m LinkName>, Halt> {
    match found.kind() {
        RouteKind::Unicast => found.link().map(Some),
        _ => Ok(None),
    }
}

/// Whether a packet between these addresses would be taken in by the link.
pub(super) fn lets_in(
    machine: &Machine<'_>,
    of: &NamespaceId,
    iif: &LinkName,
    source: IpAddr,
    destination: IpAddr,
) -> Result<bool, Halt> {
    let flow = Flow { source: Some(source), iif: Some(iif), ..Flow::to(destination) };
    passes(takes_in(machine, of, iif, &flow))
}

/// Whether the source may come by this link (`__fib_validate_source`). `rp_filter` 1 wants the way back
/// by the same link, 2 any way back; by a link without an address nothing else will do. To the rules of
/// policy what goes back comes by the link that the packet is sent on by.
pub(super) fn reverse_path(
    machine: &Machine<'_>,
    of: &NamespaceId,
    iif: &LinkName,
    flow: &Flow<'_>,
    oif: Option<&LinkName>,
) -> Result<Option<Evidence>, Halt> {
    let Some(source) = flow.source else { return Ok(None) };
    let is_on = |setting| -> Result<bool, Halt> {
        Ok(machine.conf(of, iif, setting)?.value.is_some_and(|value| value > 0))
    };
    let mark = if is_on("src_valid_mark")? { flow.mark } else { 0 };
    let back = Flow { source: Some(flow.destination), mark, iif: oif, ..Flow::any(source) };
    let back = lookup(machine, of, &back)?;
    // What refuses is no way back.
    let back = back.filter(|found| {
        use RouteKind::{Anycast, Broadcast, Local, Multicast, Unicast};
        matches!(found.kind(), Unicast | Local | Broadcast | Anycast | Multicast)
    });
    let is_fit = match back.map(|found| found.kind()) {
        None | Some(RouteKind::Unicast) => true,
        Some(RouteKind::Local) => is_on("accept_local")?,
        Some(_) => false,
    };
    if is_fit && back.is_some_and(|found| found.uses(iif)) {
        return Ok(None);
    }
    let conf = machine.conf(of, iif, "rp_filter")?;
    let value = match conf.value {
        Some(0) if conf.complete => 0,
        Some(1) if conf.complete => 1,
        Some(value @ 2..) => value,
        _ => {
            return unknown(format!(
                "the way back to {source} is not by {iif}, and {} was not read",
                conf.path
            ));
        }
    };
    if !is_fit {
        // Without the filter the source is looked at only where there are rules of somebody's own.
        return match value == 0 && !has_own_rules(machine, of)? {
            true => Ok(None),
            false => Err(Halt::Drop(Reason::Martian { address: source })),
        };
    }
    let mut addresses = machine.addresses(of)?.iter().filter(|a| a.link == *iif);
    let has_address = addresses.any(|a| a.prefix.addr().is_ipv4());
    match value {
        0 => Ok(None),
        2.. if back.is_some() && has_address => {
            Ok(Some(Evidence::Sysctl { path: conf.path, value: value.to_string() }))
        }
        _ => Err(Halt::Drop(Reason::ReversePath { source, link: iif.clone(), sysctl: conf.path })),
    }
}
