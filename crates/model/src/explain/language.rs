//! The languages people may choose.

use serde::{Deserialize, Serialize};

/// A language that every text for people is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Language {
    pub const BOTH: [Self; 2] = [Self::En, Self::Zh];

    /// The language of a locale such as `zh_CN.UTF-8`, `zh-Hans` or `C` (`locale(7)`): Chinese of
    /// any place, else English.
    pub fn from_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") { Self::Zh } else { Self::En }
    }

    /// Its ISO 639 name.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_a_language() {
        for locale in ["zh", "zh_CN.UTF-8", "zh-Hans", "zh_TW", "ZH.utf8", "zh@pinyin"] {
            assert_eq!(Language::from_locale(locale), Language::Zh, "{locale}");
        }
        for locale in ["", "C", "C.UTF-8", "POSIX", "en_GB.UTF-8", "de_DE", "zha_CN"] {
            assert_eq!(Language::from_locale(locale), Language::En, "{locale}");
        }
    }
}
