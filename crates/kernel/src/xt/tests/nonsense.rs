//! Whatever bytes come, reading them ends without a panic.

use crate::xt::{Kind, Shown};
use model::net::Family;
use proptest::prelude::*;

const MATCHES: [&str; 20] = [
    "addrtype",
    "comment",
    "connmark",
    "conntrack",
    "hl",
    "icmp",
    "iprange",
    "length",
    "mac",
    "mark",
    "multiport",
    "physdev",
    "pkttype",
    "rpfilter",
    "set",
    "state",
    "statistic",
    "tcp",
    "ttl",
    "udp",
];
const TARGETS: [&str; 11] = [
    "CONNMARK",
    "CT",
    "DNAT",
    "HL",
    "MARK",
    "MASQUERADE",
    "NETMAP",
    "REDIRECT",
    "REJECT",
    "SET",
    "SNAT",
];

proptest! {
    #[test]
    fn nonsense_is_read_without_a_panic(
        info in prop::collection::vec(any::<u8>(), 0..300),
        revision in 0..6_u8,
        v6 in any::<bool>(),
    ) {
        let family = if v6 { Family::V6 } else { Family::V4 };
        let matches = MATCHES.map(|name| (Kind::Match, name));
        let targets = TARGETS.map(|name| (Kind::Target, name));
        for (kind, name) in matches.into_iter().chain(targets) {
            let shown = Shown { kind, family, name, revision, info: &info };
            if let Err(why) = shown.expression(&mut |_| Some("set".to_owned())) {
                prop_assert!(why.contains(name));
            }
        }
    }
}
