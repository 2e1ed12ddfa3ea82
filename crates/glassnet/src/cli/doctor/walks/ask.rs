//! A walk through the whole of what was seen. Nothing is copied, and what a search through a layer-2 domain
//! needs is there before it begins: else it would begin anew for each part that it lacks.

use crate::cli::doctor::seen::Seen;
use model::host::NamespaceId;
use model::path::{Answer, End, Part, Path, Progress, Question, Walk};
use std::borrow::Cow;

/// The way there and, if the packet is delivered, the answer's.
pub(super) fn ask(seen: &Seen, question: Question) -> (Path, Option<Path>) {
    let mut walk = Walk::new(&seen.name, question);
    for id in seen.actual.namespaces.keys() {
        for part in [Part::Links, Part::Addresses] {
            supply(&mut walk, seen, id.clone(), part);
        }
    }
    let there = go(&mut walk, seen);
    let back = walk.turn_around().then(|| go(&mut walk, seen));
    (there, back)
}

fn go<'a>(walk: &mut Walk<'a>, seen: &'a Seen) -> Path {
    let mut hops = Vec::new();
    loop {
        match walk.step() {
            Progress::Hop(hop) => hops.push(hop),
            Progress::Need(of, part) => supply(walk, seen, of, part),
            Progress::Resolve { at, address } => {
                walk.answer(&at, address, Answer::Unclear("nobody was looked at".to_owned()));
            }
            Progress::LeavesHost { at, .. } => return Path { hops, end: End::Left { at } },
            Progress::End(end) => return Path { hops, end },
        }
    }
}

fn supply<'a>(walk: &mut Walk<'a>, seen: &'a Seen, of: NamespaceId, part: Part) {
    match (seen.actual.namespaces.get(&of), seen.unread(&of, &part)) {
        (Some(namespace), None) => walk.supply(of, part, Cow::Borrowed(namespace)),
        (Some(_), Some(why)) => walk.withhold(of, part, why),
        (None, _) => {
            let why = format!("{of} is not to be seen");
            walk.withhold(of, part, why);
        }
    }
}
