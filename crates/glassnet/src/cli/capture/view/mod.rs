//! Packets as people look at them: a line a packet, its layers, conversations; and as JSON.

mod json;
mod ladder;
mod layers;
mod lines;

pub(super) use json::Json;
pub(super) use ladder::Ladders;
pub(super) use layers::Layers;
pub(super) use lines::Lines;

use super::seen::{Interface, Seen, Sink, Totals};
use crate::cli::error::Error;
use model::explain::{Language, Say as _};
use model::packet::{Dissection, Identity, summary};
use model::sighting::Joiner;

/// How long a packet may be under way from the first place to the last, in nanoseconds.
const UNDER_WAY: u64 = 300_000_000;

/// A sighting with its layers.
pub(super) struct Sighting {
    seen: Seen<'static>,
    dissection: Dissection,
}

/// A view of packets, each with all its sightings: the first is where it was first seen.
pub(super) trait View {
    fn take(&mut self, packets: Vec<Vec<Sighting>>, interfaces: &[Interface]) -> Result<(), Error>;

    /// There are no more.
    fn end(&mut self, _totals: &Totals, _interfaces: &[Interface]) -> Result<(), Error> {
        Ok(())
    }
}

/// Packets joined from their sightings, for a view.
pub(super) struct Joined<V> {
    joiner: Joiner<Sighting>,
    view: V,
}

impl<V: View> Joined<V> {
    pub(super) fn new(view: V) -> Self {
        Self { joiner: Joiner::new(UNDER_WAY), view }
    }
}

impl<V: View> Sink for Joined<V> {
    fn packet(&mut self, seen: &Seen<'_>, interfaces: &[Interface]) -> Result<(), Error> {
        let dissection = seen.dissect(&interfaces[seen.interface]);
        let identity = Identity::of(&dissection);
        let place = seen.interface * 2 + usize::from(seen.outgoing == Some(true));
        let sighting = Sighting { seen: seen.clone().owned(), dissection };
        self.joiner.add(seen.time, place, identity, sighting);
        Ok(())
    }

    fn until(&mut self, time: u64, interfaces: &[Interface]) -> Result<(), Error> {
        let ripe = self.joiner.ripe(time);
        self.view.take(ripe, interfaces)
    }

    fn end(&mut self, totals: &Totals, interfaces: &[Interface]) -> Result<(), Error> {
        let rest = self.joiner.rest();
        self.view.take(rest, interfaces)?;
        self.view.end(totals, interfaces)
    }
}

/// A packet in a line; of one that is not read, how long it was.
fn headline(seen: &Seen<'_>, dissection: &Dissection) -> String {
    match dissection.layers.is_empty() {
        true => format!("{} bytes", seen.length),
        false => plain(&summary::line(dissection)),
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
