//! Which route a destination takes (`net/core/fib_rules.c`, `net/ipv4/fib_rules.c`, `fib_trie.c`,
//! `net/ipv6/fib6_rules.c`, `route.c`): the tables that the rules of routing policy name, in their
//! order, in each the longest prefix, then the lowest metric.
//! Among several next hops [`multipath`] chooses.

use super::machine::{Conf, Halt, Machine, unknown};
use super::{Evidence, Packet, Reason, multipath};
use crate::host::route::{Nexthop, Route, RouteKind, TABLE_LOCAL, TABLE_MAIN};
use crate::host::{FibAction, FibRule, LinkKind, NamespaceId};
use crate::net::{Family, IpNet, LinkName};
use std::cmp::Reverse;
use std::net::IpAddr;

const TABLE_DEFAULT: u32 = 253;
const TABLES: [u32; 3] = [TABLE_LOCAL, TABLE_MAIN, TABLE_DEFAULT];

/// What was found: a route with the next hop that is taken, or a rule that refuses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found<'m> {
    pub(super) route: Option<&'m Route>,
    /// Routes that refuse have none.
    pub(super) nexthop: Option<&'m Nexthop>,
    /// The rule that led there, if it is not one of those that there are by themselves.
    pub(super) rule: Option<&'m FibRule>,
    refused: Option<(RouteKind, &'m FibRule)>,
    /// The gateway is an address of this host, which makes it none (`fib_check_nh_v4_gw`).
    own_gateway: bool,
}

impl<'m> Found<'m> {
    fn by(route: &'m Route, nexthop: Option<&'m Nexthop>) -> Self {
        Self { route: Some(route), nexthop, ..Self::default() }
    }

    pub(super) fn kind(&self) -> RouteKind {
        match (self.route, self.refused) {
            (Some(route), _) => route.kind,
            (None, Some((kind, _))) => kind,
            (None, None) => RouteKind::Unreachable,
        }
    }

    /// The route, after the rule that led to it.
    pub(super) fn evidence(&self) -> Vec<Evidence> {
        let rule = self.rule.or_else(|| self.refused.map(|(_, rule)| rule));
        let rule = rule.map(|rule| Evidence::FibRule {
            priority: rule.priority,
            action: rule.action,
            family: rule.family,
        });
        let route = self.route.map(|route| Evidence::Route {
            destination: route.destination,
            table: route.table,
            gateway: self.gateway(),
            link: self.nexthop.and_then(|hop| hop.link.clone()),
        });
        rule.into_iter().chain(route).collect()
    }

    /// The address that the route prefers to send from.
    pub(super) fn source(&self) -> Option<IpAddr> {
        self.route?.source
    }

    pub(super) fn mtu(&self) -> Option<u32> {
        self.route?.mtu
    }

    /// The next hop; of an IPv4 route it may be an IPv6 address (`RTA_VIA`, RFC 5549).
    pub(super) fn gateway(&self) -> Option<IpAddr> {
        self.nexthop.and_then(|hop| hop.gateway).filter(|_| !self.own_gateway)
    }

    /// Whether any of the route's next hops is by the link (`fib_info_nh_uses_dev`).
    pub(super) fn uses(&self, link: &LinkName) -> bool {
        let hops = self.route.map_or(&[][..], |route| &route.nexthops);
        hops.iter().any(|hop| hop.link.as_ref() == Some(link))
    }

    pub(super) fn link(&self) -> Result<&'m LinkName, Halt> {
        let to = || self.route.map_or_else(String::new, |route| route.destination.to_string());
        match self.nexthop.and_then(|hop| hop.link.as_ref()) {
            Some(link) => Ok(link),
            None => unknown(format!("the route to {} names no link", to())),
        }
    }

    /// What the route does with a packet that is not for this host.
    pub(super) fn sends(&self) -> Result<Sends, Halt> {
        let kind = match self.kind() {
            RouteKind::Unicast => return Ok(Sends::On),
            RouteKind::Local => return Ok(Sends::Here),
            RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit => {
                let evidence = self.evidence().into_iter().next_back();
                return match evidence.map(Box::new) {
                    Some(evidence) => Err(Halt::Drop(Reason::RouteRefuses { evidence })),
                    None => unknown("it is refused by nothing that was read"),
                };
            }
            RouteKind::Anycast => return Ok(Sends::Here),
            RouteKind::Broadcast => "to every host of the subnet (broadcast)".to_owned(),
            RouteKind::Multicast => "to a group (multicast)".to_owned(),
            RouteKind::Throw => "on to the next table".to_owned(),
            RouteKind::Other(kind) => format!("by a route of type {kind}"),
        };
        unknown(format!("it goes {kind}, which the walk does not follow"))
    }
}

/// Where a route sends a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sends {
    Here,
    On,
}

/// Refuses what goes to no single host, whatever the routes say (`__mkroute_output`,
/// `ip_route_input_slow`).
pub(super) fn to_one_host(destination: IpAddr) -> Result<(), Halt> {
    let many =
        destination.is_multicast() || matches!(destination, IpAddr::V4(to) if to.is_broadcast());
    if many || destination.is_unspecified() {
        return unknown(format!(
            "{destination} is no single host's, which the walk does not follow"
        ));
    }
    Ok(())
}

/// What a route is looked for with (`struct flowi4`, `struct flowi6`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow<'x> {
    pub(super) destination: IpAddr,
    /// `None` as long as none is chosen.
    pub(super) source: Option<IpAddr>,
    /// `None` for what this host sends: to the rules that comes by the loopback link.
    pub(super) iif: Option<&'x LinkName>,
    /// Only routes by this link will do.
    pub(super) oif: Option<&'x LinkName>,
    pub(super) mark: u32,
    pub(super) protocol: u8,
    /// Source and destination port; 0 is one that the kernel chooses.
    pub(super) ports: (u16, u16),
    /// The first of several next hops will do (`fib_lookup` without `fib_select_path`).
    pub(super) any_hop: bool,
}

impl Flow<'_> {
    /// Of what is sent to an address, and no more said.
    pub(super) fn to(destination: IpAddr) -> Self {
        Self {
            destination,
            source: None,
            iif: None,
            oif: None,
            mark: 0,
            protocol: 0,
            ports: (0, 0),
            any_hop: false,
        }
    }

    /// Of what could be sent to an address, whichever of several next hops it takes.
    pub(super) fn any(destination: IpAddr) -> Self {
        Self { any_hop: true, ..Self::to(destination) }
    }

    /// Of a packet as it is, without a link; `None` if it has no addresses.
    pub(super) fn of(packet: &Packet, mark: u32) -> Option<Self> {
        let (source, destination) = packet.addresses()?;
        Some(Self {
            source: Some(source),
            mark,
            protocol: packet.protocol().unwrap_or(0),
            ports: packet.ports().map_or((0, 0), |(_, from, to)| (from, to)),
            ..Self::to(destination)
        })
    }

    fn family(&self) -> Family {
        Family::of(self.destination)
    }
}

/// The route to a destination, or `None` when no table has one.
pub(super) fn lookup<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    flow: &Flow<'_>,
) -> Result<Option<Found<'m>>, Halt> {
    let Some(mut found) = lookup_by_rules(machine, of, flow)? else { return Ok(None) };
    if let Some(gateway @ IpAddr::V4(_)) = found.gateway() {
        found.own_gateway = is_local(machine, of, gateway)?;
    }
    Ok(Some(found))
}

fn lookup_by_rules<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    flow: &Flow<'_>,
) -> Result<Option<Found<'m>>, Halt> {
    let Some(rules) = machine.rules(of)? else { return without_rules(machine, of, flow) };
    let rules: Vec<&FibRule> = rules.iter().filter(|rule| rule.family == flow.family()).collect();
    let mut at = 0;
    while let Some(rule) = rules.get(at) {
        at += 1;
        if !selects(machine, of, rule, flow)? {
            continue;
        }
        let refuses = |kind| Ok(Some(Found { refused: Some((kind, rule)), ..Found::default() }));
        let table = match rule.action {
            FibAction::Table(table) => table,
            // A rule leads forward only.
            FibAction::Goto(to) => {
                match rules.iter().position(|rule| rule.priority == to) {
                    Some(target) if target >= at => at = target,
                    _ => {}
                }
                continue;
            }
            FibAction::Nop => continue,
            FibAction::Blackhole => return refuses(RouteKind::Blackhole),
            FibAction::Unreachable => return refuses(RouteKind::Unreachable),
            FibAction::Prohibit => return refuses(RouteKind::Prohibit),
        };
        match lookup_in(machine, of, table, flow)? {
            Some(found) if found.kind() == RouteKind::Throw => {}
            Some(found) if is_suppressed(machine, of, rule, &found)? => {}
            Some(found) => {
                let plain = TABLES.contains(&table) && selects_all(rule);
                return Ok(Some(Found { rule: (!plain).then_some(*rule), ..found }));
            }
            None => {}
        }
    }
    Ok(None)
}

/// Whether there are IPv4 rules besides those that there are by themselves
/// (`fib4_has_custom_rules`).
pub(super) fn has_own_rules(machine: &Machine<'_>, of: &NamespaceId) -> Result<bool, Halt> {
    let plain = |rule: &FibRule| match rule.action {
        FibAction::Table(table) => TABLES.contains(&table) && selects_all(rule),
        _ => false,
    };
    let rules = machine.rules(of)?.into_iter().flatten();
    Ok(rules.filter(|rule| rule.family == Family::V4).any(|rule| !plain(rule)))
}

/// As the rules are unless somebody changes them.
fn without_rules<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    flow: &Flow<'_>,
) -> Result<Option<Found<'m>>, Halt> {
    let elsewhere = |route: &&Route| {
        Family::of_prefix(&route.destination) == flow.family() && !TABLES.contains(&route.table)
    };
    if let Some(route) = machine.routes(of)?.iter().find(elsewhere) {
        let table = route.table;
        return unknown(format!("table {table} has routes, and what leads to it was not read"));
    }
    for table in TABLES {
        match lookup_in(machine, of, table, flow)? {
            Some(found) if found.kind() == RouteKind::Throw => {}
            Some(found) => return Ok(Some(found)),
            None => {}
        }
    }
    Ok(None)
}

/// Whether the rule is for everything.
fn selects_all(rule: &FibRule) -> bool {
    *rule == FibRule { action: rule.action, ..FibRule::to_table(rule.family, rule.priority, 0) }
}

/// `fib_rule_match`, `fib4_rule_match`, `fib6_rule_match`.
fn selects(
    machine: &Machine<'_>,
    of: &NamespaceId,
    rule: &FibRule,
    flow: &Flow<'_>,
) -> Result<bool, Halt> {
    let loopback = |name: &LinkName| -> Result<bool, Halt> {
        let link = machine.links(of)?.get(name);
        Ok(link.is_some_and(|link| matches!(link.kind, LinkKind::Loopback)))
    };
    let by_link = match (&rule.iif, flow.iif) {
        (None, _) => true,
        (Some(wanted), Some(iif)) => wanted == iif,
        (Some(wanted), None) => loopback(wanted)?,
    } && rule.oif.as_ref().is_none_or(|wanted| flow.oif == Some(wanted));
    let marked = rule.mark.is_none_or(|(mark, mask)| (mark ^ flow.mark) & mask == 0);
    let within = |prefix: &Option<IpNet>, address: Option<IpAddr>| match (prefix, address) {
        (None, _) => true,
        (Some(prefix), Some(address)) => prefix.contains(&address),
        (Some(prefix), None) => prefix.prefix_len() == 0,
    };
    let addressed =
        within(&rule.source, flow.source) && within(&rule.destination, Some(flow.destination));
    let carried = rule.protocol.is_none_or(|protocol| protocol == flow.protocol);
    let sure = by_link && marked && addressed && carried;
    if sure && let Some(why) = maybe(rule, flow) {
        return unknown(format!("rule {} of routing policy asks for {why}", rule.priority));
    }
    let ports = [(rule.source_ports, flow.ports.0), (rule.destination_ports, flow.ports.1)];
    let fits = |(wanted, port): (Option<(u16, u16)>, u16)| {
        wanted.is_none_or(|(first, last)| (first..=last).contains(&port))
    };
    Ok((sure && ports.into_iter().all(fits)) != rule.inverted)
}

/// What the rule asks for that is not known of the packet.
fn maybe(rule: &FibRule, flow: &Flow<'_>) -> Option<String> {
    if let Some(why) = &rule.unmodelled {
        return Some(why.clone());
    }
    if rule.users.is_some() && flow.iif.is_none() {
        return Some("the user who sends it".to_owned());
    }
    if rule.source_ports.is_some() && flow.ports.0 == 0 && matches!(flow.protocol, 6 | 17) {
        return Some("a port that the kernel chooses".to_owned());
    }
    None
}

/// `fib4_rule_suppress`, `fib6_rule_suppress`.
fn is_suppressed(
    machine: &Machine<'_>,
    of: &NamespaceId,
    rule: &FibRule,
    found: &Found<'_>,
) -> Result<bool, Halt> {
    let Some(route) = found.route else { return Ok(false) };
    if rule.suppress_prefix_length.is_some_and(|most| {
        u32::from(route.destination.prefix_len()) <= most && has_nexthop(route.kind)
    }) {
        return Ok(true);
    }
    let (Some(group), Some(link)) =
        (rule.suppress_group, found.nexthop.and_then(|hop| hop.link.as_ref()))
    else {
        return Ok(false);
    };
    Ok(machine.link(of, link)?.group == group)
}

fn lookup_in<'m>(
    machine: &'m Machine<'_>,
    of: &NamespaceId,
    table: u32,
    flow: &Flow<'_>,
) -> Result<Option<Found<'m>>, Halt> {
    let destination = flow.destination;
    let routes = machine.routes(of)?;
    let fits = |route: &&Route| route.table == table && route.destination.contains(&destination);
    let rank = |route: &Route| (Reverse(route.destination.prefix_len()), route.metric);
    let mut fitting: Vec<&Route> = routes.iter().filter(fits).collect();
    fitting.sort_by_key(|route| rank(route));
    while let Some(first) = fitting.first().copied() {
        let equal = fitting.partition_point(|route| rank(route) == rank(first));
        let mut alive = Vec::new();
        for route in fitting.drain(..equal) {
            if has_nexthop(route.kind) {
                for nexthop in &route.nexthops {
                    let by_link = flow.oif.is_none_or(|oif| nexthop.link.as_ref() == Some(oif));
                    // The host's own addresses outlive their links' being up (`fib_sync_down_dev`).
                    let stays = matches!(route.kind, RouteKind::Local | RouteKind::Broadcast);
                    if by_link && (stays || is_alive(machine, of, nexthop, flow.family())?) {
                        alive.push(Found::by(route, Some(nexthop)));
                    }
                }
                if route.nexthops.is_empty() {
                    return unknown(format!("the route to {} names no hop", route.destination));
                }
            } else if !asks_elsewhere(machine, of, flow)? {
                alive.push(Found::by(route, None));
            }
        }
        match &alive[..] {
            [] => {}
            [one] => return Ok(Some(*one)),
            // An address that several links have: the first will do, for the packet goes no further.
            [one, ..] if flow.any_hop || one.kind() == RouteKind::Local => return Ok(Some(*one)),
            all if all.iter().all(|one| same_route(one, &all[0])) => {
                return multipath::choose(machine, of, flow, all).map(Some);
            }
            all => return multipath::said(all, "the order in which they were made"),
        }
    }
    Ok(None)
}

fn same_route(one: &Found<'_>, other: &Found<'_>) -> bool {
    one.route.zip(other.route).is_some_and(|(one, other)| std::ptr::eq(one, other))
}

/// IPv6 routes that refuse are by the loopback link, and so are none where another is asked for
/// (`RT6_LOOKUP_F_IFACE`).
fn asks_elsewhere(machine: &Machine<'_>, of: &NamespaceId, flow: &Flow<'_>) -> Result<bool, Halt> {
    let strict = flow.family() == Family::V6 && flow.source.is_none();
    let Some(oif) = flow.oif.filter(|_| strict) else { return Ok(false) };
    Ok(!matches!(machine.link(of, oif)?.kind, LinkKind::Loopback))
}

fn has_nexthop(kind: RouteKind) -> bool {
    match kind {
        RouteKind::Unicast | RouteKind::Local | RouteKind::Broadcast => true,
        RouteKind::Anycast | RouteKind::Multicast | RouteKind::Other(_) => false,
        RouteKind::Blackhole | RouteKind::Unreachable => false,
        RouteKind::Prohibit | RouteKind::Throw => false,
    }
}

/// A next hop by a link that is set down is passed over (`RTNH_F_DEAD`); one whose link has lost
/// its carrier is not, unless `ignore_routes_with_linkdown` says so.
fn is_alive(
    machine: &Machine<'_>,
    of: &NamespaceId,
    nexthop: &Nexthop,
    family: Family,
) -> Result<bool, Halt> {
    let Some(name) = &nexthop.link else { return Ok(true) };
    let Some(link) = machine.links(of)?.get(name) else { return Ok(false) };
    if link.up && link.carrier == Some(false) {
        return Ok(!ignores_link_down(machine, of, name, family)?);
    }
    Ok(link.up)
}

fn ignores_link_down(
    machine: &Machine<'_>,
    of: &NamespaceId,
    link: &LinkName,
    family: Family,
) -> Result<bool, Halt> {
    const SETTING: &str = "ignore_routes_with_linkdown";
    let conf = match family {
        Family::V4 => machine.conf(of, link, SETTING)?,
        Family::V6 => {
            let path = format!("net/ipv6/conf/{link}/{SETTING}");
            let value = machine.sysctl(of, &path)?.and_then(|value| value.parse().ok());
            Conf { value, complete: value.is_some(), path }
        }
    };
    match conf.value {
        Some(1..) => Ok(true),
        Some(0) if conf.complete => Ok(false),
        _ => unknown(format!("{link} has no carrier, and {} was not read", conf.path)),
    }
}

/// The kind of an address as IPv4's local table knows it (`__inet_dev_addr_type`).
pub(super) fn kind4(
    machine: &Machine<'_>,
    of: &NamespaceId,
    address: IpAddr,
    on: Option<&LinkName>,
) -> Result<RouteKind, Halt> {
    let IpAddr::V4(v4) = address else { return Ok(RouteKind::Unicast) };
    if v4.octets()[0] == 0 || v4.is_broadcast() {
        return Ok(RouteKind::Broadcast);
    }
    if v4.is_multicast() {
        return Ok(RouteKind::Multicast);
    }
    let found = lookup_in(machine, of, TABLE_LOCAL, &Flow::any(address))?;
    let found = found.filter(|found| on.is_none_or(|on| found.link().is_ok_and(|is| is == on)));
    Ok(found.map_or(RouteKind::Unicast, |found| found.kind()))
}

/// Whether the address is one of the namespace's own.
pub(super) fn is_local(
    machine: &Machine<'_>,
    of: &NamespaceId,
    address: IpAddr,
) -> Result<bool, Halt> {
    let found = lookup_in(machine, of, TABLE_LOCAL, &Flow::any(address))?;
    Ok(found.is_some_and(|found| found.kind() == RouteKind::Local))
}
