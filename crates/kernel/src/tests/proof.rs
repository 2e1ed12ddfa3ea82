//! What passes between two hosts, proven through the means itself, and the choice that follows.

use super::Host;
use super::tunnel::{joined, name, underlay, vtep};
use crate::prove::echoes;
use model::cluster::{
    Backend, Choice, Echo, Means, Outcome, Proof, Proofs, Search, Source, Tried, choose,
};
use model::explain::WayFault;
use model::net::Family;
use std::os::fd::AsFd as _;
use std::time::Duration;

/// Steps all searches together until each has found what it looks for.
fn search(from: &Host, of: Vec<Echo>) -> Vec<Proof> {
    let mut searches: Vec<Search> = of.into_iter().map(Search::new).collect();
    for _ in 0..40 {
        let (which, asked): (Vec<usize>, Vec<Echo>) = (searches.iter().enumerate())
            .filter_map(|(number, search)| Some((number, search.next()?)))
            .unzip();
        let namespace = from.place.namespace.as_fd();
        let outcomes = echoes(namespace, &asked, Duration::from_millis(100)).unwrap();
        for (number, outcome) in which.into_iter().zip(outcomes) {
            searches[number].step(outcome);
        }
    }
    searches.iter().map(|search| search.proof().expect("40 rounds are enough").clone()).collect()
}

fn decide(from: &Host, over: Family, backend: Backend) -> Choice {
    let tunnel =
        Echo { from: Source::Link(name("gx-t")), to: vtep(2).link_local().into(), bytes: 1430 };
    let plain =
        Echo { from: Source::Address(underlay(over, 1)), to: underlay(over, 2), bytes: 1500 };
    let [vxlan, underlay] = search(from, vec![tunnel, plain]).try_into().unwrap();
    let (vxlan, underlay) = (Tried::Done(vxlan), Tried::Done(underlay));
    choose(backend, &Proofs { vxlan, underlay, port: 4789, ..Proofs::default() })
}

#[test]
fn a_tunnel_is_proven_and_what_is_wrong_with_it_is_named() {
    for over in Family::BOTH {
        let [a, b] = joined(over);
        let good = decide(&a, over, Backend::Auto);
        assert_eq!(
            good,
            Choice { by: Some(Means::Vxlan), mtu: Some(1430), whole: true, why: vec![] }
        );
        // Both ends see the packets of the tunnel as not to be fragmented.
        b.run("nft add table inet t");
        b.run("nft add chain inet t c { type filter hook input priority -200 ; }");
        b.run("nft add rule inet t c udp dport 4789 ip frag-off & 0x4000 == 0 drop");
        assert_eq!(decide(&a, over, Backend::Vxlan), good);

        // What is around the packets within: Ethernet, VXLAN, UDP and IP.
        let around = if over == Family::V4 { 50 } else { 70 };
        b.run("nft add rule inet t c udp dport 4789 meta length > 1400 drop");
        let bytes = 1400 - around;
        let choice = decide(&a, over, Backend::Auto);
        let lost = WayFault::LargeLost { means: Means::Vxlan, bytes };
        let (by, mtu) = (Some(Means::Vxlan), Some(bytes));
        assert_eq!(choice, Choice { by, mtu, whole: false, why: vec![lost] });

        b.run("nft add rule inet t c udp dport 4789 drop");
        let silent = WayFault::VxlanSilent { port: 4789, underlay: underlay(over, 2) };
        let choice = decide(&a, over, Backend::Vxlan);
        let by = Some(Means::Vxlan);
        assert_eq!(choice, Choice { by, mtu: None, whole: false, why: vec![silent.clone()] });
        let choice = decide(&a, over, Backend::Auto);
        assert_eq!(choice, Choice { by: None, mtu: None, whole: false, why: vec![silent] });

        b.run("ip link set u0 down");
        let choice = decide(&a, over, Backend::Vxlan);
        assert!(matches!(&choice.why[..], [WayFault::UnderlaySilent { .. }]), "{choice:?}");
    }
}

#[test]
fn no_echo_is_answered_by_another_peer() {
    let [a, _b] = joined(Family::V4);
    let to = |number| Echo {
        from: Source::Link(name("gx-t")),
        to: vtep(number).link_local().into(),
        bytes: 1280,
    };
    let asked: Vec<Echo> = (2..30).map(to).collect();
    let namespace = a.place.namespace.as_fd();
    // The link's own address comes when the kernel finds the time.
    let mut tries = (0..20).map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        echoes(namespace, &asked, Duration::from_millis(300)).unwrap()
    });
    let outcomes = tries.find(|outcomes| !matches!(outcomes[0], Outcome::NotSent { .. })).unwrap();
    assert!(matches!(outcomes[0], Outcome::Answered { .. }), "{:?}", outcomes[0]);
    assert!(outcomes[1..].iter().all(|outcome| *outcome == Outcome::Silent), "{outcomes:?}");
}
