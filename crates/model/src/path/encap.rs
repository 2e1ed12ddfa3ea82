//! A frame into a VXLAN tunnel (`drivers/net/vxlan/vxlan_core.c`, `vxlan_xmit_one`, RFC 7348): where
//! its forwarding database sends the frame, and the packet around it, which goes on as the host's
//! own.
//!
//! Not modelled: a TTL, type of service or flow label of the tunnel's own choice, and tunnels that
//! choose packet by packet (such links are foreign). The outer source port comes from a hash of
//! the inner headers with a secret, so it is one of the kernel's choice.

use super::buffer::{State, Tracking};
use super::fib::{Flow, Sends, is_local, lookup, to_one_host};
use super::machine::{Halt, Machine, unknown};
use super::source;
use super::walk::{Done, Next, hop};
use super::{Decision, Evidence, Layer, Packet, Reason, Stage};
use crate::host::link::Vxlan;
use crate::host::{FdbEntry, LinkKind, NamespaceId};
use crate::net::{Family, LinkName, Mac};
use std::net::IpAddr;

/// The protocol's number.
const UDP: u8 = 17;
/// `IPDEFTTL` and `IPV6_DEFAULT_HOPLIMIT`.
const HOPS: u8 = 64;

/// The step; `evidence` is what the frame met on its way out of the link.
pub(super) fn encapsulate(
    machine: &Machine<'_>,
    state: &mut State,
    name: &LinkName,
    evidence: &[Evidence],
) -> Result<Done, Halt> {
    let here = state.namespace.clone();
    let LinkKind::Vxlan(tunnel) = &machine.link(&here, name)?.kind else {
        return unknown(format!("{name} is no tunnel"));
    };
    let Some((_, mac)) = state.frame() else {
        return unknown(format!("a packet without a frame is at {name}"));
    };
    let (entry, remote) = entry(machine, &here, name, mac)?;
    let mut evidence = evidence.to_vec();
    evidence.push(Evidence::Fdb { mac: entry.mac, port: name.clone() });
    let at = machine.place(&here, Some(name));
    let wrapped =
        hop(at, Stage::Encapsulate, state.packet.clone(), Decision::Wrap { remote }, evidence);

    to_one_host(remote)?;
    let flow = Flow {
        source: tunnel.local,
        mark: state.mark,
        protocol: UDP,
        ports: (0, entry.port.unwrap_or(tunnel.port)),
        ..Flow::to(remote)
    };
    let Some(found) = lookup(machine, &here, &flow)? else {
        return Err(Halt::Drop(Reason::NoRoute { destination: remote }));
    };
    if found.sends()? == Sends::Here {
        return unknown(format!("the far end {remote} of {name} is this host itself"));
    }
    let (oif, gateway) = (found.link()?.clone(), found.gateway());
    if oif == *name {
        return unknown(format!("the way to the far end {remote} of {name} is by {name} itself"));
    }
    let source = match tunnel.local {
        Some(local) => own(machine, &here, name, local)?,
        None => source::choose(machine, &here, &found, remote)?,
    };
    state.packet = outer(tunnel, entry, (source, remote), &state.packet);
    // `skb_scrub_packet`, within one namespace.
    state.tracking = Tracking::NotYet;
    state.bridged = None;
    let decision = Decision::Route { link: oif.clone(), gateway, source: Some(source) };
    let at = machine.place(&here, None);
    let routed = hop(at, Stage::Route, state.packet.clone(), decision, found.evidence());
    let next = Next::Output { oif, gateway, mtu: found.mtu() };
    Ok(Done { hops: vec![wrapped, routed], next })
}

/// Where a MAC address is sent to: the entry of its own, else that of all zeros, which stands for
/// whatever is not listed.
fn entry<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    mac: Mac,
) -> Result<(&'m FdbEntry, IpAddr), Halt> {
    let fdb = machine.fdb(of)?;
    let remotes = |wanted: Mac| {
        let its = fdb.iter().filter(move |entry| entry.link == *link && entry.mac == wanted);
        its.filter_map(|entry| Some((entry, entry.remote?))).collect::<Vec<_>>()
    };
    let mut found = remotes(mac);
    if found.is_empty() {
        found = remotes(Mac([0; 6]));
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(Halt::Drop(Reason::NoTunnelTo { mac, link: link.clone() })),
        _ => unknown(format!("{link} sends what is for {mac} to several hosts")),
    }
}

/// The tunnel's local address. IPv4 sends from none that is not the host's (`__ip_dev_find`).
fn own(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    local: IpAddr,
) -> Result<IpAddr, Halt> {
    if local.is_ipv4() && !is_local(machine, of, local)? {
        return Err(Halt::Drop(Reason::NotOwn { address: local, link: link.clone() }));
    }
    Ok(local)
}

/// The packet around a frame.
fn outer(tunnel: &Vxlan, entry: &FdbEntry, between: (IpAddr, IpAddr), frame: &Packet) -> Packet {
    let (source, destination) = between;
    let dont_fragment = tunnel.df && Family::of(source) == Family::V4;
    let mut layers = vec![
        Layer::Ip { source, destination, hops: HOPS, dont_fragment },
        Layer::Udp { source: 0, destination: entry.port.unwrap_or(tunnel.port) },
        Layer::Vxlan { vni: entry.vni.unwrap_or(tunnel.vni) },
    ];
    layers.extend(frame.layers.iter().cloned());
    Packet { layers }
}
