//! Many at once: no file lock that thousands wait for, and no rule that is "there already".
//! plugins#561; nerdctl#2908, #3556.

use crate::host::{Container, Host, in_a_private_host};
use crate::left;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// More than the daemon takes connections in a row from its backlog.
const AT_ONCE: u16 = 200;

/// Somebody else makes and removes a table of his own, until `ends`. How often.
fn another_changes_the_ruleset(ends: &AtomicBool) -> usize {
    let mut times = 0;
    while !ends.load(Ordering::Acquire) {
        let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        let change = "table ip theirs { chain c { counter; }; }\ndelete table ip theirs\n";
        nft.stdin.take().unwrap().write_all(change.as_bytes()).unwrap();
        assert!(nft.wait().unwrap().success());
        times += 1;
    }
    times
}

/// Runs `work` for each container at once.
fn at_once(containers: &[Container], work: impl Fn(&Container) + Sync) {
    thread::scope(|scope| {
        for container in containers {
            let work = &work;
            scope.spawn(move || work(container));
        }
    });
}

#[test]
fn a_burst_beside_others_changes_gives_everybody_his_own() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let containers: Vec<_> =
            (0..AT_ONCE).map(|n| Container::new(&format!("burst-{n}"), Some(9000 + n))).collect();
        let (told, twice) = (Mutex::new(BTreeSet::<IpAddr>::new()), AtomicUsize::new(0));
        let ends = AtomicBool::new(false);
        let changes = thread::scope(|scope| {
            let changes = scope.spawn(|| another_changes_the_ruleset(&ends));
            let bursts = scope.spawn(|| {
                at_once(&containers, |container| {
                    for address in host.cni("ADD", container).unwrap() {
                        if !told.lock().unwrap().insert(address) {
                            twice.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
                host.until_held(usize::from(AT_ONCE)).unwrap();
                left::nobody_shares(&containers, "a burst");
                at_once(&containers, |container| drop(host.cni("DEL", container).unwrap()));
                host.until_held(0).unwrap();
            });
            let outcome = bursts.join();
            ends.store(true, Ordering::Release);
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            changes.join().unwrap()
        });
        assert!(changes > 1, "nobody else changed anything");
        assert_eq!(twice.into_inner(), 0);
        let told = told.into_inner().unwrap();
        assert_eq!(told.len(), 2 * usize::from(AT_ONCE));
        left::nothing(&host, &told, "a burst");
    });
}

#[test]
fn the_same_asked_many_times_at_once_is_done_once() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let container = Container::new("one", Some(8000));
        let answers = Mutex::new(BTreeSet::new());
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| answers.lock().unwrap().insert(host.cni("ADD", &container)));
            }
        });
        let answers = answers.into_inner().unwrap();
        let given: BTreeSet<_> = container.addresses().into_iter().collect();
        assert_eq!(answers, BTreeSet::from([Ok(given.iter().copied().collect())]));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| host.cni("DEL", &container).unwrap());
            }
        });
        host.until_held(0).unwrap();
        left::nothing(&host, &given, "many of one");
    });
}
