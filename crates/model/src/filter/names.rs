//! The names of numbers in filters.

use super::expression::Family;
use crate::packet::{ether_type, protocol};

/// Constants of comparisons: offsets of fields, and values that they have.
const NUMBERS: [(&str, u32); 47] = [
    ("tcpflags", 13),
    ("tcp-fin", 0x01),
    ("tcp-syn", 0x02),
    ("tcp-rst", 0x04),
    ("tcp-push", 0x08),
    ("tcp-ack", 0x10),
    ("tcp-urg", 0x20),
    ("tcp-ece", 0x40),
    ("tcp-cwr", 0x80),
    ("icmptype", 0),
    ("icmpcode", 1),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-sourcequench", 4),
    ("icmp-redirect", 5),
    ("icmp-echo", 8),
    ("icmp-routeradvert", 9),
    ("icmp-routersolicit", 10),
    ("icmp-timxceed", 11),
    ("icmp-paramprob", 12),
    ("icmp-tstamp", 13),
    ("icmp-tstampreply", 14),
    ("icmp-ireq", 15),
    ("icmp-ireqreply", 16),
    ("icmp-maskreq", 17),
    ("icmp-maskreply", 18),
    ("icmp6type", 0),
    ("icmp6code", 1),
    ("icmp6-destinationunreach", 1),
    ("icmp6-packettoobig", 2),
    ("icmp6-timeexceeded", 3),
    ("icmp6-parameterproblem", 4),
    ("icmp6-echo", 128),
    ("icmp6-echoreply", 129),
    ("icmp6-multicastlistenerquery", 130),
    ("icmp6-multicastlistenerreportv1", 131),
    ("icmp6-multicastlistenerdone", 132),
    ("icmp6-routersolicit", 133),
    ("icmp6-routeradvert", 134),
    ("icmp6-neighborsolicit", 135),
    ("icmp6-neighboradvert", 136),
    ("icmp6-redirect", 137),
    ("icmp6-routerrenum", 138),
    ("icmp6-nodeinformationquery", 139),
    ("icmp6-nodeinformationresponse", 140),
    ("icmp6-ineighbordiscoverysolicit", 141),
    ("icmp6-ineighbordiscoveryadvert", 142),
];

/// A port, and the protocol that alone has a service there.
pub(super) type Port = (u16, Option<u8>);

/// Ports that have a name here (IANA's service names, with the protocols that Debian's list of them
/// has). Others are written as numbers.
const PORTS: [(&str, Port); 18] = [
    ("ftp", (21, Some(protocol::TCP))),
    ("ssh", (22, Some(protocol::TCP))),
    ("telnet", (23, Some(protocol::TCP))),
    ("smtp", (25, Some(protocol::TCP))),
    ("domain", (53, None)),
    ("bootps", (67, Some(protocol::UDP))),
    ("bootpc", (68, Some(protocol::UDP))),
    ("http", (80, Some(protocol::TCP))),
    ("ntp", (123, Some(protocol::UDP))),
    ("snmp", (161, None)),
    ("bgp", (179, Some(protocol::TCP))),
    ("https", (443, None)),
    ("mysql", (3306, Some(protocol::TCP))),
    ("postgresql", (5432, Some(protocol::TCP))),
    ("etcd-client", (2379, Some(protocol::TCP))),
    ("etcd-server", (2380, Some(protocol::TCP))),
    ("vxlan", (4789, Some(protocol::UDP))),
    ("mdns", (5353, Some(protocol::UDP))),
];

/// IP protocols: name, number.
const PROTOCOLS: [(&str, u8); 9] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("esp", 50),
    ("ah", 51),
    ("icmp6", 58),
    ("pim", 103),
    ("sctp", protocol::SCTP),
];

/// What a frame may carry that has a name.
const FAMILIES: [(&str, Family); 4] =
    [("ip", Family::Ip), ("ip6", Family::Ip6), ("arp", Family::Arp), ("rarp", Family::Rarp)];

impl Family {
    pub(super) fn ether_type(self) -> u16 {
        match self {
            Self::Ip => ether_type::IPV4,
            Self::Ip6 => ether_type::IPV6,
            Self::Arp => ether_type::ARP,
            Self::Rarp => ether_type::RARP,
        }
    }
}

fn find<T: Copy>(list: &[(&str, T)], name: &str) -> Option<T> {
    list.iter().find(|(its, _)| *its == name).map(|(_, number)| *number)
}

pub(super) fn number(name: &str) -> Option<u32> {
    find(&NUMBERS, name)
}

pub(super) fn port(name: &str) -> Option<Port> {
    find(&PORTS, name)
}

pub(super) fn family(name: &str) -> Option<Family> {
    find(&FAMILIES, name)
}

pub(super) fn protocol(name: &str) -> Option<u8> {
    find(&PROTOCOLS, name)
}
