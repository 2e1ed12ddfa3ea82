//! Carries steps out on plain values, as strictly as the kernel: what is there cannot be made
//! again, what is not there cannot be changed.

use super::super::{Change, LinkChange, NftChange, Step};
use crate::host::neighbour::NeighbourState;
use crate::host::nft::{Chain, Expression, NftFamily, NftTable, Rule};
use crate::host::{Actual, Keyed as _, Link, Namespace, NamespaceId, Route, Unknown};

pub(crate) fn apply(actual: &mut Actual, steps: &[Step]) {
    for step in steps {
        change(actual, &step.namespace, &step.change);
    }
}

fn change(actual: &mut Actual, id: &NamespaceId, change: &Change) {
    if let Change::CreateVeth { link, peer, peer_namespace } = change {
        actual.namespace(peer_namespace.clone()).links.insert(peer.to_actual());
        create(actual.namespace(id.clone()), link.to_actual());
        return;
    }
    let ns = actual.namespace(id.clone());
    match change {
        Change::SetSysctl { sysctl, .. } => drop(ns.sysctls.insert(sysctl.clone())),
        Change::CreateLink(link) => create(ns, link.to_actual()),
        Change::CreateVeth { .. } => unreachable!("done above"),
        Change::ChangeLink { name, to, .. } => {
            let link = ns.links.get_mut(name).expect("the link is there");
            change_link(link, to);
            if to.mac.is_some() {
                ns.neighbours.retain(|entry| entry.link != *name);
            }
            if to.up == Some(true) {
                ns.addresses.extend(link.tunnel_address());
            }
        }
        Change::DeleteLink { name } => {
            let link = ns.links.remove(name).expect("the link is there");
            ns.addresses.retain(|a| a.link != *name);
            ns.routes.retain(|r| r.nexthops.iter().all(|hop| hop.link.as_ref() != Some(name)));
            ns.qdiscs.retain(|q| q.link != *name);
            ns.filters.retain(|f| f.link != *name);
            ns.neighbours.retain(|entry| entry.link != *name);
            ns.fdb.retain(|entry| entry.link != *name);
            ns.sysctls.retain(|s| !s.path.contains(&format!("/{name}/")));
            if let crate::host::LinkKind::Veth(veth) = link.kind {
                let peer = veth.peer.expect("made by us");
                if let Some(inside) = actual.namespaces.get_mut(&peer.namespace) {
                    inside.links.remove(&peer.name);
                    inside.addresses.retain(|a| a.link != peer.name);
                    inside.routes.retain(|r| r.nexthops[0].link.as_ref() != Some(&peer.name));
                }
            }
        }
        Change::AddAddress(address) => {
            assert!(ns.links.contains(&address.link), "{address:?} on a link that is not there");
            ns.routes.insert(Route::of_prefix(address));
            assert!(ns.addresses.insert(address.clone()).is_none());
        }
        Change::RemoveAddress(address) => {
            ns.routes.remove(&Route::of_prefix(address).key());
            assert!(ns.addresses.remove(&address.key()).is_some());
        }
        Change::AddRoute(route) => assert!(ns.routes.insert(route.clone()).is_none()),
        Change::RemoveRoute(route) => {
            assert!(ns.routes.remove(&route.key()).is_some());
        }
        Change::AddQdisc(qdisc) => drop(ns.qdiscs.insert(qdisc.to_actual())),
        Change::RemoveQdisc(qdisc) => {
            assert!(ns.qdiscs.remove(&qdisc.key()).is_some());
        }
        Change::AddFilter(filter) => assert!(ns.filters.insert(filter.to_actual()).is_none()),
        Change::RemoveFilter(filter) => assert!(ns.filters.remove(&filter.link).is_some()),
        Change::Nft(changes) => changes.iter().for_each(|change| nft(ns, change)),
        Change::ChangeRoute { to, from } => {
            assert_eq!(ns.routes.remove(&from.key()).as_ref(), Some(from));
            assert!(ns.routes.insert(to.clone()).is_none());
        }
        Change::AddNeighbour(entry) => {
            assert!(ns.links.contains(&entry.link), "{entry:?} on a link that is not there");
            let learned = ns.neighbours.insert(entry.clone());
            assert!(learned.is_none_or(|there| there.state != NeighbourState::Permanent));
        }
        Change::ChangeNeighbour { to, from } => {
            assert_eq!(ns.neighbours.insert(to.clone()).as_ref(), Some(from));
        }
        Change::RemoveNeighbour(entry) => {
            assert!(ns.neighbours.remove(&entry.key()).is_some());
        }
        Change::AddFdbEntry(entry) => {
            assert!(ns.links.contains(&entry.link), "{entry:?} on a link that is not there");
            assert!(ns.fdb.insert(entry.clone()).is_none());
        }
        Change::ChangeFdbEntry { to, from } => {
            assert_eq!(ns.fdb.insert(to.clone()).as_ref(), Some(from));
        }
        Change::RemoveFdbEntry(entry) => assert!(ns.fdb.remove(&entry.key()).is_some()),
    }
}

fn create(ns: &mut Namespace<Unknown>, link: Link<Unknown>) {
    if let Some(master) = &link.master {
        assert!(ns.links.contains(master), "{} needs {master}", link.name);
    }
    assert!(ns.links.insert(link).is_none());
}

fn change_link(link: &mut Link<Unknown>, to: &LinkChange) {
    link.mac = to.mac.or(link.mac);
    link.mtu = to.mtu.or(link.mtu);
    link.up = to.up.unwrap_or(link.up);
    link.port = to.port.or(link.port);
    link.alias = to.alias.clone().or_else(|| link.alias.take());
    link.group = to.group.unwrap_or(link.group);
    link.link_local = to.link_local.or(link.link_local);
    if let Some(master) = &to.master {
        link.master = master.clone();
    }
}

fn nft(ns: &mut Namespace<Unknown>, change: &NftChange) {
    match change {
        NftChange::AddTable { family, name, comment } => {
            let (sets, chains) = Default::default();
            let (family, name, comment) = (*family, name.clone(), comment.clone());
            let new = NftTable { family, name, comment, sets, chains };
            assert!(ns.nft.tables.insert(new).is_none());
        }
        NftChange::DeleteTable { family, name } => {
            assert!(ns.nft.tables.remove(&(*family, name.clone())).is_some());
        }
        NftChange::AddChain { family, table: t, name, base } => {
            let chain = Chain { name: name.clone(), base: base.clone(), rules: Vec::new() };
            assert!(table(ns, *family, t).chains.insert(chain).is_none());
        }
        NftChange::DeleteChain { family, table: t, name, .. } => {
            let chain = table(ns, *family, t).chains.remove(name).expect("the chain is there");
            assert!(chain.rules.is_empty(), "a chain with rules is busy");
        }
        NftChange::FlushChain { family, table: t, chain } => {
            table(ns, *family, t).chains.get_mut(chain).expect("the chain is there").rules.clear();
        }
        NftChange::AddRule { family, table: t, chain, rule } => {
            let expressions = rule.expressions.iter().map(Expression::to_actual).collect();
            let rule = Rule { handle: None, comment: rule.comment.clone(), expressions };
            table(ns, *family, t)
                .chains
                .get_mut(chain)
                .expect("the chain is there")
                .rules
                .push(rule);
        }
        NftChange::InsertRule { .. } | NftChange::DeleteRule { .. } => {
            panic!("no difference has these: {change:?}")
        }
        NftChange::AddSet { family, table: t, set } => {
            assert!(set.elements.0.is_empty());
            assert!(table(ns, *family, t).sets.insert(set.clone()).is_none());
        }
        NftChange::DeleteSet { family, table: t, set } => {
            assert!(table(ns, *family, t).sets.remove(&set.name).is_some());
        }
        NftChange::AddElements { family, table: t, set, elements } => {
            let there = table(ns, *family, t).sets.get_mut(&set.name).expect("the set is there");
            for (key, element) in elements {
                assert!(there.elements.0.insert(key.clone(), element.clone()).is_none());
            }
        }
        NftChange::DeleteElements { family, table: t, set, elements } => {
            let there = table(ns, *family, t).sets.get_mut(&set.name).expect("the set is there");
            for key in elements.keys() {
                assert!(there.elements.0.remove(key).is_some());
            }
        }
    }
}

fn table<'a>(
    ns: &'a mut Namespace<Unknown>,
    family: NftFamily,
    name: &str,
) -> &'a mut NftTable<Unknown> {
    ns.nft.tables.get_mut(&(family, name.to_owned())).expect("the table is there")
}
