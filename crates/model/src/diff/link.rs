//! Links: made, changed, deleted.

use super::{Change, Conflict, LinkChange, Passes, Step};
use crate::host::link::GROUP_DOOMED;
use crate::host::{Actual, Link, LinkKind, Namespace, NamespaceId, Never, Unknown, Wanted};
use std::mem::discriminant;

impl Passes {
    /// Links that are there: changed, or deleted when they are ours and no longer wanted.
    pub(super) fn links_of(
        &mut self,
        id: &NamespaceId,
        wanted: &Namespace<Never>,
        actual: &Namespace<Unknown>,
    ) {
        let step = |change| Step { namespace: id.clone(), change };
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
                let (to, from) = change(want, there);
                if !to.is_empty() {
                    let name = want.name.clone();
                    self.links.push(step(Change::ChangeLink { name, to, from }));
                }
            } else {
                self.links_away.push(step(Change::DeleteLink { name: there.name.clone() }));
                self.make(id, want, None);
            }
        }
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
            LinkKind::Vxlan(_) | LinkKind::Ifb | LinkKind::Tun | LinkKind::Macvlan { .. } => {
                self.links.push(step(Change::CreateLink(link.clone())));
            }
            LinkKind::Foreign(never) => match *never {},
        }
    }
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
fn change(wanted: &Link<Never>, there: &Link<Unknown>) -> (LinkChange, LinkChange) {
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
    if wanted.master.is_some() && wanted.master != there.master {
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
    if wanted.link_local.is_some() && wanted.link_local != there.link_local {
        (to.link_local, from.link_local) = (wanted.link_local, there.link_local);
    }
    (to, from)
}
