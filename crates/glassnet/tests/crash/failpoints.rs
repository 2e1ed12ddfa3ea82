//! The daemon dies at every declared failpoint, each time it is reached, and recovers.

use crate::daemon_failpoint;
use crate::host::{Container, Died, HANG, Host, in_a_private_host};
use crate::left;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::net::IpAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Rounds at once; each has a host of its own.
const WORKERS: usize = 4;

/// More often than this a place of the store is not died at within one chapter.
const STORE_TURNS: u64 = 3;

/// A round: its host, its containers, the addresses they got.
struct Round {
    host: Host,
    containers: BTreeMap<&'static str, Container>,
    given: BTreeSet<IpAddr>,
    /// Descriptors of namespaces that are gone: another thread's would get the same number, and
    /// perhaps the inode, and so live on in the daemon's eyes.
    graves: Vec<OwnedFd>,
}

type Chapter = fn(&mut Round, Option<&str>) -> Result<(), Died>;

/// How the story begins, and how it may go on; each starts the daemon once, and may be the one that
/// arms it.
const CHAPTERS: [Chapter; 7] = [
    Round::begins,
    Round::torn,
    Round::damaged,
    Round::refused,
    Round::deserted,
    Round::grown,
    Round::full,
];

/// Reached only when a record comes between two moments of a compaction: the store's own test makes
/// one come.
const ELSEWHERE: &str = "journal.compact.tail-synced";

#[test]
fn every_failpoint_is_reached_and_leaves_nothing() {
    let points = [store::failpoint::ALL, daemon_failpoint::ALL].concat();
    let mut names: Vec<&str> = points.iter().map(|point| point.name()).collect();
    // Those of a cluster are reached in `cluster`, where there is one.
    names.retain(|name| *name != ELSEWHERE && !name.starts_with("daemon.cluster."));
    let (left, deaths) = (Mutex::new(names.clone()), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some(name) = left.lock().unwrap().pop() else { return };
                    let count = all_deaths_at(name);
                    deaths.lock().unwrap().insert(name, count);
                }
            });
        }
    });
    let deaths = deaths.into_inner().unwrap();
    println!("deaths: {deaths:?}");
    let never: Vec<_> =
        names.iter().filter(|name| deaths.get(*name).is_none_or(|n| *n == 0)).collect();
    assert!(never.is_empty(), "declared and never hit: {never:?}");
}

/// Dies at each occasion of a failpoint; gives how many there were.
fn all_deaths_at(name: &str) -> u64 {
    let most = if name.starts_with("daemon.") { 1000 } else { STORE_TURNS };
    let mut deaths = 0;
    for chapter in 0..CHAPTERS.len() {
        for count in 1..=most {
            let armed = format!("{name}:{count}");
            if !in_a_private_host(|| dies(chapter, &armed)) {
                break;
            }
            deaths += 1;
        }
    }
    deaths
}

/// Tells the story with the chapter, which is armed, then recovers. Whether the daemon died.
fn dies(chapter: usize, armed: &str) -> bool {
    let when = format!("chapter {chapter}, {armed}");
    let mut round = Round::new();
    if chapter > 0 {
        round.begins(None).expect("nothing is armed");
    }
    let died = CHAPTERS[chapter](&mut round, Some(armed)).is_err();
    round.recovers(&when);
    died
}

impl Round {
    fn new() -> Self {
        let mut containers = BTreeMap::new();
        for (i, name) in (0..).zip(["one", "two", "three", "four", "five", "after"]) {
            let mut container = Container::new(name, Some(8000 + i));
            container.shaped = name == "one";
            containers.insert(name, container);
        }
        Self { host: Host::new(), containers, given: BTreeSet::new(), graves: Vec::new() }
    }

    fn add(&mut self, name: &str) -> Result<(), Died> {
        let container = &self.containers[name];
        let given = self.host.alive(self.host.cni("ADD", container))?;
        assert_eq!(given.len(), 2, "an address of each family");
        let mut seen = container.addresses();
        seen.sort();
        assert_eq!(seen, given, "{name} has what it was told");
        self.given.extend(given);
        Ok(())
    }

    fn del(&mut self, name: &str) -> Result<(), Died> {
        self.host.alive(self.host.cni("DEL", &self.containers[name])).map(drop)
    }

    /// From no state directory to one container.
    fn begins(&mut self, armed: Option<&str>) -> Result<(), Died> {
        self.host.start(armed, "")?;
        self.host.alive(self.host.create_network())?;
        self.add("one")?;
        self.add("two")?;
        self.del("one")?;
        self.host.until_held(1)
    }

    /// The journal ends in half a record, and a killed writer left its file.
    fn torn(&mut self, armed: Option<&str>) -> Result<(), Died> {
        self.host.kill();
        let mut journal = fs::read(self.host.journal()).unwrap();
        journal.extend(b"torn");
        fs::write(self.host.journal(), journal).unwrap();
        fs::write(self.host.state().join(".journal.1.0.tmp"), "half").unwrap();
        self.host.start(armed, "")?;
        self.add("three")?;
        self.del("three")?;
        self.host.until_held(1)
    }

    /// The journal is damaged in its middle, and a detach was queued while the daemon was down.
    fn damaged(&mut self, armed: Option<&str>) -> Result<(), Died> {
        self.host.kill();
        let mut journal = fs::read(self.host.journal()).unwrap();
        let last = frames(&journal).pop().unwrap();
        let again = journal[last..].to_vec();
        journal.extend(b"noise");
        journal.extend(again);
        fs::write(self.host.journal(), journal).unwrap();
        self.host.cni("DEL", &self.containers["two"]).unwrap();
        self.host.start(armed, "")?;
        self.host.until_held(0)
    }

    /// An attach fails at one of its last steps and is taken back; a network comes and goes.
    fn refused(&mut self, armed: Option<&str>) -> Result<(), Died> {
        self.host.kill();
        let crowded = Container::new("crowded", Some(8100));
        let default_route = "ip link set lo up && ip route add default dev lo";
        let added = kernel::netns::within(crowded.netns.as_fd(), || {
            Command::new("sh").args(["-c", default_route]).status().unwrap()
        });
        assert!(added.unwrap().success());
        self.containers.insert("crowded", crowded);
        self.host.start(armed, "")?;
        let refused = self.host.cni("ADD", &self.containers["crowded"]).unwrap_err();
        if !refused.contains("\"code\":105") {
            self.host.alive::<()>(Err(refused))?;
        }
        self.host.alive(self.host.cli(&["network", "create", "red", "--subnet", "10.7.0.0/24"]))?;
        self.host.alive(self.host.cli(&["network", "rm", "red"]))?;
        self.host.until_held(1)
    }

    /// A container ends while the daemon is down, and nobody says so.
    fn deserted(&mut self, armed: Option<&str>) -> Result<(), Died> {
        self.host.recover();
        self.add("five").expect("nothing kills it");
        self.host.kill();
        let new = Container::new("five", Some(8200));
        let old = self.containers.insert("five", new).expect("it was added");
        let mut grave = OwnedFd::from(old.netns);
        rustix::io::dup2(File::open("/dev/null").unwrap(), &mut grave).unwrap();
        self.graves.push(grave);
        self.host.start(armed, "")?;
        self.host.until_held(1)
    }

    /// The journal has become long: the same story again and again.
    fn grown(&mut self, armed: Option<&str>) -> Result<(), Died> {
        const LONG: usize = 300 << 10;
        self.host.kill();
        let mut journal = fs::read(self.host.journal()).unwrap();
        let story = journal[32..].to_vec();
        while journal.len() < LONG {
            journal.extend(&story);
        }
        fs::write(self.host.journal(), journal).unwrap();
        self.host.start(armed, "")?;
        let deadline = Instant::now() + HANG;
        while fs::metadata(self.host.journal()).unwrap().len() >= LONG as u64 {
            assert!(Instant::now() < deadline, "the journal is not compacted");
            self.host.alive(Ok(()))?;
            thread::sleep(Duration::from_millis(2));
        }
        self.add("three")?;
        self.del("three")?;
        self.host.until_held(1)
    }

    /// The disk takes no more.
    fn full(&mut self, armed: Option<&str>) -> Result<(), Died> {
        self.host.kill();
        let used = fs::metadata(self.host.journal()).unwrap().len();
        let blocks = used.div_ceil(512) + 4;
        self.host.start(armed, &format!("trap '' XFSZ; ulimit -f {blocks}; "))?;
        for _ in 0..100 {
            let container = &self.containers["four"];
            let both = self.host.cni("ADD", container).map(|given| self.given.extend(given));
            let both = both.and_then(|()| self.host.cni("DEL", container));
            match both {
                Err(why) if why.contains("write failed") => {
                    // It may still be on its way to die.
                    thread::sleep(Duration::from_millis(20));
                    return if self.host.is_dead() { Err(Died) } else { Ok(()) };
                }
                other => self.host.alive(other)?,
            };
        }
        panic!("the disk is never full");
    }

    /// A start without a failpoint, then the engine's DELs: nothing is left, and it goes on.
    fn recovers(mut self, when: &str) {
        self.host.recover();
        match self.host.create_network() {
            Ok(()) => {}
            Err(why) => assert!(why.contains("is there already"), "{when}: {why}"),
        }
        // There only if it died between the two.
        let _ = self.host.cli(&["network", "rm", "red"]);
        self.add("after").unwrap();
        left::nobody_shares(self.containers.values(), when);
        for container in self.containers.values() {
            self.host.cni("DEL", container).unwrap_or_else(|why| panic!("{when}: {why}"));
        }
        self.host.until_held(0).unwrap();
        left::nothing(&self.host, &self.given, when);
    }
}

/// Where each frame of a journal begins: after a header of 32 bytes, each is its length, a sum and
/// so many bytes.
pub(crate) fn frames(journal: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 32;
    while let Some(length) = journal.get(at..at + 4) {
        starts.push(at);
        at += 8 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
    }
    starts
}
