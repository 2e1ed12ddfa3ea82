//! SIGKILL at random moments while an engine attaches and detaches, 32 containers at once.

use crate::host::{Container, HANG, Host, in_a_private_host};
use crate::left;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

const THREADS: usize = 32;
const KILLS: usize = 500;
/// No more kills are done after this.
const TIME: Duration = Duration::from_secs(30);
/// So often the load ceases and the host has to be clean.
const CLEAN_EVERY: usize = 25;

/// Moments from a fixed seed, so that a failure can be looked for again.
pub(crate) struct Moments(pub(crate) u64);

impl Moments {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

struct Load {
    host: Host,
    /// What each thread's container is at this moment.
    slots: Vec<Mutex<Option<Arc<Container>>>>,
    /// Who was told of an address and has not given it back.
    told: Mutex<BTreeMap<IpAddr, String>>,
    given: Mutex<BTreeSet<IpAddr>>,
    /// Read by each turn, written by whoever wants quiet.
    gate: RwLock<()>,
    ends: AtomicBool,
    attached: AtomicUsize,
    turns: AtomicUsize,
}

impl Load {
    /// One container's life. What fails is answered by a DEL and tried again, as an engine does.
    fn turn(&self, slot: usize) {
        let _running = self.gate.read().unwrap();
        let number = self.turns.fetch_add(1, Ordering::Relaxed);
        let port = slot.is_multiple_of(2).then(|| 9000 + u16::try_from(slot).unwrap());
        let container = Arc::new(Container::new(&format!("load-{slot}"), port));
        *self.slots[slot].lock().unwrap() = Some(container.clone());
        for _ in 0..3 {
            let Ok(given) = self.host.cni("ADD", &container) else {
                // The next attempt must find nothing of this one, and no late DEL may find the next.
                self.del(&container);
                thread::sleep(Duration::from_millis(20));
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
            thread::sleep(Duration::from_millis(number as u64 % 16));
            let mut seen = container.addresses();
            seen.sort();
            assert_eq!(seen, given, "{} has kept what it was told", container.name);
            let mut told = self.told.lock().unwrap();
            given.iter().for_each(|address| drop(told.remove(address)));
            break;
        }
        self.del(&container);
        *self.slots[slot].lock().unwrap() = None;
    }

    /// An engine sends its DEL until it succeeds.
    fn del(&self, container: &Container) {
        let deadline = Instant::now() + HANG;
        while let Err(why) = self.host.cni("DEL", container) {
            assert!(Instant::now() < deadline, "{why}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn containers(&self) -> Vec<Arc<Container>> {
        self.slots.iter().filter_map(|slot| slot.lock().unwrap().clone()).collect()
    }

    /// Waits until so many more are attached, so that kills do not only meet daemons that start.
    fn works(&self, more: usize) {
        let wanted = self.attached.load(Ordering::Relaxed) + more;
        let deadline = Instant::now() + Duration::from_millis(600);
        while self.attached.load(Ordering::Relaxed) < wanted && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// While the daemon is dead the kernel stands still: no two namespaces show one address.
    fn kill_and_compare(&self, when: &str) {
        self.host.kill();
        let containers = self.containers();
        left::nobody_shares(containers.iter().map(AsRef::as_ref), when);
        self.host.recover();
    }

    /// All turns end; what the engine detached is gone.
    fn quiet(&self, when: &str) {
        let _alone = self.gate.write().unwrap();
        self.host.until_held(0).unwrap();
        left::nothing(&self.host, &self.given.lock().unwrap(), when);
    }
}

/// Ends the load also when an assertion fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn random_kills_under_load_leave_nothing_and_double_nothing() {
    in_a_private_host(story);
}

fn story() {
    let load = Load {
        host: Host::new(),
        slots: (0..THREADS).map(|_| Mutex::default()).collect(),
        told: Mutex::default(),
        given: Mutex::default(),
        gate: RwLock::default(),
        ends: AtomicBool::new(false),
        attached: AtomicUsize::new(0),
        turns: AtomicUsize::new(0),
    };
    let mut moments = Moments(0x2545_f491_4f6c_dd1d);
    load.host.recover();
    load.host.create_network().unwrap();
    let began = Instant::now();
    let mut kills = 0;
    thread::scope(|scope| {
        let _ending = Ending(&load.ends);
        let threads: Vec<_> = (0..THREADS)
            .map(|slot| {
                let load = &load;
                scope.spawn(move || {
                    while !load.ends.load(Ordering::Acquire) {
                        load.turn(slot);
                        thread::sleep(Duration::from_millis(1));
                    }
                })
            })
            .collect();
        while kills < KILLS && began.elapsed() < TIME {
            assert!(threads.iter().all(|thread| !thread.is_finished()), "a thread has failed");
            load.works(moments.below(8) as usize);
            thread::sleep(Duration::from_millis(moments.below(40)));
            let when = format!("kill {kills}");
            load.kill_and_compare(&when);
            kills += 1;
            if kills.is_multiple_of(CLEAN_EVERY) {
                load.quiet(&when);
            }
        }
    });
    load.quiet("the end");
    let attached = load.attached.into_inner();
    println!("{kills} kills, {attached} attachments in between");
    assert!(attached > kills, "the kills left no time to attach");
}
