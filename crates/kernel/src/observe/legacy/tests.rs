//! iptables-legacy(8) writes the tables, and iptables-nft(8) the same rules to nftables: both are read
//! as the same.

use super::legacy;
use super::socket::{Blob, table as table_of};
use crate::netns::within;
use crate::testing::Place;
use crate::{Error, nft};
use model::host::nft::xt::{Extension, Match, Target};
use model::host::nft::{
    ChainKind, CmpOp, Expression, Hook, NftFamily, NftTable, Policy, Register, Verdict,
};
use model::host::{Table, Unknown};
use model::net::Family;
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::fd::AsFd;

/// All tables with all their chains, some of which others have, and rules that ask of the packet
/// itself alone.
const IPV4: &str = "\
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT DROP [0:0]
-A PREROUTING -i eth+ -j ACCEPT
-A PREROUTING ! -i eth0 -j DROP
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A OUTPUT ! -o averylongname12 -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:ONE - [0:0]
:two - [0:0]
-A PREROUTING -d 10.0.0.1/32 -j ONE
-A ONE -s 10.0.0.0/8 -j two
-A ONE -g two
-A two -j RETURN
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:EMPTY - [0:0]
:LAST - [0:0]
-A INPUT -s 10.0.0.0/9 -j EMPTY
-A INPUT ! -s 10.1.2.3/255.0.255.0 ! -d 192.0.2.1/32 -j DROP
-A INPUT -d 172.16.0.0/12
-A INPUT -j LAST
-A FORWARD -i v0 -o v1 -p tcp -s 10.0.0.0/16 -j ACCEPT
-A FORWARD ! -p udp -j RETURN
-A FORWARD -p 99 -f -j DROP
-A FORWARD ! -f -j DROP
-A LAST -s 10.0.0.1/32
-A LAST -j DROP
COMMIT
*security
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
";

const IPV6: &str = "\
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING DROP [0:0]
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:MORE - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -s 2001:db8::/32 ! -d 2001:db8::1/128 -j MORE
-A INPUT -s 2001:db8:8000::/33 -j MORE
-A FORWARD -o eth+ -p udp -g MORE
-A FORWARD ! -p 58 -j DROP
-A MORE -j RETURN
COMMIT
";

fn get<'a>(
    tables: &'a Table<NftTable<Unknown>>,
    family: NftFamily,
    name: &str,
) -> &'a NftTable<Unknown> {
    tables.get(&(family, name.to_owned())).unwrap_or_else(|| panic!("no table {name}"))
}

fn rule(table: &NftTable<Unknown>, chain: &str, number: usize) -> Vec<Expression<Unknown>> {
    table.chains.get(&chain.to_owned()).unwrap().rules[number].expressions.clone()
}

#[test]
fn the_same_words_are_the_same_rules_in_both_tables() {
    let (mut old, mut new) = (Place::new(), Place::new());
    for (program, input) in [("iptables", IPV4), ("ip6tables", IPV6)] {
        old.feed(&format!("{program}-legacy-restore"), input);
        new.feed(&format!("{program}-nft-restore"), input);
    }
    let old = legacy(&mut old.sockets).unwrap();
    let new = nft::read(new.sockets.netfilter().unwrap()).unwrap().tables;
    assert_eq!(old.len(), 7);
    assert_eq!(old.len(), new.len());
    for (old, new) in old.iter().zip(new.iter()) {
        assert_eq!((old.family, &old.name), (new.family, &new.name));
        let table = &old.name;
        for (old, new) in old.chains.iter().zip(new.chains.iter()) {
            let mut new = new.clone();
            if let Some(base) = new.base.as_mut().filter(|_| table == "security") {
                // iptables-nft is mistaken: NF_IP_PRI_SECURITY is 50.
                assert_eq!(base.priority, 150);
                base.priority = 50;
            }
            assert_eq!(old, &new);
        }
        assert_eq!(old.chains.len(), new.chains.len());
    }
    let filter = get(&old, NftFamily::Ip, "filter");
    let forward = filter.chains.get(&"FORWARD".to_owned()).unwrap().base.as_ref().unwrap();
    assert_eq!((forward.hook, forward.policy), (Hook::Forward, Policy::Drop));
    let mangle = get(&old, NftFamily::Ip, "mangle");
    let output = mangle.chains.get(&"OUTPUT".to_owned()).unwrap().base.as_ref().unwrap();
    assert_eq!((output.kind, output.priority), (ChainKind::Route, -150));
}

/// Chains with their policies, and how many rules each has.
type Outline = BTreeMap<(String, String), (String, usize)>;

fn outline(saved: &str) -> Outline {
    let mut outline = Outline::new();
    let mut table = "";
    for line in saved.lines() {
        let mut words = line.split(' ');
        match words.next().unwrap_or_default() {
            name if name.starts_with('*') => table = &name[1..],
            chain if chain.starts_with(':') => {
                let policy = words.next().unwrap().to_owned();
                outline.insert((table.to_owned(), chain[1..].to_owned()), (policy, 0));
            }
            "-A" => {
                let chain = (table.to_owned(), words.next().unwrap().to_owned());
                outline.get_mut(&chain).unwrap().1 += 1;
            }
            _ => {}
        }
    }
    outline
}

#[test]
fn chains_policies_and_rules_are_those_that_iptables_saves() {
    let mut place = Place::new();
    place.feed("iptables-legacy-restore", IPV4);
    place.feed("ip6tables-legacy-restore", IPV6);
    let tables = legacy(&mut place.sockets).unwrap();
    for (program, family) in
        [("iptables-legacy-save", NftFamily::Ip), ("ip6tables-legacy-save", NftFamily::Ip6)]
    {
        let of_family = tables.iter().filter(|table| table.family == family);
        let ours: Outline = of_family
            .flat_map(|table| table.chains.iter().map(|chain| (table.name.clone(), chain)))
            .map(|(table, chain)| {
                let policy = match chain.base.as_ref().map(|base| base.policy) {
                    None => "-",
                    Some(Policy::Accept) => "ACCEPT",
                    Some(Policy::Drop) => "DROP",
                };
                ((table, chain.name.clone()), (policy.to_owned(), chain.rules.len()))
            })
            .collect();
        assert_eq!(ours, outline(&place.run(program)));
    }
}

#[test]
fn matches_and_targets_stand_between() {
    let mut place = Place::new();
    place.run("ipset create blue hash:ip");
    place.run("iptables-legacy -N web");
    place.run(
        "iptables-legacy -A FORWARD -p tcp -m comment --comment here -m tcp --dport 80 \
         -m set --match-set blue src -g web",
    );
    place.run("iptables-legacy -A web -m u32 --u32 0=1 -j REJECT");
    place.run("iptables-legacy -A web ! -i + -j DROP");
    let tables = legacy(&mut place.sockets).unwrap();
    let filter = get(&tables, NftFamily::Ip, "filter");
    let chain = filter.chains.get(&"FORWARD".to_owned()).unwrap();
    assert_eq!(chain.rules[0].comment.as_deref(), Some("here"));
    let expressions = rule(filter, "FORWARD", 0);
    let asked: Vec<_> = expressions
        .iter()
        .filter_map(|expression| match expression {
            Expression::Extension { is: Extension::Match(asked), .. } => Some(asked),
            _ => None,
        })
        .collect();
    assert_eq!(asked.len(), 3);
    assert!(matches!(asked[1], Match::Tcp { destination, .. } if destination.first == 80));
    assert!(matches!(asked[2], Match::Set { name, .. } if name == "blue"));
    let goes = Expression::Verdict(Verdict::Goto("web".to_owned()));
    assert_eq!(expressions.last(), Some(&goes));
    let expressions = rule(filter, "web", 0);
    let [Expression::Foreign(why), Expression::Counter, Expression::Extension { is, .. }] =
        &expressions[..]
    else {
        panic!("{expressions:?}");
    };
    assert_eq!(why.why, "iptables' match u32, revision 0");
    assert_eq!(is, &Extension::Target(Target::Reject { with: 3 }));
    // Nothing comes by no link at all, and no link has this name.
    let none =
        Expression::Cmp { op: CmpOp::Equal, from: Register(0), value: b"INVAL/D\0".to_vec() };
    assert_eq!(rule(filter, "web", 1)[1], none);
}

/// A real table with some of its bytes changed: read or refused, but never with a panic.
#[test]
fn nonsense_is_read_without_a_panic() {
    let place = Place::new();
    place.feed("iptables-legacy-restore", IPV4);
    let blob = within(place.namespace.as_fd(), || table_of(Family::V4, "filter")).unwrap();
    let blob = blob.unwrap().unwrap();
    let (read, refused) = (Cell::new(0), Cell::new(0));
    proptest!(|(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..9))| {
        let mut entries = blob.entries.clone();
        for (at, byte) in changes {
            *at.get_mut(&mut entries) = byte;
        }
        match super::table(&Blob { entries, name: blob.name.clone(), ..blob }, &mut |_| None) {
            Ok(_) => read.set(read.get() + 1),
            Err(Error::Malformed { .. }) => refused.set(refused.get() + 1),
            Err(other) => panic!("{other}"),
        }
    });
    assert!(read.get() > 0 && refused.get() > 0, "{read:?} {refused:?}");
}

#[test]
fn reading_makes_no_table() {
    let mut place = Place::new();
    let names = |place: &Place| {
        let read = |path| place.run(&format!("cat {path}"));
        read("/proc/thread-self/net/ip_tables_names")
            + &read("/proc/thread-self/net/ip6_tables_names")
    };
    assert_eq!(names(&place), "");
    assert!(legacy(&mut place.sockets).unwrap().is_empty());
    assert_eq!(names(&place), "");
    // As the kernel makes it: all chains accept, and hold nothing.
    place.run("ip6tables-legacy -t raw -S");
    assert_eq!(names(&place), "raw\n");
    let tables = legacy(&mut place.sockets).unwrap();
    assert_eq!(names(&place), "raw\n");
    let raw = get(&tables, NftFamily::Ip6, "raw");
    assert_eq!((tables.len(), raw.chains.len()), (1, 2));
    for chain in raw.chains.iter() {
        let base = chain.base.as_ref().unwrap();
        assert_eq!((base.priority, base.policy, chain.rules.len()), (-300, Policy::Accept, 0));
    }
}
