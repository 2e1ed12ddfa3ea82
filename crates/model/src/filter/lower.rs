//! From what is asked to where it stands in a packet.
//!
//! Each primitive asks first what kind of packet it is, then about its bytes. The order of the
//! questions matters where a packet is cut off: what reaches beyond its end ends the program.

use super::bpf::beside;
use super::condition::{Base, Condition, Value};
use super::expression::{
    Arithmetic, Comparison, Direction, Expression, Family, Header, Operator, Primitive,
};
use crate::packet::{Start, ether_type, protocol};
use std::net::{Ipv4Addr, Ipv6Addr};

/// `ARPHRD_LOOPBACK`.
const LOOPBACK: u32 = 772;
/// `PACKET_OUTGOING`.
const OUTGOING: u32 = 4;

/// A tag that some used before the standard.
const OLD_TAG: u16 = 0x9100;

/// A place that no packet has. From the next on the kernel tells other things.
const BEYOND: u32 = 0x7fff_ffff;

/// Where things are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// With a header of Ethernet; the first tag may stand beside the packet instead of in it.
    Ethernet {
        beside: bool,
    },
    Ip,
}

/// The condition for packets of one layout.
pub(super) fn lower(expression: &Expression, layout: Layout) -> Condition {
    Lowering { layout, tags: 0 }.expression(expression)
}

/// The condition for packets of a socket, whose kind the kernel tells.
pub(super) fn on_any_link(expression: Option<&Expression>) -> Condition {
    let told = |what: u32| Value::at(what, 4);
    let twice = told(beside::HARDWARE).is(LOOPBACK).and(told(beside::DIRECTION).is(OUTGOING));
    let wanted = match expression {
        None => Condition::Always,
        Some(expression) => {
            let ethernet = told(beside::TAGGED).is(0).chosen(
                lower(expression, Layout::Ethernet { beside: false }),
                lower(expression, Layout::Ethernet { beside: true }),
            );
            let begins = |start: Start| {
                let is = |number: &u16| told(beside::HARDWARE).is((*number).into());
                Condition::any(start.hardware().iter().map(is))
            };
            let bare = begins(Start::Ip).and(lower(expression, Layout::Ip));
            begins(Start::Ethernet).chosen(ethernet, bare)
        }
    };
    twice.negated().and(wanted)
}

struct Lowering {
    layout: Layout,
    /// How many were asked for by `vlan` so far.
    tags: u32,
}

impl Lowering {
    fn expression(&mut self, expression: &Expression) -> Condition {
        match expression {
            Expression::And(one, other) => {
                let one = self.expression(one);
                one.and(self.expression(other))
            }
            Expression::Or(one, other) => {
                let one = self.expression(one);
                one.or(self.expression(other))
            }
            Expression::Not(inner) => self.expression(inner).negated(),
            Expression::Is(primitive) => self.primitive(primitive),
        }
    }

    fn primitive(&mut self, primitive: &Primitive) -> Condition {
        match primitive {
            Primitive::V4(family, direction, address, mask) => {
                let families = [Family::Ip, Family::Arp, Family::Rarp];
                let asked =
                    families.iter().filter(|its| family.is_none_or(|wanted| wanted == **its));
                Condition::any(asked.map(|family| self.v4(*family, *direction, *address, *mask)))
            }
            Primitive::V6(direction, address, mask) => self.v6(*direction, *address, *mask),
            Primitive::Mac(direction, mac) => {
                let [a, b, c, d, e, f] = mac.0;
                self.ends(*direction, |lowering, is_source| {
                    let at = if is_source { 6 } else { 0 };
                    let last = lowering.frame(at + 2, 4).is(u32::from_be_bytes([c, d, e, f]));
                    last.and(lowering.frame(at, 2).is(u16::from_be_bytes([a, b]).into()))
                })
                .and(self.has_frame())
            }
            Primitive::Ports(protocols, direction, first, last) => {
                let six = self.ports6(protocols, *direction, *first, *last);
                self.ports4(protocols, *direction, *first, *last).or(six)
            }
            Primitive::EtherType(number) => self.ether_type(*number),
            Primitive::Protocol(Some(Family::Ip), number) => self.over4(*number),
            Primitive::Protocol(Some(_), number) => self.over6(*number),
            Primitive::Protocol(None, number) => self.over4(*number).or(self.over6(*number)),
            Primitive::Broadcast => {
                let all = self.frame(2, 4).is(u32::MAX).and(self.frame(0, 2).is(0xffff));
                all.and(self.has_frame())
            }
            Primitive::Multicast => {
                self.frame(0, 1).masked(1).is(0).negated().and(self.has_frame())
            }
            Primitive::Multicast4 => self.is(Family::Ip).and(self.network(16, 1).at_least(224)),
            Primitive::Multicast6 => self.is(Family::Ip6).and(self.network(24, 1).is(255)),
            Primitive::Vlan(identifier) => self.vlan(*identifier),
            Primitive::Relation { left, comparison, holds, right } => {
                self.relation(left, *comparison, *holds, right)
            }
        }
    }

    /// Some bytes of the frame's header, counted as if all tags were in it.
    fn frame(&self, at: u32, size: u8) -> Value {
        if self.layout != (Layout::Ethernet { beside: true }) {
            return Value::at(at, size);
        }
        match (at, size) {
            (12, 2) => Value::at(beside::TAG_PROTOCOL, 4),
            (14, 2) => Value::at(beside::TAG, 4),
            (16.., _) => Value::at(at - 4, size),
            _ if at + u32::from(size) <= 12 => Value::at(at, size),
            // Partly in the tag: byte by byte.
            _ => {
                let bytes = (at..at + u32::from(size)).map(|at| self.frame_byte(at));
                let shift = |all| Value::of(Operator::Left, all, Value::Number(8));
                let join = |all, byte| Value::of(Operator::Or, byte, shift(all));
                bytes.reduce(join).unwrap_or(Value::Number(0))
            }
        }
    }

    /// One byte of the same.
    fn frame_byte(&self, at: u32) -> Value {
        match at {
            12..16 => {
                let half = self.frame(at & !1, 2);
                let shift = if at & 1 == 0 { 8 } else { 0 };
                Value::of(Operator::Right, half, Value::Number(shift)).masked(0xff)
            }
            _ => self.frame(at, 1),
        }
    }

    fn has_frame(&self) -> Condition {
        if self.layout == Layout::Ip { Condition::Never } else { Condition::Always }
    }

    /// The first byte of what the frame carries.
    fn network_start(&self) -> u32 {
        match self.layout {
            Layout::Ip => 0,
            Layout::Ethernet { beside: false } => 14 + 4 * self.tags,
            // Without a tag asked for, nothing is looked at there.
            Layout::Ethernet { beside: true } => 14 + 4 * self.tags.saturating_sub(1),
        }
    }

    fn network(&self, at: u32, size: u8) -> Value {
        Value::at(self.network_start() + at, size)
    }

    fn ether_type(&self, number: u16) -> Condition {
        match (self.layout, number) {
            (Layout::Ip, ether_type::IPV4) => self.network(0, 1).masked(0xf0).is(0x40),
            (Layout::Ip, ether_type::IPV6) => self.network(0, 1).masked(0xf0).is(0x60),
            (Layout::Ip, _) => Condition::Never,
            _ => self.frame(12 + 4 * self.tags, 2).is(number.into()),
        }
    }

    fn is(&self, family: Family) -> Condition {
        self.ether_type(family.ether_type())
    }

    fn vlan(&mut self, identifier: Option<u16>) -> Condition {
        let tags = [ether_type::VLAN, ether_type::SERVICE_VLAN, OLD_TAG];
        let tagged = Condition::any(tags.map(|number| self.ether_type(number)));
        let control = self.frame(14 + 4 * self.tags, 2);
        self.tags += 1;
        match identifier {
            None => tagged,
            Some(number) => tagged.and(control.masked(0xfff).is(number.into())),
        }
    }

    /// Of the source, the destination, either or both.
    fn ends(&self, direction: Direction, end: impl Fn(&Self, bool) -> Condition) -> Condition {
        match direction {
            Direction::Source => end(self, true),
            Direction::Destination => end(self, false),
            Direction::Either => end(self, true).or(end(self, false)),
            Direction::Both => end(self, true).and(end(self, false)),
        }
    }

    fn v4(&self, family: Family, direction: Direction, address: Ipv4Addr, mask: u32) -> Condition {
        let (source, destination) = if family == Family::Ip { (12, 16) } else { (14, 24) };
        let there = self.ends(direction, |lowering, is_source| {
            let at = if is_source { source } else { destination };
            match mask {
                0 => Condition::Always,
                _ => lowering.network(at, 4).masked(mask).is(address.to_bits()),
            }
        });
        self.is(family).and(there)
    }

    fn v6(&self, direction: Direction, address: Ipv6Addr, mask: u128) -> Condition {
        let words = |number: u128| [96, 64, 32, 0].map(|shift| (number >> shift) as u32);
        let there = self.ends(direction, |lowering, is_source| {
            let at = if is_source { 8 } else { 24 };
            let pairs = words(address.to_bits()).into_iter().zip(words(mask)).zip(0_u32..);
            pairs.fold(Condition::Always, |all, ((word, mask), number)| match mask {
                0 => all,
                _ => all.and(lowering.network(at + 4 * number, 4).masked(mask).is(word)),
            })
        });
        self.is(Family::Ip6).and(there)
    }

    fn over4(&self, number: u8) -> Condition {
        self.is(Family::Ip).and(self.network(9, 1).is(number.into()))
    }

    /// Behind the header, or behind that of a fragment.
    fn over6(&self, number: u8) -> Condition {
        let fragment = self.network(6, 1).is(protocol::FRAGMENT.into());
        let behind = fragment.and(self.network(40, 1).is(number.into()));
        self.is(Family::Ip6).and(self.network(6, 1).is(number.into()).or(behind))
    }

    fn is_first_fragment(&self) -> Condition {
        self.network(6, 2).masked(0x1fff).is(0)
    }

    fn ports4(&self, protocols: &[u8], direction: Direction, first: u16, last: u16) -> Condition {
        let base = Base::BehindIpv4(self.network_start());
        let over = protocols.iter().map(|number| self.network(9, 1).is((*number).into()));
        let ports = self.ports(base, direction, first, last);
        self.is(Family::Ip).and(Condition::any(over)).and(self.is_first_fragment()).and(ports)
    }

    fn ports6(&self, protocols: &[u8], direction: Direction, first: u16, last: u16) -> Condition {
        let base = Base::At(self.network_start() + 40);
        let over = protocols.iter().map(|number| self.network(6, 1).is((*number).into()));
        let ports = self.ports(base, direction, first, last);
        self.is(Family::Ip6).and(Condition::any(over)).and(ports)
    }

    fn ports(&self, base: Base, direction: Direction, first: u16, last: u16) -> Condition {
        self.ends(direction, |_, is_source| {
            let port = Value::from(base, if is_source { 0 } else { 2 }, 2);
            if first == last {
                return port.is(first.into());
            }
            let beyond =
                Condition::Test(port.clone(), Comparison::Greater, Value::Number(last.into()));
            port.at_least(first.into()).and(beyond.negated())
        })
    }

    fn relation(
        &self,
        left: &Arithmetic,
        comparison: Comparison,
        holds: bool,
        right: &Arithmetic,
    ) -> Condition {
        let test = Condition::Test(self.value(left), comparison, self.value(right));
        let test = if holds { test } else { test.negated() };
        self.guard(left).and(self.guard(right)).and(test)
    }

    /// That all headers are there whose bytes are looked at.
    fn guard(&self, value: &Arithmetic) -> Condition {
        match value {
            Arithmetic::Number(_) | Arithmetic::Length => Condition::Always,
            Arithmetic::Negative(inner) => self.guard(inner),
            // libpcap forgets the right one, so there `20 + tcp[12] > 30` reads a byte of any packet.
            Arithmetic::Binary(_, one, other) => self.guard(one).and(self.guard(other)),
            Arithmetic::Load(header, offset, _) => {
                let there = match header {
                    // Where there is none, the packet's first byte is meant.
                    Header::Link => Condition::Always,
                    Header::Network(family) => self.is(*family),
                    Header::Over4(number) => self.over4(*number).and(self.is_first_fragment()),
                    Header::Over6(number) => {
                        self.is(Family::Ip6).and(self.network(6, 1).is((*number).into()))
                    }
                };
                self.guard(offset).and(there)
            }
        }
    }

    fn value(&self, value: &Arithmetic) -> Value {
        match value {
            Arithmetic::Number(number) => Value::Number(*number),
            Arithmetic::Length if self.layout == (Layout::Ethernet { beside: true }) => {
                Value::of(Operator::Add, Value::Length, Value::Number(4))
            }
            Arithmetic::Length => Value::Length,
            Arithmetic::Negative(inner) => Value::Negative(Box::new(self.value(inner))),
            Arithmetic::Binary(operator, one, other) => {
                Value::of(*operator, self.value(one), self.value(other))
            }
            Arithmetic::Load(Header::Link, offset, size) => match **offset {
                Arithmetic::Number(at) => self.frame(at.min(BEYOND), *size),
                // One that is computed is not put right for a tag beside the packet.
                _ => self.load(Base::At(0), offset, *size),
            },
            Arithmetic::Load(header, offset, size) => {
                let base = match header {
                    Header::Over4(_) => Base::BehindIpv4(self.network_start()),
                    Header::Over6(_) => Base::At(self.network_start() + 40),
                    Header::Network(_) | Header::Link => Base::At(self.network_start()),
                };
                self.load(base, offset, *size)
            }
        }
    }

    fn load(&self, base: Base, offset: &Arithmetic, size: u8) -> Value {
        if let (Base::At(from), Arithmetic::Number(offset)) = (base, offset) {
            return Value::at(from.wrapping_add(*offset).min(BEYOND), size);
        }
        Value::Load { base, offset: Box::new(self.value(offset)), size }
    }
}
