//! What is compared: numbers, bytes of headers, and what is worked out from them.

use super::assemble::operation;
use super::bpf::{self, CELLS};
use super::expression::{Arithmetic, Header, Operator};
use super::names;
use super::read::{Problem, Reader, Wanted, Wrong};
use super::words::Token;
use crate::packet::protocol;

/// From the loosest to the tightest.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("|", Operator::Or)],
    &[("&", Operator::And)],
    &[("<<", Operator::Left), (">>", Operator::Right)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];
/// Those take all that follows for their right side: `7 % 4 + 1` is 2. libpcap gives them no level, and
/// one filter is to mean the same here and there.
const WITHOUT_LEVEL: [(&str, Operator); 2] =
    [("^", Operator::ExclusiveOr), ("%", Operator::Remainder)];

/// Whether something to be compared may stand here.
pub(super) fn may_begin(reader: &Reader<'_>) -> bool {
    begins(reader)
        || match reader.peek() {
            Some(Token::Sign(sign)) => *sign == "(",
            Some(Token::Word(word)) => number(word).is_some(),
            Some(Token::Name(_)) | None => false,
        }
}

/// Whether nothing else can.
pub(super) fn begins(reader: &Reader<'_>) -> bool {
    let in_brackets = matches!(reader.peek_at(1), Some(Token::Sign("[")));
    match reader.peek() {
        Some(Token::Word(word)) => word == "len" || header(word).is_some() && in_brackets,
        Some(Token::Sign(sign)) => *sign == "-",
        Some(Token::Name(_)) | None => false,
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Arithmetic, Wrong> {
    level(reader, &LEVELS)
}

/// Operators of one level and tighter ones, from the left.
fn level(
    reader: &mut Reader<'_>,
    levels: &[&[(&'static str, Operator)]],
) -> Result<Arithmetic, Wrong> {
    let Some((operators, tighter)) = levels.split_first() else { return tightest(reader) };
    let mut left = level(reader, tighter)?;
    'more: loop {
        for (sign, operator) in *operators {
            let place = reader.place();
            if reader.takes_sign(sign) {
                let right = level(reader, tighter)?;
                left = worked_out(*operator, left, right).map_err(|no| Wrong::at(place, no))?;
                continue 'more;
            }
        }
        return Ok(left);
    }
}

fn tightest(reader: &mut Reader<'_>) -> Result<Arithmetic, Wrong> {
    if reader.takes_sign("-") {
        return Ok(match reader.deeper(tightest)? {
            Arithmetic::Number(number) => Arithmetic::Number(number.wrapping_neg()),
            value => Arithmetic::Negative(Box::new(value)),
        });
    }
    let left = one(reader)?;
    for (sign, operator) in WITHOUT_LEVEL {
        let place = reader.place();
        if reader.takes_sign(sign) {
            let right = reader.deeper(read)?;
            return worked_out(operator, left, right).map_err(|no| Wrong::at(place, no));
        }
    }
    Ok(left)
}

/// Two values and what is between; of two numbers, the number.
fn worked_out(
    operator: Operator,
    left: Arithmetic,
    right: Arithmetic,
) -> Result<Arithmetic, Problem> {
    use Arithmetic::{Binary, Number};
    match (operator, &left, &right) {
        (Operator::Divide | Operator::Remainder, _, Number(0)) => Err(Problem::DivisionByZero),
        (Operator::Left | Operator::Right, _, Number(32..)) => Err(Problem::ShiftTooFar),
        // As the machine would.
        (_, Number(one), Number(other)) => bpf::computed(operation(operator), *one, *other)
            .map(Number)
            .ok_or(Problem::DivisionByZero),
        _ => Ok(Binary(operator, Box::new(left), Box::new(right))),
    }
}

fn one(reader: &mut Reader<'_>) -> Result<Arithmetic, Wrong> {
    if reader.takes_sign("(") {
        let inner = reader.deeper(read)?;
        return match reader.takes_sign(")") {
            true => Ok(inner),
            false => Err(reader.expected(Wanted::Bracket)),
        };
    }
    if reader.takes_word("len") {
        return Ok(Arithmetic::Length);
    }
    let word = reader.peek_word().unwrap_or_default().to_owned();
    if let Some(number) = number(&word) {
        reader.step();
        return Ok(Arithmetic::Number(number));
    }
    let in_brackets = matches!(reader.peek_at(1), Some(Token::Sign("[")));
    let Some(header) = header(&word).filter(|_| in_brackets) else {
        return Err(reader.expected(Wanted::Number));
    };
    reader.step();
    reader.step();
    let offset = reader.deeper(read)?;
    let size = match reader.takes_sign(":") {
        false => 1,
        true => match reader.word(Wanted::Size)?.as_str() {
            "1" => 1,
            "2" => 2,
            "4" => 4,
            _ => return Err(reader.expected(Wanted::Size)),
        },
    };
    match reader.takes_sign("]") {
        true => Ok(Arithmetic::Load(header, Box::new(offset), size)),
        false => Err(reader.expected(Wanted::SquareBracket)),
    }
}

/// A number as people write it, or a constant's name.
pub(super) fn number(word: &str) -> Option<u32> {
    written(word).or_else(|| names::number(word))
}

/// A number as C writes it: in base 8 if it begins with 0, 16 if with 0x.
pub(super) fn written(word: &str) -> Option<u32> {
    let (digits, base) = match word.strip_prefix('0') {
        None | Some("") => (word, 10),
        Some(rest) => match rest.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (rest, 8),
        },
    };
    // No sign, which Rust would read.
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, base).ok().filter(|_| all)
}

fn header(word: &str) -> Option<Header> {
    Some(match word {
        "ether" | "link" => Header::Link,
        "icmp6" => Header::Over6(protocol::ICMPV6),
        "tcp" | "udp" | "icmp" | "igmp" | "sctp" | "pim" => Header::Over4(names::protocol(word)?),
        _ => Header::Network(names::family(word)?),
    })
}

/// Whether the machine has the memory to compare these.
pub(super) fn check(left: &Arithmetic, right: &Arithmetic) -> Result<(), Problem> {
    match cells_of_both(left, right) < CELLS {
        true => Ok(()),
        false => Err(Problem::TooDeep),
    }
}

fn cells_of_both(left: &Arithmetic, right: &Arithmetic) -> usize {
    match right {
        Arithmetic::Number(_) => cells(left),
        _ => cells(right).max(1 + cells(left)),
    }
}

fn cells(value: &Arithmetic) -> usize {
    match value {
        // A tag beside the packet is added to the length.
        Arithmetic::Number(_) | Arithmetic::Length => 1,
        // What lies partly in that tag is put together.
        Arithmetic::Load(Header::Link, inner, _) => cells(inner).max(2),
        Arithmetic::Negative(inner) | Arithmetic::Load(_, inner, _) => cells(inner),
        Arithmetic::Binary(_, left, right) => cells_of_both(left, right),
    }
}
