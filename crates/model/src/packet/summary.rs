//! A packet in one line: who sends what to whom.
//!
//! `10.1.0.2:40000 > 10.1.0.3:80 TCP SYN seq 1 win 64240 mss 1460`. A tunnel's line begins with the
//! tunnel: `VXLAN 7 10.0.0.1 > 10.0.0.2 | …`.

use super::http::FirstLine;
use super::icmp::{self, Icmp};
use super::icmpv6::{self, Icmpv6};
use super::tcp::{Tcp, TcpOption, flag};
use super::{Dissection, Found, Layer, dns, protocol};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// The line, for what was taken apart.
pub fn line(dissection: &Dissection) -> String {
    let mut line = String::new();
    // What is in a tunnel is said behind it.
    for tunnel in way(dissection).0 {
        let _ = write!(line, "{tunnel} | ");
    }
    packet(&mut line, inner(&dissection.layers));
    if let Some((at, why)) = &dissection.end {
        let _ = write!(line, " [{why}, at byte {at}]");
    }
    line
}

/// What is in the innermost tunnel.
pub fn inner(layers: &[Found]) -> &[Found] {
    let tunnel = layers.iter().rposition(|found| matches!(found.layer, Layer::Vxlan(_)));
    &layers[tunnel.map_or(0, |place| place + 1)..]
}

/// The tunnels that a packet is in there, outermost first (`VXLAN 7 10.0.0.1 > 10.0.0.2`), and the
/// ends that its innermost IP header bears.
pub fn way(dissection: &Dissection) -> (Vec<String>, Option<(IpAddr, IpAddr)>) {
    let mut tunnels = Vec::new();
    let mut rest = &dissection.layers[..];
    while let Some(place) = rest.iter().position(|found| matches!(found.layer, Layer::Vxlan(_))) {
        if let Layer::Vxlan(header) = &rest[place].layer {
            tunnels.push(match ends(&rest[..place]) {
                Some((from, to)) => format!("VXLAN {} {from} > {to}", header.vni),
                None => format!("VXLAN {}", header.vni),
            });
        }
        rest = &rest[place + 1..];
    }
    (tunnels, ends(rest))
}

/// Sender and receiver of the first IP header.
pub fn ends(layers: &[Found]) -> Option<(IpAddr, IpAddr)> {
    layers.iter().find_map(|found| match &found.layer {
        Layer::Ipv4(header) => Some((header.source.into(), header.destination.into())),
        Layer::Ipv6(header) => Some((header.source.into(), header.destination.into())),
        _ => None,
    })
}

/// The protocol and the ports of TCP or UDP, the sender's first.
pub fn ports(layers: &[Found]) -> Option<(u8, [u16; 2])> {
    layers.iter().find_map(|found| match &found.layer {
        Layer::Tcp(header) => Some((protocol::TCP, [header.source, header.destination])),
        Layer::TcpStart(header) => Some((protocol::TCP, [header.source, header.destination])),
        Layer::Udp(header) => Some((protocol::UDP, [header.source, header.destination])),
        _ => None,
    })
}

fn packet(line: &mut String, layers: &[Found]) {
    let Some((from, to)) = ends(layers) else {
        return link(line, layers);
    };
    // An error quotes ports that are not its own.
    let quoting =
        layers.iter().any(|found| matches!(found.layer, Layer::Icmp(_) | Layer::Icmpv6(_)));
    let _ = match ports(layers).filter(|_| !quoting) {
        Some((_, [of, at])) => {
            write!(line, "{} > {}", SocketAddr::new(from, of), SocketAddr::new(to, at))
        }
        None => write!(line, "{from} > {to}"),
    };
    body(line, layers);
}

/// What an ICMP error says, without what it quotes.
pub fn error(layers: &[Found]) -> String {
    let mut line = String::new();
    for found in layers {
        match &found.layer {
            Layer::Icmp(header) => icmp(&mut line, header),
            Layer::Icmpv6(header) => icmpv6(&mut line, header, None),
            _ => continue,
        }
        break;
    }
    line.trim_start().to_owned()
}

/// What a packet says, without who and to whom.
pub fn message(layers: &[Found]) -> String {
    let mut line = String::new();
    body(&mut line, layers);
    line.trim_start().to_owned()
}

fn body(line: &mut String, layers: &[Found]) {
    let names = |found: &Found| found.layer.name();
    let length = carried(layers);
    for (place, Found { layer, .. }) in layers.iter().enumerate() {
        match layer {
            Layer::Vlan(header) => drop(write!(line, " vlan {}", header.id)),
            Layer::Ipv4(header) if header.is_fragment() => {
                let more = if header.flags & 1 != 0 { "+" } else { "" };
                let _ = write!(line, " fragment {}{more}", u32::from(header.fragment_offset) * 8);
            }
            Layer::Fragment(header) => {
                let more = if header.more { "+" } else { "" };
                let _ = write!(line, " fragment {}{more}", u32::from(header.offset) * 8);
            }
            Layer::Tcp(header) => tcp(line, header, length),
            Layer::TcpStart(header) => drop(write!(line, " TCP seq {}", header.sequence)),
            Layer::Udp(_) if layers.get(place + 1).is_none_or(|next| names(next) == "payload") => {
                let _ = write!(line, " UDP {length} bytes");
            }
            Layer::Icmp(header) => {
                icmp(line, header);
                return about(line, &layers[place + 1..]);
            }
            Layer::Icmpv6(header) => {
                icmpv6(line, header, layers.get(place + 1));
                return about(line, &layers[place + 1..]);
            }
            layer => {
                if let Some(saying) = saying(layer) {
                    let _ = write!(line, " {saying}");
                }
            }
        }
    }
    let over = layers.iter().rev().find_map(|found| match &found.layer {
        Layer::Ipv4(header) => Some(header.protocol),
        Layer::Ipv6(header) => Some(header.next_header),
        Layer::Extension(header) => Some(header.next_header),
        Layer::Fragment(header) => Some(header.next_header),
        _ => None,
    });
    if let (Some(number), None) = (over, ports(layers)) {
        let _ = write!(line, " protocol {number}, {length} bytes");
    }
}

/// What programs say to each other: DNS, DHCP, HTTP and TLS.
pub fn saying(layer: &Layer) -> Option<String> {
    Some(match layer {
        Layer::Dns(message) => dns(message),
        Layer::Dhcp(message) => {
            let what = message.message().unwrap_or("BOOTP");
            match message.operation {
                2 => format!("DHCP {what} {}", message.yours),
                _ => format!("DHCP {what}"),
            }
        }
        Layer::Http(message) => match &message.first {
            FirstLine::Request { method, target, .. } => format!("HTTP {method} {target}"),
            FirstLine::Response { status, phrase, .. } => {
                let phrase = phrase.as_deref().unwrap_or_default();
                format!("HTTP {status} {phrase}").trim_end().to_owned()
            }
        },
        Layer::Tls(record) => format!("TLS {}", tls(record)),
        _ => return None,
    })
}

/// What is not IP.
fn link(line: &mut String, layers: &[Found]) {
    for Found { layer, .. } in layers {
        match layer {
            Layer::Vlan(header) => drop(write!(line, "vlan {} ", header.id)),
            Layer::Arp(arp) if arp.operation == 1 => {
                let _ = write!(line, "ARP who has {}? tell {}", arp.target, arp.sender);
                return;
            }
            Layer::Arp(arp) => {
                let _ = write!(line, "ARP {} is at {}", arp.sender, arp.sender_mac);
                return;
            }
            _ => {}
        }
    }
    let ether_type = layers.iter().rev().find_map(|found| match &found.layer {
        Layer::Vlan(header) => Some(header.ether_type),
        Layer::Ethernet(header) => Some(header.ether_type),
        _ => None,
    });
    let frame = layers.iter().find_map(|found| match &found.layer {
        Layer::Ethernet(header) => Some(header),
        _ => None,
    });
    let _ = match (frame, ether_type) {
        (Some(frame), Some(number)) => {
            write!(line, "{} > {} EtherType {number:#06x}", frame.source, frame.destination)
        }
        _ => write!(line, "{} bytes", layers.iter().map(|found| found.bytes.len()).sum::<usize>()),
    };
}

/// Bytes that the transport carries.
pub fn carried(layers: &[Found]) -> usize {
    let heads = |found: &Found| {
        matches!(
            found.layer,
            Layer::Ethernet(_)
                | Layer::Vlan(_)
                | Layer::Ipv4(_)
                | Layer::Ipv6(_)
                | Layer::Extension(_)
                | Layer::Fragment(_)
                | Layer::Tcp(_)
                | Layer::TcpStart(_)
                | Layer::Udp(_)
                | Layer::Padding(_)
        )
    };
    layers.iter().filter(|found| !heads(found)).map(|found| found.bytes.len()).sum()
}

/// The flags that are set, as people name them.
pub fn flags(header: &Tcp) -> String {
    let names = [
        (flag::SYN, "SYN"),
        (flag::FIN, "FIN"),
        (flag::RST, "RST"),
        (flag::PSH, "PSH"),
        (flag::ACK, "ACK"),
        (flag::URG, "URG"),
        (flag::ECE, "ECE"),
        (flag::CWR, "CWR"),
    ];
    let set: Vec<_> =
        names.iter().filter(|(flag, _)| header.has(*flag)).map(|(_, name)| *name).collect();
    if set.is_empty() { "no flags".to_owned() } else { set.join(" ") }
}

fn tcp(line: &mut String, header: &Tcp, length: usize) {
    let _ = write!(line, " TCP {} seq {}", flags(header), header.sequence);
    if header.has(flag::ACK) {
        let _ = write!(line, " ack {}", header.acknowledgement);
    }
    let _ = write!(line, " win {}", header.window);
    for option in header.options() {
        if let TcpOption::MaximumSegment(size) = option {
            let _ = write!(line, " mss {size}");
        }
    }
    if length > 0 {
        let _ = write!(line, " {length} bytes");
    }
}

fn icmp(line: &mut String, header: &Icmp) {
    if let Some(gateway) = header.gateway() {
        let _ = write!(line, " ICMP redirect to {gateway}");
        return;
    }
    let _ = match (header.kind, header.code) {
        (icmp::ECHO_REQUEST | icmp::ECHO_REPLY, _) => {
            let what = if header.kind == icmp::ECHO_REQUEST { "request" } else { "reply" };
            let (identifier, sequence) = header.echo().unwrap_or_default();
            write!(line, " ICMP echo {what} id {identifier} seq {sequence}")
        }
        (icmp::UNREACHABLE, icmp::FRAGMENTATION_NEEDED) => {
            let mtu = header.next_hop_mtu().unwrap_or_default();
            write!(line, " ICMP fragmentation needed, mtu {mtu}")
        }
        (icmp::UNREACHABLE, code) => {
            let what = match code {
                0 => "network",
                1 => "host",
                2 => "protocol",
                3 => "port",
                9 | 10 | 13 => "prohibited:",
                _ => "destination",
            };
            write!(line, " ICMP {what} unreachable (code {code})")
        }
        (icmp::TIME_EXCEEDED, 0) => write!(line, " ICMP TTL exceeded"),
        (icmp::TIME_EXCEEDED, _) => write!(line, " ICMP fragments did not arrive in time"),
        (kind, code) => write!(line, " ICMP type {kind} code {code}"),
    };
}

fn icmpv6(line: &mut String, header: &Icmpv6, next: Option<&Found>) {
    let target = match next.map(|found| &found.layer) {
        Some(Layer::Discovery(body)) => body.target().map(IpAddr::V6),
        _ => None,
    };
    let _ = match (header.kind, target) {
        (icmpv6::ECHO_REQUEST | icmpv6::ECHO_REPLY, _) => {
            let what = if header.kind == icmpv6::ECHO_REQUEST { "request" } else { "reply" };
            let (identifier, sequence) = header.echo().unwrap_or_default();
            write!(line, " ICMPv6 echo {what} id {identifier} seq {sequence}")
        }
        (icmpv6::NEIGHBOUR_SOLICITATION, Some(target)) => {
            write!(line, " ICMPv6 who has {target}?")
        }
        (icmpv6::NEIGHBOUR_ADVERTISEMENT, Some(target)) => {
            write!(line, " ICMPv6 {target} is here")
        }
        (icmpv6::ROUTER_SOLICITATION, _) => write!(line, " ICMPv6 router solicitation"),
        (icmpv6::ROUTER_ADVERTISEMENT, _) => write!(line, " ICMPv6 router advertisement"),
        (icmpv6::TOO_BIG, _) => {
            write!(line, " ICMPv6 packet too big, mtu {}", header.next_hop_mtu().unwrap_or(0))
        }
        (icmpv6::UNREACHABLE, _) => write!(line, " ICMPv6 unreachable (code {})", header.code),
        (icmpv6::TIME_EXCEEDED, _) => write!(line, " ICMPv6 hop limit exceeded"),
        (MULTICAST_REPORT, _) => write!(line, " ICMPv6 multicast listener report"),
        (kind, _) => write!(line, " ICMPv6 type {kind} code {}", header.code),
    };
}

/// RFC 3810: who listens to which groups.
const MULTICAST_REPORT: u8 = 143;

/// The packet that an error quotes.
fn about(line: &mut String, quoted: &[Found]) {
    if ends(quoted).is_some() {
        line.push_str(" about ");
        packet(line, quoted);
    }
}

fn dns(message: &dns::Dns) -> String {
    let what = if message.is_response() { "answer" } else { "query" };
    let mut line = format!("DNS {what}");
    for question in message.questions() {
        let _ = write!(line, " {} {}", kind(question.kind), question.name);
    }
    if message.is_response() {
        match message.response_code() {
            0 => {}
            3 => line.push_str(": no such name"),
            code => drop(write!(line, ": error {code}")),
        }
        let answers = usize::from(message.counts[1]);
        for record in message.records().iter().take(answers) {
            let _ = match &record.data {
                dns::Data::V4(address) => write!(line, " = {address}"),
                dns::Data::V6(address) => write!(line, " = {address}"),
                dns::Data::Name(name) => write!(line, " = {name}"),
                dns::Data::Service { port, target, .. } => write!(line, " = {target}:{port}"),
                dns::Data::Mail { exchange, .. } => write!(line, " = {exchange}"),
                dns::Data::Texts(_) | dns::Data::Other(_) => {
                    write!(line, " = {} …", kind(record.kind))
                }
            };
        }
    }
    line
}

/// A record's kind as people name it.
fn kind(number: u16) -> String {
    let name = match number {
        dns::kind::A => "A",
        dns::kind::NS => "NS",
        dns::kind::CNAME => "CNAME",
        dns::kind::SOA => "SOA",
        dns::kind::PTR => "PTR",
        dns::kind::MX => "MX",
        dns::kind::TXT => "TXT",
        dns::kind::AAAA => "AAAA",
        dns::kind::SRV => "SRV",
        number => return format!("TYPE{number}"),
    };
    name.to_owned()
}

fn tls(record: &super::tls::Tls) -> String {
    use super::tls::*;
    match (record.kind, record.hello()) {
        (_, Some(CLIENT_HELLO)) => match record.server_name() {
            Some(name) => format!("ClientHello for {name}"),
            None => "ClientHello".to_owned(),
        },
        (_, Some(_)) => "ServerHello".to_owned(),
        (CHANGE_CIPHER_SPEC, _) => "change cipher spec".to_owned(),
        (ALERT, _) => "alert".to_owned(),
        (HANDSHAKE, _) => "handshake".to_owned(),
        _ => "application data".to_owned(),
    }
}
