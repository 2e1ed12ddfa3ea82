//! What is left on a host that nobody is attached to.

use crate::host::{Container, Host, in_a_private_host};
use kernel::observe::{Parts, namespace};
use model::host::{LinkKind, Namespace, Unknown};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

/// The elements of each set and the rules of each chain, by table and name.
type Elements = BTreeMap<String, String>;

/// As a daemon leaves them that has made the network and nothing else.
static CLEAN: LazyLock<Elements> = LazyLock::new(|| {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        elements(&look())
    })
});

fn look() -> Namespace<Unknown> {
    let mut sockets = kernel::Sockets::open_here().unwrap();
    namespace(&mut sockets, &Parts { sockets: false, ..Parts::all(Vec::new()) }).unwrap()
}

fn elements(host: &Namespace<Unknown>) -> Elements {
    let mut elements = Elements::new();
    for table in host.nft.tables.iter() {
        for set in table.sets.iter() {
            let name = format!("{} {} {}", table.family.as_str(), table.name, set.name);
            elements.insert(name, format!("{:?}", set.elements));
        }
        for chain in table.chains.iter() {
            let name = format!("{} {} chain {}", table.family.as_str(), table.name, chain.name);
            elements.insert(name, format!("{:?} {:?}", chain.base, chain.rules));
        }
    }
    elements
}

/// Asserts that the host holds its networks and no trace of a container. `given` are the addresses
/// that containers have had.
pub(crate) fn nothing(host: &Host, given: &BTreeSet<IpAddr>, when: &str) {
    assert_eq!(host.held().unwrap(), Vec::<serde_json::Value>::new(), "{when}: leases");
    host.until_queue_is_empty();

    let seen = look();
    for link in seen.links.iter() {
        let bridge = matches!(link.kind, LinkKind::Bridge(_));
        let foreign = link.group == 0 && !matches!(link.kind, LinkKind::Veth(_));
        assert!(bridge || foreign, "{when}: link {link:?}");
        assert!(link.master.is_none(), "{when}: port {link:?}");
    }
    for address in seen.addresses.iter() {
        assert!(!given.contains(&address.prefix.addr()), "{when}: {address:?}");
    }
    for route in seen.routes.iter() {
        assert!(!given.contains(&route.destination.addr()), "{when}: {route:?}");
    }
    for neighbour in seen.neighbours.iter() {
        assert!(!given.contains(&neighbour.address), "{when}: {neighbour:?}");
    }
    let bridges: BTreeSet<_> = seen.links.iter().map(|link| &link.name).collect();
    for entry in seen.fdb.iter() {
        let own = seen.links.get(&entry.link).and_then(|link| link.mac) == Some(entry.mac);
        let group = entry.mac.to_string().starts_with("33:33")
            || entry.mac.to_string().starts_with("01:00:5e");
        assert!((own || group) && bridges.contains(&entry.link), "{when}: {entry:?}");
    }
    assert_eq!(elements(&seen), *CLEAN, "{when}: elements and rules of nftables");
}

/// Asserts that the host holds these containers, with these addresses, and no trace of another.
pub(crate) fn exactly(host: &Host, stay: &[Container], told: &BTreeSet<IpAddr>, when: &str) {
    let mut there: Vec<IpAddr> = stay.iter().flat_map(Container::addresses).collect();
    there.sort();
    assert_eq!(there, told.iter().copied().collect::<Vec<_>>(), "{when}: addresses");
    for container in stay {
        // It compares all of the host and of the container with what should be.
        host.cni("CHECK", container).unwrap_or_else(|why| panic!("{when}: {why}"));
    }
    let seen = look();
    let ports = seen.links.iter().filter(|link| link.master.is_some());
    assert_eq!(ports.count(), stay.len(), "{when}: links");
}

/// Asserts that no address is in two namespaces.
pub(crate) fn nobody_shares<'a>(containers: impl IntoIterator<Item = &'a Container>, when: &str) {
    let mut owners = BTreeMap::new();
    for container in containers {
        for address in container.addresses() {
            let other = owners.insert(address, &container.name);
            assert_eq!(other, None, "{when}: {address} is {}'s too", container.name);
        }
    }
}
