//! The way there, and the answer's.

use super::across;
use super::beyond::Beyond;
use crate::machine::{Machine, name_holder};
use model::path::{self, End, Path, Question, Source};

pub(super) struct Ways {
    pub(super) there: Path,
    /// `None` if nothing answers, or nobody asked for it.
    pub(super) back: Option<Path>,
}

impl Ways {
    /// Walks them, and on through other nodes where those can be asked.
    pub(super) fn walk(
        host: &str,
        source: &mut dyn Source<'static>,
        question: &Question,
        one_way: bool,
        beyond: Option<&mut Beyond>,
    ) -> Self {
        let (there, back) = match beyond {
            Some(beyond) => {
                beyond.begin();
                across::walk(host, source, question, one_way, beyond)
            }
            None => path::trace(host, source, question.clone()),
        };
        Self { there, back: back.filter(|_| !one_way) }
    }

    /// The last of them.
    pub(super) fn last(&self) -> &Path {
        self.back.as_ref().unwrap_or(&self.there)
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = &End> {
        [Some(&self.there), self.back.as_ref()].into_iter().flatten().map(|way| &way.end)
    }

    /// Names the processes at their ends.
    pub(super) fn name_holders(&mut self, machine: &mut Machine) {
        for way in [Some(&mut self.there), self.back.as_mut()].into_iter().flatten() {
            // Another node has named its own.
            if way.end.at().host == machine.host {
                name_holder(machine, way);
            }
        }
    }
}
