//! Who reaches whom among ten thousand containers of twenty nodes, as our own plan makes them: all ordered
//! pairs by classes, and pairs taken at random held against walks of their own.

use crate::statistics::Turns;
use crate::target::Targets;
use anyhow::{Context as _, ensure};
use model::cluster::{
    Attachment, AttachmentId, Backend, Bandwidth, Hop, Means, Member, Network, NodeName, Pool,
    Presence, Spread, Way,
};
use model::host::route::{Nexthop, RouteKind, TABLE_LOCAL};
use model::host::{Actual, Address, Link, LinkKind, NamespaceId, Route, Sysctl};
use model::net::{IpNet, LinkName, single};
use model::path::reach::{Endpoint, Outcome, reach};
use model::path::{Asked, Question, Wire, WireEnd, there_and_back};
use model::plan::{self, Node};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

const NODES: usize = 20;
const CONTAINERS: usize = 500;
const LIMIT_S: f64 = 10.0;
const TURNS: usize = 11;
const RANDOM_PAIRS: usize = 10_000;

pub(crate) fn measure(targets: &mut Targets) -> anyhow::Result<()> {
    let before = resident()?;
    let hosts: Vec<(String, Actual)> = (0..NODES).map(|n| (name(n).to_string(), node(n))).collect();
    let states: Vec<(&str, &Actual)> =
        hosts.iter().map(|(name, state)| (&name[..], state)).collect();
    let wires: Vec<Wire> = vec![
        (0..NODES).map(|n| WireEnd { host: name(n).to_string(), link: link("eth0") }).collect(),
    ];
    let held = resident()?;
    let mut turns = Turns::default();
    let mut answer = None;
    for turn in 0..=TURNS {
        let begun = Instant::now();
        let reached = reach(&states, &wires, endpoints(), Asked::Echo);
        // The first turn warms up.
        if turn > 0 {
            turns.time(begun.elapsed());
        }
        answer = Some(reached);
    }
    let Some(answer) = answer else { return Ok(()) };
    let after = resident()?;
    let pairs = answer.pairs();
    ensure!(pairs == (NODES * CONTAINERS * (NODES * CONTAINERS - 1)) as u64, "{pairs} pairs");
    let arrive: u64 = answer
        .cells
        .iter()
        .filter(|cell| cell.outcome == Outcome::Answered)
        .map(|cell| cell.pairs)
        .sum();
    ensure!(arrive == pairs, "only {arrive} of {pairs} arrive: {:?}", answer.kinds());
    let mut seed = 1_u64;
    for _ in 0..RANDOM_PAIRS {
        let (from, to) = (random(&mut seed), random(&mut seed));
        if from == to {
            continue;
        }
        let (sender, receiver) = (&answer.endpoints[from], &answer.endpoints[to]);
        let question = Question::new(sender.namespace.clone(), receiver.address, Asked::Echo);
        let ways = there_and_back(&states, &wires, &sender.host, question);
        let singly = Outcome::of(&ways).kind();
        let by_class = answer.outcome(from, to).map(Outcome::kind);
        ensure!(by_class == Some(singly), "{from} to {to} is not as its class says");
    }
    println!(
        "\nwho reaches whom among {} containers of {NODES} nodes, {pairs} ordered pairs, {} classes, {} walked; \
         milliseconds, {TURNS} turns; {RANDOM_PAIRS} pairs at random were as walks of their own say\n",
        NODES * CONTAINERS,
        answer.classes(),
        answer.walks
    );
    println!("| all | memory of the states | and of the answer |\n|---|---|---|");
    println!(
        "| {} | {:.0} MiB | {:.0} MiB |",
        turns.middle(),
        mebibytes(held - before),
        mebibytes(after - held)
    );
    let what = format!("reach over {} containers at most {LIMIT_S} s", NODES * CONTAINERS);
    targets.at_most(&what, LIMIT_S * 1000.0, turns.middle());
    Ok(())
}

fn random(seed: &mut u64) -> usize {
    // Marsaglia's xorshift.
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    (*seed % (NODES * CONTAINERS) as u64) as usize
}

/// Bytes of this process that are in memory.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kibibytes.context("no VmRSS")?.parse::<f64>()? * 1024.0)
}

fn mebibytes(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

fn link(name: &str) -> LinkName {
    name.parse().expect("a name of a link")
}

fn name(node: usize) -> NodeName {
    format!("n{node}").parse().expect("a name of a node")
}

/// Each node has a block of 512 addresses.
fn own(node: usize, last: usize) -> IpAddr {
    let [.., third, fourth] = (512 * node + last).to_be_bytes();
    Ipv4Addr::new(10, 1, third, fourth).into()
}

fn underlay(node: usize) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, 1 + node as u8).into()
}

fn prefix(text: String) -> IpNet {
    text.parse().expect("a prefix")
}

fn network() -> Network {
    let pools = vec![Pool::with_first_gateway(prefix("10.1.0.0/16".to_owned()))];
    let mut spread = Spread::new(Backend::Vxlan, 7, &pools);
    spread.block_v4 = 23;
    Network { spread: Some(spread), ..Network::new("blue".parse().expect("a name"), pools) }
}

fn member(node: usize) -> Member {
    let network = network().name;
    let presence = Presence {
        vtep: name(node).vtep_mac(&network),
        addresses: vec![own(node, 1)],
        proof: vec![own(node, 2)],
    };
    Member {
        name: name(node),
        machine: name(node).to_string(),
        boot: "1".to_owned(),
        addresses: vec![underlay(node)],
        mtu: 1500,
        networks: [(network, presence)].into(),
    }
}

fn attachment(node: usize, container: usize) -> Attachment {
    let address = own(node, 3 + container);
    Attachment {
        alone: Vec::new(),
        id: AttachmentId {
            container: format!("n{node}c{container}").parse().expect("a name"),
            interface: link("eth0"),
        },
        network: network().name,
        mac: Network::mac_for(address),
        addresses: vec![address],
        publish: Vec::new(),
        bandwidth: Bandwidth::default(),
        default_route: true,
    }
}

fn endpoints() -> Vec<Endpoint> {
    let all = (0..NODES).flat_map(|node| (0..CONTAINERS).map(move |c| (node, c)));
    let end = |(node, container)| Endpoint {
        host: name(node).to_string(),
        namespace: NamespaceId::Container(format!("n{node}c{container}")),
        address: own(node, 3 + container),
        sends: true,
        receives: true,
    };
    all.map(end).collect()
}

/// A node as the plan makes it, with what the kernel adds by itself.
fn node(number: usize) -> Actual {
    let node = Node {
        underlay_mtu: 1500,
        closed_links: vec![link("eth0")],
        member: Some(member(number)),
        underlay_links: vec![link("eth0")],
        ..Node::default()
    };
    let network = network();
    let attachments: Vec<_> = (0..CONTAINERS).map(|c| attachment(number, c)).collect();
    let here = member(number);
    let peers = (0..NODES).filter(|peer| *peer != number);
    let ways = peers.filter_map(|peer| {
        let block = vec![prefix(format!("{}/23", own(peer, 0)))];
        let hop = |address| Some(Hop { gateway: address, link: link("eth0") });
        let way = Way::toward(&here, &network, &member(peer), block, hop)?;
        Some(Way { by: Some(Means::Vxlan), mtu: None, ..way })
    });
    let ways: BTreeMap<_, Vec<Way>> = [(network.name.clone(), ways.collect())].into();
    let mut actual = plan::host(&node, &[network], &attachments, &ways).to_actual();
    let host = actual.namespace(NamespaceId::Host);
    let card = Link::ours(link("eth0"), LinkKind::Device);
    let mac = format!("02:00:00:00:01:{number:02x}").parse().ok();
    host.links.insert(Link { mac, mtu: Some(1500), up: true, group: 0, ..card });
    host.addresses.insert(Address::new(link("eth0"), prefix(format!("{}/24", underlay(number)))));
    for path in ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"] {
        host.sysctls.insert(Sysctl::new(path, "0"));
    }
    for namespace in actual.namespaces.values_mut() {
        settle(namespace);
    }
    actual
}

/// The loopback link, routes of addresses, settings at their defaults.
fn settle(of: &mut model::host::Namespace<model::host::Unknown>) {
    let lo = Link::ours(link("lo"), LinkKind::Loopback);
    of.links.insert(Link { mtu: Some(65536), up: true, group: 0, ..lo });
    of.addresses.insert(Address::new(link("lo"), prefix("127.0.0.1/8".to_owned())));
    let mut routes = Vec::new();
    for address in of.addresses.iter().filter(|address| address.prefix.addr().is_ipv4()) {
        let own = address.prefix.addr();
        let local = Route::ours(single(own), Nexthop::on(address.link.clone()));
        routes.push(Route { table: TABLE_LOCAL, kind: RouteKind::Local, ..local });
        if address.prefix.prefix_len() < 32 && !own.is_loopback() {
            routes.push(Route::of_prefix(address));
        }
    }
    of.routes.extend(routes);
    let links: Vec<_> = of.links.keys().map(ToString::to_string).collect();
    for link in links.iter().map(String::as_str).chain(["all"]) {
        for setting in ["rp_filter", "accept_local", "route_localnet", "arp_ignore"] {
            let sysctl = Sysctl::new(format!("net/ipv4/conf/{link}/{setting}"), "0");
            if !of.sysctls.contains(&sysctl.path) {
                of.sysctls.insert(sysctl);
            }
        }
    }
}
