//! A path for a terminal, a hop a line:
//!
//! ```text
//! ha container:c0        leave        to 10.0.0.1 by eth0 [10.0.0.10 → 192.0.2.9 tcp 80 ttl 64] (route 0.0.0.0/0)
//! ha host gn-net0        postrouting  source becomes 192.0.2.1 (inet glassnet masquerade "…")
//! ```
//!
//! The packet is shown at the first hop and where it changed. The words are
//! [`PathText`]'s, in the reader's language; `Display` is English.

use super::{Decision, End, Evidence, Hop, Layer, Packet, Path, Place, Reason, Stage, Translation};
use crate::explain::{Language, PathText, Say};
use crate::host::nft::Verdict;
use crate::host::{FibAction, Tuple};
use std::fmt;
use std::net::SocketAddr;

/// In English.
macro_rules! shown {
    ($($type:ty),*) => {
        $(impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.said(Language::En))
            }
        })*
    };
}

shown!(Path, Stage, Decision, Translation, Evidence, End, Reason);

/// Cells of a terminal that a place and a stage take, the place being Latin in every language.
const PLACE: usize = 32;

fn stage_width(language: Language) -> usize {
    match language {
        Language::En => 11,
        Language::Zh => 6,
    }
}

impl Say for Path {
    fn said(&self, language: Language) -> String {
        let mut text = String::new();
        let mut before = None;
        for Hop { at, stage, decision, packet, evidence, .. } in &self.hops {
            let now = packet.said(language);
            let stage = pad(&stage.said(language), stage_width(language));
            text += &format!("{:<PLACE$} {stage} {}", at.to_string(), decision.said(language));
            if before.as_ref() != Some(&now) {
                text += &format!(" [{now}]");
            }
            if !evidence.is_empty() {
                let evidence: Vec<String> = evidence.iter().map(|one| one.said(language)).collect();
                text += &format!(" ({})", evidence.join("; "));
            }
            text.push('\n');
            before = Some(now);
        }
        text + &self.end.said(language)
    }
}

/// To a width in cells: a character that is not ASCII is a Chinese one here, and takes two.
fn pad(text: &str, to: usize) -> String {
    let width: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(to.saturating_sub(width)))
}

/// The headers that decide the way, the outermost first, and behind a tunnel's those within.
impl Say for Packet {
    fn said(&self, language: Language) -> String {
        let outer = headers(self, language);
        match (self.vni(), self.inner()) {
            (Some(vni), Some(inner)) => format!("{outer}, VNI {vni}: {}", inner.said(language)),
            _ => outer,
        }
    }
}

fn headers(packet: &Packet, language: Language) -> String {
    let Some((from, to)) = packet.addresses() else { return PathText::NoIpPacket.say(language) };
    let ttl = packet.hops().unwrap_or(0);
    // A port of 0 is the kernel's choice.
    let number = |port: u16| if port == 0 { "?".to_owned() } else { port.to_string() };
    let transport = match packet.transport() {
        Some(Layer::Udp { source, destination }) => {
            format!("udp {} → {}", number(*source), number(*destination))
        }
        Some(Layer::Tcp { source, destination, .. }) => {
            format!("tcp {} → {}", number(*source), number(*destination))
        }
        Some(Layer::Echo { request: true, .. }) => PathText::EchoRequest.say(language),
        Some(Layer::Echo { request: false, .. }) => PathText::EchoReply.say(language),
        Some(Layer::Ethernet { .. } | Layer::Ip { .. } | Layer::Vxlan { .. }) => String::new(),
        Some(Layer::Payload { .. }) | None => String::new(),
    };
    format!("{from} → {to} {transport} ttl {ttl}")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.host, self.namespace)?;
        self.link.as_ref().map_or(Ok(()), |link| write!(f, " {link}"))
    }
}

impl Stage {
    fn word(self) -> PathText {
        match self {
            Self::Leave => PathText::Leave,
            Self::Output => PathText::Output,
            Self::Neighbour => PathText::Neighbour,
            Self::Transmit => PathText::Transmit,
            Self::Receive => PathText::Receive,
            Self::Bridge => PathText::Bridge,
            Self::Prerouting => PathText::Prerouting,
            Self::Route => PathText::Route,
            Self::Forward => PathText::Forward,
            Self::Input => PathText::Input,
            Self::Postrouting => PathText::Postrouting,
            Self::Encapsulate => PathText::Encapsulate,
            Self::Decapsulate => PathText::Decapsulate,
            Self::Deliver => PathText::Deliver,
        }
    }
}

impl Say for Stage {
    fn said(&self, language: Language) -> String {
        self.word().say(language)
    }
}

impl Say for Decision {
    fn said(&self, language: Language) -> String {
        let text = match self {
            Self::Route { link, gateway: Some(gateway), .. } => {
                PathText::ByGateway { gateway: *gateway, link: link.clone() }
            }
            Self::Route { link, gateway: None, .. } => PathText::ByLink { link: link.clone() },
            Self::Local => PathText::ForThisHost,
            Self::Neighbour { mac } => PathText::ToMac { mac: *mac },
            Self::Cross { to } => PathText::OverTo { place: to.to_string() },
            Self::Wire => PathText::OntoTheWire,
            Self::Taken { into: Some(bridge) } => PathText::Into { bridge: bridge.clone() },
            Self::Taken { into: None } => PathText::Taken,
            Self::Port { link } => PathText::ToPort { link: link.clone() },
            Self::Flood { links } => PathText::ToEveryPort { links: links.clone() },
            Self::Up => PathText::UpToTheHost,
            Self::Pass { changes } if changes.is_empty() => PathText::Passes,
            Self::Pass { changes } => return changes.said(language),
            Self::Wrap { remote } => PathText::WrappedFor { remote: *remote },
            Self::Unwrap => PathText::Unwrapped,
            Self::Delivered => PathText::Delivered,
        };
        text.say(language)
    }
}

impl Say for Translation {
    fn said(&self, language: Language) -> String {
        let text = match self {
            Self::Source { to, .. } => PathText::SourceBecomes { to: endpoint(to) },
            Self::Destination { to, .. } => PathText::DestinationBecomes { to: endpoint(to) },
        };
        text.say(language)
    }
}

/// A port of 0 is the kernel's choice.
fn endpoint(of: &SocketAddr) -> String {
    if of.port() == 0 { of.ip().to_string() } else { of.to_string() }
}

impl Say for Evidence {
    fn said(&self, language: Language) -> String {
        let text = match self {
            Self::Route { destination, table, .. } => {
                let destination = *destination;
                match table {
                    254 => PathText::TheRoute { destination },
                    255 => PathText::TheLocalRoute { destination },
                    table => PathText::TheRouteOf { destination, table: *table },
                }
            }
            Self::FibRule { priority, action: FibAction::Table(table), .. } => {
                PathText::TheRule { priority: *priority, table: *table }
            }
            Self::FibRule { priority, action, .. } => {
                let action = match action {
                    FibAction::Blackhole => "blackhole",
                    FibAction::Unreachable => "unreachable",
                    FibAction::Prohibit => "prohibit",
                    FibAction::Nop | FibAction::Goto(_) | FibAction::Table(_) => "",
                };
                PathText::TheRefusingRule { priority: *priority, action: action.to_owned() }
            }
            Self::Connection { original, reply } => {
                let said = |tuple: &Tuple| format!("{} → {}", tuple.source, tuple.destination);
                PathText::TheConnection { original: said(original), reply: said(reply) }
            }
            Self::Neighbour { address, mac, .. } => {
                PathText::TheNeighbour { address: *address, mac: *mac }
            }
            Self::Resolved { address, by, .. } => {
                PathText::AnsweredBy { address: *address, by: by.to_string() }
            }
            Self::Asked { address, mac } => PathText::HasAsked { address: *address, mac: *mac },
            Self::Heard { mac, port } => PathText::WasHeard { mac: *mac, port: port.clone() },
            Self::Fdb { mac, port } => PathText::TheFdb { mac: *mac, port: port.clone() },
            // As nft writes it.
            Self::Rule { family, table, chain, handle, comment, text, verdict } => {
                let handle = handle.map_or(String::new(), |handle| format!(" handle {handle}"));
                let name = match comment {
                    Some(comment) => format!(" \"{comment}\""),
                    // It says its verdict as well.
                    None if !text.is_empty() => {
                        let place = format!("{} {table} {chain}{handle}", family.as_str());
                        return format!("{place}: {text}").said(language);
                    }
                    None => handle,
                };
                let verdict = verdict.as_ref().map(ruling).unwrap_or_default();
                return format!("{} {table} {chain}{name}{verdict}", family.as_str())
                    .said(language);
            }
            Self::Policy { family, table, chain, accepts } => {
                let does = if *accepts { "accept" } else { "drop" };
                return format!("{} {table} {chain}: policy {does}", family.as_str())
                    .said(language);
            }
            Self::Sysctl { path, value } => return format!("{path} = {value}").said(language),
            Self::Pair { .. } => PathText::VethPair,
            Self::Socket { transport, local, process } => {
                let (transport, local) = (*transport, local.to_string());
                match process.clone() {
                    Some(process) => PathText::TheSocketOf { transport, local, process },
                    None => PathText::TheSocket { transport, local },
                }
            }
        };
        text.say(language)
    }
}

fn ruling(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept => " accept".to_owned(),
        Verdict::Drop => " drop".to_owned(),
        Verdict::Queue(number) => format!(" queue {number}"),
        Verdict::Jump(to) => format!(" jump {to}"),
        Verdict::Goto(to) => format!(" goto {to}"),
        Verdict::Continue | Verdict::Return => String::new(),
    }
}

impl Say for End {
    fn said(&self, language: Language) -> String {
        let text = match self {
            Self::Delivered { at, process: Some(process) } => {
                PathText::DeliveredTo { process: process.clone(), place: at.to_string() }
            }
            Self::Delivered { at, process: None } => {
                PathText::DeliveredAt { place: at.to_string() }
            }
            Self::Dropped { at, stage, because } => PathText::DroppedAt {
                place: at.to_string(),
                stage: Box::new(stage.word()),
                because: because.said(language),
            },
            Self::Left { at } => PathText::LeftBy { place: at.to_string() },
            Self::Unknown { at, stage, why } => PathText::UnknownFrom {
                place: at.to_string(),
                stage: Box::new(stage.word()),
                why: why.clone(),
            },
        };
        text.say(language)
    }
}

impl Say for Reason {
    fn said(&self, language: Language) -> String {
        let text = match self {
            Self::NoRoute { destination } => PathText::NoRoute { destination: *destination },
            Self::RouteRefuses { evidence } => {
                PathText::RefusedBy { evidence: evidence.said(language) }
            }
            Self::LinkDown { link } => PathText::LinkDown { link: link.clone() },
            Self::NoNeighbour { address, link } => {
                PathText::NoNeighbour { address: *address, link: link.clone() }
            }
            Self::NotForwarding { sysctl } => PathText::NotForwarding { sysctl: sysctl.clone() },
            Self::Rule { evidence } => return evidence.said(language),
            Self::TooBig { size, mtu, link } => {
                PathText::TooBig { size: *size, mtu: *mtu, link: link.clone() }
            }
            Self::TtlExpired => PathText::TtlExpired,
            Self::NoSocket { transport, port } => {
                PathText::NoSocket { transport: *transport, port: *port }
            }
            Self::NoTunnelTo { mac, link } => {
                PathText::NoTunnelTo { mac: *mac, link: link.clone() }
            }
            Self::NotOwn { address, link } => {
                PathText::NotOwn { address: *address, link: link.clone() }
            }
            Self::NoTunnelEnd { vni, port } => PathText::NoTunnelEnd { vni: *vni, port: *port },
            Self::CameBack { mac, link } => PathText::CameBack { mac: *mac, link: link.clone() },
            Self::OtherHost { mac } => PathText::OtherHost { mac: *mac },
            Self::PortState { link } => PathText::PortState { link: link.clone() },
            Self::Hairpin { link } => PathText::Hairpin { link: link.clone() },
            Self::Isolated { from, to } => {
                PathText::Isolated { from: from.clone(), to: to.clone() }
            }
            Self::Martian { address } => PathText::Martian { address: *address },
            Self::ReversePath { source, link, sysctl } => PathText::ReversePath {
                source: *source,
                link: link.clone(),
                sysctl: sysctl.clone(),
            },
        };
        text.say(language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::NamespaceId;
    use crate::host::nft::NftFamily;

    fn at(link: Option<&str>) -> Place {
        let link = link.map(|name| name.parse().unwrap());
        Place { host: "alpha".to_owned(), namespace: NamespaceId::Host, link }
    }

    fn hop(stage: Stage, decision: Decision, evidence: Vec<Evidence>) -> Hop {
        let packet = Packet { layers: Vec::new() };
        Hop { at: at(Some("gn-blue")), stage, packet, decision, evidence, time: None }
    }

    fn rule(comment: &str) -> Evidence {
        Evidence::Rule {
            family: NftFamily::Inet,
            table: "glassnet".to_owned(),
            chain: "forward".to_owned(),
            handle: None,
            comment: Some(comment.to_owned()),
            text: String::new(),
            verdict: Some(Verdict::Drop),
        }
    }

    #[test]
    fn words_are_the_readers_and_names_are_the_kernels() {
        let route = Evidence::Route {
            destination: "0.0.0.0/0".parse().unwrap(),
            table: 254,
            gateway: None,
            link: None,
        };
        let leave = Decision::Route {
            link: "eth0".parse().unwrap(),
            gateway: Some("10.1.0.1".parse().unwrap()),
            source: None,
        };
        let evidence = Box::new(rule("networks are isolated"));
        let path = Path {
            hops: vec![
                hop(Stage::Leave, leave, vec![route]),
                hop(Stage::Prerouting, Decision::Pass { changes: Vec::new() }, Vec::new()),
            ],
            end: End::Dropped {
                at: at(None),
                stage: Stage::Forward,
                because: Reason::Rule { evidence },
            },
        };
        assert_eq!(
            path.said(Language::Zh),
            "alpha host gn-blue               发出   从 eth0 发往 10.1.0.1 [不是 IP 数据包] (路由 0.0.0.0/0)
alpha host gn-blue               路由前 通过
丢弃于 alpha host，转发：inet glassnet forward \"networks are isolated\" drop"
        );
        assert_eq!(
            path.to_string(),
            "alpha host gn-blue               leave       to 10.1.0.1 by eth0 [no IP packet] (route 0.0.0.0/0)
alpha host gn-blue               prerouting  passes
dropped at alpha host, forward: inet glassnet forward \"networks are isolated\" drop"
        );
    }

    /// Others' rules are shown too, and their comments are theirs.
    #[test]
    fn a_comment_cannot_write_to_the_terminal() {
        for language in Language::BOTH {
            assert!(rule("a\u{1b}[2Jb").said(language).contains("a\\u{1b}[2Jb"));
        }
    }
}
