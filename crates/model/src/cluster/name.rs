//! Names that people and engines give. They become parts of file names and comments, so what they
//! may hold is checked here, once.

use crate::explain::{Fault, Language, Named, Say as _, Text};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName {
    pub what: Named,
    pub name: String,
    pub why: Fault,
    pub max: usize,
}

impl InvalidName {
    pub fn say(&self, language: Language) -> String {
        let Self { what, name, why, max } = self;
        let (what, why) = (&what.say(language), &why.say(language));
        let name = &name.said(language);
        Text::InvalidName { what, name, why, max: *max }.say(language)
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl std::error::Error for InvalidName {}

/// The rule of the CNI SPEC for container ids and network names
/// (`^[a-zA-Z0-9][a-zA-Z0-9_.\-]*$`), with an upper length.
fn check(what: Named, name: &str, max: usize) -> Result<(), InvalidName> {
    let first = name.bytes().next();
    let why = if name.is_empty() {
        Fault::Empty
    } else if name.len() > max {
        Fault::Long
    } else if !first.is_some_and(|b| b.is_ascii_alphanumeric()) {
        Fault::Start
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
        Fault::Character
    } else {
        return Ok(());
    };
    // Of an overlong name, its start says enough.
    let name = name.chars().take(64).collect();
    Err(InvalidName { what, name, why, max })
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(name: &str) -> Result<Self, InvalidName> {
                check(Named::$what, name, $max).map(|()| Self(name.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// The name of a network: at most 63 characters.
    NetworkName,
    Network,
    63
);
name!(
    /// The name of a node in its cluster: at most 63 characters.
    NodeName,
    Node,
    63
);
name!(
    /// The id an engine gives a container: at most 128 characters.
    ContainerId,
    Container,
    128
);

/// 13 characters, 64 bits of FNV-1a over the parts, for names that the kernel keeps short.
/// Stable for ever: links made by an earlier version must be found again.
pub(super) fn short_hash(parts: &[&str]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // 0xff stands in no UTF-8 text, so ("ab", "c") and ("a", "bc") differ.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    (0..13).map(|i| char::from(DIGITS[(hash >> (5 * i)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_folder() {
        for name in ["", "../x", "a/b", ".hidden", "-x", "a b", "a\n", "ä"] {
            assert!(name.parse::<ContainerId>().is_err(), "{name:?}");
        }
        assert!("a".repeat(129).parse::<ContainerId>().is_err());
        assert!("web_1.x-2".parse::<ContainerId>().is_ok());
    }

    #[test]
    fn the_short_hash_stays_what_it_was() {
        assert_eq!(short_hash(&["web", "eth0"]).len(), 13);
        assert_ne!(short_hash(&["ab", "c"]), short_hash(&["a", "bc"]));
        assert_eq!(short_hash(&["web", "eth0"]), short_hash(&["web", "eth0"]));
    }
}
