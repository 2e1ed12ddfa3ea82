//! How hosts reach each other's networks.

use super::draft::{Draft, length};
use model::net::Family;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn lead(draft: &mut Draft) {
    let mut tunnelled = BTreeSet::new();
    for underlay in 0..draft.underlays.len() {
        let hosts: Vec<usize> =
            draft.underlays[underlay].ends.iter().map(|(host, _)| *host).collect();
        for (place, left) in hosts.iter().enumerate() {
            for right in &hosts[place + 1..] {
                if draft.random.percent(35) {
                    let vni = 10 + tunnelled.len() as u8;
                    tunnel(draft, vni, *left, *right, underlay);
                    tunnelled.extend([(*left, *right), (*right, *left)]);
                }
            }
        }
    }
    for from in 0..draft.hosts.len() {
        for place in 0..draft.networks.len() {
            let to = draft.networks[place].host;
            if to != from && !tunnelled.contains(&(from, to)) {
                direct(draft, from, place);
            }
        }
    }
}

/// A route over the underlay, to the host itself or the next one on the way.
fn direct(draft: &mut Draft, from: usize, place: usize) {
    let network = &draft.networks[place];
    let to = network.host;
    let next = |here: usize| if to > here { here + 1 } else { here - 1 };
    let shared = draft.underlays.iter().find(|underlay| {
        let has = |host| underlay.ends.iter().any(|(end, _)| *end == host);
        has(from) && (has(to) || has(next(from)))
    });
    let Some(underlay) = shared else { return };
    let hop = if underlay.ends.iter().any(|(end, _)| *end == to) { to } else { next(from) };
    let (hop, owner) = (draft.hosts[hop].number, draft.hosts[to].number);
    let lines: Vec<_> = network
        .families
        .iter()
        .map(|family| {
            let (prefix, via) = (network.prefix(*family, owner), underlay.address(*family, hop));
            format!("route add {prefix} via {via}")
        })
        .collect();
    let name = draft.hosts[from].name.clone();
    for line in lines {
        draft.ip(&name, line);
    }
}

/// A tunnel between two hosts on one segment: a network of its own, in which each is the other's way to
/// its containers. All of it is written down, nothing is learned.
fn tunnel(draft: &mut Draft, vni: u8, left: usize, right: usize, underlay: usize) {
    let family = if draft.random.percent(70) { Family::V4 } else { Family::V6 };
    let port = *draft.random.pick(&[4789, 4789, 8472]);
    let link = format!("vx{vni}");
    let outer = |draft: &Draft, host: usize| {
        draft.underlays[underlay].address(family, draft.hosts[host].number)
    };
    let inner = |of: Family, number: u8| -> IpAddr {
        match of {
            Family::V4 => Ipv4Addr::new(172, 16, vni, number).into(),
            Family::V6 => {
                Ipv6Addr::new(0xfd20, u16::from(vni), 0, 0, 0, 0, 0, u16::from(number)).into()
            }
        }
    };
    for (here, there) in [(left, right), (right, left)] {
        let (name, own) = (draft.hosts[here].name.clone(), draft.hosts[here].number);
        let peer = draft.hosts[there].number;
        let number = draft.number();
        let mac = |number: u8| format!("02:00:02:00:{vni:02x}:{number:02x}");
        let (local, remote) = (outer(draft, here), outer(draft, there));
        // Now and then the two do not fit together.
        let vni = if draft.random.percent(4) { vni + 100 } else { vni };
        draft.ip(
            &name,
            format!(
                "link add name {link} index {number} address {} type vxlan id {vni} local {local} dstport {port} nolearning",
                mac(own)
            ),
        );
        draft.ip(&name, format!("link set {link} up"));
        for of in Family::BOTH {
            draft.address(&name, &link, inner(of, own), length(of));
            let neighbour = inner(of, peer);
            draft.ip(
                &name,
                format!("neighbour add {neighbour} lladdr {} dev {link} nud permanent", mac(peer)),
            );
        }
        draft.space(&name).bridge.push(format!("fdb append {} dev {link} dst {remote}", mac(peer)));
        // Both ways at once, the tunnel's and the plain one: which is taken is a matter of a hash.
        let many = draft.random.percent(30).then(|| draft.random.between(1, 3));
        if many.is_some() {
            let seed = draft.random.between(1, 1 << 30);
            draft.set(&name, format!("net/ipv4/fib_multipath_hash_seed={seed}"));
        }
        let plain = draft.underlays[underlay].address(Family::V4, peer);
        let way = |of: Family| match many {
            Some(weight) if of == Family::V4 => format!(
                "nexthop via {} dev {link} weight {weight} nexthop via {plain} weight 2",
                inner(of, peer)
            ),
            _ => format!("via {} dev {link}", inner(of, peer)),
        };
        let networks = draft.networks.iter().filter(|network| network.host == there);
        let lines: Vec<_> = networks
            .flat_map(|network| {
                network.families.iter().map(move |of| (*of, network.prefix(*of, peer)))
            })
            .map(|(of, prefix)| format!("route add {prefix} {}", way(of)))
            .collect();
        for line in lines {
            draft.ip(&name, line);
        }
    }
}
