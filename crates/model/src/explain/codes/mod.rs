//! The stable code of every error, with what it means and what to try.
//!
//! A file for each part that errors come from. To add a code: an entry there, in both languages.

mod cli;
mod daemon;
mod lab;

use super::Language;

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
