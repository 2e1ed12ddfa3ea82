//! Predicted = observed, on fixed seeds.

use drift::run::{Plan, run};

/// Seeds of `make test`.
const FIRST: u64 = 1;
const CASES: u64 = 300;

#[test]
fn the_kernel_does_what_was_predicted() {
    let plan = Plan { seed: FIRST, cases: CASES, threads: 8, resume: None };
    let tally = run(&plan, |tally| println!("{tally}")).expect("cases are played as root");
    println!("{}{tally}", tally.coverage.table());
    for found in &tally.disagreements {
        println!("{}: {}", found.case.title, found.difference);
    }
    assert!(tally.disagreements.is_empty(), "{} packets differ", tally.disagreements.len());
    assert!(tally.failures.is_empty(), "{:#?}", tally.failures);
    assert_eq!(tally.coverage.gaps(), [""; 0], "what has to occur and did not");
    assert!(tally.packets >= 10 * CASES);
    assert!(tally.not_arrived() >= 40.0, "{:.1} % did not arrive", tally.not_arrived());
    assert!(tally.share_unknown() < 1.0, "{:#?}", tally.unknown);
}
