//! What cannot be captured: what is wrong, where, what to try.

use crate::cli::table::width;
use crate::places::NoPlace;
use model::explain::{FilterFault, Language, Say as _, Text};
use model::filter;
use std::path::PathBuf;

pub(in crate::cli) enum Wrong {
    Filter {
        text: String,
        wrong: filter::Wrong,
    },
    FilterTooLong,
    Place(NoPlace),
    NoLink {
        link: String,
        place: String,
        known: Vec<String>,
    },
    NotACapture {
        path: PathBuf,
        why: String,
    },
    /// Options that exclude each other, or a value that cannot be, in words.
    Usage(String),
}

impl Wrong {
    pub(in crate::cli) fn code(&self) -> &'static str {
        match self {
            Self::Filter { .. } | Self::FilterTooLong => "not-a-filter",
            Self::Place(_) | Self::NoLink { .. } => "no-place",
            Self::NotACapture { .. } => "not-a-capture",
            Self::Usage(_) => "usage",
        }
    }

    pub(in crate::cli) fn message(&self, language: Language) -> String {
        match self {
            Self::Filter { wrong, .. } => FilterFault::from(&wrong.problem).say(language),
            Self::FilterTooLong => FilterFault::TooLong.say(language),
            Self::Place(NoPlace::Unknown { name, .. }) => {
                Text::NoSuchPlace { name: &name.said(language) }.say(language)
            }
            Self::Place(NoPlace::Unclear { name, any }) => {
                let any = &any.said(language);
                Text::UnclearPlace { name: &name.said(language), any }.say(language)
            }
            Self::NoLink { link, place, .. } => {
                Text::NoSuchLink { link: &link.said(language), place }.say(language)
            }
            Self::NotACapture { path, why } => {
                Text::NotACapture { path: &path.display().to_string(), why }.say(language)
            }
            Self::Usage(text) => text.clone(),
        }
    }

    pub(in crate::cli) fn advice(&self, language: Language) -> Option<String> {
        let (Self::Place(NoPlace::Unknown { known, .. }) | Self::NoLink { known, .. }) = self
        else {
            return None;
        };
        (!known.is_empty()).then(|| Text::OneOf { names: &known.said(language) }.say(language))
    }

    /// The filter, and below it a mark where it is wrong.
    pub(in crate::cli) fn place(&self) -> Option<String> {
        let Self::Filter { text, wrong } = self else { return None };
        let said = |text: &str| text.said(Language::En);
        let indent = " ".repeat(width(&said(&text[..wrong.place.start])));
        let mark = "^".repeat(width(&said(&text[wrong.place.clone()])).max(1));
        Some(format!("  {}\n  {indent}{mark}\n", said(text)))
    }
}
