//! What happens to a packet, for who sees it for the first time: of each hop what was decided there, in
//! whole sentences, and, where something is met for the first time on a way, what that is.

mod end;
mod pick;
mod texts;

pub use texts::Lesson;

use crate::path::{End, Hop, Packet, Path};
use std::mem::{Discriminant, discriminant};

/// Goes through the hops of ways, and says what a thing is once.
#[derive(Default)]
pub struct Teacher {
    said: Vec<Discriminant<Lesson>>,
}

impl Teacher {
    /// Of each hop in turn, and of the end.
    pub fn path(&mut self, path: &Path) -> Vec<Vec<Lesson>> {
        let mut before: Option<&Packet> = None;
        let mut all = Vec::new();
        for hop in &path.hops {
            all.push(self.hop(hop, before));
            before = Some(&hop.packet);
        }
        all.push(self.end(&path.end));
        all
    }

    fn hop(&mut self, hop: &Hop, before: Option<&Packet>) -> Vec<Lesson> {
        let (happened, what) = pick::hop(hop, before);
        self.first(happened, what)
    }

    fn end(&mut self, end: &End) -> Vec<Lesson> {
        let happened = end::end(end);
        self.first(happened, None)
    }

    fn first(&mut self, happened: Option<Lesson>, what: Option<Lesson>) -> Vec<Lesson> {
        let said = &mut self.said;
        let what = what.filter(|what| {
            let new = !said.contains(&discriminant(what));
            if new {
                said.push(discriminant(what));
            }
            new
        });
        happened.into_iter().chain(what).collect()
    }
}
