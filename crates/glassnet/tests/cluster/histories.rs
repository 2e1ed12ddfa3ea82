//! Random histories: whatever happens to hosts, cables, daemons and the store, after quiet every pair
//! reaches, no address was ever given twice, and nothing is left behind.

use crate::fleet::{Container, Fleet, Ground, blue};
use std::collections::BTreeSet;

/// Histories of a usual run.
const FEW: u64 = 4;
/// Events in each.
const EVENTS: usize = 10;

/// xorshift64*: a history is its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % count
    }
}

/// What is broken just now.
#[derive(Default)]
struct Broken {
    cut: BTreeSet<String>,
    dead: BTreeSet<String>,
    frozen: bool,
    stopped: bool,
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}"))
    })
}

#[test]
fn histories() {
    let (count, seed) = (number("GLASSNET_HISTORIES", FEW), number("GLASSNET_SEED", 1));
    let mut fleet: Option<Fleet> = None;
    for seed in seed..seed + count {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        // A lab is used for some histories: they begin from nothing attached, whatever was before.
        if seed % 10 == 1 || fleet.is_none() {
            drop(fleet.take());
            let hosts = 3 + dice.below(3);
            let ground = if dice.below(2) == 0 { Ground::Switch } else { Ground::Router };
            fleet = Some(Fleet::up("histories", hosts, &ground, &blue("auto")));
        }
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            play(fleet.as_ref().unwrap(), &mut dice, seed);
        }));
        if let Err(panic) = told {
            eprintln!("history {seed} failed; again: GLASSNET_SEED={seed} GLASSNET_HISTORIES=1");
            std::panic::resume_unwind(panic);
        }
        eprintln!("history {seed}: as it should be");
    }
}

fn play(fleet: &Fleet, dice: &mut Dice, seed: u64) {
    let (mut there, mut broken, mut names): (Vec<Container>, Broken, usize) = Default::default();
    for _ in 0..EVENTS {
        let host = fleet.hosts[dice.below(fleet.hosts.len())].clone();
        let event = dice.below(12);
        eprintln!("history {seed}: event {event} on {host}");
        match event {
            0..=3 if !broken.dead.contains(&host) => {
                names += 1;
                if let Some(new) = fleet.attach(&host, &format!("c{seed}-{names}"), &[]) {
                    for other in &there {
                        let twice = other.addresses.iter().any(|a| new.addresses.contains(a));
                        assert!(!twice, "{new:?} has an address of {other:?}");
                    }
                    there.push(new);
                }
            }
            4 if !there.is_empty() => {
                let gone = there.swap_remove(dice.below(there.len()));
                if !broken.dead.contains(&gone.host) {
                    assert!(fleet.detach(&gone), "{gone:?} could not be detached");
                }
            }
            5 => {
                if broken.dead.remove(&host) {
                    fleet.must(&["start", &format!("@{host}")]);
                } else {
                    fleet.must(&["kill", &format!("@{host}")]);
                    there.retain(|container| container.host != host);
                    // A cable that is cut stays so.
                    broken.dead.insert(host);
                }
            }
            6 if !broken.dead.contains(&host) => {
                let verb = if broken.cut.remove(&host) { "mend" } else { "cut" };
                fleet.must(&[verb, &format!("@{host}.eth0")]);
                if verb == "cut" {
                    broken.cut.insert(host);
                }
            }
            7 if !broken.frozen => {
                broken.stopped = !broken.stopped;
                let verb = if broken.stopped { "stop" } else { "start" };
                fleet.must(&[verb, "@keeper", "etcd"]);
            }
            8 if !broken.stopped => {
                broken.frozen = !broken.frozen;
                let verb = if broken.frozen { "freeze" } else { "thaw" };
                fleet.must(&[verb, "@keeper", "etcd"]);
            }
            9 if !broken.dead.contains(&host) => {
                fleet.must(&["stop", &format!("@{host}"), "node"]);
                fleet.must(&["start", &format!("@{host}"), "node"]);
            }
            10 if !broken.dead.contains(&host) => {
                let backend = ["auto", "direct", "vxlan"][dice.below(3)];
                fleet.lab.run(&host, &["glassnet", "network", "set", "blue", "--backend", backend]);
            }
            _ => std::thread::sleep(std::time::Duration::from_millis(300)),
        }
    }
    quiet(fleet, &broken);
    fleet.all_reach_all(&there);
    leave_nothing(fleet, &there);
}

/// Everything is mended, started, and the nodes have heard of one another.
fn quiet(fleet: &Fleet, broken: &Broken) {
    if broken.stopped {
        fleet.must(&["start", "@keeper", "etcd"]);
    }
    if broken.frozen {
        fleet.must(&["thaw", "@keeper", "etcd"]);
    }
    for host in &broken.dead {
        fleet.must(&["start", &format!("@{host}")]);
    }
    for host in &broken.cut {
        fleet.must(&["mend", &format!("@{host}.eth0")]);
    }
    fleet.until("all nodes are at one with the store", || {
        fleet.hosts.iter().all(|host| {
            let status = fleet.json(host, &["status"]);
            status.is_some_and(|status| status["cluster"]["store"]["connected"] == true)
                && fleet.peers(host).values().filter(|peer| peer["alive"] == true).count()
                    == fleet.hosts.len() - 1
        })
    });
    // `direct` behind a router that knows no container reaches nobody, as it must.
    fleet.until("the backend is auto", || {
        let set = ["glassnet", "network", "set", "blue", "--backend", "auto"];
        fleet.lab.run(&fleet.hosts[0], &set).status.success()
    });
}

/// With the last container gone, a host has what it had: no link, no lease.
fn leave_nothing(fleet: &Fleet, there: &[Container]) {
    for container in there {
        assert!(fleet.detach(container), "{container:?} could not be detached");
    }
    for host in &fleet.hosts {
        fleet.until(&format!("nothing is left on {host}"), || {
            let links = fleet.lab.says(host, &["ip", "-br", "link"]);
            let ours = links.lines().filter(|line| line.starts_with("gn")).count();
            let status = fleet.json(host, &["status"]);
            ours == 1
                && status.is_some_and(|status| {
                    status["attachments"] == 0 && status["drift"] == serde_json::json!([])
                })
        });
    }
}
