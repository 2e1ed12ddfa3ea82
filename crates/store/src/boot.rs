//! Which boot of a host wrote something. Kernel state dies with its boot, and what
//! we noted about that state must die with it.

use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use crate::StoreError;

const PROC: &str = "/proc/sys/kernel/random/boot_id";

/// A UUID that the kernel draws at each boot (random(4)).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootId([u8; 16]);

impl BootId {
    /// Of the running kernel, or of a lab host that has its own file bound over.
    pub fn of_this_host() -> Result<Self, StoreError> {
        fs::read_to_string(PROC).map_err(StoreError::io("read", Path::new(PROC)))?.trim().parse()
    }

    pub(crate) const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// `None` for all zeros, which stands for an unknown boot on disk.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }
}

impl FromStr for BootId {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let bad = || StoreError::BadBootId { text: text.chars().take(64).collect() };
        let dashes: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
        if text.len() != 36 || dashes != [8, 13, 18, 23] {
            return Err(bad());
        }
        let digits = text.replace('-', "");
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let value = u128::from_str_radix(&digits, 16).map_err(|_| bad())?;
        Self::from_bytes(value.to_be_bytes()).ok_or_else(bad)
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", u128::from_be_bytes(self.0));
        let [a, b, c, d, e] =
            [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl fmt::Debug for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BootId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_a_uuid() {
        let text = "0d5d6e3a-6a1b-4c1e-9f57-0123456789ab";
        assert_eq!(text.parse::<BootId>().unwrap().to_string(), text);
        BootId::of_this_host().unwrap();
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "0d5d6e3a", "00000000-0000-0000-0000-000000000000"] {
            assert!(text.parse::<BootId>().is_err(), "{text}");
        }
        assert!("+d5d6e3a-6a1b-4c1e-9f57-0123456789ab".parse::<BootId>().is_err());
        assert!("é5d6e3a-6a1b-4c1e-9f57-0123456789ab".parse::<BootId>().is_err());
    }
}
