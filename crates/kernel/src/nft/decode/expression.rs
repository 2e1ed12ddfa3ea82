//! Expressions from attributes. An attribute that the model has no place for makes the whole
//! expression foreign: half understood is not understood.

use super::{number, text, verdict};
use crate::netlink::Attributes;
use crate::nft::expression_attributes::{
    Checksum, bitwise, byteorder, cmp, counter, ct, extension, fib, immediate, limit, log, lookup,
    masquerade, meta, nat, numgen, payload, queue, range, redirect, reject,
};
use crate::nft::numbers::{Numbered, REGISTER_VERDICT, attribute as nfta, register as slot};
use crate::xt::{Kind, SetName, Shown};
use model::host::Unknown;
use model::host::nft::{
    CmpOp, CtDirection, CtKey, Expression, FibBy, FibResult, MetaKey, NatKind, NftFamily,
    PayloadBase, Register, Verdict,
};
use model::net::Family;
use std::collections::BTreeMap;

type Decoded = Result<Expression<Unknown>, String>;

/// What an expression says depends on where it stands.
pub(in crate::nft) struct Around<'a, 'b> {
    pub(in crate::nft) family: NftFamily,
    /// Sets of its table that lookups cannot be walked through, and why.
    pub(in crate::nft) unmodelled: &'a BTreeMap<String, String>,
    pub(in crate::nft) set_name: &'a mut SetName<'b>,
}

/// Decodes one expression.
pub(super) fn decode(
    expression: Attributes<'_>,
    around: &mut Around<'_, '_>,
) -> Expression<Unknown> {
    let name = text(expression, nfta::EXPR_NAME).unwrap_or_default();
    let data = expression.nested(nfta::EXPR_DATA);
    let known = match &name[..] {
        "match" => extension(Kind::Match, data, around),
        "target" => extension(Kind::Target, data, around),
        name => known(name, data, around.unmodelled),
    };
    known.unwrap_or_else(|why| {
        let why = format!("expression \"{name}\" ({why})");
        Expression::Foreign(Unknown { bytes: expression.as_bytes().to_vec(), why })
    })
}

/// Only iptables' own are known: extensions of ebtables and arptables have names in common with them,
/// and structs of their own.
fn extension(kind: Kind, data: Attributes<'_>, around: &mut Around<'_, '_>) -> Decoded {
    let name = text(data, extension::NAME).ok_or("an extension without a name")?;
    let revision = needed(data, extension::REVISION)?;
    let family = match around.family {
        NftFamily::Ip => Family::V4,
        NftFamily::Ip6 => Family::V6,
        other => return Err(format!("{} {name} of {}", kind.as_str(), other.as_str())),
    };
    let shown = Shown {
        kind,
        family,
        name: &name,
        revision: u8::try_from(revision).map_err(|_| format!("revision {revision}"))?,
        info: data.get(extension::INFO).map_or(&[], |info| info.value),
    };
    shown.expression(around.set_name)
}

fn known(name: &str, data: Attributes<'_>, unmodelled: &BTreeMap<String, String>) -> Decoded {
    match name {
        "payload" => payload(data),
        "meta" => meta(data),
        "ct" => ct(data),
        "fib" => fib(data),
        "cmp" => cmp(data),
        "bitwise" => bitwise(data),
        "lookup" => lookup(data, unmodelled),
        "immediate" => immediate(data),
        "queue" => queue(data),
        "nat" => nat(data),
        "masq" => masquerade(data),
        "redir" => redirect(data),
        "reject" => reject(data),
        "counter" => {
            only(data, &[counter::BYTES, counter::PACKETS, counter::PAD])?;
            Ok(Expression::Counter)
        }
        "notrack" => Ok(Expression::Notrack),
        "range" => range(data),
        "byteorder" => byteorder(data),
        "log" => log(data),
        "limit" => limit(data),
        "numgen" => numgen(data),
        _ => Err("not modelled".to_owned()),
    }
}

/// Refuses attributes other than these.
fn only(data: Attributes<'_>, known: &[u16]) -> Result<(), String> {
    let mut data = data;
    match data.find(|attribute| !known.contains(&attribute.kind)) {
        Some(other) => Err(format!("attribute {} is not modelled", other.kind)),
        None => Ok(()),
    }
}

fn needed(data: Attributes<'_>, kind: u16) -> Result<u32, String> {
    number(data, kind).ok_or_else(|| format!("attribute {kind} is missing"))
}

/// A number that names something of the model's.
fn named<T: Numbered>(data: Attributes<'_>, kind: u16, what: &str) -> Result<T, String> {
    let number = needed(data, kind)?;
    T::of(number).ok_or_else(|| format!("{what} {number}"))
}

fn register(data: Attributes<'_>, kind: u16) -> Result<Register, String> {
    let number = needed(data, kind)?;
    slot(number).ok_or_else(|| format!("register {number}"))
}

fn maybe_register(data: Attributes<'_>, kind: u16) -> Result<Option<Register>, String> {
    data.get(kind).map(|_| register(data, kind)).transpose()
}

fn constant(data: Attributes<'_>, kind: u16) -> Result<Vec<u8>, String> {
    data.nested(kind)
        .get(nfta::DATA_VALUE)
        .map(|value| value.value.to_vec())
        .ok_or_else(|| format!("attribute {kind} holds no value"))
}

fn payload(data: Attributes<'_>) -> Decoded {
    use payload::{BASE, CSUM_FLAGS, CSUM_OFFSET, CSUM_TYPE, DREG, LEN, OFFSET, SREG};
    let base: PayloadBase = named(data, BASE, "header")?;
    let (offset, len) = (needed(data, OFFSET)?, needed(data, LEN)?);
    if data.get(DREG).is_some() {
        only(data, &[DREG, BASE, OFFSET, LEN])?;
        return Ok(Expression::Payload { base, offset, len, to: register(data, DREG)? });
    }
    only(data, &[SREG, BASE, OFFSET, LEN, CSUM_TYPE, CSUM_OFFSET, CSUM_FLAGS])?;
    let or_zero = |kind| number(data, kind).unwrap_or(0);
    let checksum = Checksum {
        kind: or_zero(CSUM_TYPE),
        offset: or_zero(CSUM_OFFSET),
        flags: or_zero(CSUM_FLAGS),
    };
    if checksum != Checksum::for_write(base, offset, len) {
        return Err(format!("a write with checksums mended so: {checksum:?}"));
    }
    Ok(Expression::PayloadSet { base, offset, len, from: register(data, SREG)? })
}

fn meta(data: Attributes<'_>) -> Decoded {
    only(data, &[meta::DREG, meta::KEY, meta::SREG])?;
    let key: MetaKey = named(data, meta::KEY, "key")?;
    if data.get(meta::SREG).is_some() {
        Ok(Expression::MetaSet { key, from: register(data, meta::SREG)? })
    } else {
        Ok(Expression::Meta { key, to: register(data, meta::DREG)? })
    }
}

fn ct(data: Attributes<'_>) -> Decoded {
    only(data, &[ct::DREG, ct::KEY, ct::DIRECTION, ct::SREG])?;
    let key: CtKey = named(data, ct::KEY, "key")?;
    let direction = data
        .get(ct::DIRECTION)
        .and_then(|direction| direction.u8())
        .map(|number| CtDirection::of(number.into()).ok_or_else(|| format!("direction {number}")))
        .transpose()?;
    if data.get(ct::SREG).is_some() {
        return Ok(Expression::CtSet { key, direction, from: register(data, ct::SREG)? });
    }
    Ok(Expression::Ct { key, direction, to: register(data, ct::DREG)? })
}

fn fib(data: Attributes<'_>) -> Decoded {
    only(data, &[fib::DREG, fib::RESULT, fib::FLAGS])?;
    let result: FibResult = named(data, fib::RESULT, "result")?;
    let flags = needed(data, fib::FLAGS)?;
    if flags & !fib::ALL != 0 {
        return Err(format!("flags {flags:#x}"));
    }
    let has = |flag| flags & flag != 0;
    let by = FibBy {
        source: has(fib::SOURCE),
        destination: has(fib::DESTINATION),
        mark: has(fib::MARK),
        iif: has(fib::IIF),
        oif: has(fib::OIF),
        present: has(fib::PRESENT),
    };
    Ok(Expression::Fib { result, by, to: register(data, fib::DREG)? })
}

fn cmp(data: Attributes<'_>) -> Decoded {
    only(data, &[cmp::SREG, cmp::OP, cmp::DATA])?;
    let op: CmpOp = named(data, cmp::OP, "comparison")?;
    Ok(Expression::Cmp { op, from: register(data, cmp::SREG)?, value: constant(data, cmp::DATA)? })
}

fn bitwise(data: Attributes<'_>) -> Decoded {
    use bitwise::{DREG, LEN, MASK, OP, SREG, XOR};
    match number(data, OP) {
        None | Some(0) => {}
        Some(other) => return Err(format!("operation {other}")),
    }
    only(data, &[SREG, DREG, LEN, MASK, XOR, OP])?;
    Ok(Expression::Bitwise {
        from: register(data, SREG)?,
        to: register(data, DREG)?,
        mask: constant(data, MASK)?,
        xor: constant(data, XOR)?,
    })
}

fn lookup(data: Attributes<'_>, unmodelled: &BTreeMap<String, String>) -> Decoded {
    only(data, &[lookup::SET, lookup::SREG, lookup::DREG, lookup::FLAGS])?;
    let set = text(data, lookup::SET).ok_or("no set")?;
    if let Some(why) = unmodelled.get(&set) {
        return Err(format!("set {set}: {why}"));
    }
    let to = match number(data, lookup::DREG) {
        None | Some(REGISTER_VERDICT) => None,
        Some(_) => Some(register(data, lookup::DREG)?),
    };
    let inverted = match number(data, lookup::FLAGS).unwrap_or(0) {
        0 => false,
        lookup::INVERTED => true,
        other => return Err(format!("flags {other:#x}")),
    };
    Ok(Expression::Lookup { set, from: register(data, lookup::SREG)?, to, inverted })
}

fn immediate(data: Attributes<'_>) -> Decoded {
    only(data, &[immediate::DREG, immediate::DATA])?;
    if needed(data, immediate::DREG)? == REGISTER_VERDICT {
        return verdict(data.nested(immediate::DATA)).map(Expression::Verdict);
    }
    let to = register(data, immediate::DREG)?;
    Ok(Expression::Immediate { to, value: constant(data, immediate::DATA)? })
}

fn queue(data: Attributes<'_>) -> Decoded {
    only(data, &[queue::NUMBER, queue::TOTAL, queue::FLAGS])?;
    let short = |kind| data.get(kind).and_then(|value| value.be16());
    match (short(queue::NUMBER), short(queue::TOTAL), short(queue::FLAGS)) {
        (Some(queue), None | Some(1), None | Some(0)) => {
            Ok(Expression::Verdict(Verdict::Queue(queue)))
        }
        _ => Err("several queues, or flags".to_owned()),
    }
}

fn nat(data: Attributes<'_>) -> Decoded {
    use nat::{ADDRESS_MAX, ADDRESS_MIN, FAMILY, FLAGS, PORT_MAX, PORT_MIN, TYPE};
    only(data, &[TYPE, FAMILY, ADDRESS_MIN, ADDRESS_MAX, PORT_MIN, PORT_MAX, FLAGS])?;
    let family = needed(data, FAMILY)?;
    Ok(Expression::Nat {
        kind: named::<NatKind>(data, TYPE, "type")?,
        family: u8::try_from(family).map_err(|_| format!("family {family}"))?,
        address: maybe_register(data, ADDRESS_MIN)?,
        address_max: maybe_register(data, ADDRESS_MAX)?,
        port: maybe_register(data, PORT_MIN)?,
        port_max: maybe_register(data, PORT_MAX)?,
        flags: number(data, FLAGS).unwrap_or(0),
    })
}

fn masquerade(data: Attributes<'_>) -> Decoded {
    use masquerade::{FLAGS, PORT_MAX, PORT_MIN};
    only(data, &[FLAGS, PORT_MIN, PORT_MAX])?;
    Ok(Expression::Masquerade {
        flags: number(data, FLAGS).unwrap_or(0),
        port: maybe_register(data, PORT_MIN)?,
        port_max: maybe_register(data, PORT_MAX)?,
    })
}

fn redirect(data: Attributes<'_>) -> Decoded {
    use redirect::{FLAGS, PORT_MAX, PORT_MIN};
    only(data, &[FLAGS, PORT_MIN, PORT_MAX])?;
    Ok(Expression::Redirect {
        flags: number(data, FLAGS).unwrap_or(0),
        port: maybe_register(data, PORT_MIN)?,
        port_max: maybe_register(data, PORT_MAX)?,
    })
}

fn reject(data: Attributes<'_>) -> Decoded {
    only(data, &[reject::TYPE, reject::CODE])?;
    let kind = needed(data, reject::TYPE)?;
    let code = data.get(reject::CODE).and_then(|code| code.u8());
    // A TCP reset has no code; the kernel shows none for it and a code for the others.
    Ok(Expression::Reject { kind, code })
}

fn range(data: Attributes<'_>) -> Decoded {
    use range::{FROM_DATA, INSIDE, OP, OUTSIDE, SREG, TO_DATA};
    only(data, &[SREG, OP, FROM_DATA, TO_DATA])?;
    Ok(Expression::Range {
        from: register(data, SREG)?,
        low: constant(data, FROM_DATA)?,
        high: constant(data, TO_DATA)?,
        inverted: either(data, OP, [INSIDE, OUTSIDE], "comparison")?,
    })
}

fn byteorder(data: Attributes<'_>) -> Decoded {
    use byteorder::{DREG, LEN, OP, SIZE, SREG, TO_HOST, TO_NETWORK};
    only(data, &[SREG, DREG, OP, LEN, SIZE])?;
    Ok(Expression::ByteOrder {
        from: register(data, SREG)?,
        to: register(data, DREG)?,
        len: needed(data, LEN)?,
        size: needed(data, SIZE)?,
        to_network: either(data, OP, [TO_HOST, TO_NETWORK], "operation")?,
    })
}

/// How much of a packet is shown, and to how many at once, is left aside: it changes no packet's way.
fn log(data: Attributes<'_>) -> Decoded {
    use log::{FLAGS, GROUP, LEVEL, PREFIX, QTHRESHOLD, SNAPLEN};
    only(data, &[GROUP, PREFIX, SNAPLEN, QTHRESHOLD, LEVEL, FLAGS])?;
    Ok(Expression::Log {
        prefix: text(data, PREFIX).unwrap_or_default(),
        group: data.get(GROUP).and_then(|group| group.be16()),
        level: number(data, LEVEL),
        flags: number(data, FLAGS).unwrap_or(0),
    })
}

fn limit(data: Attributes<'_>) -> Decoded {
    use limit::{BURST, BYTES, FLAGS, INVERTED, PACKETS, PAD, RATE, TYPE, UNIT};
    only(data, &[RATE, UNIT, BURST, TYPE, FLAGS, PAD])?;
    let long = |kind| {
        let value = data.get(kind).and_then(|value| value.be64());
        value.ok_or_else(|| format!("attribute {kind} is missing"))
    };
    let inverted = match number(data, FLAGS).unwrap_or(0) {
        0 => false,
        INVERTED => true,
        other => return Err(format!("flags {other:#x}")),
    };
    Ok(Expression::Limit {
        rate: long(RATE)?,
        seconds: long(UNIT)?,
        burst: number(data, BURST).unwrap_or(0),
        bytes: either(data, TYPE, [PACKETS, BYTES], "kind")?,
        inverted,
    })
}

fn numgen(data: Attributes<'_>) -> Decoded {
    use numgen::{DREG, IN_TURN, MODULUS, OFFSET, RANDOM, TYPE};
    only(data, &[DREG, MODULUS, TYPE, OFFSET])?;
    Ok(Expression::NumberGenerator {
        random: either(data, TYPE, [IN_TURN, RANDOM], "kind")?,
        modulus: needed(data, MODULUS)?,
        offset: number(data, OFFSET).unwrap_or(0),
        to: register(data, DREG)?,
    })
}

/// Whether a number is the second of two.
fn either(data: Attributes<'_>, kind: u16, numbers: [u32; 2], what: &str) -> Result<bool, String> {
    let number = needed(data, kind)?;
    match numbers.iter().position(|known| *known == number) {
        Some(at) => Ok(at == 1),
        None => Err(format!("{what} {number}")),
    }
}
