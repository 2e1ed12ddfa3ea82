//! All or nothing, and errors that say what was refused.

use super::{chain, rule, send, set, table};
use crate::nft::{commit, generation, read};
use crate::testing::Place;
use model::diff::NftChange;
use model::host::nft::{
    BaseChain, ChainKind, DataType, Expression, Hook, Key, NftFamily, Policy, Set, Verdict,
};
use nix::errno::Errno;

#[test]
fn one_bad_change_undoes_all_and_is_named() {
    let family = NftFamily::Inet;
    let mut place = Place::new();
    let bad = rule(
        family,
        "fwd",
        "into the void",
        vec![Expression::Verdict(Verdict::Jump("nowhere".to_owned()))],
    );
    let changes = [
        table(family),
        chain(family, "fwd", ChainKind::Filter, Hook::Forward),
        bad,
        rule(family, "fwd", "fine", vec![Expression::Counter]),
    ];
    let failure = commit(place.sockets.netfilter().unwrap(), &changes, None).unwrap_err();
    assert_eq!(failure.change, Some(2));
    assert_eq!(failure.error.errno(), Some(Errno::ENOENT));
    let words = failure.to_string();
    assert!(words.starts_with("rule \"into the void\" in inet t fwd: No such file"), "{words}");
    assert!(read(place.sockets.netfilter().unwrap()).unwrap().tables.is_empty());
}

#[test]
fn a_transaction_may_insist_on_the_generation_it_was_made_for() {
    let family = NftFamily::Inet;
    let mut place = Place::new();
    let seen = generation(place.sockets.netfilter().unwrap()).unwrap();
    place.run("nft add table inet other");
    let failure =
        commit(place.sockets.netfilter().unwrap(), &[table(family)], Some(seen)).unwrap_err();
    assert_eq!((failure.change, failure.error.errno()), (None, Some(Errno::ERESTART)));
    let now = generation(place.sockets.netfilter().unwrap()).unwrap();
    commit(place.sockets.netfilter().unwrap(), &[table(family)], Some(now)).unwrap();
    assert_eq!(read(place.sockets.netfilter().unwrap()).unwrap().tables.len(), 2);
}

#[test]
fn what_is_made_is_unmade() {
    let family = NftFamily::Inet;
    let mut place = Place::new();
    let table_name = || "t".to_owned();
    let mut ports = Set::hash("ports", &[DataType::Port]);
    ports.elements.insert(Key::new().port(1), None, None);
    let fwd = chain(family, "fwd", ChainKind::Filter, Hook::Forward);
    let adds = [&[table(family), fwd][..], &set(family, &ports)].concat();
    send(&mut place, &adds);
    // What is there already and equal may be added again.
    send(&mut place, &adds);
    send(&mut place, &[rule(family, "fwd", "counts", vec![Expression::Counter])]);
    send(
        &mut place,
        &[
            NftChange::FlushChain { family, table: table_name(), chain: "fwd".to_owned() },
            NftChange::DeleteChain {
                family,
                table: table_name(),
                name: "fwd".to_owned(),
                base: None,
            },
            NftChange::DeleteSet { family, table: table_name(), set: ports.shape() },
        ],
    );
    let table = super::read(&mut place, family);
    assert!(table.chains.is_empty() && table.sets.is_empty());
    let delete = [NftChange::DeleteTable { family, name: table_name() }];
    send(&mut place, &delete);
    let failure = commit(place.sockets.netfilter().unwrap(), &delete, None).unwrap_err();
    assert!(failure.error.already_gone(), "{failure}");
}

#[test]
fn netdev_chains_stand_on_devices() {
    let mut place = Place::new();
    place.run("ip link add d0 type veth peer name d1");
    let family = NftFamily::Netdev;
    for devices in [vec!["d0"], vec!["d0", "d1"]] {
        let base = BaseChain {
            kind: ChainKind::Filter,
            hook: Hook::Ingress,
            priority: 7,
            policy: Policy::Drop,
            devices: devices.iter().map(|name| name.parse().unwrap()).collect(),
        };
        let name = format!("on{}", devices.len());
        let add = NftChange::AddChain {
            family,
            table: "t".to_owned(),
            name: name.clone(),
            base: Some(base.clone()),
        };
        send(&mut place, &[table(family), add]);
        let table = super::read(&mut place, family);
        assert_eq!(table.chains.get(&name).unwrap().base.as_ref(), Some(&base));
    }
    let listing = place.run("nft list ruleset");
    assert!(
        listing.contains("hook ingress devices = { d0, d1 } priority filter + 7; policy drop"),
        "{listing}"
    );
    let misplaced = chain(family, "fwd", ChainKind::Filter, Hook::Forward);
    let failure = commit(place.sockets.netfilter().unwrap(), &[misplaced], None).unwrap_err();
    assert!(failure.to_string().contains("has no hook Forward"), "{failure}");
}
