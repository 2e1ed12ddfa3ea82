//! What common work costs on this machine, in fresh namespaces: medians, in microseconds. To be
//! run as root on a quiet machine; take ratios rather than numbers.

use kernel::apply::Applier;
use kernel::capture::{self, Capture};
use kernel::observe::{Names, Parts};
use kernel::{NetNs, Result, Sockets, namespaces, nft, observe, prove};
use model::cluster::{Echo, Source};
use model::diff::{Change, LinkChange, NftChange, Step, diff};
use model::host::link::{Bridge, Link, LinkKind, Veth, Vxlan};
use model::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use model::host::nft::{DataType, Key, NftFamily, Set};
use model::host::route::{Nexthop, Route};
use model::host::{Actual, Address, NamespaceId, Wanted};
use model::net::Mac;
use std::collections::BTreeMap;
use std::error::Error;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

type Outcome<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let namespace = NetNs::fresh()?;
    let mut host = Sockets::open_in(namespace.as_fd())?;
    attach(&mut host)?;
    transact(&mut host)?;
    read(&mut host)?;
    peers()?;
    echoes()?;
    captures()
}

fn median(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e6;
    println!("{what}: median {:.0}, 90th percentile {:.0} (n = {})", at(50), at(90), times.len());
}

fn attach(host: &mut Sockets) -> Outcome {
    let bridge =
        Link { up: true, ..Link::ours("gn0".parse()?, LinkKind::Bridge(Bridge::default())) };
    let make = Step { namespace: NamespaceId::Host, change: Change::CreateLink(bridge) };
    carry_out(host, &BTreeMap::new(), &[make])?;
    let containers = (0..100).map(|_| NetNs::fresh()).collect::<Result<Vec<_>>>()?;
    let mut times = Vec::new();
    for (number, container) in containers.iter().enumerate() {
        let id = NamespaceId::Container(format!("c{number}"));
        let (near, far) = (format!("gn-{number}").parse()?, "eth0".parse()?);
        let link = Link {
            up: true,
            master: Some("gn0".parse()?),
            alias: Some(format!("container {number}")),
            link_local: Some(false),
            ..Link::ours(near, LinkKind::Veth(Veth::to(id.clone(), "eth0".parse()?)))
        };
        let kind = LinkKind::Veth(Veth::to(NamespaceId::Host, link.name.clone()));
        let peer = Link { up: true, ..Link::ours(far, kind) };
        let address = Address::new("eth0".parse()?, format!("10.0.0.{}/24", number + 2).parse()?);
        let gateway = Nexthop::via([10, 0, 0, 1].into(), "eth0".parse()?);
        let route = Route::ours("0.0.0.0/0".parse()?, gateway);
        let there = |change| Step { namespace: id.clone(), change };
        let steps = [
            Step {
                namespace: NamespaceId::Host,
                change: Change::CreateVeth { link, peer, peer_namespace: id.clone() },
            },
            there(Change::AddAddress(address)),
            there(Change::AddRoute(route)),
        ];
        let others = BTreeMap::from([(id.clone(), container.as_fd())]);
        let begin = Instant::now();
        carry_out(host, &others, &steps)?;
        times.push(begin.elapsed());
    }
    median("veth with port, alias, address and route", times);
    Ok(())
}

fn carry_out(
    host: &mut Sockets,
    others: &BTreeMap<NamespaceId, std::os::fd::BorrowedFd<'_>>,
    steps: &[Step],
) -> Outcome {
    Applier::new(host, others)?.apply(steps, &mut |_, _, _| Ok(()))?;
    Ok(())
}

fn transact(host: &mut Sockets) -> Outcome {
    let (family, table) = (NftFamily::Inet, "costs".to_owned());
    let sets: Vec<Set> =
        ["a", "b", "c"].map(|name| Set::hash(name, &[DataType::Ipv4Address])).to_vec();
    let mut make = vec![NftChange::AddTable { family, name: table.clone(), comment: None }];
    make.extend(sets.iter().map(|set| NftChange::AddSet {
        family,
        table: table.clone(),
        set: set.clone(),
    }));
    let socket = host.netfilter()?;
    nft::commit(socket, &make, None)?;
    let mut times = Vec::new();
    for number in 0..200_u32 {
        // Five elements: two, two and one.
        let changes: Vec<_> = sets
            .iter()
            .zip([2_u32, 2, 1])
            .map(|(set, count)| {
                let mut elements = set.elements.clone();
                for element in 0..count {
                    let address = (number * 2 + element).to_be_bytes();
                    elements.insert(Key::new().address(address.into()), None, Some("c".into()));
                }
                let (table, set) = (table.clone(), set.clone());
                NftChange::AddElements { family, table, set, elements: elements.0 }
            })
            .collect();
        let begin = Instant::now();
        nft::commit(socket, &changes, None)?;
        times.push(begin.elapsed());
    }
    median("nft transaction with 5 elements in 3 sets", times);
    Ok(())
}

fn read(host: &mut Sockets) -> Outcome {
    let socket = host.netfilter()?;
    let mut times = Vec::new();
    for _ in 0..50 {
        let begin = Instant::now();
        nft::read_table(socket, NftFamily::Inet, "costs")?;
        times.push(begin.elapsed());
    }
    median("reading a table with 1,000 elements", times);
    let bridges: Vec<_> = (0..399)
        .map(|number| -> Outcome<Step> {
            let name = format!("br{number}").parse()?;
            let link = Link::ours(name, LinkKind::Bridge(Bridge::default()));
            Ok(Step { namespace: NamespaceId::Host, change: Change::CreateLink(link) })
        })
        .collect::<Outcome<_>>()?;
    carry_out(host, &BTreeMap::new(), &bridges)?;
    let socket = host.route()?;
    let mut times = Vec::new();
    let mut count = 0;
    for _ in 0..50 {
        let begin = Instant::now();
        count = observe::links(socket)?.len();
        times.push(begin.elapsed());
    }
    median(&format!("reading {count} links"), times);
    Ok(())
}

/// What a node has of a thousand others, each with a block of either family.
fn peers() -> Outcome {
    let namespace = NetNs::fresh()?;
    let mut host = Sockets::open_in(namespace.as_fd())?;
    let vxlan =
        Vxlan { vni: 7, port: 4789, local: Some([192, 0, 2, 1].into()), learning: false, df: true };
    let link = Link {
        up: true,
        mac: Some(Mac([6, 0, 0, 0, 0, 0])),
        ..Link::ours("gx-t".parse()?, LinkKind::Vxlan(vxlan))
    };
    let mut wanted = Wanted::default();
    let wants = wanted.namespace(NamespaceId::Host);
    wants.links.insert(link);
    for number in 1..=1000_u32 {
        let [.., high, low] = number.to_be_bytes();
        let mac = Mac([6, 0, 0, 0, high, low]);
        let hop = mac.link_local().into();
        wants.fdb.insert(FdbEntry::tunnel("gx-t".parse()?, mac, [192, 0, 2 + high, low].into()));
        let (link, state) = ("gx-t".parse()?, NeighbourState::Permanent);
        wants.neighbours.insert(Neighbour { link, address: hop, mac: Some(mac), state });
        let block = u32::from_be_bytes([10, 64, 0, 0]) + (number << 6);
        let v4 = format!("{}/26", std::net::Ipv4Addr::from(block)).parse()?;
        let v6 = format!("fd00:7::{number:x}:0/122").parse()?;
        for destination in [v4, v6] {
            let via = Nexthop::via(hop, "gx-t".parse()?);
            wants.routes.insert(Route { mtu: Some(1450), ..Route::ours(destination, via) });
        }
    }
    let mut actual = Actual::default();
    actual.namespace(NamespaceId::Host);
    let steps = diff(&wanted, &actual).steps;
    let begin = Instant::now();
    carry_out(&mut host, &BTreeMap::new(), &steps)?;
    median("making 1,000 peers", vec![begin.elapsed()]);
    let socket = host.route()?;
    let links = observe::links(socket)?;
    let names = Names::of(&links);
    let timed = |what: &str, work: &mut dyn FnMut() -> Outcome<usize>| -> Outcome {
        let mut times = Vec::new();
        let mut count = 0;
        for _ in 0..20 {
            let begin = Instant::now();
            count = work()?;
            times.push(begin.elapsed());
        }
        median(&format!("{what} ({count})"), times);
        Ok(())
    };
    timed("reading neighbours", &mut || Ok(observe::neighbours(socket, &names)?.len()))?;
    timed("reading forwarding entries", &mut || Ok(observe::fdb(socket, &links)?.len()))?;
    timed("reading routes", &mut || Ok(observe::routes(socket, &names)?.len()))?;
    timed("reading all and comparing, steps left to do", &mut || {
        let read = observe::namespace(&mut host, &Parts::all(Vec::new()))?;
        actual.namespaces.insert(NamespaceId::Host, read);
        Ok(diff(&wanted, &actual).steps.len())
    })
}

/// Echoes to a thousand addresses, over loopback: what sending and reading them costs.
fn echoes() -> Outcome {
    let namespace = NetNs::fresh()?;
    let mut host = Sockets::open_in(namespace.as_fd())?;
    let to = LinkChange { up: Some(true), ..LinkChange::default() };
    let up = Change::ChangeLink { name: "lo".parse()?, to, from: LinkChange::default() };
    carry_out(&mut host, &BTreeMap::new(), &[Step { namespace: NamespaceId::Host, change: up }])?;
    let from = Source::Address([127, 0, 0, 1].into());
    let to = |number: u32| std::net::Ipv4Addr::from(0x7f00_0001 + number).into();
    let echo = |number| Echo { from: from.clone(), to: to(number), bytes: 1450 };
    let asked: Vec<Echo> = (0..1000).map(echo).collect();
    let mut times = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        prove::echoes(namespace.as_fd(), &asked, Duration::from_secs(1))?;
        times.push(begin.elapsed());
    }
    median("1,000 echoes", times);
    Ok(())
}

fn captures() -> Outcome {
    let namespace = NetNs::fresh()?;
    let options = capture::Options {
        link: None,
        snap: 262_144,
        ring: 8 << 20,
        filter: None,
        promiscuous: false,
        patience: Duration::from_millis(10),
    };
    let (mut opened, mut empty, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..20 {
        let begin = Instant::now();
        let mut capture = Capture::open(namespace.as_fd(), &options)?;
        opened.push(begin.elapsed());
        let begin = Instant::now();
        capture.drain(|_| ())?;
        empty.push(begin.elapsed());
        let begin = Instant::now();
        drop(capture);
        dropped.push(begin.elapsed());
    }
    median("capture with 8 MiB opened", opened);
    median("capture looked at in vain", empty);
    median("capture dropped", dropped);
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..20 {
        let begin = Instant::now();
        found = namespaces::all()?.len();
        times.push(begin.elapsed());
    }
    median(&format!("all namespaces of the machine ({found})"), times);
    Ok(())
}
