//! What came of many cases: counts, and what differed.

use crate::case::Case;
use crate::coverage::Coverage;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The sum over cases.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    pub cases: u64,
    pub packets: u64,
    pub agreed: u64,
    /// Of those that agreed, the ones that came to a receiver.
    pub arrived: u64,
    pub disagreements: Vec<Disagreement>,
    /// By reason, without the names and numbers in it.
    pub unknown: BTreeMap<String, u64>,
    /// One of each reason as it was said, with its case.
    pub examples: BTreeMap<String, String>,
    /// Differed once, and not when the case was played again.
    pub unsteady: Vec<String>,
    /// Cases that could not be played.
    pub failures: Vec<String>,
    pub coverage: Coverage,
}

/// A packet that fares otherwise than predicted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Disagreement {
    /// With that packet alone.
    pub case: Case,
    pub difference: String,
}

impl Tally {
    pub fn unknowns(&self) -> u64 {
        self.unknown.values().sum()
    }

    /// Share of the packets, in percent.
    fn share(&self, of: u64) -> f64 {
        100.0 * of as f64 / self.packets.max(1) as f64
    }

    pub fn not_arrived(&self) -> f64 {
        self.share(self.agreed - self.arrived)
    }

    pub fn share_unknown(&self) -> f64 {
        self.share(self.unknowns())
    }

    pub fn count_unknown(&mut self, case: &str, why: &str) {
        *self.unknown.entry(plain(why)).or_default() += 1;
        self.examples.entry(plain(why)).or_insert_with(|| format!("{case}: {why}"));
    }

    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.packets += other.packets;
        self.agreed += other.agreed;
        self.arrived += other.arrived;
        self.disagreements.extend(other.disagreements);
        for (why, count) in other.unknown {
            *self.unknown.entry(why).or_default() += count;
        }
        for (why, example) in other.examples {
            self.examples.entry(why).or_insert(example);
        }
        self.unsteady.extend(other.unsteady);
        self.failures.extend(other.failures);
        self.coverage.add(other.coverage);
    }
}

/// The line that a run ends with.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cases, {} packets: {} agreed, {} disagreed, {} unknown ({:.2} %), {:.1} % did not arrive",
            self.cases,
            self.packets,
            self.agreed,
            self.disagreements.len(),
            self.unknowns(),
            self.share_unknown(),
            self.not_arrived(),
        )?;
        for (why, count) in &self.unknown {
            write!(f, "; unknown {count}: {why}")?;
        }
        if !self.unsteady.is_empty() {
            write!(f, "; {} differed once and not again", self.unsteady.len())?;
        }
        if !self.failures.is_empty() {
            write!(f, "; {} cases could not be played", self.failures.len())?;
        }
        Ok(())
    }
}

/// A reason without where it is, and without names and numbers, so that like ones are counted together.
fn plain(why: &str) -> String {
    let why = why.split_once(": ").map_or(why, |(_, why)| why);
    if let Some((_, what)) = why.rsplit_once(" depends on ") {
        return format!("a rule depends on {what}");
    }
    let word = |word: &str| match word.chars().any(|c| c.is_ascii_digit()) {
        true => "…".to_owned(),
        false => word.to_owned(),
    };
    why.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
