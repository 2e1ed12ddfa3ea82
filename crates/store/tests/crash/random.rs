//! SIGKILL at random moments, again and again on the same files, while threads append
//! and one compacts.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::child::{Place, telling, was_killed};

const THREADS: u64 = 8;
const ROUNDS: u64 = 100;

/// Each thread counts up; the journal holds how far it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Step {
    thread: u64,
    number: u64,
}

fn replay(records: &[Step]) -> BTreeMap<u64, u64> {
    let mut state = BTreeMap::new();
    for step in records {
        let before = state.insert(step.thread, step.number);
        // A snapshot may be followed by steps that it already holds, never by older ones.
        assert!(before.is_none_or(|n| n == step.number || n + 1 == step.number), "{step:?}");
    }
    state
}

/// Counts on for ever.
pub(crate) fn story(place: &Place) {
    let opened = place.open::<Step>().unwrap();
    let journal = &opened.journal;
    let state = &Mutex::new(replay(&opened.records));
    let notes = &place.notes();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                loop {
                    let mut held = state.lock().unwrap();
                    let number = held.get(&thread).map_or(0, |n| n + 1);
                    held.insert(thread, number);
                    let ticket = journal.enqueue(&Step { thread, number }).unwrap();
                    drop(held);
                    journal.wait(ticket).unwrap();
                    notes.add(&format!("{thread} {number}"));
                }
            });
        }
        loop {
            let snapshot = || {
                let held = state.lock().unwrap();
                held.iter().map(|(&thread, &number)| Step { thread, number }).collect::<Vec<_>>()
            };
            journal.compact(snapshot).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn what_was_acknowledged_survives_any_kill() {
    let parent = tempfile::tempdir().unwrap();
    let place = Place(parent.path().to_owned());
    let mut moment: u64 = 0x2545_f491_4f6c_dd1d;
    for round in 0..ROUNDS {
        moment ^= moment << 13;
        moment ^= moment >> 7;
        moment ^= moment << 17;
        let mut child = telling("random", &place, "").spawn().unwrap();
        wait_for_work(&place, &mut child);
        thread::sleep(Duration::from_micros(moment % 15_000));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(was_killed(status), "round {round}: it failed by itself: {status}");
        let opened = place.open::<Step>().unwrap();
        assert!(
            opened.findings.iter().all(|f| f.code() == "store-torn-tail"),
            "{:?}",
            opened.findings
        );
        let state = replay(&opened.records);
        for (thread, number) in acknowledged(&place) {
            let kept = state[&thread];
            // One step a thread may be durable and not yet acknowledged.
            assert!(
                (number..=number + 1).contains(&kept),
                "round {round}: {thread} {number} {kept}"
            );
        }
        std::fs::remove_file(place.0.join("notes")).unwrap();
    }
    assert!(place.leftovers().is_empty());
}

fn acknowledged(place: &Place) -> BTreeMap<u64, u64> {
    let noted = place.noted();
    noted
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(thread, number)| (thread.parse().unwrap(), number.parse().unwrap()))
        .collect()
}

/// Until the child has acknowledged something, so that each round tests something.
fn wait_for_work(place: &Place, child: &mut std::process::Child) {
    let start = Instant::now();
    while place.noted().is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        assert!(start.elapsed() < Duration::from_secs(60), "the child does nothing");
        thread::sleep(Duration::from_micros(200));
    }
}
