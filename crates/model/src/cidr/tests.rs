//! Plain values, then random ones. What Python makes of them is in `tests/cidr`.

mod nonsense;
mod random;
mod split;

use super::*;
use crate::explain::AddressKind;
use crate::net::IpNet;

/// What is well written.
fn net(text: &str) -> IpNet {
    prefix(text).unwrap_or_else(|mistake| panic!("{mistake:?}"))
}

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| net(text)).collect()
}

/// Network, mask, broadcast, first, last, gateway, usable.
fn shown(text: &str) -> String {
    let subnet = Subnet::of(&net(text));
    let or_none = |address: Option<_>| address.map_or_else(|| "-".to_owned(), |it| format!("{it}"));
    format!(
        "{} {} {} {}..{} {} {}",
        subnet.network,
        subnet.mask,
        or_none(subnet.broadcast),
        subnet.first,
        subnet.last,
        or_none(subnet.gateway),
        subnet.usable,
    )
}

#[test]
fn a_subnet_of_each_size() {
    for (text, expected) in [
        (
            "16.158.165.91/22",
            "16.158.164.0/22 255.255.252.0 16.158.167.255 16.158.164.1..16.158.167.254 16.158.164.1 1022",
        ),
        (
            "192.168.1.17/24",
            "192.168.1.0/24 255.255.255.0 192.168.1.255 192.168.1.1..192.168.1.254 192.168.1.1 254",
        ),
        (
            "10.1.2.3/0",
            "0.0.0.0/0 0.0.0.0 255.255.255.255 0.0.0.1..255.255.255.254 0.0.0.1 4294967294",
        ),
        ("10.0.0.6/30", "10.0.0.4/30 255.255.255.252 10.0.0.7 10.0.0.5..10.0.0.6 10.0.0.5 2"),
        ("10.0.0.7/31", "10.0.0.6/31 255.255.255.254 - 10.0.0.6..10.0.0.7 - 2"),
        ("10.0.0.7/32", "10.0.0.7/32 255.255.255.255 - 10.0.0.7..10.0.0.7 - 1"),
        ("10.0.0.7", "10.0.0.7/32 255.255.255.255 - 10.0.0.7..10.0.0.7 - 1"),
        ("224.0.0.251/4", "224.0.0.0/4 240.0.0.0 - 224.0.0.1..239.255.255.254 - 268435454"),
        (
            "2001:db8::1/64",
            "2001:db8::/64 ffff:ffff:ffff:ffff:: - 2001:db8::1..2001:db8::ffff:ffff:ffff:ffff \
             2001:db8::1 18446744073709551615",
        ),
        (
            "fd00::/0",
            "::/0 :: - ::1..ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::1 \
             340282366920938463463374607431768211455",
        ),
        (
            "2001:db8::3/127",
            "2001:db8::2/127 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe - 2001:db8::2..2001:db8::3 - 2",
        ),
        (
            "2001:db8::3/128",
            "2001:db8::3/128 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff - 2001:db8::3..2001:db8::3 - 1",
        ),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn an_address_and_a_mask_may_be_two_words() {
    for words in [
        &["10.0.0.0", "255.255.252.0"][..],
        &["10.0.0.0 255.255.252.0"],
        &["10.0.0.0/255.255.252.0"],
        &[" 10.0.0.0/22 "],
    ] {
        assert_eq!(prefixes(words.iter().copied()).unwrap(), [net("10.0.0.0/22")], "{words:?}");
    }
    let words = ["10.0.0.1", "10.0.0.2", "128.0.0.0", "10.0.0.0/8", "255.0.0.0"];
    let read = prefixes(words).unwrap();
    assert_eq!(read, nets(&["10.0.0.1/32", "10.0.0.2/1", "10.0.0.0/8", "255.0.0.0/32"]));
}

#[test]
fn the_old_classes() {
    let class = |text| Subnet::of(&net(text)).class;
    assert_eq!(class("127.255.0.1"), Some(Class::A));
    assert_eq!(class("128.0.0.1"), Some(Class::B));
    assert_eq!(class("223.255.255.0/24"), Some(Class::C));
    assert_eq!(class("239.0.0.1"), Some(Class::D));
    assert_eq!(class("255.255.255.255"), Some(Class::E));
    assert_eq!(class("2001:db8::"), None);
    assert_eq!(Class::B.length(), Some(16));
}

#[test]
fn a_kind_is_that_of_the_smallest_block() {
    for (text, kind, rfc) in [
        ("192.168.1.17/24", AddressKind::Private, 1918),
        ("172.31.255.255", AddressKind::Private, 1918),
        ("172.32.0.0", AddressKind::Global, 4632),
        ("100.64.0.1", AddressKind::Shared, 6598),
        ("127.0.0.53/8", AddressKind::Loopback, 1122),
        ("169.254.169.254", AddressKind::LinkLocal, 3927),
        ("192.0.0.9", AddressKind::Service, 7723),
        ("203.0.113.7", AddressKind::Documentation, 5737),
        ("224.0.0.251", AddressKind::MulticastOfLink, 5771),
        ("255.255.255.255", AddressKind::Broadcast, 919),
        ("16.158.165.91/22", AddressKind::Global, 4632),
        ("::1", AddressKind::Loopback, 4291),
        ("::ffff:10.0.0.1", AddressKind::Mapped, 4291),
        ("2001:db8::1/64", AddressKind::Documentation, 3849),
        ("2001:4860::8888", AddressKind::Global, 4291),
        ("fd00::1", AddressKind::UniqueLocal, 4193),
        ("fe80::1/64", AddressKind::LinkLocal, 4291),
        ("ff02::1", AddressKind::Multicast, 4291),
        ("4000::", AddressKind::Unassigned, 4291),
    ] {
        let block = block(&net(text));
        assert_eq!((&block.kind, block.rfc), (&kind, rfc), "{text}");
    }
    assert_eq!(AddressKind::UniqueLocal.name(), "unique-local");
}

#[test]
fn a_prefix_may_hold_other_kinds() {
    let held = |text: &str| -> Vec<String> {
        blocks_in(&net(text)).iter().map(|block| block.prefix.to_string()).collect()
    };
    assert!(held("192.168.1.17/24").is_empty());
    assert!(held("10.0.0.0/8").is_empty());
    assert_eq!(held("10.0.0.0/7"), ["0.0.0.0/0"]);
    assert_eq!(held("11.0.0.0/7"), ["10.0.0.0/8"]);
    assert_eq!(held("198.51.100.7/16"), ["0.0.0.0/0"]);
    assert_eq!(held("fe80::1/9"), ["::/0", "fec0::/10"]);
}

#[test]
fn the_mark_stands_where_the_hosts_part_begins() {
    let v4 = |length| groups("255.0.129.1".parse().unwrap(), length).join(".");
    assert_eq!(v4(0), "|11111111.00000000.10000001.00000001");
    assert_eq!(v4(7), "1111111|1.00000000.10000001.00000001");
    assert_eq!(v4(8), "11111111|.00000000.10000001.00000001");
    assert_eq!(v4(32), "11111111.00000000.10000001.00000001|");
    let v6 = groups("2001:db8::1".parse().unwrap(), 33);
    assert_eq!(v6[1..3], ["0000110110111000", "0|000000000000000"]);
    assert_eq!(bits("::1".parse().unwrap()).len(), 128);
}

#[test]
fn two_prefixes_lie_in_each_other_or_apart() {
    for (one, two, expected) in [
        ("10.0.0.0/8", "10.1.2.3/8", Relation::Equal),
        ("10.1.0.0/16", "10.0.0.0/8", Relation::Inside),
        ("0.0.0.0/0", "10.0.0.0/8", Relation::Holds),
        ("10.0.0.0/24", "10.0.1.0/24", Relation::Apart),
        ("0.0.0.0/0", "::/0", Relation::OtherFamily),
    ] {
        assert_eq!(relation(&net(one), &net(two)), expected, "{one} {two}");
    }
    assert_eq!(first_difference(&net("10.0.0.0"), &net("10.0.4.1")), Some(22));
    assert_eq!(first_difference(&net("128.0.0.0"), &net("0.0.0.0")), Some(1));
    assert_eq!(first_difference(&net("::"), &net("::1")), Some(128));
    assert_eq!(first_difference(&net("::1"), &net("::1")), None);
}
