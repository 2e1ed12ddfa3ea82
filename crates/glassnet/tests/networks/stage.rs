//! Who is there: the host, the world outside, and containers, each with its addresses and with sockets
//! that wait.

use crate::listen::{self, Heard};
use crate::private_host::run;
use kernel::{NetNs, netns};
use serde_json::Value;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::Arc;

/// The port at which everybody listens, and one at which nobody does.
pub(crate) const OPEN: u16 = 80;
pub(crate) const CLOSED: u16 = 81;

/// Where the world outside begins, and who is there.
pub(crate) const HOST: [&str; 2] = ["192.0.2.1", "2001:db8::1"];
pub(crate) const OUTSIDE: [&str; 2] = ["192.0.2.9", "2001:db8::9"];

/// A network namespace, under the name that `glassnet trace` takes and gives.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) namespace: NetNs,
    path: PathBuf,
}

pub(crate) struct Stage {
    pub(crate) places: Vec<Arc<Place>>,
    pub(crate) heard: Heard,
}

impl Stage {
    /// A host that forwards and a neighbour of it; each takes the other for the way to everywhere.
    pub(crate) fn new() -> Self {
        run(&format!(
            "ip netns add outside
             ip link add uplink type veth peer name eth0 netns outside
             ip address add {0}/24 dev uplink; ip address add {1}/64 dev uplink nodad
             ip link set uplink up
             ip -n outside address add {2}/24 dev eth0
             ip -n outside address add {3}/64 dev eth0 nodad
             ip -n outside link set eth0 up; ip -n outside link set lo up
             ip -n outside route add default via {0}; ip -n outside -6 route add default via {1}
             ip route add default via {2}; ip -6 route add default via {3}
             echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
            HOST[0], HOST[1], OUTSIDE[0], OUTSIDE[1]
        ));
        let mut stage = Self { places: Vec::new(), heard: Heard::default() };
        stage.add("host", "/proc/self/ns/net");
        stage.add("netns:outside", "/run/netns/outside");
        stage
    }

    /// One more place, whose namespace a path leads to.
    pub(crate) fn add(&mut self, name: &str, path: impl Into<PathBuf>) {
        let path = path.into();
        let namespace = NetNs::by_path(&path).unwrap();
        netns::within(namespace.as_fd(), prepare).unwrap();
        let place = Arc::new(Place { name: name.to_owned(), namespace, path });
        listen::at(&place, OPEN, &self.heard);
        self.places.push(place);
    }

    /// A place made by hand: a port of a bridge, with the bridge's addresses as its gateways.
    pub(crate) fn plug(&mut self, name: &str, bridge: &str, gateways: [&str; 2], own: [&str; 2]) {
        run(&format!(
            "ip netns add {name}
             ip link add {name} type veth peer name eth0 netns {name}
             ip link set {name} master {bridge} up; ip link set {name} type bridge_slave hairpin on
             ip -n {name} address add {0}/24 dev eth0; ip -n {name} address add {1}/64 dev eth0 nodad
             ip -n {name} link set eth0 up; ip -n {name} link set lo up
             ip -n {name} route add default via {2}; ip -n {name} -6 route add default via {3}",
            own[0], own[1], gateways[0], gateways[1]
        ));
        self.add(&format!("netns:{name}"), format!("/run/netns/{name}"));
    }
}

impl Place {
    /// What others can send to, once it is certain that nobody else has it.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        let inside = format!("nsenter --net={}", self.path.display());
        run(&format!(
            "for ((tries = 0; tries < 100; tries++)); do
                 [[ $({inside} ip -6 address show tentative) ]] || exit 0
                 sleep 0.05
             done
             exit 1"
        ));
        let links: Vec<Value> =
            serde_json::from_str(&run(&format!("{inside} ip -json address show scope global")))
                .unwrap();
        let all = links.iter().filter_map(|link| link["addr_info"].as_array()).flatten();
        all.filter_map(|address| address["local"].as_str()?.parse().ok()).collect()
    }
}

/// Errors come back, however many; and who is root may send echo requests from a datagram socket.
fn prepare() {
    for (setting, value) in
        [("ipv4/icmp_ratemask", "0"), ("ipv6/icmp/ratemask", "0"), ("ipv4/ping_group_range", "0 0")]
    {
        std::fs::write(format!("/proc/sys/net/{setting}"), format!("{value}\n")).unwrap();
    }
}
