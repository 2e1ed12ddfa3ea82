//! What rules look at.

use super::super::draft::Draft;
use super::super::topology::PORTS;
use super::Scene;
use model::net::Family;
use std::net::IpAddr;

/// Ports of both ends that packets have, and some more.
pub(super) fn port(draft: &mut Draft) -> u16 {
    match draft.random.below(5) {
        0 => 20000 + draft.random.below(14) as u16,
        1 => 4321,
        _ => *draft.random.pick(&PORTS),
    }
}

/// An address that is in use, or a prefix of one.
pub(in super::super) fn address(draft: &mut Draft, family: Family) -> String {
    let of: Vec<IpAddr> =
        draft.stations.iter().map(|s| s.address).filter(|a| Family::of(*a) == family).collect();
    let Some(address) = (!of.is_empty()).then(|| *draft.random.pick(&of)) else {
        return if family == Family::V4 { "10.0.0.0/8" } else { "fd00::/8" }.to_owned();
    };
    let length = match family {
        Family::V4 => *draft.random.pick(&[32, 32, 31, 28, 24, 16, 15]),
        Family::V6 => *draft.random.pick(&[128, 128, 127, 124, 64, 48, 15]),
    };
    match ipnet::IpNet::new(address, length) {
        Ok(prefix) if length < family.bits() => prefix.trunc().to_string(),
        _ => address.to_string(),
    }
}

fn protocol(family: Family) -> &'static str {
    if family == Family::V4 { "ip" } else { "ip6" }
}

fn side(draft: &mut Draft) -> &'static str {
    if draft.random.percent(50) { "saddr" } else { "daddr" }
}

/// Declarations that rules of the table may name.
pub(super) fn sets(draft: &mut Draft, family: &str) -> Vec<String> {
    let mut sets = Vec::new();
    if family != "ip6" {
        let (a, b) = (address(draft, Family::V4), address(draft, Family::V4));
        sets.push(format!(
            "set some4 {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {a}, {b} }} }}"
        ));
    }
    if family != "ip" {
        let (a, b) = (address(draft, Family::V6), address(draft, Family::V6));
        sets.push(format!(
            "set some6 {{ type ipv6_addr; flags interval; auto-merge; elements = {{ {a}, {b} }} }}"
        ));
    }
    let (a, b) = (port(draft), port(draft));
    sets.push(format!(
        "set some {{ type inet_proto . inet_service; elements = {{ tcp . {a}, udp . {b} }} }}"
    ));
    sets.push(
        "map which { type inet_service : verdict; elements = { 80 : accept, 4321 : drop } }".into(),
    );
    sets
}

/// One look.
pub(super) fn one(draft: &mut Draft, scene: &Scene) -> String {
    loop {
        if let Some(words) = some(draft, scene) {
            return words;
        }
    }
}

fn some(draft: &mut Draft, scene: &Scene) -> Option<String> {
    let of = scene.of;
    let (ip, side) = (protocol(of), side(draft));
    Some(match draft.random.below(16) {
        0 => format!("{ip} {side} {}", address(draft, of)),
        1 => format!("{ip} {side} != {}", address(draft, of)),
        2 => {
            let (a, b) = (address(draft, of), address(draft, of));
            // Ranges of one anonymous set must not overlap.
            if a.contains('/') || b.contains('/') || a == b {
                format!("{ip} {side} {a}")
            } else {
                format!("{ip} {side} {{ {a}, {b} }}")
            }
        }
        3 => format!("{ip} {side} @some{}", if of == Family::V4 { 4 } else { 6 }),
        4 | 5 => ports(draft, scene)?,
        6 => header(draft, scene)?,
        7 => "meta l4proto . th dport @some".to_owned(),
        8 if scene.has_connections() => connection(draft, scene),
        9 if scene.has_connections() => lookup(draft, scene)?,
        10 => link(draft, scene)?,
        11 => mark(draft, scene),
        12 if of == Family::V4 && scene.family == "inet" => "meta nfproto ipv4".to_owned(),
        12 if of == Family::V4 => "meta protocol ip".to_owned(),
        12 => "meta protocol ip6".to_owned(),
        13 => {
            let least = *draft.random.pick(&[85, 100, 500]);
            let not = draft.random.word(&["", "!= "]);
            format!("meta length {not}{least}-1400")
        }
        14 => {
            let (address, port) = (address(draft, of), port(draft));
            format!("{ip} {side} . meta l4proto . th dport {{ {address} . udp . 1-{port} }}")
        }
        15 => frame(draft, scene)?,
        _ => return None,
    })
}

fn ports(draft: &mut Draft, scene: &Scene) -> Option<String> {
    let (a, b, carries) = (port(draft), port(draft), scene.carries);
    if carries == "echo" {
        return None;
    }
    Some(match draft.random.below(7) {
        0 => format!("{carries} dport {a}"),
        1 => format!("{carries} dport != {a}"),
        2 => format!("{carries} sport >= {a}"),
        3 => format!("{carries} dport {}-{}", a.min(b), a.max(b) + 1),
        4 => format!("{carries} dport != {}-{}", a.min(b), a.max(b) + 1),
        // Of an echo these bytes would be the checksum.
        5 => format!("meta l4proto {carries} th dport {{ {a}, 9999 }}"),
        _ => format!("meta l4proto {carries} @th,16,16 {a}"),
    })
}

fn header(draft: &mut Draft, scene: &Scene) -> Option<String> {
    let words: &[&str] = match (scene.of, scene.carries) {
        (_, "tcp") if draft.random.percent(40) => &[
            "tcp flags syn",
            "tcp flags & (syn | ack) == syn",
            "tcp flags & (syn | ack) == syn | ack",
        ],
        (Family::V4, "echo") => {
            &["icmp type echo-request", "icmp type echo-reply", "ip protocol icmp"]
        }
        (Family::V6, "echo") => &["icmpv6 type echo-request", "icmpv6 type echo-reply"],
        (Family::V4, _) => &[
            "ip ttl 64",
            "ip ttl < 63",
            "ip length > 1000",
            "ip dscp 0",
            "ip version 4",
            "@nh,64,8 63",
        ],
        (Family::V6, _) => &["ip6 hoplimit 64", "ip6 hoplimit < 63", "ip6 length > 1000"],
    };
    Some(draft.random.word(words).to_owned())
}

fn connection(draft: &mut Draft, scene: &Scene) -> String {
    let port = port(draft);
    match draft.random.below(12) {
        0 => "ct state new".to_owned(),
        1 => "ct state established,related".to_owned(),
        2 => "ct state invalid".to_owned(),
        3 => "ct state untracked".to_owned(),
        4 => draft.random.word(&["ct direction original", "ct direction reply"]).to_owned(),
        5 => draft.random.word(&["ct status dnat", "ct status snat"]).to_owned(),
        6 => format!("ct mark {}", draft.random.below(3)),
        7 => {
            let way = draft.random.word(&["original", "reply"]).to_owned();
            let (ip, side, address) = (protocol(scene.of), side(draft), address(draft, scene.of));
            format!("ct {way} {ip} {side} {address}")
        }
        8 => draft.random.word(&["ct status seen-reply", "ct status confirmed"]).to_owned(),
        9 => "ct zone 0".to_owned(),
        10 if scene.carries != "echo" => format!("ct protocol {}", scene.carries),
        _ if scene.carries == "echo" => "ct state new".to_owned(),
        _ => format!("meta l4proto {} ct original proto-dst {port}", scene.carries),
    }
}

fn lookup(draft: &mut Draft, scene: &Scene) -> Option<String> {
    let words = match draft.random.below(9) {
        5 => "fib saddr type unicast",
        6 if scene.comes_in() => "fib daddr . mark oif exists",
        7 if scene.comes_in() => "fib saddr . mark . iif oif exists",
        8 if scene.comes_in() => {
            let link = draft.random.pick(&scene.links).clone();
            return Some(format!("fib daddr oifname \"{link}\""));
        }
        0 => "fib daddr type local",
        1 => "fib daddr type != local",
        2 if scene.comes_in() => "fib saddr . iif oif missing",
        3 if scene.comes_in() => "fib saddr oif exists",
        4 if scene.hook == "prerouting" => "fib daddr . iif type local",
        _ => return None,
    };
    Some(words.to_owned())
}

fn link(draft: &mut Draft, scene: &Scene) -> Option<String> {
    let link = draft.random.pick(&scene.links).clone();
    let way = match (scene.comes_in(), scene.goes_out()) {
        (true, true) if draft.random.percent(50) => "i",
        (true, false) => "i",
        (_, true) => "o",
        _ => return None,
    };
    let start: String = link.chars().take(2).collect();
    Some(match draft.random.below(7) {
        4 => format!("{way}if \"{link}\""),
        // In tables of both families nft takes the type for that of the frame's header.
        5 if matches!(scene.family, "ip" | "ip6") => format!("{way}iftype loopback"),
        5 => format!("{way}iftype ether"),
        6 if scene.has_connections() => {
            draft.random.word(&["meta pkttype host", "meta pkttype != broadcast"]).to_owned()
        }
        0 => format!("{way}ifname \"{link}\""),
        1 => format!("{way}ifname != \"{link}\""),
        2 => format!("{way}ifname \"{start}*\""),
        3 => format!("{way}ifgroup 0"),
        _ => return None,
    })
}

fn mark(draft: &mut Draft, _: &Scene) -> String {
    let mark = draft.random.below(4);
    match draft.random.below(4) {
        0 => format!("meta mark {mark}"),
        1 => format!("meta mark != {mark}"),
        2 => format!("meta mark & 0x2 == {}", mark & 2),
        _ => format!("meta mark 1-{}", mark + 2),
    }
}

fn frame(draft: &mut Draft, scene: &Scene) -> Option<String> {
    if !matches!(scene.family, "bridge" | "netdev") || scene.hook.is_empty() {
        return None;
    }
    let mac = crate::build::mac(1000 + draft.random.below(10) as u32);
    let side = side(draft);
    Some(format!("ether {side} {mac}"))
}

/// A rule that is a map of verdicts.
pub(super) fn decides(draft: &mut Draft, scene: &Scene) -> String {
    let other =
        scene.others.first().map_or_else(|| "continue".to_owned(), |to| format!("jump {to}"));
    let verdict = draft.random.word(&["accept", "drop", "return", "continue"]).to_owned();
    let (of, a) = (scene.of, port(draft));
    match draft.random.below(6) {
        0 if scene.has_connections() => {
            format!("ct state vmap {{ established : accept, new : {other}, invalid : {verdict} }}")
        }
        1 => format!("tcp dport vmap {{ 80 : {verdict}, 5000 : {other} }}"),
        2 => format!("meta l4proto vmap {{ tcp : {other}, udp : {verdict} }}"),
        3 => "meta l4proto { tcp, udp } th dport vmap @which".to_owned(),
        4 => {
            let (ip, address) = (protocol(of), address(draft, of));
            format!(
                "meta l4proto {{ tcp, udp }} {ip} daddr . th dport vmap {{ {address} . {a} : {verdict}, {address} . {}-{} : drop }}",
                a + 1,
                a + 2
            )
        }
        _ => format!("meta mark vmap {{ 0 : {other}, 1 : {verdict}, 2 : drop }}"),
    }
}
