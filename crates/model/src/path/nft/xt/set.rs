//! `xt_set`: whether a set of ipset holds the packet's ends (`net/netfilter/ipset/ip_set_*.c`).

use super::{Says, Scene, by_loopback, transport};
use crate::host::ipset::{IpSetElement, IpSetMembers, IpSetPart};
use crate::net::IpNet;
use crate::path::Layer;
use crate::path::machine::{Halt, unknown};

/// Sets of sets hold no sets of sets (`list:set`).
const DEEPEST: usize = 2;

pub(super) fn says(
    scene: &Scene<'_, '_>,
    name: &str,
    sources: &[bool],
    not: bool,
) -> Result<Says, Halt> {
    Ok(match holds(scene, name, sources, DEEPEST)? {
        Says::Yes => (!not).into(),
        Says::No => not.into(),
        maybe => maybe,
    })
}

fn holds(scene: &Scene<'_, '_>, name: &str, sources: &[bool], depth: usize) -> Result<Says, Halt> {
    let Some(set) = scene.machine.ipsets(&scene.state.namespace)?.get(&name.to_owned()) else {
        return unknown(format!("ipset {name}, which was not read"));
    };
    // A rule that speaks of fewer dimensions than the set has finds nothing (`ip_set_test`).
    let dimensions = set.kind.split_once(':').map_or(1, |(_, of)| of.split(',').count());
    if dimensions > sources.len() && !matches!(set.members, IpSetMembers::Sets(_)) {
        return Ok(Says::No);
    }
    let elements = match &set.members {
        IpSetMembers::Unmodelled(why) => return unknown(format!("ipset {name}: {why}")),
        IpSetMembers::Sets(_) if depth == 0 => {
            return unknown(format!("ipset {name}, which is too deep"));
        }
        IpSetMembers::Sets(sets) => {
            let mut maybe = None;
            for each in sets {
                match holds(scene, each, sources, depth - 1)? {
                    Says::Yes => return Ok(Says::Yes),
                    Says::No => {}
                    Says::Maybe(why) => maybe = Some(why),
                }
            }
            return Ok(maybe.map_or(Says::No, Says::Maybe));
        }
        IpSetMembers::Elements(elements) => elements,
    };
    let packet = &scene.state.packet;
    let family = packet.addresses().map(|(source, _)| crate::net::Family::of(source));
    if set.family.is_some() && set.family != family {
        return Ok(Says::No);
    }
    // Of those that hold it, the narrowest decides: it may be one that says "nomatch".
    let mut best: Option<(Vec<u8>, bool)> = None;
    let mut maybe = None;
    for element in elements {
        match fits(scene, element, sources)? {
            Says::No => {}
            Says::Maybe(why) => maybe = Some(why),
            Says::Yes => {
                let narrow = narrowness(element);
                if best.as_ref().is_none_or(|(than, _)| narrow > *than) {
                    best = Some((narrow, element.nomatch));
                }
            }
        }
    }
    Ok(match (best, maybe) {
        (_, Some(why)) => Says::Maybe(why),
        (Some((_, nomatch)), None) => (!nomatch).into(),
        (None, None) => Says::No,
    })
}

/// Prefix lengths, in the order of the dimensions.
fn narrowness(element: &IpSetElement) -> Vec<u8> {
    let lengths = element.parts.iter().filter_map(|part| match part {
        IpSetPart::Net(net) => Some(net.prefix_len()),
        _ => None,
    });
    lengths.collect()
}

fn fits(scene: &Scene<'_, '_>, element: &IpSetElement, sources: &[bool]) -> Result<Says, Halt> {
    let packet = &scene.state.packet;
    let mut maybe = None;
    for (number, part) in element.parts.iter().enumerate() {
        let of_source = sources.get(number).copied().unwrap_or(false);
        let pick = |source, destination| if of_source { source } else { destination };
        let says = match part {
            IpSetPart::Net(net) => {
                let Some((source, destination)) = packet.addresses() else { return Ok(Says::No) };
                let address = if of_source { source } else { destination };
                net.contains(&IpNet::from(address)).into()
            }
            IpSetPart::Port { protocol, first, last } => {
                let is = match (transport(scene), packet.transport()) {
                    (Some((kind, from, to)), _) => (kind.number(), pick(from, to)),
                    // Type and code stand for a port.
                    (None, Some(Layer::Echo { request, .. })) => {
                        let v6 = packet.protocol() == Some(58);
                        let kind: u16 = match (v6, request) {
                            (false, true) => 8,
                            (false, false) => 0,
                            (true, true) => 128,
                            (true, false) => 129,
                        };
                        (packet.protocol().unwrap_or(0), kind << 8)
                    }
                    _ => return Ok(Says::No),
                };
                match is {
                    // `bitmap:port`
                    (kind, _) if protocol.is_none() && !matches!(kind, 6 | 17) => Says::No,
                    (kind, _) if protocol.is_some_and(|protocol| protocol != kind) => Says::No,
                    (6 | 17, 0) => Says::Maybe("a port that the kernel chooses".to_owned()),
                    (_, port) => (*first..=*last).contains(&port).into(),
                }
            }
            // What comes by the loopback link is from 00:00:00:00:00:00.
            IpSetPart::Mac(mac) if by_loopback(scene)? => mac.is_zero().into(),
            IpSetPart::Mac(mac) => match scene.state.frame() {
                Some((from, _)) if from.is_zero() => {
                    Says::Maybe("the sender's MAC address".to_owned())
                }
                Some((from, _)) if of_source => (from == *mac).into(),
                _ => Says::No,
            },
            IpSetPart::Link(link) => {
                (pick_link(of_source, scene.at.iif, scene.at.oif) == Some(link)).into()
            }
            IpSetPart::Mark(mark) => (scene.state.mark == *mark).into(),
        };
        match says {
            Says::No => return Ok(Says::No),
            Says::Yes => {}
            Says::Maybe(why) => maybe = Some(why),
        }
    }
    Ok(maybe.map_or(Says::Yes, Says::Maybe))
}

fn pick_link<T>(source: bool, iif: Option<T>, oif: Option<T>) -> Option<T> {
    if source { iif } else { oif }
}
