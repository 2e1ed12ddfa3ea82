//! Dies at every declared failpoint, each time it is reached, and recovers.

use std::collections::BTreeSet;
use std::fs;

use store::{EntryName, Queue, failpoint, read_json_or_absent, write_atomically};

use crate::child::{Place, telling, was_killed};

/// Every effect of the crate once or more, on a place that may already be half done.
///
/// The journal's file is damaged and torn by hand on the way: that is the disk's doing,
/// so it happens only once the story has come that far undisturbed.
pub(crate) fn story(place: &Place) {
    let notes = place.notes();
    let append = |journal: &store::Journal<String>, record: &str| {
        if journal.append(&record.to_owned()).is_ok() {
            notes.add(record);
        }
    };
    let journal = place.open::<String>().unwrap().journal;
    for record in ["one", "two", "three"] {
        append(&journal, record);
    }
    journal.compact(|| ["one", "two", "three"].map(str::to_owned)).unwrap();
    // A record that comes while the snapshot is being written.
    journal
        .compact(|| {
            ["one", "two", "three"].map(str::to_owned).into_iter().inspect(|record| {
                if record == "three" {
                    append(&journal, "four");
                }
            })
        })
        .unwrap();
    drop(journal);

    let file = place.state().join("leases");
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend(b"torn");
    fs::write(&file, &bytes).unwrap();
    drop(place.open::<String>().unwrap());

    // The header: no record is in it, so every one must survive.
    bytes = fs::read(&file).unwrap();
    bytes[0] ^= 1;
    fs::write(&file, &bytes).unwrap();
    fs::write(place.state().join(".leases.1.0.tmp"), "left by a killed writer").unwrap();
    let opened = place.open::<String>().unwrap();
    opened.journal.compact(|| &opened.records).unwrap();
    append(&opened.journal, "five");
    // Over the limit that the shell set on the size of files.
    append(&opened.journal, &"x".repeat(9000));
    drop(opened);

    let node = place.state().join("node.json");
    write_atomically(&node, b"1").unwrap();
    notes.add("node 1");
    write_atomically(&node, b"2").unwrap();
    notes.add("node 2");

    let queue = Queue::open(place.queue()).unwrap();
    for time in 0..2 {
        queue.put(EntryName { time, pid: 1, sequence: 0 }, &time).unwrap();
        notes.add(&format!("queued {time}"));
    }
    let drained = queue.drain(|_, time: u64| {
        notes.add(&format!("acted {time}"));
        Ok::<(), ()>(())
    });
    assert_eq!(drained.unwrap().done, 2);
    notes.add("end");
}

/// Runs the story until it has died at each occasion of each failpoint.
#[test]
fn every_failpoint_is_reached_and_recovered_from() {
    let mut deaths = 0;
    for point in failpoint::ALL {
        for count in 1.. {
            let parent = tempfile::tempdir().unwrap();
            let place = Place(parent.path().to_owned());
            let armed = format!("{}:{count}", point.name());
            let status = telling("failpoints", &place, "trap '' XFSZ; ulimit -f 16; ")
                .env(failpoint::ENVIRONMENT, &armed)
                .status()
                .unwrap();
            if !was_killed(status) {
                assert!(status.success(), "{armed}: the story itself failed: {status}");
                assert_eq!(place.noted().last().unwrap(), "end");
                assert!(count > 1, "{} is declared and never hit", point.name());
                break;
            }
            assert_ne!(place.noted().last().map_or("", String::as_str), "end");
            recovers(&place, &armed);
            deaths += 1;
        }
    }
    assert!(deaths > failpoint::ALL.len());
}

fn recovers(place: &Place, armed: &str) {
    let noted = place.noted();
    let opened = place.open::<String>().unwrap_or_else(|e| panic!("{armed}: {e}"));
    let mut seen = BTreeSet::new();
    let records: Vec<&String> = opened.records.iter().filter(|r| seen.insert(*r)).collect();
    let order = ["one", "two", "three", "four", "five"];
    let acknowledged = noted.iter().filter(|line| order.contains(&line.as_str())).count();
    // All that was acknowledged, and at most the one that was on its way.
    let small: Vec<_> = records.iter().filter(|r| r.len() < 9000).collect();
    assert_eq!(small, order[..small.len()].iter().collect::<Vec<_>>(), "{armed}");
    assert!((acknowledged..=acknowledged + 1).contains(&small.len()), "{armed}: {records:?}");
    assert_eq!(small.len(), records.len(), "{armed}: the record that failed is back");
    opened.journal.compact(|| &opened.records).unwrap();
    opened.journal.append(&"after".to_owned()).unwrap();
    drop(opened);
    let again = place.open::<String>().unwrap();
    assert_eq!((again.records.last().unwrap().as_str(), again.findings), ("after", vec![]));

    let node = read_json_or_absent::<u64>(&place.state().join("node.json")).unwrap();
    assert_eq!(node.finding, None, "{armed}");
    let stored = (1..3).filter(|n| noted.contains(&format!("node {n}"))).max();
    assert!([stored, Some(stored.unwrap_or(0) + 1)].contains(&node.value), "{armed}: {node:?}");

    let mut drained = Vec::new();
    let queue = Queue::open(place.queue()).unwrap();
    let report = queue.drain(|_, time: u64| {
        drained.push(time);
        Ok::<(), ()>(())
    });
    let report = report.unwrap();
    assert!(report.unreadable.is_empty() && report.kept.is_empty(), "{armed}: {report:?}");
    assert!(drained.is_sorted(), "{armed}");
    for time in 0..2 {
        let was = |what| noted.contains(&format!("{what} {time}"));
        let acted = was("acted") || drained.contains(&time);
        assert!(acted || !was("queued"), "{armed}: entry {time} was queued and lost");
    }
    let damaged = fs::read_dir(place.state())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("damaged"));
    assert!(damaged.count() <= 1, "{armed}: one damage was kept aside twice");
    assert_eq!(place.leftovers(), Vec::<std::path::PathBuf>::new(), "{armed}");
}
