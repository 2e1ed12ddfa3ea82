//! The name of a network interface, as `dev_valid_name` in the kernel's `net/core/dev.c` allows it.

use crate::explain::{Fault, Language, Say as _, Text};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// 1 to 15 bytes, no `/`, `:` or white space, not `.` or `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct LinkName(String);

/// Why a text cannot name an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidLinkName {
    pub name: String,
    pub why: Fault,
}

impl InvalidLinkName {
    pub fn say(&self, language: Language) -> String {
        let (name, why) = (&self.name.said(language), &self.why.say(language));
        Text::InvalidLinkName { name, why }.say(language)
    }
}

impl fmt::Display for InvalidLinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl std::error::Error for InvalidLinkName {}

impl LinkName {
    /// Longest name in bytes (`IFNAMSIZ` less the closing zero).
    pub const MAX: usize = 15;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as nftables compares it: zero-padded to `IFNAMSIZ`.
    pub fn padded(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..self.0.len()].copy_from_slice(self.0.as_bytes());
        bytes
    }
}

impl FromStr for LinkName {
    type Err = InvalidLinkName;

    fn from_str(name: &str) -> Result<Self, InvalidLinkName> {
        let why = if name.is_empty() {
            Fault::Empty
        } else if name.len() > Self::MAX {
            Fault::LinkLong
        } else if name == "." || name == ".." {
            Fault::Path
        } else if name.bytes().any(|b| b == b'/' || b == b':' || b.is_ascii_whitespace() || b == 0)
        {
            Fault::LinkCharacter
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(InvalidLinkName { name: name.to_owned(), why })
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<'de> Deserialize<'de> for LinkName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_rules_hold() {
        for name in ["eth0", "a", "fifteen-bytes-x", "gn.1"] {
            assert!(name.parse::<LinkName>().is_ok(), "{name}");
        }
        for name in ["", ".", "..", "sixteen-bytes-xx", "a/b", "a b", "a:1", "a\0"] {
            assert!(name.parse::<LinkName>().is_err(), "{name:?}");
        }
    }
}
