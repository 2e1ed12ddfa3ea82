//! Whatever bytes come, reading them ends without a panic.

use crate::netlink::{Attributes, Writer};
use crate::nft::decode;
use model::host::nft::NftFamily;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Attributes that nest somehow, with types from the range that is in use.
fn attributes() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop::collection::vec(any::<u8>(), 0..20);
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop::collection::vec((0..14_u16, inner), 0..6).prop_map(|attributes| {
            let mut writer = Writer::default();
            attributes.iter().for_each(|(kind, value)| writer.bytes(*kind, value));
            writer.finish()
        })
    })
}

fn read_rule(attributes: Attributes<'_>) {
    let mut around = decode::Around {
        family: NftFamily::Ip,
        unmodelled: &BTreeMap::new(),
        set_name: &mut |_| None,
    };
    decode::rule(attributes, &mut around);
}

proptest! {
    #[test]
    fn nonsense_is_read_without_a_panic(bytes in attributes(), name in "[a-z]{2,9}", cut in 0..40_usize) {
        let bytes = &bytes[cut.min(bytes.len())..];
        let nonsense = Attributes::new(bytes);
        for name in [&name[..], "payload", "meta", "ct", "fib", "cmp", "bitwise", "lookup",
            "immediate", "queue", "nat", "masq", "redir", "reject", "counter", "match", "target",
            "range", "byteorder", "log", "limit", "numgen"]
        {
            let mut rule = Writer::default();
            rule.nest(4, |rule| rule.nest(1, |rule| {
                rule.text(1, name);
                rule.bytes(2, bytes);
            }));
            read_rule(Attributes::new(&rule.finish()));
        }
        read_rule(nonsense);
        decode::open(bytes);
        if let Some((family, inner)) = decode::open(bytes) {
            decode::base_chain(family, inner);
        }
        let mut named = Writer::default();
        named.text(2, "set");
        named.raw(bytes);
        if let Some(mut set) = decode::set(Attributes::new(&named.finish())) {
            decode::elements(nonsense, &mut set);
            let mut elements = Writer::default();
            elements.nest(3, |list| list.nest(1, |element| element.raw(bytes)));
            decode::elements(Attributes::new(&elements.finish()), &mut set);
        }
    }
}
