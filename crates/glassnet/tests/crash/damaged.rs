//! The journal is cut short, emptied or spoilt between two runs of the daemon.

use crate::failpoints::frames;
use crate::host::{Container, Host, in_a_private_host};
use crate::left;
use crate::random::Moments;
use std::collections::BTreeSet;
use std::fs;

const ROUNDS: u64 = 12;

/// Runs a daemon, lets `spoil` change its journal, and runs it again. `spoil` says whether the
/// daemon has to notice.
fn after(what: &str, spoil: impl Fn(&mut Vec<u8>) -> bool + Sync) {
    in_a_private_host(|| {
        let host = Host::new();
        let containers =
            [("one", Some(8000)), ("two", None), ("three", Some(8002)), ("after", Some(8003))]
                .map(|(name, port)| Container::new(name, port));
        let mut given = BTreeSet::new();
        host.recover();
        host.create_network().unwrap();
        let [one, two, three, after] = &containers;
        given.extend(host.cni("ADD", one).unwrap());
        given.extend(host.cni("ADD", two).unwrap());
        host.cni("DEL", one).unwrap();
        host.until_held(1).unwrap();
        // Likely to get the address that was the first's.
        given.extend(host.cni("ADD", three).unwrap());
        host.kill();

        let mut journal = fs::read(host.journal()).unwrap();
        let noticeable = spoil(&mut journal);
        fs::write(host.journal(), journal).unwrap();
        host.recover();
        if noticeable {
            let status = host.cli(&["status", "--json"]).unwrap();
            assert!(status.contains("/journal"), "{what}: nothing is said of it: {status}");
        }

        match host.create_network() {
            Ok(()) => {}
            Err(why) => assert!(why.contains("is there already"), "{what}: {why}"),
        }
        // What the journal still knows of may have come back without a link; an engine whose
        // container has lost it sends its DEL.
        given.extend(host.cni("ADD", after).unwrap_or_else(|why| panic!("{what}: {why}")));
        left::nobody_shares(&containers, what);
        for container in &containers {
            host.cni("DEL", container).unwrap_or_else(|why| panic!("{what}: {why}"));
        }
        host.until_held(0).unwrap();
        left::nothing(&host, &given, what);
    });
}

#[test]
fn an_emptied_or_lost_journal() {
    after("emptied", |journal| {
        journal.clear();
        true
    });
    after("header only", |journal| {
        journal.truncate(32);
        false
    });
    after("torn header", |journal| {
        journal.truncate(20);
        true
    });
    after("spoilt header", |journal| {
        journal[3] ^= 1;
        true
    });
}

#[test]
fn a_journal_cut_anywhere() {
    let mut moments = Moments(0x9e37_79b9_7f4a_7c15);
    for _ in 0..ROUNDS {
        let at = moments.below(1 << 32);
        after(&format!("cut at {at} of its length"), |journal| {
            let ends = frames(journal);
            let at = usize::try_from(at).unwrap() % journal.len();
            journal.truncate(at);
            at != 32 && !ends.contains(&at)
        });
    }
}

#[test]
fn each_record_spoilt() {
    // More than there are records: the last rounds spoil the last one.
    for record in 0..ROUNDS {
        after(&format!("record {record} spoilt"), |journal| {
            let starts = frames(journal);
            let record = usize::try_from(record).unwrap().min(starts.len() - 1);
            journal[starts[record] + 8] ^= 1;
            true
        });
    }
}
