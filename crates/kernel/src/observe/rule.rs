//! Rules of routing policy (`fib_nl_fill_rule`, `fib4_rule_fill`, `fib6_rule_fill`).
//!
//! A selector that the model has no place for stands in words in [`FibRule::unmodelled`], so that
//! nobody takes the rule for one that matches more than it does.

use crate::Result;
use crate::netlink::{Attribute, Attributes, Message, Socket, rtm};
use model::host::{FibAction, FibRule};
use model::net::{Family, IpNet, LinkName};
use nix::errno::Errno;

/// `struct fib_rule_hdr`, and in it `AF_INET` and `AF_INET6`.
const HEADER: usize = 12;
const FAMILIES: [(u8, Family); 2] = [(2, Family::V4), (10, Family::V6)];
/// `FIB_RULE_INVERT`.
const INVERT: u32 = 2;

/// `FRA_*`, less the prefix.
mod attribute {
    pub(super) const DST: u16 = 1;
    pub(super) const SRC: u16 = 2;
    pub(super) const IIFNAME: u16 = 3;
    pub(super) const GOTO: u16 = 4;
    pub(super) const PRIORITY: u16 = 6;
    pub(super) const FWMARK: u16 = 10;
    /// The realm a route gets, which no rule asks for.
    pub(super) const FLOW: u16 = 11;
    pub(super) const TUN_ID: u16 = 12;
    pub(super) const SUPPRESS_IFGROUP: u16 = 13;
    pub(super) const SUPPRESS_PREFIXLEN: u16 = 14;
    pub(super) const TABLE: u16 = 15;
    pub(super) const FWMASK: u16 = 16;
    pub(super) const OIFNAME: u16 = 17;
    pub(super) const PAD: u16 = 18;
    pub(super) const L3MDEV: u16 = 19;
    pub(super) const UID_RANGE: u16 = 20;
    /// Who made the rule.
    pub(super) const PROTOCOL: u16 = 21;
    pub(super) const IP_PROTO: u16 = 22;
    pub(super) const SPORT_RANGE: u16 = 23;
    pub(super) const DPORT_RANGE: u16 = 24;
    pub(super) const DSCP: u16 = 25;
    pub(super) const FLOWLABEL: u16 = 26;
    pub(super) const FLOWLABEL_MASK: u16 = 27;
    pub(super) const SPORT_MASK: u16 = 28;
    pub(super) const DPORT_MASK: u16 = 29;
    pub(super) const DSCP_MASK: u16 = 30;
}

/// The rules of the socket's namespace, those of IPv4 first, each family in the order in which they
/// are asked. A family that the kernel lacks, or lacks rules for, has none.
pub fn rules(socket: &mut Socket) -> Result<Vec<FibRule>> {
    let mut rules = Vec::new();
    for (number, family) in FAMILIES {
        let mut body = vec![0; HEADER];
        body[0] = number;
        let request = Message::new(rtm::GET_RULE, 0, body, format!("rules of {family}"));
        match socket.dump(&request) {
            Ok(bodies) => rules.extend(bodies.iter().filter_map(|body| rule(family, body))),
            Err(error) if error.errno() == Some(Errno::EAFNOSUPPORT) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rules)
}

fn rule(family: Family, body: &[u8]) -> Option<FibRule> {
    use attribute::{
        DST, FWMARK, FWMASK, GOTO, IIFNAME, IP_PROTO, OIFNAME, PRIORITY, SPORT_RANGE, SRC,
        SUPPRESS_IFGROUP, SUPPRESS_PREFIXLEN, TABLE, UID_RANGE,
    };
    let header = body.get(..HEADER)?;
    let attributes = Attributes::after(body, HEADER);
    let number = |kind| attributes.get(kind).and_then(Attribute::u32);
    let chosen = |kind| number(kind).filter(|number| *number != u32::MAX);
    let mut unmodelled = unmodelled(attributes);
    let action = match header[7] {
        1 => FibAction::Table(number(TABLE).unwrap_or_else(|| header[4].into())),
        2 => FibAction::Goto(number(GOTO).unwrap_or(0)),
        3 => FibAction::Nop,
        6 => FibAction::Blackhole,
        7 => FibAction::Unreachable,
        8 => FibAction::Prohibit,
        other => {
            unmodelled.push(format!("action {other}"));
            FibAction::Nop
        }
    };
    let mut link = |kind| -> Option<LinkName> {
        let name = attributes.get(kind)?.text();
        let link = name.parse().ok();
        if link.is_none() {
            unmodelled.push(format!("link {name:?}"));
        }
        link
    };
    let prefix = |kind, len| IpNet::new(attributes.get(kind)?.address()?, len).ok();
    let marked = number(FWMARK).is_some() || number(FWMASK).is_some();
    let ports =
        |kind| pair(attributes, kind, 2, |half| half.try_into().ok().map(u16::from_ne_bytes));
    Some(FibRule {
        family,
        priority: number(PRIORITY).unwrap_or(0),
        action,
        inverted: u32::from_ne_bytes(header[8..12].try_into().ok()?) & INVERT != 0,
        source: prefix(SRC, header[2]),
        destination: prefix(DST, header[1]),
        iif: link(IIFNAME),
        oif: link(OIFNAME),
        mark: marked.then(|| (number(FWMARK).unwrap_or(0), number(FWMASK).unwrap_or(u32::MAX))),
        tos: header[3],
        protocol: attributes.get(IP_PROTO).and_then(Attribute::u8),
        source_ports: ports(SPORT_RANGE),
        destination_ports: ports(attribute::DPORT_RANGE),
        users: pair(attributes, UID_RANGE, 4, |half| half.try_into().ok().map(u32::from_ne_bytes)),
        suppress_prefix_length: chosen(SUPPRESS_PREFIXLEN),
        suppress_group: chosen(SUPPRESS_IFGROUP),
        unmodelled: (!unmodelled.is_empty()).then(|| unmodelled.join(", ")),
    })
}

/// First and last of a range (`struct fib_rule_port_range`, `fib_rule_uid_range`).
fn pair<T>(
    attributes: Attributes<'_>,
    kind: u16,
    len: usize,
    number: impl Fn(&[u8]) -> Option<T>,
) -> Option<(T, T)> {
    let (first, last) = attributes.get(kind)?.value.split_at_checked(len)?;
    Some((number(first)?, number(last)?))
}

/// What the model has no place for, in words.
fn unmodelled(attributes: Attributes<'_>) -> Vec<String> {
    use attribute::{
        DPORT_MASK, DPORT_RANGE, DSCP, DSCP_MASK, DST, FLOW, FLOWLABEL, FLOWLABEL_MASK, FWMARK,
        FWMASK, GOTO, IIFNAME, IP_PROTO, L3MDEV, OIFNAME, PAD, PRIORITY, PROTOCOL, SPORT_MASK,
        SPORT_RANGE, SRC, SUPPRESS_IFGROUP, SUPPRESS_PREFIXLEN, TABLE, TUN_ID, UID_RANGE,
    };
    let words = |attribute: Attribute<'_>| {
        let number = attribute.u8().unwrap_or(0);
        match attribute.kind {
            DST | SRC | IIFNAME | GOTO | PRIORITY | FWMARK | FLOW | SUPPRESS_IFGROUP
            | SUPPRESS_PREFIXLEN | TABLE | FWMASK | OIFNAME | PAD | UID_RANGE | PROTOCOL
            | IP_PROTO | SPORT_RANGE | DPORT_RANGE | FLOWLABEL_MASK | DSCP_MASK => None,
            L3MDEV => (number != 0).then(|| "l3mdev".to_owned()),
            TUN_ID => Some("a tunnel's number".to_owned()),
            DSCP => Some(format!("dscp {number}")),
            FLOWLABEL => Some("a flow label".to_owned()),
            // A range has mask 0, a single port all bits.
            SPORT_MASK | DPORT_MASK => match attribute.u16() {
                Some(0 | u16::MAX) => None,
                mask => Some(format!("ports by mask {:#x}", mask.unwrap_or(0))),
            },
            other => Some(format!("attribute {other}")),
        }
    };
    attributes.filter_map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Parts, namespace};
    use crate::testing::Place;

    /// ip(8)'s way of saying a rule, and what it is to us.
    fn cases() -> Vec<(&'static str, FibRule)> {
        let v4 = |priority, table| FibRule::to_table(Family::V4, priority, table);
        let net = |net: &str| Some(net.parse().unwrap());
        let name = |name: &str| Some(name.parse().unwrap());
        let act = |priority, action| FibRule { action, ..v4(priority, 0) };
        vec![
            ("from 10.0.0.0/8 lookup 100", FibRule { source: net("10.0.0.0/8"), ..v4(10, 100) }),
            (
                "not to 10.1.2.3 lookup 1000",
                FibRule { destination: net("10.1.2.3/32"), inverted: true, ..v4(11, 1000) },
            ),
            ("iif v0 oif v1 lookup 5", FibRule { iif: name("v0"), oif: name("v1"), ..v4(12, 5) }),
            (
                "fwmark 0x4000/0x4000 lookup 6",
                FibRule { mark: Some((0x4000, 0x4000)), ..v4(13, 6) },
            ),
            ("fwmark 7 lookup 6", FibRule { mark: Some((7, u32::MAX)), ..v4(14, 6) }),
            ("fwmark 0/0xff lookup 6", FibRule { mark: Some((0, 0xff)), ..v4(15, 6) }),
            ("tos 0x10 lookup 7", FibRule { tos: 0x10, ..v4(16, 7) }),
            (
                "ipproto tcp sport 1000-2000 dport 443 lookup 8",
                FibRule {
                    protocol: Some(6),
                    source_ports: Some((1000, 2000)),
                    destination_ports: Some((443, 443)),
                    ..v4(17, 8)
                },
            ),
            ("uidrange 0-99 lookup 9", FibRule { users: Some((0, 99)), ..v4(18, 9) }),
            (
                "lookup main suppress_prefixlength 0",
                FibRule { suppress_prefix_length: Some(0), ..v4(19, 254) },
            ),
            ("lookup main suppress_ifgroup 3", FibRule { suppress_group: Some(3), ..v4(20, 254) }),
            ("goto 32766", act(21, FibAction::Goto(32766))),
            ("nop", act(22, FibAction::Nop)),
            ("blackhole", act(23, FibAction::Blackhole)),
            ("unreachable", act(24, FibAction::Unreachable)),
            ("prohibit", act(25, FibAction::Prohibit)),
            (
                "tun_id 9 lookup 10",
                FibRule { unmodelled: Some("a tunnel's number".to_owned()), ..v4(26, 10) },
            ),
        ]
    }

    #[test]
    fn rules_as_ip_made_them_in_the_order_they_are_asked() {
        let mut place = Place::new();
        // From the last to the first, so that the order is the kernel's own.
        for (words, rule) in cases().iter().rev() {
            place.run(&format!("ip rule add pref {} {words}", rule.priority));
        }
        place.run("ip -6 rule add pref 30 from 2001:db8::/32 iif lo lookup 11");
        let parts = Parts { rules: true, ..Parts::default() };
        let rules = namespace(&mut place.sockets, &parts).unwrap().rules.unwrap();
        let local = FibRule::to_table(Family::V4, 0, 255);
        let main = FibRule::to_table(Family::V4, 32766, 254);
        let default = FibRule::to_table(Family::V4, 32767, 253);
        let ours = cases().into_iter().map(|(_, rule)| rule);
        let v4: Vec<_> = std::iter::once(local).chain(ours).chain([main, default]).collect();
        let v6 = [
            FibRule::to_table(Family::V6, 0, 255),
            FibRule {
                source: Some("2001:db8::/32".parse().unwrap()),
                iif: Some("lo".parse().unwrap()),
                ..FibRule::to_table(Family::V6, 30, 11)
            },
            FibRule::to_table(Family::V6, 32766, 254),
        ];
        let (got4, got6): (Vec<_>, Vec<_>) =
            rules.into_iter().partition(|r| r.family == Family::V4);
        for (got, wanted) in got4.iter().zip(&v4).chain(got6.iter().zip(&v6)) {
            assert_eq!(got, wanted);
        }
        assert_eq!((got4.len(), got6.len()), (v4.len(), v6.len()));
        let shown: serde_json::Value =
            serde_json::from_str(&place.run("ip -4 -json rule show")).unwrap();
        let shown: Vec<_> = shown
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["priority"].as_u64().unwrap())
            .collect();
        assert_eq!(shown, got4.iter().map(|rule| u64::from(rule.priority)).collect::<Vec<_>>());
    }

    #[test]
    fn what_later_kernels_ask_is_not_passed_over() {
        let mut body = vec![2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        body.extend([5, 0, 25, 0, 8, 0, 0, 0]);
        body.extend([6, 0, 28, 0, 0xf0, 0xff, 0, 0]);
        body.extend([5, 0, 31, 0, 1, 0, 0, 0]);
        let rule = rule(Family::V4, &body).unwrap();
        let why = rule.unmodelled.unwrap();
        assert_eq!(why, "dscp 8, ports by mask 0xfff0, attribute 31");
    }
}
