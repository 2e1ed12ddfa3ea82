//! A DEL while the same container's ADD is under way: the engine gave up on it. The DEL succeeds, and
//! whatever the ADD came to, nothing is left; no DEL is lost and none finds the next ADD.

use crate::host::{Container, Host, in_a_private_host};
use crate::left;
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// Each DEL comes a little later into its ADD than the one before, and the last as late as the ADD
/// would end: then again from the beginning.
const STEPS: u32 = 20;
/// So many have to find their ADD half done, else this has tested nothing …
const ENOUGH: u32 = 5;
/// … and in so many rounds they do.
const ROUNDS: u32 = 600;

#[test]
fn a_detach_is_never_refused_or_lost() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let mut given = BTreeSet::new();
        let began = Instant::now();
        let container = Container::new("fickle", Some(8000));
        given.extend(host.cni("ADD", &container).unwrap());
        let whole = began.elapsed();
        host.cni("DEL", &container).unwrap();

        let mut met = 0;
        let mut rounds = 0..ROUNDS;
        while met < ENOUGH
            && let Some(round) = rounds.next()
        {
            let when = format!("round {round}");
            let container = Container::new("fickle", Some(8000));
            let added = thread::scope(|scope| {
                let add = scope.spawn(|| host.cni("ADD", &container));
                thread::sleep(whole * (round % STEPS) / STEPS + Duration::from_micros(200));
                host.cni("DEL", &container).unwrap_or_else(|why| panic!("{when}: {why}"));
                add.join().unwrap()
            });
            match added {
                // The DEL came before the ADD had begun, or after it had ended.
                Ok(addresses) => given.extend(addresses),
                Err(why) => {
                    assert!(why.contains("was detached while it was being attached"), "{why}");
                    met += 1;
                    // It was seen through: nobody has to ask again.
                    host.until_held(0).unwrap();
                    left::nothing(&host, &given, &when);
                }
            }
            host.cni("DEL", &container).unwrap();
            host.until_held(0).unwrap();
            // The name and the port are free at once.
            given.extend(host.cni("ADD", &container).unwrap());
            host.cni("DEL", &container).unwrap();
        }
        host.until_held(0).unwrap();
        left::nothing(&host, &given, "the end");
        assert_eq!(met, ENOUGH, "in {ROUNDS} rounds");
    });
}
