//! Reading a change as people write it, in the words of `ip`, `bridge`, `nft` and `sysctl`.

use super::{Change, Deed, LinkSetting, TableName};
use crate::explain::ChangeFault;
use crate::host::neighbour::NeighbourState;
use crate::host::nft::{NftFamily, Policy};
use crate::host::route::{Nexthop, PROTOCOL_BOOT, Route, RouteKind, TABLE_MAIN};
use crate::host::{Address, FdbEntry, FibAction, FibRule, NamespaceId, Neighbour};
use crate::net::{Family, IpNet, LinkName, single};
use std::str::FromStr;

pub(super) fn change(
    text: &str,
    default: &NamespaceId,
    find: impl Fn(&str) -> Option<NamespaceId>,
) -> Result<Change, ChangeFault> {
    let (namespace, rest) = match text.trim().strip_prefix("in ") {
        Some(rest) => {
            let (name, rest) = rest.split_once(": ").ok_or(ChangeFault::NoColon)?;
            let known = find(name.trim());
            (known.ok_or_else(|| ChangeFault::NoPlace { name: name.trim().to_owned() })?, rest)
        }
        None => (default.clone(), text),
    };
    let mut words = Words(rest.split_whitespace().collect());
    let (verb, object) = (words.next()?, words.next()?);
    let deed = match (verb, object) {
        ("add", "route") => Deed::AddRoute(route(&mut words)?),
        ("delete" | "del", "route") => delete_route(&mut words)?,
        ("add", "rule") => Deed::AddFibRule(fib_rule(&mut words)?),
        ("delete" | "del", "rule") => delete_rule(&mut words)?,
        ("add", "address" | "addr") => {
            let prefix = words.prefix()?;
            Deed::AddAddress(Address::new(words.after("dev")?, prefix))
        }
        ("delete" | "del", "address" | "addr") => {
            let address = words.prefix()?.addr();
            Deed::DeleteAddress { address, link: words.after("dev")? }
        }
        ("add", "neighbour" | "neigh") => {
            let address = words.parsed("an address")?;
            let (mac, link) = (words.after("lladdr")?, words.after("dev")?);
            let state = NeighbourState::Permanent;
            Deed::AddNeighbour(Neighbour { link, address, mac: Some(mac), state })
        }
        ("delete" | "del", "neighbour" | "neigh") => Deed::DeleteNeighbour {
            address: words.parsed("an address")?,
            link: words.after("dev")?,
        },
        ("add", "fdb") => {
            let mac = words.parsed("a MAC address")?;
            let link = words.after("dev")?;
            Deed::AddFdb(FdbEntry::tunnel(link, mac, words.after("dst")?))
        }
        ("delete" | "del", "fdb") => {
            Deed::DeleteFdb { mac: words.parsed("a MAC address")?, link: words.after("dev")? }
        }
        ("set", "link") => {
            let link = words.parsed("a link")?;
            let setting = match words.next()? {
                "up" => LinkSetting::Up(true),
                "down" => LinkSetting::Up(false),
                "mtu" => LinkSetting::Mtu(words.parsed("a number of bytes")?),
                "address" => LinkSetting::Mac(words.parsed("a MAC address")?),
                "hairpin" => LinkSetting::Hairpin(words.switch()?),
                "isolated" => LinkSetting::Isolated(words.switch()?),
                other => {
                    return Err(unexpected(other, "up, down, mtu, address, hairpin, isolated"));
                }
            };
            Deed::SetLink { link, setting }
        }
        ("delete" | "del", "link") => Deed::DeleteLink { link: words.parsed("a link")? },
        ("set", "sysctl") => sysctl(&mut words)?,
        ("flush", "chain") => {
            let table = words.table()?;
            Deed::FlushChain { table, chain: words.next()?.to_owned() }
        }
        ("set", "policy") => {
            let table = words.table()?;
            let chain = words.next()?.to_owned();
            let policy = match words.next()? {
                "accept" => Policy::Accept,
                "drop" => Policy::Drop,
                other => return Err(unexpected(other, "accept, drop")),
            };
            Deed::SetPolicy { table, chain, policy }
        }
        ("delete" | "del", "table") => Deed::DeleteTable { table: words.table()? },
        ("flush", "connections" | "conntrack") => Deed::FlushConnections,
        _ => return Err(ChangeFault::Unknown { words: format!("{verb} {object}") }),
    };
    match words.0.first() {
        None => Ok(Change { namespace, deed, text: text.trim().to_owned() }),
        Some(left) => Err(ChangeFault::TooMuch { word: (*left).to_owned() }),
    }
}

fn unexpected(word: &str, wanted: &str) -> ChangeFault {
    ChangeFault::Unexpected { word: word.to_owned(), wanted: wanted.to_owned() }
}

/// The words that are left.
struct Words<'t>(Vec<&'t str>);

impl<'t> Words<'t> {
    fn next(&mut self) -> Result<&'t str, ChangeFault> {
        if self.0.is_empty() {
            return Err(ChangeFault::TooShort);
        }
        Ok(self.0.remove(0))
    }

    fn parsed<T: FromStr>(&mut self, wanted: &str) -> Result<T, ChangeFault> {
        let word = self.next()?;
        word.parse().map_err(|_| unexpected(word, wanted))
    }

    /// What stands behind a word, wherever that is.
    fn maybe<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, ChangeFault> {
        let Some(at) = self.0.iter().position(|word| *word == key) else { return Ok(None) };
        self.0.remove(at);
        if at == self.0.len() {
            return Err(ChangeFault::NoValue { word: key.to_owned() });
        }
        let value = self.0.remove(at);
        value.parse().map(Some).map_err(|_| unexpected(value, &format!("what fits \"{key}\"")))
    }

    fn after<T: FromStr>(&mut self, key: &str) -> Result<T, ChangeFault> {
        self.maybe(key)?.ok_or_else(|| ChangeFault::NoValue { word: key.to_owned() })
    }

    /// A prefix, or an address that stands for itself alone.
    fn prefix(&mut self) -> Result<IpNet, ChangeFault> {
        let word = self.next()?;
        prefix(word).ok_or_else(|| unexpected(word, "a prefix"))
    }

    fn switch(&mut self) -> Result<bool, ChangeFault> {
        match self.next()? {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(unexpected(other, "on, off")),
        }
    }

    /// `[FAMILY] NAME`.
    fn table(&mut self) -> Result<TableName, ChangeFault> {
        let word = self.next()?;
        let family = [
            NftFamily::Inet,
            NftFamily::Ip,
            NftFamily::Ip6,
            NftFamily::Arp,
            NftFamily::Bridge,
            NftFamily::Netdev,
        ];
        match family.into_iter().find(|family| family.as_str() == word) {
            Some(family) => Ok(TableName { family: Some(family), name: self.next()?.to_owned() }),
            None => Ok(TableName { family: None, name: word.to_owned() }),
        }
    }
}

fn prefix(word: &str) -> Option<IpNet> {
    word.parse().ok().or_else(|| word.parse().ok().map(single))
}

/// Of `default`, the family is that of the gateway, else IPv4.
fn destination(words: &mut Words<'_>) -> Result<IpNet, ChangeFault> {
    if words.0.first() != Some(&"default") {
        return words.prefix().map(|prefix| prefix.trunc());
    }
    words.next()?;
    let at = words.0.iter().position(|word| *word == "via");
    let gateway = at.and_then(|at| words.0.get(at + 1)?.parse().ok());
    Ok(gateway.map_or(Family::V4, Family::of).everything())
}

fn route(words: &mut Words<'_>) -> Result<Route, ChangeFault> {
    let kind = match words.0.first() {
        Some(&"blackhole") => Some(RouteKind::Blackhole),
        Some(&"unreachable") => Some(RouteKind::Unreachable),
        Some(&"prohibit") => Some(RouteKind::Prohibit),
        Some(&"throw") => Some(RouteKind::Throw),
        _ => None,
    };
    if kind.is_some() {
        words.next()?;
    }
    let destination = destination(words)?;
    let (gateway, link) = (words.maybe("via")?, words.maybe::<LinkName>("dev")?);
    if kind.is_none() && link.is_none() {
        return Err(ChangeFault::NoValue { word: "dev".to_owned() });
    }
    let nexthop = Nexthop { gateway, link, onlink: false, weight: 1, dead: false };
    let metric = if destination.addr().is_ipv4() { 0 } else { 1024 };
    Ok(Route {
        destination,
        table: words.maybe("table")?.unwrap_or(TABLE_MAIN),
        metric: words.maybe("metric")?.unwrap_or(metric),
        kind: kind.unwrap_or(RouteKind::Unicast),
        scope: if gateway.is_none() && destination.addr().is_ipv4() { 253 } else { 0 },
        protocol: PROTOCOL_BOOT,
        source: words.maybe("src")?,
        nexthops: if kind.is_none() { vec![nexthop] } else { Vec::new() },
        mtu: words.maybe("mtu")?,
    })
}

fn delete_route(words: &mut Words<'_>) -> Result<Deed, ChangeFault> {
    let destination = destination(words)?;
    Ok(Deed::DeleteRoute {
        destination,
        gateway: words.maybe("via")?,
        link: words.maybe("dev")?,
        table: words.maybe("table")?.unwrap_or(TABLE_MAIN),
    })
}

/// `[from PREFIX] [to PREFIX] [iif LINK] [fwmark MARK[/MASK]] table N priority N`.
fn fib_rule(words: &mut Words<'_>) -> Result<FibRule, ChangeFault> {
    let selector = |text: Option<String>| match text {
        None => Ok(None),
        Some(all) if all == "all" => Ok(None),
        Some(text) => prefix(&text).map(Some).ok_or_else(|| unexpected(&text, "a prefix")),
    };
    let (source, destination) = (selector(words.maybe("from")?)?, selector(words.maybe("to")?)?);
    let family = source.or(destination).map_or(Family::V4, |prefix| Family::of_prefix(&prefix));
    let mark = words.maybe::<String>("fwmark")?.map(|text| mark(&text)).transpose()?;
    let action = FibAction::Table(words.after("table")?);
    let priority = words.after("priority")?;
    Ok(FibRule {
        action,
        source,
        destination,
        iif: words.maybe("iif")?,
        oif: words.maybe("oif")?,
        mark,
        ..FibRule::to_table(family, priority, TABLE_MAIN)
    })
}

fn mark(text: &str) -> Result<(u32, u32), ChangeFault> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let (mark, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
    let both = number(mark).zip(number(mask));
    both.ok_or_else(|| unexpected(text, "a mark, with or without a mask"))
}

/// `handle N [chain CHAIN] [table [FAMILY] NAME]` of nftables, or `priority N` of routing policy.
fn delete_rule(words: &mut Words<'_>) -> Result<Deed, ChangeFault> {
    if let Some(priority) = words.maybe("priority")? {
        return Ok(Deed::DeleteFibRule { priority });
    }
    let handle = words.after("handle")?;
    let chain = words.maybe("chain")?;
    let table = match words.0.first() {
        Some(&"table") => {
            words.next()?;
            Some(words.table()?)
        }
        _ => None,
    };
    Ok(Deed::DeleteRule { handle, table, chain })
}

/// `net.ipv4.ip_forward=1`, with dots or slashes, and a space or an equals sign.
fn sysctl(words: &mut Words<'_>) -> Result<Deed, ChangeFault> {
    let text = std::mem::take(&mut words.0).join(" ");
    let (path, value) = text
        .split_once('=')
        .or_else(|| text.split_once(' '))
        .ok_or_else(|| ChangeFault::NoValue { word: text.clone() })?;
    // As `sysctl` does: if the first of both is a dot, dots part and slashes are dots of names.
    let dotted = path.find(['.', '/']).is_some_and(|at| path.as_bytes()[at] == b'.');
    let swap = |c: char| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    let path = path.trim();
    let path = if dotted { path.chars().map(swap).collect() } else { path.to_owned() };
    Ok(Deed::SetSysctl { path, value: value.trim().to_owned() })
}
