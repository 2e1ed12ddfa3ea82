//! A rule's statements in words, one after another, with what is known of the packet so far.

use super::Shown;
use super::context::Context;
use super::elements;
use super::flow::{Span, Statement, Translation};
use super::header::Protocol;
use super::kind::Kind;
use super::value::{Operation, Type, Value, ct_type, ct_word, meta_type, meta_word};
use super::{alone, matching};
use crate::host::nft::{
    CtDirection, CtKey, FibBy, FibResult, NftFamily, PayloadBase, Set, SetValueType,
};

pub(super) struct Printer {
    pub(super) family: NftFamily,
    pub(super) context: Context,
    /// The statements printed so far; those that turned out to be implied are among them.
    pub(super) lines: Vec<String>,
}

impl Printer {
    pub(super) fn new(family: NftFamily) -> Self {
        Self { family, context: Context::new(family), lines: Vec::new() }
    }

    /// The statements less those that the others imply.
    pub(super) fn finish(self) -> Vec<String> {
        let needless = self.context.needless;
        let lines = self.lines.into_iter().enumerate();
        lines.filter(|(at, _)| !needless.contains(at)).map(|(_, line)| line).collect()
    }

    pub(super) fn take<F: Shown>(&mut self, statement: &Statement<'_, F>) {
        let is_check = matches!(statement, Statement::Match(_) | Statement::VerdictMap { .. });
        match statement {
            Statement::Match(check) => matching::take(self, check),
            Statement::VerdictMap { key, set } => {
                let key = matching::key(self, key, set);
                self.lines.push(format!("{} vmap {}", key.shown, key.set));
            }
            Statement::SetMeta { key, value } => {
                let value = self.assigned(value, meta_type(*key));
                let word = meta_word(*key);
                self.lines.push(format!("{word} set {value}"));
            }
            Statement::SetCt { key, direction, value } => {
                let value = self.assigned(value, ct_type(*key));
                self.lines.push(format!("{} set {value}", ct(*key, *direction)));
            }
            Statement::SetPayload { place, value } => {
                let line = matching::write(self, place, value);
                self.lines.push(line);
            }
            Statement::Translate(translation) => self.translate(translation),
            Statement::Alone(expression) => alone::take(self, expression),
        }
        if !is_check {
            self.context.forget_checks();
        }
    }

    /// The value with the fields that its bits are known to be, which are now read.
    pub(super) fn resolve<'a>(&mut self, value: &Value<'a>) -> Value<'a> {
        match value {
            Value::Payload { base, offset, len } => {
                let known = self.context.field(*base, *offset, *len);
                let Some(field) = known.or_else(|| ports(*base, *offset, *len)) else {
                    return value.clone();
                };
                self.context.read(&field);
                field
            }
            Value::Swapped(of) => Value::Swapped(Box::new(self.resolve(of))),
            Value::Binary { left, operation, right } => Value::Binary {
                left: Box::new(self.resolve(left)),
                operation: *operation,
                right: right.clone(),
            },
            Value::Concatenation(values) => {
                Value::Concatenation(values.iter().map(|value| self.part(value)).collect())
            }
            known => known.clone(),
        }
    }

    /// A part of a concatenation: a field that a mask cuts out of bytes is that field.
    fn part<'a>(&mut self, value: &Value<'a>) -> Value<'a> {
        match matching::cut_out(&self.context, value) {
            Some((field, 0)) => {
                self.context.read(&field);
                field
            }
            _ => self.resolve(value),
        }
    }

    /// A value that something is set to.
    fn assigned(&mut self, value: &Value<'_>, to: Type) -> String {
        match value {
            Value::Map { key, set } => self.map(key, set),
            value => {
                let value = self.resolve(value);
                show_as(&value, to)
            }
        }
    }

    fn map(&mut self, key: &Value<'_>, set: &Set) -> String {
        let key = matching::key(self, key, set);
        format!("{} map {}", key.shown, key.set)
    }

    fn translate(&mut self, translation: &Translation<'_>) {
        let Translation { word, family, address, port, flags } = translation;
        let mut line = (*word).to_owned();
        let is_ip6 = *family == Some(10);
        if address.is_some() || port.is_some() {
            // One map that gives address and port is told apart by the family.
            let is_joined = address.as_ref().is_some_and(|span| gives_several(&span.first));
            match family {
                Some(2) if self.family == NftFamily::Inet || is_joined => line += " ip",
                Some(10) if self.family == NftFamily::Inet || is_joined => line += " ip6",
                _ => {}
            }
            line += if flags & PREFIX != 0 { " prefix to" } else { " to" };
        }
        let kind = if is_ip6 { Kind::Ipv6 } else { Kind::Ipv4 };
        if let Some(span) = address {
            let brackets = port.is_some() && is_ip6;
            line += &format!(" {}", self.span(span, Type::of_kind(kind), brackets));
        }
        if let Some(span) = port {
            self.context.forget_checks();
            let colon = if address.is_some() { ":" } else { " :" };
            line += colon;
            line += &self.span(span, Type::of_kind(Kind::Port), false);
        }
        let flags: Vec<_> =
            FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| *word).collect();
        if !flags.is_empty() {
            line += &format!(" {}", flags.join(","));
        }
        self.lines.push(line);
    }

    fn span(&mut self, span: &Span<'_>, of: Type, brackets: bool) -> String {
        if let (Value::Constant(first), Some(Value::Constant(last))) = (&span.first, &span.last)
            && !brackets
        {
            let bits = first.len() as u32 * 8;
            return elements::range(of.kind, of.number(first), of.number(last), bits);
        }
        let mut show = |value: &Value<'_>| {
            let shown = self.assigned(value, of);
            match value {
                Value::Constant(_) if brackets => format!("[{shown}]"),
                _ => shown,
            }
        };
        let first = show(&span.first);
        match &span.last {
            Some(last) => format!("{first}-{}", show(last)),
            None => first,
        }
    }
}

fn gives_several(value: &Value<'_>) -> bool {
    let Value::Map { set: Set { value: Some(SetValueType::Data(fields)), .. }, .. } = value else {
        return false;
    };
    let fields = elements::fields(fields);
    fields.len() > 1 || fields.iter().any(|field| elements::is_span(*field))
}

/// `NF_NAT_RANGE_NETMAP`.
const PREFIX: u32 = 1 << 6;

/// `NF_NAT_RANGE_*`.
const FLAGS: [(u32, &str); 3] =
    [(1 << 2, "random"), (1 << 4, "fully-random"), (1 << 3, "persistent")];

/// Ports of a transport that nobody named.
pub(super) fn ports<'a>(base: PayloadBase, offset: u32, len: u32) -> Option<Value<'a>> {
    let protocol = Protocol::Transport;
    let field = protocol.fields().iter().find(|field| field.offset == offset && field.len == len);
    let field = field.filter(|_| base == PayloadBase::Transport)?;
    Some(Value::Field { protocol, field, len })
}

/// A value as what it is set to needs it: only constants lack a type of their own.
fn show_as(value: &Value<'_>, of: Type) -> String {
    match value {
        Value::Constant(bytes) => of.show(bytes),
        Value::Swapped(inner) => match &**inner {
            Value::Constant(bytes) => Type { host_order: !of.host_order, ..of }.show(bytes),
            inner => show(inner),
        },
        Value::Binary { left, operation, right } => {
            let right = in_brackets(of_binary(left, of), *operation, right);
            format!("{} {} {right}", show_as(left, of), operation.sign())
        }
        value => show(value),
    }
}

/// Several bits by name are an "or", which binds less than the others.
fn in_brackets(of: Type, operation: Operation, bytes: &[u8]) -> String {
    let shown = of.show(bytes);
    match of.kind.is_bits() && of.number(bytes).count_ones() > 1 && operation != Operation::Or {
        true => format!("({shown})"),
        false => shown,
    }
}

fn of_binary(left: &Value<'_>, otherwise: Type) -> Type {
    match left {
        Value::Constant(_) => otherwise,
        left => left.kind(),
    }
}

/// A value in words.
pub(super) fn show(value: &Value<'_>) -> String {
    match value {
        Value::Payload { base, offset, len } => {
            let base = match base {
                PayloadBase::Link => "ll",
                PayloadBase::Network => "nh",
                PayloadBase::Transport => "th",
                PayloadBase::Inner => "ih",
            };
            format!("@{base},{offset},{len}")
        }
        Value::Field { protocol, field, .. } => format!("{} {}", protocol.word(), field.name),
        Value::Meta(key) => meta_word(*key).to_owned(),
        Value::Ct { key, direction } => ct(*key, *direction),
        Value::Fib { result, by } => fib(*result, *by),
        Value::Number { random, modulus, offset } => {
            let how = if *random { "random" } else { "inc" };
            match offset {
                0 => format!("numgen {how} mod {modulus}"),
                offset => format!("numgen {how} mod {modulus} offset {offset}"),
            }
        }
        Value::Constant(bytes) => value.kind().show(bytes),
        Value::Swapped(of) => show(of),
        Value::Binary { left, operation, right } => {
            let shown = in_brackets(left.kind(), *operation, right);
            format!("{} {} {shown}", show(left), operation.sign())
        }
        Value::Map { key, set } => {
            format!("{} map {}", show(key), elements::reference(set, &types(key), 0))
        }
        Value::Concatenation(values) => values.iter().map(show).collect::<Vec<_>>().join(" . "),
        Value::Unknown => "[unknown]".to_owned(),
    }
}

/// The types of a value's fields.
pub(super) fn types(value: &Value<'_>) -> Vec<Type> {
    match value {
        Value::Concatenation(values) => values.iter().map(Value::kind).collect(),
        value => vec![value.kind()],
    }
}

fn ct(key: CtKey, direction: Option<CtDirection>) -> String {
    let word = ct_word(key);
    match direction {
        None => format!("ct {word}"),
        Some(CtDirection::Original) => format!("ct original {word}"),
        Some(CtDirection::Reply) => format!("ct reply {word}"),
    }
}

fn fib(result: FibResult, by: FibBy) -> String {
    let by = [
        (by.source, "saddr"),
        (by.destination, "daddr"),
        (by.mark, "mark"),
        (by.iif, "iif"),
        (by.oif, "oif"),
    ];
    let by: Vec<_> = by.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    let result = match result {
        FibResult::Oif => "oif",
        FibResult::OifName => "oifname",
        FibResult::AddressType => "type",
    };
    format!("fib {} {result}", by.join(" . "))
}
