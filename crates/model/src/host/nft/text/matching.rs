//! Checks: a value of the packet's compared with a constant, a range or a set.

use super::context::Context;
use super::elements;
use super::flow::{Match, Right};
use super::header::Protocol;
use super::kind::{Kind, number};
use super::printer::{Printer, ports, show, types};
use super::value::{Operation, Type, Value};
use crate::host::nft::{CmpOp, PayloadBase, Set};

pub(super) fn take(printer: &mut Printer, check: &Match<'_>) {
    let Match { left, op, right } = check;
    match (left, right) {
        (Value::Payload { base, offset, len }, Right::Bytes(bytes))
            if matches!(op, CmpOp::Equal | CmpOp::NotEqual)
                && (8..=128).contains(len)
                && bytes.len() as u32 * 8 == *len =>
        {
            expand(printer, *base, *offset, *len, *op, bytes);
        }
        (Value::Binary { left, operation: Operation::And, right: mask }, right) => {
            masked(printer, left, mask, *op, right);
        }
        (Value::Payload { .. }, Right::Set(set)) => {
            learn_icmp_type(printer, left, set);
            plain(printer, left, *op, right);
        }
        _ => plain(printer, left, *op, right),
    }
}

/// A comparison of fields that lie side by side may be one of all their bytes.
fn expand(
    printer: &mut Printer,
    base: PayloadBase,
    mut offset: u32,
    mut len: u32,
    op: CmpOp,
    bytes: &[u8],
) {
    let mut rest = number(bytes, false);
    let mut take = |bits: u32, len: u32| {
        let first = rest >> (len - bits);
        rest &= (1_u128 << (len - bits)).wrapping_sub(1);
        first
    };
    if let Some((protocol, mut at)) = printer.context.header(base, offset) {
        for field in protocol.fields() {
            if field.offset != at || !printer.context.message_has(field) {
                continue;
            }
            let bits = field.len.min(len);
            let value = take(bits, len);
            let shown = match bits == field.len {
                true => show_constant(field.kind, value),
                // The first bits of a field are a prefix.
                false => {
                    format!("{}/{bits}", field.kind.show_number(value << (field.len - bits)))
                }
            };
            let place = Value::Field { protocol, field, len: bits };
            let short = u64::try_from(value).unwrap_or(u64::MAX);
            if op == CmpOp::Equal {
                printer.context.learn_field(protocol, field, short);
            }
            printer.lines.push(format!(
                "{}{}{shown}",
                show(&place),
                sign(op, field.kind.is_bits())
            ));
            printer.context.read(&place);
            if op == CmpOp::Equal {
                printer.context.wait(protocol, field, short, printer.lines.len() - 1);
            }
            (at, offset, len) = (at + bits, offset + bits, len - bits);
            if len == 0 {
                return;
            }
        }
    }
    let place = ports(base, offset, len).unwrap_or(Value::Payload { base, offset, len });
    let shown = show_constant(place.kind().kind, take(len, len));
    printer.lines.push(format!("{}{}{shown}", show(&place), sign(op, false)));
    printer.context.read(&place);
}

/// Bits that are compared as a whole are a number when they are several.
fn show_constant(kind: Kind, value: u128) -> String {
    match kind.is_bits() && value.count_ones() > 1 {
        true => kind.show_number(value),
        false => kind.show(value),
    }
}

/// Between left and right.
fn sign(op: CmpOp, says_equal: bool) -> &'static str {
    match op {
        CmpOp::Equal if says_equal => " == ",
        CmpOp::Equal => " ",
        CmpOp::NotEqual => " != ",
        CmpOp::Less => " < ",
        CmpOp::LessOrEqual => " <= ",
        CmpOp::Greater => " > ",
        CmpOp::GreaterOrEqual => " >= ",
    }
}

/// Checks of parts of a value: bits, prefixes, fields that are no whole bytes.
fn masked(printer: &mut Printer, left: &Value<'_>, mask: &[u8], op: CmpOp, right: &Right<'_>) {
    let of = printer.resolve(left);
    let kind = of.kind();
    let asks_equal = matches!(op, CmpOp::Equal | CmpOp::NotEqual);
    if let (true, true, Right::Bytes(bytes)) = (asks_equal, kind.kind.is_bits(), right) {
        let line = flags(&of, kind, mask, op, bytes);
        return printer.lines.push(line);
    }
    let wide = kind.number(mask);
    if let (Right::Bytes(bytes), Some(len)) = (right, prefix(wide, mask.len() as u32 * 8))
        && kind.kind.has_prefixes()
    {
        let shown = kind.show_number(bytes);
        return printer.lines.push(format!("{}{}{shown}/{len}", show(&of), sign(op, false)));
    }
    if let (Value::Payload { base, offset, .. }, Some((skip, bits, shift))) = (left, run(mask))
        && let Some(field) = printer.context.field(*base, offset.saturating_add(skip), bits)
    {
        return shifted(printer, &field, shift, op, right);
    }
    let value =
        Value::Binary { left: Box::new(of), operation: Operation::And, right: mask.to_vec() };
    plain(printer, &value, op, right);
}

/// `tcp flags syn / syn,ack`.
fn flags(of: &Value<'_>, kind: Type, mask: &[u8], op: CmpOp, bytes: &[u8]) -> String {
    let list = |bytes: &[u8]| match kind.number(bytes) {
        0 => kind.show(bytes),
        number => kind.kind.bits(number).join(","),
    };
    let (value, wide) = (kind.number(bytes), kind.number(mask));
    let of = show(of);
    match op {
        CmpOp::NotEqual if value == 0 => format!("{of} {}", list(mask)),
        CmpOp::Equal if value == 0 => format!("{of} ! {}", list(mask)),
        _ if value == wide && wide.is_power_of_two() => {
            let shown = kind.show(mask);
            format!("{of} & {shown}{}{shown}", sign(op, true))
        }
        CmpOp::Equal => format!("{of} {} / {}", list(bytes), list(mask)),
        _ => format!("{of} != {} / {}", list(bytes), list(mask)),
    }
}

/// A field that a mask cuts out of bytes, compared with a value that is shifted.
fn shifted(printer: &mut Printer, field: &Value<'_>, shift: u32, op: CmpOp, right: &Right<'_>) {
    let Value::Field { protocol, field: of, .. } = field else { return };
    let say = |number: u128| of.kind.show(number >> shift);
    let say_number = |number: u128| of.kind.show_number(number >> shift);
    let line = match right {
        Right::Bytes(bytes) => {
            let value = number(bytes, false);
            let short = u64::try_from(value >> shift).unwrap_or(u64::MAX);
            if op == CmpOp::Equal {
                printer.context.learn_field(*protocol, of, short);
            }
            say(value)
        }
        Right::Range(low, high) => {
            format!("{}-{}", say_number(number(low, false)), say_number(number(high, false)))
        }
        Right::Set(set) => elements::reference(set, &[field.kind()], shift),
        Right::Missing(set) => format!("@{set}"),
    };
    printer.lines.push(format!("{}{}{line}", show(field), sign(op, false)));
    printer.context.read(field);
}

fn plain(printer: &mut Printer, left: &Value<'_>, op: CmpOp, right: &Right<'_>) {
    let left = printer.resolve(left);
    let kind = left.kind();
    let is_binary = matches!(left, Value::Binary { .. });
    let (shown, says_equal) = match right {
        Right::Bytes(bytes) => {
            let one = kind.number(bytes).count_ones() < 2;
            (show_bytes(kind, bytes), is_binary || kind.kind.is_bits() && one)
        }
        Right::Range(low, high) => {
            (format!("{}-{}", kind.show_number(low), kind.show_number(high)), is_binary)
        }
        Right::Set(set) => (elements::reference(set, &types(&left), 0), is_binary),
        Right::Missing(set) => (format!("@{set}"), is_binary),
    };
    printer.lines.push(format!("{}{}{shown}", show(&left), sign(op, says_equal)));
    let at = printer.lines.len() - 1;
    if let (CmpOp::Equal, Right::Bytes(bytes)) = (op, right) {
        let value = u64::try_from(kind.number(bytes)).unwrap_or(u64::MAX);
        match &left {
            Value::Meta(key) => printer.context.learn_meta(*key, value, at),
            Value::Ct { key, .. } => printer.context.learn_ct(*key, value, at),
            _ => {}
        }
    }
}

/// A constant; less bytes than the value has are a prefix of it.
fn show_bytes(kind: Type, bytes: &[u8]) -> String {
    let len = bytes.len() as u32 * 8;
    match kind.kind.has_prefixes() && len < kind.len {
        true => format!(
            "{}/{len}",
            kind.kind.show_number(kind.number(bytes).unbounded_shl(kind.len - len))
        ),
        false => kind.show(bytes),
    }
}

/// The key of a map and its elements, in words.
pub(super) struct Key {
    pub(super) shown: String,
    pub(super) set: String,
}

/// Reads a map's key.
pub(super) fn key(printer: &mut Printer, key: &Value<'_>, set: &Set) -> Key {
    learn_icmp_type(printer, key, set);
    if let Some((field, shift)) = cut_out(&printer.context, key) {
        printer.context.read(&field);
        let set = elements::reference(set, &[field.kind()], shift);
        return Key { shown: show(&field), set };
    }
    let key = printer.resolve(key);
    Key { shown: show(&key), set: elements::reference(set, &types(&key), 0) }
}

/// The field that a mask cuts out of bytes, and by how much its values are shifted in them.
pub(super) fn cut_out<'a>(context: &Context, value: &Value<'a>) -> Option<(Value<'a>, u32)> {
    let Value::Binary { left, operation: Operation::And, right: mask } = value else { return None };
    let Value::Payload { base, offset, .. } = **left else { return None };
    let (skip, bits, shift) = run(mask)?;
    Some((context.field(base, offset.saturating_add(skip), bits)?, shift))
}

/// A rule that looks for several types of ICMP message is taken to mean what the first of them has.
fn learn_icmp_type(printer: &mut Printer, left: &Value<'_>, set: &Set) {
    let Value::Payload { base, offset: 0, len: 8 } = left else { return };
    let header = printer.context.header(*base, 0);
    let is_icmp = matches!(header, Some((Protocol::Icmp | Protocol::Icmp6, _)));
    if is_icmp && set.anonymous && !printer.context.icmp_type_is_known() {
        let first = set.elements.0.keys().next().and_then(|key| key.0.first().copied());
        if let Some(first) = first {
            printer.context.know_icmp_type(first);
        }
    }
}

/// `ip ttl set 5`.
pub(super) fn write(printer: &mut Printer, place: &Value<'_>, value: &Value<'_>) -> String {
    let Value::Payload { base, offset, len } = place else { return show(place) };
    if let Some(field) = printer.context.field(*base, *offset, *len) {
        printer.context.read(&field);
        let shown = match value {
            Value::Constant(bytes) => field.kind().show(bytes),
            Value::Map { key: of, set } => {
                let key = key(printer, of, set);
                format!("{} map {}", key.shown, key.set)
            }
            value => show(&printer.resolve(value)),
        };
        return format!("{} set {shown}", show(&field));
    }
    // A field that is no whole bytes is written with what lies beside it.
    if let Some((bits, kept)) = written(place, value) {
        let wide = len.div_ceil(8) as usize;
        let changed: Vec<u8> = kept.iter().map(|byte| !byte).collect();
        if let Some((skip, width, shift)) = run(&changed[..wide.min(changed.len())])
            && let Some(field) = printer.context.field(*base, offset.saturating_add(skip), width)
        {
            printer.context.read(&field);
            let shown = field.kind().kind.show(number(&bits, false) >> shift);
            return format!("{} set {shown}", show(&field));
        }
    }
    let target = ports(*base, *offset, *len).unwrap_or_else(|| place.clone());
    let shown = match value {
        Value::Constant(bytes) => target.kind().show(bytes),
        value => show(&printer.resolve(value)),
    };
    format!("{} set {shown}", show(&target))
}

/// What is set in a place that keeps its other bits: the bits, and those that are kept.
fn written(place: &Value<'_>, value: &Value<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let Value::Binary { left, operation, right } = value else { return None };
    match (&**left, operation) {
        (Value::Binary { left, operation: Operation::And, right: kept }, Operation::Or)
            if **left == *place =>
        {
            let changed = kept.iter().zip(right).map(|(kept, set)| kept & !set).collect();
            Some((right.clone(), changed))
        }
        (left, Operation::And) if left == place => Some((vec![0; right.len()], right.clone())),
        (left, Operation::Or) if left == place => {
            Some((right.clone(), right.iter().map(|byte| !byte).collect()))
        }
        _ => None,
    }
}

/// How long a prefix is that a mask stands for.
fn prefix(mask: u128, len: u32) -> Option<u32> {
    if len > 128 {
        return None;
    }
    let ones = mask.count_ones();
    let all = if len >= 128 { u128::MAX } else { (1 << len) - 1 };
    let expected = if ones == 0 { 0 } else { all << (len - ones) & all };
    (mask == expected).then_some(ones)
}

/// A mask of one run of bits: those before it, its length, those after.
fn run(mask: &[u8]) -> Option<(u32, u32, u32)> {
    let wide = number(mask, false);
    let all = mask.len() as u32 * 8;
    if wide == 0 || all > 128 {
        return None;
    }
    let (skip, shift) = (wide.leading_zeros() - (128 - all), wide.trailing_zeros());
    let bits = wide.count_ones();
    (skip + bits + shift == all).then_some((skip, bits, shift))
}
