//! The two hosts of [`cluster`](super::cluster), to be changed before a packet is sent: container a0
//! on `ha`, b0 on `hb`, and between them `out`, a neighbour or the router.

use super::cluster::{Fabric, ask, id, of_container};
use crate::cluster::{Backend, Means};
use crate::host::{Actual, Namespace, NamespaceId, Unknown};
use crate::net::Family;
use crate::path::{Path, Question, Wire, there_and_back};
use std::collections::BTreeMap;

pub(super) struct Hosts {
    pub(super) all: BTreeMap<&'static str, Actual>,
    pub(super) wires: Vec<Wire>,
}

impl Hosts {
    pub(super) fn new(means: Means, routed: bool) -> Self {
        Self::on(&Family::BOTH, means, routed)
    }

    /// On an underlay of these families.
    pub(super) fn on(underlay: &'static [Family], means: Means, routed: bool) -> Self {
        let backend = match means {
            Means::Direct => Backend::Direct,
            Means::Vxlan => Backend::Vxlan,
        };
        let fabric = Fabric { backend, means, underlay, routed };
        let all = [("ha", fabric.host(0)), ("hb", fabric.host(1)), ("out", fabric.between())];
        Self { all: all.into(), wires: fabric.wires() }
    }

    /// A host's own namespace.
    pub(super) fn of(&mut self, host: &str) -> &mut Namespace<Unknown> {
        self.all.get_mut(host).unwrap().namespace(NamespaceId::Host)
    }

    pub(super) fn ask(&self, from: &str, question: Question) -> (Path, Option<Path>) {
        let hosts: Vec<_> = self.all.iter().map(|(name, actual)| (*name, actual)).collect();
        there_and_back(&hosts, &self.wires, from, question)
    }

    /// From a0 to b0.
    pub(super) fn across(&self) -> Path {
        self.ask("ha", ask(id(0, 0), of_container(1, 0, Family::V4), 80)).0
    }
}
