//! A rate as people write it: `100mbit`, bits a second in powers of ten, as `tc(8)` has it.

use model::cluster::Rate;
use model::explain::{Language, Text};
use std::fmt;

/// Bits a second.
const LEAST: u128 = 8_000;
const MOST: u128 = 1_000_000_000_000;

/// What may pass at once: 20 ms at the rate, and never less than the largest packet that the
/// kernel hands to a queue whole (64 KiB, GSO), which would otherwise be cut to pieces.
const BURST_PER_SECOND: u64 = 50;
const LEAST_BURST: u64 = 64 * 1024 * 8;

/// Why a text is no rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    Shape(String),
    Range(String),
}

/// Reads a rate.
pub(super) fn parse(text: &str) -> Result<Rate, Invalid> {
    let bits_per_second = bits(text)?;
    let burst_bits = (bits_per_second / BURST_PER_SECOND).max(LEAST_BURST);
    Ok(Rate { bits_per_second, burst_bits })
}

fn bits(text: &str) -> Result<u64, Invalid> {
    let shape = || Invalid::Shape(text.to_owned());
    let lower = text.to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(shape)?;
    let (number, unit) = lower.split_at(digits);
    let unit: u128 = match unit {
        "bit" => 1,
        "kbit" => 1_000,
        "mbit" => 1_000_000,
        "gbit" => 1_000_000_000,
        _ => return Err(shape()),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.len() > 15 || fraction.len() > 9 {
        return Err(Invalid::Range(text.to_owned()));
    }
    let read = |digits: &str| digits.parse::<u128>().map_err(|_| shape());
    let parts = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
    let bits = read(whole)? * unit + read(fraction)? * unit / parts;
    if !(LEAST..=MOST).contains(&bits) {
        return Err(Invalid::Range(text.to_owned()));
    }
    Ok(u64::try_from(bits).unwrap_or(u64::MAX))
}

/// The shortest way to write it.
pub(super) fn show(rate: Rate) -> String {
    let bits = rate.bits_per_second;
    let units = [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1_000, "kbit")];
    let whole = units.iter().find(|(unit, _)| bits >= *unit && bits.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{bits}bit"), |(unit, name)| format!("{}{name}", bits / unit))
}

impl Invalid {
    pub(super) fn say(&self, language: Language) -> String {
        match self {
            Self::Shape(text) => Text::RateShape { text }.say(language),
            Self::Range(text) => Text::RateRange { text }.say(language),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_bits_in_powers_of_ten() {
        for (text, bits) in [
            ("100mbit", 100_000_000),
            ("1.5gbit", 1_500_000_000),
            ("800kbit", 800_000),
            ("0.5Mbit", 500_000),
            ("64000bit", 64_000),
        ] {
            assert_eq!(parse(text).unwrap().bits_per_second, bits, "{text}");
        }
        assert_eq!(parse("100mbit").unwrap().burst_bits, 2_000_000);
        assert_eq!(parse("1mbit").unwrap().burst_bits, LEAST_BURST);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in
            ["", "100", "mbit", "100mbps", "1.2.3mbit", "-1mbit", ".mbit", "1.mbit", "١mbit"]
        {
            assert!(matches!(parse(text), Err(Invalid::Shape(_))), "{text:?}");
        }
        for text in ["0mbit", "1bit", "1001gbit", "99999999999999999999gbit"] {
            assert!(matches!(parse(text), Err(Invalid::Range(_))), "{text:?}");
        }
    }

    #[test]
    fn a_rate_is_shown_as_it_would_be_written() {
        for text in ["100mbit", "1gbit", "1500mbit", "64kbit", "8001bit"] {
            assert_eq!(show(parse(text).unwrap()), text);
        }
    }
}
