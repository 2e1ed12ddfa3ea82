//! Echoes over paths of namespaces: a host, a router, another host.

use super::*;
use crate::testing::Place;
use model::cluster::{Proof, Search};
use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// `a` (10.0.1.1) - `r` (.254, 10.0.2.254) - `b` (10.0.2.1), and the same below fd00:1 and fd00:2.
struct Path {
    a: Place,
    r: Place,
    b: Place,
}

impl Path {
    /// The link behind the router takes so many bytes.
    fn new(behind: u32) -> Self {
        let [a, r, b] = [Place::new(), Place::new(), Place::new()];
        for place in [&a, &r, &b] {
            place.run("sysctl -qw net.ipv6.conf.default.accept_dad=0");
            place.run("sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0");
        }
        let router = format!("/proc/{}/fd/{}", std::process::id(), r.namespace.as_fd().as_raw_fd());
        for (host, link, net) in [(&a, "ra", 1), (&b, "rb", 2)] {
            let mtu = if net == 1 { 9000 } else { behind };
            host.run(&format!(
                "ip link add u0 mtu {mtu} type veth peer name {link} mtu {mtu} netns {router}"
            ));
            for (place, link, last) in [(host, "u0", 1), (&r, link, 254)] {
                place.run("ip link set lo up");
                place.run(&format!("ip link set {link} up"));
                place.run(&format!("ip address add 10.0.{net}.{last}/24 dev {link}"));
                place.run(&format!("ip address add fd00:{net}::{last}/64 dev {link} nodad"));
            }
            host.run(&format!("ip route add default via 10.0.{net}.254"));
            host.run(&format!("ip route add default via fd00:{net}::254"));
        }
        r.run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        // The first packet of a path waits for neighbours; that the kernel has asked is enough.
        let path = Self { a, r, b };
        path.a.run("ping -c 1 -W 2 10.0.2.1");
        path.a.run("ping -c 1 -W 2 fd00:2::1");
        path
    }

    fn echo(&self, to: &str, bytes: u32) -> Outcome {
        let from = if to.contains(':') { "fd00:1::1" } else { "10.0.1.1" };
        one(&self.a, Source::Address(ip(from)), to, bytes)
    }

    fn search(&self, to: &str, full: u32) -> Proof {
        let from = Source::Address(ip(if to.contains(':') { "fd00:1::1" } else { "10.0.1.1" }));
        let mut search = Search::new(Echo { from, to: ip(to), bytes: full });
        while let Some(echo) = search.next() {
            search.step(one(&self.a, echo.from, to, echo.bytes));
        }
        search.proof().unwrap().clone()
    }
}

fn one(from: &Place, source: Source, to: &str, bytes: u32) -> Outcome {
    let echo = Echo { from: source, to: ip(to), bytes };
    let patience = Duration::from_millis(300);
    echoes(from.namespace.as_fd(), &[echo], patience).unwrap().pop().unwrap()
}

#[test]
fn what_passes_is_answered_and_a_router_says_what_does_not() {
    let path = Path::new(1400);
    for (to, router) in [("10.0.2.1", "10.0.1.254"), ("fd00:2::1", "fd00:1::254")] {
        for bytes in [1280, 1399, 1400] {
            let outcome = path.echo(to, bytes);
            assert!(
                matches!(outcome, Outcome::Answered { microseconds: 1..300_000 }),
                "{outcome:?}"
            );
        }
        let too_big = Outcome::TooBig { by: ip(router), mtu: 1400 };
        assert_eq!(path.echo(to, 1401), too_big);
        // What the kernel has learned of the path does not keep the next one from being sent.
        assert_eq!(path.echo(to, 9000), too_big);
        assert_eq!(path.echo(to, 9001), Outcome::LinkTakes { mtu: 9000 });
        let proof = path.search(to, 9000);
        assert_eq!((proof.bytes, proof.larger), (Some(1400), Some(too_big)));
    }
    // As the router sees it, the packets are not to be fragmented.
    path.r.run("nft add table ip t");
    path.r.run("nft add chain ip t c { type filter hook forward priority 0 ; }");
    path.r.run("nft add rule ip t c ip daddr 10.0.2.1 ip frag-off & 0x4000 == 0 drop");
    assert!(matches!(path.echo("10.0.2.1", 1400), Outcome::Answered { .. }));
}

#[test]
fn a_router_that_says_nothing_is_measured() {
    let path = Path::new(1400);
    path.r.run("nft add table inet t");
    path.r.run("nft add chain inet t c { type filter hook output priority 0 ; }");
    path.r.run("nft add rule inet t c icmp type destination-unreachable drop");
    path.r.run("nft add rule inet t c icmpv6 type packet-too-big drop");
    for to in ["10.0.2.1", "fd00:2::1"] {
        let proof = path.search(to, 1500);
        assert_eq!((proof.bytes, proof.larger), (Some(1400), Some(Outcome::Silent)));
    }
}

#[test]
fn refusals_are_told_with_who_it_was() {
    let path = Path::new(1500);
    path.r.run("ip route add prohibit 10.7.0.0/16");
    path.r.run("ip route add prohibit fd00:7::/64");
    path.r.run("ip route add unreachable 10.8.0.0/16");
    path.r.run("nft add table inet t");
    path.r.run("nft add chain inet t c { type filter hook forward priority 0 ; }");
    path.r.run("nft add rule inet t c ip daddr 10.0.2.9 drop");
    let refused = |by, kind, code| Outcome::Refused { by: ip(by), kind, code };
    assert_eq!(path.echo("10.7.0.1", 576), refused("10.0.1.254", 3, 13));
    assert_eq!(path.echo("fd00:7::1", 1280), refused("fd00:1::254", 1, 1));
    assert_eq!(path.echo("10.8.0.1", 576), refused("10.0.1.254", 3, 1));
    assert_eq!(path.echo("10.0.2.9", 576), Outcome::Silent);
    assert_eq!(path.search("10.0.2.9", 1500).bytes, None);
}

#[test]
fn what_this_host_does_not_send_is_said() {
    let place = Place::new();
    place.run("ip link add v0 mtu 1300 type veth peer name v1");
    place.run("ip link set v0 up");
    place.run("ip address add 10.0.0.1/24 dev v0");
    place.run("ip route add unreachable 10.8.0.0/16");
    let not = |why| Outcome::NotSent { why };
    let here = || Source::Address(ip("10.0.0.1"));
    assert_eq!(one(&place, here(), "192.0.2.1", 576), not(Unsent::NoRoute));
    assert_eq!(one(&place, here(), "10.8.0.1", 576), not(Unsent::NoRoute));
    let from = ip("10.0.0.2");
    let nobodys = Source::Address(from);
    assert_eq!(one(&place, nobodys, "10.0.0.3", 576), not(Unsent::NoSource { from }));
    let link = || "nothing".parse().unwrap();
    let nowhere = one(&place, Source::Link(link()), "fe80::1", 1280);
    assert_eq!(nowhere, not(Unsent::NoLink { link: link() }));
    place.run("nft add table ip t");
    place.run("nft add chain ip t c { type filter hook output priority 0 ; }");
    place.run("nft add rule ip t c ip daddr 10.0.0.9 drop");
    assert_eq!(one(&place, here(), "10.0.0.9", 576), not(Unsent::Forbidden));
    assert_eq!(one(&place, here(), "10.0.0.8", 1301), Outcome::LinkTakes { mtu: 1300 });
    let by_link = Source::Link("v0".parse().unwrap());
    assert_eq!(one(&place, by_link, "10.0.0.8", 1301), Outcome::LinkTakes { mtu: 1300 });
}

#[test]
fn a_thousand_are_asked_together() {
    let path = Path::new(9000);
    path.b.run("ip route add local 10.9.0.0/16 dev lo");
    path.b.run("ip route add local fd00:9::/64 dev lo");
    path.r.run("ip route add 10.9.0.0/16 via 10.0.2.1");
    path.r.run("ip route add fd00:9::/64 via fd00:2::1");
    // One in a hundred has nobody.
    path.r.run("nft add table inet t");
    path.r.run("nft add chain inet t c { type filter hook forward priority 0 ; }");
    path.r.run("nft add rule inet t c ip daddr & 0.0.0.255 == 7 ip daddr 10.9.0.0/16 drop");
    let echo = |number: u32| {
        let (high, low) = (number / 200, number % 200);
        match number % 2 {
            0 => Echo {
                from: Source::Address(ip("10.0.1.1")),
                to: ip(&format!("10.9.{high}.{low}")),
                bytes: 1500,
            },
            _ => Echo {
                from: Source::Address(ip("fd00:1::1")),
                to: ip(&format!("fd00:9::{high}:{low}")),
                bytes: 1500,
            },
        }
    };
    let mut asked: Vec<Echo> = (0..2000).map(echo).collect();
    for (number, echo) in asked.iter_mut().enumerate().skip(100).step_by(200) {
        echo.from = Source::Address(ip("10.0.1.1"));
        echo.to = ip(&format!("10.9.{}.7", number / 200));
    }
    let started = Instant::now();
    let patience = Duration::from_millis(500);
    let outcomes = echoes(path.a.namespace.as_fd(), &asked, patience).unwrap();
    let took = started.elapsed();
    for (echo, outcome) in asked.iter().zip(&outcomes) {
        let nobody =
            echo.to.to_string().starts_with("10.9.") && echo.to.to_string().ends_with(".7");
        let answered = matches!(outcome, Outcome::Answered { .. });
        assert!(answered != nobody, "{echo:?}: {outcome:?}");
        assert!(answered || *outcome == Outcome::Silent);
    }
    // Had each silent one been waited for, it would be five seconds.
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(echoes(path.a.namespace.as_fd(), &[], patience).unwrap(), []);
}

#[test]
fn others_echoes_are_not_heard() {
    for (family, own) in [(Family::V4, "127.0.0.1"), (Family::V6, "::1")] {
        let place = Place::new();
        place.run("ip link set lo up");
        let from = Source::Address(ip(own));
        let open = |id| Raw::open(place.namespace.as_fd(), family, &from, id).unwrap().unwrap();
        let (ours, theirs) = (open(7), open(8));
        let heard = |socket: &Raw| {
            let mut heard = Vec::new();
            let read = |bytes: &[u8], by| heard.extend(message::read(family, bytes, by));
            socket.receive(read).unwrap();
            heard
        };
        theirs.send(&message::request(family, 8, 1, 5, 1280), ip(own)).unwrap();
        assert_eq!(heard(&ours), []);
        let (by, sequence, cookie) = (ip(own), 1, 5);
        assert_eq!(heard(&theirs), [Found::Reply { id: 8, sequence, cookie, by }]);
        ours.send(&message::request(family, 7, 1, 5, 1280), ip(own)).unwrap();
        assert_eq!(heard(&ours), [Found::Reply { id: 7, sequence, cookie, by }]);
    }
}
