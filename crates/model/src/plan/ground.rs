//! What a host needs before its first network: our two nftables tables, and forwarding.
//!
//! Two tables, each in the family that sees what it has to judge:
//!
//! ```text
//! bridge glassnet   prerouting   antispoof    a frame's source is its port's own
//! inet glassnet     prerouting   outer        what tunnels carry between hosts is not tracked
//!                   output       outer_own    the same as it is sent (both in a cluster only)
//!                   input        local        127.0.0.0/8 is not for containers
//!                   prerouting   publish      published port → container
//!                   output       publish_own  the same for the host's own clients
//!                   forward      forward      who may reach whom, on this host and on others
//!                   postrouting  masquerade   containers → outside under the host's address
//!                   (from there) leaving      but not → containers of another host
//! ```

use super::Node;
use super::rules::{Field, IPV4, IPV6, rule};
use crate::host::nft::*;
use crate::host::{NamespaceId, Never, Sysctl, Table, Wanted};
use crate::net::Family;

/// The sets and maps, whose elements are networks and attachments.
pub mod set {
    /// Our bridges, and the tunnel ends that are parts of their networks.
    pub const BRIDGES: &str = "bridges";
    /// Pairs of links between which everything may pass: a bridge with itself.
    pub const SAME: &str = "same";
    /// Bridges whose containers bear the host's address outside.
    pub const MASQUERADE: &str = "masquerade";
    /// Tunnel ends.
    pub const TUNNELS: &str = "tunnels";
    /// UDP ports that tunnels are sent to.
    pub const OUTER: &str = "outer";
    /// What goes between containers of two hosts: the link it comes by, the one it leaves by (one of
    /// the two is the network's bridge), and the network's subnet, which its source is in.
    pub const REMOTE4: &str = "remote4";
    pub const REMOTE6: &str = "remote6";
    /// What goes to containers of other hosts without a tunnel: a bridge and its network's subnet.
    pub const BEYOND4: &str = "beyond4";
    pub const BEYOND6: &str = "beyond6";
    /// Where such go: a link to other hosts and a network's subnet.
    pub const OUTWARD4: &str = "outward4";
    pub const OUTWARD6: &str = "outward6";
    /// Links that lead to containers only, not to others.
    pub const CLOSED: &str = "closed";
    /// Published ports, on every address of the host.
    pub const PUBLISH4: &str = "publish4";
    pub const PUBLISH6: &str = "publish6";
    /// Published ports of one address.
    pub const PUBLISH4_AT: &str = "publish4_at";
    pub const PUBLISH6_AT: &str = "publish6_at";
    /// Containers with published ports, each with itself: `address . address`.
    pub const SELF4: &str = "self4";
    pub const SELF6: &str = "self6";
    /// Bridge ports that are held to their own addresses.
    pub const PORTS: &str = "ports";
    /// A port with its MAC address.
    pub const MACS: &str = "macs";
    /// A port with its MAC and IP address.
    pub const SOURCE4: &str = "source4";
    pub const SOURCE6: &str = "source6";
}

const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_ARP: [u8; 2] = [0x08, 0x06];
const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xdd];
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// The tables with their rules, and forwarding.
pub fn ground(node: &Node) -> Wanted {
    let mut wanted = Wanted::default();
    let host = wanted.namespace(NamespaceId::Host);
    host.nft.tables.insert(bridge_table());
    host.nft.tables.insert(inet_table(node));
    host.sysctls.insert(Sysctl::new("net/ipv4/ip_forward", "1"));
    host.sysctls.insert(Sysctl::new("net/ipv6/conf/all/forwarding", "1"));
    if node.member.is_some() {
        // Redirects are sent if this one or a link's own says so; other links' own stay as they are.
        host.sysctls.insert(Sysctl::new("net/ipv4/conf/all/send_redirects", "0"));
    }
    let reached_by =
        |family| node.member.as_ref().is_some_and(|member| member.address(family).is_some());
    for link in &node.underlay_links {
        // A card that gets another MAC address says so itself, at once; else the other nodes would
        // send to the old one until they ask again, for half a minute.
        if reached_by(Family::V4) {
            host.sysctls.insert(Sysctl::new(format!("net/ipv4/conf/{link}/arp_notify"), "1"));
        }
        if reached_by(Family::V6) {
            host.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{link}/ndisc_notify"), "1"));
        }
    }
    for link in &node.advertised_links {
        // 1 would mean "unless the host forwards"; and turning forwarding on would throw away
        // the default route that came by advertisement (`rt6_purge_dflt_routers`).
        host.sysctls.insert(Sysctl::new(format!("net/ipv6/conf/{link}/accept_ra"), "2"));
    }
    wanted
}

fn base(
    name: &str,
    kind: ChainKind,
    hook: Hook,
    priority: i32,
    rules: Vec<Rule<Never>>,
) -> Chain<Never> {
    let base = BaseChain { kind, hook, priority, policy: Policy::Accept, devices: Vec::new() };
    Chain { name: name.to_owned(), base: Some(base), rules }
}

const INET_SETS: [&str; 18] = [
    set::OUTER,
    set::OUTWARD4,
    set::OUTWARD6,
    set::TUNNELS,
    set::REMOTE4,
    set::REMOTE6,
    set::BEYOND4,
    set::BEYOND6,
    set::BRIDGES,
    set::SAME,
    set::MASQUERADE,
    set::CLOSED,
    set::PUBLISH4,
    set::PUBLISH6,
    set::PUBLISH4_AT,
    set::PUBLISH6_AT,
    set::SELF4,
    set::SELF6,
];

const BRIDGE_SETS: [&str; 4] = [set::PORTS, set::MACS, set::SOURCE4, set::SOURCE6];

/// A set of the ground, without elements.
pub(super) fn empty(name: &str) -> Set {
    use DataType::{Ipv4Address as A4, Ipv6Address as A6, LinkName as L, Mac as M, Port, Protocol};
    match name {
        set::OUTER => Set::hash(name, &[Port]),
        set::PUBLISH4 => Set::map(name, &[Protocol, Port], &[A4, Port]),
        set::PUBLISH6 => Set::map(name, &[Protocol, Port], &[A6, Port]),
        set::PUBLISH4_AT => Set::map(name, &[A4, Protocol, Port], &[A4, Port]),
        set::PUBLISH6_AT => Set::map(name, &[A6, Protocol, Port], &[A6, Port]),
        set::REMOTE4 => Set::ranges(name, &[L, L, A4]),
        set::REMOTE6 => Set::ranges(name, &[L, L, A6]),
        set::BEYOND4 | set::OUTWARD4 => Set::ranges(name, &[L, A4]),
        set::BEYOND6 | set::OUTWARD6 => Set::ranges(name, &[L, A6]),
        set::SAME => Set::hash(name, &[L, L]),
        set::SELF4 => Set::hash(name, &[A4, A4]),
        set::SELF6 => Set::hash(name, &[A6, A6]),
        set::MACS => Set::hash(name, &[L, M]),
        set::SOURCE4 => Set::hash(name, &[L, M, A4]),
        set::SOURCE6 => Set::hash(name, &[L, M, A6]),
        // Bridges, ports and other links.
        _ => Set::hash(name, &[L]),
    }
}

fn inet_sets(node: &Node) -> Vec<Set> {
    let mut sets = INET_SETS.map(empty);
    for closed in sets.iter_mut().filter(|set| set.name == set::CLOSED) {
        for link in &node.closed_links {
            closed.elements.insert(Key::new().link(link), None, None);
        }
    }
    sets.into()
}

fn inet_table(node: &Node) -> NftTable<Never> {
    let mut chains: Table<Chain<Never>> = [
        base("local", ChainKind::Filter, Hook::Input, 0, local()),
        base("publish", ChainKind::Nat, Hook::Prerouting, -100, publish(false)),
        base("publish_own", ChainKind::Nat, Hook::Output, -100, publish(true)),
        base("forward", ChainKind::Filter, Hook::Forward, 0, forward()),
        base("masquerade", ChainKind::Nat, Hook::Postrouting, 100, masquerade()),
        plain("leaving", leaving()),
    ]
    .into_iter()
    .collect();
    if node.member.is_some() {
        for (name, hook) in [("outer", Hook::Prerouting), ("outer_own", Hook::Output)] {
            chains.insert(base(name, ChainKind::Filter, hook, BEFORE_TRACKING, outer()));
        }
    }
    NftTable {
        family: NftFamily::Inet,
        name: TABLE.to_owned(),
        comment: Some("made and kept by glassnet".to_owned()),
        sets: inet_sets(node).into_iter().collect(),
        chains,
    }
}

/// `NF_IP_PRI_RAW`.
const BEFORE_TRACKING: i32 = -300;

/// Of what goes between two tunnel ends nothing is ever an answer: each source port is a hash of what
/// is inside (RFC 7348 §5). To track it would take time twice on each host, and an entry for each
/// connection inside.
fn outer() -> Vec<Rule<Never>> {
    let carried = rule("what tunnels carry between hosts is not tracked")
        .equals(Field::L4Protocol, &[UDP])
        .is_in(&[Field::DestinationPort], set::OUTER);
    vec![carried.notrack()]
}

/// Bridges route 127.0.0.0/8 (`route_localnet`) so that the host reaches published ports there;
/// without this rule its containers would reach the host's own loopback services (CVE-2020-8558).
/// Answers to the host itself, which masquerade has given back their 127.0.0.1, are welcome.
///
/// The rule is behind routing, where packets between containers do not come by.
fn local() -> Vec<Rule<Never>> {
    let loopback = rule("containers do not reach the host's 127.0.0.0/8")
        .ipv4()
        .masked(Field::Ip4Destination, &[0xff, 0, 0, 0], &[127, 0, 0, 0])
        .is_in(&[Field::IifName], set::BRIDGES)
        .not_state(ct_state::ESTABLISHED | ct_state::RELATED);
    vec![loopback.drop()]
}

/// `own` is for packets that the host itself sends. `::1` cannot be given another destination (its
/// packets do not leave the loopback link), so those are left to the forwarder that listens there.
fn publish(own: bool) -> Vec<Rule<Never>> {
    use Field::{
        DestinationPort as P, Ip4Destination as D4, Ip6Destination as D6, L4Protocol as L4,
    };
    let not_loopback = |rule: super::rules::RuleInTheMaking| {
        if own {
            let mut loopback = [0; 16];
            loopback[15] = 1;
            rule.compare(D6, CmpOp::NotEqual, &loopback)
        } else {
            rule
        }
    };
    let v6 = |comment| not_loopback(rule(comment).ipv6());
    vec![
        rule("published on one address")
            .ipv4()
            .find(&[D4, L4, P], set::PUBLISH4_AT)
            .dnat_to_found(IPV4),
        rule("published").ipv4().find(&[L4, P], set::PUBLISH4).to_this_host().dnat_to_found(IPV4),
        v6("published on one address").find(&[D6, L4, P], set::PUBLISH6_AT).dnat_to_found(IPV6),
        v6("published").find(&[L4, P], set::PUBLISH6).to_this_host().dnat_to_found(IPV6),
    ]
}

fn forward() -> Vec<Rule<Never>> {
    use ct_state::{ESTABLISHED, NEW, RELATED};
    vec![
        rule("answers").state(ESTABLISHED | RELATED).accept(),
        rule("inside one network").is_in(&[Field::IifName, Field::OifName], set::SAME).accept(),
        rule("published ports")
            .is_in(&[Field::OifName], set::BRIDGES)
            .status(ct_status::DNAT)
            .accept(),
        // By the source too: what an underlay carries, anybody there may have sent.
        rule("inside one network, between hosts")
            .ipv4()
            .is_in(&[Field::IifName, Field::OifName, Field::Ip4Source], set::REMOTE4)
            .accept(),
        rule("inside one network, between hosts")
            .ipv6()
            .is_in(&[Field::IifName, Field::OifName, Field::Ip6Source], set::REMOTE6)
            .accept(),
        rule("networks are isolated, and the outside reaches published ports only")
            .is_in(&[Field::OifName], set::BRIDGES)
            .drop(),
        rule("this host routes for its containers, not for its neighbours")
            .is_in(&[Field::IifName], set::CLOSED)
            .state(NEW)
            .not_status(ct_status::DNAT)
            .drop(),
        rule("what comes by a tunnel goes to its own network")
            .is_in(&[Field::IifName], set::TUNNELS)
            .drop(),
        // Under the host's address it might pass for one of that network there: where the link has no
        // address, masquerade takes any of the host's.
        rule("to a network on other hosts from within it only")
            .ipv4()
            .is_in(&[Field::OifName, Field::Ip4Destination], set::OUTWARD4)
            .not_in(&[Field::IifName, Field::Ip4Destination], set::BEYOND4)
            .drop(),
        rule("to a network on other hosts from within it only")
            .ipv6()
            .is_in(&[Field::OifName, Field::Ip6Destination], set::OUTWARD6)
            .not_in(&[Field::IifName, Field::Ip6Destination], set::BEYOND6)
            .drop(),
    ]
}

fn masquerade() -> Vec<Rule<Never>> {
    use Field::{IifName, OifName};
    vec![
        // In a chain of its own, so that what stays on this host meets no more for there being others.
        rule("containers speak to others")
            .is_in(&[IifName], set::MASQUERADE)
            .not_in(&[OifName], set::BRIDGES)
            .goto("leaving"),
        rule("hairpin: a published port reached from its own network")
            .is_in(&[IifName, OifName], set::SAME)
            .status(ct_status::DNAT)
            .masquerade(),
        // With br_netfilter the way is bridged, and the link it came by is not told here.
        rule("a container's own published port")
            .status(ct_status::DNAT)
            .ipv4()
            .is_in(&[Field::Ip4Source, Field::Ip4Destination], set::SELF4)
            .masquerade(),
        rule("a container's own published port")
            .status(ct_status::DNAT)
            .ipv6()
            .is_in(&[Field::Ip6Source, Field::Ip6Destination], set::SELF6)
            .masquerade(),
        rule("a published port reached from the host's 127.0.0.0/8")
            .is_in(&[OifName], set::BRIDGES)
            .ipv4()
            .masked(Field::Ip4Source, &[0xff, 0, 0, 0], &[127, 0, 0, 0])
            .masquerade(),
    ]
}

/// What containers send to others than those of this host, but for what goes through a tunnel.
fn leaving() -> Vec<Rule<Never>> {
    use Field::{IifName, Ip4Destination, Ip6Destination};
    vec![
        rule("inside one network, to another host")
            .ipv4()
            .is_in(&[IifName, Ip4Destination], set::BEYOND4)
            .accept(),
        rule("inside one network, to another host")
            .ipv6()
            .is_in(&[IifName, Ip6Destination], set::BEYOND6)
            .accept(),
        rule("containers speak to the outside under the host's address").masquerade(),
    ]
}

fn plain(name: &str, rules: Vec<Rule<Never>>) -> Chain<Never> {
    Chain { name: name.to_owned(), base: None, rules }
}

fn bridge_table() -> NftTable<Never> {
    let chains = [
        base("antispoof", ChainKind::Filter, Hook::Prerouting, -300, antispoof()),
        plain("ipv6", ipv6()),
        plain("discovery", discovery()),
    ];
    NftTable {
        family: NftFamily::Bridge,
        name: TABLE.to_owned(),
        comment: Some("made and kept by glassnet".to_owned()),
        sets: BRIDGE_SETS.map(empty).into_iter().collect(),
        chains: chains.into_iter().collect(),
    }
}

/// A frame's source addresses, at every layer, are those of the port it came by. Other protocols
/// than IP and ARP, VLAN tags among them, do not pass.
fn antispoof() -> Vec<Rule<Never>> {
    use Field::{ArpSenderAddress, ArpSenderMac, EtherSource, EtherType, IifName, Ip4Source};
    vec![
        // First, so that a well-meant packet costs one look into a set.
        rule("IPv4 from its own address")
            .equals(EtherType, &ETHERTYPE_IPV4)
            .is_in(&[IifName, EtherSource, Ip4Source], set::SOURCE4)
            .accept(),
        rule("not a port of ours").not_in(&[IifName], set::PORTS).accept(),
        rule("IPv6").equals(EtherType, &ETHERTYPE_IPV6).goto("ipv6"),
        rule("ARP for its own address")
            .equals(EtherType, &ETHERTYPE_ARP)
            .is_in(&[IifName, EtherSource, ArpSenderAddress], set::SOURCE4)
            .is_in(&[IifName, ArpSenderMac, ArpSenderAddress], set::SOURCE4)
            .accept(),
        rule("a source that is not this port's").drop(),
    ]
}

fn ipv6() -> Vec<Rule<Never>> {
    use Field::{EtherSource, Icmp6Type, IifName, Ip6Source, L4Protocol};
    vec![
        rule("neighbour discovery: types 133 to 137")
            .equals(L4Protocol, &[ICMPV6])
            .compare(Icmp6Type, CmpOp::GreaterOrEqual, &[133])
            .compare(Icmp6Type, CmpOp::LessOrEqual, &[137])
            .goto("discovery"),
        rule("IPv6 from its own address")
            .is_in(&[IifName, EtherSource, Ip6Source], set::SOURCE6)
            .accept(),
        rule("multicast report before an address is there (RFC 3590)")
            .equals(Ip6Source, &[0; 16])
            .equals(L4Protocol, &[ICMPV6])
            .equals(Icmp6Type, &[143])
            .is_in(&[IifName, EtherSource], set::MACS)
            .accept(),
        rule("a source that is not this port's").drop(),
    ]
}

/// Neighbour discovery may speak of the port's own addresses only, and with no option but its own
/// link-layer address: a second option could hide another. Router advertisements (134) and
/// redirects (137) are in no rule and fall to the last (CVE-2020-10749).
fn discovery() -> Vec<Rule<Never>> {
    use Field::{
        EtherSource, Icmp6Type, IifName, Ip6PayloadLength, Ip6Source, NdOption, NdOptionMac,
        NdTarget, RsOption, RsOptionMac,
    };
    // RFC 4861 §4.6.1: type, and length 1 in units of 8 bytes.
    const SOURCE_LINK_LAYER: [u8; 2] = [1, 1];
    const TARGET_LINK_LAYER: [u8; 2] = [2, 1];
    const SOLICIT: [u8; 1] = [135];
    const ADVERT: [u8; 1] = [136];
    const ROUTER_SOLICIT: [u8; 1] = [133];
    let length = |comment, kind: &[u8], length: u16| {
        rule(comment).equals(Icmp6Type, kind).equals(Ip6PayloadLength, &length.to_be_bytes())
    };
    let own = [IifName, EtherSource, Ip6Source];
    vec![
        rule("is this address of mine free? (RFC 4862 §5.4)")
            .equals(Icmp6Type, &SOLICIT)
            .equals(Ip6Source, &[0; 16])
            .is_in(&[IifName, EtherSource, NdTarget], set::SOURCE6)
            .accept(),
        length("who has …?", &SOLICIT, 24).is_in(&own, set::SOURCE6).accept(),
        length("who has …? tell me, at my MAC", &SOLICIT, 32)
            .equals(NdOption, &SOURCE_LINK_LAYER)
            .is_in(&own, set::SOURCE6)
            .is_in(&[IifName, NdOptionMac], set::MACS)
            .accept(),
        length("I have it", &ADVERT, 24)
            .is_in(&own, set::SOURCE6)
            .is_in(&[IifName, EtherSource, NdTarget], set::SOURCE6)
            .accept(),
        length("I have it, at my MAC", &ADVERT, 32)
            .equals(NdOption, &TARGET_LINK_LAYER)
            .is_in(&own, set::SOURCE6)
            .is_in(&[IifName, NdOptionMac, NdTarget], set::SOURCE6)
            .accept(),
        length("is there a router?", &ROUTER_SOLICIT, 8)
            .is_in(&[IifName, EtherSource], set::MACS)
            .accept(),
        length("is there a router? tell me, at my MAC", &ROUTER_SOLICIT, 16)
            .equals(RsOption, &SOURCE_LINK_LAYER)
            .is_in(&own, set::SOURCE6)
            .is_in(&[IifName, RsOptionMac], set::MACS)
            .accept(),
        rule("discovery about what is not this port's, or a router's part").drop(),
    ]
}

/// A table of ours with nothing but some elements, to be merged into the ground.
pub(super) fn elements(family: NftFamily, sets: Vec<Set>) -> NftTable<Never> {
    NftTable {
        family,
        name: TABLE.to_owned(),
        comment: None,
        sets: sets.into_iter().collect(),
        chains: Table::default(),
    }
}
