//! What common work costs on this machine, in fresh namespaces: medians, in microseconds. To be
//! run as root on a quiet machine; take ratios rather than numbers.

use kernel::apply::Applier;
use kernel::{NetNs, Result, Sockets, nft, observe};
use model::diff::{Change, NftChange, Step};
use model::host::link::{Bridge, Link, LinkKind, Veth};
use model::host::nft::{DataType, Key, NftFamily, Set};
use model::host::route::{Nexthop, Route};
use model::host::{Address, NamespaceId};
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
    read(&mut host)
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
