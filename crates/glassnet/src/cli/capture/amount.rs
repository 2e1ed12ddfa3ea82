//! Times and sizes as people write them.

use model::explain::{Language, Text};
use std::fmt;
use std::time::Duration;

/// Why a text is neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Invalid {
    Time(String),
    Size(String),
}

impl Invalid {
    pub(in crate::cli) fn say(&self, language: Language) -> String {
        match self {
            Self::Time(text) => Text::NotATime { text }.say(language),
            Self::Size(text) => Text::NotASize { text }.say(language),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl std::error::Error for Invalid {}

/// A number and what is behind it.
fn parts(text: &str) -> Option<(f64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    Some((number, unit.trim()))
}

/// `500ms`, `10s`, `2m`, `1h`; a number alone is seconds.
pub(super) fn time(text: &str) -> Result<Duration, Invalid> {
    let read = parts(text).and_then(|(number, unit)| {
        let seconds = match unit {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    let fits = |time: &Duration| !time.is_zero() && time.as_secs() < 1 << 31;
    read.filter(fits).ok_or_else(|| Invalid::Time(text.to_owned()))
}

/// `100MB` (powers of ten), `64MiB` (of two); a number alone is bytes. From 64 KiB on.
pub(super) fn size(text: &str) -> Result<u64, Invalid> {
    let read = parts(text).and_then(|(number, unit)| {
        let bytes: f64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "k" | "kb" => 1e3,
            "m" | "mb" => 1e6,
            "g" | "gb" => 1e9,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            _ => return None,
        };
        Some(number * bytes)
    });
    let fits = |size: &f64| (65_536.0..1e15).contains(size);
    read.filter(fits).map(|size| size as u64).ok_or_else(|| Invalid::Size(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("10s", Some(10_000)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
            ("1.5", Some(1500)),
            ("1h", Some(3_600_000)),
            ("0", None),
            ("-1s", None),
            ("10 days", None),
            ("", None),
            ("99999999999h", None),
        ] {
            assert_eq!(time(text).ok().map(|time| time.as_millis()), wanted, "{text}");
        }
        for (text, wanted) in [
            ("100MB", Some(100_000_000)),
            ("64MiB", Some(64 << 20)),
            ("65536", Some(65536)),
            ("0.1g", Some(100_000_000)),
            ("1", None),
            ("10 elephants", None),
            ("MB", None),
        ] {
            assert_eq!(size(text).ok(), wanted, "{text}");
        }
    }
}
