//! A packet on its way, header by header.

use model::explain::{Language, PathText, TraceText};
use model::path::{Layer, Packet};

/// Each header in a line, the outermost first.
pub(super) fn layers(packet: &Packet, language: Language) -> Vec<String> {
    let line = |layer: &Layer| match layer {
        Layer::Ethernet { source, destination } => format!("Ethernet {source} → {destination}"),
        Layer::Ip { source, destination, hops, dont_fragment } => {
            let version = if source.is_ipv4() { "IPv4" } else { "IPv6" };
            let limit = if source.is_ipv4() { "TTL" } else { "hop limit" };
            let whole = TraceText::NoFragments.say(language);
            let whole = if *dont_fragment && source.is_ipv4() {
                format!(", {whole}")
            } else {
                String::new()
            };
            format!("{version} {source} → {destination}, {limit} {hops}{whole}")
        }
        Layer::Udp { source, destination } => {
            format!("UDP {} → {}", port(*source), port(*destination))
        }
        Layer::Tcp { source, destination, syn } => {
            let flags = if *syn { "SYN" } else { "SYN ACK" };
            format!("TCP {} → {}, {flags}", port(*source), port(*destination))
        }
        Layer::Echo { request, .. } => format!("ICMP {}", echo(*request, language)),
        Layer::Vxlan { vni } => format!("VXLAN, VNI {vni}"),
        Layer::Payload { length } => TraceText::Data { bytes: *length }.say(language),
    };
    packet.layers.iter().map(line).collect()
}

/// A port of 0 is the kernel's choice.
fn port(number: u16) -> String {
    if number == 0 { "?".to_owned() } else { number.to_string() }
}

fn echo(request: bool, language: Language) -> String {
    if request { PathText::EchoRequest.say(language) } else { PathText::EchoReply.say(language) }
}
