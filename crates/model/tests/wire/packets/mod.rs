//! Well-formed packets of every protocol that the model reads, made at random.
//!
//! ```text
//! KINDS ──▶ Body ──carried──▶ layers ──seal──▶ lengths and checksums are right
//!           (what IP carries)   (IP, tags, Ethernet before it)
//! ```
//!
//! To add a kind, write what makes its body and name it in [`KINDS`].

mod applications;
mod dns;
mod icmp;
mod network;
pub(crate) mod transport;

use super::random::Random;
use model::packet::{Layer, Start, emit, ether_type, protocol, seal};

/// A packet and what it is made of.
pub(crate) struct Packet {
    pub(crate) kind: &'static str,
    pub(crate) start: Start,
    pub(crate) layers: Vec<Layer>,
    pub(crate) bytes: Vec<u8>,
}

/// What stands behind the headers that carry it.
pub(crate) struct Body {
    carrier: Carrier,
    layers: Vec<Layer>,
}

#[derive(Clone, Copy)]
enum Carrier {
    /// Ethernet, by this type.
    Link(u16),
    /// IP of either version, by this protocol.
    Ip(u8),
    Ipv4(u8),
    Ipv6(u8),
    /// Only a part, and whether it is the first.
    Fragment(u8, bool),
}

type Make = fn(&mut Random) -> Body;

/// Every kind comes equally often.
pub(crate) const KINDS: [(&str, Make); 42] = [
    ("another ether type", another_ether_type),
    ("ARP", network::arp),
    ("another IP protocol", another_protocol),
    ("a fragment's beginning", transport::first_fragment),
    ("a later fragment", later_fragment),
    ("ICMP echo", icmp::echo),
    ("ICMP unreachable", icmp::unreachable),
    ("ICMP fragmentation needed", icmp::fragmentation_needed),
    ("ICMP redirect", icmp::redirect),
    ("ICMP time exceeded", icmp::time_exceeded),
    ("ICMP parameter problem", icmp::parameter_problem),
    ("another ICMP message", icmp::another),
    ("ICMPv6 echo", icmp::echo6),
    ("ICMPv6 unreachable", icmp::unreachable6),
    ("ICMPv6 too big", icmp::too_big),
    ("ICMPv6 time exceeded", icmp::time_exceeded6),
    ("ICMPv6 parameter problem", icmp::parameter_problem6),
    ("neighbour solicitation", icmp::neighbour_solicitation),
    ("neighbour advertisement", icmp::neighbour_advertisement),
    ("router solicitation", icmp::router_solicitation),
    ("router advertisement", icmp::router_advertisement),
    ("ICMPv6 redirect", icmp::redirect6),
    ("TCP SYN", transport::syn),
    ("TCP data", transport::data),
    ("TCP SACK", transport::selective),
    ("UDP", transport::datagram),
    ("UDP without a checksum", transport::datagram),
    ("UDP that sums to 0", transport::datagram),
    ("VXLAN", transport::vxlan),
    ("DNS query", dns::query),
    ("DNS answer", dns::answer),
    ("DNS over TCP", dns::stream),
    ("mDNS query", dns::multicast_query),
    ("mDNS answer", dns::multicast_answer),
    ("DHCP request", applications::dhcp_request),
    ("DHCP answer", applications::dhcp_answer),
    ("HTTP request", applications::http_request),
    ("HTTP response", applications::http_response),
    ("TLS ClientHello", applications::client_hello),
    ("TLS ServerHello", applications::server_hello),
    ("TLS data", applications::tls_data),
    ("TLS alert", applications::tls_alert),
];

impl Packet {
    /// All of it, as files of packets have it.
    pub(crate) fn whole(&self) -> (&[u8], usize) {
        (&self.bytes, self.bytes.len())
    }
}

/// A packet of a random kind.
pub(crate) fn packet(random: &mut Random) -> Packet {
    let (kind, make) = random.pick(&KINDS);
    made(kind, make, Start::Ethernet, random)
}

/// One that begins with IP.
pub(crate) fn bare(random: &mut Random) -> Packet {
    loop {
        let (kind, make) = random.pick(&KINDS);
        if !matches!(make(random).carrier, Carrier::Link(_)) {
            return made(kind, make, Start::Ip, random);
        }
    }
}

fn made(kind: &'static str, make: Make, start: Start, random: &mut Random) -> Packet {
    let body = make(random);
    // Only where a length tells where it begins.
    let may_be_padded = !matches!(body.carrier, Carrier::Link(number) if number != ether_type::ARP);
    let mut layers = frame(start, body, random);
    if kind == "UDP without a checksum" {
        for layer in &mut layers {
            if let Layer::Udp(header) = layer {
                header.checksum = 0;
            }
        }
    } else if kind == "UDP that sums to 0" {
        transport::sum_to_zero(&mut layers);
    }
    // The least that Ethernet carries; the card adds it, some drivers show it.
    let length = emit(&layers).len();
    if start == Start::Ethernet && may_be_padded && length < 60 && random.one_in(2) {
        layers.push(Layer::Padding(vec![0; 60 - length]));
    }
    let bytes = emit(&layers);
    Packet { kind, start, layers, bytes }
}

/// A body in all that carries it, lengths and checksums right.
fn frame(start: Start, body: Body, random: &mut Random) -> Vec<Layer> {
    let carrier = body.carrier;
    let (ether_type, mut layers) = match carrier {
        Carrier::Link(number) => (number, Vec::new()),
        Carrier::Ipv4(number) => (ether_type::IPV4, network::ipv4(number, random)),
        Carrier::Ipv6(number) => (ether_type::IPV6, network::ipv6(number, random)),
        Carrier::Ip(number) if random.one_in(2) => {
            (ether_type::IPV4, network::ipv4(number, random))
        }
        Carrier::Ip(number) => (ether_type::IPV6, network::ipv6(number, random)),
        Carrier::Fragment(number, first) if random.one_in(2) => {
            (ether_type::IPV4, network::fragment4(number, first, random))
        }
        Carrier::Fragment(number, first) => {
            (ether_type::IPV6, network::fragment6(number, first, random))
        }
    };
    layers.extend(body.layers);
    if start == Start::Ethernet {
        let before = network::ethernet(ether_type, random);
        layers.splice(0..0, before);
    }
    seal(&mut layers);
    if let Carrier::Fragment(_, true) = carrier {
        transport::cut_short(&mut layers, random);
    }
    layers
}

/// One of those that nobody here reads; tags, IP and RARP are not among them.
fn another_ether_type(random: &mut Random) -> Body {
    let number = random.pick(&[0x88b5, 0x88b6, 0x6007, 0xa0ed]);
    let length = random.between(1, 80);
    let layers = vec![Layer::Payload(random.bytes(length))];
    Body { carrier: Carrier::Link(number), layers }
}

fn another_protocol(random: &mut Random) -> Body {
    // RFC 3692: for experiments.
    let number = random.pick(&[253, 254]);
    let length = random.between(1, 80);
    Body { carrier: Carrier::Ip(number), layers: vec![Layer::Payload(random.bytes(length))] }
}

fn later_fragment(random: &mut Random) -> Body {
    let number = random.pick(&[protocol::TCP, protocol::UDP, 253]);
    let length = random.between(1, 10) * 8;
    let layers = vec![Layer::Payload(random.bytes(length))];
    Body { carrier: Carrier::Fragment(number, false), layers }
}
