//! Each part of a namespace by others.

use super::Mask;
use super::rules::{self, unknown};
use super::sets;
use model::host::ipset::{IpSetElement, IpSetMembers, IpSetPart};
use model::host::link::{Veth, VethPeer, Vxlan};
use model::host::nft::{BaseChain, Chain, NftTable, Ruleset, Set};
use model::host::qdisc::{FilterKind, QdiscKind};
use model::host::route::Nexthop;
use model::host::socket::Process;
use model::host::{
    Address, Connection, FdbEntry, FibRule, Filter, IpSet, Keyed, Link, LinkKind, Namespace,
    Neighbour, Qdisc, Route, Socket, Sysctl, Table, Tuple, Unknown,
};
use model::net::LinkName;
use std::net::IpAddr;

fn each<T: Keyed>(table: Table<T>, mask: impl Fn(T) -> Option<T>) -> Table<T> {
    table.into_iter().filter_map(mask).collect()
}

/// What is not modelled might say anything.
fn foreign() -> Unknown {
    unknown("what was not modelled")
}

/// The kernel's secret by which it shares traffic among several next hops.
const SEED: &str = "net/ipv4/fib_multipath_hash_seed";

impl Mask {
    pub(super) fn state(&self, state: Namespace<Unknown>) -> Namespace<Unknown> {
        let numbers = state.numbers.iter().map(|(number, id)| (*number, self.namespace(id)));
        Namespace {
            links: each(state.links, |link| Some(self.whole_link(link))),
            addresses: each(state.addresses, |address| {
                let (link, prefix) = (self.link(&address.link), self.on_subnet(address.prefix));
                Some(Address { link, prefix, ..address })
            }),
            rules: state.rules.map(|rules| rules.into_iter().map(|r| self.fib_rule(r)).collect()),
            routes: each(state.routes, |route| Some(self.route(route))),
            neighbours: each(state.neighbours, |neighbour| self.neighbour(neighbour)),
            fdb: each(state.fdb, |entry| Some(self.fdb(entry))),
            qdiscs: each(state.qdiscs, |qdisc| Some(self.qdisc(qdisc))),
            filters: each(state.filters, |filter| Some(self.filter(filter))),
            nft: Ruleset {
                tables: each(state.nft.tables, |table| Some(self.table(&table))),
                generation: state.nft.generation,
            },
            legacy: each(state.legacy, |table| Some(self.table(&table))),
            ipsets: each(state.ipsets, |set| Some(self.ipset(set))),
            connections: each(state.connections, |connection| {
                let (original, reply) =
                    (self.tuple(connection.original), self.tuple(connection.reply));
                Some(Connection { original, reply, ..connection })
            }),
            sysctls: each(state.sysctls, |sysctl| self.sysctl(sysctl)),
            sockets: each(state.sockets, |socket| Some(self.socket(socket))),
            numbers: numbers.collect(),
        }
    }

    fn some_link(&self, name: Option<LinkName>) -> Option<LinkName> {
        name.map(|name| self.link(&name))
    }

    fn some_ip(&self, address: Option<IpAddr>) -> Option<IpAddr> {
        address.map(|address| self.ip(address))
    }

    fn whole_link(&self, link: Link<Unknown>) -> Link<Unknown> {
        let kind = match link.kind {
            LinkKind::Veth(veth) => {
                let peer = veth.peer.map(|peer| VethPeer {
                    namespace: self.namespace(&peer.namespace),
                    name: self.link(&peer.name),
                });
                LinkKind::Veth(Veth { peer, ..veth })
            }
            LinkKind::Vxlan(vxlan) => {
                LinkKind::Vxlan(Vxlan { local: self.some_ip(vxlan.local), ..vxlan })
            }
            LinkKind::Foreign(_) => LinkKind::Foreign(foreign()),
            other => other,
        };
        Link {
            name: self.link(&link.name),
            kind,
            mac: link.mac.map(|mac| self.mac(mac)),
            master: self.some_link(link.master),
            alias: None,
            ..link
        }
    }

    fn fib_rule(&self, rule: FibRule) -> FibRule {
        FibRule {
            source: rule.source.map(|prefix| self.prefix(prefix)),
            destination: rule.destination.map(|prefix| self.prefix(prefix)),
            iif: self.some_link(rule.iif),
            oif: self.some_link(rule.oif),
            unmodelled: rule.unmodelled.map(|_| "what was not modelled (masked)".to_owned()),
            ..rule
        }
    }

    fn route(&self, route: Route) -> Route {
        let nexthop = |hop: Nexthop| Nexthop {
            gateway: self.some_ip(hop.gateway),
            link: self.some_link(hop.link),
            ..hop
        };
        Route {
            destination: self.prefix(route.destination),
            source: self.some_ip(route.source),
            nexthops: route.nexthops.into_iter().map(nexthop).collect(),
            ..route
        }
    }

    /// Groups of IPv6 are called by the ends of addresses, and lead to nobody (RFC 4291 §2.7.1).
    fn neighbour(&self, neighbour: Neighbour) -> Option<Neighbour> {
        (!neighbour.address.is_multicast()).then(|| Neighbour {
            link: self.link(&neighbour.link),
            address: self.ip(neighbour.address),
            mac: neighbour.mac.map(|mac| self.mac(mac)),
            ..neighbour
        })
    }

    fn fdb(&self, entry: FdbEntry) -> FdbEntry {
        FdbEntry {
            link: self.link(&entry.link),
            mac: self.mac(entry.mac),
            bridge: self.some_link(entry.bridge),
            remote: self.some_ip(entry.remote),
            ..entry
        }
    }

    fn qdisc(&self, qdisc: Qdisc<Unknown>) -> Qdisc<Unknown> {
        let kind = match qdisc.kind {
            QdiscKind::Foreign(_) => QdiscKind::Foreign(foreign()),
            other => other,
        };
        Qdisc { link: self.link(&qdisc.link), kind, ..qdisc }
    }

    fn filter(&self, filter: Filter<Unknown>) -> Filter<Unknown> {
        let kind = match filter.kind {
            FilterKind::RedirectAll { to } => FilterKind::RedirectAll { to: self.link(&to) },
            FilterKind::Foreign(_) => FilterKind::Foreign(foreign()),
        };
        Filter { link: self.link(&filter.link), kind }
    }

    pub(super) fn table(&self, table: &NftTable<Unknown>) -> NftTable<Unknown> {
        let chain = |chain: &Chain<Unknown>| Chain {
            name: self.other("chain", &chain.name),
            base: chain.base.as_ref().map(|base| BaseChain {
                devices: base.devices.iter().map(|device| self.link(device)).collect(),
                ..base.clone()
            }),
            rules: chain.rules.iter().map(|rule| rules::masked(self, table, rule)).collect(),
        };
        let set = |set: &Set| Set {
            name: self.set(&set.name),
            // Rules that ask one which is left out are not modelled.
            elements: sets::masked(self, set).unwrap_or_default(),
            ..set.clone()
        };
        NftTable {
            family: table.family,
            name: self.other("table", &table.name),
            comment: None,
            sets: table.sets.iter().map(set).collect(),
            chains: table.chains.iter().map(chain).collect(),
        }
    }

    fn ipset(&self, set: IpSet) -> IpSet {
        let part = |part: IpSetPart| match part {
            IpSetPart::Net(net) => IpSetPart::Net(self.prefix(net)),
            IpSetPart::Mac(mac) => IpSetPart::Mac(self.mac(mac)),
            IpSetPart::Link(link) => IpSetPart::Link(self.link(&link)),
            other => other,
        };
        let element = |element: IpSetElement| IpSetElement {
            parts: element.parts.into_iter().map(part).collect(),
            ..element
        };
        let members = match set.members {
            IpSetMembers::Elements(all) => {
                IpSetMembers::Elements(all.into_iter().map(element).collect())
            }
            IpSetMembers::Sets(all) => {
                IpSetMembers::Sets(all.iter().map(|name| self.set(name)).collect())
            }
            IpSetMembers::Unmodelled(_) => IpSetMembers::Unmodelled(foreign().why),
        };
        IpSet { name: self.set(&set.name), members, ..set }
    }

    fn tuple(&self, tuple: Tuple) -> Tuple {
        let (source, destination) = (self.endpoint(tuple.source), self.endpoint(tuple.destination));
        Tuple { source, destination, ..tuple }
    }

    fn sysctl(&self, sysctl: Sysctl) -> Option<Sysctl> {
        if sysctl.path == SEED && self.addresses.is_some() {
            return None;
        }
        let mut parts: Vec<String> = sysctl.path.split('/').map(str::to_owned).collect();
        if let [_, _, of, link, ..] = &mut parts[..]
            && (of == "conf" || of == "neigh")
        {
            *link = self.link_text(link);
        }
        Some(Sysctl { path: parts.join("/"), ..sysctl })
    }

    fn socket(&self, socket: Socket) -> Socket {
        let process =
            |process: Process| Process { name: self.other("process", &process.name), ..process };
        Socket {
            local: self.endpoint(socket.local),
            process: socket.process.map(process),
            ..socket
        }
    }
}
