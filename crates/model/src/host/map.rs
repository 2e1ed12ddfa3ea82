//! From one kind of state to another: a wanted state is an actual one in which nothing is foreign.

use super::nft::{Chain, Expression, NftTable, Rule, Ruleset};
use super::qdisc::{FilterKind, QdiscKind};
use super::{Actual, Filter, HostState, Link, LinkKind, Namespace, Never, Qdisc, Unknown, Wanted};

impl Wanted {
    /// The same state as the kernel would show it, if it held just this.
    pub fn to_actual(&self) -> Actual {
        let namespaces = self.namespaces.iter();
        HostState { namespaces: namespaces.map(|(id, ns)| (id.clone(), ns.to_actual())).collect() }
    }

    /// Adds another partial state. Elements of sets are joined; of other objects with one key, the
    /// other's stays.
    pub fn merge(&mut self, other: Self) {
        for (id, from) in other.namespaces {
            let into = self.namespace(id);
            into.links.extend(from.links);
            into.addresses.extend(from.addresses);
            into.routes.extend(from.routes);
            into.neighbours.extend(from.neighbours);
            into.fdb.extend(from.fdb);
            into.qdiscs.extend(from.qdiscs);
            into.filters.extend(from.filters);
            into.sysctls.extend(from.sysctls);
            into.sockets.extend(from.sockets);
            for table in from.nft.tables {
                into.nft.merge_table(table);
            }
        }
    }
}

impl Ruleset<Never> {
    fn merge_table(&mut self, from: NftTable<Never>) {
        let key = (from.family, from.name.clone());
        let Some(into) = self.tables.get_mut(&key) else {
            self.tables.insert(from);
            return;
        };
        into.chains.extend(from.chains);
        for set in from.sets {
            match into.sets.get_mut(&set.name) {
                Some(present) => present.elements.0.extend(set.elements.0),
                None => {
                    into.sets.insert(set);
                }
            }
        }
    }
}

impl Namespace<Never> {
    fn to_actual(&self) -> Namespace<Unknown> {
        let own = self.links.iter().filter_map(Link::tunnel_address);
        Namespace {
            links: self.links.iter().map(Link::to_actual).collect(),
            addresses: own.chain(self.addresses.iter().cloned()).collect(),
            rules: self.rules.clone(),
            routes: self.routes.clone(),
            neighbours: self.neighbours.clone(),
            fdb: self.fdb.clone(),
            qdiscs: self.qdiscs.iter().map(Qdisc::to_actual).collect(),
            filters: self.filters.iter().map(Filter::to_actual).collect(),
            nft: Ruleset {
                tables: self.nft.tables.iter().map(NftTable::to_actual).collect(),
                generation: self.nft.generation,
            },
            legacy: self.legacy.iter().map(NftTable::to_actual).collect(),
            ipsets: self.ipsets.clone(),
            connections: self.connections.clone(),
            sysctls: self.sysctls.clone(),
            sockets: self.sockets.clone(),
            numbers: self.numbers.clone(),
        }
    }
}

impl NftTable<Never> {
    fn to_actual(&self) -> NftTable<Unknown> {
        let rule = |rule: &Rule<Never>| Rule {
            handle: rule.handle,
            comment: rule.comment.clone(),
            expressions: rule.expressions.iter().map(Expression::to_actual).collect(),
        };
        let chain = |chain: &Chain<Never>| Chain {
            name: chain.name.clone(),
            base: chain.base.clone(),
            rules: chain.rules.iter().map(rule).collect(),
        };
        NftTable {
            family: self.family,
            name: self.name.clone(),
            comment: self.comment.clone(),
            sets: self.sets.clone(),
            chains: self.chains.iter().map(chain).collect(),
        }
    }
}

impl Link<Never> {
    /// The same, where foreign ones may stand beside it.
    pub fn to_actual(&self) -> Link<Unknown> {
        let kind = match self.kind.clone() {
            LinkKind::Loopback => LinkKind::Loopback,
            LinkKind::Device => LinkKind::Device,
            LinkKind::Bridge(bridge) => LinkKind::Bridge(bridge),
            LinkKind::Veth(veth) => LinkKind::Veth(veth),
            LinkKind::Vxlan(vxlan) => LinkKind::Vxlan(vxlan),
            LinkKind::Ifb => LinkKind::Ifb,
            LinkKind::Tun => LinkKind::Tun,
            LinkKind::Macvlan { lower_index } => LinkKind::Macvlan { lower_index },
            LinkKind::Foreign(never) => match never {},
        };
        Link {
            name: self.name.clone(),
            kind,
            index: self.index,
            mac: self.mac,
            mtu: self.mtu,
            up: self.up,
            carrier: self.carrier,
            master: self.master.clone(),
            port: self.port,
            alias: self.alias.clone(),
            group: self.group,
            link_local: self.link_local,
        }
    }
}

impl Qdisc<Never> {
    /// The same, where foreign ones may stand beside it.
    pub fn to_actual(&self) -> Qdisc<Unknown> {
        let kind = match self.kind {
            QdiscKind::NoQueue => QdiscKind::NoQueue,
            QdiscKind::Tbf(tbf) => QdiscKind::Tbf(tbf),
            QdiscKind::Ingress => QdiscKind::Ingress,
            QdiscKind::Foreign(never) => match never {},
        };
        Qdisc { link: self.link.clone(), place: self.place, kind }
    }
}

impl Filter<Never> {
    /// The same, where foreign ones may stand beside it.
    pub fn to_actual(&self) -> Filter<Unknown> {
        let kind = match self.kind.clone() {
            FilterKind::RedirectAll { to } => FilterKind::RedirectAll { to },
            FilterKind::Foreign(never) => match never {},
        };
        Filter { link: self.link.clone(), kind }
    }
}

impl Expression<Never> {
    /// The same expression where foreign ones may stand beside it.
    pub fn to_actual(&self) -> Expression<Unknown> {
        use Expression as E;
        match self.clone() {
            E::Payload { base, offset, len, to } => E::Payload { base, offset, len, to },
            E::PayloadSet { base, offset, len, from } => E::PayloadSet { base, offset, len, from },
            E::Meta { key, to } => E::Meta { key, to },
            E::MetaSet { key, from } => E::MetaSet { key, from },
            E::Ct { key, direction, to } => E::Ct { key, direction, to },
            E::Fib { result, by, to } => E::Fib { result, by, to },
            E::Cmp { op, from, value } => E::Cmp { op, from, value },
            E::Bitwise { from, to, mask, xor } => E::Bitwise { from, to, mask, xor },
            E::Lookup { set, from, to, inverted } => E::Lookup { set, from, to, inverted },
            E::Immediate { to, value } => E::Immediate { to, value },
            E::Verdict(verdict) => E::Verdict(verdict),
            E::Counter => E::Counter,
            E::Nat { kind, family, address, address_max, port, port_max, flags } => {
                E::Nat { kind, family, address, address_max, port, port_max, flags }
            }
            E::Masquerade { flags, port, port_max } => E::Masquerade { flags, port, port_max },
            E::Redirect { flags, port, port_max } => E::Redirect { flags, port, port_max },
            E::Reject { kind, code } => E::Reject { kind, code },
            E::Notrack => E::Notrack,
            E::Range { from, low, high, inverted } => E::Range { from, low, high, inverted },
            E::ByteOrder { from, to, len, size, to_network } => {
                E::ByteOrder { from, to, len, size, to_network }
            }
            E::Log { prefix, group, level, flags } => E::Log { prefix, group, level, flags },
            E::Limit { rate, seconds, burst, bytes, inverted } => {
                E::Limit { rate, seconds, burst, bytes, inverted }
            }
            E::CtSet { key, direction, from } => E::CtSet { key, direction, from },
            E::NumberGenerator { random, modulus, offset, to } => {
                E::NumberGenerator { random, modulus, offset, to }
            }
            E::Extension { raw: never, .. } => match never {},
            E::Foreign(never) => match never {},
        }
    }
}
