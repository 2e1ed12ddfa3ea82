//! Every shape of set, there and back, and lookups in them.

use super::{chain, read, rule, seen, send, set, table};
use crate::testing::Place;
use model::diff::NftChange;
use model::host::nft::{
    ChainKind, DataType, Element, Expression, Hook, Key, MetaKey, NftFamily, PayloadBase, Register,
    Set, SetValue, SetValueType, Verdict,
};
use model::net::{Mac, Transport};

fn web() -> Option<String> {
    Some("web".to_owned())
}

fn shapes() -> Vec<(Set, &'static str)> {
    let v4 = |last: u8| Key::new().address([10, 0, 0, last].into());
    let mut addresses = Set::hash("addresses", &[DataType::Ipv4Address]);
    addresses.elements.insert(v4(1), None, web());
    addresses.elements.insert(v4(2), None, None);

    let mut ports = Set::hash("ports", &[DataType::Port]);
    ports.elements.insert(Key::new().port(443), None, None);

    let mut macs = Set::hash("macs", &[DataType::Mac]);
    macs.elements.insert(Key::new().mac(Mac([2, 0, 0, 0, 0, 1])), None, None);

    let mut anchors =
        Set::hash("anchors", &[DataType::LinkName, DataType::Mac, DataType::Ipv6Address]);
    let anchor = Key::new().link(&"gn1".parse().unwrap()).mac(Mac([2, 0, 0, 0, 0, 1]));
    anchors.elements.insert(anchor.address("2001:db8::1".parse().unwrap()), None, web());

    let mut published = Set::map(
        "published",
        &[DataType::Ipv4Address, DataType::Protocol, DataType::Port],
        &[DataType::Ipv4Address, DataType::Port],
    );
    published.elements.insert(
        v4(7).transport(Transport::Udp).port(53),
        Some(SetValue::Data(v4(2).port(5353).0)),
        web(),
    );

    let mut marks = Set::map("marks", &[DataType::LinkName], &[DataType::Mark]);
    let link = Key::new().link(&"gn1".parse().unwrap());
    marks.elements.insert(link, Some(SetValue::Data(7_u32.to_ne_bytes().to_vec())), None);

    let mut verdicts = Set::hash("verdicts", &[DataType::Ipv4Address, DataType::Port]);
    verdicts.value = Some(SetValueType::Verdict);
    let jump = Some(SetValue::Verdict(Verdict::Jump("other".to_owned())));
    verdicts.elements.insert(v4(1).port(22), jump, None);
    let drop = Some(SetValue::Verdict(Verdict::Drop));
    verdicts.elements.insert(v4(1).port(23), drop, None);

    let mut ranges = Set::hash("ranges", &[DataType::Ipv4Address]);
    ranges.interval = true;
    ranges.elements.insert(v4(0), None, web());
    ranges.elements.0.insert(v4(128), end());
    ranges.elements.insert(Key::new().address([10, 1, 0, 0].into()), None, None);
    ranges.elements.0.insert(Key::new().address([10, 2, 0, 0].into()), end());

    let mut fields = Set::ranges("fields", &[DataType::LinkName, DataType::Ipv4Address]);
    let on = |address| Key::new().link(&"gn1".parse().unwrap()).address(address);
    fields.elements.insert_range(on([10, 1, 0, 0].into()), on([10, 1, 255, 255].into()), web());

    let mut long =
        Set::ranges("long", &[DataType::LinkName, DataType::LinkName, DataType::Ipv6Address]);
    let links = Key::new().link(&"gx1".parse().unwrap()).link(&"gn1".parse().unwrap());
    let on = |address: &str| links.clone().address(address.parse().unwrap());
    long.elements.insert_range(on("fd00::"), on("fd00::ffff:ffff:ffff:ffff"), None);

    vec![
        (long, "elements = { \"gx1\" . \"gn1\" . fd00::/64 }"),
        (fields, "elements = { \"gn1\" . 10.1.0.0/16 comment \"web\" }"),
        (addresses, "elements = { 10.0.0.1 comment \"web\", 10.0.0.2 }"),
        (ports, "elements = { 443 }"),
        (macs, "elements = { 02:00:00:00:00:01 }"),
        (anchors, "elements = { \"gn1\" . 02:00:00:00:00:01 . 2001:db8::1 comment \"web\" }"),
        (published, "elements = { 10.0.0.7 . udp . 53 comment \"web\" : 10.0.0.2 . 5353 }"),
        (marks, "elements = { \"gn1\" : 0x00000007 }"),
        (verdicts, "10.0.0.1 . 22 : jump other"),
        (ranges, "elements = { 10.0.0.0/25 comment \"web\", 10.1.0.0/16 }"),
    ]
}

fn end() -> Element {
    Element { value: None, comment: None, end: true, to: None }
}

#[test]
fn every_shape_prints_and_reads_back() {
    let family = NftFamily::Inet;
    for (wanted, line) in shapes() {
        let mut place = Place::new();
        let other = NftChange::AddChain {
            family,
            table: "t".to_owned(),
            name: "other".to_owned(),
            base: None,
        };
        send(&mut place, &[&[table(family), other][..], &set(family, &wanted)].concat());
        let listing = place.run("nft list ruleset");
        let joined = listing.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(line), "no {line:?} in\n{listing}");
        let got = read(&mut place, family);
        assert_eq!(got.comment.as_deref(), Some("of tests"));
        assert_eq!(got.sets.get(&wanted.name), Some(&wanted));

        // Taken out again one by one, nothing is left.
        for key in wanted.elements.0.keys() {
            let pair = if wanted.interval {
                wanted.elements.0.clone()
            } else {
                let element = wanted.elements.0[key].clone();
                [(key.clone(), element)].into_iter().collect()
            };
            let delete = NftChange::DeleteElements {
                family,
                table: "t".to_owned(),
                set: wanted.shape(),
                elements: pair,
            };
            send(&mut place, &[delete]);
            if wanted.interval {
                break;
            }
        }
        let got = read(&mut place, family);
        assert_eq!(got.sets.get(&wanted.name), Some(&wanted.shape()));
    }
}

#[test]
fn neighbouring_ranges_keep_their_border() {
    let family = NftFamily::Inet;
    let mut place = Place::new();
    let mut ranges = Set::map("ranges", &[DataType::Port], &[DataType::Mark]);
    ranges.interval = true;
    let mark = |mark: u32| Some(SetValue::Data(mark.to_ne_bytes().to_vec()));
    ranges.elements.insert(Key::new().port(10), mark(1), None);
    ranges.elements.insert(Key::new().port(20), mark(2), None);
    ranges.elements.0.insert(Key::new().port(30), end());
    send(&mut place, &[&[table(family)][..], &set(family, &ranges)].concat());
    let listing = place.run("nft list ruleset");
    assert!(listing.contains("10-19 : 0x00000001"), "{listing}");
    assert!(listing.contains("20-29 : 0x00000002"), "{listing}");
    assert_eq!(read(&mut place, family).sets.get(&"ranges".to_owned()), Some(&ranges));
}

#[test]
fn a_range_over_several_fields_gets_another_end() {
    let family = NftFamily::Inet;
    let mut place = Place::new();
    let mut ranges = Set::ranges("ranges", &[DataType::Ipv4Address, DataType::Port]);
    let key = |last: u8| Key::new().address([10, 0, 0, last].into()).port(80);
    ranges.elements.insert_range(key(0), key(127), web());
    send(&mut place, &[&[table(family)][..], &set(family, &ranges)].concat());
    let before = read(&mut place, family);
    ranges.elements.insert_range(key(0), key(255), web());
    let elements = |set: &Set| set.elements.0.clone();
    let old = before.sets.get(&"ranges".to_owned()).unwrap();
    let (table, shape) = ("t".to_owned(), ranges.shape());
    let delete = NftChange::DeleteElements {
        family,
        table: table.clone(),
        set: shape.clone(),
        elements: elements(old),
    };
    let add = NftChange::AddElements { family, table, set: shape, elements: elements(&ranges) };
    send(&mut place, &[delete, add]);
    assert_eq!(read(&mut place, family).sets.get(&"ranges".to_owned()), Some(&ranges));
}

#[test]
fn lookups_in_sets_maps_and_verdict_maps() {
    let family = NftFamily::Ip;
    let mut place = Place::new();
    let other =
        NftChange::AddChain { family, table: "t".to_owned(), name: "other".to_owned(), base: None };
    let fwd = chain(family, "fwd", ChainKind::Filter, Hook::Forward);
    let shapes = shapes();
    let find = |name: &str| shapes.iter().find(|(set, _)| set.name == name).unwrap().0.clone();
    let ipv4 = |offset, to| Expression::Payload {
        base: PayloadBase::Network,
        offset,
        len: 4,
        to: Register(to),
    };
    let port = |to| Expression::Payload {
        base: PayloadBase::Transport,
        offset: 2,
        len: 2,
        to: Register(to),
    };
    let lookup = |set: &str, to, inverted| Expression::Lookup {
        set: set.to_owned(),
        from: Register(0),
        to,
        inverted,
    };
    let not_in = vec![ipv4(12, 0), lookup("addresses", None, true)];
    let decides = vec![ipv4(16, 0), port(1), lookup("verdicts", None, false)];
    let marks = vec![
        Expression::Meta { key: MetaKey::IifName, to: Register(0) },
        lookup("marks", Some(Register(0)), false),
        Expression::MetaSet { key: MetaKey::Mark, from: Register(0) },
    ];
    let sets = ["addresses", "verdicts", "marks"].map(|name| set(family, &find(name))).concat();
    send(&mut place, &[&[table(family), other, fwd][..], &sets].concat());
    // The verdict map is looked up both from the same and from a later transaction.
    let rules = [("one", &not_in), ("two", &decides), ("three", &marks)];
    send(&mut place, &rules.map(|(words, list)| rule(family, "fwd", words, list.clone())));
    let listing = place.run("nft list ruleset");
    for line in [
        "ip saddr != @addresses comment \"one\"",
        "ip daddr . tcp dport vmap @verdicts comment \"two\"",
        "meta mark set iifname map @marks comment \"three\"",
    ] {
        let line = line.replace("tcp dport", "th dport");
        assert!(listing.contains(&line), "no {line:?} in\n{listing}");
    }
    let got = read(&mut place, family);
    for (got, (_, sent)) in got.chains.get(&"fwd".to_owned()).unwrap().rules.iter().zip(rules) {
        assert_eq!(got.expressions, sent.iter().map(seen).collect::<Vec<_>>());
    }
}

#[test]
fn thousands_of_elements_go_in_one_transaction() {
    let family = NftFamily::Inet;
    let mut place = Place::new();
    let mut many = Set::hash("many", &[DataType::Ipv4Address, DataType::Port]);
    for number in 0..5000_u32 {
        let key = Key::new().address(number.to_be_bytes().into()).port(80);
        many.elements.insert(key, None, Some(format!("container {number}")));
    }
    send(&mut place, &[&[table(family)][..], &set(family, &many)].concat());
    assert_eq!(read(&mut place, family).sets.get(&"many".to_owned()), Some(&many));
}
