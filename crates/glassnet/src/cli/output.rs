//! Where a verb's answer goes: to people, in their language, or as one JSON document to a program.
//!
//! A verb says everything twice, as a value and in words, and this writes one of the two. All
//! writing to stdout is here, so that a reader who goes away (`glassnet ls | head`) ends the
//! program quietly: see [`super::error::Error::Output`].

use super::error::Error;
use super::table::{Fields, Table};
use model::explain::{Language, Text};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

/// How to answer.
pub(super) struct Output {
    pub(super) json: bool,
    pub(super) language: Language,
    colour: bool,
}

impl Output {
    pub(super) fn new(json: bool, language: Language) -> Self {
        Self { json, language, colour: colour(io::stdout().is_terminal()) }
    }

    /// The document, to programs.
    pub(super) fn document(&self, document: &impl Serialize) -> Result<(), Error> {
        if !self.json {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(document).expect("what we tell is always JSON");
        self.raw(&format!("{text}\n"))
    }

    /// A sentence, to people.
    pub(super) fn say(&self, text: &Text<'_>) -> Result<(), Error> {
        self.people(|| format!("{}\n", text.say(self.language)))
    }

    /// A table, to people; `nothing` if it has no row.
    pub(super) fn table(&self, table: &Table, nothing: &Text<'_>) -> Result<(), Error> {
        if table.is_empty() {
            return self.say(nothing);
        }
        self.people(|| table.draw(self.language, self.colour))
    }

    /// Fields, to people.
    pub(super) fn fields(&self, fields: &Fields) -> Result<(), Error> {
        self.people(|| fields.draw(self.language, self.colour))
    }

    /// What is drawn by its own rules, to people.
    pub(super) fn drawn(&self, draw: impl FnOnce(Language, bool) -> String) -> Result<(), Error> {
        self.people(|| draw(self.language, self.colour))
    }

    /// Lines that are the same to both, each made when it is written: there may be more than fit into
    /// memory.
    pub(super) fn lines<T: Display>(
        &self,
        lines: impl IntoIterator<Item = T>,
    ) -> Result<(), Error> {
        let mut out = BufWriter::new(io::stdout().lock());
        let mut lines = lines.into_iter();
        let written = lines.try_for_each(|line| writeln!(out, "{line}"));
        written.and_then(|()| out.flush()).map_err(Error::Output)
    }

    fn people(&self, text: impl FnOnce() -> String) -> Result<(), Error> {
        if self.json { Ok(()) } else { self.raw(&text()) }
    }

    /// A text that is an answer by itself: plain to people, named in a document to programs.
    pub(super) fn text(&self, name: &str, text: &str) -> Result<(), Error> {
        self.document(&serde_json::json!({ name: text }))?;
        self.people(|| text.to_owned())
    }

    /// A text that is the same to both.
    pub(super) fn raw(&self, text: &str) -> Result<(), Error> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
    }

    /// A word of this answer's language.
    pub(super) fn word(&self, text: Text<'_>) -> String {
        text.say(self.language)
    }

    pub(super) fn yes_or_no(&self, yes: bool) -> String {
        self.word(if yes { Text::Yes } else { Text::No })
    }
}

/// Colours are for terminals, unless the user wants none (<https://no-color.org>).
pub(super) fn colour(terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}
