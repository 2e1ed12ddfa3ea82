//! Hosts, what joins them, and their containers.

use super::draft::{Draft, Host, Network, Underlay, length};
use super::not_yet::{Kind, allowed};
use crate::case::Listener;
use model::net::{Family, Transport};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ports that are listened at.
pub(super) const PORTS: [u16; 3] = [80, 5000, 8080];

pub(super) fn lay(draft: &mut Draft) {
    let hosts = *draft.random.pick(&[1, 1, 1, 2, 2, 2, 2, 3, 3, 4]);
    for number in 1..=hosts {
        let name = format!("h{number}");
        draft.space(&name);
        draft.hosts.push(Host { name: name.clone(), number });
        draft.set(&name, "net/ipv4/ip_forward=1");
        draft.set(&name, "net/ipv6/conf/all/forwarding=1");
        listen(draft, &name);
    }
    join(draft);
    for host in 0..draft.hosts.len() {
        let networks = if hosts > 2 { 1 } else { draft.random.between(1, 2) };
        for number in 1..=networks {
            network(draft, host, number as u8);
        }
    }
}

/// Hosts on one switch, or in a row.
fn join(draft: &mut Draft) {
    let hosts = draft.hosts.len();
    if hosts < 2 {
        return;
    }
    if draft.random.percent(50) {
        draft.bridge("switch", "sw0");
        let mut underlay = Underlay { number: 0, ends: Vec::new() };
        for host in 0..hosts {
            let name = draft.hosts[host].name.clone();
            let port = format!("p{}", host + 1);
            draft.cable((&name, "up0"), ("switch", &port));
            draft.ip("switch", format!("link set {port} master sw0"));
            underlay.ends.push((host, "up0".to_owned()));
        }
        draft.underlays.push(underlay);
    } else {
        for (host, number) in (1..hosts).zip(1..) {
            let (left, right) =
                (draft.hosts[host - 1].name.clone(), draft.hosts[host].name.clone());
            draft.cable((&left, "right"), (&right, "left"));
            let ends = vec![(host - 1, "right".to_owned()), (host, "left".to_owned())];
            draft.underlays.push(Underlay { number, ends });
        }
    }
    for place in 0..draft.underlays.len() {
        for (host, link) in draft.underlays[place].ends.clone() {
            for family in Family::BOTH {
                let address = draft.underlays[place].address(family, draft.hosts[host].number);
                let name = draft.hosts[host].name.clone();
                draft.address(&name, &link, address, length(family));
            }
        }
        if allowed(Kind::Macvlan) && draft.random.percent(15) {
            beside(draft, place);
        }
    }
}

/// A link beside a host's own on the wire to the others, with addresses of its own.
fn beside(draft: &mut Draft, place: usize) {
    let (host, under) = draft.random.pick(&draft.underlays[place].ends).clone();
    let (name, number) = (draft.hosts[host].name.clone(), draft.hosts[host].number);
    let (link, index) = (format!("mv{place}"), draft.number());
    draft.ip(
        &name,
        format!("link add name {link} index {index} link {under} type macvlan mode bridge"),
    );
    draft.ip(&name, format!("link set {link} up"));
    let address = draft.underlays[place].address(Family::V4, 100 + number);
    draft.address(&name, &link, address, length(Family::V4));
}

fn network(draft: &mut Draft, host: usize, number: u8) {
    let families = match draft.random.below(10) {
        0..6 => Family::BOTH.to_vec(),
        6..9 => vec![Family::V4],
        _ => vec![Family::V6],
    };
    let bridge = draft.random.percent(70).then(|| format!("br{number}"));
    let (name, host_number) = (draft.hosts[host].name.clone(), draft.hosts[host].number);
    let network = Network { host, number, families: families.clone() };
    if let Some(bridge) = &bridge {
        draft.bridge(&name, bridge);
        for family in &families {
            let gateway = network.address(*family, host_number, 1);
            draft.address(&name, bridge, gateway, length(*family));
        }
    }
    let containers = draft.random.between(1, 3);
    let several = draft.random.percent(50);
    for container in 0..containers {
        let letter = ["a", "b", "c"][container];
        let space = format!("c{host_number}{number}{letter}");
        let port = format!("v{number}{letter}");
        draft.cable((&space, "eth0"), (&name, &port));
        listen(draft, &space);
        for family in &families {
            let address = network.address(*family, host_number, 10 + container as u8);
            // A routed port may have the gateway's address as its brothers have it, or one of its own.
            let own = bridge.is_none() && *family == Family::V6 && !several;
            let station = if own { 200 + container as u8 } else { 1 };
            let gateway = network.address(*family, host_number, station);
            match &bridge {
                Some(_) => draft.address(&space, "eth0", address, length(*family)),
                None => {
                    let whole = family.bits();
                    draft.address(&space, "eth0", address, whole);
                    draft.ip(&space, format!("route add {gateway} dev eth0"));
                    // An IPv4 address is the whole host's: the other ports answer for it all the same.
                    if container == 0 || *family == Family::V6 || several {
                        draft.address(&name, &port, gateway, whole);
                    }
                    let source = network.address(*family, host_number, station);
                    draft.ip(&name, format!("route add {address} dev {port} src {source}"));
                }
            }
            let default = family.everything();
            draft.ip(&space, format!("route add {default} via {gateway} dev eth0"));
        }
        if let Some(bridge) = &bridge {
            draft.ip(&name, format!("link set {port} master {bridge}"));
        }
    }
    draft.networks.push(network);
}

/// Sockets for both families.
fn listen(draft: &mut Draft, space: &str) {
    let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    for address in any {
        for transport in [Transport::Tcp, Transport::Udp] {
            for port in PORTS {
                draft.space(space).sockets.push(Listener { transport, address, port });
            }
        }
    }
}
