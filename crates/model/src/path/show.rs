//! A path for a terminal, a hop a line:
//!
//! ```text
//! ha container:c0        leave        to 10.0.0.1 by eth0 [10.0.0.10 → 192.0.2.9 tcp 80 ttl 64] (route 0.0.0.0/0)
//! ha host gn-net0        postrouting  source becomes 192.0.2.1 (inet glassnet masquerade "…")
//! ```
//!
//! The packet is shown at the first hop and where it changed.

use super::{Decision, End, Evidence, Hop, Layer, Packet, Path, Place, Reason, Stage, Translation};
use crate::host::nft::Verdict;
use std::fmt;
use std::net::SocketAddr;

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for hop in &self.hops {
            let now = summary(&hop.packet);
            let Hop { at, stage, decision, .. } = hop;
            write!(f, "{:<32} {:<11} {decision}", at.to_string(), stage.to_string())?;
            if before.as_ref() != Some(&now) {
                write!(f, " [{now}]")?;
            }
            if !hop.evidence.is_empty() {
                write!(f, " (")?;
                list(f, &hop.evidence, "; ")?;
                write!(f, ")")?;
            }
            writeln!(f)?;
            before = Some(now);
        }
        write!(f, "{}", self.end)
    }
}

fn list(f: &mut fmt::Formatter<'_>, of: &[impl fmt::Display], between: &str) -> fmt::Result {
    for (i, each) in of.iter().enumerate() {
        write!(f, "{}{each}", if i == 0 { "" } else { between })?;
    }
    Ok(())
}

/// The headers that decide the way, the outermost ones.
fn summary(packet: &Packet) -> String {
    let Some((from, to)) = packet.addresses() else { return "no IP packet".to_owned() };
    let ttl = packet.hops().unwrap_or(0);
    // A port of 0 is the kernel's choice.
    let number = |port: u16| if port == 0 { "?".to_owned() } else { port.to_string() };
    let transport = packet.layers.iter().find_map(|layer| match layer {
        Layer::Udp { source, destination } => {
            Some(format!("udp {} → {}", number(*source), number(*destination)))
        }
        Layer::Tcp { source, destination, .. } => {
            Some(format!("tcp {} → {}", number(*source), number(*destination)))
        }
        Layer::Echo { request: true, .. } => Some("echo request".to_owned()),
        Layer::Echo { request: false, .. } => Some("echo reply".to_owned()),
        Layer::Ethernet { .. } | Layer::Ip { .. } | Layer::Vxlan { .. } => None,
        Layer::Payload { .. } => None,
    });
    format!("{from} → {to} {} ttl {ttl}", transport.unwrap_or_default())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.host, self.namespace)?;
        self.link.as_ref().map_or(Ok(()), |link| write!(f, " {link}"))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Leave => "leave",
            Self::Output => "output",
            Self::Neighbour => "neighbour",
            Self::Transmit => "transmit",
            Self::Receive => "receive",
            Self::Bridge => "bridge",
            Self::Prerouting => "prerouting",
            Self::Route => "route",
            Self::Forward => "forward",
            Self::Input => "input",
            Self::Postrouting => "postrouting",
            Self::Encapsulate => "encapsulate",
            Self::Decapsulate => "decapsulate",
            Self::Deliver => "deliver",
        })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route { link, gateway, .. } => match gateway {
                Some(gateway) => write!(f, "to {gateway} by {link}"),
                None => write!(f, "by {link}"),
            },
            Self::Local => write!(f, "for this host"),
            Self::Neighbour { mac } => write!(f, "to {mac}"),
            Self::Cross { to } => write!(f, "over to {to}"),
            Self::Wire => write!(f, "onto the wire"),
            Self::Taken { into: Some(bridge) } => write!(f, "into {bridge}"),
            Self::Taken { into: None } => write!(f, "taken"),
            Self::Port { link } => write!(f, "to port {link}"),
            Self::Flood { links } => {
                write!(f, "to every port: ")?;
                list(f, links, ", ")
            }
            Self::Up => write!(f, "up to the host"),
            Self::Pass { changes } if changes.is_empty() => write!(f, "passes"),
            Self::Pass { changes } => list(f, changes, ", "),
            Self::Wrap { remote } => write!(f, "wrapped for {remote}"),
            Self::Unwrap => write!(f, "unwrapped"),
            Self::Delivered => write!(f, "delivered"),
        }
    }
}

impl fmt::Display for Translation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { to, .. } => write!(f, "source becomes {}", endpoint(to)),
            Self::Destination { to, .. } => write!(f, "destination becomes {}", endpoint(to)),
        }
    }
}

/// A port of 0 is the kernel's choice.
fn endpoint(of: &SocketAddr) -> String {
    if of.port() == 0 { of.ip().to_string() } else { of.to_string() }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route { destination, table, .. } => match table {
                254 => write!(f, "route {destination}"),
                255 => write!(f, "route {destination}, table local"),
                table => write!(f, "route {destination}, table {table}"),
            },
            Self::Neighbour { address, mac, .. } => write!(f, "neighbour {address} {mac}"),
            Self::Resolved { address, by, .. } => write!(f, "{address} is at {by}"),
            Self::Fdb { mac, port } => write!(f, "fdb {mac} {port}"),
            Self::Rule { family, table, chain, handle, comment, verdict } => {
                write!(f, "{} {table} {chain}", family.as_str())?;
                match (comment, handle) {
                    (Some(comment), _) => write!(f, " \"{comment}\"")?,
                    (None, Some(handle)) => write!(f, " handle {handle}")?,
                    (None, None) => {}
                }
                match verdict {
                    Some(Verdict::Accept) => write!(f, " accept"),
                    Some(Verdict::Drop) => write!(f, " drop"),
                    Some(Verdict::Queue(number)) => write!(f, " queue {number}"),
                    Some(Verdict::Jump(to)) => write!(f, " jump {to}"),
                    Some(Verdict::Goto(to)) => write!(f, " goto {to}"),
                    Some(Verdict::Continue | Verdict::Return) | None => Ok(()),
                }
            }
            Self::Policy { family, table, chain, accepts } => {
                let does = if *accepts { "accept" } else { "drop" };
                write!(f, "{} {table} {chain}: policy {does}", family.as_str())
            }
            Self::Sysctl { path, value } => write!(f, "{path} = {value}"),
            Self::Pair { .. } => write!(f, "veth pair"),
            Self::Socket { transport, local, process } => {
                write!(f, "{transport} socket {local}")?;
                process.as_ref().map_or(Ok(()), |process| write!(f, " of {process}"))
            }
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { at, process: Some(process) } => {
                write!(f, "delivered to {process} at {at}")
            }
            Self::Delivered { at, process: None } => write!(f, "delivered at {at}"),
            Self::Dropped { at, stage, because } => {
                write!(f, "dropped at {at}, {stage}: {because}")
            }
            Self::Left { at } => write!(f, "left by {at}"),
            Self::Unknown { at, stage, why } => write!(f, "unknown from {at}, {stage}: {why}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoute { destination } => write!(f, "no route to {destination}"),
            Self::RouteRefuses { evidence } => write!(f, "refused by {evidence}"),
            Self::LinkDown { link } => write!(f, "link {link} is down"),
            Self::NoNeighbour { address, link } => write!(f, "nobody on {link} has {address}"),
            Self::NotForwarding { sysctl } => write!(f, "the host does not forward ({sysctl})"),
            Self::Rule { evidence } => write!(f, "{evidence}"),
            Self::TooBig { size, mtu, link } => {
                write!(f, "{size} bytes are more than {link} takes ({mtu})")
            }
            Self::TtlExpired => write!(f, "its TTL has run out"),
            Self::NoSocket { transport, port } => {
                write!(f, "no socket waits at {transport} port {port}")
            }
            Self::OtherHost { mac } => write!(f, "nobody here is {mac}"),
            Self::PortState { link } => write!(f, "port {link} does not forward"),
            Self::Hairpin { link } => write!(f, "port {link} does not send back (hairpin is off)"),
            Self::Isolated { from, to } => write!(f, "ports {from} and {to} are isolated"),
            Self::Martian { address } => write!(f, "{address} cannot be there (martian)"),
            Self::ReversePath { source, link, sysctl } => {
                write!(f, "the way back to {source} is not by {link} ({sysctl})")
            }
        }
    }
}
