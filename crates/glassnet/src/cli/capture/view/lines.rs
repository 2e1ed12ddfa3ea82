//! A line a packet. One that was seen in several places has a line for each further one below it,
//! with how long it took to there, and what was changed about it on the way.

use super::{Sighting, View, clock, headline, plain, span};
use crate::cli::capture::seen::Interface;
use crate::cli::error::Error;
use crate::cli::output::Output;
use model::packet::summary;
use std::fmt::Write as _;

pub(in crate::cli::capture) struct Lines<'a> {
    out: &'a Output,
}

impl<'a> Lines<'a> {
    pub(in crate::cli::capture) fn new(out: &'a Output) -> Self {
        Self { out }
    }
}

impl View for Lines<'_> {
    fn take(&mut self, packets: Vec<Vec<Sighting>>, interfaces: &[Interface]) -> Result<(), Error> {
        let mut text = String::new();
        for packet in &packets {
            draw(packet, interfaces, &mut text);
        }
        if text.is_empty() { Ok(()) } else { self.out.raw(&text) }
    }
}

/// Columns of the places below a packet's line.
const PLACES: usize = 28;

pub(super) fn draw(packet: &[Sighting], interfaces: &[Interface], text: &mut String) {
    let [first, others @ ..] = packet else { return };
    let name = |sighting: &Sighting| plain(&interfaces[sighting.seen.interface].name());
    let of = name(first);
    let between = if of.is_empty() { "" } else { " " };
    let line = headline(&first.seen, &first.dissection);
    let _ = writeln!(text, "{} {of}{between}{line}", clock(first.seen.time));
    let mut before = summary::way(&first.dissection);
    for sighting in others {
        let took = span(sighting.seen.time.saturating_sub(first.seen.time));
        let now = summary::way(&sighting.dissection);
        let mut changed = now.0.join(" | ");
        if let (true, Some((from, to))) = (now.1 != before.1, now.1) {
            let between = if changed.is_empty() { "" } else { " | " };
            let _ = write!(changed, "{between}{from} > {to}");
        }
        let place = name(sighting);
        let line = format!("  {:>12}  {place:PLACES$}  {changed}", format!("+{took}"));
        let _ = writeln!(text, "{}", line.trim_end());
        before = now;
    }
}
