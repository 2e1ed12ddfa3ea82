//! One part of a namespace, as a walk asks for it.

use super::{
    Names, addresses, connection, fdb, filters, ipsets, legacy, neighbours, qdiscs, routes, rules,
    sockets, sysctls,
};
use crate::netns::Sockets;
use crate::{Result, nft};
use model::host::{Link, Namespace, Sysctl, Table, Unknown};
use model::path::Part;
use std::slice;

/// The part, and nothing else; `links` are those of the namespace, by which others name them. Links
/// come without the numbers of other namespaces, which [`super::numbers`] finds.
pub fn part(
    of: &mut Sockets,
    links: &Table<Link<Unknown>>,
    part: &Part,
) -> Result<Namespace<Unknown>> {
    let mut read = Namespace::default();
    let names = || Names::of(links);
    match part {
        Part::Links => read.links = links.clone(),
        Part::Addresses => read.addresses = addresses(of.route()?, &names())?,
        Part::Rules => read.rules = Some(rules(of.route()?)?),
        Part::Routes => read.routes = routes(of.route()?, &names())?,
        Part::Neighbours => read.neighbours = neighbours(of.route()?, &names())?,
        Part::Fdb => read.fdb = fdb(of.route()?, links)?,
        Part::Traffic => {
            read.qdiscs = qdiscs(of.route()?, &names())?;
            read.filters = filters(of.route()?, links, &read.qdiscs)?;
        }
        Part::Nft => read.nft = nft::read(of.netfilter()?)?,
        Part::Legacy => read.legacy = legacy(of)?,
        Part::IpSets => read.ipsets = ipsets(of.netfilter()?)?,
        Part::Connection(tuple) => read.connections.extend(connection(of, *tuple)?),
        Part::Sockets => read.sockets = sockets(of.diagnostics()?)?,
        Part::Sysctl(path) => read.sysctls = settings(of, slice::from_ref(path))?,
    }
    Ok(read)
}

/// Settings as a walk takes them: without `br_netfilter` there is no `bridge-nf-call-*`, and no bridge
/// calls.
pub fn settings(of: &Sockets, paths: &[String]) -> Result<Table<Sysctl>> {
    let mut settings = sysctls(of, paths)?;
    for path in paths.iter().filter(|path| path.starts_with("net/bridge/bridge-nf-call-")) {
        if !settings.contains(path) {
            settings.insert(Sysctl::new(path, "0"));
        }
    }
    Ok(settings)
}
