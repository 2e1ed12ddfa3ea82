//! The stable code of every error, with what it means and what to try.
//!
//! A file for each part that errors come from. To add a code: an entry there, in both languages.

mod cli;
mod daemon;
mod lab;

use super::Language;
use serde::{Deserialize, Serialize};

/// Kinds of the daemon's refusals, stable, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The question itself is wrong; asking again will not help.
    InvalidRequest,
    /// No such network.
    NoNetwork,
    /// A network or attachment of that name is there, and is another.
    Exists,
    /// Still in use.
    InUse,
    /// No address, port or place on the bridge is left.
    Exhausted,
    /// The address, MAC or port asked for is somebody else's.
    Taken,
    /// The network namespace is gone or is none.
    NoNamespace,
    /// The kernel said no.
    Kernel,
    /// The state directory could not be written.
    Storage,
    /// Not now; try again later.
    Busy,
    /// Not what should be there.
    Differs,
    /// Another program's rules drop what would be forwarded.
    Blocked,
    /// The daemon could not run.
    Node,
    /// Of several hosts: the store that they share, or another of them.
    Cluster,
}

impl Code {
    pub const ALL: [Self; 14] = [
        Self::InvalidRequest,
        Self::NoNetwork,
        Self::Exists,
        Self::InUse,
        Self::Exhausted,
        Self::Taken,
        Self::NoNamespace,
        Self::Kernel,
        Self::Storage,
        Self::Busy,
        Self::Differs,
        Self::Blocked,
        Self::Node,
        Self::Cluster,
    ];

    /// As it is written, and as `glassnet explain` knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::NoNetwork => "no-network",
            Self::Exists => "exists",
            Self::InUse => "in-use",
            Self::Exhausted => "exhausted",
            Self::Taken => "taken",
            Self::NoNamespace => "no-namespace",
            Self::Kernel => "kernel",
            Self::Storage => "storage",
            Self::Busy => "busy",
            Self::Differs => "differs",
            Self::Blocked => "blocked",
            Self::Node => "node",
            Self::Cluster => "cluster",
        }
    }
}

/// One error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// Lower case with hyphens, never changed.
    pub name: &'static str,
    en: [&'static str; 3],
    zh: [&'static str; 3],
}

impl ErrorCode {
    fn words(&self, language: Language) -> &[&'static str; 3] {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }

    /// The error in a few words.
    pub fn title(&self, language: Language) -> &'static str {
        self.words(language)[0]
    }

    /// What has happened, and why it may have.
    pub fn meaning(&self, language: Language) -> &'static str {
        self.words(language)[1]
    }

    /// What to try.
    pub fn advice(&self, language: Language) -> &'static str {
        self.words(language)[2]
    }
}

/// An entry of the lists: name; then title, meaning and advice in each language.
const fn code(name: &'static str, en: [&'static str; 3], zh: [&'static str; 3]) -> ErrorCode {
    ErrorCode { name, en, zh }
}

/// All codes, part by part.
pub fn all() -> impl Iterator<Item = &'static ErrorCode> {
    daemon::CODES.iter().chain(cli::CODES).chain(lab::CODES)
}

/// The code of that name.
pub fn find(name: &str) -> Option<&'static ErrorCode> {
    all().find(|code| code.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_is_there_once_and_whole() {
        let mut names = BTreeSet::new();
        for code in all() {
            assert!(names.insert(code.name), "{} stands twice", code.name);
            assert!(code.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code:?}");
            for language in Language::BOTH {
                assert!(code.words(language).iter().all(|text| !text.is_empty()), "{code:?}");
            }
            assert!(code.zh.iter().all(|text| !text.is_ascii()), "{} is not Chinese", code.name);
        }
    }
}
