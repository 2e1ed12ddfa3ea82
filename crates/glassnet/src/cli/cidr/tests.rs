//! The answers in both languages, and what is said of nonsense.

use super::here::{By, Here, Part, Unseen, Used};
use super::*;
use crate::cli::help::expect;
use model::explain::Language;
use std::process::ExitCode;

fn net(text: &str) -> IpNet {
    cidr::prefix(text).unwrap()
}

#[test]
fn everything_about_a_prefix() {
    let prefixes = [
        "16.158.165.91/22",
        "192.168.1.255/24",
        "10.0.0.0/7",
        "0.0.0.0/0",
        "10.0.0.6/31",
        "127.0.0.1",
        "224.0.0.251/4",
        "2001:db8::1/64",
        "fe80::1/9",
        "::1",
    ];
    for language in Language::BOTH {
        let drawn = prefixes.map(|prefix| show::drawn(&net(prefix), language, false));
        expect("cidr", language, &drawn.join("\n"));
    }
}

#[test]
fn on_a_terminal_the_hosts_bits_have_another_colour() {
    let drawn = show::drawn(&net("16.158.165.91/22"), Language::En, true);
    let painted = "\x1b[36m00010000.10011110.101001\x1b[0m|\x1b[33m01.01011011\x1b[0m\n";
    assert!(drawn.contains(painted), "{drawn}");
    let drawn = show::drawn(&net("2001:db8::1/64"), Language::En, true);
    assert!(drawn.contains("\x1b[36m0000000000000000\x1b[0m|  "), "{drawn}");
    assert!(drawn.contains("0001 \x1b[33m0000000000000001\x1b[0m  "), "{drawn}");
}

#[test]
fn contained_or_not_and_why() {
    let asked = [
        ("10.0.0.0/22", "10.0.3.255"),
        ("10.0.0.0/22", "10.0.4.0"),
        ("10.0.0.0/22", "10.0.1.0/24"),
        ("10.0.0.9/22", "10.0.0.0/22"),
        ("10.0.0.0/22", "10.0.0.0/8"),
        ("0.0.0.0/0", "::1"),
        ("2001:db8::/32", "2001:db9::/48"),
    ];
    for language in Language::BOTH {
        let answers = asked.map(|(whole, part)| {
            let (whole, part) = (net(whole).trunc(), net(part));
            let written = written(&part);
            let why = contains::why(cidr::relation(&part, &whole), &whole, &part, &written);
            why.say(language) + "\n"
        });
        expect("cidr-contains", language, &answers.concat());
    }
}

/// The exit code, which has no other way to be compared.
fn ends(outcome: Outcome) -> String {
    outcome.map_or_else(|error| error.message(Language::En), |code| format!("{code:?}"))
}

#[test]
fn one_prefix_collides_with_what_is_in_use() {
    let used = |prefix: &str, by| Used { prefix: net(prefix), by };
    let mut here = Here {
        used: vec![
            used("10.0.0.0/8", By::Route { link: Some("eth0".parse().unwrap()) }),
            used("172.16.0.0/24", By::Address { link: "eth1".parse().unwrap() }),
            used("10.88.0.0/16", By::Network { name: "blue".parse().unwrap() }),
        ],
        unseen: Vec::new(),
    };
    let out = Output::new(false, Language::En);
    let yes = format!("{:?}", ExitCode::FAILURE);
    let free = format!("{:?}", ExitCode::SUCCESS);
    assert_eq!(ends(overlaps::with_host(&net("10.88.7.0/24"), &here, &out)), yes);
    assert_eq!(ends(overlaps::with_host(&net("172.16.0.0/12"), &here, &out)), yes);
    assert_eq!(ends(overlaps::with_host(&net("192.168.0.0/16"), &here, &out)), free);
    here.unseen.push(Unseen { part: Part::Networks, why: "no daemon".to_owned() });
    assert_eq!(ends(overlaps::with_host(&net("192.168.0.0/16"), &here, &out)), yes);
}

#[test]
fn a_host_uses_what_it_routes_and_has_addresses_in() {
    use model::host::route::{Nexthop, Route};
    use model::host::{Address, Link, LinkKind, Namespace, Unknown};
    let mut host = Namespace::<Unknown>::default();
    let link = |name: &str| name.parse().unwrap();
    host.links.insert(Link { group: 0, ..Link::ours(link("eth0"), LinkKind::Device) });
    for to in ["0.0.0.0/0", "10.0.0.0/8", "fe80::/64"] {
        host.routes.insert(Route::ours(net(to), Nexthop::on(link("eth0"))));
    }
    for address in ["10.0.0.9/8", "192.0.2.7/24", "fe80::1/64"] {
        host.addresses.insert(Address::new(link("eth0"), net(address)));
    }
    assert_eq!(
        here::by_host(&host),
        [
            Used { prefix: net("10.0.0.0/8"), by: By::Route { link: Some(link("eth0")) } },
            Used { prefix: net("192.0.2.0/24"), by: By::Address { link: link("eth0") } },
        ]
    );
}

#[test]
fn what_cannot_be_split_and_what_can() {
    let advice = |no: cidr::NoSplit| Wrong::Split(no).advice(Language::En).unwrap();
    let prefix = net("10.0.0.0/22");
    let shorter = cidr::to_length(&prefix, 20).unwrap_err();
    assert_eq!(advice(shorter), "choose a length from /22 to /32");
    let many = cidr::into_parts(&prefix, 1025).unwrap_err();
    assert_eq!(advice(many), "choose a number of parts from 1 to 1,024");
}

#[test]
fn parts_as_a_document() {
    let parts = cidr::to_length(&net("10.0.0.0/31"), 32).unwrap();
    let document = split::document(&net("10.0.0.0/31"), parts).collect::<Vec<_>>().join("\n");
    let read: serde_json::Value = serde_json::from_str(&document).unwrap();
    let expected = serde_json::json!({
        "prefix": "10.0.0.0/31", "count": "2", "parts": ["10.0.0.0/32", "10.0.0.1/32"],
    });
    assert_eq!(read, expected);
}

#[test]
fn a_line_of_stdin_is_named() {
    let read = summarize::from_lines(&b"10.0.0.0/8\n\n10.0.0.0 255.0.0.0\n"[..]);
    assert!(read.is_ok_and(|prefixes| prefixes == [net("10.0.0.0/8"), net("10.0.0.0/8")]));
    let Err(error) = summarize::from_lines(&b"::/0\n10.0.0.0/33\n"[..]) else { panic!("read") };
    assert_eq!(
        error.message(Language::En),
        "line 2 of stdin: \"10.0.0.0/33\" is no address or prefix: an IPv4 address has 32 bits"
    );
}

#[test]
fn the_mark_is_below_what_is_wrong() {
    let place = |text: &str| Wrong::Prefix(cidr::prefix(text).unwrap_err()).place();
    assert_eq!(place("10.0.0.300/24").unwrap(), "  10.0.0.300/24\n         ^^^\n");
    assert_eq!(place("10.0.0.0/").unwrap(), "  10.0.0.0/\n           ^\n");
    assert_eq!(place("网络").unwrap(), "  网络\n  ^^^^\n");
    assert_eq!(place(""), None);
}
