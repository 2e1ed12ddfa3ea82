//! A walk through the whole of what was seen. Nothing is copied, and what a search through a layer-2 domain
//! needs is there soon after it begins: else it would begin anew for each part that it lacks.

use super::resolved::Resolved;
use crate::cli::doctor::seen::Seen;
use model::host::NamespaceId;
use model::path::{Answer, End, Part, Path, Progress, Question, Walk};
use std::borrow::Cow;

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) seen: &'a Seen,
    pub(super) resolved: &'a Resolved,
}

/// No packet's way comes through more namespaces: a walk that needs so many parts searches.
const SEARCHES: usize = 64;

impl<'a> Asker<'a> {
    /// The way there and, if the packet is delivered, the answer's.
    pub(super) fn ask(self, question: Question) -> (Path, Option<Path>) {
        let mut walk = Walk::new(&self.seen.name, question);
        let there = self.go(&mut walk);
        let back = walk.turn_around().then(|| self.go(&mut walk));
        (there, back)
    }

    fn go(self, walk: &mut Walk<'a>) -> Path {
        let (mut hops, mut needed) = (Vec::new(), 0);
        loop {
            match walk.step() {
                Progress::Hop(hop) => hops.push(hop),
                Progress::Need(of, part) => {
                    self.supply(walk, of, part);
                    needed += 1;
                    if needed == SEARCHES {
                        self.supply_all(walk);
                    }
                }
                Progress::Resolve { at, address } => {
                    walk.answer(&at, address, Answer::Unclear("nobody was looked at".to_owned()));
                }
                Progress::LeavesHost { at, .. } => return Path { hops, end: End::Left { at } },
                Progress::End(end) => return Path { hops, end },
            }
        }
    }

    fn supply_all(self, walk: &mut Walk<'a>) {
        for id in self.seen.actual.namespaces.keys() {
            for part in [Part::Links, Part::Addresses] {
                self.supply(walk, id.clone(), part);
            }
        }
    }

    fn supply(self, walk: &mut Walk<'a>, of: NamespaceId, part: Part) {
        let known = (part == Part::Neighbours).then(|| self.resolved.0.get(&of)).flatten();
        let namespace = known.or_else(|| self.seen.actual.namespaces.get(&of));
        match (namespace, self.seen.unread(&of, &part)) {
            (Some(namespace), None) => walk.supply(of, part, Cow::Borrowed(namespace)),
            (Some(_), Some(why)) => walk.withhold(of, part, why),
            (None, _) => {
                let why = format!("{of} is not to be seen");
                walk.withhold(of, part, why);
            }
        }
    }
}
