//! The values of primitives: hosts, networks, ports, protocols.

use super::arithmetic;
use super::expression::{Direction, Expression, Family, Primitive};
use super::names::{self, family};
use super::primitive::{Kind, Qualifiers, mismatch};
use super::read::{Problem, Reader, Wanted, Wrong};
use crate::net::Mac;
use crate::packet::protocol;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A value, by what stood before it.
pub(super) fn value(reader: &mut Reader<'_>, qualifiers: &Qualifiers) -> Result<Expression, Wrong> {
    let about = qualifiers.protocol.as_deref();
    let direction = qualifiers.direction;
    let is = |primitive| Ok(Expression::Is(primitive));
    match qualifiers.kind {
        Kind::Host => host(reader, about, direction),
        Kind::Net => net(reader, about, direction),
        Kind::Port => {
            ported(reader, about, "port", None)?;
            let named = reader.peek_name().and_then(port);
            let (port, only) = named.ok_or_else(|| reader.expected(Wanted::Port))?;
            let protocols = ported(reader, about, "port", only)?;
            reader.step();
            is(Primitive::Ports(protocols, direction, port, port))
        }
        Kind::PortRange => {
            ported(reader, about, "portrange", None)?;
            let range = reader.peek_name().and_then(|word| {
                let ((first, one), (last, other)) = match word.split_once('-') {
                    Some((first, last)) => (port(first)?, port(last)?),
                    // A name alone is no range, to tcpdump; a number is.
                    None => {
                        let port = u16::try_from(arithmetic::number(word)?).ok()?;
                        ((port, None), (port, None))
                    }
                };
                Some((first.min(last), first.max(last), one.filter(|_| one == other)))
            });
            let (first, last, only) = range.ok_or_else(|| reader.expected(Wanted::Ports))?;
            let protocols = ported(reader, about, "portrange", only)?;
            reader.step();
            is(Primitive::Ports(protocols, direction, first, last))
        }
        Kind::Protocol => {
            let word = reader.peek_name().unwrap_or_default();
            let number = arithmetic::number(word);
            let primitive = match about {
                Some("ether" | "link") => {
                    // Smaller numbers are lengths of frames of another kind.
                    let number = number.and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 1536);
                    let named = family(word).map(Family::ether_type).or(number);
                    named.map(Primitive::EtherType).ok_or(Wanted::EtherType)
                }
                None | Some("ip" | "ip6") => {
                    let family = about.and_then(family);
                    let number = number.and_then(|n| u8::try_from(n).ok());
                    let number = number.or_else(|| names::protocol(word));
                    number.map(|number| Primitive::Protocol(family, number)).ok_or(Wanted::Protocol)
                }
                other => return Err(mismatch(reader, other, "proto")),
            };
            let primitive = primitive.map_err(|wanted| reader.expected(wanted))?;
            reader.step();
            is(primitive)
        }
    }
}

/// Six bytes of one digit or two each.
fn mac(word: &str) -> Option<Mac> {
    let sign = word.chars().find(|sign| !sign.is_ascii_hexdigit())?;
    let byte = |text: &str| match text.len() {
        1 | 2 => u8::from_str_radix(text, 16).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = word.split(sign).map(byte).collect();
    let is_one = matches!(sign, ':' | '-' | '.');
    Some(Mac(bytes?.try_into().ok().filter(|_| is_one)?))
}

fn port(word: &str) -> Option<names::Port> {
    let number = arithmetic::number(word).and_then(|number| u16::try_from(number).ok());
    number.map(|number| (number, None)).or_else(|| names::port(word))
}

/// The protocols whose ports are meant, where the port's name belongs to one alone.
fn ported(
    reader: &Reader<'_>,
    about: Option<&str>,
    kind: &str,
    only: Option<u8>,
) -> Result<Vec<u8>, Wrong> {
    let asked = match about {
        None => vec![protocol::TCP, protocol::UDP, protocol::SCTP],
        Some("tcp") => vec![protocol::TCP],
        Some("udp") => vec![protocol::UDP],
        Some("sctp") => vec![protocol::SCTP],
        other => return Err(mismatch(reader, other, kind)),
    };
    match only {
        Some(only) if asked.contains(&only) => Ok(vec![only]),
        Some(_) => Err(mismatch(reader, about, reader.peek_name().unwrap_or(kind))),
        None => Ok(asked),
    }
}

fn host(
    reader: &mut Reader<'_>,
    about: Option<&str>,
    direction: Direction,
) -> Result<Expression, Wrong> {
    let place = reader.place();
    if matches!(about, Some("ether" | "link")) {
        let mac = reader.peek_name().and_then(mac);
        let mac = mac.ok_or_else(|| reader.expected(Wanted::Mac))?;
        reader.step();
        return Ok(Expression::Is(Primitive::Mac(direction, mac)));
    }
    if about.is_some_and(|about| family(about).is_none()) {
        return Err(mismatch(reader, about, "host"));
    }
    let word = reader.word(Wanted::Address)?;
    let addresses = match word.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) if mac(&word).is_some() => {
            let (protocol, with) = (word, "ether host".to_owned());
            return Err(Wrong::at(place, Problem::Mismatch { protocol, with }));
        }
        Err(_) => (reader.hosts)(&word),
    };
    let mut any: Option<Expression> = None;
    for address in addresses {
        let wanted = about.and_then(family);
        let primitive = match (address, wanted) {
            (IpAddr::V4(_), Some(Family::Ip6)) => continue,
            (IpAddr::V4(address), family) => Primitive::V4(family, direction, address, u32::MAX),
            (IpAddr::V6(address), None | Some(Family::Ip6)) => {
                Primitive::V6(direction, address, u128::MAX)
            }
            (IpAddr::V6(_), _) => continue,
        };
        let one = Expression::Is(primitive);
        any = Some(match any {
            None => one,
            Some(before) => Expression::Or(Box::new(before), Box::new(one)),
        });
    }
    any.ok_or_else(|| {
        Wrong::at(
            place,
            match word.parse::<IpAddr>() {
                Ok(_) => {
                    Problem::Mismatch { protocol: about.unwrap_or_default().to_owned(), with: word }
                }
                Err(_) => Problem::Unknown(word),
            },
        )
    })
}

fn net(
    reader: &mut Reader<'_>,
    about: Option<&str>,
    direction: Direction,
) -> Result<Expression, Wrong> {
    if about.is_some_and(|about| family(about).is_none()) {
        return Err(mismatch(reader, about, "net"));
    }
    let place = reader.place();
    let word = reader.word(Wanted::Network)?;
    let no = || Wrong::at(place.clone(), Problem::Expected(Wanted::Network));
    let (text, length) = match word.split_once('/') {
        Some((text, length)) => (text, Some(arithmetic::written(length).ok_or_else(no)?)),
        None => (&word[..], None),
    };
    let host_bits = |meant: String| {
        Err(Wrong::at(place.clone(), Problem::HostBits { prefix: word.clone(), meant }))
    };
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        if about.is_some_and(|about| about != "ip6") {
            return Err(mismatch(reader, about, &word));
        }
        let length = length.unwrap_or(128);
        let mask = match length {
            0 => 0,
            1..=128 => u128::MAX << (128 - length),
            _ => return Err(no()),
        };
        let meant = address.to_bits() & mask;
        if meant != address.to_bits() {
            return host_bits(format!("{}/{length}", Ipv6Addr::from(meant)));
        }
        return Ok(Expression::Is(Primitive::V6(direction, address, mask)));
    }
    // `net 10.1` is 10.1.0.0/16.
    let octets: Vec<u8> =
        text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| no())?;
    if !(1..=4).contains(&octets.len()) {
        return Err(no());
    }
    if about == Some("ip6") {
        return Err(mismatch(reader, about, &word));
    }
    let written = octets.len() as u32;
    let mut bytes = [0; 4];
    bytes[..octets.len()].copy_from_slice(&octets);
    let address = Ipv4Addr::from(bytes);
    let mask = if length.is_none() && reader.takes_word("mask") {
        let mask = reader.peek_word().and_then(|word| word.parse::<Ipv4Addr>().ok());
        let mask = mask.ok_or_else(|| reader.expected(Wanted::Mask))?;
        reader.step();
        mask.to_bits()
    } else {
        match length.unwrap_or(written * 8) {
            0 => 0,
            length @ 1..=32 => u32::MAX << (32 - length),
            _ => return Err(no()),
        }
    };
    let meant = address.to_bits() & mask;
    if meant != address.to_bits() {
        let meant = Ipv4Addr::from(meant);
        let text = match mask.leading_ones() + mask.trailing_zeros() {
            32 => format!("{meant}/{}", mask.leading_ones()),
            _ => format!("{meant} mask {}", Ipv4Addr::from(mask)),
        };
        return host_bits(text);
    }
    Ok(Expression::Is(Primitive::V4(about.and_then(family), direction, address, mask)))
}
