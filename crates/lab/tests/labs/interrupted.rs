//! An `up` that is killed, at whatever moment, is cleaned away by `down`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

use crate::stage::{Stage, held_namespaces, marked, namespaces, on_one_switch, processes};

/// Moments from its start to well after its end; the steps of an `up` of six
/// machines take a few milliseconds each.
const MOMENTS: u64 = 60;
const APART: Duration = Duration::from_micros(1500);

#[test]
fn a_killed_up_leaves_nothing_after_down() {
    let stage = Stage::new();
    let text = on_one_switch("cut-off", 6).replace(
        "hosts:\n",
        "hosts:\n  boxes: { networks: { n: {} }, containers: { c: { network: n } } }\n",
    );
    let file = stage.file("cut-off", &text);
    let mut unfinished = 0;
    for moment in 0..MOMENTS {
        let mut up = stage
            .command(&["up", &file])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(APART * u32::try_from(moment).unwrap());
        up.kill().unwrap();
        up.wait().unwrap();
        let token = stage.token("cut-off");
        let lost: Vec<_> = token.iter().flat_map(|token| held_namespaces(token)).collect();
        if token.is_some() && stage.run(&["ls"]).contains("\"making\"") {
            unfinished += 1;
            let again = stage.refused(&["up", &file]);
            assert!(again.contains("glassnet lab down cut-off"), "{again}");
            let entered = stage.refused(&["kill", "cut-off", "h1"]);
            assert!(entered.contains("interrupted"), "{entered}");
        }
        let there = stage.labs().join("cut-off").exists();
        let (well, said) = stage.attempt(&["down", "cut-off"]);
        assert!(well, "{said}");
        assert_eq!(said.contains("there was no lab"), !there, "{said}");
        nothing_is_left(&stage, token.as_deref().unwrap_or("none"), &lost);
    }
    assert!(unfinished > 0, "no up was killed in the middle: the moments are badly chosen");
}

/// Two commands at once on one lab: one does it, the other says it is busy or
/// finds it done.
#[test]
fn of_two_ups_at_once_one_wins() {
    let stage = Stage::new();
    let file = stage.file("race", &on_one_switch("race", 4));
    let both: Vec<_> = (0..2)
        .map(|_| stage.command(&["up", &file]).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let ends: Vec<_> = both.into_iter().map(|one| one.wait_with_output().unwrap()).collect();
    assert_eq!(ends.iter().filter(|end| end.status.success()).count(), 1, "{ends:?}");
    assert!(stage.reaches("race", "h1", "h4"));
    let token = stage.token("race").unwrap();
    assert_eq!(marked(&token).len(), 5);
}

/// Dead, and only waiting for the computer's own first process to collect it.
fn is_dead(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.starts_with(" Z") || rest.starts_with(" X"))
}

pub(crate) fn nothing_is_left(stage: &Stage, token: &str, lost: &[(String, File)]) {
    assert_eq!(marked(token), [0u32; 0], "processes are left");
    let living: BTreeSet<String> =
        processes().filter(|pid| !is_dead(*pid)).flat_map(namespaces).collect();
    let left: Vec<&String> =
        lost.iter().map(|(name, _)| name).filter(|name| living.contains(*name)).collect();
    assert!(left.is_empty(), "namespaces are left: {left:?}");
    let labs = stage.labs();
    assert!(!labs.exists(), "{} is left", labs.display());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(labs.to_str().unwrap()), "mounts are left:\n{mounts}");
}
