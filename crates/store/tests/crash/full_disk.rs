//! A write that fails half-way: RLIMIT_FSIZE makes the kernel write what fits and
//! refuse the rest, as a full disk does.

use crate::child::{Place, boot, telling};

pub(crate) fn story(place: &Place) {
    let notes = place.notes();
    let journal = place.open::<String>().unwrap().journal;
    let record = "x".repeat(1000);
    let mut written = 0;
    let error = loop {
        match journal.append(&record) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100, "no limit on the size of files");
    };
    notes.add(&written.to_string());
    notes.add(&error.to_string());
    // Small enough to fit, and refused all the same.
    notes.add(journal.append(&String::new()).unwrap_err().code());
    notes.add(journal.compact(|| [String::new()]).unwrap_err().code());
}

#[test]
fn a_failed_write_closes_the_journal_and_leaves_no_tail() {
    let parent = tempfile::tempdir().unwrap();
    let place = Place(parent.path().to_owned());
    let status = telling("full disk", &place, "trap '' XFSZ; ulimit -f 20; ").status().unwrap();
    assert!(status.success());
    let noted = place.noted();
    let written: usize = noted[0].parse().unwrap();
    assert!(written > 5);
    assert!(noted[1].contains("write failed (File too large (os error 27)) and was undone"));
    assert_eq!(noted[2..], ["store-failed", "store-failed"]);
    let opened = place.open::<String>().unwrap();
    assert_eq!((opened.records.len(), opened.findings), (written, vec![]));
    opened.journal.append(&"there is room again".to_owned()).unwrap();
    assert_eq!(opened.origin, store::Origin::ThisBoot, "{}", boot());
}
