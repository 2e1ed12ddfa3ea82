//! Parts of a prefix.

use super::super::*;
use super::{net, nets};

fn listed(parts: Parts) -> Vec<String> {
    parts.map(|part| part.to_string()).collect()
}

#[test]
fn into_parts_of_a_length() {
    let parts = to_length(&net("10.0.1.7/22"), 24).unwrap();
    assert_eq!(parts.total(), Count::power(2));
    assert_eq!(listed(parts), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]);
    assert_eq!(listed(to_length(&net("10.0.0.0/22"), 22).unwrap()), ["10.0.0.0/22"]);
    let last = to_length(&net("255.255.255.254/31"), 32).unwrap();
    assert_eq!(listed(last), ["255.255.255.254/32", "255.255.255.255/32"]);
}

#[test]
fn into_so_many_parts() {
    let five = into_parts(&net("10.0.0.0/22"), 5).unwrap();
    assert_eq!(five.total(), Count::new(5).unwrap());
    assert_eq!(
        listed(five),
        ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/25", "10.0.3.128/25"]
    );
    assert_eq!(listed(into_parts(&net("10.0.0.0/22"), 1).unwrap()), ["10.0.0.0/22"]);
    assert_eq!(into_parts(&net("10.0.0.0/22"), 1024).unwrap().last(), Some(net("10.0.3.255/32")));
}

#[test]
fn all_of_ipv6_can_be_begun_with() {
    let mut parts = to_length(&net("::/0"), 128).unwrap();
    assert_eq!(parts.total(), Count::power(128));
    assert_eq!(parts.nth(2), Some(net("::2/128")));
    let mut parts = into_parts(&net("::/0"), u128::MAX).unwrap();
    assert_eq!(parts.next(), Some(net("::/127")));
    assert_eq!(parts.next(), Some(net("::2/128")));
}

#[test]
fn what_cannot_be_split_so() {
    let prefix = net("10.0.0.0/22");
    assert_eq!(to_length(&prefix, 21).unwrap_err(), NoSplit::Shorter { prefix, length: 21 });
    assert_eq!(to_length(&prefix, 33).unwrap_err(), NoSplit::Longer { prefix, length: 33 });
    assert_eq!(into_parts(&prefix, 0).unwrap_err(), NoSplit::None { prefix });
    assert_eq!(into_parts(&prefix, 1025).unwrap_err(), NoSplit::TooMany { prefix, parts: 1025 });
}

#[test]
fn the_fewest_that_cover() {
    for (given, fewest) in [
        (&["10.0.0.0/24", "10.0.1.0/24"][..], &["10.0.0.0/23"][..]),
        (&["10.0.1.0/24", "10.0.2.0/24"], &["10.0.1.0/24", "10.0.2.0/24"]),
        (&["10.0.0.9/8", "10.1.0.0/16", "10.0.0.0/8"], &["10.0.0.0/8"]),
        (&["128.0.0.0/1", "0.0.0.0/1", "::/1", "8000::/1"], &["0.0.0.0/0", "::/0"]),
        (&["255.255.255.254"], &["255.255.255.254/32"]),
        (&["255.255.255.255", "255.255.255.254"], &["255.255.255.254/31"]),
        (&[], &[]),
    ] {
        assert_eq!(summarize(&nets(given)), nets(fewest), "{given:?}");
    }
}
