//! Expressions as attributes: a name, and data of its own kind.

use crate::netlink::Writer;
use crate::nft::expression_attributes::{
    Checksum, bitwise, byteorder, cmp, ct, fib, immediate, limit, log, lookup, masquerade, meta,
    nat, numgen, payload, queue, range, redirect, reject,
};
use crate::nft::numbers::{
    Numbered, REGISTER_VERDICT, attribute as nfta, register_number, verdict,
};
use model::host::Never;
use model::host::nft::{CtDirection, Expression, FibBy, Register, Verdict};

pub(super) fn encode(
    body: &mut Writer,
    expression: &Expression<Never>,
    gives_verdicts: &dyn Fn(&str) -> bool,
) {
    body.text(nfta::EXPR_NAME, name(expression));
    body.nest(nfta::EXPR_DATA, |body| data(body, expression, gives_verdicts));
}

fn name(expression: &Expression<Never>) -> &'static str {
    match expression {
        Expression::Payload { .. } | Expression::PayloadSet { .. } => "payload",
        Expression::Meta { .. } | Expression::MetaSet { .. } => "meta",
        Expression::Ct { .. } | Expression::CtSet { .. } => "ct",
        Expression::Fib { .. } => "fib",
        Expression::Cmp { .. } => "cmp",
        Expression::Bitwise { .. } => "bitwise",
        Expression::Lookup { .. } => "lookup",
        Expression::Verdict(Verdict::Queue(_)) => "queue",
        Expression::Immediate { .. } | Expression::Verdict(_) => "immediate",
        Expression::Counter => "counter",
        Expression::Nat { .. } => "nat",
        Expression::Masquerade { .. } => "masq",
        Expression::Redirect { .. } => "redir",
        Expression::Reject { .. } => "reject",
        Expression::Notrack => "notrack",
        Expression::Range { .. } => "range",
        Expression::ByteOrder { .. } => "byteorder",
        Expression::Log { .. } => "log",
        Expression::Limit { .. } => "limit",
        Expression::NumberGenerator { .. } => "numgen",
        Expression::Extension { raw: never, .. } | Expression::Foreign(never) => match *never {},
    }
}

fn data(body: &mut Writer, expression: &Expression<Never>, gives_verdicts: &dyn Fn(&str) -> bool) {
    match expression {
        Expression::Payload { base, offset, len, to } => {
            register(body, payload::DREG, *to);
            body.be32(payload::BASE, base.number());
            body.be32(payload::OFFSET, *offset);
            body.be32(payload::LEN, *len);
        }
        Expression::PayloadSet { base, offset, len, from } => {
            register(body, payload::SREG, *from);
            body.be32(payload::BASE, base.number());
            body.be32(payload::OFFSET, *offset);
            body.be32(payload::LEN, *len);
            let checksum = Checksum::for_write(*base, *offset, *len);
            body.be32(payload::CSUM_TYPE, checksum.kind);
            body.be32(payload::CSUM_OFFSET, checksum.offset);
            body.be32(payload::CSUM_FLAGS, checksum.flags);
        }
        Expression::Meta { key, to } => {
            body.be32(meta::KEY, key.number());
            register(body, meta::DREG, *to);
        }
        Expression::MetaSet { key, from } => {
            body.be32(meta::KEY, key.number());
            register(body, meta::SREG, *from);
        }
        Expression::Ct { key, direction, to } => {
            body.be32(ct::KEY, key.number());
            register(body, ct::DREG, *to);
            self::direction(body, *direction);
        }
        Expression::CtSet { key, direction, from } => {
            body.be32(ct::KEY, key.number());
            register(body, ct::SREG, *from);
            self::direction(body, *direction);
        }
        Expression::Fib { result, by, to } => {
            register(body, fib::DREG, *to);
            body.be32(fib::RESULT, result.number());
            body.be32(fib::FLAGS, fib_flags(*by));
        }
        Expression::Cmp { op, from, value } => {
            register(body, cmp::SREG, *from);
            body.be32(cmp::OP, op.number());
            self::value(body, cmp::DATA, value);
        }
        Expression::Bitwise { from, to, mask, xor } => {
            register(body, bitwise::SREG, *from);
            register(body, bitwise::DREG, *to);
            body.be32(bitwise::LEN, u32::try_from(mask.len()).unwrap_or(u32::MAX));
            body.be32(bitwise::OP, 0);
            value(body, bitwise::MASK, mask);
            value(body, bitwise::XOR, xor);
        }
        Expression::Lookup { set, from, to, inverted } => {
            body.text(lookup::SET, set);
            register(body, lookup::SREG, *from);
            match to {
                Some(to) => register(body, lookup::DREG, *to),
                None if gives_verdicts(set) => body.be32(lookup::DREG, REGISTER_VERDICT),
                None => {}
            }
            if *inverted {
                body.be32(lookup::FLAGS, lookup::INVERTED);
            }
        }
        Expression::Immediate { to, value } => {
            register(body, immediate::DREG, *to);
            self::value(body, immediate::DATA, value);
        }
        Expression::Verdict(Verdict::Queue(number)) => {
            body.be16(queue::NUMBER, *number);
            body.be16(queue::TOTAL, 1);
        }
        Expression::Verdict(verdict) => {
            body.be32(immediate::DREG, REGISTER_VERDICT);
            body.nest(immediate::DATA, |body| self::verdict(body, verdict));
        }
        Expression::Nat { kind, family, address, address_max, port, port_max, flags } => {
            body.be32(nat::TYPE, kind.number());
            body.be32(nat::FAMILY, u32::from(*family));
            registers(
                body,
                [
                    (nat::ADDRESS_MIN, *address),
                    (nat::ADDRESS_MAX, *address_max),
                    (nat::PORT_MIN, *port),
                    (nat::PORT_MAX, *port_max),
                ],
            );
            self::flags(body, nat::FLAGS, *flags);
        }
        Expression::Masquerade { flags, port, port_max } => {
            self::flags(body, masquerade::FLAGS, *flags);
            registers(body, [(masquerade::PORT_MIN, *port), (masquerade::PORT_MAX, *port_max)]);
        }
        Expression::Redirect { flags, port, port_max } => {
            registers(body, [(redirect::PORT_MIN, *port), (redirect::PORT_MAX, *port_max)]);
            self::flags(body, redirect::FLAGS, *flags);
        }
        Expression::Reject { kind, code } => {
            body.be32(reject::TYPE, *kind);
            if let Some(code) = code {
                body.u8(reject::CODE, *code);
            }
        }
        Expression::Counter | Expression::Notrack => {}
        Expression::Range { from, low, high, inverted } => {
            register(body, range::SREG, *from);
            body.be32(range::OP, if *inverted { range::OUTSIDE } else { range::INSIDE });
            value(body, range::FROM_DATA, low);
            value(body, range::TO_DATA, high);
        }
        Expression::ByteOrder { from, to, len, size, to_network } => {
            use byteorder::{TO_HOST, TO_NETWORK};
            register(body, byteorder::SREG, *from);
            register(body, byteorder::DREG, *to);
            body.be32(byteorder::OP, if *to_network { TO_NETWORK } else { TO_HOST });
            body.be32(byteorder::LEN, *len);
            body.be32(byteorder::SIZE, *size);
        }
        Expression::Log { prefix, group, level, flags } => {
            if !prefix.is_empty() {
                body.text(log::PREFIX, prefix);
            }
            if let Some(group) = group {
                body.be16(log::GROUP, *group);
            }
            if let Some(level) = level {
                body.be32(log::LEVEL, *level);
            }
            self::flags(body, log::FLAGS, *flags);
        }
        Expression::Limit { rate, seconds, burst, bytes, inverted } => {
            body.be64(limit::RATE, *rate);
            body.be64(limit::UNIT, *seconds);
            body.be32(limit::BURST, *burst);
            body.be32(limit::TYPE, if *bytes { limit::BYTES } else { limit::PACKETS });
            flags(body, limit::FLAGS, if *inverted { limit::INVERTED } else { 0 });
        }
        Expression::NumberGenerator { random, modulus, offset, to } => {
            register(body, numgen::DREG, *to);
            body.be32(numgen::MODULUS, *modulus);
            body.be32(numgen::TYPE, if *random { numgen::RANDOM } else { numgen::IN_TURN });
            body.be32(numgen::OFFSET, *offset);
        }
        Expression::Extension { raw: never, .. } | Expression::Foreign(never) => match *never {},
    }
}

fn direction(body: &mut Writer, direction: Option<CtDirection>) {
    if let Some(direction) = direction {
        body.u8(ct::DIRECTION, direction.number() as u8);
    }
}

fn register(body: &mut Writer, kind: u16, register: Register) {
    body.be32(kind, register_number(register));
}

fn registers<const N: usize>(body: &mut Writer, registers: [(u16, Option<Register>); N]) {
    for (kind, register) in registers {
        if let Some(register) = register {
            self::register(body, kind, register);
        }
    }
}

fn flags(body: &mut Writer, kind: u16, flags: u32) {
    if flags != 0 {
        body.be32(kind, flags);
    }
}

fn fib_flags(by: FibBy) -> u32 {
    [
        (by.source, fib::SOURCE),
        (by.destination, fib::DESTINATION),
        (by.mark, fib::MARK),
        (by.iif, fib::IIF),
        (by.oif, fib::OIF),
        (by.present, fib::PRESENT),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .fold(0, |flags, (_, flag)| flags | flag)
}

/// A constant (`NFTA_DATA_VALUE`).
pub(super) fn value(body: &mut Writer, kind: u16, value: &[u8]) {
    body.nest(kind, |body| body.bytes(nfta::DATA_VALUE, value));
}

/// A decision (`NFTA_DATA_VERDICT`); to be put into a nest for data.
pub(super) fn verdict(body: &mut Writer, verdict: &Verdict) {
    let (code, chain) = match verdict {
        Verdict::Accept => (verdict::ACCEPT, None),
        Verdict::Drop => (verdict::DROP, None),
        Verdict::Queue(number) => (verdict::QUEUE | i32::from(*number) << 16, None),
        Verdict::Continue => (verdict::CONTINUE, None),
        Verdict::Return => (verdict::RETURN, None),
        Verdict::Jump(chain) => (verdict::JUMP, Some(chain)),
        Verdict::Goto(chain) => (verdict::GOTO, Some(chain)),
    };
    body.nest(nfta::DATA_VERDICT, |body| {
        body.be32(nfta::VERDICT_CODE, code.cast_unsigned());
        if let Some(chain) = chain {
            body.text(nfta::VERDICT_CHAIN, chain);
        }
    });
}
