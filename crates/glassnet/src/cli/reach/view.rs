//! The answer in words, and as a document.

use super::saved::Saved;
use crate::cli::table::width;
use crate::machine::Snapshot;
use model::explain::{Language, ReachText, Say as _, TraceText};
use model::net::{Family, Transport};
use model::path::reach::{Counted, Difference, Outcome};
use model::path::{Asked, End};
use serde_json::{Value, json};

pub(super) struct Answer<'a> {
    pub(super) saved: &'a Saved,
    pub(super) differences: Option<Vec<Difference>>,
    pub(super) without: Vec<String>,
    pub(super) family: Family,
    /// What could not be read, by namespace.
    pub(super) unread: Vec<(String, String)>,
}

/// More classes than fit into a table on a screen.
const MOST_COLUMNS: usize = 16;
/// Members of a class that are named.
const NAMED: usize = 4;

pub(super) fn unread(taken: &Snapshot) -> Vec<(String, String)> {
    let all = taken
        .namespaces
        .iter()
        .flat_map(|of| of.unread.iter().map(move |unread| (of.id.to_string(), unread.why.clone())));
    all.collect()
}

/// The packet that is asked about.
pub(super) fn packet(asked: Asked, language: Language) -> String {
    let (transport, port) = match asked {
        Asked::Tcp { port } => (Transport::Tcp, port),
        Asked::Udp { port } => (Transport::Udp, port),
        Asked::Echo => return TraceText::Echo.say(language),
    };
    TraceText::AtPort { transport, port }.say(language)
}

impl Answer<'_> {
    pub(super) fn document(&self) -> Value {
        let reach = &self.saved.reach;
        let endpoints = reach.endpoints.iter().zip(&self.saved.names).zip(&reach.class_of);
        let endpoints = endpoints.map(|((endpoint, name), class)| {
            json!({
                "name": name, "namespace": endpoint.namespace, "address": endpoint.address,
                "class": class, "sends": endpoint.sends, "receives": endpoint.receives,
            })
        });
        let kinds = reach.kinds().into_values().map(|counted| {
            let Counted { pairs, example, outcome } = counted;
            json!({ "pairs": pairs, "example": self.pair(example), "outcome": outcome })
        });
        let differences = self.differences.as_ref().map(|all| {
            let one = |d: &Difference| {
                json!({
                    "pairs": d.pairs, "example": self.pair(d.example),
                    "before": d.before, "after": d.after,
                })
            };
            all.iter().map(one).collect::<Vec<_>>()
        });
        json!({
            "asked": reach.asked,
            "endpoints": endpoints.collect::<Vec<_>>(),
            "without_address": self.without,
            "pairs": reach.pairs(),
            "walks": reach.walks,
            "cells": reach.cells,
            "singles": reach.singles,
            "kinds": kinds.collect::<Vec<_>>(),
            "differences": differences,
            "unread": self.unread.iter().map(|(of, why)| json!({ "namespace": of, "why": why }))
                .collect::<Vec<_>>(),
        })
    }

    fn pair(&self, (from, to): (usize, usize)) -> Value {
        json!({ "from": self.saved.names[from], "to": self.saved.names[to] })
    }

    pub(super) fn draw(&self, language: Language, colour: bool) -> String {
        let reach = &self.saved.reach;
        let strong = |text: &str| match colour {
            true => format!("\x1b[1m{text}\x1b[0m"),
            false => text.to_owned(),
        };
        let headline = ReachText::Headline {
            places: reach.endpoints.len(),
            pairs: reach.pairs(),
            what: packet(reach.asked, language),
            family: self.family,
            classes: reach.classes(),
            walks: reach.walks,
        };
        let mut text = format!("{}\n", strong(&headline.say(language)));
        if let Some(differences) = &self.differences {
            text += &self.differences(differences, language);
        } else {
            text += "\n";
            text += &self.classes(language);
            if reach.classes() <= MOST_COLUMNS {
                text += "\n";
                text += &self.table(language);
            }
            text += "\n";
            text += &self.kinds(language);
        }
        if let Some(first) = self.without.first() {
            let (count, first, family) = (self.without.len(), first.clone(), self.family);
            let left_out = ReachText::WithoutAddress { count, first, family };
            text += &format!("{}\n", left_out.say(language));
        }
        if let Some((place, why)) = self.unread.first() {
            let (count, place, why) = (self.unread.len(), place.clone(), why.clone());
            text += &format!("{}\n", ReachText::Unread { count, place, why }.say(language));
        }
        text
    }

    fn classes(&self, language: Language) -> String {
        let reach = &self.saved.reach;
        let mut text = String::new();
        for class in 0..reach.classes() {
            let members = reach.class_of.iter().zip(&self.saved.names);
            let members: Vec<_> =
                members.filter(|(of, _)| **of == class).map(|(_, name)| name.clone()).collect();
            let (named, more) = members.split_at(members.len().min(NAMED));
            let mut line = named.join(", ");
            if !more.is_empty() {
                line += &ReachText::AndMore { count: more.len() }.say(language);
            }
            text += &format!("  {:>3}  {line}\n", letter(class));
        }
        text
    }

    /// Who sends in a line, who receives in a column.
    fn table(&self, language: Language) -> String {
        let reach = &self.saved.reach;
        let word = |outcome: Option<&Outcome>| match outcome {
            None => "·".to_owned(),
            Some(Outcome::Answered) => ReachText::Yes.say(language),
            Some(Outcome::Lost { end: End::Unknown { .. }, .. }) => "?".to_owned(),
            Some(Outcome::Lost { end: End::Left { .. }, .. }) => ReachText::Leaves.say(language),
            Some(Outcome::Lost { back: true, .. }) => ReachText::NotBack.say(language),
            Some(Outcome::Lost { back: false, .. }) => ReachText::No.say(language),
        };
        let cell = |from: usize, to: usize| {
            let cell = reach.cells.iter().find(|cell| (cell.from, cell.to) == (from, to));
            word(cell.map(|cell| &cell.outcome))
        };
        let classes = reach.classes();
        let rows: Vec<Vec<String>> =
            (0..classes).map(|from| (0..classes).map(|to| cell(from, to)).collect()).collect();
        let letters = (0..classes).map(|class| width(&letter(class)));
        let wide = rows.iter().flatten().map(|cell| width(cell)).chain(letters).max().unwrap_or(1);
        let padded = |text: &str| format!("{}{text}", " ".repeat(2 + wide - width(text)));
        let heads: String = (0..classes).map(|to| padded(&letter(to))).collect();
        let mut text = format!("  {:>3}{heads}\n", "");
        for (from, row) in rows.iter().enumerate() {
            let cells: String = row.iter().map(|cell| padded(cell)).collect();
            text += &format!("  {:>3}{cells}\n", letter(from));
        }
        text
    }

    /// Every kind of outcome, with an example.
    fn kinds(&self, language: Language) -> String {
        let mut text = String::new();
        for counted in self.saved.reach.kinds().into_values() {
            text += &match counted.outcome {
                Outcome::Answered => {
                    format!("{}\n", ReachText::Arrive { pairs: counted.pairs }.say(language))
                }
                Outcome::Lost { back, end } => {
                    let pairs = counted.pairs;
                    let (from, to) = self.named(counted.example);
                    let (end, command) = (end.said(language), self.command(counted.example));
                    let line = match back {
                        true => ReachText::LostBack { pairs, from, to, end },
                        false => ReachText::Lost { pairs, from, to, end },
                    };
                    format!("{}\n    {command}\n", line.say(language))
                }
            };
        }
        text
    }

    fn differences(&self, differences: &[Difference], language: Language) -> String {
        if differences.is_empty() {
            return format!("{}\n", ReachText::AsBefore.say(language));
        }
        let mut text = String::new();
        for difference in differences {
            let (pairs, (from, to)) = (difference.pairs, self.named(difference.example));
            let [before, after] =
                [&difference.before, &difference.after].map(|outcome| said(outcome, language));
            let line = ReachText::Differs { pairs, from, to, before, after }.say(language);
            text += &format!("{line}\n    {}\n", self.command(difference.example));
        }
        text
    }

    fn named(&self, (from, to): (usize, usize)) -> (String, String) {
        (self.saved.names[from].clone(), self.saved.names[to].clone())
    }

    /// What shows the way of one packet.
    fn command(&self, (from, to): (usize, usize)) -> String {
        let name = |number: usize| {
            let name = &self.saved.names[number];
            name.split_once(" (").map_or(&name[..], |(name, _)| name).to_owned()
        };
        let port = match self.saved.reach.asked {
            Asked::Tcp { port } => format!(" --port {port}"),
            Asked::Udp { port } => format!(" --proto udp --port {port}"),
            Asked::Echo => String::new(),
        };
        let to = self.saved.reach.endpoints[to].address;
        format!("glassnet trace {} {to}{port}", crate::cli::trace::command::word(&name(from)))
    }
}

fn said(outcome: &Outcome, language: Language) -> String {
    match outcome {
        Outcome::Answered => ReachText::Answered.say(language),
        Outcome::Lost { back: false, end } => end.said(language),
        Outcome::Lost { back: true, end } => {
            ReachText::TheAnswer { end: end.said(language) }.say(language)
        }
    }
}

/// a to z, then aa and so on.
fn letter(class: usize) -> String {
    let last = char::from(b'a' + (class % 26) as u8);
    match class / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", letter(more - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn classes_have_letters() {
        let letters = [0, 25, 26, 51, 52, 701, 702].map(letter);
        assert_eq!(letters, ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
    }
}
