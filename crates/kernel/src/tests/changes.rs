//! Routes and peers change while packets go by them, and none is lost.

use super::Host;
use super::tunnel::{joined, name, own, underlay, vtep, want};
use crate::prove::echoes;
use model::cluster::{Echo, Outcome, Source};
use model::diff::Change;
use model::host::neighbour::FdbEntry;
use model::host::route::{Nexthop, Route};
use model::net::Family;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Two hosts that have both families on the wire between them.
fn hosts() -> [Host; 2] {
    let hosts = joined(Family::V4);
    for (host, number) in hosts.iter().zip(1..) {
        host.run(&format!("ip address add {}/64 dev u0 nodad", underlay(Family::V6, number)));
        host.run("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.u0.rp_filter=0");
        host.run("sysctl -qw net.ipv4.conf.gx-t.rp_filter=0");
    }
    hosts
}

/// Does the work while echoes of both families go to the peer one after another; gives how many went,
/// and what came of those that were not answered.
fn under_way(from: &mut Host, work: impl FnOnce(&mut Host)) -> (usize, Vec<Outcome>) {
    let namespace = from.place.namespace.as_fd().try_clone_to_owned().unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let pinging = scope.spawn(|| {
            let both = Family::BOTH.map(|family| Echo {
                from: Source::Address(own(family, 1)),
                to: own(family, 2),
                bytes: 1280,
            });
            let (mut sent, mut lost) = (0, Vec::new());
            let end = Instant::now() + Duration::from_secs(60);
            while !over.load(Ordering::Acquire) && Instant::now() < end {
                let patience = Duration::from_secs(2);
                let outcomes = echoes(namespace.as_fd(), &both, patience).unwrap();
                sent += outcomes.len();
                let unanswered = |outcome: &Outcome| !matches!(outcome, Outcome::Answered { .. });
                lost.extend(outcomes.into_iter().filter(unanswered));
            }
            (sent, lost)
        });
        let ends = Ends(&over);
        work(from);
        drop(ends);
        pinging.join().unwrap()
    })
}

/// Ends the echoes, also when the work panics.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn direct(host: &mut Host) {
    let routes: Vec<Route> = host.wants().routes.iter().cloned().collect();
    host.wants().routes = Default::default();
    for mut route in routes {
        let hop = underlay(Family::of_prefix(&route.destination), 2);
        route.nexthops = vec![Nexthop::via(hop, name("u0"))];
        route.mtu = Some(1500);
        host.wants().routes.insert(route);
    }
}

#[test]
fn a_route_changes_its_mtu_and_its_next_hop_without_a_gap() {
    let [mut a, _b] = hosts();
    let (sent, lost) = under_way(&mut a, |a| {
        for round in 0..40 {
            match round % 4 {
                0 | 2 => {
                    let tunnelled = a.wants();
                    let mut routes: Vec<Route> = tunnelled.routes.iter().cloned().collect();
                    routes.iter_mut().for_each(|route| route.mtu = Some(1300 + round));
                    tunnelled.routes.extend(routes);
                }
                1 => direct(a),
                _ => {
                    a.wants().routes = Default::default();
                    want(a, 1, Family::V4);
                }
            }
            let steps = a.converge();
            let changes = |change: &Change| matches!(change, Change::ChangeRoute { .. });
            assert!(steps.iter().all(|step| changes(&step.change)), "{steps:#?}");
            assert_eq!(steps.len(), 2);
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    assert_eq!(lost, []);
    assert!(sent > 200, "{sent}");
}

#[test]
fn a_peer_gets_another_underlay_address_without_a_gap() {
    let [mut a, b] = hosts();
    let other = IpAddr::from([192, 0, 2, 12]);
    b.run("ip address add 192.0.2.12/24 dev u0");
    let (sent, lost) = under_way(&mut a, |a| {
        for round in 0..40 {
            let remote = if round % 2 == 0 { other } else { underlay(Family::V4, 2) };
            a.wants().fdb.insert(FdbEntry::tunnel(name("gx-t"), vtep(2), remote));
            let steps = a.converge();
            assert!(
                matches!(&steps[..], [step] if matches!(&step.change, Change::ChangeFdbEntry { to, .. } if to.remote == Some(remote)))
            );
            let fdb = a.run("bridge fdb show dev gx-t");
            assert_eq!(fdb.trim(), format!("{} dst {remote} self permanent", vtep(2)));
        }
    });
    assert_eq!(lost, []);
    assert!(sent > 100, "{sent}");
}

#[test]
fn several_next_hops_of_the_other_family_are_kept_apart() {
    let [mut a, _b] = hosts();
    let hop = |number, weight| Nexthop {
        weight,
        ..Nexthop::via(vtep(number).link_local().into(), name("gx-t"))
    };
    let one: Vec<Route> = a.wants().routes.iter().cloned().collect();
    let two = one.iter().cloned().map(|mut route| {
        route.nexthops = vec![hop(2, 3), hop(7, 1)];
        route
    });
    a.wants().routes.extend(two);
    let steps = a.converge();
    let changed = |change: &Change| matches!(change, Change::ChangeRoute { .. });
    assert!(steps.len() == 2 && steps.iter().all(|step| changed(&step.change)), "{steps:#?}");
    let route = a.run("ip route show 10.1.2.0/26");
    let [second, seventh] = [2, 7].map(|number| vtep(number).link_local());
    assert!(route.contains(&format!("nexthop via inet6 {second} dev gx-t weight 3")), "{route}");
    assert!(route.contains(&format!("nexthop via inet6 {seventh} dev gx-t weight 1")), "{route}");
    a.wants().routes.extend(one);
    let steps = a.converge();
    assert!(steps.len() == 2 && steps.iter().all(|step| changed(&step.change)), "{steps:#?}");
    let routes = a.run("ip -6 route show fd00:1:2::/122");
    assert_eq!(routes.lines().count(), 1, "{routes}");
}
