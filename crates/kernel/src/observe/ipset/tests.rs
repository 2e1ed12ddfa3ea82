//! ipset(8) is the oracle.

use super::*;
use crate::netlink::Writer;
use crate::observe::{Parts, namespace};
use crate::testing::Place;

/// What ipset(8) saves of an element, from ours: the oracle's words.
fn words(set: &IpSet, element: &IpSetElement) -> String {
    let port = |protocol: &Option<u8>, port: u16| match protocol {
        None => port.to_string(),
        Some(6) => format!("tcp:{port}"),
        Some(17) => format!("udp:{port}"),
        Some(132) => format!("sctp:{port}"),
        Some(1) => format!("icmp:{}/{}", port >> 8, port & 0xff),
        Some(other) => panic!("protocol {other}"),
    };
    let part = |part: &IpSetPart| match part {
        IpSetPart::Net(net) if net.prefix_len() == net.max_prefix_len() => net.addr().to_string(),
        IpSetPart::Net(net) => net.to_string(),
        IpSetPart::Port { protocol, first, last } => {
            assert_eq!(first, last);
            port(protocol, *first)
        }
        IpSetPart::Mac(mac) => mac.to_string().to_uppercase(),
        IpSetPart::Link(link) => link.to_string(),
        IpSetPart::Mark(mark) => format!("{mark:#010x}"),
    };
    let parts: Vec<_> = element.parts.iter().map(part).collect();
    let nomatch = if element.nomatch { " nomatch" } else { "" };
    format!("add {} {}{nomatch}", set.name, parts.join(","))
}

/// Writes what an element or a set is like.
type Inner = fn(&mut Writer);

/// A message that tells of a set, as the kernel would write it.
fn told(kind: &str, like: Inner, elements: &[Inner]) -> IpSet {
    let mut body = Writer::after(&[0; HEADER]);
    body.text(attribute::SETNAME, "s");
    body.text(attribute::TYPENAME, kind);
    body.u8(attribute::FAMILY, 2);
    body.nest(attribute::DATA, like);
    body.nest(attribute::ADT, |list| {
        elements.iter().for_each(|element| list.nest(attribute::DATA, element));
    });
    let sets = gather(&[body.finish()]);
    assert_eq!(sets.len(), 1);
    sets.iter().next().unwrap().clone()
}

fn address(body: &mut Writer, kind: u16, address: [u8; 4], length: Option<(u16, u8)>) {
    body.nest(kind, |body| body.bytes(1, &address));
    if let Some((kind, length)) = length {
        body.u8(kind, length);
    }
}

/// For a kernel that lacks these kinds, what another one's would say.
#[test]
fn kinds_that_not_every_kernel_has() {
    let first: Inner = |body| {
        address(body, element::IP, [10, 0, 0, 0], Some((element::CIDR, 8)));
        body.be16(element::PORT, 80);
        body.u8(element::PROTO, 6);
        address(body, element::IP2, [192, 0, 2, 0], Some((element::CIDR2, 24)));
    };
    let marked: Inner = |body| {
        address(body, element::IP, [10, 0, 0, 1], None);
        body.be32(element::MARK, 0x63);
        body.bytes(element::ETHER, &[2, 0, 0, 0, 0, 1]);
    };
    for (kind, element, expected) in [
        ("hash:net,port,net", first, "add s 10.0.0.0/8,tcp:80,192.0.2.0/24"),
        ("hash:net,net", first, "add s 10.0.0.0/8,192.0.2.0/24"),
        ("hash:ip,mark", marked, "add s 10.0.0.1,0x00000063"),
        ("hash:ip,mac", marked, "add s 10.0.0.1,02:00:00:00:00:01"),
        ("hash:mac", marked, "add s 02:00:00:00:00:01"),
    ] {
        let set = told(kind, |_| {}, &[element]);
        let IpSetMembers::Elements(elements) = &set.members else { panic!("{set:?}") };
        assert_eq!(words(&set, &elements[0]), expected);
    }
    let refused: [(&str, Inner, Inner, &str); 5] = [
        ("hash:ip,mark", |like| like.be32(element::MARKMASK, 255), marked, "bits of a mark"),
        ("hash:net,net", |like| like.u8(element::NETMASK, 24), first, "first bits"),
        ("hash:ip", |like| like.nest(element::BITMASK, |_| {}), first, "bits of an address"),
        ("hash:ip,colour", |_| {}, first, "not modelled"),
        ("hash:ip,mark", |_| {}, first, "lacks a part"),
    ];
    for (kind, like, element, why) in refused {
        let IpSetMembers::Unmodelled(said) = told(kind, like, &[element]).members else {
            panic!("{kind} is understood");
        };
        assert!(said.contains(why), "{said}");
    }
}

fn read(place: &mut Place) -> Table<IpSet> {
    let parts = Parts { ipsets: true, ..Parts::default() };
    namespace(&mut place.sockets, &parts).unwrap().ipsets
}

#[test]
fn sets_of_every_kind_are_as_ipset_saves_them() {
    let mut place = Place::new();
    place.feed(
        "ipset restore",
        "create a hash:ip timeout 600 counters comment
add a 10.0.0.1 timeout 500 comment hello
add a 10.0.0.2
create a6 hash:ip family inet6
add a6 2001:db8::1
create ip hash:ip,port
add ip 10.0.0.1,tcp:80
add ip 10.0.0.1,udp:53
add ip 10.0.0.1,icmp:77/3
create ipi hash:ip,port,ip
add ipi 10.0.0.1,sctp:5,10.0.0.2
create ipn hash:ip,port,net
add ipn 10.0.0.1,tcp:80,10.1.0.0/16
create n hash:net
add n 10.0.0.0/8
add n 10.1.0.0/16 nomatch
create n6 hash:net family inet6
add n6 2001:db8::/32
create np hash:net,port
add np 10.0.0.0/8,tcp:80
create ni hash:net,iface
add ni 10.0.0.0/8,eth0
create bi bitmap:ip range 10.0.0.0/24
add bi 10.0.0.7
create bim bitmap:ip,mac range 10.0.0.0/24
add bim 10.0.0.7,02:00:00:00:00:01
add bim 10.0.0.8
create bp bitmap:port range 1-1000
add bp 80
add bp 443
create all list:set
add all n
add all a
",
    );
    let sets = read(&mut place);
    let saved = place.run("ipset save");
    let mut said: Vec<&str> = saved.lines().filter(|line| line.starts_with("add ")).collect();
    // What is beside the element is not read.
    for line in &mut said {
        *line = line.split(" timeout").next().unwrap();
    }
    let mut ours = Vec::new();
    for set in sets.iter() {
        match &set.members {
            IpSetMembers::Elements(elements) => {
                ours.extend(elements.iter().map(|element| words(set, element)));
            }
            IpSetMembers::Sets(names) => {
                assert_eq!(names, &["n", "a"]);
                ours.extend(names.iter().map(|name| format!("add {} {name}", set.name)));
            }
            IpSetMembers::Unmodelled(why) => panic!("{}: {why}", set.name),
        }
        let line = format!("create {} {} ", set.name, set.kind);
        let line = saved.lines().find(|said| said.starts_with(&line)).unwrap_or_else(|| {
            panic!("no {line:?} in\n{saved}");
        });
        assert_eq!(set.family == Some(Family::V6), line.contains("family inet6"), "{line}");
    }
    said.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, said);
    assert_eq!(sets.len(), saved.lines().filter(|line| line.starts_with("create ")).count());
    assert_eq!(sets.get(&"all".to_owned()).unwrap().family, None);
    assert_eq!(sets.get(&"a".to_owned()).unwrap().family, Some(Family::V4));
}

#[test]
fn an_address_with_a_netmask_stands_for_its_prefix() {
    let mut place = Place::new();
    place.run("ipset create a hash:ip netmask 24");
    place.run("ipset add a 10.1.2.3");
    place.run("ipset create b bitmap:ip range 10.0.0.0/16 netmask 24");
    place.run("ipset add b 10.0.5.6");
    let sets = read(&mut place);
    for (name, net) in [("a", "10.1.2.0/24"), ("b", "10.0.5.0/24")] {
        let parts = vec![IpSetPart::Net(net.parse().unwrap())];
        let element = IpSetElement { parts, nomatch: false };
        let members = &sets.get(&name.to_owned()).unwrap().members;
        assert_eq!(members, &IpSetMembers::Elements(vec![element]));
    }
}

#[test]
fn what_the_model_cannot_hold_says_why() {
    let mut place = Place::new();
    place.run("ipset create ports hash:net,iface");
    place.run("ipset add ports 10.0.0.0/8,eth0");
    place.run("ipset add ports 10.0.0.0/8,physdev:eth0");
    place.run("ipset create names hash:net,iface");
    place.run("ipset add names 10.0.0.0/8,eth wildcard");
    let sets = read(&mut place);
    for (name, words) in [("ports", "ports of bridges"), ("names", "beginnings")] {
        let set = sets.get(&name.to_owned()).unwrap();
        let IpSetMembers::Unmodelled(why) = &set.members else { panic!("{set:?}") };
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn a_large_set_comes_in_pieces_and_is_whole() {
    let mut place = Place::new();
    let adds: String = (0..20_000_u32)
        .map(|n| format!("add big 10.{}.{}.{}\n", n >> 16, n >> 8 & 255, n & 255))
        .collect();
    place.feed("ipset restore", &format!("create big hash:ip maxelem 30000\n{adds}"));
    let sets = read(&mut place);
    let IpSetMembers::Elements(elements) = &sets.get(&"big".to_owned()).unwrap().members else {
        panic!("no elements");
    };
    let mut addresses: Vec<_> =
        elements.iter().map(|element| format!("{:?}", element.parts)).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 20_000);
}
