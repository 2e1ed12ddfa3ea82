//! Extensions of iptables, each as its file of the kernel does (`net/netfilter/xt_*.c`).

mod address_type;
mod connection;
mod set;
mod target;

pub(super) use target::target;

use super::Scene;
use super::expression::Effect;
use crate::host::LinkKind;
use crate::host::nft::Hook;
use crate::host::nft::xt::{Compare, LinkPattern, Match, Ports, Range, Uncertainty};
use crate::host::route::RouteKind;
use crate::net::{LinkName, Transport};
use crate::path::Layer;
use crate::path::buffer::Tracking;
use crate::path::fib::{Flow, lookup};
use crate::path::hooks::Stack;
use crate::path::machine::{Halt, unknown};
use std::net::IpAddr;

/// What a match says.
enum Says {
    Yes,
    No,
    /// It cannot be told, and why.
    Maybe(String),
}

impl From<bool> for Says {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Whether a match holds.
pub(super) fn matches(scene: &Scene<'_, '_>, asked: &Match) -> Result<Effect, Halt> {
    Ok(match says(scene, asked)? {
        Says::Yes => Effect::Goes,
        Says::No => Effect::Breaks,
        Says::Maybe(why) => Effect::Doubtful(why),
    })
}

fn says(scene: &Scene<'_, '_>, asked: &Match) -> Result<Says, Halt> {
    let packet = &scene.state.packet;
    let Some((source, destination)) = packet.addresses() else { return Ok(Says::No) };
    Ok(match asked {
        Match::AddressType {
            source: sources,
            destination: destinations,
            not_source,
            not_destination,
            on_iif,
            on_oif,
        } => {
            let link = match (on_iif, on_oif) {
                (true, _) => scene.at.iif,
                (_, true) => scene.at.oif,
                (false, false) => None,
            };
            let is = |address, kinds| address_type::is(scene, link, address, kinds);
            let fits = |address, kinds: u16, not: bool| -> Result<bool, Halt> {
                Ok(kinds == 0 || is(address, kinds)? != not)
            };
            let both = fits(source, *sources, *not_source)?
                && fits(destination, *destinations, *not_destination)?;
            both.into()
        }
        Match::Comment(_) => Says::Yes,
        Match::Connection(asked) => connection::says(scene, asked),
        Match::ConnectionMark { mark, mask, not } => match scene.state.tracking {
            Tracking::Connection { index, .. } => {
                ((scene.state.connections[index].mark & mask == *mark) != *not).into()
            }
            Tracking::NotYet | Tracking::Untracked => Says::No,
        },
        Match::Icmp { kind, codes, not } => echo(scene, 8, 0, *kind, *codes, *not),
        Match::Icmp6 { kind, codes, not } => echo(scene, 128, 129, *kind, *codes, *not),
        Match::IpRange { source: sources, destination: destinations } => {
            let fits = |range: &Option<Range<IpAddr>>, address: IpAddr| {
                range.is_none_or(|range| range.holds(&address))
            };
            (fits(sources, source) && fits(destinations, destination)).into()
        }
        Match::Length { range } => {
            let length = u16::try_from(packet.ip_length()).unwrap_or(u16::MAX);
            range.holds(&length).into()
        }
        // Only Ethernet has such addresses.
        Match::Mac { .. } if by_loopback(scene)? => Says::No,
        Match::Mac { mac, not } => match scene.state.frame() {
            Some((from, _)) if scene.at.iif.is_some() && scene.at.hook != Hook::Postrouting => {
                if from.is_zero() {
                    return Ok(Says::Maybe("the sender's MAC address".to_owned()));
                }
                ((from == *mac) != *not).into()
            }
            _ => Says::No,
        },
        Match::Mark { mark, mask, not } => ((scene.state.mark & mask == *mark) != *not).into(),
        Match::Multiport { which, ranges, not } => multiport(scene, *which, ranges, *not),
        // What goes to many is not followed.
        Match::PacketType { kind, not } => ((*kind == 0) != *not).into(),
        Match::Physdev { iif, oif, is_in, is_out, is_bridged } => {
            let ports = scene.state.bridged.as_ref();
            let (iport, oport) = (ports.map(|p| &p.iport), ports.and_then(|p| p.oport.as_ref()));
            let is = |asked: &Option<bool>, port: Option<&LinkName>| {
                asked.is_none_or(|asked| asked == port.is_some())
            };
            let named = |asked: &Option<(LinkPattern, bool)>, port: Option<&LinkName>| {
                let Some((pattern, not)) = asked else { return true };
                port.map_or_else(|| ports.is_none() && *not, |port| pattern.holds(port) != *not)
            };
            let both = named(iif, iport) && named(oif, oport);
            (both && is(is_in, iport) && is(is_out, oport) && is(is_bridged, oport)).into()
        }
        Match::ReversePath { loose, valid_mark, accept_local, not } => {
            (way_back(scene, *loose, *valid_mark, *accept_local)? != *not).into()
        }
        Match::Set { name, sources, not } => set::says(scene, name, sources, *not)?,
        Match::State { states } => connection::in_state(scene, *states),
        Match::Tcp { source, destination, flags, not_flags, option } => {
            let Some(Layer::Tcp { source: from, destination: to, syn }) = packet.transport() else {
                return Ok(Says::No);
            };
            const SYN: u8 = 2;
            const SYN_ACK: u8 = 18;
            let is = if *syn { SYN } else { SYN_ACK };
            let (mask, set) = *flags;
            if (is & mask == set) == *not_flags {
                return Ok(Says::No);
            }
            match (ports(source, *from), ports(destination, *to), option) {
                (Says::No, ..) | (_, Says::No, _) => Says::No,
                (_, _, Some(_)) => Says::Maybe("the TCP options".to_owned()),
                (Says::Maybe(why), ..) | (_, Says::Maybe(why), _) => Says::Maybe(why),
                (Says::Yes, Says::Yes, None) => Says::Yes,
            }
        }
        Match::Ttl { mode, ttl } => {
            let is = packet.hops().unwrap_or(0);
            match mode {
                Compare::Equal => is == *ttl,
                Compare::NotEqual => is != *ttl,
                Compare::Less => is < *ttl,
                Compare::Greater => is > *ttl,
            }
            .into()
        }
        Match::Udp { source, destination } => {
            let Some(Layer::Udp { source: from, destination: to }) = packet.transport() else {
                return Ok(Says::No);
            };
            match (ports(source, *from), ports(destination, *to)) {
                (Says::No, _) | (_, Says::No) => Says::No,
                (Says::Maybe(why), _) | (_, Says::Maybe(why)) => Says::Maybe(why),
                (Says::Yes, Says::Yes) => Says::Yes,
            }
        }
        Match::Uncertain { extension, why } => Says::Maybe(format!(
            "{} ({extension})",
            match why {
                Uncertainty::Rate => "how many packets came before",
                Uncertainty::Chance => "chance",
                Uncertainty::History => "what came before",
                Uncertainty::Sender => "who sends it",
                Uncertainty::Time => "the time",
            }
        )),
    })
}

/// Whether a port is within; one that the kernel chooses may be, unless all are or none is.
fn ports(range: &Range<u16>, port: u16) -> Says {
    match port {
        0 if *range == Range::ALL => Says::Yes,
        0 => Says::Maybe("a port that the kernel chooses".to_owned()),
        port => range.holds(&port).into(),
    }
}

fn multiport(scene: &Scene<'_, '_>, which: Ports, ranges: &[(u16, u16)], not: bool) -> Says {
    let Some((_, from, to)) = scene.state.packet.ports() else { return Says::No };
    let within = |port: u16| ranges.iter().any(|(first, last)| (*first..=*last).contains(&port));
    let asked = match which {
        Ports::Source => vec![from],
        Ports::Destination => vec![to],
        Ports::Either => vec![from, to],
    };
    let known = asked.iter().any(|port| *port != 0 && within(*port));
    match asked.contains(&0) && !known {
        true => Says::Maybe("a port that the kernel chooses".to_owned()),
        false => (known != not).into(),
    }
}

/// The only ICMP that is followed; its code is 0.
fn echo(
    scene: &Scene<'_, '_>,
    request: u8,
    reply: u8,
    kind: u8,
    codes: (u8, u8),
    not: bool,
) -> Says {
    let Some(Layer::Echo { request: is_request, .. }) = scene.state.packet.transport() else {
        return Says::No;
    };
    let is = if *is_request { request } else { reply };
    const ANY: u8 = 255;
    // Only ICMPv4 has a number for any.
    let any = kind == ANY && request == 8;
    ((any || is == kind && codes.0 == 0) != not).into()
}

fn by_loopback(scene: &Scene<'_, '_>) -> Result<bool, Halt> {
    let link = scene.at.iif.map(|iif| scene.machine.link(&scene.state.namespace, iif));
    Ok(link.transpose()?.is_some_and(|link| matches!(link.kind, LinkKind::Loopback)))
}

/// `xt_rpfilter`: whether the source could be answered, and by the link that the packet came by.
fn way_back(
    scene: &Scene<'_, '_>,
    loose: bool,
    valid_mark: bool,
    accept_local: bool,
) -> Result<bool, Halt> {
    let (machine, of) = (scene.machine, &scene.state.namespace);
    let Stack::Ip { .. } = scene.at.stack else {
        return unknown("a lookup outside of the IP stack");
    };
    let (Some((source, destination)), Some(iif)) = (scene.state.packet.addresses(), scene.at.iif)
    else {
        return Ok(true);
    };
    if by_loopback(scene)? {
        return Ok(true);
    }
    let flow = Flow {
        source: Some(destination),
        mark: if valid_mark { scene.state.mark } else { 0 },
        ..Flow::any(source)
    };
    let Some(found) = lookup(machine, of, &flow)? else { return Ok(false) };
    let fits = match found.kind() {
        RouteKind::Unicast => true,
        RouteKind::Local => accept_local,
        _ => false,
    };
    Ok(fits && (loose || found.uses(iif)))
}

/// The number of the packet's protocol that has ports.
fn transport(scene: &Scene<'_, '_>) -> Option<(Transport, u16, u16)> {
    scene.state.packet.ports()
}
