//! From expressions that work on registers to statements: each register is followed from what
//! loads it to what uses it.

use super::elements;
use super::value::{Operation, Value};
use crate::host::nft::{
    CmpOp, CtDirection, CtKey, Expression, MetaKey, NatKind, NftTable, PayloadBase, Register, Rule,
    Set, SetValueType,
};

/// What one statement of a rule does.
#[derive(Clone, Debug)]
pub(super) enum Statement<'a, F> {
    Match(Match<'a>),
    VerdictMap {
        key: Value<'a>,
        set: &'a Set,
    },
    SetMeta {
        key: MetaKey,
        value: Value<'a>,
    },
    SetCt {
        key: CtKey,
        direction: Option<CtDirection>,
        value: Value<'a>,
    },
    SetPayload {
        place: Value<'a>,
        value: Value<'a>,
    },
    Translate(Translation<'a>),
    /// An expression that is a statement by itself.
    Alone(&'a Expression<F>),
}

#[derive(Clone, Debug)]
pub(super) struct Match<'a> {
    pub(super) left: Value<'a>,
    pub(super) op: CmpOp,
    pub(super) right: Right<'a>,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub(super) enum Right<'a> {
    Bytes(Vec<u8>),
    /// First and last.
    Range(Vec<u8>, Vec<u8>),
    Set(&'a Set),
    /// A set that the table does not hold.
    Missing(&'a str),
}

/// `snat`, `dnat`, `masquerade`, `redirect`.
#[derive(Clone, Debug)]
pub(super) struct Translation<'a> {
    pub(super) word: &'static str,
    /// Of the address, where the statement says it.
    pub(super) family: Option<u8>,
    pub(super) address: Option<Span<'a>>,
    pub(super) port: Option<Span<'a>>,
    pub(super) flags: u32,
}

/// A value, or a range of values.
#[derive(Clone, Debug)]
pub(super) struct Span<'a> {
    pub(super) first: Value<'a>,
    pub(super) last: Option<Value<'a>>,
}

/// What stands in the registers: where it begins, how many slots it takes, what it is.
struct Registers<'a>(Vec<(u16, u16, Value<'a>)>);

impl<'a> Registers<'a> {
    fn write(&mut self, to: Register, bytes: u32, value: Value<'a>) {
        let (to, slots) = (u16::from(to.0), slots(bytes).max(1));
        self.0.retain(|(at, long, _)| at + long <= to || to + slots <= *at);
        self.0.push((to, slots, value));
    }

    fn found(&self, at: u16) -> Option<&(u16, u16, Value<'a>)> {
        self.0.iter().find(|(start, _, _)| *start == at)
    }

    fn read(&self, from: Register) -> Value<'a> {
        self.found(from.0.into()).map_or(Value::Unknown, |(_, _, value)| value.clone())
    }

    /// The values that lie one after another in so many bytes.
    fn read_all(&self, from: Register, bytes: u32) -> Value<'a> {
        let mut at = u16::from(from.0);
        let end = at + slots(bytes);
        let mut values = Vec::new();
        while at < end {
            let Some((_, slots, value)) = self.found(at) else { return self.read(from) };
            values.push(value.clone());
            at += slots;
        }
        match values.len() {
            0 | 1 => self.read(from),
            _ => Value::Concatenation(values),
        }
    }

    fn span(&self, first: Option<Register>, last: Option<Register>) -> Option<Span<'a>> {
        let first = first?;
        // A map may give both ends.
        let last = last.filter(|last| *last != first && !self.is_inside(*last, first));
        let last = last.map(|last| self.read(last));
        Some(Span { first: self.read(first), last })
    }

    /// Whether the register is the inner part of what begins at the other.
    fn is_inside(&self, inner: Register, outer: Register) -> bool {
        let inner = u16::from(inner.0);
        let found = self.found(outer.0.into());
        found.is_some_and(|(at, slots, _)| inner > *at && inner < at + slots)
    }
}

/// Registers that so many bytes take; there are no more than sixteen.
fn slots(bytes: u32) -> u16 {
    bytes.div_ceil(4).min(16) as u16
}

/// A rule's statements.
pub(super) fn statements<'a, F>(
    table: &'a NftTable<F>,
    rule: &'a Rule<F>,
) -> Vec<Statement<'a, F>> {
    let mut flow = Flow { table, registers: Registers(Vec::new()), statements: Vec::new() };
    for expression in &rule.expressions {
        flow.take(expression);
    }
    flow.statements
}

struct Flow<'a, F> {
    table: &'a NftTable<F>,
    registers: Registers<'a>,
    statements: Vec<Statement<'a, F>>,
}

impl<'a, F> Flow<'a, F> {
    fn take(&mut self, expression: &'a Expression<F>) {
        use Expression as E;
        match expression {
            E::Payload { base, offset, len, to } => {
                self.registers.write(*to, *len, payload(*base, *offset, *len));
            }
            E::Meta { key, to } => self.load(*to, Value::Meta(*key)),
            E::Ct { key, direction, to } => {
                self.load(*to, Value::Ct { key: *key, direction: *direction });
            }
            E::Fib { result, by, to } => self.load(*to, Value::Fib { result: *result, by: *by }),
            E::NumberGenerator { random, modulus, offset, to } => {
                let value = Value::Number { random: *random, modulus: *modulus, offset: *offset };
                self.load(*to, value);
            }
            E::Immediate { to, value } => {
                self.registers.write(*to, value.len() as u32, Value::Constant(value.clone()));
            }
            E::Bitwise { from, to, mask, xor } => {
                let value = bitwise(self.registers.read(*from), mask, xor);
                self.registers.write(*to, mask.len() as u32, value);
            }
            E::ByteOrder { from, to, len, .. } => {
                let value = Value::Swapped(Box::new(self.registers.read(*from)));
                self.registers.write(*to, *len, value);
            }
            E::Cmp { op, from, value } => self.compare(*op, *from, value),
            E::Range { from, low, high, inverted } => {
                let right = Right::Range(low.clone(), high.clone());
                self.push_match(*from, *inverted, right);
            }
            E::Lookup { set, from, to, inverted } => self.look_up(set, *from, *to, *inverted),
            E::MetaSet { key, from } => {
                let value = self.registers.read(*from);
                self.statements.push(Statement::SetMeta { key: *key, value });
            }
            E::CtSet { key, direction, from } => {
                let value = self.registers.read(*from);
                let (key, direction) = (*key, *direction);
                self.statements.push(Statement::SetCt { key, direction, value });
            }
            E::PayloadSet { base, offset, len, from } => {
                let place = payload(*base, *offset, *len);
                let value = self.registers.read(*from);
                self.statements.push(Statement::SetPayload { place, value });
            }
            E::Nat { .. } | E::Masquerade { .. } | E::Redirect { .. } => self.translate(expression),
            E::Foreign(_) => {
                // It may have written to any register.
                self.registers.0.clear();
                self.statements.push(Statement::Alone(expression));
            }
            E::Verdict(_)
            | E::Counter
            | E::Reject { .. }
            | E::Notrack
            | E::Log { .. }
            | E::Limit { .. }
            | E::Extension { .. } => self.statements.push(Statement::Alone(expression)),
        }
    }

    fn load(&mut self, to: Register, value: Value<'a>) {
        let bytes = value.kind().len / 8;
        self.registers.write(to, bytes, value);
    }

    fn push_match(&mut self, from: Register, inverted: bool, right: Right<'a>) {
        let op = if inverted { CmpOp::NotEqual } else { CmpOp::Equal };
        let left = self.registers.read(from);
        self.statements.push(Statement::Match(Match { left, op, right }));
    }

    fn compare(&mut self, op: CmpOp, from: Register, value: &[u8]) {
        let left = self.registers.read(from);
        // A range may come as two comparisons of one value.
        if let Some(Statement::Match(before)) = self.statements.last_mut()
            && let Right::Bytes(low) = &before.right
            && before.left == left
        {
            let merged = match (before.op, op) {
                (CmpOp::GreaterOrEqual, CmpOp::LessOrEqual) => Some(CmpOp::Equal),
                (CmpOp::Less, CmpOp::Greater) => Some(CmpOp::NotEqual),
                _ => None,
            };
            if let Some(op) = merged {
                let right = Right::Range(low.clone(), value.to_vec());
                *before = Match { left, op, right };
                return;
            }
        }
        let right = Right::Bytes(value.to_vec());
        self.statements.push(Statement::Match(Match { left, op, right }));
    }

    fn look_up(&mut self, set: &'a str, from: Register, to: Option<Register>, inverted: bool) {
        let Some(set) = self.table.sets.get(&set.to_owned()) else {
            return self.push_match(from, inverted, Right::Missing(set));
        };
        let padded = |fields: &[crate::host::nft::DataType]| {
            fields
                .iter()
                .fold(0_u32, |sum, field| sum.saturating_add(elements::padded(field.len())))
        };
        let key = self.registers.read_all(from, padded(&set.key));
        match (&set.value, to) {
            (Some(SetValueType::Verdict), _) => {
                self.statements.push(Statement::VerdictMap { key, set });
            }
            (Some(SetValueType::Data(fields)), Some(to)) => {
                let value = Value::Map { key: Box::new(key), set };
                self.registers.write(to, padded(fields), value);
            }
            _ => {
                let op = if inverted { CmpOp::NotEqual } else { CmpOp::Equal };
                let right = Right::Set(set);
                self.statements.push(Statement::Match(Match { left: key, op, right }));
            }
        }
    }

    fn translate(&mut self, expression: &'a Expression<F>) {
        let registers = &self.registers;
        let translation = match expression {
            Expression::Nat { kind, family, address, address_max, port, port_max, flags } => {
                let word = match kind {
                    NatKind::Source => "snat",
                    NatKind::Destination => "dnat",
                };
                // One map may give both, address and port.
                let port = port.filter(|port| {
                    address.is_none_or(|address| !registers.is_inside(*port, address))
                });
                Translation {
                    word,
                    family: Some(*family),
                    address: registers.span(*address, *address_max),
                    port: registers.span(port, *port_max),
                    flags: *flags,
                }
            }
            Expression::Masquerade { flags, port, port_max } => Translation {
                word: "masquerade",
                family: None,
                address: None,
                port: registers.span(*port, *port_max),
                flags: *flags,
            },
            Expression::Redirect { flags, port, port_max } => Translation {
                word: "redirect",
                family: None,
                address: None,
                port: registers.span(*port, *port_max),
                flags: *flags,
            },
            _ => return,
        };
        self.statements.push(Statement::Translate(translation));
    }
}

fn payload<'a>(base: PayloadBase, offset: u32, len: u32) -> Value<'a> {
    Value::Payload { base, offset: offset.saturating_mul(8), len: len.saturating_mul(8) }
}

/// `value & mask ^ xor` as people write it: bits that are only set are "or".
fn bitwise<'a>(value: Value<'a>, mask: &[u8], xor: &[u8]) -> Value<'a> {
    let pairs = || mask.iter().zip(xor);
    let kept: Vec<u8> = pairs().map(|(mask, xor)| mask | xor).collect();
    let turned: Vec<u8> = pairs().map(|(mask, xor)| xor & mask).collect();
    let set: Vec<u8> = pairs().map(|(mask, xor)| xor & !mask).collect();
    let mut value = value;
    let mut add = |operation, right: Vec<u8>, needed: bool| {
        if needed {
            let left = Box::new(std::mem::replace(&mut value, Value::Unknown));
            value = Value::Binary { left, operation, right };
        }
    };
    let needed = kept.iter().any(|byte| *byte != 0xff);
    add(Operation::And, kept, needed);
    let needed = turned.iter().any(|byte| *byte != 0);
    add(Operation::Xor, turned, needed);
    let needed = set.iter().any(|byte| *byte != 0);
    add(Operation::Or, set, needed);
    value
}
