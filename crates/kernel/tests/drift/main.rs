//! What a random plan wants, the kernel then has: plan, diff, carry out, read, diff again, and
//! nothing is left to do. Undone, nothing is left over.
//!
//! Each case has a fresh host and fresh containers, all of them network namespaces.

use kernel::apply::Applier;
use kernel::observe::{self, Parts};
use kernel::{NetNs, Sockets};
use model::cluster::{Attachment, AttachmentId, Bandwidth, Network, Pool, Publish, Rate};
use model::diff::{Step, diff, undo};
use model::host::route::PROTOCOL;
use model::host::{Actual, NamespaceId, Wanted};
use model::net::Transport;
use model::plan::{self, Node};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::AsFd;

mod spread;
mod tunnels;

#[derive(Clone, Debug)]
struct Case {
    networks: Vec<Network>,
    attachments: Vec<Attachment>,
    /// By the number of their network.
    tunnels: Vec<Option<tunnels::Tunnel>>,
}

fn node() -> Node {
    Node { underlay_mtu: 1500, ..Node::default() }
}

impl Case {
    fn wanted(&self) -> Wanted {
        let mut wanted =
            plan::host(&node(), &self.networks, &self.attachments, &Default::default());
        for (number, tunnel) in (0..).zip(&self.tunnels) {
            if let Some(tunnel) = tunnel {
                tunnel.add(number, &mut wanted);
            }
        }
        wanted
    }
}

fn network(i: u8, families: u8, mtu: Option<u32>, masquerade: bool, spoofing: bool) -> Network {
    let v4 = format!("10.{i}.0.0/24").parse().unwrap();
    let v6 = format!("fd00:{i}::/64").parse().unwrap();
    let subnets = [v4, v6].into_iter().enumerate().filter(|(bit, _)| families >> bit & 1 == 1);
    let pools = subnets.map(|(_, subnet)| Pool::with_first_gateway(subnet)).collect();
    let name = format!("net{i}").parse().unwrap();
    Network { mtu, masquerade, spoofing, ..Network::new(name, pools) }
}

fn attachment(i: u8, network: &Network, ports: &[u16], rate: Option<u64>) -> Attachment {
    let address = |pool: &Pool| match pool.subnet.addr() {
        IpAddr::V4(a) => IpAddr::from((u32::from(a) + 10 + u32::from(i)).to_be_bytes()),
        IpAddr::V6(a) => IpAddr::from((u128::from(a) + 10 + u128::from(i)).to_be_bytes()),
    };
    let addresses: Vec<IpAddr> = network.pools.iter().map(address).collect();
    let rate = rate.map(|bits_per_second| Rate { bits_per_second, burst_bits: 1_000_000 });
    let publish = |port: &u16| Publish {
        transport: if port.is_multiple_of(2) { Transport::Tcp } else { Transport::Udp },
        host_address: (port.is_multiple_of(3)).then_some(IpAddr::from([192, 0, 2, 1])),
        host_port: u16::from(i) * 1000 + port,
        container_port: *port,
    };
    Attachment {
        alone: Vec::new(),
        id: AttachmentId {
            container: format!("c{i}").parse().unwrap(),
            interface: "eth0".parse().unwrap(),
        },
        network: network.name.clone(),
        mac: Network::mac_for(addresses[0]),
        addresses,
        publish: ports.iter().map(publish).collect(),
        bandwidth: Bandwidth { ingress: rate, egress: rate },
        default_route: true,
    }
}

prop_compose! {
    fn case()(
        shapes in prop::collection::vec(
            (1..4_u8, prop::option::of(1280..9000_u32), any::<bool>(), any::<bool>()),
            1..3,
        ),
        containers in prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                prop::collection::btree_set(1..100_u16, 0..3),
                prop::option::of(1_000_000..1_000_000_000_u64),
            ),
            0..4,
        ),
        tunnels in prop::collection::vec(prop::option::of(tunnels::tunnel()), 2),
    ) -> Case {
        let networks: Vec<Network> = shapes
            .into_iter()
            .enumerate()
            .map(|(i, (families, mtu, masquerade, spoofing))| {
                network(i as u8, families, mtu, masquerade, spoofing)
            })
            .collect();
        let attachments = containers
            .into_iter()
            .enumerate()
            .map(|(i, (which, ports, rate))| {
                let ports: Vec<_> = ports.into_iter().collect();
                attachment(i as u8, which.get(&networks), &ports, rate)
            })
            .collect();
        Case { networks, attachments, tunnels }
    }
}

/// A host and its containers.
struct Machine {
    host: Sockets,
    containers: BTreeMap<NamespaceId, NetNs>,
}

impl Machine {
    fn new() -> Self {
        let fresh = || NetNs::fresh().expect("the kernel crate's tests need root");
        let host = Sockets::open_in(fresh().as_fd()).unwrap();
        tunnels::underlay(&host);
        let id = |i| NamespaceId::Container(format!("c{i}"));
        Self { host, containers: (0..4).map(|i| (id(i), fresh())).collect() }
    }

    fn apply(&mut self, steps: &[Step]) {
        let others = self.containers.iter().map(|(id, ns)| (id.clone(), ns.as_fd())).collect();
        let mut applier = Applier::new(&mut self.host, &others).unwrap();
        if let Err(failure) = applier.apply(steps, &mut |_, _, _| Ok(())) {
            panic!("{failure}\n{:#?}", steps[failure.step]);
        }
    }

    fn read(&mut self, wanted: &Wanted) -> Actual {
        let mut actual = Actual::default();
        let sysctls = |id: &NamespaceId| {
            let wanted = wanted.namespaces.get(id);
            let paths = wanted.into_iter().flat_map(|ns| ns.sysctls.keys().cloned());
            Parts::all(paths.collect())
        };
        let parts = sysctls(&NamespaceId::Host);
        let read = observe::namespace(&mut self.host, &parts).unwrap();
        actual.namespaces.insert(NamespaceId::Host, read);
        for (id, namespace) in &self.containers {
            let mut sockets = Sockets::open_in(namespace.as_fd()).unwrap();
            let read = observe::namespace(&mut sockets, &sysctls(id)).unwrap();
            actual.namespaces.insert(id.clone(), read);
        }
        actual
    }
}

/// From nothing to one plan, from there to another; and from the first back to nothing.
fn follows(from: &Wanted, to: &Wanted) -> Result<(), TestCaseError> {
    let mut machine = Machine::new();
    let before = machine.read(from);
    let first = diff(from, &before);
    prop_assert!(first.conflicts.is_empty());
    machine.apply(&first.steps);
    let rest = diff(from, &machine.read(from));
    prop_assert!(rest.is_empty(), "left to do at first: {:#?}", rest);

    // From one plan to any other.
    let steps = diff(to, &machine.read(to)).steps;
    machine.apply(&steps);
    let rest = diff(to, &machine.read(to));
    prop_assert!(rest.is_empty(), "left to do after a change: {:#?}", rest);

    // Undone from nothing, nothing is left but the kernel's own.
    let mut machine = Machine::new();
    machine.apply(&first.steps);
    machine.apply(&undo(&first.steps));
    let host = &machine.read(to).namespaces[&NamespaceId::Host];
    prop_assert_eq!(host.links.len(), before.namespaces[&NamespaceId::Host].links.len());
    prop_assert!(!host.routes.iter().any(|route| route.protocol == PROTOCOL));
    prop_assert!(host.nft.tables.is_empty() && host.fdb.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_kernel_has_what_was_wanted(from in case(), to in case()) {
        follows(&from.wanted(), &to.wanted())?;
    }

    #[test]
    fn and_what_several_hosts_share(from in spread::cluster(), to in spread::cluster()) {
        follows(&from.wanted(), &to.wanted())?;
    }
}
