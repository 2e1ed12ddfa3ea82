//! What holds of any prefix.

use super::super::*;
use crate::net::IpNet;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

fn any_prefix() -> impl Strategy<Value = IpNet> {
    let v4 = (any::<u32>(), 0..=32_u8)
        .prop_map(|(bits, length)| IpNet::new_assert(Ipv4Addr::from_bits(bits).into(), length));
    let v6 = (any::<u128>(), 0..=128_u8)
        .prop_map(|(bits, length)| IpNet::new_assert(Ipv6Addr::from_bits(bits).into(), length));
    prop_oneof![v4, v6]
}

/// Prefixes that often touch: small ones of a few addresses, at either end of a family.
fn crowded() -> impl Strategy<Value = IpNet> {
    (0..64_u32, 26..=32_u8, any::<bool>()).prop_map(|(bits, length, high)| {
        let bits = if high { !bits } else { bits };
        IpNet::new_assert(Ipv4Addr::from_bits(bits).into(), length)
    })
}

proptest! {
    #[test]
    fn what_is_shown_can_be_read(given in any_prefix()) {
        let subnet = Subnet::of(&given);
        prop_assert_eq!(prefix(&given.to_string()).unwrap(), given);
        prop_assert_eq!(prefix(&subnet.network.to_string()).unwrap(), given.trunc());
        if given.addr().is_ipv4() {
            let masked = format!("{} {}", given.addr(), subnet.mask);
            prop_assert_eq!(prefix(&masked).unwrap(), given);
        }
    }

    #[test]
    fn no_text_is_too_odd(text in ".{0,60}|[0-9a-f.:/ %]{0,40}") {
        if let Err(mistake) = prefix(&text) {
            prop_assert!(mistake.text.get(mistake.at.clone()).is_some(), "{mistake:?}");
        }
    }

    #[test]
    fn the_marked_bits_are_the_bits(given in any_prefix()) {
        let groups = groups(given.addr(), given.prefix_len()).concat();
        prop_assert_eq!(groups.find('|'), Some(usize::from(given.prefix_len())));
        prop_assert_eq!(groups.replace('|', ""), bits(given.addr()));
    }

    #[test]
    fn parts_cover_the_whole(given in any_prefix(), longer in 0..9_u8, parts in 1..300_u128) {
        let length = given.prefix_len() + longer;
        let equal = to_length(&given, length);
        prop_assert_eq!(equal.is_ok(), length <= given.max_prefix_len());
        for parts in equal.into_iter().chain(into_parts(&given, parts)) {
            let total = parts.total();
            let parts: Vec<IpNet> = parts.collect();
            prop_assert_eq!(Count::new(parts.len() as u128), Some(total));
            prop_assert!(parts.windows(2).all(|two| two[0].broadcast() < two[1].network()));
            let lengths = || parts.iter().map(IpNet::prefix_len);
            prop_assert!(lengths().max().unwrap() - lengths().min().unwrap() <= 1);
            prop_assert_eq!(summarize(&parts), [given.trunc()]);
        }
    }

    #[test]
    fn a_summary_covers_the_same_with_fewer(given in prop::collection::vec(crowded(), 0..12)) {
        let fewest = summarize(&given);
        let in_one = |prefixes: &[IpNet], address: Ipv4Addr| {
            prefixes.iter().any(|prefix| prefix.contains(&IpNet::from(std::net::IpAddr::V4(address))))
        };
        for bits in (0..200).chain(u32::MAX - 200..=u32::MAX) {
            let address = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(in_one(&given, address), in_one(&fewest, address));
        }
        prop_assert!(fewest.len() <= given.len());
        prop_assert_eq!(summarize(&fewest), fewest);
    }

    #[test]
    fn a_relation_turns_round(one in any_prefix(), two in any_prefix()) {
        let turned = match relation(&two, &one) {
            Relation::Inside => Relation::Holds,
            Relation::Holds => Relation::Inside,
            same => same,
        };
        prop_assert_eq!(relation(&one, &two), turned);
        prop_assert_eq!(block(&one).prefix.contains(&one.addr()), true);
    }
}
