//! Who is in a layer-2 domain: every interface that a broadcast from a link would reach, over
//! bridges and veth pairs and through namespaces.
//!
//! Stands in for an ARP request or neighbour solicitation (`net/ipv4/arp.c`, `net/ipv6/ndisc.c`).
//! That rules of the arp and bridge families let those pass is taken for granted.

use super::buffer::{Heard, Learned, Port};
use super::fib::{Flow, is_local, lookup};
use super::machine::{Answer, Halt, Machine, passes, unknown};
use super::route::{forwarding, lets_in};
use super::source::{LINK, choose4};
use super::transmit::peer;
use super::{Evidence, Part, Place, Reason};
use crate::host::neighbour::NeighbourState;
use crate::host::route::RouteKind;
use crate::host::{LinkKind, NamespaceId};
use crate::net::{LinkName, Mac};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sought {
    Address(IpAddr),
    Mac(Mac),
}

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) mac: Mac,
    pub(super) place: Place,
    /// The ports that the question went out by on its way there, and the answer came by.
    ports: Vec<Port>,
}

/// What came of asking.
pub(super) struct Resolved {
    pub(super) mac: Mac,
    pub(super) evidence: Evidence,
    /// Who was asked knows who asked.
    pub(super) learned: Option<Learned>,
    /// The bridges between know both.
    pub(super) heard: Vec<Heard>,
}

/// A search through one domain.
pub(super) struct Search<'m, 'a> {
    machine: &'m Machine<'a>,
    sought: Sought,
    /// Links it came in by, and bridges it went through.
    seen: BTreeSet<(NamespaceId, LinkName)>,
    flooded: BTreeSet<(NamespaceId, LinkName)>,
    /// Who asks: the address, if it has one, and the link's MAC.
    asker: Option<(Option<IpAddr>, Mac)>,
    /// Also who would answer for others.
    proxies: bool,
    pub(super) holders: Vec<Holder>,
    /// The ports that the question came in by, and those that it is going out by.
    came_by: Vec<Port>,
    goes_by: Vec<Port>,
    /// Links beyond which another host may be.
    pub(super) wires: Vec<Place>,
    /// Why there may be more than was found.
    pub(super) unclear: Vec<String>,
    /// What the places looked at so far lack.
    wanted: Vec<(NamespaceId, Part)>,
}

impl<'m, 'a> Search<'m, 'a> {
    pub(super) fn new(machine: &'m Machine<'a>, sought: Sought) -> Self {
        let (seen, flooded, holders, wires, unclear) = Default::default();
        let (asker, proxies) = (None, false);
        let (came_by, goes_by, wanted) = Default::default();
        Self {
            machine,
            sought,
            seen,
            flooded,
            asker,
            proxies,
            holders,
            came_by,
            goes_by,
            wires,
            unclear,
            wanted,
        }
    }

    /// Follows a frame out of a link, to all who hear it.
    pub(super) fn leave_by(&mut self, of: &NamespaceId, name: &LinkName) -> Result<(), Halt> {
        self.out(of, name)?;
        self.complete()
    }

    /// Follows a frame that comes in by a link, to all who hear it.
    pub(super) fn arrive_at(&mut self, of: &NamespaceId, name: &LinkName) -> Result<(), Halt> {
        self.into(of, name)?;
        self.complete()
    }

    fn complete(&mut self) -> Result<(), Halt> {
        match std::mem::take(&mut self.wanted) {
            wanted if wanted.is_empty() => Ok(()),
            wanted => Err(Halt::Need(wanted)),
        }
    }

    fn out(&mut self, of: &NamespaceId, name: &LinkName) -> Result<(), Halt> {
        let link = self.machine.link(of, name)?;
        if !link.up || link.carrier == Some(false) {
            return Ok(());
        }
        match &link.kind {
            LinkKind::Loopback => Ok(()),
            LinkKind::Bridge(_) => self.ports(of, name, None),
            LinkKind::Veth(_) => {
                let (namespace, peer) = peer(self.machine, of, name)?;
                self.into(&namespace, &peer)
            }
            LinkKind::Device => {
                self.wires.push(self.machine.place(of, Some(name)));
                Ok(())
            }
            LinkKind::Vxlan(_) if !self.tunnelled(of, name)? => Ok(()),
            LinkKind::Vxlan(_) => self.unclear(format!("who is behind the tunnel {name}")),
            LinkKind::Ifb | LinkKind::Tun => self.unclear(format!("who is behind {name}")),
            LinkKind::Macvlan { .. } => self.unclear(format!("who is beside macvlan {name}")),
            LinkKind::Foreign(foreign) => self.unclear(format!("{name}: {}", foreign.why)),
        }
    }

    fn into(&mut self, of: &NamespaceId, name: &LinkName) -> Result<(), Halt> {
        let link = self.machine.link(of, name)?;
        // Nothing comes in by a link whose other side is gone.
        let takes = link.up && link.carrier != Some(false);
        if !takes || !self.seen.insert((of.clone(), name.clone())) {
            return Ok(());
        }
        let Some(bridge) = &link.master else { return self.station(of, name) };
        if link.port.and_then(|port| port.state).is_some_and(|state| state != FORWARDING) {
            return Ok(());
        }
        match &self.machine.link(of, bridge)?.kind {
            LinkKind::Bridge(_) => {
                self.came_by.push(Port::new(of, bridge, name));
                self.station(of, bridge)?;
                self.ports(of, bridge, Some(name))
            }
            _ => self.unclear(format!("{name} belongs to {bridge}, which is no bridge")),
        }
    }

    /// Whether a tunnel would send on what asks for this (`vxlan_xmit`): a question is for a group.
    fn tunnelled(&self, of: &NamespaceId, name: &LinkName) -> Result<bool, Halt> {
        let fits = |mac: Mac| match self.sought {
            Sought::Address(_) => !mac.is_unicast(),
            Sought::Mac(sought) => mac == sought,
        };
        let mut entries = self.machine.fdb(of)?.iter().filter(|entry| entry.link == *name);
        Ok(entries.any(|entry| entry.remote.is_some() && (entry.mac.is_zero() || fits(entry.mac))))
    }

    fn unclear(&mut self, why: String) -> Result<(), Halt> {
        self.unclear.push(why);
        Ok(())
    }

    fn ports(
        &mut self,
        of: &NamespaceId,
        bridge: &LinkName,
        except: Option<&LinkName>,
    ) -> Result<(), Halt> {
        if !self.machine.link(of, bridge)?.up || !self.flooded.insert((of.clone(), bridge.clone()))
        {
            return Ok(());
        }
        let isolated = |port: &LinkName| {
            let link = self.machine.links(of)?.get(port);
            Ok(link.and_then(|link| link.port).is_some_and(|port| port.isolated))
        };
        let from_isolated = except.map(isolated).transpose()?.unwrap_or(false);
        let links = self.machine.links(of)?.iter();
        let ports = links.filter(|l| l.master.as_ref() == Some(bridge) && except != Some(&l.name));
        for port in ports {
            if from_isolated && isolated(&port.name)? {
                continue;
            }
            if port.port.and_then(|port| port.state).is_none_or(|state| state == FORWARDING) {
                self.goes_by.push(Port::new(of, bridge, &port.name));
                match self.out(of, &port.name) {
                    // The other ports are looked at all the same: what they lack is read in one go.
                    Err(Halt::Need(wanted)) => self.wanted.extend(wanted),
                    other => other?,
                }
                self.goes_by.pop();
            }
        }
        Ok(())
    }

    /// An interface that hears the frame: is it the one?
    fn station(&mut self, of: &NamespaceId, name: &LinkName) -> Result<(), Halt> {
        let link = self.machine.link(of, name)?;
        let is_it = link.up
            && match self.sought {
                Sought::Mac(mac) => link.mac == Some(mac),
                Sought::Address(address) => self.answers(of, name, address)?,
            };
        let stands_in = match self.sought {
            Sought::Address(address @ IpAddr::V4(_)) if self.proxies && !is_it => {
                self.stands_in(of, name, address)?
            }
            Sought::Address(_) | Sought::Mac(_) => false,
        };
        if is_it || stands_in {
            let Some(mac) = link.mac else {
                return self.unclear(format!("the MAC address of {name} was not read"));
            };
            let place = self.machine.place(of, Some(name));
            self.holders.push(Holder { mac, place, ports: self.goes_by.clone() });
        }
        Ok(())
    }

    /// Whether it answers for an address that it forwards to by another link (`arp_fwd_proxy`).
    fn stands_in(&self, of: &NamespaceId, name: &LinkName, address: IpAddr) -> Result<bool, Halt> {
        let machine = self.machine;
        if machine.conf(of, name, "proxy_arp")?.value.is_none_or(|value| value == 0) {
            return Ok(false);
        }
        let asker = self.asker.and_then(|(asker, _)| asker);
        if let Some(asker) = asker
            && !lets_in(machine, of, name, asker, address)?
        {
            return Ok(false);
        }
        if !passes(forwarding(machine, of, name, address))? {
            return Ok(false);
        }
        let flow = Flow { source: asker, iif: Some(name), ..Flow::any(address) };
        let found = lookup(machine, of, &flow)?;
        let found = found.filter(|found| found.kind() == RouteKind::Unicast);
        found.map_or(Ok(false), |found| Ok(found.link()? != name))
    }

    fn answers(&self, of: &NamespaceId, name: &LinkName, address: IpAddr) -> Result<bool, Halt> {
        let bears = |a: &&crate::host::Address| a.prefix.addr() == address && !a.tentative;
        if address.is_ipv6() && self.is_anycast(of, name, address)? {
            return Ok(true);
        }
        let mut on = self.machine.addresses(of)?.iter().filter(bears).map(|a| &a.link).peekable();
        if on.peek().is_none() || address.is_loopback() {
            return Ok(false);
        }
        let is_its = on.any(|link| link == name);
        if address.is_ipv6() {
            return Ok(is_its);
        }
        // An IPv4 address is the host's, not the link's, unless it is told otherwise.
        let ignore = self.machine.conf(of, name, "arp_ignore")?;
        let answers = match ignore.value {
            _ if is_its && ignore.value.is_none_or(|value| value < 2) => Ok(true),
            Some(0) if ignore.complete => Ok(true),
            Some(1) if ignore.complete => Ok(false),
            Some(2) if ignore.complete => Ok(is_its && self.is_near(of, name, address)?),
            Some(8) => Ok(false),
            Some(value) if value > 2 => {
                unknown(format!("{} = {value}, which is not modelled", ignore.path))
            }
            _ => unknown(format!(
                "{address} is another link's, and whether {name} answers for it ({}) was not read",
                ignore.path
            )),
        }?;
        // It is answered only if a packet from the asker would be taken in (`arp_process`).
        let Some((Some(asker), _)) = self.asker.filter(|_| answers) else { return Ok(answers) };
        lets_in(self.machine, of, name, asker, address)
    }

    /// Whether it answers for an address that several routers may have (`ipv6_chk_acast_addr`).
    fn is_anycast(&self, of: &NamespaceId, name: &LinkName, address: IpAddr) -> Result<bool, Halt> {
        // It is the first of one of its own prefixes (RFC 4291 §2.6.1).
        let mut own = self.machine.addresses(of)?.iter().filter(|a| a.link == *name);
        if !own.any(|a| a.prefix.network() == address) {
            return Ok(false);
        }
        let mut routes = self.machine.routes(of)?.iter();
        Ok(routes.any(|route| {
            let by_link = || route.nexthops.iter().any(|hop| hop.link.as_ref() == Some(name));
            route.kind == RouteKind::Anycast && route.destination.addr() == address && by_link()
        }))
    }

    /// Whether the asker's address is in the subnet of the address asked for.
    fn is_near(&self, of: &NamespaceId, name: &LinkName, address: IpAddr) -> Result<bool, Halt> {
        let Some((Some(asker), _)) = self.asker else { return Ok(true) };
        let mut its = self.machine.addresses(of)?.iter().filter(|a| a.link == *name);
        Ok(its.any(|a| a.prefix.addr() == address && a.prefix.contains(&asker)))
    }
}

/// `BR_STATE_FORWARDING`.
pub(super) const FORWARDING: u8 = 3;

/// Whether a bridge takes note of where a frame from a MAC address came by: not by a port that is told
/// not to, and not of an address of its own.
pub(super) fn learns(
    machine: &Machine<'_>,
    of: &NamespaceId,
    bridge: &LinkName,
    port: &LinkName,
    mac: Mac,
) -> Result<bool, Halt> {
    let port = machine.link(of, port)?.port.unwrap_or_default();
    let mut entries = machine.fdb(of)?.iter();
    let is_own = |entry: &crate::host::FdbEntry| {
        entry.bridge.as_ref() == Some(bridge) && entry.mac == mac && entry.local
    };
    Ok(port.learning && mac.is_unicast() && !mac.is_zero() && !entries.any(is_own))
}

/// The address that an ARP request comes from (`arp_solicit`).
fn requests_from(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    target: IpAddr,
    source: Option<IpAddr>,
) -> Result<Option<IpAddr>, Halt> {
    let own = match source {
        Some(source) if source.is_ipv4() && is_local(machine, of, source)? => Some(source),
        _ => None,
    };
    let near = |own: &IpAddr| -> Result<bool, Halt> {
        let mut its = machine.addresses(of)?.iter().filter(|a| a.link == *link);
        Ok(its.any(|a| a.prefix.contains(own) && a.prefix.contains(&target)))
    };
    let announced = match (own, machine.conf(of, link, "arp_announce")?.value) {
        (Some(own), None | Some(0)) => Some(own),
        (Some(own), Some(1)) if near(&own)? => Some(own),
        _ => None,
    };
    match announced {
        Some(own) => Ok(Some(own)),
        None => choose4(machine, of, link, Some(target), LINK),
    }
}

/// The address that a solicitation comes from (`ndisc_solicit`).
fn solicits_from(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    source: Option<IpAddr>,
) -> Result<Option<IpAddr>, Halt> {
    let mut own = machine.addresses(of)?.iter().filter(|a| a.link == *link && !a.tentative);
    if own.clone().any(|a| Some(a.prefix.addr()) == source) {
        return Ok(source);
    }
    let is_link_local = |address: &IpAddr| matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    Ok(own.find(|a| is_link_local(&a.prefix.addr())).map(|a| a.prefix.addr()))
}

/// Whether the advertisement goes back to who asked: it is sent by the answerer's own cache, where an
/// entry that somebody wrote is not corrected by the question (`ndisc_send_na`).
fn answers_to(
    machine: &Machine<'_>,
    holder: &Place,
    (mac, source): (Mac, IpAddr),
) -> Result<bool, Halt> {
    let Some(link) = &holder.link else { return Ok(true) };
    let entry = machine.neighbours(&holder.namespace)?.get(&(link.clone(), source));
    let written = entry.filter(|entry| entry.state == NeighbourState::Permanent);
    Ok(written.is_none_or(|entry| entry.mac == Some(mac)))
}

/// Asks who has an address, on a link; `source` is that of the packet which is to be sent there.
pub(super) fn resolve(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    address: IpAddr,
    source: Option<IpAddr>,
) -> Result<Resolved, Halt> {
    let asks_from = match address {
        IpAddr::V4(_) => requests_from(machine, of, link, address, source)?,
        IpAddr::V6(_) => solicits_from(machine, of, link, source)?,
    };
    let asker = machine.link(of, link)?.mac.map(|mac| (asks_from, mac));
    let from_here = |proxies| {
        let mut search = Search::new(machine, Sought::Address(address));
        search.asker = asker;
        search.seen.insert((of.clone(), link.clone()));
        search.proxies = proxies;
        search.leave_by(of, link).map(|()| search)
    };
    let mut search = from_here(false)?;
    if search.holders.is_empty() {
        search = from_here(true)?;
    }
    // Whoever has an address takes no answer for it (`ndisc_recv_na`).
    let is_own = address.is_ipv6() && {
        let mut own = machine.addresses(of)?.iter();
        own.any(|a| a.link == *link && a.prefix.addr() == address && !a.tentative)
    };
    if is_own {
        search.holders.clear();
    }
    if address.is_ipv6() {
        let asker = asker.and_then(|(address, mac)| Some((mac, address?)));
        let mut heard = Vec::new();
        for holder in std::mem::take(&mut search.holders) {
            if asker.map_or(Ok(true), |asker| answers_to(machine, &holder.place, asker))? {
                heard.push(holder);
            }
        }
        search.holders = heard;
    }
    let mut unseen = None;
    for wire in std::mem::take(&mut search.wires) {
        let Some(name) = &wire.link else { continue };
        match machine.answered(&wire.namespace, name, address) {
            Some(Answer::By { mac, place }) => {
                let (mac, place) = (*mac, place.clone());
                search.holders.push(Holder { mac, place, ports: Vec::new() });
            }
            Some(Answer::Nobody) => {}
            Some(Answer::Unclear(why)) => unseen = Some((name.clone(), why.clone())),
            None => return Err(Halt::Resolve { at: wire, address }),
        }
    }
    match &search.holders[..] {
        [Holder { mac, place, ports }] => {
            let (mac, by) = (*mac, place.clone());
            let learned = asker.and_then(|(address, mac)| {
                let (namespace, link) = (by.namespace.clone(), by.link.clone()?);
                Some(Learned { namespace, link, address: address?, mac })
            });
            // Of another host's caches this walk knows nothing.
            let learned = learned.filter(|_| by.host == machine.host);
            let questions = asker
                .into_iter()
                .flat_map(|(_, asker)| search.came_by.iter().map(move |port| (port, asker)));
            let all = questions.chain(ports.iter().map(|port| (port, mac)));
            let mut heard = Vec::new();
            for (at, mac) in all {
                if learns(machine, &at.namespace, &at.bridge, &at.port, mac)? {
                    heard.push(Heard { at: at.clone(), mac });
                }
            }
            let evidence = Evidence::Resolved { address, mac, by };
            Ok(Resolved { mac, evidence, learned, heard })
        }
        [] => match (search.unclear.first(), unseen) {
            (Some(why), _) => {
                unknown(format!("nobody seen has {address}, and it is not modelled {why}"))
            }
            (None, Some((wire, why))) => {
                unknown(format!("{address} is in no cache, and on the wire of {wire}, {why}"))
            }
            (None, None) => {
                let link = link.clone();
                Err(Halt::Drop(Reason::NoNeighbour { address, link }))
            }
        },
        [one, two, ..] => unknown(format!(
            "{address} is held by {} ({}) and by {} ({})",
            one.mac, one.place.namespace, two.mac, two.place.namespace
        )),
    }
}
