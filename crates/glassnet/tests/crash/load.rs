//! An engine's load: containers that come and go, 32 at once, and whoever attaches them is killed
//! now and then too.

use crate::host::{Container, Host, KILLED};
use crate::left;
use crate::random::Moments;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const THREADS: usize = 32;

/// One in so many calls of the CNI program ends by SIGKILL.
const KILLED_CALLS: u64 = 8;
/// A call takes about this long, in microseconds.
const CALL: u64 = 12_000;
/// How long an engine waits before it tries again.
const AGAIN: Duration = Duration::from_millis(50);

pub(crate) struct Load {
    pub(crate) host: Host,
    /// What each thread's container is at this moment.
    slots: Vec<Mutex<Option<Arc<Container>>>>,
    /// Who was told of an address and has not given it back.
    told: Mutex<BTreeMap<IpAddr, String>>,
    pub(crate) given: Mutex<BTreeSet<IpAddr>>,
    /// Read by each turn, written by whoever wants quiet.
    gate: RwLock<()>,
    ends: AtomicBool,
    pub(crate) attached: AtomicUsize,
    pub(crate) killed_calls: AtomicUsize,
}

impl Load {
    pub(crate) fn new() -> Self {
        Self {
            host: Host::new(),
            slots: (0..THREADS).map(|_| Mutex::default()).collect(),
            told: Mutex::default(),
            given: Mutex::default(),
            gate: RwLock::default(),
            ends: AtomicBool::new(false),
            attached: AtomicUsize::new(0),
            killed_calls: AtomicUsize::new(0),
        }
    }

    /// One thread's containers, one after the other, until the load ends.
    pub(crate) fn run(&self, slot: usize) {
        let mut moments = Moments(0x9e37_79b9_7f4a_7c15 ^ (slot as u64 + 1));
        while !self.ends.load(Ordering::Acquire) {
            self.turn(slot, &mut moments);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// One container's life. What fails is answered by a DEL and tried again, as an engine does.
    fn turn(&self, slot: usize, moments: &mut Moments) {
        // Else the quiet has failed, which is told already.
        let Ok(_running) = self.gate.read() else { return };
        let port = slot.is_multiple_of(2).then(|| 9000 + u16::try_from(slot).unwrap());
        let container = Arc::new(Container::new(&format!("load-{slot}"), port));
        *self.slots[slot].lock().unwrap() = Some(container.clone());
        for _ in 0..3 {
            let Ok(given) = self.call("ADD", &container, moments) else {
                // The next attempt must find nothing of this one, and no late DEL may find the next.
                self.del(&container, moments);
                thread::sleep(AGAIN);
                continue;
            };
            self.attached.fetch_add(1, Ordering::Relaxed);
            self.given.lock().unwrap().extend(&given);
            let mut told = self.told.lock().unwrap();
            for address in &given {
                let other = told.insert(*address, container.name.clone());
                assert_eq!(other, None, "{address} was given to {} too", container.name);
            }
            drop(told);
            thread::sleep(Duration::from_millis(moments.below(16)));
            let mut seen = container.addresses();
            seen.sort();
            assert_eq!(seen, given, "{} has kept what it was told", container.name);
            let mut told = self.told.lock().unwrap();
            given.iter().for_each(|address| drop(told.remove(address)));
            break;
        }
        self.del(&container, moments);
        *self.slots[slot].lock().unwrap() = None;
    }

    fn call(
        &self,
        verb: &str,
        container: &Container,
        moments: &mut Moments,
    ) -> Result<Vec<IpAddr>, String> {
        if moments.below(KILLED_CALLS) != 0 {
            return self.host.cni(verb, container);
        }
        let after = Duration::from_micros(moments.below(CALL));
        let outcome = self.host.cni_killed_after(verb, container, after);
        if outcome.as_ref().is_err_and(|why| why.ends_with(KILLED)) {
            self.killed_calls.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    /// An engine sends its DEL until it succeeds. Only a dead CNI program may say no: the daemon
    /// takes a DEL whatever it is doing, and while it is down the DEL is queued.
    fn del(&self, container: &Container, moments: &mut Moments) {
        while let Err(why) = self.call("DEL", container, moments) {
            assert!(why.ends_with(KILLED), "{why}");
            if self.ends.load(Ordering::Acquire) {
                let _ = self.host.cni("DEL", container);
                return;
            }
        }
    }

    /// Waits until so many more are attached, so that kills do not only meet daemons that start.
    pub(crate) fn works(&self, more: usize) {
        let wanted = self.attached.load(Ordering::Relaxed) + more;
        let deadline = Instant::now() + Duration::from_millis(600);
        while self.attached.load(Ordering::Relaxed) < wanted && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// While the daemon is dead the kernel stands still: no two namespaces show one address.
    pub(crate) fn compare_dead(&self, when: &str) {
        let containers: Vec<_> =
            self.slots.iter().filter_map(|slot| slot.lock().unwrap().clone()).collect();
        left::nobody_shares(containers.iter().map(AsRef::as_ref), when);
    }

    /// Who was told of an address, and still is, has it in the daemon's eyes too; nobody else has.
    pub(crate) fn compare_living(&self, when: &str) {
        let before = self.told.lock().unwrap().clone();
        let rows = self.host.held().unwrap();
        let after = self.told.lock().unwrap().clone();
        let mut held = BTreeMap::new();
        for row in &rows {
            let container = row["container"].as_str().unwrap();
            for address in row["addresses"].as_array().unwrap() {
                let address: IpAddr = address.as_str().unwrap().parse().unwrap();
                let other = held.insert(address, container.to_owned());
                assert_eq!(other, None, "{when}: {address} is leased to {container} too");
            }
        }
        for (address, name) in before {
            if after.get(&address) == Some(&name) {
                assert_eq!(held.get(&address), Some(&name), "{when}: {address} is {name}'s");
            }
        }
    }

    /// Lets all turns end and looks at everything: what the engine detached is gone. Then containers
    /// that stay are attached, and the daemon dies among them.
    pub(crate) fn quiet(&self, when: &str, moments: &mut Moments) {
        let _alone = self.gate.write().unwrap();
        self.host.until_held(0).unwrap();
        let given = || self.given.lock().unwrap().clone();
        left::nothing(&self.host, &given(), when);

        let stay: Vec<_> = (0..4)
            .map(|n| Container::new(&format!("stays-{n}"), (n < 2).then_some(9500 + n)))
            .collect();
        let mut told = BTreeSet::new();
        for container in &stay {
            told.extend(self.host.cni("ADD", container).unwrap());
        }
        self.given.lock().unwrap().extend(&told);
        let late = Container::new("late", Some(9600));
        thread::scope(|scope| {
            let add = scope.spawn(|| self.host.cni("ADD", &late));
            thread::sleep(Duration::from_millis(moments.below(15)));
            self.host.kill();
            if let Ok(given) = add.join().unwrap() {
                self.given.lock().unwrap().extend(given);
            }
        });
        self.host.recover();
        self.host.cni("DEL", &late).unwrap();
        self.host.until_held(stay.len()).unwrap();
        left::exactly(&self.host, &stay, &told, when);
        for container in &stay {
            self.host.cni("DEL", container).unwrap();
        }
        self.host.until_held(0).unwrap();
        left::nothing(&self.host, &given(), when);
    }
}

/// Ends the load also when an assertion fails: with the daemon dead nobody waits for an answer, and
/// the failure is told at once.
pub(crate) struct Ending<'a>(pub(crate) &'a Load);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.ends.store(true, Ordering::Release);
        if thread::panicking() {
            self.0.host.kill();
        }
    }
}
