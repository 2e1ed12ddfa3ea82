//! What the daemon knows: networks and who is attached to them. It decides, and does nothing: each
//! decision is a value that becomes a [`Record`], and [`Book::note`] takes records in, at
//! replay and as they happen alike.

use super::record::{Held, Record, Stage};
use crate::protocol::{AttachRequest, Code, CreateNetwork, Failure};
use model::cluster::{Attachment, AttachmentId, Network, NetworkName, Pool, Presence, Publish};
use model::explain::{AttachmentDifference, Choice, NetworkDifference, Reason};
use model::ipam::{self, Lack, Ledger, NoLease};
use model::net::{Family, IpNet, LinkName, Mac, overlap};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

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
    /// What this node may give of spread networks …
    pub claims: BTreeMap<NetworkName, BTreeSet<IpNet>>,
    /// … and what it has given itself.
    pub presences: BTreeMap<NetworkName, Presence>,
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
    /// A new lease, once the node has claimed what it lacks.
    Claim(Lack),
    /// An earlier attachment of this name, or one that has what is asked for, is on its way out; ask
    /// again when it is gone.
    Wait,
}

/// What a request for a network leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Creation {
    /// It is there already, just so.
    Same(Network),
    New(Network),
}

/// The network's bridge takes no port more; others' links may be among those it has.
pub(crate) fn full(network: &Network) -> Reason {
    let (bridge, network) = (network.bridge.clone(), network.name.clone());
    Reason::BridgeFull { bridge, network, most: MAX_BRIDGE_PORTS }
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
                self.claims.remove(name);
                self.presences.remove(name);
            }
            Record::Claimed { network, prefix } => {
                self.claims.entry(network.clone()).or_default().insert(*prefix);
            }
            Record::Released { network, prefix } => self.released(network, prefix),
            Record::Present { network, presence } => {
                let ledger = self.ledgers.entry(network.clone()).or_default();
                let before = self.presences.insert(network.clone(), presence.clone());
                for before in before.iter().flat_map(|p| p.addresses.iter().chain(&p.proof)) {
                    ledger.free(*before);
                }
                for address in presence.addresses.iter().chain(&presence.proof) {
                    ledger.take(*address, "this node");
                }
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

    fn released(&mut self, network: &NetworkName, prefix: &IpNet) {
        if let Some(claims) = self.claims.get_mut(network) {
            claims.remove(prefix);
        }
        let Some(presence) = self.presences.get_mut(network) else { return };
        let ledger = self.ledgers.entry(network.clone()).or_default();
        for addresses in [&mut presence.addresses, &mut presence.proof] {
            for address in addresses.extract_if(.., |address| prefix.contains(&*address)) {
                ledger.free(address);
            }
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
        for (network, prefixes) in &self.claims {
            let claimed =
                |prefix: &IpNet| Record::Claimed { network: network.clone(), prefix: *prefix };
            records.extend(prefixes.iter().map(claimed));
        }
        records.extend(self.presences.iter().map(|(network, presence)| Record::Present {
            network: network.clone(),
            presence: presence.clone(),
        }));
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
            let name = name.clone();
            let reason = match self.networks.keys().cloned().collect::<Vec<_>>() {
                known if known.is_empty() => Reason::NoNetworkYet { name },
                known => Reason::NoSuchNetwork { name, known },
            };
            reason.into()
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
        if network.spread.is_some_and(|spread| spread.closing) {
            return Err(Reason::NetworkCloses { name: network.name.clone() }.into());
        }
        match self.lease(request, network, netns_inode) {
            Err(NoLease::Refused(reason))
                if matches!(reason.code(), Code::Taken | Code::Exhausted)
                    && self.will_change(request) =>
            {
                Ok(Decision::Wait)
            }
            Err(NoLease::Refused(reason)) => Err(reason.into()),
            Err(NoLease::Lacks(lack)) => Ok(Decision::Claim(lack)),
            Ok(held) => Ok(Decision::New(Box::new(held))),
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
    ) -> Result<Held, NoLease> {
        self.check_ports(request)?;
        let on_bridge = self.held.values().filter(|h| h.attachment.network == network.name).count();
        if on_bridge >= MAX_BRIDGE_PORTS {
            return Err(full(network).into());
        }
        let ledger = &self.ledgers[&network.name];
        let none = BTreeSet::new();
        let own = self.claims.get(&network.name).unwrap_or(&none);
        let addresses = ledger.lease(network, own, &request.addresses)?;
        // A network has a pool, so a lease has an address.
        let mac = request.mac.unwrap_or_else(|| Network::mac_for(addresses[0]));
        if !mac.is_unicast() || mac.is_zero() {
            return Err(Reason::MacNotUnicast { mac }.into());
        }
        let same_mac =
            |held: &&Held| held.attachment.mac == mac && held.attachment.network == network.name;
        if let Some(other) = self.held.values().find(same_mac) {
            let (id, network) = (other.attachment.id.clone(), network.name.clone());
            return Err(Reason::MacTaken { mac, id, network }.into());
        }
        if network.bridge_mac() == mac {
            return Err(Reason::MacOfBridge { mac, network: network.name.clone() }.into());
        }
        let in_a_block = |address: &IpAddr| {
            let is_block = |prefix: &&IpNet| prefix.prefix_len() < Family::of_prefix(prefix).bits();
            own.iter().filter(is_block).any(|block| block.contains(address))
        };
        let alone = addresses.iter().copied();
        let alone = alone.filter(|address| network.spread.is_some() && !in_a_block(address));
        let attachment = Attachment {
            alone: alone.collect(),
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
        let differences = differences(held, request, inode);
        if differences.is_empty() {
            return Ok(Decision::Same(Box::new(attachment.clone())));
        }
        Err(Reason::AttachmentDiffers { id: attachment.id.clone(), differences }.into())
    }

    fn check_ports(&self, request: &AttachRequest) -> Result<(), Reason> {
        for (i, publish) in request.publish.iter().enumerate() {
            if publish.host_port == 0 || publish.container_port == 0 {
                return Err(Reason::PortZero { publish: *publish });
            }
            if let Some(twin) = request.publish[..i].iter().find(|other| other.collides(publish)) {
                return Err(Reason::PortTwice { publish: *publish, twin: *twin });
            }
            let users = self.published.get(&(publish.transport, publish.host_port));
            let taken = users.into_iter().flatten().find(|(other, _)| other.collides(publish));
            if let Some((theirs, id)) = taken {
                let (publish, id, theirs) = (*publish, id.clone(), *theirs);
                return Err(Reason::PortPublished { publish, id, theirs });
            }
        }
        Ok(())
    }

    /// The network a request creates. `routed` are the prefixes the host already has routes to.
    pub(crate) fn create(
        &self,
        request: &CreateNetwork,
        routed: &[IpNet],
    ) -> Result<Creation, Failure> {
        if let Some(there) = self.networks.get(&request.name) {
            let differences = network_differences(there, request)?;
            if differences.is_empty() {
                return Ok(Creation::Same(there.clone()));
            }
            return Err(Reason::NetworkDiffers { name: there.name.clone(), differences }.into());
        }
        let used: Vec<IpNet> = self
            .networks
            .values()
            .flat_map(|network| network.pools.iter().map(|pool| pool.subnet))
            .chain(routed.iter().copied().filter(|prefix| prefix.prefix_len() > 0))
            .collect();
        let subnets = if request.subnets.is_empty() {
            vec![free_subnet(Family::V4, &used).ok_or(Reason::NoSubnetFree)?]
        } else {
            request.subnets.clone()
        };
        let pools = pools(&subnets, &request.gateways)?;
        let network = Network {
            mtu: request.mtu,
            masquerade: request.masquerade,
            spoofing: request.spoofing,
            ..Network::new(request.name.clone(), pools)
        };
        network.check()?;
        for subnet in &subnets {
            if let Some(other) = used.iter().find(|other| overlap(subnet, other)) {
                let (subnet, other) = (*subnet, *other);
                let reason = match free_subnet(Family::of_prefix(&subnet), &used) {
                    Some(free) => Reason::SubnetOverlaps { subnet, other, free },
                    None => Reason::SubnetOverlapsAll { subnet, other },
                };
                return Err(reason.into());
            }
        }
        if let Some(twin) = self.networks.values().find(|other| other.bridge == network.bridge) {
            let (name, twin, bridge) = (network.name, twin.name.clone(), network.bridge);
            return Err(Reason::BridgeNameTaken { name, twin, bridge }.into());
        }
        Ok(Creation::New(network))
    }

    /// Whether the network may go.
    pub(crate) fn remove(&self, name: &NetworkName) -> Result<(), Failure> {
        self.network(name)?;
        let mut users = self.held.values().filter(|held| held.attachment.network == *name);
        let Some(first) = users.next() else { return Ok(()) };
        let (name, id) = (name.clone(), first.attachment.id.clone());
        Err(match users.count() {
            0 => Reason::NetworkInUseByOne { name, id }.into(),
            others => Reason::NetworkInUse { name, id, others }.into(),
        })
    }

    /// Leased and leasable addresses of the network's scarcer family: of a spread network, what this
    /// node holds and could still claim.
    pub(crate) fn fill(&self, network: &Network, unclaimed: impl Fn(Family) -> u128) -> (u64, u64) {
        let ledger = self.ledgers.get(&network.name);
        let fill = |pool: &Pool| {
            let taken = ledger.map_or(0, |ledger| ledger.taken_of(pool.family())) as u64;
            let leasable = match &network.spread {
                None => ipam::capacity(pool),
                Some(_) => {
                    let own = self.claims.get(&network.name).into_iter().flatten();
                    ipam::capacity_of(own, pool) + unclaimed(pool.family())
                }
            };
            (taken, u64::try_from(leasable).unwrap_or(u64::MAX))
        };
        let free = |(taken, all): &(u64, u64)| all.saturating_sub(*taken);
        network.pools.iter().map(fill).min_by_key(free).unwrap_or((0, 0))
    }

    /// What the node would take of its blocks for itself, where it has not yet: an own address and
    /// one to prove the direct way by, of each family it holds a block of.
    pub(crate) fn presence(&self, network: &Network, vtep: Mac) -> Presence {
        let known = self.presences.get(&network.name);
        let mut presence =
            known.cloned().unwrap_or(Presence { vtep, addresses: Vec::new(), proof: Vec::new() });
        presence.vtep = vtep;
        let none = BTreeSet::new();
        let own = self.claims.get(&network.name).unwrap_or(&none);
        let mut ledger = self.ledgers.get(&network.name).cloned().unwrap_or_default();
        for pool in &network.pools {
            for addresses in [&mut presence.addresses, &mut presence.proof] {
                if addresses.iter().any(|address| pool.subnet.contains(address)) {
                    continue;
                }
                if let Some(address) = ledger.next_of(pool, own) {
                    ledger.take(address, "this node");
                    addresses.push(address);
                }
            }
        }
        presence
    }

    /// Blocks of a spread network that nobody has an address of, one of each family kept.
    pub(crate) fn idle(&self, network: &NetworkName) -> Vec<IpNet> {
        let Some(ledger) = self.ledgers.get(network) else { return Vec::new() };
        let claims = self.claims.get(network).into_iter().flatten().copied();
        claims.filter(|prefix| ledger.is_empty(prefix)).collect()
    }
}

/// The pools of subnets, with the gateways that were named.
fn pools(subnets: &[IpNet], gateways: &[IpAddr]) -> Result<Vec<Pool>, Failure> {
    let mut pools: Vec<Pool> = subnets.iter().map(|s| Pool::with_first_gateway(*s)).collect();
    for gateway in gateways {
        let pool = pools.iter_mut().find(|pool| pool.family() == Family::of(*gateway));
        pool.ok_or(Reason::GatewayWithoutSubnet { gateway: *gateway })?.gateway = *gateway;
    }
    Ok(pools)
}

/// What of a network is not as a repeated request has it. What the request leaves open is no
/// difference.
fn network_differences(
    there: &Network,
    request: &CreateNetwork,
) -> Result<Vec<NetworkDifference>, Failure> {
    use NetworkDifference as Differs;
    let found: Vec<IpNet> = there.pools.iter().map(|pool| pool.subnet).collect();
    let (asked, sorted) = (sorted(&request.subnets), sorted(&found));
    let mut differences = Vec::new();
    if !asked.is_empty() && asked != sorted {
        differences.push(Differs::Subnets { asked: request.subnets.clone(), found });
    } else {
        let subnets = if asked.is_empty() { &found } else { &request.subnets };
        for asked in pools(subnets, &request.gateways)? {
            let named = request.gateways.contains(&asked.gateway) || !request.subnets.is_empty();
            let there = there.pool(asked.family()).map(|pool| pool.gateway);
            if let Some(found) = there.filter(|found| named && *found != asked.gateway) {
                differences.push(Differs::Gateway { asked: asked.gateway, found });
            }
        }
    }
    if request.mtu != there.mtu {
        let (asked, found) = (Choice::mtu(request.mtu), Choice::mtu(there.mtu));
        differences.push(Differs::Mtu { asked, found });
    }
    if request.masquerade != there.masquerade {
        let (asked, found) = (request.masquerade.into(), there.masquerade.into());
        differences.push(Differs::Masquerade { asked, found });
    }
    if request.spoofing != there.spoofing {
        let (asked, found) = (request.spoofing.into(), there.spoofing.into());
        differences.push(Differs::Spoofing { asked, found });
    }
    Ok(differences)
}

fn sorted(subnets: &[IpNet]) -> Vec<IpNet> {
    let mut subnets = subnets.to_vec();
    subnets.sort();
    subnets
}

/// What of an attachment is not as a repeated request has it.
fn differences(held: &Held, request: &AttachRequest, inode: u64) -> Vec<AttachmentDifference> {
    use AttachmentDifference as Differs;
    let there = &held.attachment;
    let mut differences = Vec::new();
    if held.netns_inode != inode {
        differences.push(Differs::Namespace);
    }
    if there.network != request.network {
        let (asked, found) = (request.network.clone(), there.network.clone());
        differences.push(Differs::Network { asked, found });
    }
    for asked in request.addresses.iter().filter(|asked| !there.addresses.contains(asked)) {
        differences.push(Differs::Address { asked: *asked, found: there.addresses.clone() });
    }
    if let Some(asked) = request.mac.filter(|asked| *asked != there.mac) {
        differences.push(Differs::Mac { asked, found: there.mac });
    }
    if there.publish != request.publish {
        let (asked, found) = (request.publish[..].into(), there.publish[..].into());
        differences.push(Differs::Publish { asked, found });
    }
    if there.bandwidth != request.bandwidth {
        differences.push(Differs::Bandwidth);
    }
    if there.default_route != request.default_route {
        let (asked, found) = (request.default_route.into(), there.default_route.into());
        differences.push(Differs::DefaultRoute { asked, found });
    }
    differences
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
