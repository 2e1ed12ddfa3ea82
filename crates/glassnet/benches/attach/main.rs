//! What an ADD costs, as ratios against the kernel's own floor and against peers, all in one run.
//!
//! Each measured thing is a whole process, as an engine starts it. One after the other in turns, so
//! that a drift of the machine hits all alike; a ratio is the median of the turns' ratios with the
//! interval that covers the true median with at least 95 % probability (order statistics).
//!
//! Everything happens in namespaces made here; the machine's own network is not touched.

mod floor;
mod node;
mod peer;
mod statistics;

use anyhow::Context as _;
use node::Node;
use statistics::{Ratio, Turns};
use std::time::Duration;

/// Turns of each measurement; 11 is the least that is worth an interval.
const TURNS: usize = 31;

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    node::enter_a_private_host().context("the bench needs root's rights to make namespaces")?;
    let empty = floor::empty_process()?;
    let node = Node::start()?;
    let floor = floor::Floor::new()?;
    let chain = peer::Chain::find();
    println!("attach: medians of {TURNS} turns, each turn one after the other\n");
    println!(
        "| containers | glassnet ADD | floor | process | ratio to floor+process | on top of them | reference chain ADD | chain : glassnet | DEL |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut on_top = Vec::new();
    for load in [0, 100, 500] {
        node.fill(load)?;
        floor.fill(load)?;
        let mut ours = Turns::default();
        let mut least = Turns::default();
        let mut start = Turns::default();
        let mut del = Turns::default();
        let mut reference = Turns::default();
        for turn in 0..TURNS {
            let (add, gone) = node.add_and_del(turn)?;
            ours.push(add);
            del.push(gone);
            least.push(floor.attach_once(turn)?);
            start.push(floor::run_empty(&empty)?);
            if let Some(chain) = chain.as_ref().filter(|_| load == 0) {
                reference.push(chain.add_and_del(turn)?);
            }
            // Links that wait for their deletion would be in the next turn's way.
            std::thread::sleep(Duration::from_millis(40));
        }
        let bound = least.plus(&start);
        let above = ours.median().saturating_sub(bound.median());
        on_top.push(above);
        let peers = if reference.is_empty() {
            ["-".to_owned(), "-".to_owned()]
        } else {
            [statistics::ms(reference.median()), Ratio::of(&reference, &ours).to_string()]
        };
        println!(
            "| {load} | {} | {} | {} | {} | {} | {} | {} | {} |",
            statistics::ms(ours.median()),
            statistics::ms(least.median()),
            statistics::ms(start.median()),
            Ratio::of(&ours, &bound),
            statistics::ms(above),
            peers[0],
            peers[1],
            statistics::ms(del.median()),
        );
    }
    if let [first, .., last] = on_top[..] {
        let growth = last.as_secs_f64() / first.as_secs_f64().max(1e-9);
        println!("\nwhat comes on top of the floor grows {growth:.2}× from 0 to 500 containers");
    }
    if chain.is_none() {
        println!("\nthe reference plugins are not installed; `make bench` installs them");
    }
    let (resident, cpu) = node.idle(Duration::from_secs(20))?;
    println!(
        "\ndaemon with 500 containers: {resident} KiB resident, {:.3} % of a core over 20 idle seconds",
        cpu * 100.0
    );
    Ok(())
}
