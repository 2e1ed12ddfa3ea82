//! Entries come out in order, once acted on they are gone, and nothing unreadable
//! holds up the rest.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use store::{EntryName, Queue, Unreadable};

fn name(time: u64) -> EntryName {
    EntryName { time, pid: 812, sequence: 0 }
}

fn drain_all(queue: &Queue) -> Vec<String> {
    let mut seen = Vec::new();
    let drained = queue.drain(|_, value: String| {
        seen.push(value);
        Ok::<(), ()>(())
    });
    assert_eq!(drained.unwrap().done, seen.len());
    seen
}

#[test]
fn oldest_first_whatever_order_they_were_put_in() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(directory.path().join("del")).unwrap();
    for time in [1_000_000, 9, u64::MAX, 10] {
        queue.put(name(time), &time.to_string()).unwrap();
    }
    queue.put(EntryName { sequence: 1, ..name(9) }, &"9 again").unwrap();
    assert_eq!(queue.names().unwrap().len(), 5);
    let largest = u64::MAX.to_string();
    assert_eq!(drain_all(&queue), ["9", "9 again", "10", "1000000", &largest]);
    assert!(queue.names().unwrap().is_empty());
}

#[test]
fn an_entry_stays_until_its_action_succeeds() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(directory.path()).unwrap();
    queue.put(name(1), &"busy").unwrap();
    queue.put(name(2), &"free").unwrap();
    let act = |_, value: String| if value == "busy" { Err("later") } else { Ok(()) };
    let drained = queue.drain(act).unwrap();
    assert_eq!((drained.done, drained.kept), (1, vec![(name(1), "later")]));
    assert_eq!(drain_all(&queue), ["busy"]);
}

#[test]
fn unreadable_entries_are_reported_and_do_not_block() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(directory.path()).unwrap();
    let path = |time| directory.path().join(name(time).to_string());
    fs::write(path(1), "").unwrap();
    fs::write(path(2), "\"tor").unwrap();
    fs::write(path(3), [0; 30]).unwrap();
    fs::write(path(4), "{\"of\": \"another version\"}").unwrap();
    queue.put(name(5), &"good").unwrap();
    fs::write(directory.path().join("README"), "not ours").unwrap();
    fs::write(directory.path().join(".x.json.1.0.tmp"), "half").unwrap();
    let drained = queue.drain(|_, _: String| Ok::<(), ()>(())).unwrap();
    assert_eq!((drained.done, drained.leftovers.len()), (1, 1));
    let codes: Vec<_> = drained
        .unreadable
        .iter()
        .map(|entry| match entry {
            Unreadable::Removed(finding) => finding.code(),
            Unreadable::Kept(error) => error.code(),
        })
        .collect();
    let torn = "store-torn-file";
    assert_eq!(codes, ["store-empty-file", torn, torn, "store-foreign-shape"]);
    assert_eq!(queue.names().unwrap(), [name(4)]);
    assert!(directory.path().join("README").exists());
}

#[test]
fn it_is_bounded_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open_with_limit(directory.path(), 3).unwrap();
    for time in 0..3 {
        queue.put(name(time), &"x").unwrap();
    }
    let error = queue.put(name(3), &"x").unwrap_err();
    assert_eq!(error.code(), "store-queue-full");
    assert!(error.to_string().contains("holds 3 entries"), "{error}");
    assert_eq!(drain_all(&queue).len(), 3);
    queue.put(name(4), &"x").unwrap();
    let huge = "x".repeat(store::MAX_ENTRY);
    assert_eq!(queue.put(name(5), &huge).unwrap_err().code(), "store-too-large");
}

#[test]
fn many_put_while_one_drains_and_each_entry_is_seen_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("del");
    let mut seen = std::thread::scope(|scope| {
        let putters: Vec<_> = (0..8)
            .map(|pid| {
                let queue = Queue::open(&path).unwrap();
                scope.spawn(move || {
                    for sequence in 0..20 {
                        let entry = EntryName { time: 1, pid, sequence };
                        queue.put(entry, &entry.to_string()).unwrap();
                    }
                })
            })
            .collect();
        let queue = Queue::open(&path).unwrap();
        let mut seen = Vec::new();
        while !putters.iter().all(|putter| putter.is_finished()) {
            seen.extend(drain_all(&queue));
        }
        seen.extend(drain_all(&queue));
        seen
    });
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 160);
}

#[test]
fn files_are_private_and_names_have_one_spelling() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(directory.path().join("del")).unwrap();
    queue.put(name(7), &"x").unwrap();
    let path = directory.path().join("del");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.clone()), 0o700);
    assert_eq!(mode(path.join("00000000000000000007-0000000812-0000000000.json")), 0o600);
    assert_eq!(name(7).to_string().parse::<EntryName>().unwrap(), name(7));
    for text in ["7-812-0.json", "", "a-b-c.json", "../x.json", "+7-1-1.json"] {
        assert!(text.parse::<EntryName>().is_err(), "{text}");
    }
}
