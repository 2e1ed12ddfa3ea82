//! What is behind a reason, where the machine tells more than the walk does: an address that is not in use
//! yet, a connection that the kernel remembers, an answer that nobody has translated back, Docker's
//! resolver.

use super::Command;
use crate::machine::Machine;
use model::explain::Cure;
use model::host::NamespaceId;
use model::path::{Decision, Evidence, Layer, Part, Path, Place, Reason, Stage};
use std::net::{IpAddr, Ipv4Addr};

/// `None` if the reason says it all.
pub(super) fn behind(
    machine: &mut Machine,
    path: &Path,
    at: &Place,
    because: &Reason,
) -> Option<(Cure, Option<Command>)> {
    match because {
        Reason::NoNeighbour { address, .. } => {
            remembered(path, *address).or_else(|| tentative(machine, *address))
        }
        Reason::NoSocket { port, .. } => {
            resolver(path, at, *port).or_else(|| untranslated(machine, path, at))
        }
        _ => None,
    }
}

/// The kernel knows the connection, and sends its packets where the rules sent the first one.
fn remembered(path: &Path, to: IpAddr) -> Option<(Cure, Option<Command>)> {
    let mut known = path.hops.iter().flat_map(|hop| {
        hop.evidence.iter().filter_map(move |evidence| match evidence {
            Evidence::Connection { original, reply } => Some((hop, original, reply)),
            _ => None,
        })
    });
    let (hop, ..) = known
        .find(|(_, original, reply)| reply.source.ip() == to && original.destination.ip() != to)?;
    let (place, line) = (hop.at.namespace.clone(), format!("conntrack -D --reply-src {to}"));
    Some((Cure::ForgetConnection { address: to }, Some(Command { place, line })))
}

/// Somebody has it, and may not use it yet, or not at all (RFC 4862 §5.4).
fn tentative(machine: &mut Machine, address: IpAddr) -> Option<(Cure, Option<Command>)> {
    for place in machine.ids() {
        let Ok(read) = machine.part(&place, &Part::Addresses) else { continue };
        let mut its = read.addresses.iter().filter(|a| a.prefix.addr() == address && a.tentative);
        if let Some(its) = its.next() {
            let (place, link) = (place.to_string(), its.link.clone());
            let cure = match its.duplicate {
                true => Cure::Duplicate { address, place, link },
                false => Cure::Tentative { address, place, link },
            };
            return Some((cure, None));
        }
    }
    None
}

/// Docker's name server in a container, and the port that its rules lead to another.
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));
const DNS: u16 = 53;

fn resolver(path: &Path, at: &Place, port: u16) -> Option<(Cure, Option<Command>)> {
    let (_, to) = path.hops.last()?.packet.addresses()?;
    let (place, line) = (at.namespace.clone(), "nft list ruleset".to_owned());
    (to == RESOLVER && port == DNS).then_some((Cure::DockerResolver, Some(Command { place, line })))
}

/// An answer that came by a bridge to who does not know whom it is from: the hooks that would have
/// translated it back are not asked there (`br_netfilter`).
fn untranslated(machine: &mut Machine, path: &Path, at: &Place) -> Option<(Cure, Option<Command>)> {
    let last = path.hops.last()?;
    if !matches!(last.packet.transport(), Some(Layer::Tcp { syn: false, .. })) {
        return None;
    }
    let (from, _) = last.packet.addresses()?;
    let setting = match from {
        IpAddr::V4(_) => "net/bridge/bridge-nf-call-iptables",
        IpAddr::V6(_) => "net/bridge/bridge-nf-call-ip6tables",
    };
    let bridged = |of: &NamespaceId| {
        let crosses = |decision: &Decision| {
            matches!(decision, Decision::Port { .. } | Decision::Flood { .. })
        };
        let mut hops = path.hops.iter().filter(|hop| hop.at.namespace == *of);
        hops.any(|hop| hop.stage == Stage::Bridge && crosses(&hop.decision))
    };
    let place = path.hops.iter().map(|hop| &hop.at.namespace).find(|of| bridged(of))?.clone();
    let read = machine.part(&place, &Part::Sysctl(setting.to_owned())).ok()?;
    let off = read.sysctls.iter().all(|setting| setting.value == "0");
    let cure = Cure::NotTranslatedBack { from, place: at.namespace.to_string() };
    let line = format!("sysctl -w {setting}=1");
    Some((cure, off.then_some(Command { place, line })))
}
