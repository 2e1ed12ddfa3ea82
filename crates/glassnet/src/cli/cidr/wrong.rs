//! What cannot be answered: what is wrong, where in the text, what to try.

use crate::cli::table::width;
use model::cidr::{Count, Mistake, NoSplit, Subnet};
use model::explain::{Language, Say as _, Text};

pub(in crate::cli) enum Wrong {
    Prefix(Mistake),
    /// A line of stdin, counted from 1.
    Line(usize, Mistake),
    Split(NoSplit),
    /// A number of lines that nobody reads, unless they were asked for.
    TooManyLines(Count),
}

impl Wrong {
    pub(in crate::cli) fn code(&self) -> &'static str {
        match self {
            Self::Prefix(_) | Self::Line(..) => "not-a-prefix",
            Self::Split(_) | Self::TooManyLines(_) => "usage",
        }
    }

    pub(in crate::cli) fn message(&self, language: Language) -> String {
        match self {
            Self::Prefix(mistake) => not_a_prefix(mistake, language),
            Self::Line(line, mistake) => {
                let message = &not_a_prefix(mistake, language);
                Text::AtLine { line: *line, message }.say(language)
            }
            Self::Split(no) => no_split(no, language),
            Self::TooManyLines(count) => {
                let (count, most) = (&count.grouped(), super::split::MOST_LINES);
                Text::TooManyLines { count, most }.say(language)
            }
        }
    }

    pub(in crate::cli) fn advice(&self, language: Language) -> Option<String> {
        match self {
            Self::Prefix(mistake) | Self::Line(_, mistake) => {
                Some(mistake.fault.cure().say(language))
            }
            Self::Split(no) => Some(split_so(no, language)),
            Self::TooManyLines(_) => Some(Text::AskForAll.say(language)),
        }
    }

    /// The text, and below it a mark where it is wrong.
    pub(in crate::cli) fn place(&self) -> Option<String> {
        let (Self::Prefix(mistake) | Self::Line(_, mistake)) = self else { return None };
        if mistake.text.is_empty() {
            return None;
        }
        let said = |text: &str| text.said(Language::En);
        let before = said(&mistake.text[..mistake.at.start]);
        let wrong = said(&mistake.text[mistake.at.clone()]);
        let (indent, mark) = (" ".repeat(width(&before)), "^".repeat(width(&wrong).max(1)));
        Some(format!("  {}\n  {indent}{mark}\n", said(&mistake.text)))
    }
}

fn not_a_prefix(mistake: &Mistake, language: Language) -> String {
    let (text, why) = (&mistake.text.said(language), &mistake.fault.say(language));
    Text::NotAPrefix { text, why }.say(language)
}

/// How it can be split.
fn split_so(no: &NoSplit, language: Language) -> String {
    match no {
        NoSplit::Shorter { prefix, .. } | NoSplit::Longer { prefix, .. } => {
            let (from, to) = (prefix.prefix_len(), prefix.max_prefix_len());
            Text::LengthsOfParts { from, to }.say(language)
        }
        NoSplit::TooMany { prefix, .. } | NoSplit::None { prefix } => {
            let most = &Subnet::of(prefix).addresses.grouped();
            Text::NumbersOfParts { most }.say(language)
        }
    }
}

fn no_split(no: &NoSplit, language: Language) -> String {
    match no {
        NoSplit::Shorter { prefix, length } => Text::SplitShorter { prefix, length: *length },
        NoSplit::Longer { prefix, length } => {
            Text::SplitLonger { prefix, length: *length, most: prefix.max_prefix_len() }
        }
        NoSplit::TooMany { prefix, parts } => Text::SplitTooMany { prefix, parts: *parts },
        NoSplit::None { prefix } => Text::SplitNone { prefix },
    }
    .say(language)
}
