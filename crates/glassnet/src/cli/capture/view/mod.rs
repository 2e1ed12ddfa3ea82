//! Packets as people look at them: a line a packet, its layers, conversations; and as JSON.

mod json;
mod ladder;
mod layers;
mod lines;

pub(super) use json::Json;
pub(super) use ladder::Ladders;
pub(super) use layers::Layers;
pub(super) use lines::Lines;

use super::seen::{Interface, Seen};
use model::explain::{Language, Say as _};
use model::packet::{Dissection, Identity};
use model::sighting::Joiner;

/// How long a packet may be under way from the first place to the last, in nanoseconds.
const UNDER_WAY: u64 = 300_000_000;

/// A sighting with its layers.
struct Sighting {
    seen: Seen<'static>,
    dissection: Dissection,
}

/// Packets joined from their sightings.
struct Joined(Joiner<Sighting>);

impl Joined {
    fn new() -> Self {
        Self(Joiner::new(UNDER_WAY))
    }

    fn add(&mut self, seen: &Seen<'_>, interfaces: &[Interface]) {
        let dissection = seen.dissect(&interfaces[seen.interface]);
        let identity = Identity::of(&dissection);
        let place = seen.interface * 2 + usize::from(seen.outgoing == Some(true));
        let sighting = Sighting { seen: seen.clone().owned(), dissection };
        self.0.add(seen.time, place, identity, sighting);
    }
}

/// A text out of a packet or a file: it must not move the cursor of the terminal it is shown on.
fn plain(text: &str) -> String {
    text.said(Language::En).replace('\n', "\\n")
}

/// The time of day in UTC, with microseconds.
fn clock(time: u64) -> String {
    let seconds = time / 1_000_000_000;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{:06}Z", time % 1_000_000_000 / 1000)
}

/// A while, in milliseconds.
fn span(nanoseconds: u64) -> String {
    format!("{}.{:03} ms", nanoseconds / 1_000_000, nanoseconds / 1000 % 1000)
}

#[cfg(test)]
mod tests;
