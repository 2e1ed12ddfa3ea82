//! Runs many cases, or plays one again. `make drift N=10000 SEED=1` calls it.

use drift::case::Case;
use drift::compare::Verdict;
use drift::run::{Plan, run};
use drift::{generate, play, shrink};
use std::process::ExitCode;

const USAGE: &str =
    "drift run CASES SEED [FILE]   runs so many cases; FILE lets an interrupted run go on
drift show SEED               prints the case of a seed
drift play SEED|FILE          plays one case and tells of each packet
drift shrink SEED|FILE        prints the smallest case that still differs";

/// More than processors, since a case mostly waits.
const THREADS: usize = 8;

/// Cases that are made small at the end of a run; each takes some minutes.
const SHRUNK: usize = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["run", cases, seed] => run_many(cases, seed, None),
        ["run", cases, seed, file] => run_many(cases, seed, Some(file)),
        ["show", seed] => read(seed).and_then(|case| print(&case).map(|()| true)),
        ["play", which] => read(which).and_then(|case| tell(&case)),
        ["shrink", which] => read(which).and_then(|case| smallest(&case)),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

fn run_many(cases: &str, seed: &str, resume: Option<&str>) -> Result<bool, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("\"{text}\" is no number"));
    let plan = Plan {
        seed: number(seed)?,
        cases: number(cases)?,
        threads: THREADS,
        resume: resume.map(Into::into),
    };
    let tally = run(&plan, |tally| eprintln!("{tally}")).map_err(|error| error.to_string())?;
    print!("{}", tally.coverage.table());
    for gap in tally.coverage.gaps() {
        println!("did not occur: {gap}");
    }
    for failure in &tally.failures {
        println!("not played: {failure}");
    }
    for example in tally.examples.values() {
        println!("unknown, such as {example}");
    }
    for unsteady in &tally.unsteady {
        println!("differed once: {unsteady}");
    }
    for found in &tally.disagreements {
        println!(
            "{}, packet {}: {}",
            found.case.title,
            found.case.packets.len() - 1,
            found.difference
        );
    }
    for found in tally.disagreements.iter().take(SHRUNK) {
        println!("the smallest case that differs, for tests/drift/scenarios:");
        print(&shrink::shrink(found.case.clone()))?;
    }
    println!("{tally}");
    Ok(tally.disagreements.is_empty() && tally.failures.is_empty())
}

/// A case by its seed, or from a file.
fn read(which: &str) -> Result<Case, String> {
    if let Ok(seed) = which.parse() {
        return Ok(generate::case(seed));
    }
    let text = std::fs::read(which).map_err(|error| format!("{which}: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("{which}: {error}"))
}

fn print(case: &Case) -> Result<(), String> {
    println!("{}", serde_json::to_string_pretty(case).map_err(|error| error.to_string())?);
    Ok(())
}

fn tell(case: &Case) -> Result<bool, String> {
    let mut agrees = true;
    let played = play::play(case, |outcome, _| {
        agrees &= !matches!(outcome.verdict, Verdict::Disagrees(_));
        println!("{}", outcome.in_words(&case.packets[outcome.packet]));
    });
    played.map_err(|error| format!("{error} ({error:?})"))?;
    Ok(agrees)
}

fn smallest(case: &Case) -> Result<bool, String> {
    let mut differs = None;
    let played = play::play(case, |outcome, _| {
        if let (None, Verdict::Disagrees(_)) = (differs, &outcome.verdict) {
            differs = Some(outcome.packet);
        }
    });
    played.map_err(|error| error.to_string())?;
    let Some(packet) = differs else { return Err("no packet differs".to_owned()) };
    let mut case = case.clone();
    case.packets.truncate(packet + 1);
    print(&shrink::shrink(case))?;
    Ok(false)
}
