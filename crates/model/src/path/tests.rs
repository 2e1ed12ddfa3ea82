//! One UDP packet, followed by hand from a container on host `ha` through a bridge, a VXLAN, a
//! router and another bridge to a container on host `hb`, written down as a [`Path`].
//!
//! What showed each hop, on Linux 6.18:
//!
//! - the packet at each link: `tcpdump -nne -i LINK udp` in each namespace at once;
//! - transmit and receive, in order: `perf record -e net:net_dev_queue -e net:net_dev_start_xmit -e
//!   net:netif_rx -e net:netif_receive_skb`. A bridge's own device shows a `netif_receive_skb` when
//!   it hands a packet up, and a `net_dev_queue` when the host sends through it;
//! - route lookups: `-e fib:fib_table_lookup`. For a route without gateway the event's gateway
//!   field holds rubbish, and the looked-up ports are 0 when a packet is forwarded;
//! - rules: a table that sets `nftrace` for the packet, and `nft monitor trace`. It changed its trace
//!   id between prerouting and forward, so hops are joined by headers.
//!
//! Learned for the type: the same socket buffer went all the way, but the outer UDP source port
//! (59622) is the kernel's choice by flow hash and cannot be told from state; the inner TTL went
//! down once a host, the outer one once at the router; the MACs at `vx0` are the tunnel ends'.

mod across;
mod choices;
mod cluster;
mod expect;
mod faults;
mod foreign;
mod hosts;
mod inside;
mod machine;
mod next_hop;
mod outside;
mod passage;
mod random;
mod reach;
mod stepping;
mod tunnel;

use super::*;

fn mac(text: &str) -> Mac {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn link(text: &str) -> LinkName {
    text.parse().unwrap()
}

fn place(host: &str, namespace: &str, at: &str) -> Place {
    let namespace = match namespace {
        "host" => NamespaceId::Host,
        container => NamespaceId::Container(container.to_owned()),
    };
    let link = (!at.is_empty()).then(|| link(at));
    Place { host: host.to_owned(), namespace, link }
}

/// The inner packet with this TTL.
fn inner(hops: u8) -> Vec<Layer> {
    vec![
        Layer::Ip {
            source: ip("10.1.0.2"),
            destination: ip("10.2.0.2"),
            hops,
            dont_fragment: true,
        },
        Layer::Udp { source: 40000, destination: 9000 },
        Layer::Payload { length: 8 },
    ]
}

fn framed(source: &str, destination: &str, hops: u8) -> Packet {
    Packet { layers: inner(hops) }.framed(mac(source), mac(destination))
}

/// The inner packet between the tunnel ends, in the outer one with this TTL.
fn wrapped(source: &str, destination: &str, hops: u8) -> Packet {
    let (from, to) = (ip("198.51.100.2"), ip("203.0.113.2"));
    let mut layers = vec![
        Layer::Ip { source: from, destination: to, hops, dont_fragment: false },
        Layer::Udp { source: 59622, destination: 4789 },
        Layer::Vxlan { vni: 7 },
    ];
    layers.extend(framed(VXLAN_A, VXLAN_B, 63).layers);
    Packet { layers }.framed(mac(source), mac(destination))
}

const CONTAINER_A: &str = "02:67:0a:01:00:02";
const BRIDGE_A: &str = "52:20:8e:d2:04:54";
const VXLAN_A: &str = "02:00:00:00:0a:99";
const ETH_A: &str = "02:00:00:00:0a:01";
const ROUTER_1: &str = "12:a9:da:57:92:77";
const ROUTER_2: &str = "22:b7:23:ab:9c:52";
const ETH_B: &str = "02:00:00:00:0b:01";
const VXLAN_B: &str = "02:00:00:00:0b:99";
const BRIDGE_B: &str = "de:39:f8:7c:33:ad";
const CONTAINER_B: &str = "02:67:0a:02:00:02";

fn hop(
    at: Place,
    stage: Stage,
    packet: Packet,
    decision: Decision,
    evidence: Vec<Evidence>,
) -> Hop {
    Hop { at, stage, packet, decision, evidence, time: None }
}

fn route(to: &str, gateway: Option<&str>, by: &str) -> (Decision, Vec<Evidence>) {
    let (gateway, by) = (gateway.map(ip), link(by));
    let evidence = Evidence::Route {
        destination: to.parse().unwrap(),
        table: 254,
        gateway,
        link: Some(by.clone()),
    };
    (Decision::Route { link: by, gateway, source: None }, vec![evidence])
}

fn followed_by_hand() -> Path {
    let mut hops = Vec::new();
    let mut add = |at: Place, stage, packet: Packet, (decision, evidence)| {
        hops.push(hop(at, stage, packet, decision, evidence));
    };
    let plain = |decision| (decision, Vec::new());
    let no_link = Packet { layers: inner(64) };
    let from_a = framed(CONTAINER_A, BRIDGE_A, 64);
    let cross = |to: Place| plain(Decision::Cross { to });

    add(place("ha", "ca", ""), Stage::Leave, no_link, route("0.0.0.0/0", Some("10.1.0.1"), "eth0"));
    let resolved =
        Evidence::Neighbour { address: ip("10.1.0.1"), mac: mac(BRIDGE_A), link: link("eth0") };
    add(
        place("ha", "ca", "eth0"),
        Stage::Neighbour,
        from_a.clone(),
        (Decision::Neighbour { mac: mac(BRIDGE_A) }, vec![resolved]),
    );
    add(
        place("ha", "ca", "eth0"),
        Stage::Transmit,
        from_a.clone(),
        cross(place("ha", "host", "vea")),
    );
    let taken = plain(Decision::Taken { into: Some(link("br0")) });
    add(place("ha", "host", "vea"), Stage::Receive, from_a.clone(), taken);
    add(place("ha", "host", "br0"), Stage::Bridge, from_a.clone(), plain(Decision::Up));
    let entering = Evidence::Policy {
        family: NftFamily::Inet,
        table: "hand".to_owned(),
        chain: "entering".to_owned(),
        accepts: true,
    };
    let pass = || Decision::Pass { changes: Vec::new() };
    add(place("ha", "host", "br0"), Stage::Prerouting, from_a.clone(), (pass(), vec![entering]));
    add(
        place("ha", "host", "br0"),
        Stage::Route,
        from_a,
        route("10.2.0.0/24", Some("10.2.0.0"), "vx0"),
    );
    let forwarding = Evidence::Rule {
        family: NftFamily::Inet,
        table: "hand".to_owned(),
        chain: "forwarding".to_owned(),
        handle: Some(6),
        comment: Some("containers may leave".to_owned()),
        text: String::new(),
        verdict: Some(Verdict::Accept),
    };
    let forwarded = Packet { layers: inner(63) };
    add(place("ha", "host", "br0"), Stage::Forward, forwarded.clone(), (pass(), vec![forwarding]));
    let leaving = Evidence::Policy {
        family: NftFamily::Inet,
        table: "hand".to_owned(),
        chain: "leaving".to_owned(),
        accepts: true,
    };
    add(place("ha", "host", "vx0"), Stage::Postrouting, forwarded, (pass(), vec![leaving]));
    let tunnel = framed(VXLAN_A, VXLAN_B, 63);
    let wrap = Decision::Wrap { remote: ip("203.0.113.2") };
    let fdb = Evidence::Fdb { mac: mac(VXLAN_B), port: link("vx0") };
    add(place("ha", "host", "vx0"), Stage::Encapsulate, tunnel.clone(), (wrap, vec![fdb]));
    let on_wire = wrapped(ETH_A, ROUTER_1, 64);
    add(place("ha", "host", "eth0"), Stage::Transmit, on_wire.clone(), plain(Decision::Wire));
    add(
        place("wire", "host", "p1"),
        Stage::Receive,
        on_wire.clone(),
        plain(Decision::Taken { into: None }),
    );
    add(place("wire", "host", "p1"), Stage::Route, on_wire, route("203.0.113.0/24", None, "p2"));
    let routed = wrapped(ROUTER_2, ETH_B, 63);
    add(place("wire", "host", "p2"), Stage::Transmit, routed.clone(), plain(Decision::Wire));
    add(
        place("hb", "host", "eth0"),
        Stage::Receive,
        routed.clone(),
        plain(Decision::Taken { into: None }),
    );
    add(place("hb", "host", "eth0"), Stage::Route, routed, plain(Decision::Local));
    add(place("hb", "host", "vx0"), Stage::Decapsulate, tunnel.clone(), plain(Decision::Unwrap));
    add(place("hb", "host", "vx0"), Stage::Route, tunnel, route("10.2.0.0/24", None, "br0"));
    let to_b = framed(BRIDGE_B, CONTAINER_B, 62);
    let port = Decision::Port { link: link("veb") };
    let fdb = Evidence::Fdb { mac: mac(CONTAINER_B), port: link("veb") };
    add(place("hb", "host", "br0"), Stage::Bridge, to_b.clone(), (port, vec![fdb]));
    add(
        place("hb", "host", "veb"),
        Stage::Transmit,
        to_b.clone(),
        cross(place("hb", "cb", "eth0")),
    );
    add(
        place("hb", "cb", "eth0"),
        Stage::Receive,
        to_b.clone(),
        plain(Decision::Taken { into: None }),
    );
    add(place("hb", "cb", "eth0"), Stage::Route, to_b.clone(), plain(Decision::Local));
    let local = SocketAddr::new(ip("0.0.0.0"), 9000);
    let socket =
        Evidence::Socket { transport: Transport::Udp, local, process: Some("python3".to_owned()) };
    add(place("hb", "cb", "eth0"), Stage::Deliver, to_b, (Decision::Delivered, vec![socket]));
    Path {
        hops,
        end: End::Delivered { at: place("hb", "cb", "eth0"), process: Some("python3".to_owned()) },
    }
}

#[test]
fn a_real_packet_fits_the_type() {
    let path = followed_by_hand();
    let text = serde_json::to_string(&path).unwrap();
    assert_eq!(serde_json::from_str::<Path>(&text).unwrap(), path);
}

#[test]
fn lengths_are_those_that_tcpdump_showed() {
    let path = followed_by_hand();
    let at = |host: &str, name: &str, stage| {
        let found = path.hops.iter().find(|hop| {
            hop.stage == stage && hop.at.host == host && hop.at.link.as_ref() == Some(&link(name))
        });
        found.unwrap().packet.ip_length()
    };
    assert_eq!(at("ha", "eth0", Stage::Neighbour), 36);
    assert_eq!(at("wire", "p1", Stage::Receive), 86);
    assert_eq!(at("hb", "eth0", Stage::Receive), 86);
    assert_eq!(at("hb", "veb", Stage::Transmit), 36);
}
