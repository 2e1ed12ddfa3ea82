//! `--explain`: what each step of the way is, for who sees it for the first time.

use super::ways::Ways;
use super::what_if::Then;
use model::explain::{Language, Lesson, Say as _, Teacher};
use serde::Serialize;

/// Of one way: of each hop in turn, and last of the end. None if nobody asked.
pub(super) type OfWay = Vec<Vec<Lesson>>;

#[derive(Default)]
pub(super) struct Lessons {
    pub(super) there: OfWay,
    pub(super) back: OfWay,
    /// After the changes that were asked for.
    pub(super) there_then: OfWay,
    pub(super) back_then: OfWay,
}

/// The same in words, for the document.
#[derive(Serialize)]
pub(super) struct Said {
    there: Vec<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    back: Vec<Vec<String>>,
}

impl Lessons {
    pub(super) fn of(ways: &Ways, then: Option<&Then>, asked: bool) -> Self {
        if !asked {
            return Self::default();
        }
        // What was said on the way there is known on the way back.
        let mut teacher = Teacher::default();
        let mut of = |ways: &Ways| {
            let there = teacher.path(&ways.there);
            (there, ways.back.as_ref().map(|back| teacher.path(back)).unwrap_or_default())
        };
        let (there, back) = of(ways);
        let (there_then, back_then) = then.map(|then| of(&then.ways)).unwrap_or_default();
        Self { there, back, there_then, back_then }
    }

    pub(super) fn said(&self, language: Language) -> Option<Said> {
        let words = |way: &OfWay| -> Vec<Vec<String>> {
            let of_hop = |hop: &Vec<Lesson>| hop.iter().map(|one| one.said(language)).collect();
            way.iter().map(of_hop).collect()
        };
        let (there, back) = (words(&self.there), words(&self.back));
        (!there.is_empty()).then_some(Said { there, back })
    }
}
