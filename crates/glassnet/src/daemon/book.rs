//! What the daemon knows: networks and who is attached to them. It decides, and does nothing: each
//! decision is a value that becomes a [`Record`], and [`Book::note`] takes records in, at
//! replay and as they happen alike.

use super::record::{Held, Record, Stage};
use crate::protocol::{AttachRequest, Code, CreateNetwork, Failure};
use model::cluster::{Attachment, AttachmentId, Network, NetworkName, Pool, Publish};
use model::ipam::{self, Ledger, NoLease};
use model::net::{Family, IpNet, LinkName};
use std::collections::{BTreeMap, BTreeSet};

/// Ports a Linux bridge can have (`BR_MAX_PORTS` in `net/bridge/br_private.h`), less port 0.
pub(crate) const MAX_BRIDGE_PORTS: usize = 1023;

/// Networks and attachments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    pub networks: BTreeMap<NetworkName, Network>,
    pub held: BTreeMap<AttachmentId, Held>,
    /// Settings of the host with the values found before ours.
    pub found: BTreeMap<String, String>,
    pub closed_links: Vec<LinkName>,
    /// Attachments whose part of the kernel a thread is changing just now. In no record: a crash
    /// ends all work.
    pub at_work: BTreeSet<AttachmentId>,
    ledgers: BTreeMap<NetworkName, Ledger>,
    published: BTreeMap<(model::net::Transport, u16), Vec<(Publish, AttachmentId)>>,
}

/// What an attach request leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is attached already, just so.
    Same(Box<Attachment>),
    /// A new lease, to be written and then carried out.
    New(Box<Held>),
    /// An earlier attachment of this name, or one that has what is asked for, is on its way out; ask
    /// again when it is gone.
    Wait,
}

fn no(code: Code, message: impl Into<String>) -> Failure {
    Failure { code, message: message.into() }
}

/// The network's bridge takes no port more; others' links may be among those it has.
pub(crate) fn full(network: &Network) -> Failure {
    let message = format!(
        "bridge {} of network {} has all {MAX_BRIDGE_PORTS} ports a Linux bridge can have; detach something or use another network",
        network.bridge, network.name
    );
    no(Code::Exhausted, message)
}

impl Book {
    /// Takes one event in.
    pub(crate) fn note(&mut self, record: &Record) {
        match record {
            Record::NetworkCreated { network } => {
                self.ledgers.entry(network.name.clone()).or_default();
                self.networks.insert(network.name.clone(), network.clone());
            }
            Record::NetworkRemoved { name } => {
                self.networks.remove(name);
                self.ledgers.remove(name);
            }
            Record::Leased { held } => {
                let attachment = &held.attachment;
                let ledger = self.ledgers.entry(attachment.network.clone()).or_default();
                for address in &attachment.addresses {
                    ledger.take(*address, &attachment.id.to_string());
                }
                for publish in &attachment.publish {
                    let port = (publish.transport, publish.host_port);
                    let users = self.published.entry(port).or_default();
                    if !users.iter().any(|(_, id)| *id == attachment.id) {
                        users.push((*publish, attachment.id.clone()));
                    }
                }
                self.held.insert(attachment.id.clone(), (**held).clone());
            }
            Record::Attached { id } => self.stage(id, Stage::Attached),
            Record::Detaching { id } => self.stage(id, Stage::Detaching),
            Record::Freed { id } => self.free(id),
            Record::SettingFound { path, value } => {
                self.found.entry(path.clone()).or_insert_with(|| value.clone());
            }
            Record::LinksClosed { links } => self.closed_links.clone_from(links),
        }
    }

    fn stage(&mut self, id: &AttachmentId, stage: Stage) {
        if let Some(held) = self.held.get_mut(id) {
            held.stage = held.stage.max(stage);
        }
    }

    fn free(&mut self, id: &AttachmentId) {
        let Some(held) = self.held.remove(id) else { return };
        if let Some(ledger) = self.ledgers.get_mut(&held.attachment.network) {
            held.attachment.addresses.iter().for_each(|address| ledger.free(*address));
        }
        for publish in &held.attachment.publish {
            let port = (publish.transport, publish.host_port);
            if let Some(users) = self.published.get_mut(&port) {
                users.retain(|(_, user)| user != id);
                if users.is_empty() {
                    self.published.remove(&port);
                }
            }
        }
    }

    /// The records that give this book back: a new start for the journal. What belongs to the
    /// running boot (leases, settings) is left out when the boot is another.
    pub(crate) fn snapshot(&self) -> Vec<Record> {
        let networks = self.networks.values();
        let mut records: Vec<Record> =
            networks.map(|network| Record::NetworkCreated { network: network.clone() }).collect();
        let found = self.found.iter();
        records.extend(found.map(|(path, value)| Record::SettingFound {
            path: path.clone(),
            value: value.clone(),
        }));
        if !self.closed_links.is_empty() {
            records.push(Record::LinksClosed { links: self.closed_links.clone() });
        }
        records
            .extend(self.held.values().map(|held| Record::Leased { held: Box::new(held.clone()) }));
        records
    }

    /// Forgets what ended with an earlier boot.
    pub(crate) fn new_boot(&mut self) {
        let ids: Vec<AttachmentId> = self.held.keys().cloned().collect();
        ids.iter().for_each(|id| self.free(id));
        self.found.clear();
        self.closed_links.clear();
    }

    pub(crate) fn network(&self, name: &NetworkName) -> Result<&Network, Failure> {
        self.networks.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.networks.keys().map(NetworkName::as_str).collect();
            let known = match known[..] {
                [] => "there is none yet".to_owned(),
                _ => format!("there is {}", known.join(", ")),
            };
            let create = format!("create it with: glassnet network create {name}");
            no(
                Code::NoNetwork,
                format!("no network is named {name} on this host; {known}; {create}"),
            )
        })
    }

    /// What an attach request leads to. `netns_inode` is the namespace that came with it.
    pub(crate) fn decide(
        &self,
        request: &AttachRequest,
        netns_inode: u64,
    ) -> Result<Decision, Failure> {
        let network = self.network(&request.network)?;
        if let Some(held) = self.held.get(&request.id) {
            return self.decide_again(held, request, netns_inode);
        }
        match self.lease(request, network, netns_inode) {
            Err(Failure { code: Code::Taken | Code::Exhausted, .. })
                if self.will_change(request) =>
            {
                Ok(Decision::Wait)
            }
            held => held.map(Box::new).map(Decision::New),
        }
    }

    /// Whether somebody is on the way out who has what the request wants: an engine that was told of
    /// a detach may give the port or the address to the next container at once.
    fn will_change(&self, request: &AttachRequest) -> bool {
        let mut leaving = self.held.values().filter(|held| held.stage == Stage::Detaching);
        leaving.any(|held| {
            let Attachment { network, publish, .. } = &held.attachment;
            *network == request.network
                || publish.iter().any(|port| request.publish.iter().any(|p| p.collides(port)))
        })
    }

    fn lease(
        &self,
        request: &AttachRequest,
        network: &Network,
        netns_inode: u64,
    ) -> Result<Held, Failure> {
        self.check_ports(request)?;
        let on_bridge = self.held.values().filter(|h| h.attachment.network == network.name).count();
        if on_bridge >= MAX_BRIDGE_PORTS {
            return Err(full(network));
        }
        let ledger = &self.ledgers[&network.name];
        let addresses = ledger.lease(network, &request.addresses).map_err(|why| {
            let code = match why {
                NoLease::Exhausted { .. } => Code::Exhausted,
                NoLease::Taken { .. } => Code::Taken,
                _ => Code::InvalidRequest,
            };
            no(code, format!("network {}: {why}", network.name))
        })?;
        // A network has a pool, so a lease has an address.
        let mac = request.mac.unwrap_or_else(|| Network::mac_for(addresses[0]));
        if !mac.is_unicast() || mac.is_zero() {
            let message = format!(
                "{mac} cannot be a container's MAC address: it is not a unicast address; the first byte must be even"
            );
            return Err(no(Code::InvalidRequest, message));
        }
        let same_mac =
            |held: &&Held| held.attachment.mac == mac && held.attachment.network == network.name;
        if let Some(other) = self.held.values().find(same_mac) {
            let message =
                format!("MAC {mac} is {}'s in network {}", other.attachment.id, network.name);
            return Err(no(Code::Taken, message));
        }
        if network.bridge_mac() == mac {
            return Err(no(
                Code::Taken,
                format!("MAC {mac} is the bridge's of network {}", network.name),
            ));
        }
        let attachment = Attachment {
            id: request.id.clone(),
            network: request.network.clone(),
            addresses,
            mac,
            publish: request.publish.clone(),
            bandwidth: request.bandwidth,
            default_route: request.default_route,
        };
        Ok(Held {
            attachment,
            runtime: request.runtime.clone(),
            netns: request.netns.clone(),
            netns_inode,
            stage: Stage::Leased,
        })
    }

    fn decide_again(
        &self,
        held: &Held,
        request: &AttachRequest,
        inode: u64,
    ) -> Result<Decision, Failure> {
        if held.stage != Stage::Attached {
            return Ok(Decision::Wait);
        }
        let attachment = &held.attachment;
        let same = held.netns_inode == inode
            && attachment.network == request.network
            && request.addresses.iter().all(|address| attachment.addresses.contains(address))
            && request.mac.is_none_or(|mac| mac == attachment.mac)
            && attachment.publish == request.publish
            && attachment.bandwidth == request.bandwidth
            && attachment.default_route == request.default_route;
        if same {
            return Ok(Decision::Same(Box::new(attachment.clone())));
        }
        let message = format!(
            "{} is attached to network {} already, with other settings; detach it first",
            attachment.id, attachment.network
        );
        Err(no(Code::Exists, message))
    }

    fn check_ports(&self, request: &AttachRequest) -> Result<(), Failure> {
        for (i, publish) in request.publish.iter().enumerate() {
            if publish.host_port == 0 || publish.container_port == 0 {
                let message =
                    format!("cannot publish {publish}: port 0 is none; ports are 1 to 65535");
                return Err(no(Code::InvalidRequest, message));
            }
            if let Some(twin) = request.publish[..i].iter().find(|other| other.collides(publish)) {
                let message = format!("{publish} and {twin} want the same port of the host");
                return Err(no(Code::InvalidRequest, message));
            }
            let users = self.published.get(&(publish.transport, publish.host_port));
            let taken = users.into_iter().flatten().find(|(other, _)| other.collides(publish));
            if let Some((other, holder)) = taken {
                let message = format!("cannot publish {publish}: {holder} has published {other}");
                return Err(no(Code::Taken, message));
            }
        }
        Ok(())
    }

    /// The network a request creates. `routed` are the prefixes the host already has routes to.
    pub(crate) fn create(
        &self,
        request: &CreateNetwork,
        routed: &[IpNet],
    ) -> Result<Network, Failure> {
        if self.networks.contains_key(&request.name) {
            let message = format!(
                "a network named {} is there already; choose another name or remove it first",
                request.name
            );
            return Err(no(Code::Exists, message));
        }
        let used: Vec<IpNet> = self
            .networks
            .values()
            .flat_map(|network| network.pools.iter().map(|pool| pool.subnet))
            .chain(routed.iter().copied().filter(|prefix| prefix.prefix_len() > 0))
            .collect();
        let subnets = if request.subnets.is_empty() {
            vec![free_subnet(Family::V4, &used).ok_or_else(|| {
                no(
                    Code::Exhausted,
                    "no private IPv4 subnet is free on this host; name one with --subnet",
                )
            })?]
        } else {
            request.subnets.clone()
        };
        let mut pools: Vec<Pool> = subnets.iter().map(|s| Pool::with_first_gateway(*s)).collect();
        for gateway in &request.gateways {
            let pool = pools.iter_mut().find(|pool| pool.family() == Family::of(*gateway));
            let Some(pool) = pool else {
                let message = format!("gateway {gateway} has no subnet of its family");
                return Err(no(Code::InvalidRequest, message));
            };
            pool.gateway = *gateway;
        }
        let network = Network {
            mtu: request.mtu,
            masquerade: request.masquerade,
            spoofing: request.spoofing,
            ..Network::new(request.name.clone(), pools)
        };
        network.check().map_err(|why| no(Code::InvalidRequest, why.to_string()))?;
        for subnet in &subnets {
            if let Some(other) = used.iter().find(|other| overlap(subnet, other)) {
                let free = free_subnet(Family::of_prefix(subnet), &used);
                let free = free.map_or(String::new(), |free| format!("; {free} is free"));
                let message =
                    format!("{subnet} overlaps {other}, which this host already routes{free}");
                return Err(no(Code::Taken, message));
            }
        }
        if let Some(twin) = self.networks.values().find(|other| other.bridge == network.bridge) {
            let message = format!(
                "{}'s bridge would have the name of {}'s, {}; choose another name",
                network.name, twin.name, twin.bridge
            );
            return Err(no(Code::Exists, message));
        }
        Ok(network)
    }

    /// Whether the network may go.
    pub(crate) fn remove(&self, name: &NetworkName) -> Result<(), Failure> {
        self.network(name)?;
        let mut users = self.held.values().filter(|held| held.attachment.network == *name);
        let Some(first) = users.next() else { return Ok(()) };
        let others = users.count();
        let more = if others == 0 { String::new() } else { format!(" and {others} more") };
        let message =
            format!("network {name} is in use by {}{more}; detach first", first.attachment.id);
        Err(no(Code::InUse, message))
    }

    /// Leased and leasable addresses of the network's scarcer family.
    pub(crate) fn fill(&self, network: &Network) -> (u64, u64) {
        let ledger = self.ledgers.get(&network.name);
        let fill = |pool: &Pool| {
            let taken = ledger.map_or(0, |ledger| ledger.taken_of(pool.family())) as u64;
            (taken, u64::try_from(ipam::capacity(pool)).unwrap_or(u64::MAX))
        };
        let free = |(taken, all): &(u64, u64)| all.saturating_sub(*taken);
        network.pools.iter().map(fill).min_by_key(free).unwrap_or((0, 0))
    }
}

fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

/// A subnet that overlaps nothing: 10.88.0.0/16 and on, or fd67:6c61:73:N::/64 and on.
fn free_subnet(family: Family, used: &[IpNet]) -> Option<IpNet> {
    let candidate = |i: u16| -> Option<IpNet> {
        let text = match family {
            Family::V4 => format!("10.{}.0.0/16", (88 + i) % 256),
            Family::V6 => format!("fd67:6c61:73:{i:x}::/64"),
        };
        text.parse().ok()
    };
    (0..256).filter_map(candidate).find(|subnet| !used.iter().any(|other| overlap(subnet, other)))
}

#[cfg(test)]
mod tests;
