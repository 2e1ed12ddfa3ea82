//! Which sentences a hop is worth: what was decided there, and what there is to know about that.

use super::Lesson;
use crate::explain::{Language, Say as _};
use crate::net::{IpNet, LinkName, Mac};
use crate::path::{Decision, Evidence, Hop, Layer, Packet, Place, Stage, Translation};
use std::net::{IpAddr, SocketAddr};

/// What happened, and what kind of thing that is.
pub(super) fn hop(hop: &Hop, before: Option<&Packet>) -> (Option<Lesson>, Option<Lesson>) {
    let place = hop.at.namespace.to_string();
    let to = hop.packet.addresses().map(|(_, to)| to);
    match &hop.decision {
        Decision::Route { link, gateway, .. } => {
            let route = hop.evidence.iter().find_map(|evidence| match evidence {
                Evidence::Route { destination, .. } => Some(*destination),
                _ => None,
            });
            routed(place, to, route, *gateway, link)
        }
        Decision::Local => (to.map(|to| Lesson::ForHost { place, to }), None),
        Decision::Neighbour { mac } => neighbour(hop, place, *mac),
        Decision::Cross { to } => {
            let link = hop.at.link.clone();
            let over = link.map(|link| Lesson::OverVeth { link, to: end_of(to) });
            (over, Some(Lesson::AVeth))
        }
        Decision::Wire => (hop.at.link.clone().map(|link| Lesson::OnTheWire { link }), None),
        Decision::Taken { into } => (taken(hop, into.as_ref()), None),
        Decision::Port { link } => (bridged(hop, link), Some(Lesson::ABridge)),
        Decision::Flood { links } => {
            let (bridge, links) = (at(hop), links.clone());
            let floods = frame(&hop.packet).map(|mac| Lesson::BridgeFloods { bridge, mac, links });
            (floods, Some(Lesson::ABridge))
        }
        Decision::Up => (Some(Lesson::BridgeUp { bridge: at(hop) }), Some(Lesson::ABridge)),
        Decision::Pass { changes } => passed(hop, place, changes),
        Decision::Wrap { remote } => {
            let wrapped = hop.at.link.clone().zip(hop.packet.vni().or_else(|| before?.vni()));
            let wrapped = wrapped.map(|(link, vni)| Lesson::Wrapped { link, vni, remote: *remote });
            (wrapped, Some(Lesson::ATunnel))
        }
        Decision::Unwrap => {
            let link = hop.at.link.clone();
            (link.map(|link| Lesson::Unwrapped { link }), Some(Lesson::ATunnel))
        }
        // The end says it.
        Decision::Delivered => (None, None),
    }
}

fn routed(
    place: String,
    to: Option<IpAddr>,
    route: Option<IpNet>,
    gateway: Option<IpAddr>,
    link: &LinkName,
) -> (Option<Lesson>, Option<Lesson>) {
    let Some(to) = to else { return (None, None) };
    let link = link.clone();
    match (route, gateway) {
        (Some(route), Some(gateway)) => {
            (Some(Lesson::RouteVia { place, to, route, gateway, link }), Some(Lesson::AGateway))
        }
        (Some(route), None) => {
            (Some(Lesson::RouteNear { place, to, route, link }), Some(Lesson::ARoute))
        }
        (None, _) => (Some(Lesson::RouteChosen { place, to, link }), Some(Lesson::ARoute)),
    }
}

fn neighbour(hop: &Hop, place: String, mac: Mac) -> (Option<Lesson>, Option<Lesson>) {
    let Some(link) = hop.at.link.clone() else { return (None, None) };
    match hop.evidence.first() {
        Some(Evidence::Resolved { address: address @ IpAddr::V4(_), by, .. }) => {
            let (address, by) = (*address, end_of(by));
            (Some(Lesson::AskedForV4 { place, address, mac, by, link }), Some(Lesson::Arp))
        }
        Some(Evidence::Resolved { address, by, .. }) => {
            let (address, by) = (*address, end_of(by));
            let asked = Lesson::AskedForV6 { place, address, mac, by, link };
            (Some(asked), Some(Lesson::NeighbourDiscovery))
        }
        Some(Evidence::Asked { address, .. }) => {
            (Some(Lesson::KnownByAsking { place, address: *address, mac }), None)
        }
        Some(Evidence::Neighbour { address, .. }) => {
            let known = Lesson::InCache { place, address: *address, mac };
            (Some(known), Some(Lesson::ANeighbourTable))
        }
        _ => (None, None),
    }
}

fn taken(hop: &Hop, into: Option<&LinkName>) -> Option<Lesson> {
    let link = hop.at.link.clone()?;
    Some(match (into, frame(&hop.packet)) {
        (Some(bridge), _) => Lesson::IntoPort { link, bridge: bridge.clone() },
        (None, Some(mac)) => Lesson::ForUs { link, mac },
        (None, None) => Lesson::TakenIn { link },
    })
}

fn bridged(hop: &Hop, port: &LinkName) -> Option<Lesson> {
    let (bridge, port, mac) = (at(hop), port.clone(), frame(&hop.packet)?);
    let heard = hop.evidence.iter().any(|evidence| matches!(evidence, Evidence::Heard { .. }));
    Some(match heard {
        true => Lesson::BridgeHeard { bridge, mac, port },
        false => Lesson::BridgeKnows { bridge, mac, port },
    })
}

/// At a hook. What a rule changed is told of, not of what else was asked.
fn passed(hop: &Hop, place: String, changes: &[Translation]) -> (Option<Lesson>, Option<Lesson>) {
    let rule = hop
        .evidence
        .iter()
        .rev()
        .find(|evidence| matches!(evidence, Evidence::Rule { .. } | Evidence::Policy { .. }));
    if let Some(change) = changes.first() {
        return (Some(changed(place, change, rule.is_some())), Some(translation(change)));
    }
    let stage = match hop.stage {
        Stage::Prerouting => Lesson::Prerouting,
        Stage::Forward => Lesson::Forwarding,
        Stage::Input => Lesson::Incoming,
        Stage::Output => Lesson::Outgoing,
        Stage::Postrouting => Lesson::Postrouting,
        _ => return (Some(Lesson::RulesSilent { place }), None),
    };
    // As nft or iptables prints it, which is the same in every language.
    let said = rule.map(|rule| rule.said(Language::En));
    let happened = said.map(|rule| Lesson::RulesPass { place: place.clone(), rule });
    (happened.or(Some(Lesson::RulesSilent { place })), Some(stage))
}

/// By a rule, or back since the kernel remembers.
fn changed(place: String, change: &Translation, by_rule: bool) -> Lesson {
    match change {
        Translation::Source { from, to } => {
            let (from, to) = (endpoint(from), endpoint(to));
            match by_rule {
                true => Lesson::SourceChanged { place, from, to },
                false => Lesson::SourceRestored { place, from, to },
            }
        }
        Translation::Destination { from, to } => {
            let (from, to) = (endpoint(from), endpoint(to));
            match by_rule {
                true => Lesson::DestinationChanged { place, from, to },
                false => Lesson::DestinationRestored { place, from, to },
            }
        }
    }
}

fn translation(change: &Translation) -> Lesson {
    match change {
        Translation::Source { .. } => Lesson::Masquerading,
        Translation::Destination { .. } => Lesson::DestinationNat,
    }
}

/// A port of 0 is the kernel's choice.
fn endpoint(of: &SocketAddr) -> String {
    if of.port() == 0 { of.ip().to_string() } else { of.to_string() }
}

fn at(hop: &Hop) -> String {
    end_of(&hop.at)
}

fn end_of(place: &Place) -> String {
    match &place.link {
        Some(link) => format!("{link} of {}", place.namespace),
        None => place.namespace.to_string(),
    }
}

/// Whom the frame is for.
fn frame(packet: &Packet) -> Option<Mac> {
    match packet.layers.first()? {
        Layer::Ethernet { destination, .. } => Some(*destination),
        _ => None,
    }
}
