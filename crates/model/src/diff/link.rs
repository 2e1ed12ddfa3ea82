//! Links: made, changed, deleted.

use super::{Change, Conflict, LinkChange, Passes, Step};
use crate::host::link::GROUP_DOOMED;
use crate::host::route::Nexthop;
use crate::host::{Actual, Link, LinkKind, Namespace, NamespaceId, Never, Unknown, Wanted};
use crate::net::LinkName;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::mem::discriminant;

impl Passes {
    /// Links that are there: changed, or deleted when they are ours and no longer wanted. Gives what
    /// is there less all that goes with those that have to be made anew.
    pub(super) fn links_of<'a>(
        &mut self,
        id: &NamespaceId,
        wanted: &Namespace<Never>,
        actual: &'a Namespace<Unknown>,
    ) -> Cow<'a, Namespace<Unknown>> {
        let step = |change| Step { namespace: id.clone(), change };
        let remade = remade(wanted, actual);
        let mut readdressed = BTreeSet::new();
        for there in &actual.links {
            let Some(want) = wanted.links.get(&there.name) else {
                if there.is_ours() && *id == NamespaceId::Host {
                    self.links_away.push(step(Change::DeleteLink { name: there.name.clone() }));
                }
                continue;
            };
            if !there.is_ours() && !matches!(there.kind, LinkKind::Loopback) {
                let (namespace, name) = (id.clone(), there.name.clone());
                self.conflicts.push(Conflict::ForeignLink { namespace, name });
            } else if same_kind(want, there) {
                let (to, from) = change(want, there, &remade);
                if to.mac.is_some() {
                    readdressed.insert(want.name.clone());
                }
                if to.mtu.is_some() {
                    self.resized.insert((id.clone(), want.name.clone()));
                }
                if matches!(want.kind, LinkKind::Vxlan(_)) && to.up.is_some() {
                    self.up(id, &want.name);
                }
                let (to, from) = match want.kind {
                    LinkKind::Vxlan(_) => (without_up(to), without_up(from)),
                    _ => (to, from),
                };
                if !to.is_empty() {
                    let name = want.name.clone();
                    self.links.push(step(Change::ChangeLink { name, to, from }));
                }
            } else {
                self.links_away.push(step(Change::DeleteLink { name: there.name.clone() }));
                self.make(id, want, None);
            }
        }
        let mut rest = without(actual, &remade);
        // With its MAC address a link loses all neighbours (`neigh_changeaddr`).
        if rest.neighbours.iter().any(|entry| readdressed.contains(&entry.link)) {
            rest.to_mut().neighbours.retain(|entry| !readdressed.contains(&entry.link));
        }
        rest
    }

    /// Links that are not there.
    pub(super) fn link_pairs(&mut self, wanted: &Wanted, actual: &Actual) {
        for (id, namespace) in &wanted.namespaces {
            for link in &namespace.links {
                let there = actual.namespaces.get(id).map(|there| there.links.contains(&link.name));
                // Containers' links are made from the host's side, as its links' peers.
                if there == Some(false) && *id == NamespaceId::Host {
                    self.make(id, link, Some(wanted));
                }
            }
        }
    }

    fn make(&mut self, id: &NamespaceId, link: &Link<Never>, wanted: Option<&Wanted>) {
        let step = |change| Step { namespace: id.clone(), change };
        match &link.kind {
            LinkKind::Veth(veth) => {
                let peer = veth.peer.as_ref().and_then(|peer| {
                    let peers = wanted?.namespaces.get(&peer.namespace)?;
                    Some((peers.links.get(&peer.name)?.clone(), peer.namespace.clone()))
                });
                if let Some((peer, peer_namespace)) = peer {
                    let link = link.clone();
                    self.links.push(step(Change::CreateVeth { link, peer, peer_namespace }));
                }
            }
            LinkKind::Bridge(_) => self.bridges.push(step(Change::CreateLink(link.clone()))),
            LinkKind::Loopback | LinkKind::Device => {}
            LinkKind::Vxlan(_) => {
                let down = Link { up: false, ..link.clone() };
                self.links.push(step(Change::CreateLink(down)));
                if link.up {
                    self.up(id, &link.name);
                }
            }
            LinkKind::Ifb | LinkKind::Tun | LinkKind::Macvlan { .. } => {
                self.links.push(step(Change::CreateLink(link.clone())));
            }
            LinkKind::Foreign(never) => match *never {},
        }
    }

    /// Brings a tunnel end up once its settings are made: only those that are there at that moment
    /// hold for the address it then gets (`addrconf_dad_begin`).
    fn up(&mut self, id: &NamespaceId, name: &LinkName) {
        let to = LinkChange { up: Some(true), ..LinkChange::default() };
        let from = LinkChange { up: Some(false), ..LinkChange::default() };
        let change = Change::ChangeLink { name: name.clone(), to, from };
        self.links_up.push(Step { namespace: id.clone(), change });
    }
}

fn without_up(change: LinkChange) -> LinkChange {
    LinkChange { up: None, ..change }
}

/// Links that are deleted only to be made again.
fn remade(wanted: &Namespace<Never>, actual: &Namespace<Unknown>) -> BTreeSet<LinkName> {
    let remade = |there: &&Link<Unknown>| {
        let made_alone = !matches!(there.kind, LinkKind::Veth(_) | LinkKind::Loopback);
        let want = wanted.links.get(&there.name);
        made_alone && there.is_ours() && want.is_some_and(|want| !same_kind(want, there))
    };
    actual.links.iter().filter(remade).map(|there| there.name.clone()).collect()
}

/// The namespace less what goes with the links.
fn without<'a>(
    actual: &'a Namespace<Unknown>,
    links: &BTreeSet<LinkName>,
) -> Cow<'a, Namespace<Unknown>> {
    if links.is_empty() {
        return Cow::Borrowed(actual);
    }
    let mut rest = actual.clone();
    rest.links.retain(|link| !links.contains(&link.name));
    rest.addresses.retain(|address| !links.contains(&address.link));
    rest.routes.retain(|route| {
        let goes = |hop: &Nexthop| hop.link.as_ref().is_some_and(|link| links.contains(link));
        route.nexthops.is_empty() || !route.nexthops.iter().all(goes)
    });
    rest.neighbours.retain(|entry| !links.contains(&entry.link));
    rest.fdb.retain(|entry| !links.contains(&entry.link));
    rest.qdiscs.retain(|qdisc| !links.contains(&qdisc.link));
    rest.filters.retain(|filter| !links.contains(&filter.link));
    let of_them = |path: &str| path.split('/').any(|part| links.iter().any(|l| l.as_str() == part));
    rest.sysctls.retain(|sysctl| !of_them(&sysctl.path));
    Cow::Owned(rest)
}

/// Whether the link can be changed into the wanted one, or has to be made anew.
fn same_kind(wanted: &Link<Never>, there: &Link<Unknown>) -> bool {
    match (&wanted.kind, &there.kind) {
        (LinkKind::Vxlan(wanted), LinkKind::Vxlan(there)) => wanted == there,
        (LinkKind::Bridge(wanted), LinkKind::Bridge(there)) => wanted == there,
        (LinkKind::Veth(_), LinkKind::Veth(_)) => there.group != GROUP_DOOMED,
        (_, there) => discriminant(&wanted.to_actual().kind) == discriminant(there),
    }
}

/// What has to change, and the values before.
fn change(
    wanted: &Link<Never>,
    there: &Link<Unknown>,
    remade: &BTreeSet<LinkName>,
) -> (LinkChange, LinkChange) {
    let (mut to, mut from) = (LinkChange::default(), LinkChange::default());
    if wanted.mac.is_some() && wanted.mac != there.mac {
        (to.mac, from.mac) = (wanted.mac, there.mac);
    }
    if wanted.mtu.is_some() && wanted.mtu != there.mtu {
        (to.mtu, from.mtu) = (wanted.mtu, there.mtu);
    }
    if wanted.up && !there.up {
        (to.up, from.up) = (Some(true), Some(false));
    }
    let loses_it = wanted.master.as_ref().is_some_and(|master| remade.contains(master));
    if wanted.master.is_some() && (wanted.master != there.master || loses_it) {
        (to.master, from.master) = (Some(wanted.master.clone()), Some(there.master.clone()));
    }
    if let Some(port) = wanted.port {
        let same = |there: &crate::host::link::BridgePort| {
            (port.hairpin, port.isolated, port.learning)
                == (there.hairpin, there.isolated, there.learning)
        };
        // A port that moves to another bridge starts there with that bridge's defaults.
        if to.master.is_some() || !there.port.as_ref().is_some_and(same) {
            (to.port, from.port) = (Some(port), there.port);
        }
    }
    if wanted.alias.is_some() && wanted.alias != there.alias {
        (to.alias, from.alias) =
            (wanted.alias.clone(), Some(there.alias.clone().unwrap_or_default()));
    }
    if wanted.group != there.group && !matches!(wanted.kind, LinkKind::Loopback) {
        (to.group, from.group) = (Some(wanted.group), Some(there.group));
    }
    // Where it cannot be seen, the link has no IPv6: with an MTU below 1280 the kernel takes it off.
    let has_v6 = there.link_local.is_some();
    if wanted.link_local.is_some() && has_v6 && wanted.link_local != there.link_local {
        (to.link_local, from.link_local) = (wanted.link_local, there.link_local);
    }
    (to, from)
}
