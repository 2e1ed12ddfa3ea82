//! Who reaches whom: every ordered pair of places, there and back.
//!
//! Ten thousand places are a hundred million pairs. Few of them differ: [`classes`] finds the places that
//! can be exchanged without any state noticing, and one walk stands for all pairs between two classes.
//! That is exact as long as a walk compares names and does not count with them; where it does (a hash over
//! several next hops, the longest common prefix among several IPv6 addresses), every pair is walked for
//! itself.
//!
//! ```text
//! state ─ quiet (without what caches rightly know) ─ names ─ classes (canon, rules, cuts) ─ matrix
//! ```

mod canon;
mod classes;
mod compare;
mod cuts;
mod matrix;
mod names;
mod quiet;
mod rules;

pub use compare::{Difference, compare};

use super::{Asked, End, Path, Stage, Wire};
use crate::host::{Actual, NamespaceId};
use matrix::Matrix;
use names::Names;
use quiet::Quiet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Who sends and is sent to: a namespace, by one of its addresses. No two are of one namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    pub host: String,
    pub namespace: NamespaceId,
    pub address: IpAddr,
    /// Whether it is asked whom it reaches, and who reaches it.
    pub sends: bool,
    pub receives: bool,
}

/// What becomes of a packet between two, and of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Both arrive.
    Answered,
    /// The packet, or on its way back the answer, ends elsewhere.
    Lost { back: bool, end: End },
}

/// All that two outcomes of the same kind have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub back: bool,
    pub end: &'static str,
    pub stage: Option<Stage>,
    /// Of what is dropped, the reason's name in JSON.
    pub reason: String,
}

impl Outcome {
    /// Of a packet's way, and of its answer's.
    pub fn of((there, back): &(Path, Option<Path>)) -> Self {
        let arrived = |path: &Path| matches!(path.end, End::Delivered { .. });
        match back {
            _ if !arrived(there) => Self::Lost { back: false, end: there.end.clone() },
            Some(path) if !arrived(path) => Self::Lost { back: true, end: path.end.clone() },
            Some(_) | None => Self::Answered,
        }
    }

    pub fn kind(&self) -> Kind {
        let (back, end) = match self {
            Self::Answered => (true, None),
            Self::Lost { back, end } => (*back, Some(end)),
        };
        let (end, stage, reason) = match end {
            None | Some(End::Delivered { .. }) => ("answered", None, String::new()),
            Some(End::Left { .. }) => ("left", None, String::new()),
            Some(End::Unknown { stage, .. }) => ("unknown", Some(*stage), String::new()),
            Some(End::Dropped { stage, because, .. }) => ("dropped", Some(*stage), because.name()),
        };
        Kind { back, end, stage, reason }
    }
}

/// All pairs from one class to one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub from: usize,
    pub to: usize,
    pub pairs: u64,
    /// The pair that was walked, by their numbers.
    pub example: (usize, usize),
    pub outcome: Outcome,
}

/// A pair that was walked for itself, by their numbers: its cell does not speak for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Single {
    pub from: usize,
    pub to: usize,
    pub outcome: Outcome,
}

/// Who reaches whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    pub asked: Asked,
    pub endpoints: Vec<Endpoint>,
    /// The class of each endpoint.
    pub class_of: Vec<usize>,
    pub cells: Vec<Cell>,
    /// In the order of their numbers.
    pub singles: Vec<Single>,
    /// Pairs that were walked.
    pub walks: u64,
}

/// Who of these reaches whom with a packet of this kind, each with the kernel's choice of a source.
pub fn reach(
    hosts: &[(&str, &Actual)],
    wires: &[Wire],
    endpoints: Vec<Endpoint>,
    asked: Asked,
) -> Reach {
    let quiet = Quiet::of(hosts);
    let states = quiet.hosts(hosts);
    let class_of = {
        let names = Names::of(&states);
        let classes = classes::classes(&names, hosts, &endpoints);
        classes.of_endpoints(&names, hosts, &endpoints)
    };
    let matrix = Matrix { hosts, states, wires, quiet: &quiet, endpoints: &endpoints, asked };
    let (cells, singles, walks) = matrix.walk(&class_of);
    Reach { asked, endpoints, class_of, cells, singles, walks }
}

impl Reach {
    /// From one to another, by their numbers; `None` from one to itself, and where it was not asked.
    pub fn outcome(&self, from: usize, to: usize) -> Option<&Outcome> {
        let single = self.singles.binary_search_by_key(&(from, to), |s| (s.from, s.to));
        if let Ok(single) = single {
            return Some(&self.singles[single].outcome);
        }
        let key = (*self.class_of.get(from)?, *self.class_of.get(to)?);
        let cell = self.cells.binary_search_by_key(&key, |cell| (cell.from, cell.to)).ok()?;
        (from != to).then_some(&self.cells[cell].outcome)
    }

    /// Whether its parts fit together, as those of one that was read may not.
    pub fn is_whole(&self) -> bool {
        let (count, classes) = (self.endpoints.len(), self.classes());
        let within = |(from, to): (usize, usize), below: usize| from < below && to < below;
        self.class_of.len() == count
            && self.cells.is_sorted_by_key(|cell| (cell.from, cell.to))
            && self
                .cells
                .iter()
                .all(|c| within((c.from, c.to), classes) && within(c.example, count))
            && self.singles.is_sorted_by_key(|single| (single.from, single.to))
            && self.singles.iter().all(|single| within((single.from, single.to), count))
    }

    pub fn classes(&self) -> usize {
        self.class_of.iter().max().map_or(0, |last| last + 1)
    }

    /// Pairs that were asked about.
    pub fn pairs(&self) -> u64 {
        self.cells.iter().map(|cell| cell.pairs).sum()
    }

    /// Every kind of outcome with the number of pairs and one of them.
    pub fn kinds(&self) -> BTreeMap<Kind, Counted<'_>> {
        let mut kinds: BTreeMap<Kind, Counted<'_>> = BTreeMap::new();
        let mut count = |pairs: u64, example: (usize, usize), outcome| {
            let counted = kinds.entry(Outcome::kind(outcome));
            counted.or_insert(Counted { pairs: 0, example, outcome }).pairs += pairs;
        };
        let mut apart: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for single in &self.singles {
            let key = (self.class_of[single.from], self.class_of[single.to]);
            *apart.entry(key).or_default() += 1;
            count(1, (single.from, single.to), &single.outcome);
        }
        for cell in &self.cells {
            let apart = apart.get(&(cell.from, cell.to)).copied().unwrap_or(0);
            if cell.pairs > apart {
                count(cell.pairs - apart, cell.example, &cell.outcome);
            }
        }
        kinds
    }
}

/// Pairs of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'r> {
    pub pairs: u64,
    pub example: (usize, usize),
    pub outcome: &'r Outcome,
}
