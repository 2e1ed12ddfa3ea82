//! What a packet has to fulfil, in terms of its bytes.

use super::expression::{Comparison, Operator};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    Never,
    Test(Value, Comparison, Value),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// The second if the first holds, else the third.
    If(Box<Self>, Box<Self>, Box<Self>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Number(u32),
    Length,
    Load { base: Base, offset: Box<Value>, size: u8 },
    Binary(Operator, Box<Value>, Box<Value>),
    Negative(Box<Value>),
}

/// What an offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// This byte of the packet.
    At(u32),
    /// The end of the IPv4 header that begins there.
    BehindIpv4(u32),
}

impl Condition {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, it) | (it, Self::Always) => it,
            (one, other) => Self::And(Box::new(one), Box::new(other)),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, it) | (it, Self::Never) => it,
            (one, other) => Self::Or(Box::new(one), Box::new(other)),
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    pub(super) fn any(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::Never, Self::or)
    }

    pub(super) fn chosen(self, yes: Self, no: Self) -> Self {
        Self::If(Box::new(self), Box::new(yes), Box::new(no))
    }
}

impl Value {
    /// So many bytes from this one on.
    pub(super) fn at(offset: u32, size: u8) -> Self {
        Self::from(Base::At(offset), 0, size)
    }

    pub(super) fn from(base: Base, offset: u32, size: u8) -> Self {
        Self::Load { base, offset: Box::new(Self::Number(offset)), size }
    }

    pub(super) fn of(operator: Operator, one: Self, other: Self) -> Self {
        Self::Binary(operator, Box::new(one), Box::new(other))
    }

    pub(super) fn masked(self, bits: u32) -> Self {
        match bits {
            u32::MAX => self,
            _ => Self::of(Operator::And, self, Self::Number(bits)),
        }
    }

    pub(super) fn is(self, number: u32) -> Condition {
        Condition::Test(self, Comparison::Equal, Self::Number(number))
    }

    pub(super) fn at_least(self, number: u32) -> Condition {
        Condition::Test(self, Comparison::AtLeast, Self::Number(number))
    }
}
