//! Mistakes in a lab file, each with its place and, where one is known, a cure.
//!
//! ```text
//! two.yaml:7:20: no switch or machine is called "fabrik"
//!   7 |       eth0: { to: fabrik }
//!     |                   ^ did you mean "fabric"?
//! ```

use std::fmt;

use model::explain::{LabCure, LabMistake, Language, Say as _};
use serde_saphyr::{Error as YamlError, Location, Spanned};

use super::suggest;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1; 0 when the place is not known.
    pub line: u64,
    /// Counted in characters from 1.
    pub column: u64,
    pub what: LabMistake,
    pub suggestion: Option<LabCure>,
}

/// All mistakes found in one file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub file: String,
    pub mistakes: Vec<Mistake>,
    text: String,
}

impl Mistake {
    pub(super) fn at(place: Location, what: LabMistake) -> Self {
        Self { line: place.line(), column: place.column(), what, suggestion: None }
    }

    /// At a value of the file.
    pub(super) fn on<T>(value: &Spanned<T>, what: LabMistake) -> Self {
        Self::at(value.referenced, what)
    }

    pub(super) fn with(mut self, suggestion: LabCure) -> Self {
        self.suggestion = Some(suggestion);
        self
    }

    /// Offers the known name that is closest to what was written; if none is
    /// close, all of them.
    pub(super) fn with_names<'a>(
        self,
        written: &str,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Self {
        if let Some(closest) = suggest::closest(written, names.clone()) {
            return self.with(LabCure::MeantName { name: closest.to_owned() });
        }
        let names: Vec<String> = names.map(str::to_owned).collect();
        if names.is_empty() { self } else { self.with(LabCure::KnownNames { names }) }
    }
}

impl Report {
    pub(super) fn new(file: &str, text: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        Self { file: file.to_owned(), mistakes, text: text.to_owned() }
    }
}

/// A text of the file, fit for a terminal: no more of it than helps, and no control characters.
fn fit(text: &str) -> String {
    const MOST: usize = 400;
    let cut = text.chars().count() > MOST;
    let text: String = text.chars().take(MOST).collect();
    let text = text.said(Language::En).replace('\n', " ");
    if cut { format!("{text} …") } else { text }
}

/// As much of a line as fits, with the place of the mark in it. Each character stays one wide.
fn excerpt(line: &str, mark: usize) -> (String, usize) {
    const BEFORE: usize = 100;
    const ALL: usize = 160;
    let skip = if line.chars().count() > ALL { mark.saturating_sub(BEFORE) } else { 0 };
    let plain = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    (line.chars().skip(skip).take(ALL).map(plain).collect(), mark - skip)
}

/// In English; [`Report::say`] knows other languages.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::En)
    }
}

impl Report {
    /// All mistakes in the reader's language, each with its line of the file.
    pub fn say(&self, language: Language) -> String {
        let mut text = String::new();
        self.write(&mut text, language).expect("a text takes all that is written to it");
        text
    }

    fn write(&self, f: &mut impl fmt::Write, language: Language) -> fmt::Result {
        for (number, mistake) in self.mistakes.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            let Mistake { line, column, what, suggestion } = mistake;
            let what = fit(&what.say(language));
            let suggestion = suggestion.as_ref().map(|cure| fit(&cure.say(language)));
            if *line == 0 {
                write!(f, "{}: {what}", self.file)?;
                if let Some(suggestion) = suggestion {
                    write!(f, "\n  {suggestion}")?;
                }
                continue;
            }
            write!(f, "{}:{line}:{column}: {what}", self.file)?;
            let at = usize::try_from(*line).unwrap_or(usize::MAX);
            let Some(source) = self.text.lines().nth(at - 1) else { continue };
            let margin = line.to_string().len();
            let indent = usize::try_from(*column).unwrap_or(1).saturating_sub(1);
            let (source, indent) = excerpt(source, indent);
            write!(f, "\n  {line} | {source}\n  {:margin$} | {:indent$}^", "", "")?;
            if let Some(suggestion) = suggestion {
                write!(f, " {suggestion}")?;
            }
        }
        Ok(())
    }
}

/// What the YAML reader disliked: a key nobody knows, a kind that does not
/// fit, or text that is no YAML.
pub(super) fn from_yaml(error: &YamlError) -> Mistake {
    let error = error.without_snippet();
    let place = error.location().unwrap_or(Location::UNKNOWN);
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            Mistake::at(place, LabMistake::UnknownKey { key: field.clone() })
                .with_names(field, expected.iter().copied())
        }
        YamlError::DuplicateMappingKey { key, .. } => {
            let twice = match key {
                Some(key) => LabMistake::KeyTwice { key: key.clone() },
                None => LabMistake::SomeKeyTwice,
            };
            Mistake::at(place, twice)
        }
        YamlError::InvalidScalar { ty: "u8" | "u32", .. } => {
            Mistake::at(place, LabMistake::NoWholeNumber)
        }
        YamlError::InvalidScalar { ty: "bool" | "boolean", .. } => {
            Mistake::at(place, LabMistake::NoTrueOrFalse)
        }
        other => {
            let text = other.to_string();
            // The place is told once, by us.
            let what = text.lines().next().unwrap_or_default();
            let what = what.split(" at line ").next().unwrap_or(what);
            Mistake::at(place, LabMistake::Yaml { why: what.to_owned() })
        }
    }
}
