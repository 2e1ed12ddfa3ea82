//! Wanted less actual: the ordered steps from what a host is to what it should be.
//!
//! Only what is ours is looked at. A link is ours by its group, a route by its protocol, a table by
//! its name; an address, a neighbour, a queue can bear no mark and is ours when it sits on a link
//! of ours in the host. In containers nothing is ever taken away: others write there too.
//!
//! The order of the steps is such that nothing is open for a moment: sources are pinned before the
//! port that they are pinned on comes up, and the host forwards only once the rules are in.
//! [`undo`] is the list backwards.

mod link;
mod nft;
mod peer;
mod route;
mod step;

pub use step::{Change, LinkChange, NftChange, Step};

use crate::host::nft::NftTable;
use crate::host::qdisc::{FilterKind, QdiscKind};
use crate::host::{
    Actual, Address, Filter, Keyed, Link, LinkKind, Namespace, NamespaceId, Never, Qdisc, Sysctl,
    Table, Unknown, Wanted,
};
use crate::net::LinkName;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The steps, and what stands in their way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    pub steps: Vec<Step>,
    pub conflicts: Vec<Conflict>,
}

/// Something foreign is where something of ours should be. It is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Conflict {
    #[error(
        "a link named {name} is there in {namespace} and is not ours; rename or delete it, then try again"
    )]
    ForeignLink { namespace: NamespaceId, name: LinkName },
}

impl Diff {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.conflicts.is_empty()
    }
}

/// What leads from `actual` to `wanted`. A container's namespace that `actual` does not hold was not
/// read and is left alone, unless its link is to be made now.
pub fn diff(wanted: &Wanted, actual: &Actual) -> Diff {
    let empty_wanted = Namespace::default();
    let mut passes = Passes::default();
    for (id, there) in &actual.namespaces {
        let here = wanted.namespaces.get(id).unwrap_or(&empty_wanted);
        passes.namespace(id, here, there);
    }
    let nothing = Namespace::default();
    let unread = |id: &&NamespaceId| !actual.namespaces.contains_key(*id);
    for id in wanted.namespaces.keys().filter(unread) {
        if !has_link(id, wanted, actual) {
            passes.namespace(id, &wanted.namespaces[id], &nothing);
        }
    }
    passes.link_pairs(wanted, actual);
    passes.finish()
}

/// Whether a link into the namespace is there already.
fn has_link(id: &NamespaceId, wanted: &Wanted, actual: &Actual) -> bool {
    let leads_there = |link: &Link<Never>| {
        matches!(&link.kind, LinkKind::Veth(veth)
            if veth.peer.as_ref().is_some_and(|peer| peer.namespace == *id))
    };
    let host = &NamespaceId::Host;
    let (Some(here), Some(there)) = (wanted.namespaces.get(host), actual.namespaces.get(host))
    else {
        return true;
    };
    here.links.iter().any(|link| leads_there(link) && there.links.contains(&link.name))
}

/// The steps that make a fragment appear on a host whose ground is laid: what an attachment takes,
/// found without a look at the other attachments. Its [`undo`] makes it vanish.
pub fn appear(fragment: &Wanted) -> Vec<Step> {
    let mut before = Wanted::default();
    for (id, namespace) in &fragment.namespaces {
        let tables = namespace.nft.tables.iter().map(NftTable::without_elements);
        before.namespace(id.clone()).nft.tables = tables.collect();
    }
    diff(fragment, &before.to_actual()).steps
}

/// The steps that take the given ones back, in the order to take them. What cannot be taken back
/// (a rule flushed, a link deleted) is left out: the caller's next [`diff`] finds it.
pub fn undo(steps: &[Step]) -> Vec<Step> {
    steps.iter().rev().filter_map(Step::undo).collect()
}

/// Steps by the time they may happen: the order of the fields is the order of the passes.
#[derive(Default)]
struct Passes {
    conflicts: Vec<Conflict>,
    /// Links that get another MTU.
    resized: BTreeSet<(NamespaceId, LinkName)>,
    /// `accept_ra` before forwarding, which would throw advertised routes away.
    settings_first: Vec<Step>,
    /// Whatever leads packets to what goes away.
    routes_away: Vec<Step>,
    nft: Vec<Step>,
    /// From links that go away over to such as stay.
    routes_over: Vec<Step>,
    links_away: Vec<Step>,
    bridges: Vec<Step>,
    links: Vec<Step>,
    settings_of_links: Vec<Step>,
    links_up: Vec<Step>,
    addresses: Vec<Step>,
    /// Neighbours and forwarding entries, before the routes that lead to them.
    peers: Vec<Step>,
    routes: Vec<Step>,
    /// Those that no route leads to any more, and addresses that none is sent by any more.
    peers_away: Vec<Step>,
    queues: Vec<Step>,
    filters: Vec<Step>,
    /// Forwarding, once all the rest is in its place.
    settings_last: Vec<Step>,
}

impl Passes {
    fn finish(mut self) -> Diff {
        // A gateway has to be on a link before anything can lie behind it.
        let behind = |step: &Step| match &step.change {
            Change::AddRoute(route) => route.nexthops.iter().any(|hop| hop.gateway.is_some()),
            _ => false,
        };
        self.routes.sort_by_key(behind);
        let passes = [
            self.settings_first,
            self.routes_away,
            self.nft,
            self.routes_over,
            self.links_away,
            self.bridges,
            self.links,
            self.settings_of_links,
            self.links_up,
            self.addresses,
            self.peers,
            self.routes,
            self.peers_away,
            self.queues,
            self.filters,
            self.settings_last,
        ];
        Diff { steps: passes.into_iter().flatten().collect(), conflicts: self.conflicts }
    }

    fn namespace(
        &mut self,
        id: &NamespaceId,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
    ) {
        let step = |change| Step { namespace: id.clone(), change };
        let actual = &*self.links_of(id, wanted, actual);

        let changes = nft::changes(&wanted.nft, &actual.nft);
        if !changes.is_empty() {
            self.nft.push(step(Change::Nft(changes)));
        }
        for sysctl in &wanted.sysctls {
            let before = actual.sysctls.get(&sysctl.path).map(|found| found.value.clone());
            if before.as_deref() != Some(&sysctl.value) {
                let step = step(Change::SetSysctl { sysctl: sysctl.clone(), before });
                self.settings(sysctl, wanted).push(step);
            }
        }

        // Objects that can bear no mark are ours on links of ours, and only in the host.
        let ours = |link: &LinkName| {
            *id == NamespaceId::Host && actual.links.get(link).is_some_and(|link| link.is_ours())
        };
        let gone = |link: &LinkName| ours(link) && !wanted.links.contains(link);
        self.addresses_of(&step, wanted, actual, &|link| ours(link) && !gone(link));
        self.routes_of(id, wanted, actual);
        self.prefix_routes_of(&step, wanted, actual);
        self.neighbours_of(&step, wanted, actual, &|link| ours(link) && !gone(link));
        self.fdb_of(&step, wanted, actual, &|link| ours(link) && !gone(link));
        self.queues_of(&step, wanted, actual, &|link| ours(link) && !gone(link));
    }

    fn addresses_of(
        &mut self,
        step: &dyn Fn(Change) -> Step,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
        ours: &dyn Fn(&LinkName) -> bool,
    ) {
        let has_v6 = |link: &&Link<Never>| {
            let there = actual.links.get(&link.name);
            there.is_some_and(|there| there.up && there.link_local.is_some())
        };
        let tunnels = wanted.links.iter().filter(has_v6).filter_map(Link::tunnel_address);
        let tunnels: Table<Address> = tunnels.collect();
        let mut addresses = Cow::Borrowed(&wanted.addresses);
        if !tunnels.is_empty() {
            addresses.to_mut().extend(tunnels.iter().cloned());
        }
        // The kernel's own address comes and goes with the link; but one that a tunnel end has
        // beside its own is what it would be asked by, and peers do not know it.
        let kept = |there: &Address| {
            is_link_local(there) && !tunnels.iter().any(|own| own.link == there.link)
        };
        set_difference(
            &addresses,
            &actual.addresses,
            same_address,
            |there| ours(&there.link) && !kept(there),
            |address| {
                // With an IPv4 address go the routes that have it as their source
                // (`fib_sync_down_addr`), unless they have got another before. One with a subnet has
                // to go before another of that subnet comes, which it would take along.
                let alone = address.prefix.prefix_len() == address.prefix.max_prefix_len();
                let pass = if alone { &mut self.peers_away } else { &mut self.routes_away };
                pass.push(step(Change::RemoveAddress(address)));
            },
            |address| self.addresses.push(step(Change::AddAddress(address))),
        );
    }

    fn queues_of(
        &mut self,
        step: &dyn Fn(Change) -> Step,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
        ours: &dyn Fn(&LinkName) -> bool,
    ) {
        for filter in &actual.filters {
            let FilterKind::RedirectAll { to } = &filter.kind else { continue };
            let wanted = wanted.filters.get(&filter.link);
            if ours(&filter.link) && wanted.is_none_or(|wanted| wanted.to_actual() != *filter) {
                let kind = FilterKind::RedirectAll { to: to.clone() };
                let filter = Filter { link: filter.link.clone(), kind };
                self.routes_away.push(step(Change::RemoveFilter(filter)));
            }
        }
        for qdisc in &actual.qdiscs {
            let kind = match qdisc.kind {
                QdiscKind::Tbf(tbf) => QdiscKind::Tbf(tbf),
                QdiscKind::Ingress => QdiscKind::Ingress,
                QdiscKind::NoQueue | QdiscKind::Foreign(_) => continue,
            };
            // A queue of other size takes its predecessor's place without a gap.
            if ours(&qdisc.link) && !wanted.qdiscs.contains(&qdisc.key()) {
                let qdisc = Qdisc { link: qdisc.link.clone(), place: qdisc.place, kind };
                self.routes_away.push(step(Change::RemoveQdisc(qdisc)));
            }
        }
        for qdisc in &wanted.qdiscs {
            if actual.qdiscs.get(&qdisc.key()).is_none_or(|there| !same_qdisc(qdisc, there)) {
                self.queues.push(step(Change::AddQdisc(qdisc.clone())));
            }
        }
        for filter in &wanted.filters {
            if actual.filters.get(&filter.link) != Some(&filter.to_actual()) {
                self.filters.push(step(Change::AddFilter(filter.clone())));
            }
        }
    }

    /// The pass a setting belongs to.
    fn settings(&mut self, sysctl: &Sysctl, wanted: &Namespace<Never>) -> &mut Vec<Step> {
        let parts: Vec<&str> = sysctl.path.split('/').collect();
        match parts[..] {
            ["net", _, "conf", link, _] if wanted.links.iter().any(|l| l.name.as_str() == link) => {
                &mut self.settings_of_links
            }
            ["net", "ipv4", "ip_forward"] | [.., "forwarding"] => &mut self.settings_last,
            _ => &mut self.settings_first,
        }
    }
}

/// Tells what to take away (ours, and not wanted or different) and what to add.
fn set_difference<T: Keyed + Clone>(
    wanted: &Table<T>,
    actual: &Table<T>,
    same: impl Fn(&T, &T) -> bool,
    ours: impl Fn(&T) -> bool,
    mut remove: impl FnMut(T),
    mut add: impl FnMut(T),
) {
    for there in actual {
        let different = wanted.get(&there.key()).is_none_or(|wanted| !same(wanted, there));
        if different && (ours(there) || wanted.contains(&there.key())) {
            remove(there.clone());
        }
    }
    for wanted in wanted {
        if actual.get(&wanted.key()).is_none_or(|there| !same(wanted, there)) {
            add(wanted.clone());
        }
    }
}

/// The kernel keeps a bucket's depth as a time and gives it back rounded, so rate and limit decide.
fn same_qdisc(wanted: &Qdisc<Never>, there: &Qdisc<Unknown>) -> bool {
    match (&wanted.kind, &there.kind) {
        (QdiscKind::Tbf(wanted), QdiscKind::Tbf(there)) => {
            (wanted.rate, wanted.limit) == (there.rate, there.limit)
        }
        _ => wanted.to_actual() == *there,
    }
}

fn is_link_local(address: &Address) -> bool {
    matches!(address.prefix.addr(), std::net::IpAddr::V6(a) if a.is_unicast_link_local())
}

fn same_address(wanted: &Address, there: &Address) -> bool {
    wanted.prefix == there.prefix
        && wanted.no_prefix_route == there.no_prefix_route
        && (wanted.nodad == there.nodad || wanted.prefix.addr().is_ipv4() || is_link_local(wanted))
}

impl Step {
    /// The step that takes this one back, if it can be.
    fn undo(&self) -> Option<Self> {
        let change = match self.change.clone() {
            Change::SetSysctl { sysctl, before } => {
                let value = before?;
                let before = Some(sysctl.value);
                Change::SetSysctl { sysctl: Sysctl { path: sysctl.path, value }, before }
            }
            Change::CreateLink(link) | Change::CreateVeth { link, .. } => {
                Change::DeleteLink { name: link.name }
            }
            Change::ChangeLink { name, to, from } => {
                Change::ChangeLink { name, to: from, from: to }
            }
            Change::DeleteLink { .. } => return None,
            Change::AddAddress(address) => Change::RemoveAddress(address),
            Change::RemoveAddress(address) => Change::AddAddress(address),
            Change::AddRoute(route) => Change::RemoveRoute(route),
            Change::ChangeRoute { to, from } => Change::ChangeRoute { to: from, from: to },
            Change::RemoveRoute(route) => Change::AddRoute(route),
            Change::AddNeighbour(entry) => Change::RemoveNeighbour(entry),
            Change::ChangeNeighbour { to, from } => Change::ChangeNeighbour { to: from, from: to },
            Change::RemoveNeighbour(entry) => Change::AddNeighbour(entry),
            Change::AddFdbEntry(entry) => Change::RemoveFdbEntry(entry),
            Change::ChangeFdbEntry { to, from } => Change::ChangeFdbEntry { to: from, from: to },
            Change::RemoveFdbEntry(entry) => Change::AddFdbEntry(entry),
            Change::AddQdisc(qdisc) => Change::RemoveQdisc(qdisc),
            Change::RemoveQdisc(qdisc) => Change::AddQdisc(qdisc),
            Change::AddFilter(filter) => Change::RemoveFilter(filter),
            Change::RemoveFilter(filter) => Change::AddFilter(filter),
            Change::Nft(changes) => {
                let back = nft::undo(&changes);
                if back.is_empty() {
                    return None;
                }
                Change::Nft(back)
            }
        };
        Some(Self { namespace: self.namespace.clone(), change })
    }
}

#[cfg(test)]
mod tests;
