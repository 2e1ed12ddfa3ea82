//! Whether chains of others drop what a network forwards.
//!
//! An accept ends the chain it stands in: every other table's chain at the hook is still asked, and
//! one drop is enough (`nf_hook_slow`). So others' base chains at the forward hook are asked alone,
//! with a sample of what each [`Way`] of a network carries; the rest of the packet's way is the
//! walk's affair. Samples are TCP, and stand for the rules that programs write about links and
//! subnets, not for a rule about a single port.

use super::buffer::{State, Tracking};
use super::conntrack::Connection;
use super::hooks::{At, Stack};
use super::machine::{Halt, Machine, Part};
use super::nft::{self, Scene};
use super::{Evidence, Layer, Packet};
use crate::cluster::{Network, NetworkName, Pool};
use crate::host::nft::{
    Chain, ChainKind, Expression, Hook, NatKind, NftFamily, NftTable, Policy, TABLE,
};
use crate::host::route::{RouteKind, TABLE_MAIN};
use crate::host::{Namespace, NamespaceId, Tuple, Unknown};
use crate::net::{Family, LinkName};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What a network forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From a container to the outside, and the answers.
    Out,
    /// From the outside to a published port, and the answers.
    In,
    /// Between containers of the network, where `br_netfilter` shows bridged packets to the hook.
    Within,
}

/// A chain that drops it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub network: NetworkName,
    pub bridge: LinkName,
    /// The packet's.
    pub family: Family,
    pub way: Way,
    /// The links it comes by and would leave by.
    pub iif: LinkName,
    pub oif: LinkName,
    pub table: (NftFamily, String),
    pub chain: String,
    pub priority: i32,
    pub by: By,
    pub owner: String,
    /// The chain in which that owner wants others' rules: [`Self::chain`] unless it has one for that.
    pub entry: String,
}

impl Blocked {
    /// `ip filter FORWARD`.
    pub fn place(&self) -> String {
        format!("{} {} {}", self.table.0.as_str(), self.table.1, self.chain)
    }

    /// The commands that let what comes from and goes to the bridge pass.
    pub fn command(&self) -> String {
        let Self { bridge, entry, table: (family, table), .. } = self;
        let iptables = match family {
            NftFamily::Ip if table == "filter" => Some("iptables"),
            NftFamily::Ip6 if table == "filter" => Some("ip6tables"),
            _ => None,
        };
        match iptables {
            Some(program) => format!(
                "{program} -I {entry} -i {bridge} -j ACCEPT && {program} -I {entry} -o {bridge} -j ACCEPT"
            ),
            None => {
                let insert = format!("nft insert rule {} {table} {entry}", family.as_str());
                format!("{insert} iifname {bridge} accept && {insert} oifname {bridge} accept")
            }
        }
    }
}

/// What one chain blocks of one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blockage {
    pub first: Blocked,
    /// `IPv4`, `IPv6` or both.
    pub families: String,
    /// `gn-blue → eth0`, each once.
    pub ways: String,
}

/// Puts together what the same chain does to the same network for the same reason.
pub fn together(blocked: impl IntoIterator<Item = Blocked>) -> Vec<Blockage> {
    let mut found: Vec<Blockage> = Vec::new();
    for blocked in blocked {
        let (family, way) =
            (blocked.family.to_string(), format!("{} → {}", blocked.iif, blocked.oif));
        let same = |other: &&mut Blockage| {
            let first = &other.first;
            (&first.network, &first.table, &first.chain, &first.by)
                == (&blocked.network, &blocked.table, &blocked.chain, &blocked.by)
        };
        let Some(same) = found.iter_mut().find(same) else {
            found.push(Blockage { first: blocked, families: family, ways: way });
            continue;
        };
        for (list, one) in [(&mut same.families, family), (&mut same.ways, way)] {
            if !list.split(", ").any(|other| other == one) {
                *list = format!("{list}, {one}");
            }
        }
    }
    found
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Evidence(evidence) => said(evidence, f),
            Self::Meant(evidence) => {
                said(evidence, f)?;
                write!(f, ", among rules for this network")
            }
            Self::Untold(why) => write!(f, "policy drop, unless it is accepted before: {why}"),
        }
    }
}

/// What in the chain drops it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A rule, or the policy.
    Evidence(Evidence),
    /// The policy is drop, and whether a rule accepts before that cannot be told.
    Untold(String),
    /// It is dropped, by rules that speak of the network: whoever wrote them means some of it to pass
    /// and some not, and a sample says nothing about which.
    Meant(Evidence),
}

/// The ways of a network that others block, with each chain that does.
pub fn blocked(host: &Namespace<Unknown>, network: &Network) -> Vec<Blocked> {
    let mut machine = Machine::new("", None);
    for part in [Part::Links, Part::Addresses, Part::Rules, Part::Routes, Part::Nft, Part::IpSets] {
        machine.supply(NamespaceId::Host, part, Ok(Cow::Borrowed(host)));
    }
    let mut found = Vec::new();
    for pool in &network.pools {
        for sample in samples(host, network, pool) {
            found.extend(drops(&machine, host, network, &sample));
        }
    }
    found
}

/// A packet at the forward hook.
struct Sample {
    family: Family,
    way: Way,
    iif: LinkName,
    oif: LinkName,
    state: State,
}

fn samples(host: &Namespace<Unknown>, network: &Network, pool: &Pool) -> Vec<Sample> {
    let family = pool.family();
    let bridge = || network.bridge.clone();
    let [container, neighbour] = containers(pool).map(|address| SocketAddr::new(address, 80));
    let outside = SocketAddr::new(outside(family), 40_000);
    let mut samples = Vec::new();
    if let Some(link) = way_out(host, family) {
        let host_port = SocketAddr::new(own(host, &link, family), 8080);
        for reply in [false, true] {
            let (iif, oif) =
                if reply { (link.clone(), bridge()) } else { (bridge(), link.clone()) };
            let state = state(container, outside, None, reply);
            samples.push(Sample { family, way: Way::Out, iif, oif, state });
            let (iif, oif) =
                if reply { (bridge(), link.clone()) } else { (link.clone(), bridge()) };
            let state = self::state(outside, host_port, Some(container), reply);
            samples.push(Sample { family, way: Way::In, iif, oif, state });
        }
    }
    let setting = match family {
        Family::V4 => "net/bridge/bridge-nf-call-iptables",
        Family::V6 => "net/bridge/bridge-nf-call-ip6tables",
    };
    let shown = host.sysctls.get(&setting.to_owned()).is_some_and(|seen| seen.value == "1");
    if shown {
        for reply in [false, true] {
            let state = state(neighbour, container, None, reply);
            samples.push(Sample { family, way: Way::Within, iif: bridge(), oif: bridge(), state });
        }
    }
    samples
}

/// Two addresses that containers of the pool might have: those behind the gateway's.
fn containers(pool: &Pool) -> [IpAddr; 2] {
    [1, 2].map(|n: u8| match pool.gateway {
        IpAddr::V4(a) => Ipv4Addr::from(u32::from(a).wrapping_add(n.into())).into(),
        IpAddr::V6(a) => Ipv6Addr::from(u128::from(a).wrapping_add(n.into())).into(),
    })
}

/// An address of documentation (RFC 5737, RFC 3849): nobody's.
fn outside(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(198, 51, 100, 1).into(),
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1).into(),
    }
}

/// The link of the family's default route; without one, of any route to others.
fn way_out(host: &Namespace<Unknown>, family: Family) -> Option<LinkName> {
    let routes = host.routes.iter().filter(|route| {
        route.table == TABLE_MAIN
            && route.kind == RouteKind::Unicast
            && Family::of_prefix(&route.destination) == family
    });
    let mut ways: Vec<_> = routes
        .filter_map(|route| {
            let link = route.nexthops.first()?.link.as_ref()?;
            let foreign = host.links.get(link).is_some_and(|link| !link.is_ours());
            let rank = (route.destination.prefix_len() > 0, route.metric);
            foreign.then(|| (rank, link.clone()))
        })
        .collect();
    ways.sort();
    ways.into_iter().next().map(|(_, link)| link)
}

fn own(host: &Namespace<Unknown>, link: &LinkName, family: Family) -> IpAddr {
    let own = host.addresses.iter().map(|address| (&address.link, address.prefix.addr()));
    let mut own = own.filter(|(on, address)| *on == link && Family::of(*address) == family);
    own.next().map_or_else(|| outside(family), |(_, address)| address)
}

/// The first packet of a connection, or the first answer, as the forward hook has it.
fn state(from: SocketAddr, to: SocketAddr, translated: Option<SocketAddr>, reply: bool) -> State {
    let original = Tuple { protocol: 6, source: from, destination: to };
    let mut connection = Connection::new(NamespaceId::Host, original);
    (connection.destination_done, connection.answered) = (true, reply);
    if let Some(container) = translated {
        connection.bind(NatKind::Destination, container);
    }
    let real = translated.unwrap_or(to);
    let (source, destination) = if reply { (real, from) } else { (from, real) };
    let packet = Packet {
        layers: vec![
            Layer::Ip {
                source: source.ip(),
                destination: destination.ip(),
                hops: 63,
                dont_fragment: true,
            },
            Layer::Tcp { source: source.port(), destination: destination.port(), syn: true },
        ],
    };
    State {
        namespace: NamespaceId::Host,
        packet,
        mark: 0,
        tracking: Tracking::Connection { index: 0, reply },
        connections: vec![connection],
        bridged: None,
        resolved: None,
        heard: Vec::new(),
        learned: Vec::new(),
        told: Vec::new(),
    }
}

fn drops(
    machine: &Machine<'_>,
    host: &Namespace<Unknown>,
    network: &Network,
    sample: &Sample,
) -> Vec<Blocked> {
    let stack = Stack::Ip { nexthop: None };
    let at = At { hook: Hook::Forward, stack, iif: Some(&sample.iif), oif: Some(&sample.oif) };
    let chains = forward_chains(host, sample.family);
    let drops = chains.into_iter().filter_map(|(table, chain, priority, policy)| {
        let mut state = sample.state.clone();
        let mut evidence = Vec::new();
        let mut scene =
            Scene { machine, table, at: &at, state: &mut state, evidence: &mut evidence, rules: 0 };
        let by = match nft::base_chain(&mut scene, chain) {
            Ok(nft::Fate::Dropped(evidence)) if speaks_of(table, network) => By::Meant(evidence),
            Ok(nft::Fate::Dropped(evidence)) => By::Evidence(evidence),
            Err(Halt::Unknown(why)) if policy == Policy::Drop => By::Untold(why),
            Ok(nft::Fate::Accepted) | Err(_) => return None,
        };
        Some(Blocked {
            network: network.name.clone(),
            bridge: network.bridge.clone(),
            family: sample.family,
            way: sample.way,
            table: (table.family, table.name.clone()),
            chain: chain.name.clone(),
            iif: sample.iif.clone(),
            oif: sample.oif.clone(),
            priority,
            by,
            owner: owner(table),
            entry: match table.chains.contains(&DOCKER_USER.to_owned()) {
                true => DOCKER_USER.to_owned(),
                false => chain.name.clone(),
            },
        })
    });
    drops.collect()
}

/// Docker leaves this chain to the operator and asks it first.
const DOCKER_USER: &str = "DOCKER-USER";

/// Who has made a table, by the chains that well-known programs leave in it.
fn owner(table: &NftTable<Unknown>) -> String {
    let has = |start: &str| table.chains.iter().any(|chain| chain.name.starts_with(start));
    let iptables = matches!(table.family, NftFamily::Ip | NftFamily::Ip6)
        && matches!(table.name.as_str(), "filter" | "mangle" | "raw" | "security");
    let marks = [
        ("DOCKER", "Docker"),
        ("ufw", "ufw"),
        ("KUBE-", "Kubernetes"),
        ("cali-", "Calico"),
        ("CILIUM_", "Cilium"),
        ("NETAVARK", "Podman (netavark)"),
        ("CNI-", "CNI"),
        ("LIBVIRT_", "libvirt"),
    ];
    match marks.iter().find(|(start, _)| has(start)) {
        Some((_, owner)) => (*owner).to_owned(),
        None if table.name == "firewalld" => "firewalld".to_owned(),
        None if iptables => "iptables".to_owned(),
        None => format!("nftables {}", table.name),
    }
}

/// Whether a rule of the table, not counting ours, names the network's bridge or its subnet.
fn speaks_of(table: &NftTable<Unknown>, network: &Network) -> bool {
    let bridge = network.bridge.as_str().as_bytes();
    let names_bridge = |value: &[u8]| {
        let name = value.split(|byte| *byte == 0).next().unwrap_or_default();
        // Without its closing NUL it is the beginning of a name (`gn-*`).
        let whole = name.len() < value.len();
        // Two bytes would rather be a port.
        name.len() > 2 && if whole { name == bridge } else { bridge.starts_with(name) }
    };
    let names_subnet = |value: &[u8]| {
        network.pools.iter().any(|pool| {
            let octets = crate::net::octets(pool.subnet.network());
            // nft compares the bytes of a prefix that ends with one, and no more.
            let prefix = usize::from(pool.subnet.prefix_len()).div_ceil(8);
            value.len() >= prefix.max(2) && octets.starts_with(value)
        })
    };
    let elements = table.sets.iter().flat_map(|set| set.elements.0.keys());
    let mut in_sets = elements.map(|key| key.0.as_slice());
    let rules = table.chains.iter().flat_map(|chain| &chain.rules);
    let rules = rules.filter(|rule| rule.comment.as_deref() != Some(crate::plan::passage::MARK));
    let mut in_rules =
        rules.flat_map(|rule| &rule.expressions).filter_map(|expression| match expression {
            Expression::Cmp { value, .. } => Some(value.as_slice()),
            _ => None,
        });
    let names = |value: &[u8]| names_bridge(value) || names_subnet(value);
    in_rules.any(names) || in_sets.any(names)
}

fn said(evidence: &Evidence, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let Evidence::Rule { chain, handle, comment, .. } = evidence else {
        return write!(f, "policy drop");
    };
    write!(f, "rule in {chain}")?;
    handle.map_or(Ok(()), |handle| write!(f, ", handle {handle}"))?;
    comment.as_ref().map_or(Ok(()), |comment| write!(f, ", \"{comment}\""))
}

type Placed<'a> = (&'a NftTable<Unknown>, &'a Chain<Unknown>, i32, Policy);

/// Others' chains that see forwarded packets of the family, in the order in which they are asked.
fn forward_chains(host: &Namespace<Unknown>, family: Family) -> Vec<Placed<'_>> {
    let sees = |table: NftFamily| match table {
        NftFamily::Inet => true,
        NftFamily::Ip => family == Family::V4,
        NftFamily::Ip6 => family == Family::V6,
        NftFamily::Arp | NftFamily::Bridge | NftFamily::Netdev => false,
    };
    let tables = host.nft.tables.iter().filter(|table| table.name != TABLE && sees(table.family));
    let mut chains: Vec<Placed<'_>> = tables
        .flat_map(|table| {
            table.chains.iter().filter_map(move |chain| {
                let base = chain.base.as_ref()?;
                let asked = base.hook == Hook::Forward && base.kind == ChainKind::Filter;
                asked.then_some((table, chain, base.priority, base.policy))
            })
        })
        .collect();
    chains.sort_by_key(|(_, _, priority, _)| *priority);
    chains
}
