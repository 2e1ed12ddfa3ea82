//! Many cases at once. Most of a case's time is waiting, so there are more threads than processors.

use crate::case::Case;
use crate::compare::Verdict;
use crate::error::{Error, Result};
use crate::generate;
use crate::play::play;
use crate::tally::{Disagreement, Tally};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The first case's; the others follow.
    pub seed: u64,
    pub cases: u64,
    pub threads: usize,
    /// Where the sum is kept between shares, so that an interrupted run goes on.
    pub resume: Option<PathBuf>,
}

/// Cases between two writings of the sum.
const SHARE: u64 = 100;

/// The sum as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    seed: u64,
    tally: Tally,
}

/// Runs all of it; `tell` hears of each share.
pub fn run(plan: &Plan, mut tell: impl FnMut(&Tally)) -> Result<Tally> {
    let mut tally =
        plan.resume.as_deref().and_then(|file| kept(file, plan.seed)).unwrap_or_default();
    while tally.cases < plan.cases {
        let cases = SHARE.min(plan.cases - tally.cases);
        tally.add(share(plan.seed + tally.cases, cases, plan.threads));
        if let Some(file) = &plan.resume {
            keep(file, plan.seed, &tally)?;
        }
        tell(&tally);
    }
    if let Some(file) = &plan.resume {
        // A run that came to its end is not gone on with.
        let _ = std::fs::remove_file(file);
    }
    Ok(tally)
}

fn kept(file: &Path, seed: u64) -> Option<Tally> {
    let kept: Kept = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    (kept.seed == seed).then_some(kept.tally)
}

fn keep(file: &Path, seed: u64, tally: &Tally) -> Result<()> {
    let kept = Kept { seed, tally: tally.clone() };
    let text = serde_json::to_vec(&kept).unwrap_or_default();
    std::fs::write(file, text).map_err(Error::system(format!("write {}", file.display())))
}

fn share(first: u64, cases: u64, threads: usize) -> Tally {
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= cases {
                        break;
                    }
                    let one = case(&generate::case(first + number));
                    sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(one);
                }
            });
        }
    });
    sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// One case. What differs is played again, since a busy machine may be late; what then agrees is
/// counted apart.
pub fn case(case: &Case) -> Tally {
    let mut tally = Tally { cases: 1, ..Tally::default() };
    let mut doubtful = Vec::new();
    let played = play(case, |outcome, read| {
        tally.packets += 1;
        match &outcome.verdict {
            Verdict::Agrees { arrives } => {
                tally.agreed += 1;
                tally.arrived += u64::from(*arrives);
                let ways = [Some(&outcome.predicted.there), outcome.predicted.back.as_ref()];
                ways.into_iter().flatten().for_each(|path| tally.coverage.path(path));
                read.for_each(|(_, part, namespace)| tally.coverage.read(part, namespace));
            }
            Verdict::Unknown { why } => {
                tally.count_unknown(&format!("{} packet {}", case.title, outcome.packet), why);
            }
            Verdict::Disagrees(_) => {
                let words = outcome.in_words(&case.packets[outcome.packet]);
                doubtful.push((outcome.packet, words));
            }
        }
    });
    if let Err(error) = played {
        tally.failures.push(format!("{}: {error}", case.title));
    }
    for (packet, words) in doubtful {
        // The packets before it may be what makes it differ.
        let mut again = case.clone();
        again.packets.truncate(packet + 1);
        match differs(&again) {
            Some(difference) => tally.disagreements.push(Disagreement { case: again, difference }),
            None => {
                tally.agreed += 1;
                tally.unsteady.push(format!("{}, {words}", case.title));
            }
        }
    }
    tally
}

/// What differs about the last packet of a case.
pub fn differs(case: &Case) -> Option<String> {
    let mut difference = None;
    let last = case.packets.len().checked_sub(1)?;
    let played = play(case, |outcome, _| {
        if let (true, Verdict::Disagrees(found)) = (outcome.packet == last, &outcome.verdict) {
            let words = outcome.in_words(&case.packets[last]);
            difference = Some(format!("{found}\n{words}"));
        }
    });
    played.ok().and(difference)
}
