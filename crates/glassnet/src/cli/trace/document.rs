//! The answer as one JSON document: `docs/trace.schema.json`.

use super::lessons::Said;
use super::ways::Ways;
use super::{Traced, Trip};
use crate::machine::Machine;
use model::explain::{Language, Say as _};
use model::host::NamespaceId;
use model::path::{End, Part, Path, Question};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Document<'a> {
    question: Asked<'a>,
    there: &'a Path,
    /// Absent if nothing answers, or nobody asked for it.
    back: Option<&'a Path>,
    ends: Vec<Ended<'a>>,
    /// After the changes that were asked for.
    #[serde(rename = "if")]
    then: Option<After<'a>>,
    /// With `--explain`: sentences about each hop of a way, and last about its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<Said>,
    /// What the walk asked for and could not see.
    unseen: Vec<Unseen<'a>>,
    /// Other nodes, through the store, in their order.
    asked: &'a [Trip],
}

#[derive(Serialize)]
struct After<'a> {
    changes: &'a [String],
    there: &'a Path,
    back: Option<&'a Path>,
    ends: Vec<Ended<'a>>,
}

#[derive(Serialize)]
struct Asked<'a> {
    /// The machine that was asked, and when it was as it is told, in seconds since 1970, if not now.
    host: &'a str,
    time: Option<u64>,
    from: &'a str,
    to: &'a str,
    /// What was taken for what, in words.
    notes: Vec<String>,
    #[serde(flatten)]
    question: &'a Question,
}

#[derive(Serialize)]
struct Ended<'a> {
    way: &'static str,
    is: &'static str,
    said: String,
    /// What to do about it.
    #[serde(rename = "try")]
    cure: Option<String>,
    command: Option<&'a str>,
}

#[derive(Serialize)]
struct Unseen<'a> {
    namespace: &'a NamespaceId,
    part: &'a Part,
    why: &'a str,
}

impl<'a> Document<'a> {
    pub(super) fn of(traced: &'a Traced, machine: &'a Machine, language: Language) -> Self {
        let understood = &traced.understood;
        let question = Asked {
            host: &machine.host,
            time: machine.time,
            from: &understood.from,
            to: &understood.to,
            notes: understood.notes.iter().map(|note| note.said(language)).collect(),
            question: &understood.question,
        };
        let mut ends = ends(&traced.ways, language);
        let then = traced.then.as_ref().map(|then| After {
            changes: &then.changes,
            there: &then.ways.there,
            back: then.ways.back.as_ref(),
            ends: self::ends(&then.ways, language),
        });
        if let (Some(last), Some(advice)) = (ends.last_mut(), &traced.advice) {
            last.cure = Some(advice.cure.say(language));
            last.command = advice.command.as_deref();
        }
        let unseen = machine.unseen.iter();
        let unseen = unseen.map(|unseen| Unseen {
            namespace: &unseen.namespace,
            part: &unseen.part,
            why: &unseen.why,
        });
        Self {
            question,
            there: &traced.ways.there,
            back: traced.ways.back.as_ref(),
            ends,
            then,
            explained: traced.lessons.said(language),
            unseen: unseen.collect(),
            asked: &traced.trips,
        }
    }
}

fn ends<'a>(ways: &Ways, language: Language) -> Vec<Ended<'a>> {
    let ends = ["there", "back"].into_iter().zip(ways.ends()).map(|(way, end)| {
        let (said, is) = (end.said(language), word(end));
        Ended { way, is, said, cure: None, command: None }
    });
    ends.collect()
}

fn word(end: &End) -> &'static str {
    match end {
        End::Delivered { .. } => "delivered",
        End::Dropped { .. } => "dropped",
        End::Left { .. } => "left",
        End::Unknown { .. } => "unknown",
    }
}
