//! The answer for a terminal: each namespace that the packet comes through under its name, and in it what
//! happens to the packet, a line each:
//!
//! ```text
//! container:web to 10.88.0.9 (container:db), tcp port 80
//!
//! there
//!   container:web
//!           leave        by eth0 [10.88.0.2 → 10.88.0.9 tcp ? → 80 ttl 64] (route 10.88.0.0/16)
//!     eth0  transmit     over to vm host gn7 (veth pair)
//! ```

mod packet;

use super::ways::Ways;
use super::{Traced, Trip, called, called_at, what_if};
use crate::cli::table::width;
use crate::machine::{Machine, word};
use model::explain::{Language, Lesson, Say as _, TraceText};
use model::path::{Asked, Hop, Packet, Path};

pub(super) struct Style {
    pub(super) language: Language,
    pub(super) colour: bool,
    /// All headers wherever one changed.
    pub(super) layers: bool,
}

pub(super) fn draw(traced: &Traced, machine: &Machine, style: &Style) -> String {
    let language = style.language;
    let mut text = format!("{}\n", style.strong(&headline(traced, language)));
    for note in &traced.understood.notes {
        text += &format!("{}\n", note.say(language));
    }
    let Ways { there, back } = &traced.ways;
    let lessons = &traced.lessons;
    let ways = [
        (TraceText::There, Some(there), &lessons.there),
        (TraceText::Back, back.as_ref(), &lessons.back),
    ];
    for (name, path, lessons) in ways {
        let Some(path) = path else { continue };
        text += &format!("\n{}\n", style.strong(&name.say(language)));
        text += &way(path, lessons, machine, style);
        text += &format!("{}\n", style.strong(&path.end.said(language)));
        text += &explained(lessons.get(path.hops.len()), language);
    }
    if let Some(then) = &traced.then {
        text += &format!("\n{}\n", style.strong(&TraceText::After.say(language)));
        for change in &then.changes {
            text += &format!("  {}\n", change.said(language));
        }
        let ways = [
            (TraceText::There, Some(there), Some(&then.ways.there), &lessons.there_then),
            (TraceText::Back, back.as_ref(), then.ways.back.as_ref(), &lessons.back_then),
        ];
        for (name, before, after, lessons) in ways {
            let Some(after) = after else { continue };
            text += &format!("\n{}\n", style.strong(&name.say(language)));
            let common = before.map_or(0, |before| what_if::common(before, after));
            if common > 0 {
                text += &format!("  {}\n", TraceText::SameHops { count: common }.say(language));
            }
            let rest = Path { hops: after.hops[common..].to_vec(), end: after.end.clone() };
            text += &way(&rest, lessons.get(common..).unwrap_or_default(), machine, style);
            text += &format!("{}\n", style.strong(&after.end.said(language)));
            text += &explained(lessons.get(after.hops.len()), language);
        }
    }
    if let Some(advice) = traced.advice.as_ref().filter(|_| traced.then.is_none()) {
        let cure = advice.cure.say(language);
        text += &format!("\n{}\n", TraceText::WhatToDo { text: cure }.say(language));
        if let Some(command) = &advice.command {
            text += &format!("  {}\n", command.said(language));
        }
    }
    for Trip { node, took, walking } in &traced.trips {
        let (node, trip) = (node.to_string(), milliseconds(*took));
        let line = match walking.map(milliseconds) {
            Some(walk) => TraceText::AskedNode { node, trip, walk },
            None => TraceText::AskedInVain { node, trip },
        };
        text += &format!("{}\n", line.say(language));
    }
    for unseen in &machine.unseen {
        let (part, why) = (word(&unseen.part), unseen.why.clone());
        let place = called(machine, &unseen.namespace);
        text += &format!("{}\n", TraceText::NotSeen { part, place, why }.say(language));
    }
    text
}

fn milliseconds(microseconds: u64) -> String {
    format!("{}.{}", microseconds / 1000, microseconds % 1000 / 100)
}

fn headline(traced: &Traced, language: Language) -> String {
    let understood = &traced.understood;
    let what = match understood.question.asked {
        Asked::Tcp { port } => {
            TraceText::AtPort { transport: model::net::Transport::Tcp, port }.say(language)
        }
        Asked::Udp { port } => {
            TraceText::AtPort { transport: model::net::Transport::Udp, port }.say(language)
        }
        Asked::Echo => TraceText::Echo.say(language),
    };
    let (from, to) = (understood.from.clone(), understood.to.clone());
    TraceText::Asked { from, to, what }.say(language)
}

/// Sentences about a step, below it.
fn explained(lessons: Option<&Vec<Lesson>>, language: Language) -> String {
    let lessons = lessons.into_iter().flatten();
    lessons.map(|lesson| format!("      {}\n", lesson.said(language))).collect()
}

/// The hops, by namespace.
fn way(path: &Path, lessons: &[Vec<Lesson>], machine: &Machine, style: &Style) -> String {
    let language = style.language;
    let cells =
        |text: &str, to: usize| format!("{text}{}", " ".repeat(to.saturating_sub(width(text))));
    let link = |hop: &Hop| hop.at.link.as_ref().map(ToString::to_string).unwrap_or_default();
    let links = path.hops.iter().map(|hop| width(&link(hop))).max().unwrap_or(0);
    let stages = path.hops.iter().map(|hop| width(&hop.stage.said(language))).max().unwrap_or(0);
    let mut text = String::new();
    let mut before: Option<&Packet> = None;
    let mut place = None;
    for (number, hop) in path.hops.iter().enumerate() {
        let now = (&hop.at.host, &hop.at.namespace);
        if place != Some(now) {
            place = Some(now);
            text += &format!("  {}\n", style.strong(&called_at(machine, &hop.at, language)));
        }
        let start = format!(
            "    {} {} ",
            cells(&link(hop), links),
            cells(&hop.stage.said(language), stages)
        );
        text += &start;
        text += &hop.decision.said(language);
        let changed = |shown: &dyn Fn(&Packet) -> String| {
            let shown_now = shown(&hop.packet);
            (before.map(shown).as_ref() != Some(&shown_now)).then_some(shown_now)
        };
        let summary = changed(&|packet| packet.said(language));
        if let Some(summary) = summary.filter(|_| !style.layers) {
            text += &format!(" [{summary}]");
        }
        if !hop.evidence.is_empty() {
            let evidence: Vec<_> = hop.evidence.iter().map(|one| one.said(language)).collect();
            text += &format!(" ({})", evidence.join("; "));
        }
        text.push('\n');
        if style.layers && before != Some(&hop.packet) {
            for (depth, layer) in packet::layers(&hop.packet, language).iter().enumerate() {
                text += &format!("{}{}{layer}\n", " ".repeat(width(&start)), "  ".repeat(depth));
            }
        }
        text += &explained(lessons.get(number), language);
        before = Some(&hop.packet);
    }
    text
}

impl Style {
    fn strong(&self, text: &str) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}
