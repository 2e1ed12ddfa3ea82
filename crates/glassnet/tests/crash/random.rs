//! SIGKILL at random moments while an engine attaches and detaches, 32 containers at once.

use crate::host::in_a_private_host;
use crate::load::{Ending, Load, THREADS};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// Kills of the daemon, unless `GLASSNET_CRASH_KILLS` says another number.
const KILLS: usize = 500;
/// A machine that needs longer than this for each is no machine to test on.
const LONGEST: Duration = Duration::from_secs(2);
/// After so many kills the daemon is asked what it holds …
const COMPARE_EVERY: usize = 10;
/// … and after so many the load ceases and everything is looked at.
const QUIET_EVERY: usize = 50;
/// A start takes about this long, in microseconds.
const START: u64 = 60_000;

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

#[test]
fn random_kills_under_load_leave_nothing_and_double_nothing() {
    in_a_private_host(story);
}

fn story() {
    let kills = std::env::var("GLASSNET_CRASH_KILLS");
    let kills = kills.map_or(KILLS, |number| number.parse().expect("a number of kills"));
    let mut moments = Moments(0x2545_f491_4f6c_dd1d);
    let load = Load::new();
    load.host.recover();
    load.host.create_network().unwrap();
    let began = Instant::now();
    let longest = LONGEST * u32::try_from(kills).unwrap();
    let mut in_starts = 0;
    thread::scope(|scope| {
        let ending = Ending(&load);
        let threads: Vec<_> = (0..THREADS)
            .map(|slot| {
                let load = &load;
                scope.spawn(move || load.run(slot))
            })
            .collect();
        for kill in 1..=kills {
            assert!(threads.iter().all(|thread| !thread.is_finished()), "a thread has failed");
            assert!(began.elapsed() < longest, "only {kill} kills in {longest:?}");
            let when = format!("kill {kill}");
            if moments.below(3) == 0 {
                // Wherever its start has come to.
                load.host.spawn(None, "");
                thread::sleep(Duration::from_micros(moments.below(START)));
                load.host.kill();
                in_starts += 1;
            } else {
                load.host.recover();
                if kill.is_multiple_of(COMPARE_EVERY) {
                    load.compare_living(&when);
                }
                load.works(usize::try_from(moments.below(8)).unwrap());
                thread::sleep(Duration::from_millis(moments.below(40)));
                load.host.kill();
            }
            load.compare_dead(&when);
            if kill.is_multiple_of(QUIET_EVERY) {
                load.host.recover();
                load.quiet(&when, &mut moments);
            }
        }
        load.host.recover();
        drop(ending);
    });
    load.quiet("the end", &mut moments);
    let attached = load.attached.into_inner();
    let calls = load.killed_calls.load(Ordering::Relaxed);
    println!(
        "{kills} kills of the daemon, {in_starts} of them in its start, {calls} of the CNI program, \
         {attached} attachments in between, {:?}",
        began.elapsed()
    );
    assert!(attached > kills, "the kills left no time to attach");
    assert!(calls > kills / 4 && in_starts > kills / 5, "kills of each kind");
}
