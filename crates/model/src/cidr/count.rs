//! How many: from 1 to 2^128, which is one more than a `u128` holds.

use super::number::ones;
use serde::{Serialize, Serializer};
use std::fmt;

/// A number of addresses or prefixes. In JSON it is a text of decimal digits: most programs read
/// numbers with 53 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    less_one: u128,
}

impl Count {
    /// `None` for 0.
    pub fn new(count: u128) -> Option<Self> {
        count.checked_sub(1).map(|less_one| Self { less_one })
    }

    /// 2 to the power of 0 to 128.
    pub fn power(power: u8) -> Self {
        Self { less_one: ones(power) }
    }

    /// So many fewer, and at least 1.
    pub(super) fn less(self, fewer: u128) -> Self {
        Self { less_one: self.less_one.saturating_sub(fewer) }
    }

    pub fn exceeds(self, most: u128) -> bool {
        self.less_one >= most
    }

    /// The power of two that it is, if it is one.
    pub fn as_power(self) -> Option<u8> {
        let power = u8::try_from(self.less_one.count_ones()).ok()?;
        (self.less_one == ones(power)).then_some(power)
    }

    /// With a comma before every three digits.
    pub fn grouped(self) -> String {
        let digits = self.to_string();
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.less_one.checked_add(1) {
            Some(count) => count.fmt(f),
            None => f.write_str("340282366920938463463374607431768211456"),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_one_to_two_to_the_128() {
        assert_eq!(Count::power(0).to_string(), "1");
        assert_eq!(Count::power(10).grouped(), "1,024");
        assert_eq!(Count::power(10).less(2).grouped(), "1,022");
        assert_eq!(Count::power(20).grouped(), "1,048,576");
        assert_eq!(Count::power(127).to_string(), (1_u128 << 127).to_string());
        assert_eq!(Count::power(128).to_string(), "340282366920938463463374607431768211456");
        assert_eq!(Count::power(128).less(1).to_string(), u128::MAX.to_string());
        assert_eq!(Count::new(0), None);
    }

    #[test]
    fn powers_are_known_again() {
        for power in 0..=128 {
            assert_eq!(Count::power(power).as_power(), Some(power));
        }
        assert_eq!(Count::new(1022).unwrap().as_power(), None);
    }

    #[test]
    fn a_bound_may_be_reached_but_not_exceeded() {
        assert!(!Count::power(16).exceeds(65_536));
        assert!(Count::power(17).exceeds(65_536));
        assert!(Count::power(128).exceeds(u128::MAX));
    }
}
