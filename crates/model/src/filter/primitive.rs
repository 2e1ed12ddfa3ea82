//! One primitive: what it is about (`tcp src port`), then a value.

use super::arithmetic;
use super::expression::{Arithmetic, Comparison, Direction, Expression, Family, Primitive};
use super::names;
use super::read::{Problem, Reader, Wanted, Wrong};
use super::value::value;
use super::words::Token;
use crate::packet::protocol;

/// What stands before a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Qualifiers {
    pub(super) protocol: Option<String>,
    pub(super) direction: Direction,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Host,
    Net,
    Port,
    PortRange,
    Protocol,
}

/// Words of the language that are not understood here.
const NOT_HERE: [&str; 34] = [
    "gateway",
    "protochain",
    "inbound",
    "outbound",
    "ifname",
    "on",
    "ifindex",
    "rnr",
    "rulenum",
    "reason",
    "rset",
    "ruleset",
    "srnr",
    "subrulenum",
    "action",
    "mpls",
    "pppoed",
    "pppoes",
    "geneve",
    "wlan",
    "type",
    "subtype",
    "dir",
    "iso",
    "clnp",
    "esis",
    "isis",
    "stp",
    "ipx",
    "netbeui",
    "decnet",
    "atalk",
    "aarp",
    "llc",
];

/// Words before a value or instead of one, which no host may have for a name.
const KEYWORDS: [&str; 22] = [
    "and",
    "or",
    "not",
    "src",
    "dst",
    "host",
    "net",
    "port",
    "portrange",
    "proto",
    "mask",
    "less",
    "greater",
    "broadcast",
    "multicast",
    "vlan",
    "len",
    "ether",
    "link",
    "ip",
    "ip6",
    "arp",
];

fn is_protocol(word: &str) -> bool {
    matches!(word, "ether" | "link")
        || names::family(word).is_some()
        || names::protocol(word).is_some()
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word) || is_protocol(word) || NOT_HERE.contains(&word)
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Expression, Wrong> {
    let is = |primitive| Ok(Expression::Is(primitive));
    if let Some(Token::Name(_)) = reader.peek() {
        return alone(reader);
    }
    let word = reader.peek_word().ok_or_else(|| reader.expected(Wanted::Primitive))?.to_owned();
    if NOT_HERE.contains(&word.as_str()) {
        return Err(reader.wrong(Problem::NotHere(word)));
    }
    if !is_keyword(&word) {
        return alone(reader);
    }
    reader.last = None;
    match word.as_str() {
        "less" | "greater" => {
            reader.step();
            let place = reader.place();
            let wanted = reader.word(Wanted::Number)?;
            let number = arithmetic::number(&wanted)
                .ok_or_else(|| Wrong::at(place, Problem::Expected(Wanted::Number)))?;
            let (comparison, holds) = match word.as_str() {
                "less" => (Comparison::Greater, false),
                _ => (Comparison::AtLeast, true),
            };
            let (left, right) = (Arithmetic::Length, Arithmetic::Number(number));
            return is(Primitive::Relation { left, comparison, holds, right });
        }
        "vlan" => {
            reader.step();
            let number = reader.peek_word().and_then(arithmetic::number);
            let Some(number) = number else { return is(Primitive::Vlan(None)) };
            let fits = u16::try_from(number).ok().filter(|number| *number < 4096);
            let number = fits.ok_or_else(|| reader.expected(Wanted::VlanId))?;
            reader.step();
            return is(Primitive::Vlan(Some(number)));
        }
        _ => {}
    }
    let (qualifiers, alone) = qualifiers(reader)?;
    let about = qualifiers.protocol.as_deref();
    for cast in ["broadcast", "multicast"] {
        if alone && reader.peek_word() == Some(cast) {
            let primitive = match (cast, about) {
                ("broadcast", None | Some("ether" | "link")) => Primitive::Broadcast,
                ("multicast", None | Some("ether" | "link")) => Primitive::Multicast,
                ("multicast", Some("ip")) => Primitive::Multicast4,
                ("multicast", Some("ip6")) => Primitive::Multicast6,
                // It would have to know the network's mask.
                ("broadcast", Some("ip")) => {
                    return Err(reader.wrong(Problem::NotHere("ip broadcast".to_owned())));
                }
                (_, protocol) => return Err(mismatch(reader, protocol, cast)),
            };
            reader.step();
            return is(primitive);
        }
    }
    if let (true, Some(name)) = (alone, about)
        && reader.peek_word().is_none_or(is_keyword)
        && !matches!(reader.peek(), Some(Token::Sign("(")))
    {
        let name = name.to_owned();
        return Ok(Expression::Is(protocol_alone(reader, &name)?));
    }
    reader.last = Some(qualifiers.clone());
    values(reader, &qualifiers)
}

/// A value alone: it is about the same as the one before it, or a host.
fn alone(reader: &mut Reader<'_>) -> Result<Expression, Wrong> {
    let qualifiers = reader.last.get_or_insert_default().clone();
    value(reader, &qualifiers)
}

pub(super) fn mismatch(reader: &Reader<'_>, protocol: Option<&str>, with: &str) -> Wrong {
    let protocol = protocol.unwrap_or_default().to_owned();
    reader.wrong(Problem::Mismatch { protocol, with: with.to_owned() })
}

/// Protocol, direction and kind, in this order; and whether there was nothing but a protocol.
fn qualifiers(reader: &mut Reader<'_>) -> Result<(Qualifiers, bool), Wrong> {
    let mut qualifiers = Qualifiers::default();
    if let Some(word) = reader.peek_word().filter(|word| is_protocol(word)) {
        qualifiers.protocol = Some(word.to_owned());
        reader.step();
    }
    let direction = direction(reader);
    let directed = direction.is_some();
    qualifiers.direction = direction.unwrap_or_default();
    let kind = match reader.peek_word() {
        Some("host") => Kind::Host,
        Some("net") => Kind::Net,
        Some("port") => Kind::Port,
        Some("portrange") => Kind::PortRange,
        // It has no two ends.
        Some("proto") if directed => return Err(reader.expected(Wanted::Address)),
        Some("proto") => Kind::Protocol,
        Some(word) if NOT_HERE.contains(&word) => {
            return Err(reader.wrong(Problem::NotHere(word.to_owned())));
        }
        _ => return Ok((qualifiers, !directed)),
    };
    reader.step();
    Ok((Qualifiers { kind, ..qualifiers }, false))
}

fn direction(reader: &mut Reader<'_>) -> Option<Direction> {
    let end = |reader: &Reader<'_>, ahead: usize| match reader.peek_at(ahead) {
        Some(Token::Word(word)) if word == "src" || word == "dst" => Some(word == "src"),
        _ => None,
    };
    let first = end(reader, 0)?;
    let between = match reader.peek_at(1) {
        Some(Token::Word(word)) if word == "or" => Some(Direction::Either),
        Some(Token::Word(word)) if word == "and" => Some(Direction::Both),
        Some(Token::Sign("||")) => Some(Direction::Either),
        Some(Token::Sign("&&")) => Some(Direction::Both),
        _ => None,
    };
    if let (Some(both), Some(second)) = (between, end(reader, 2))
        && first != second
    {
        (0..3).for_each(|_| reader.step());
        return Some(both);
    }
    reader.step();
    Some(if first { Direction::Source } else { Direction::Destination })
}

/// A value, none but it, or several in brackets, all about the same: `port (80 or not 443)`.
fn values(reader: &mut Reader<'_>, qualifiers: &Qualifiers) -> Result<Expression, Wrong> {
    if reader.takes_not() {
        let inner = reader.deeper(|reader| values(reader, qualifiers))?;
        return Ok(Expression::Not(Box::new(inner)));
    }
    match reader.takes_sign("(") {
        true => reader.deeper(|reader| list(reader, qualifiers)),
        false => value(reader, qualifiers),
    }
}

fn list(reader: &mut Reader<'_>, qualifiers: &Qualifiers) -> Result<Expression, Wrong> {
    let mut left = values(reader, qualifiers)?;
    loop {
        if reader.takes_sign(")") {
            return Ok(left);
        } else if reader.takes_word("or") || reader.takes_sign("||") {
            left = Expression::Or(Box::new(left), Box::new(values(reader, qualifiers)?));
        } else if reader.takes_word("and") || reader.takes_sign("&&") {
            left = Expression::And(Box::new(left), Box::new(values(reader, qualifiers)?));
        } else {
            return Err(reader.expected(Wanted::Bracket));
        }
    }
}

fn protocol_alone(reader: &Reader<'_>, name: &str) -> Result<Primitive, Wrong> {
    if let Some(family) = names::family(name) {
        return Ok(Primitive::EtherType(family.ether_type()));
    }
    Ok(match name {
        "icmp" | "igmp" => {
            Primitive::Protocol(Some(Family::Ip), names::protocol(name).unwrap_or_default())
        }
        "icmp6" => Primitive::Protocol(Some(Family::Ip6), protocol::ICMPV6),
        _ => match names::protocol(name) {
            Some(number) => Primitive::Protocol(None, number),
            None => return Err(reader.expected(Wanted::Primitive)),
        },
    })
}
