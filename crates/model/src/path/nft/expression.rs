//! One rule: its expressions in order, until one breaks or decides (`nft_*.c`, each by its name).

use super::register::{Registers, Value};
use super::{Scene, ct, fib, meta, nat, said, set, xt};
use crate::host::Unknown;
use crate::host::nft::xt::{Extension, Target};
use crate::host::nft::{
    Chain, CmpOp, CtKey, Expression, MetaKey, PayloadBase, Register, Rule, SetValue, Verdict,
};
use crate::path::buffer::Tracking;
use crate::path::image::{Image, Read};
use crate::path::machine::{Halt, unknown};

/// What a rule made of the packet.
pub(super) enum Outcome {
    /// It does not match.
    Breaks,
    /// It matches and decides nothing.
    Through,
    Verdict(Verdict),
    /// An address was bound, which ends the chain.
    Bound,
    /// `reject`.
    Refused,
}

/// What one expression did.
pub(super) enum Effect {
    Goes,
    Breaks,
    /// It cannot be told whether it breaks.
    Doubtful(String),
    Decides(Outcome),
}

/// Walks one rule. `changed` is set when it left something behind.
pub(super) fn rule(
    scene: &mut Scene<'_, '_>,
    chain: &Chain<Unknown>,
    rule: &Rule<Unknown>,
    changed: &mut bool,
) -> Result<Outcome, Halt> {
    let mut registers = Registers::new();
    let mut doubt: Option<String> = None;
    let table = scene.table;
    let stop = |why: &str| unknown(format!("{} depends on {why}", said(table, chain, rule)));
    for expression in &rule.expressions {
        if let Some(why) = &doubt
            && acts(expression)
        {
            return stop(why);
        }
        match evaluate(scene, expression, &mut registers, changed) {
            Ok(Effect::Goes) => {}
            Ok(Effect::Breaks) => return Ok(Outcome::Breaks),
            Ok(Effect::Doubtful(why)) => {
                doubt.get_or_insert(why);
            }
            Ok(Effect::Decides(outcome)) => return Ok(outcome),
            Err(Halt::Unknown(why)) => return stop(&why),
            Err(other) => return Err(other),
        }
    }
    Ok(Outcome::Through)
}

/// Whether the expression does something that outlasts the rule.
fn acts(expression: &Expression<Unknown>) -> bool {
    match expression {
        Expression::Payload { .. } | Expression::Meta { .. } | Expression::Ct { .. } => false,
        Expression::Fib { .. } | Expression::Cmp { .. } | Expression::Bitwise { .. } => false,
        Expression::Immediate { .. } | Expression::Counter | Expression::Log { .. } => false,
        Expression::Range { .. } | Expression::ByteOrder { .. } => false,
        Expression::Limit { .. } | Expression::NumberGenerator { .. } => false,
        Expression::CtSet { .. } => true,
        Expression::Extension { is: Extension::Match(_), .. } => false,
        Expression::Extension { is: Extension::Target(Target::Aside { .. }), .. } => false,
        Expression::Extension { is: Extension::Target(_), .. } => true,
        // A verdict map decides by itself.
        Expression::Lookup { to, .. } => to.is_none(),
        Expression::PayloadSet { .. } | Expression::MetaSet { .. } => true,
        Expression::Verdict(verdict) => *verdict != Verdict::Continue,
        Expression::Nat { .. } | Expression::Masquerade { .. } => true,
        Expression::Redirect { .. } | Expression::Reject { .. } | Expression::Notrack => true,
        Expression::Foreign(_) => true,
    }
}

fn evaluate(
    scene: &mut Scene<'_, '_>,
    expression: &Expression<Unknown>,
    registers: &mut Registers,
    changed: &mut bool,
) -> Result<Effect, Halt> {
    match expression {
        Expression::Payload { base, offset, len, to } => {
            payload(scene, *base, *offset, *len, *to, registers)
        }
        Expression::PayloadSet { .. } => unknown("what it writes into the packet"),
        Expression::Meta { key, to } => loaded(registers, *to, meta::load(scene, *key)?),
        Expression::MetaSet { key, from } => meta_set(scene, *key, *from, registers, changed),
        Expression::Ct { key, direction, to } => {
            loaded(registers, *to, ct::load(scene, *key, *direction)?)
        }
        Expression::Fib { result, by, to } => {
            loaded(registers, *to, fib::load(scene, *result, *by)?)
        }
        Expression::Cmp { op, from, value } => {
            match in_range(registers.load(*from, value.len()))? {
                Ok(is) if holds(*op, &is, value) => Ok(Effect::Goes),
                Ok(_) => Ok(Effect::Breaks),
                Err(partly) if !partly.could_be(value) && *op == CmpOp::Equal => Ok(Effect::Breaks),
                Err(partly) if !partly.could_be(value) && *op == CmpOp::NotEqual => {
                    Ok(Effect::Goes)
                }
                Err(partly) => Ok(Effect::Doubtful(partly.why.to_owned())),
            }
        }
        Expression::Bitwise { from, to, mask, xor } => {
            let value = in_range(registers.load(*from, mask.len()))?.map(|value| {
                let xor = xor.iter().copied().chain(std::iter::repeat(0));
                value.iter().zip(mask).zip(xor).map(|((v, m), x)| v & m ^ x).collect()
            });
            let loaded_as = match value {
                Ok(value) => Loaded::Value(value),
                Err(partly) => Loaded::Unknown(mask.len(), partly.why),
            };
            loaded(registers, *to, loaded_as)
        }
        Expression::Lookup { set, from, to, inverted } => {
            lookup(scene, set, *from, *to, *inverted, registers)
        }
        Expression::Immediate { to, value } => loaded(registers, *to, Loaded::Value(value.clone())),
        Expression::Verdict(verdict) => Ok(decides(verdict.clone())),
        Expression::Counter => Ok(Effect::Goes),
        Expression::Nat { .. } | Expression::Masquerade { .. } | Expression::Redirect { .. } => {
            let wish = nat::wish(scene, expression, registers)?;
            nat::bind(scene, wish)
        }
        Expression::Reject { .. } => Ok(Effect::Decides(Outcome::Refused)),
        Expression::Notrack => {
            if scene.state.tracking == Tracking::NotYet {
                scene.state.tracking = Tracking::Untracked;
                *changed = true;
            }
            Ok(Effect::Goes)
        }
        Expression::Range { from, low, high, inverted } => {
            match in_range(registers.load(*from, low.len()))? {
                Ok(is) if (*low <= is && is <= *high) != *inverted => Ok(Effect::Goes),
                Ok(_) => Ok(Effect::Breaks),
                Err(partly) => Ok(Effect::Doubtful(partly.why.to_owned())),
            }
        }
        Expression::ByteOrder { from, to, len, size, .. } => {
            let value = match in_range(registers.load(*from, *len as usize))? {
                Ok(value) => Loaded::Value(turned(value, *size as usize)),
                Err(partly) => Loaded::Unknown(*len as usize, partly.why),
            };
            loaded(registers, *to, value)
        }
        Expression::Log { .. } => Ok(Effect::Goes),
        Expression::Limit { .. } => {
            Ok(Effect::Doubtful("how many packets came before (limit)".to_owned()))
        }
        Expression::CtSet { key, from, .. } => ct_set(scene, *key, *from, registers, changed),
        Expression::NumberGenerator { modulus: 1, offset, to, .. } => {
            loaded(registers, *to, Loaded::Value(offset.to_ne_bytes().to_vec()))
        }
        Expression::NumberGenerator { random, to, .. } => {
            let why = if *random { "chance (numgen)" } else { "whose turn it is (numgen)" };
            loaded(registers, *to, Loaded::Unknown(4, why))
        }
        Expression::Extension { is: Extension::Match(asked), .. } => xt::matches(scene, asked),
        Expression::Extension { is: Extension::Target(target), .. } => {
            xt::target(scene, target, changed)
        }
        Expression::Foreign(foreign) => unknown(format!("what is not modelled: {}", foreign.why)),
    }
}

fn decides(verdict: Verdict) -> Effect {
    match verdict {
        Verdict::Continue => Effect::Goes,
        verdict => Effect::Decides(Outcome::Verdict(verdict)),
    }
}

/// What an expression that loads a register found.
pub(super) enum Loaded {
    Value(Vec<u8>),
    /// So many bytes that are not known, and why.
    Unknown(usize, &'static str),
    /// There is nothing to load, and the rule breaks.
    Nothing,
}

fn loaded(registers: &mut Registers, to: Register, value: Loaded) -> Result<Effect, Halt> {
    let stored = match value {
        Loaded::Value(value) => registers.store(to, &value),
        Loaded::Unknown(length, why) => registers.doubt(to, length, why),
        Loaded::Nothing => return Ok(Effect::Breaks),
    };
    in_range(stored)?;
    Ok(Effect::Goes)
}

pub(super) fn in_range<T>(value: Option<T>) -> Result<T, Halt> {
    value.ok_or_else(|| Halt::Unknown("a register beyond the last".to_owned()))
}

fn holds(op: CmpOp, is: &[u8], value: &[u8]) -> bool {
    match op {
        CmpOp::Equal => is == value,
        CmpOp::NotEqual => is != value,
        CmpOp::Less => is < value,
        CmpOp::LessOrEqual => is <= value,
        CmpOp::Greater => is > value,
        CmpOp::GreaterOrEqual => is >= value,
    }
}

fn payload(
    scene: &Scene<'_, '_>,
    base: PayloadBase,
    offset: u32,
    len: u32,
    to: Register,
    registers: &mut Registers,
) -> Result<Effect, Halt> {
    let image = Image::of(&scene.state.packet);
    let read = match base {
        PayloadBase::Link => image.link(offset, len),
        PayloadBase::Network => image.network(offset, len),
        PayloadBase::Transport => image.transport(offset, len),
        PayloadBase::Inner => return unknown("the packet within the packet"),
    };
    let value = match read {
        Read::Bytes(bytes) => Loaded::Value(bytes),
        Read::Unknown(what) => Loaded::Unknown(len as usize, what),
        Read::Beyond => Loaded::Nothing,
    };
    loaded(registers, to, value)
}

fn meta_set(
    scene: &mut Scene<'_, '_>,
    key: MetaKey,
    from: Register,
    registers: &Registers,
    changed: &mut bool,
) -> Result<Effect, Halt> {
    match key {
        MetaKey::Mark => match in_range(registers.load(from, 4))?.map(<[u8; 4]>::try_from) {
            Ok(Ok(mark)) => {
                scene.state.mark = u32::from_ne_bytes(mark);
                *changed = true;
                Ok(Effect::Goes)
            }
            Ok(Err(_)) => unknown("a mark that is no number"),
            Err(partly) => unknown(partly.why),
        },
        // Seen by queues and by people who trace.
        MetaKey::Priority | MetaKey::NfTrace => Ok(Effect::Goes),
        other => unknown(format!("what it sets: {other:?}")),
    }
}

/// Numbers of the host's order in the network's, or the other way; one that is little-endian turns
/// each round, and one that is not leaves them.
fn turned(mut value: Vec<u8>, size: usize) -> Vec<u8> {
    if cfg!(target_endian = "little") {
        value.chunks_mut(size.max(1)).for_each(<[u8]>::reverse);
    }
    value
}

fn ct_set(
    scene: &mut Scene<'_, '_>,
    key: CtKey,
    from: Register,
    registers: &Registers,
    changed: &mut bool,
) -> Result<Effect, Halt> {
    if key != CtKey::Mark {
        return unknown(format!("what it sets of the connection: {key:?}"));
    }
    let Tracking::Connection { index, .. } = scene.state.tracking else { return Ok(Effect::Goes) };
    match in_range(registers.load(from, 4))?.map(<[u8; 4]>::try_from) {
        Ok(Ok(mark)) => {
            scene.state.connections[index].mark = u32::from_ne_bytes(mark);
            *changed = true;
            Ok(Effect::Goes)
        }
        Ok(Err(_)) => unknown("a mark that is no number"),
        Err(partly) => unknown(partly.why),
    }
}

fn lookup(
    scene: &Scene<'_, '_>,
    name: &str,
    from: Register,
    to: Option<Register>,
    inverted: bool,
    registers: &mut Registers,
) -> Result<Effect, Halt> {
    let Some(set) = scene.table.sets.get(&name.to_owned()) else {
        return unknown(format!("set {name}, which was not read"));
    };
    let key: Value = in_range(registers.load(from, set::key_length(set)))?;
    let key = match key {
        Ok(key) => key,
        Err(partly) if !set::may_hold(set, &partly) => {
            return Ok(if inverted { Effect::Goes } else { Effect::Breaks });
        }
        Err(partly) if set::decides(set) => return unknown(partly.why),
        Err(partly) => {
            if let Some(to) = to {
                in_range(registers.doubt(to, set::value_length(set), partly.why))?;
            }
            return Ok(Effect::Doubtful(partly.why.to_owned()));
        }
    };
    match (set::find(set, &key), inverted) {
        (None, false) | (Some(_), true) => Ok(Effect::Breaks),
        (None, true) => Ok(Effect::Goes),
        (Some(element), false) => match (&element.value, to) {
            (Some(SetValue::Verdict(verdict)), None) => Ok(decides(verdict.clone())),
            (Some(SetValue::Data(data)), Some(to)) => {
                loaded(registers, to, Loaded::Value(data.clone()))
            }
            (_, None) => Ok(Effect::Goes),
            (_, Some(_)) => unknown(format!("map {name}, whose element has no value")),
        },
    }
}
