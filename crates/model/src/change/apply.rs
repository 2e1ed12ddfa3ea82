//! Carrying a change out on a state.

use super::{Deed, LinkSetting, TableName};
use crate::host::nft::{Chain, NftTable};
use crate::host::route::Nexthop;
use crate::host::route::{PROTOCOL_KERNEL, RouteKind, TABLE_LOCAL};
use crate::host::{Address, Namespace, Route, Sysctl, Unknown};
use crate::net::{LinkName, single};

/// False if there was nothing to change.
pub(super) fn apply(deed: &Deed, of: &mut Namespace<Unknown>) -> bool {
    match deed {
        Deed::AddRoute(route) => of.routes.insert(route.clone()).as_ref() != Some(route),
        Deed::DeleteRoute { destination, gateway, link, table } => {
            let fits = |route: &&Route| {
                let by = |wanted: &dyn Fn(&Nexthop) -> bool| route.nexthops.iter().any(wanted);
                route.destination == *destination
                    && route.table == *table
                    && (gateway.is_none() || by(&|hop| hop.gateway == *gateway))
                    && (link.is_none() || by(&|hop| hop.link == *link))
            };
            let found = of.routes.iter().filter(fits).min_by_key(|route| route.metric);
            let key = found.map(crate::host::Keyed::key);
            key.is_some_and(|key| of.routes.remove(&key).is_some())
        }
        Deed::AddFibRule(rule) => {
            let rules = of.rules.get_or_insert_default();
            let at = rules.partition_point(|other| other.priority <= rule.priority);
            rules.insert(at, rule.clone());
            true
        }
        Deed::DeleteFibRule { priority } => {
            let rules = of.rules.get_or_insert_default();
            let before = rules.len();
            rules.retain(|rule| rule.priority != *priority);
            rules.len() < before
        }
        Deed::AddAddress(address) => {
            let is_new = of.addresses.insert(address.clone()).is_none();
            of.routes.extend(routes_of(address));
            is_new
        }
        Deed::DeleteAddress { link, address } => {
            let is_it = |a: &Address| a.link == *link && a.prefix.addr() == *address;
            let gone: Vec<Address> = of.addresses.iter().filter(|a| is_it(a)).cloned().collect();
            of.addresses.retain(|a| !is_it(a));
            for route in gone.iter().flat_map(routes_of) {
                of.routes.remove(&crate::host::Keyed::key(&route));
            }
            !gone.is_empty()
        }
        Deed::AddNeighbour(neighbour) => {
            of.neighbours.insert(neighbour.clone()).as_ref() != Some(neighbour)
        }
        Deed::DeleteNeighbour { link, address } => {
            of.neighbours.remove(&(link.clone(), *address)).is_some()
        }
        Deed::AddFdb(entry) => of.fdb.insert(entry.clone()).as_ref() != Some(entry),
        Deed::DeleteFdb { link, mac } => {
            let before = of.fdb.len();
            of.fdb.retain(|entry| entry.link != *link || entry.mac != *mac);
            of.fdb.len() < before
        }
        Deed::SetLink { link, setting } => {
            if *setting == LinkSetting::Up(false) {
                forget_routes(of, link);
            }
            let Some(link) = of.links.get_mut(link) else { return false };
            match *setting {
                LinkSetting::Up(up) => link.up = up,
                LinkSetting::Mtu(mtu) => link.mtu = Some(mtu),
                LinkSetting::Mac(mac) => link.mac = Some(mac),
                LinkSetting::Hairpin(on) => link.port.get_or_insert_default().hairpin = on,
                LinkSetting::Isolated(on) => link.port.get_or_insert_default().isolated = on,
            }
            true
        }
        Deed::DeleteLink { link } => {
            forget_routes(of, link);
            of.addresses.retain(|address| address.link != *link);
            of.neighbours.retain(|neighbour| neighbour.link != *link);
            of.fdb.retain(|entry| entry.link != *link);
            of.links.remove(link).is_some()
        }
        Deed::SetSysctl { path, value } => {
            of.sysctls.insert(Sysctl::new(path.clone(), value.clone()));
            true
        }
        Deed::DeleteRule { handle, table, chain } => {
            let mut found = false;
            each_chain(of, table.as_ref(), |its| {
                if chain.as_ref().is_none_or(|chain| *chain == its.name) {
                    let before = its.rules.len();
                    its.rules.retain(|rule| rule.handle != Some(*handle));
                    found |= its.rules.len() < before;
                }
            });
            found
        }
        Deed::FlushChain { table, chain } => {
            let mut found = false;
            each_chain(of, Some(table), |its| {
                if its.name == *chain {
                    found = true;
                    its.rules.clear();
                }
            });
            found
        }
        Deed::SetPolicy { table, chain, policy } => {
            let mut found = false;
            each_chain(of, Some(table), |its| {
                if let Some(base) = its.base.as_mut().filter(|_| its.name == *chain) {
                    found = true;
                    base.policy = *policy;
                }
            });
            found
        }
        Deed::DeleteTable { table } => {
            let before = of.nft.tables.len();
            of.nft.tables.retain(|its| !is(its, table));
            of.nft.tables.len() < before
        }
        Deed::FlushConnections => {
            of.connections.retain(|_| false);
            true
        }
    }
}

fn is(table: &NftTable<Unknown>, wanted: &TableName) -> bool {
    table.name == wanted.name && wanted.family.is_none_or(|family| family == table.family)
}

fn each_chain(
    of: &mut Namespace<Unknown>,
    wanted: Option<&TableName>,
    mut change: impl FnMut(&mut Chain<Unknown>),
) {
    let tables = of.nft.tables.iter().chain(&of.legacy);
    let names: Vec<_> = tables
        .filter(|table| wanted.is_none_or(|wanted| is(table, wanted)))
        .map(crate::host::Keyed::key)
        .collect();
    for name in names {
        for tables in [&mut of.nft.tables, &mut of.legacy] {
            let Some(table) = tables.get_mut(&name) else { continue };
            let chains: Vec<String> = table.chains.keys().cloned().collect();
            for chain in &chains {
                table.chains.get_mut(chain).into_iter().for_each(&mut change);
            }
        }
    }
}

/// What the kernel adds to an address: the route to itself, and that to its subnet.
pub(super) fn routes_of(address: &Address) -> Vec<Route> {
    let local = Route {
        destination: single(address.prefix.addr()),
        table: TABLE_LOCAL,
        kind: RouteKind::Local,
        scope: 254,
        metric: 0,
        protocol: PROTOCOL_KERNEL,
        source: address.prefix.addr().is_ipv4().then_some(address.prefix.addr()),
        nexthops: vec![Nexthop::on(address.link.clone())],
        mtu: None,
    };
    let on_link = address.prefix.prefix_len() < address.prefix.max_prefix_len();
    std::iter::once(local).chain(on_link.then(|| Route::of_prefix(address))).collect()
}

/// A link that is set down or goes takes the routes by it along (`fib_sync_down_dev`,
/// `rt6_disable_ip`).
fn forget_routes(of: &mut Namespace<Unknown>, link: &LinkName) {
    let by_it = |route: &Route| {
        !route.nexthops.is_empty()
            && route.nexthops.iter().all(|hop| hop.link.as_ref() == Some(link))
    };
    of.routes.retain(|route| route.table == TABLE_LOCAL || !by_it(route));
}
