//! Matches (iptables-extensions(8)).

use super::super::super::draft::Draft;
use super::super::matches::{address, port};
use super::{Scene, sets};
use model::net::Family;
use std::net::IpAddr;

/// What makes the rule one of a protocol.
pub(super) fn protocol(draft: &mut Draft, scene: &Scene) -> Option<String> {
    let carries = scene.carries?;
    let (a, b) = (port(draft), port(draft));
    let (least, most) = (a.min(b), a.max(b) + 1);
    Some(match (carries, scene.of) {
        ("syn", _) => "-p tcp -m tcp --tcp-flags SYN,RST SYN".to_owned(),
        ("echo", Family::V4) => {
            let kind = draft.random.word(&[
                "-p icmp",
                "-p icmp -m icmp --icmp-type 8",
                "-p icmp -m icmp --icmp-type echo-reply",
                "-p icmp -m icmp ! --icmp-type 8",
                "-p icmp -m icmp --icmp-type any",
            ]);
            kind.to_owned()
        }
        ("echo", Family::V6) => {
            let kind = draft.random.word(&[
                "-p icmpv6",
                "-p icmpv6 -m icmp6 --icmpv6-type 128",
                "-p icmpv6 -m icmp6 --icmpv6-type echo-reply",
                "-p icmpv6 -m icmp6 ! --icmpv6-type 128",
            ]);
            kind.to_owned()
        }
        (carries, _) => match draft.random.below(10) {
            0 => format!("-p {carries}"),
            1 => format!("-p {carries} -m {carries} --dport {a}"),
            2 => format!("-p {carries} -m {carries} ! --dport {a}"),
            3 => format!("-p {carries} -m {carries} --sport {least}:{most}"),
            4 => format!("-p {carries} -m {carries} ! --sport {least}: --dport {b}"),
            5 => format!("-p {carries} -m multiport --dports {a},{b}"),
            6 => format!("-p {carries} -m multiport ! --dports {a},{least}:{most}"),
            7 => format!("-p {carries} -m multiport --sports 1,{least}:{most}"),
            8 if carries == "tcp" => {
                let flags = draft.random.word(&[
                    "--syn",
                    "! --syn",
                    "--tcp-flags SYN,RST SYN",
                    "--tcp-flags SYN,ACK SYN,ACK",
                ]);
                format!("-p tcp -m tcp {flags}")
            }
            8 => "! -p tcp".to_owned(),
            _ => format!("-p {carries} -m multiport --ports {a},{b}"),
        },
    })
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
    let not = if draft.random.percent(25) { "! " } else { "" };
    let end = draft.random.word(&["s", "d"]).to_owned();
    let mark = draft.random.below(4);
    Some(match draft.random.below(20) {
        0 | 1 => format!("{not}-{end} {}", address(draft, scene.of)),
        2 => link(draft, scene, not)?,
        3 | 4 => connection(draft, scene),
        5 | 6 => kind(draft, scene, not),
        7 => "-m comment --comment \"a rule\"".to_owned(),
        8 => {
            let mark = *draft.random.pick(&["1", "2", "0x1/0x1", "0x0/0x2", "0x2/0x3"]);
            format!("-m mark {not}--mark {mark}")
        }
        9 => format!("-m connmark {not}--mark {mark}"),
        10 => {
            let range = range(draft, scene.of)?;
            let which = if end == "s" { "src" } else { "dst" };
            format!("-m iprange {not}--{which}-range {range}")
        }
        11 => format!("-m length {not}--length {}:1400", draft.random.pick(&[0, 60, 85, 500])),
        12 if scene.comes_in() => {
            let mac = crate::build::mac(1000 + draft.random.below(10) as u32);
            format!("-m mac {not}--mac-source {mac}")
        }
        13 => {
            let kind = draft.random.word(&["unicast", "multicast", "broadcast"]);
            format!("-m pkttype {not}--pkt-type {kind}")
        }
        14 => port_of_bridge(draft, scene)?,
        15 if scene.is_in(&["PREROUTING"]) && matches!(scene.table, "raw" | "mangle") => {
            let how = ["", " --loose", " --validmark", " --accept-local", " --invert"];
            format!("-m rpfilter{}", draft.random.word(&how))
        }
        16 | 17 => sets::asked(draft, scene.of, not),
        18 => {
            let (name, word) = match scene.of {
                Family::V4 => ("ttl", "ttl"),
                Family::V6 => ("hl", "hl"),
            };
            let (how, of) = *draft.random.pick(&[("eq", 64), ("lt", 64), ("gt", 62), ("lt", 3)]);
            format!("-m {name} --{word}-{how} {of}")
        }
        19 => state(draft),
        _ => return None,
    })
}

fn state(draft: &mut Draft) -> String {
    let states = ["NEW", "RELATED,ESTABLISHED", "INVALID", "NEW,UNTRACKED", "ESTABLISHED"];
    let state = draft.random.word(&states);
    format!("-m state --state {state}")
}

fn link(draft: &mut Draft, scene: &Scene, not: &str) -> Option<String> {
    let link = draft.random.pick(&scene.links).clone();
    let way = match (scene.hook, scene.comes_in(), scene.goes_out()) {
        (None, ..) | (_, true, true) => draft.random.word(&["i", "o"]),
        (_, true, false) => "i",
        (_, false, true) => "o",
        (_, false, false) => return None,
    };
    let start: String = link.chars().take(2).collect();
    Some(match draft.random.percent(60) {
        true => format!("{not}-{way} {link}"),
        false => format!("{not}-{way} {start}+"),
    })
}

fn connection(draft: &mut Draft, scene: &Scene) -> String {
    let not = if draft.random.percent(20) { "! " } else { "" };
    let ct = match draft.random.below(12) {
        0..3 => format!("{not}--ctstate NEW"),
        3..5 => format!("{not}--ctstate RELATED,ESTABLISHED"),
        5 => format!("{not}--ctstate INVALID"),
        6 => format!("{not}--ctstate {}", draft.random.word(&["DNAT", "SNAT", "UNTRACKED"])),
        7 => format!("--ctdir {}", draft.random.word(&["ORIGINAL", "REPLY"])),
        8 => format!("{not}--ctorigdst {}", address(draft, scene.of)),
        9 => format!("{not}--ctreplsrc {}", address(draft, scene.of)),
        10 => {
            let all = ["SEEN_REPLY", "CONFIRMED", "ASSURED", "EXPECTED", "NONE"];
            format!("{not}--ctstatus {}", draft.random.word(&all))
        }
        _ if scene.has_ports() => {
            let (carries, port) = (scene.carries.unwrap_or("tcp"), port(draft));
            format!("--ctproto {carries} --ctorigdstport {port}")
        }
        _ => "--ctstate NEW,ESTABLISHED".to_owned(),
    };
    format!("-m conntrack {ct}")
}

fn kind(draft: &mut Draft, scene: &Scene, not: &str) -> String {
    let end = draft.random.word(&["src", "dst", "dst"]).to_owned();
    let kinds: &[&str] = match scene.of {
        Family::V4 => &["LOCAL", "LOCAL", "UNICAST", "BROADCAST", "MULTICAST", "UNREACHABLE"],
        Family::V6 => &["LOCAL", "LOCAL", "UNICAST", "MULTICAST", "UNREACHABLE"],
    };
    let kind = draft.random.word(kinds).to_owned();
    let on = match draft.random.below(4) {
        0 if scene.comes_in() => " --limit-iface-in",
        1 if scene.goes_out() => " --limit-iface-out",
        _ => "",
    };
    format!("-m addrtype {not}--{end}-type {kind}{on}")
}

/// Some addresses in a row.
fn range(draft: &mut Draft, of: Family) -> Option<String> {
    let fits = |address: &IpAddr| Family::of(*address) == of;
    let all: Vec<IpAddr> = draft.stations.iter().map(|s| s.address).filter(fits).collect();
    if all.is_empty() {
        return None;
    }
    let from = *draft.random.pick(&all);
    let more = draft.random.below(3) as u8;
    let to: IpAddr = match from {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            [a, b, c, d.saturating_add(more)].into()
        }
        IpAddr::V6(v6) => {
            let mut octets = v6.octets();
            octets[15] = octets[15].saturating_add(more);
            octets.into()
        }
    };
    Some(format!("{from}-{to}"))
}

fn port_of_bridge(draft: &mut Draft, scene: &Scene) -> Option<String> {
    let link = draft.random.pick(&scene.links).clone();
    let start: String = link.chars().take(1).collect();
    let both = scene.is_in(&["FORWARD", "POSTROUTING"]);
    let asked = match draft.random.below(6) {
        0 => format!("--physdev-in {link}"),
        1 => format!("! --physdev-in {start}+"),
        2 if both => format!("--physdev-out {link}"),
        3 if both => "--physdev-is-bridged".to_owned(),
        4 if both => "! --physdev-is-out".to_owned(),
        5 => draft.random.word(&["--physdev-is-in", "! --physdev-is-in"]).to_owned(),
        _ => return None,
    };
    Some(format!("-m physdev {asked}"))
}
