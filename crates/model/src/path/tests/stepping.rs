//! The walk as its callers drive it: it asks for what it needs and for nothing else.

use super::machine::*;
use crate::host::link::Veth;
use crate::host::{Actual, LinkKind, NamespaceId};
use crate::path::{End, Part, Path, Progress, Question, Walk, walk};
use std::borrow::Cow;
use std::collections::BTreeSet;

fn drive(actual: &Actual, question: Question) -> (Path, BTreeSet<(NamespaceId, Part)>) {
    let mut walk = Walk::new("ha", question);
    let (mut hops, mut asked) = (Vec::new(), BTreeSet::new());
    let end = loop {
        match walk.step() {
            Progress::Hop(hop) => hops.push(hop),
            Progress::Need(of, which) => {
                assert!(asked.insert((of.clone(), which.clone())), "asked twice: {which:?}");
                walk.supply(
                    of.clone(),
                    which.clone(),
                    Cow::Owned(which.of(&actual.namespaces[&of])),
                );
            }
            Progress::Resolve { .. } => panic!("nothing is on the wire here"),
            Progress::LeavesHost { at, .. } => break End::Left { at },
            Progress::End(end) => break end,
        }
    };
    (Path { hops, end }, asked)
}

#[test]
fn parts_one_by_one_give_the_same_path_as_the_whole() {
    let host = host();
    for (from, to, port) in [
        (container("c0"), "10.0.0.11", 80),
        (container("c0"), "198.51.100.7", 443),
        (container("c2"), "192.0.2.1", 8080),
        (NamespaceId::Host, "127.0.0.1", 8080),
    ] {
        let question = tcp(from, to, port);
        assert_eq!(drive(&host, question.clone()).0, walk("ha", &host, question));
    }
}

#[test]
fn namespaces_off_the_way_are_not_read() {
    let (_, asked) = drive(&host(), tcp(container("c2"), "198.51.100.7", 443));
    let namespaces: BTreeSet<_> = asked.into_iter().map(|(of, _)| of).collect();
    assert_eq!(namespaces, BTreeSet::from([NamespaceId::Host, container("c2")]));
}

#[test]
fn what_cannot_be_had_is_the_reason() {
    let mut walk = Walk::new("ha", tcp(container("c0"), "10.0.0.11", 80));
    let Progress::Need(of, part) = walk.step() else { panic!("it knows nothing yet") };
    walk.withhold(of, part, "permission denied");
    let Progress::End(End::Unknown { why, .. }) = walk.step() else { panic!("it cannot know") };
    assert_eq!(why, "permission denied");
}

/// As the kernel tells it: the other end's index, and the number of its namespace.
#[test]
fn the_other_end_of_a_pair_is_found_by_its_numbers() {
    let mut actual = host();
    let question = || tcp(container("c0"), "10.0.0.11", 80);
    let named = walk("ha", &actual, question());
    let ids: Vec<_> = actual.namespaces.keys().cloned().collect();
    for (number, id) in ids.iter().enumerate() {
        let ns = actual.namespace(id.clone());
        ns.numbers = ids.iter().cloned().zip(0..).map(|(id, n)| (n, id)).collect();
        let names: Vec<_> = ns.links.keys().cloned().collect();
        for (index, name) in names.iter().enumerate() {
            ns.links.get_mut(name).unwrap().index = Some((number * 100 + index + 1) as u32);
        }
    }
    let before = actual.clone();
    for namespace in actual.namespaces.values_mut() {
        let names: Vec<_> = namespace.links.keys().cloned().collect();
        for name in names {
            let link = namespace.links.get_mut(&name).unwrap();
            let LinkKind::Veth(Veth { peer: Some(peer), .. }) = link.kind.clone() else { continue };
            let peer_index =
                before.namespaces[&peer.namespace].links.get(&peer.name).unwrap().index;
            let number = ids.iter().position(|id| *id == peer.namespace).unwrap() as i32;
            let veth = Veth { peer: None, peer_index, peer_netnsid: Some(number) };
            link.kind = LinkKind::Veth(veth);
        }
    }
    assert_eq!(walk("ha", &actual, question()), named);
    for namespace in actual.namespaces.values_mut() {
        namespace.numbers.clear();
    }
    assert!(matches!(walk("ha", &actual, question()).end, End::Unknown { .. }));
}
