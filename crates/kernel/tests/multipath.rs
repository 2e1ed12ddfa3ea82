//! The next hop that the model says of several is the one that the kernel takes.

#[allow(dead_code, reason = "not every test runs programs in each of the ways")]
#[path = "../src/testing.rs"]
mod testing;

use kernel::observe::{self, Parts};
// The names that `testing` uses.
use kernel::{NetNs, Sockets, netns};
use model::host::{Actual, NamespaceId};
use model::net::LinkName;
use model::path::{Asked, Decision, Origin, Question, Stage, walk};
use std::collections::BTreeMap;
use std::net::IpAddr;
use testing::Place;

const SET_UP: &str = "
for n in 1 2 3; do
  ip link add e$n type veth peer name p$n
  ip addr add 10.0.$n.1/24 dev e$n
  ip addr add fd00:$n::1/64 dev e$n nodad
  ip link set e$n up; ip link set p$n up
done
ip link add in type veth peer name pin
ip addr add 10.0.9.1/24 dev in
ip addr add fd00:9::1/64 dev in nodad
ip link set in up; ip link set pin up; ip link set lo up
ip route add 10.0.0.0/8 nexthop via 10.0.1.2 weight 1 nexthop via 10.0.2.2 weight 3 nexthop via 10.0.3.2 weight 2
ip route add fd00::/16 nexthop via fd00:1::2 weight 1 nexthop via fd00:2::2 weight 3 nexthop via fd00:3::2 weight 2
cd /proc/sys/net
echo 12345 > ipv4/fib_multipath_hash_seed
echo 1 > ipv4/ip_forward
echo 1 > ipv6/conf/all/forwarding
for l in all in; do echo 0 > ipv4/conf/$l/rp_filter; done
";

const SYSCTLS: [&str; 11] = [
    "net/ipv4/fib_multipath_hash_seed",
    "net/ipv4/fib_multipath_hash_policy",
    "net/ipv6/fib_multipath_hash_policy",
    "net/ipv4/fib_multipath_use_neigh",
    "net/ipv4/ip_forward",
    "net/ipv4/conf/in/forwarding",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/in/rp_filter",
    "net/ipv4/conf/all/src_valid_mark",
    "net/ipv4/conf/in/src_valid_mark",
    "net/ipv6/conf/all/forwarding",
];

/// A packet to an address, from this host or through it.
struct Asking {
    to: IpAddr,
    from: Option<IpAddr>,
    through: bool,
}

fn asking() -> Vec<Asking> {
    let mut all = Vec::new();
    for number in 0..120_u16 {
        let [high, low] = (1000 + number * 37).to_be_bytes();
        let v4 = IpAddr::from([10, 77, high, low]);
        let v6 = IpAddr::from([0xfd00, 0x77, 0, 0, 0, 0, number * 7, number]);
        let own = [IpAddr::from([10, 0, 2, 1]), "fd00:2::1".parse().unwrap()];
        let others = [IpAddr::from([10, 0, 9, 77]), "fd00:9::77".parse().unwrap()];
        for (number, to) in [v4, v6].into_iter().enumerate() {
            all.push(Asking { to, from: None, through: false });
            all.push(Asking { to, from: Some(own[number]), through: false });
            all.push(Asking { to, from: Some(others[number]), through: true });
        }
    }
    all
}

/// `… dev e2 …`
fn device(line: &str) -> &str {
    let mut words = line.split_whitespace().skip_while(|word| *word != "dev");
    words.nth(1).unwrap_or_else(|| panic!("no device in: {line}"))
}

#[test]
fn the_model_takes_the_next_hop_that_the_kernel_takes() {
    let mut place = Place::new();
    place.feed("sh -e", SET_UP);
    let all = asking();
    let mut script = String::new();
    for Asking { to, from, through } in &all {
        let from = from.map_or(String::new(), |from| format!("from {from}"));
        let iif = if *through { "iif in" } else { "" };
        // A socket of UDP that is not connected says no source.
        script += &format!("ip -o route get {to} {from} {iif} ipproto udp dport 9\n");
    }
    let said = place.feed("sh -e", &script);
    let kernel: Vec<&str> = said.lines().map(device).collect();
    assert_eq!(kernel.len(), all.len());

    let parts = Parts::all(SYSCTLS.map(str::to_owned).to_vec());
    let state = observe::namespace(&mut place.sockets, &parts).unwrap();
    let actual = Actual { namespaces: BTreeMap::from([(NamespaceId::Host, state)]) };
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (asking, kernel) in all.iter().zip(kernel) {
        let Asking { to, from, through } = asking;
        let incoming: LinkName = "in".parse().unwrap();
        let origin = if *through { Origin::Wire(incoming) } else { Origin::Socket };
        let asked = Asked::Udp { port: 9 };
        let question =
            Question { origin, source: *from, ..Question::new(NamespaceId::Host, *to, asked) };
        let path = walk("h", &actual, question);
        let route = path.hops.iter().find_map(|hop| match (&hop.stage, &hop.decision) {
            (Stage::Leave | Stage::Route, Decision::Route { link, .. }) => Some(link.to_string()),
            _ => None,
        });
        let told = route.unwrap_or_else(|| path.end.to_string());
        assert_eq!(told, kernel, "to {to} from {from:?}, through {through}");
        *taken.entry(told).or_default() += 1;
    }
    assert_eq!(taken.len(), 3, "each next hop is taken: {taken:?}");
}
