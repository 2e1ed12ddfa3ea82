//! Many ADDs at once.

use crate::chain::Chain;
use crate::floor::{self, Floor};
use crate::node::{Node, config};
use crate::private::run_in;
use crate::statistics::{Turns, p99};
use crate::target::Targets;
use anyhow::{Context as _, ensure};
use kernel::NetNs;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

/// Turns, as few as are worth an interval: the peer takes seconds for each.
const TURNS: usize = 11;

/// The last percentile of 200 varies more.
const CROWDS: usize = 31;

pub(crate) fn measure(node: &Node, targets: &mut Targets) -> anyhow::Result<()> {
    thirty_two(node, targets)?;
    two_hundred(node, targets)
}

fn thirty_two(node: &Node, targets: &mut Targets) -> anyhow::Result<()> {
    const AT_ONCE: usize = 32;
    let chain = Chain::find()?;
    let (mut ours, mut theirs) = (Turns::default(), Turns::default());
    for turn in 0..TURNS {
        let (time, _) = burst(node, AT_ONCE, &format!("b{turn}"))?;
        ours.push(AT_ONCE as f64 / time.as_secs_f64());
        if let Some(chain) = &chain {
            let named = |i: usize| (format!("c{turn}-{i}"), 31_000 + i as u16);
            let (time, _) = at_once(
                AT_ONCE,
                |i, netns| {
                    let (name, port) = named(i);
                    chain.add(&name, netns, port).map(drop)
                },
                |i, netns| {
                    let (name, port) = named(i);
                    chain.del(&name, netns, port)
                },
            )?;
            theirs.push(AT_ONCE as f64 / time.as_secs_f64());
        }
    }
    println!("\n32 ADDs at once: {} containers a second", ours.middle());
    if chain.is_some() {
        println!("the reference chain: {} containers a second", theirs.middle());
        let what = "32 at once: at least 10 × the reference chain's containers a second";
        targets.at_least(what, 10.0, ours.over(&theirs));
    }
    let what = format!("{} × 32 at once: no address lost or doubled", TURNS);
    targets.say(&what, "none".to_owned(), true);
    Ok(())
}

fn two_hundred(node: &Node, targets: &mut Targets) -> anyhow::Result<()> {
    const AT_ONCE: usize = 200;
    let empty = floor::empty_process()?;
    let floor = Floor::new(NetNs::fresh()?)?;
    let (mut ours, mut least) = (Turns::default(), Turns::default());
    for turn in 0..CROWDS {
        ours.time(p99(burst(node, AT_ONCE, &format!("d{turn}"))?.1));
        least.time(p99(floor_burst(&floor, &empty, AT_ONCE)?));
    }
    println!("\n200 at once, p99: {} ms; floor {} ms", ours.middle(), least.middle());
    let what = "200 at once: p99 at most 100 ms above the floor's own";
    targets.at_most(what, 100.0, ours.minus(&least).middle());
    Ok(())
}

/// ADDs of ours at once; every one must get an address of its own.
fn burst(node: &Node, count: usize, name: &str) -> anyhow::Result<(Duration, Vec<Duration>)> {
    let here = NetNs::current()?;
    let ask = |verb: &str, i: usize, netns: &NetNs| -> anyhow::Result<Vec<u8>> {
        let mut plugin = node.plugin(verb, &format!("{name}-{i}"), netns);
        let port = 21_000 + u16::try_from(i)?;
        Ok(run_in(&here, &mut plugin, &config(Some(port)))?.1.stdout)
    };
    let addresses = Mutex::new(BTreeSet::new());
    let taken = at_once(
        count,
        |i, netns| {
            let result: Value = serde_json::from_slice(&ask("ADD", i, netns)?)?;
            let address = result["ips"][0]["address"].as_str().context("no address came")?;
            addresses.lock().expect("nobody panics with it").insert(address.to_owned());
            Ok(())
        },
        |i, netns| ask("DEL", i, netns).map(drop),
    )?;
    let different = addresses.into_inner().expect("nobody panicked with it").len();
    ensure!(different == count, "{count} containers have {different} addresses");
    // The links that wait for their deletion are not the next burst's.
    std::thread::sleep(Duration::from_millis(300));
    Ok(taken)
}

fn floor_burst(floor: &Floor, empty: &Path, count: usize) -> anyhow::Result<Vec<Duration>> {
    let link = |i: usize| format!("fb{i}");
    let (_, times) = at_once(
        count,
        |i, netns| {
            floor::run_empty(empty)?;
            floor.connect(&link(i), u16::try_from(i + 10)?, netns)?;
            Ok(())
        },
        |i, _| floor.disconnect(&link(i)),
    )?;
    Ok(times)
}

/// What is done for one of many namespaces.
type Each<'a> = &'a (dyn Fn(usize, &NetNs) -> anyhow::Result<()> + Sync);

/// Does something for so many namespaces at once: the time until all are done, and each one's.
/// Afterwards it is undone, one by one.
fn at_once(
    count: usize,
    each: impl Fn(usize, &NetNs) -> anyhow::Result<()> + Sync,
    undo: impl Fn(usize, &NetNs) -> anyhow::Result<()>,
) -> anyhow::Result<(Duration, Vec<Duration>)> {
    let each: Each<'_> = &each;
    let namespaces: Vec<NetNs> = (0..count).map(|_| NetNs::fresh()).collect::<Result<_, _>>()?;
    let start = Barrier::new(count + 1);
    let (time, outcomes) = std::thread::scope(|scope| {
        let start = &start;
        let threads: Vec<_> = namespaces
            .iter()
            .enumerate()
            .map(|(i, netns)| {
                scope.spawn(move || {
                    start.wait();
                    let started = Instant::now();
                    each(i, netns).map(|()| started.elapsed())
                })
            })
            .collect();
        start.wait();
        let started = Instant::now();
        let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        (started.elapsed(), outcomes)
    });
    let mut times = Vec::new();
    for outcome in outcomes {
        times.push(outcome.ok().context("a thread panicked")??);
    }
    for (i, netns) in namespaces.iter().enumerate() {
        undo(i, netns)?;
    }
    Ok((time, times))
}
