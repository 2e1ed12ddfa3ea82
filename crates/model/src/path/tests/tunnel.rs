//! What goes wrong at a tunnel's ends, and how large a packet gets through.

use super::cluster::{ask, id, of_container};
use super::expect::expect;
use super::hosts::Hosts;
use super::machine::*;
use crate::cluster::Means;
use crate::host::{FdbEntry, Link, LinkKind, NamespaceId, Route};
use crate::net::{Family, LinkName, Mac, Transport};
use crate::path::{End, Path, Question, Reason, Stage};

fn tunnels() -> Hosts {
    Hosts::new(Means::Vxlan, false)
}

fn dropped(path: &Path) -> (String, Stage, Reason) {
    let End::Dropped { at, stage, because } = &path.end else { panic!("{path}") };
    (at.host.clone(), *stage, because.clone())
}

fn net0() -> LinkName {
    name("gx-net0")
}

/// The far tunnel end's MAC address.
fn vtep(hosts: &mut Hosts, of: &str) -> Mac {
    hosts.of(of).links.get(&net0()).unwrap().mac.unwrap()
}

#[test]
fn a_mac_in_no_entry_is_dropped_and_named() {
    let mut hosts = tunnels();
    let mac = vtep(&mut hosts, "hb");
    let entry = hosts.of("ha").fdb.get(&(net0(), mac, None)).cloned().unwrap();
    hosts.of("ha").fdb.remove(&(net0(), mac, None));
    let path = hosts.across();
    let because = Reason::NoTunnelTo { mac, link: net0() };
    assert_eq!(dropped(&path), ("ha".into(), Stage::Encapsulate, because));
    expect("across-no-fdb-entry", &path);
    // What is not listed goes where the entry of all zeros says; if that are two, to both.
    let zero = |remote| FdbEntry::tunnel(net0(), Mac([0; 6]), ip(remote));
    hosts.of("ha").fdb.insert(zero("192.0.2.2"));
    assert!(matches!(hosts.across().end, End::Delivered { .. }));
    hosts.of("ha").fdb.insert(zero("192.0.2.3"));
    assert!(matches!(hosts.across().end, End::Unknown { .. }));
    hosts.of("ha").fdb.insert(entry);
    assert!(matches!(hosts.across().end, End::Delivered { .. }));
}

#[test]
fn a_port_and_number_of_an_entry_itself_count() {
    let mut hosts = tunnels();
    let mac = vtep(&mut hosts, "hb");
    let key = (net0(), mac, None);
    hosts.of("ha").fdb.get_mut(&key).unwrap().vni = Some(77);
    let because = Reason::NoTunnelEnd { vni: 77, port: 4789 };
    assert_eq!(dropped(&hosts.across()), ("hb".into(), Stage::Decapsulate, because));
    hosts.of("ha").fdb.get_mut(&key).unwrap().port = Some(4790);
    let because = Reason::NoSocket { transport: Transport::Udp, port: 4790 };
    assert_eq!(dropped(&hosts.across()), ("hb".into(), Stage::Deliver, because));
    let LinkKind::Vxlan(end) = &mut hosts.of("hb").links.get_mut(&net0()).unwrap().kind else {
        panic!("a tunnel")
    };
    (end.vni, end.port) = (77, 4790);
    assert!(matches!(hosts.across().end, End::Delivered { .. }));
}

#[test]
fn a_far_end_that_is_missing_or_down_takes_nothing() {
    let mut hosts = tunnels();
    hosts.of("hb").links.remove(&net0());
    let path = hosts.across();
    // The other network's tunnel shares the port.
    let because = Reason::NoTunnelEnd { vni: 7, port: 4789 };
    assert_eq!(dropped(&path), ("hb".into(), Stage::Decapsulate, because));
    expect("across-no-tunnel-end", &path);
    hosts.of("hb").links.get_mut(&name("gx-net1")).unwrap().up = false;
    let because = Reason::NoSocket { transport: Transport::Udp, port: 4789 };
    assert_eq!(dropped(&hosts.across()), ("hb".into(), Stage::Deliver, because));
}

#[test]
fn a_tunnel_sends_from_no_address_that_the_host_has_lost() {
    let mut hosts = tunnels();
    let alpha = hosts.of("ha");
    alpha.routes.retain(|route| route.destination != "192.0.2.1/32".parse().unwrap());
    let because = Reason::NotOwn { address: ip("192.0.2.1"), link: net0() };
    assert_eq!(dropped(&hosts.across()), ("ha".into(), Stage::Encapsulate, because));
}

/// Two nodes with one name would have one MAC address.
#[test]
fn a_frame_from_the_tunnels_own_address_came_back() {
    let mut hosts = tunnels();
    let mac = vtep(&mut hosts, "hb");
    hosts.of("ha").links.get_mut(&net0()).unwrap().mac = Some(mac);
    let because = Reason::CameBack { mac, link: net0() };
    assert_eq!(dropped(&hosts.across()), ("hb".into(), Stage::Decapsulate, because));
}

#[test]
fn a_frame_for_another_end_is_not_taken() {
    let mut hosts = tunnels();
    let mac = vtep(&mut hosts, "hb");
    hosts.of("hb").links.get_mut(&net0()).unwrap().mac = Some(Mac([6, 0, 0, 0, 0, 1]));
    let because = Reason::OtherHost { mac };
    assert_eq!(dropped(&hosts.across()), ("hb".into(), Stage::Receive, because));
}

/// A packet of so many bytes, headers included, from a0.
fn of_size(hosts: &Hosts, bytes: u32) -> Path {
    let question = ask(id(0, 0), of_container(1, 0, Family::V4), 80);
    hosts.ask("ha", Question { payload: bytes - 60, ..question }).0
}

#[test]
fn the_largest_packet_just_fits() {
    let path = of_size(&tunnels(), 1450);
    assert!(matches!(path.end, End::Delivered { .. }), "{path}");
    let largest = path.hops.iter().map(|hop| hop.packet.ip_length()).max();
    assert_eq!(largest, Some(1500));
}

#[test]
fn the_routes_own_size_counts_before_the_links() {
    let mut hosts = tunnels();
    let mut routes = hosts.of("ha").routes.iter();
    let found = routes.find(|route| route.destination == "10.0.0.32/28".parse().unwrap());
    let route = Route { mtu: Some(1400), ..found.unwrap().clone() };
    hosts.of("ha").routes.insert(route);
    assert!(matches!(of_size(&hosts, 1400).end, End::Delivered { .. }));
    let because = Reason::TooBig { size: 1401, mtu: 1400, link: net0() };
    assert_eq!(dropped(&of_size(&hosts, 1401)), ("ha".into(), Stage::Forward, because));
}

#[test]
fn an_outer_packet_too_large_for_the_underlay_is_not_cut() {
    let mut hosts = tunnels();
    let eth0 = |link: &mut Link<_>| link.mtu = Some(1400);
    eth0(hosts.of("ha").links.get_mut(&name("eth0")).unwrap());
    let because = Reason::TooBig { size: 1500, mtu: 1400, link: name("eth0") };
    assert_eq!(dropped(&of_size(&hosts, 1450)), ("ha".into(), Stage::Postrouting, because));
    assert!(matches!(of_size(&hosts, 1350).end, End::Delivered { .. }));
    // Cut if it may be, and then not followed, though the packet within must not.
    let LinkKind::Vxlan(end) = &mut hosts.of("ha").links.get_mut(&net0()).unwrap().kind else {
        panic!("a tunnel")
    };
    end.df = false;
    assert!(matches!(of_size(&hosts, 1450).end, End::Unknown { .. }));
}

#[test]
fn a_router_with_a_smaller_link_drops_it() {
    let mut hosts = Hosts::new(Means::Vxlan, true);
    hosts.of("out").links.get_mut(&name("eth1")).unwrap().mtu = Some(1400);
    let because = Reason::TooBig { size: 1500, mtu: 1400, link: name("eth1") };
    assert_eq!(dropped(&of_size(&hosts, 1450)), ("out".into(), Stage::Forward, because));
}

#[test]
fn a_rule_of_the_host_sees_the_outer_packet_as_the_hosts_own() {
    use crate::host::nft::*;
    let mut hosts = tunnels();
    let (to, value) = (Register(0), vec![0x12, 0xb5]);
    let rule = Rule {
        handle: Some(3),
        comment: None,
        expressions: vec![
            Expression::Payload { base: PayloadBase::Transport, offset: 2, len: 2, to },
            Expression::Cmp { op: CmpOp::Equal, from: to, value },
            Expression::Verdict(Verdict::Drop),
        ],
    };
    for (host, hook, stage) in
        [("hb", Hook::Input, Stage::Input), ("ha", Hook::Output, Stage::Output)]
    {
        let (kind, policy, devices) = (ChainKind::Filter, Policy::Accept, Vec::new());
        let base = BaseChain { kind, hook, priority: 0, policy, devices };
        let chain = Chain { name: "own".into(), base: Some(base), rules: vec![rule.clone()] };
        let table = NftTable {
            family: NftFamily::Ip,
            name: "filter".into(),
            comment: None,
            sets: Default::default(),
            chains: [chain].into_iter().collect(),
        };
        hosts.of(host).nft.tables.insert(table);
        let path = hosts.across();
        let End::Dropped { at, stage: is, because: Reason::Rule { .. } } = &path.end else {
            panic!("{path}")
        };
        assert_eq!((at.host.as_str(), *is), (host, stage));
        assert_eq!(at.namespace, NamespaceId::Host);
    }
}
