//! The journal's promises on a healthy disk and a damaged one: what was
//! acknowledged comes back, in order; what is damaged is reported, never a panic.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use store::{BootId, Finding, Gap, Journal, Opened, Origin, StateDirectory};

fn boot(last: char) -> BootId {
    format!("0d5d6e3a-6a1b-4c1e-9f57-00000000000{last}").parse().unwrap()
}

struct Disk {
    _parent: tempfile::TempDir,
    state: PathBuf,
}

impl Disk {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let state = parent.path().join("state");
        Self { _parent: parent, state }
    }

    fn file(&self) -> PathBuf {
        self.state.join("leases")
    }

    fn open_as<R: serde::Serialize + serde::de::DeserializeOwned>(
        &self,
        boot: BootId,
    ) -> Result<Opened<R>, store::StoreError> {
        Journal::open(&Arc::new(StateDirectory::lock(&self.state)?), "leases", boot)
    }

    fn open(&self) -> Opened<String> {
        self.open_as(boot('1')).unwrap()
    }

    /// A closed journal of these records, and the file's length after each.
    fn with(records: &[&str]) -> (Self, Vec<u64>) {
        let disk = Self::new();
        let journal = disk.open().journal;
        let mut lengths = vec![journal.length()];
        for record in records {
            journal.append(&(*record).to_owned()).unwrap();
            lengths.push(journal.length());
        }
        (disk, lengths)
    }
}

#[test]
fn what_was_appended_comes_back() {
    let (disk, _) = Disk::with(&["one", "two", "三"]);
    let opened = disk.open();
    assert_eq!(opened.records, ["one", "two", "三"]);
    assert_eq!((opened.origin, opened.findings), (Origin::ThisBoot, vec![]));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&disk.state), mode(&disk.file())), (0o700, 0o600));
}

#[test]
fn a_journal_is_open_once() {
    let disk = Disk::new();
    let directory = Arc::new(StateDirectory::lock(&disk.state).unwrap());
    let first = Journal::<String>::open(&directory, "leases", boot('1')).unwrap();
    let second = Journal::<String>::open(&directory, "leases", boot('1')).unwrap_err();
    assert_eq!(second.code(), "store-already-open");
    drop(directory);
    assert_eq!(disk.open_as::<String>(boot('1')).unwrap_err().code(), "store-locked");
    drop(first);
    disk.open();
}

#[test]
fn another_boot_must_compact_before_it_appends() {
    let (disk, _) = Disk::with(&["lease", "network"]);
    let opened = disk.open_as::<String>(boot('2')).unwrap();
    assert_eq!(opened.origin, Origin::OtherBoot(boot('1')));
    assert_eq!(opened.journal.append(&"x".into()).unwrap_err().code(), "store-other-boot");
    opened.journal.compact(|| [&opened.records[1]]).unwrap();
    opened.journal.append(&"new lease".into()).unwrap();
    drop(opened);
    let again = disk.open_as::<String>(boot('2')).unwrap();
    assert_eq!(again.origin, Origin::ThisBoot);
    assert_eq!(again.records, ["network", "new lease"]);
}

#[test]
fn a_snapshot_that_fails_or_panics_changes_nothing() {
    let (disk, _) = Disk::with(&["one"]);
    let journal = disk.open().journal;
    let huge = "x".repeat(store::MAX_RECORD);
    assert_eq!(journal.append(&huge).unwrap_err().code(), "store-too-large");
    assert_eq!(journal.compact(|| [&huge]).unwrap_err().code(), "store-too-large");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        journal.compact(|| -> [String; 0] { panic!("the snapshot's own fault") })
    }));
    assert!(panicked.is_err());
    journal.append(&"two".into()).unwrap();
    drop(journal);
    assert_eq!(disk.open().records, ["one", "two"]);
    assert_eq!(fs::read_dir(&disk.state).unwrap().count(), 2, "the journal and its boot");
}

#[test]
fn records_appended_while_a_snapshot_is_written_are_kept() {
    let (disk, _) = Disk::with(&["one"]);
    let journal = disk.open().journal;
    let snapshot = ["one".to_owned()];
    journal
        .compact(|| snapshot.iter().inspect(|_| journal.append(&"two".into()).unwrap()))
        .unwrap();
    journal.append(&"three".into()).unwrap();
    drop(journal);
    assert_eq!(disk.open().records, ["one", "two", "three"]);
}

/// A power cut in the midst of a compaction leaves the old file whole, and beside it whatever part of
/// the new one had reached the disk.
#[test]
fn a_half_made_compaction_is_as_if_never_begun() {
    let (disk, _) = Disk::with(&["one", "two", "three"]);
    let old = fs::read(disk.file()).unwrap();
    disk.open().journal.compact(|| ["three".to_owned()]).unwrap();
    let new = fs::read(disk.file()).unwrap();
    for reached in 0..=new.len() {
        for zeroed in [false, true] {
            let mut part = new[..reached].to_vec();
            if zeroed {
                part.fill(0);
                part.resize(new.len(), 0);
            }
            fs::write(disk.file(), &old).unwrap();
            fs::write(disk.state.join(".leases.7.0.tmp"), part).unwrap();
            let opened = disk.open();
            assert_eq!(opened.records, ["one", "two", "three"]);
            opened.journal.append(&"four".into()).unwrap();
            assert_eq!(fs::read_dir(&disk.state).unwrap().count(), 2, "the journal and its boot");
        }
    }
}

#[test]
fn only_a_file_that_has_grown_several_times_is_overgrown() {
    let disk = Disk::new();
    let journal = disk.open().journal;
    let record = "x".repeat(10_000);
    let grow = |to: u64| {
        while journal.length() < to {
            assert!(!journal.overgrown(), "at {} bytes", journal.length());
            journal.append(&record).unwrap();
        }
        assert!(journal.overgrown(), "at {} bytes", journal.length());
    };
    grow(256 << 10);
    // The state is as long as the file: in vain.
    let all = vec![record.clone(); 27];
    journal.compact(|| &all).unwrap();
    let compacted = journal.length();
    grow(4 * compacted);
    journal.compact(|| [&record]).unwrap();
    grow(256 << 10);
    // One that fails is not tried with every event.
    journal.compact(|| ["x".repeat(store::MAX_RECORD)]).unwrap_err();
    assert!(!journal.overgrown());
}

/// The state of a ledger that changes and enqueues under one lock, while another thread
/// compacts: no record is lost between a snapshot and the file it replaces.
#[test]
fn compaction_beside_32_appending_threads_loses_nothing() {
    const THREADS: usize = 32;
    const EACH: usize = 20;
    let disk = Disk::new();
    let journal = disk.open().journal;
    let ledger = Mutex::new(Vec::<String>::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (journal, ledger) = (&journal, &ledger);
            scope.spawn(move || {
                for number in 0..EACH {
                    let record = format!("{thread} {number}");
                    let mut held = ledger.lock().unwrap();
                    held.push(record.clone());
                    let ticket = journal.enqueue(&record).unwrap();
                    drop(held);
                    journal.wait(ticket).unwrap();
                }
            });
        }
        for _ in 0..10 {
            journal.compact(|| ledger.lock().unwrap().clone()).unwrap();
        }
    });
    let counts = journal.counts();
    assert_eq!((counts.records, counts.compactions), ((THREADS * EACH) as u64, 10));
    drop(journal);
    let mut seen = std::collections::HashSet::new();
    let replayed: Vec<_> =
        disk.open().records.into_iter().filter(|r| seen.insert(r.clone())).collect();
    assert_eq!(replayed, *ledger.lock().unwrap(), "same records, same order");
}

#[test]
fn concurrent_appends_share_fdatasyncs() {
    const THREADS: usize = 32;
    const EACH: usize = 30;
    let disk = Disk::new();
    let journal = disk.open().journal;
    let start = std::sync::Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (journal, start) = (&journal, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..EACH {
                    journal.append(&format!("{thread} {number}")).unwrap();
                }
            });
        }
    });
    let counts = journal.counts();
    assert_eq!(counts.records, (THREADS * EACH) as u64);
    assert!(counts.syncs < counts.records, "{counts:?}");
    drop(journal);
    let mut records = disk.open().records;
    for thread in 0..THREADS {
        let own = format!("{thread} ");
        let numbers: Vec<_> = records.iter().filter_map(|r| r.strip_prefix(&own)).collect();
        assert_eq!(numbers, (0..EACH).map(|n| n.to_string()).collect::<Vec<_>>());
    }
    records.dedup();
    assert_eq!(records.len(), THREADS * EACH);
}

/// Records enqueued before one wait are one write and one fdatasync.
#[test]
fn a_wait_carries_all_that_was_enqueued() {
    let disk = Disk::new();
    let journal = disk.open().journal;
    let tickets: Vec<_> = (0..10).map(|n| journal.enqueue(&format!("{n}")).unwrap()).collect();
    for ticket in tickets.into_iter().rev() {
        journal.wait(ticket).unwrap();
    }
    assert_eq!((journal.counts().records, journal.counts().syncs), (10, 1));
}

#[test]
fn an_empty_or_headerless_file_is_absent_and_reported() {
    let disk = Disk::new();
    drop(disk.open());
    let whole = fs::read(disk.file()).unwrap();
    for length in 0..whole.len() {
        fs::write(disk.file(), &whole[..length]).unwrap();
        let opened = disk.open();
        assert_eq!((opened.origin, opened.findings.len()), (Origin::New, 1));
        opened.journal.append(&"after".into()).unwrap();
        drop(opened);
        assert_eq!(disk.open().records, ["after"]);
    }
}

#[test]
fn damage_in_the_middle_is_kept_aside_and_the_rest_salvaged() {
    let (disk, lengths) = Disk::with(&["one", "two", "three"]);
    for number in 1..=2 {
        let mut bytes = fs::read(disk.file()).unwrap();
        bytes[lengths[1] as usize + 10] ^= 4;
        if number == 2 {
            // The damage of the first round is gone from the file: "two" was not salvaged.
            bytes[lengths[1] as usize + 10] ^= 4;
            bytes[40] ^= 4;
        }
        fs::write(disk.file(), &bytes).unwrap();
        let opened = disk.open();
        let kept_as = disk.state.join(format!("leases.damaged-{number}"));
        assert_eq!(fs::read(&kept_as).unwrap(), bytes);
        let [Finding::Damaged { gaps, salvaged, kept_as: told, .. }] = &opened.findings[..] else {
            panic!("{:?}", opened.findings);
        };
        assert_eq!(*told, kept_as);
        let (offset, left) = if number == 1 { (lengths[1], 2) } else { (lengths[0], 1) };
        assert_eq!((gaps[..].to_vec(), *salvaged), (vec![Gap { offset, bytes: 13 }], left));
        assert_eq!(opened.origin, Origin::ThisBoot);
        drop(opened);
        assert_eq!(disk.open().findings, []);
    }
    assert_eq!(disk.open().records, ["three"]);
}

#[test]
fn a_damaged_header_is_known_from_its_copy() {
    for (now, origin) in [('1', Origin::ThisBoot), ('2', Origin::OtherBoot(boot('1')))] {
        for damage in [0, 8, 13, 31] {
            let (disk, _) = Disk::with(&["one"]);
            let mut bytes = fs::read(disk.file()).unwrap();
            bytes[damage] ^= 1;
            fs::write(disk.file(), bytes).unwrap();
            let opened = disk.open_as::<String>(boot(now)).unwrap();
            assert_eq!((&opened.records[..], opened.origin), (&["one".into()][..], origin));
            assert_eq!(opened.findings.len(), 1, "it is told");
            drop(opened);
            let again = disk.open_as::<String>(boot(now)).unwrap();
            assert_eq!((again.origin, again.findings), (origin, vec![]));
        }
    }
}

#[test]
fn the_copy_of_a_header_is_put_right_and_never_believed_against_it() {
    let (disk, _) = Disk::with(&["one"]);
    let copy = disk.file().with_extension("boot");
    let right = fs::read(&copy).unwrap();
    let other = Disk::new();
    drop(other.open_as::<String>(boot('2')).unwrap());
    let wrong = fs::read(other.file().with_extension("boot")).unwrap();
    for content in [&b""[..], b"torn", &[0; 32], &wrong] {
        fs::write(&copy, content).unwrap();
        assert_eq!(disk.open().origin, Origin::ThisBoot);
        assert_eq!(fs::read(&copy).unwrap(), right);
    }
    fs::remove_file(&copy).unwrap();
    assert_eq!(disk.open().origin, Origin::ThisBoot);
    assert_eq!(fs::read(&copy).unwrap(), right);
}

#[test]
fn with_header_and_copy_damaged_the_boot_is_unknown_and_the_records_are_salvaged() {
    let (disk, _) = Disk::with(&["one"]);
    let mut bytes = fs::read(disk.file()).unwrap();
    bytes[0] = b'X';
    fs::write(disk.file(), bytes).unwrap();
    fs::write(disk.file().with_extension("boot"), "").unwrap();
    for round in 0..2 {
        let opened = disk.open();
        assert_eq!(
            (&opened.records[..], opened.origin),
            (&["one".into()][..], Origin::UnknownBoot)
        );
        assert_eq!(opened.findings.len(), usize::from(round == 0));
        assert_eq!(opened.journal.append(&"x".into()).unwrap_err().code(), "store-other-boot");
    }
}

#[test]
fn another_versions_file_is_refused_and_left_alone() {
    let (disk, _) = Disk::with(&["one"]);
    let before = fs::read(disk.file()).unwrap();
    assert_eq!(disk.open_as::<u32>(boot('1')).unwrap_err().code(), "store-foreign-record");
    let mut newer = before.clone();
    newer[8] = 2;
    let sum = crc32fast::hash(&newer[..28]);
    newer[28..32].copy_from_slice(&sum.to_le_bytes());
    fs::write(disk.file(), &newer).unwrap();
    assert_eq!(disk.open_as::<String>(boot('1')).unwrap_err().code(), "store-newer-format");
    assert_eq!(fs::read(disk.file()).unwrap(), newer);
}

#[test]
fn a_huge_length_is_a_torn_tail() {
    let (disk, lengths) = Disk::with(&["one"]);
    let mut file = fs::OpenOptions::new().append(true).open(disk.file()).unwrap();
    file.write_all(&[0xff; 12]).unwrap();
    let opened = disk.open();
    assert_eq!(opened.records, ["one"]);
    let tail = Gap { offset: lengths[1], bytes: 12 };
    assert_eq!(opened.findings, [Finding::TornTail { path: disk.file(), tail }]);
    assert_eq!(fs::metadata(disk.file()).unwrap().len(), lengths[1]);
}

#[derive(Debug, Clone)]
enum Event {
    Append(String),
    Compact { keep: usize },
    Reopen,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => ".{0,40}".prop_map(Event::Append),
        1 => (0_usize..8).prop_map(|keep| Event::Compact { keep }),
        1 => Just(Event::Reopen),
    ];
    proptest::collection::vec(event, 1..25)
}

/// Does the events; gives the records that the file must now hold, and its length
/// after each of them.
fn run(disk: &Disk, events: Vec<Event>) -> (Vec<String>, Vec<u64>) {
    let mut journal = disk.open().journal;
    let (mut records, mut lengths) = (Vec::new(), vec![32]);
    for event in events {
        match event {
            Event::Append(record) => {
                journal.append(&record).unwrap();
                records.push(record);
                lengths.push(journal.length());
            }
            Event::Compact { keep } => {
                records = records.split_off(records.len().saturating_sub(keep));
                journal.compact(|| &records).unwrap();
                lengths.truncate(1);
                let sizes = records.iter().map(|r| 8 + serde_json::to_vec(r).unwrap().len() as u64);
                lengths.extend(sizes.scan(32, |end, size| {
                    *end += size;
                    Some(*end)
                }));
            }
            Event::Reopen => {
                drop(journal);
                let opened = disk.open();
                assert_eq!(opened.records, records);
                journal = opened.journal;
            }
        }
    }
    (records, lengths)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    /// Cut at *every* byte: exactly the records whose last byte is still there.
    #[test]
    fn a_cut_file_holds_the_prefix_before_the_cut(events in events()) {
        let disk = Disk::new();
        let (records, lengths) = run(&disk, events);
        let whole = fs::read(disk.file()).unwrap();
        prop_assert_eq!(whole.len() as u64, *lengths.last().unwrap());
        for cut in 0..=whole.len() {
            fs::write(disk.file(), &whole[..cut]).unwrap();
            let opened = disk.open();
            let left = lengths.iter().filter(|&&end| end <= cut as u64).count().saturating_sub(1);
            prop_assert_eq!(&opened.records[..], &records[..left]);
            let clean = lengths.contains(&(cut as u64));
            prop_assert_eq!(opened.findings.is_empty(), clean);
            drop(opened);
        }
    }

    /// One flipped bit costs at most the record it is in, and is always reported.
    #[test]
    fn a_flipped_bit_is_reported_and_costs_one_record(events in events(), at in any::<prop::sample::Index>()) {
        let disk = Disk::new();
        let (records, lengths) = run(&disk, events);
        let mut bytes = fs::read(disk.file()).unwrap();
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(disk.file(), &bytes).unwrap();
        let opened = disk.open();
        let hurt = lengths.iter().filter(|&&end| end <= bit as u64 / 8).count();
        let mut expected = records;
        if hurt > 0 {
            expected.remove(hurt - 1);
        }
        prop_assert_eq!(&opened.records, &expected);
        prop_assert_eq!(opened.findings.len(), 1);
        drop(opened);
        let again = disk.open();
        prop_assert_eq!((again.records, again.findings), (expected, vec![]));
    }

    /// Whatever the bytes are, opening gives an answer, and the journal then works
    /// or says why not.
    #[test]
    fn noise_is_never_a_panic(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let disk = Disk::new();
        fs::create_dir(&disk.state).unwrap();
        fs::write(disk.file(), noise).unwrap();
        let opened = disk.open();
        prop_assert_eq!(opened.findings.len(), 1);
        opened.journal.compact(|| ["fresh".to_owned()]).unwrap();
        drop(opened);
        prop_assert_eq!(disk.open().records, ["fresh"]);
    }
}
