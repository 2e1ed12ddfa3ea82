//! ADD as the engine sees it: a whole process, with masquerade, isolation, anti-spoofing and one
//! published port.

use crate::chain::Chain;
use crate::floor::{self, Floor};
use crate::netavark::Netavark;
use crate::node::{Node, config};
use crate::private::run;
use crate::statistics::Turns;
use crate::target::Targets;
use kernel::NetNs;
use std::time::Duration;

/// Turns of each measurement; 11 is the least that is worth an interval.
const TURNS: u16 = 51;

/// A bridge tells of each of its ports once more, some 15 s after it was made.
const ECHO: Duration = Duration::from_secs(20);

/// Until what a DEL left to be done is done.
const SETTLE: Duration = Duration::from_millis(200);

/// What was measured beside one number of containers.
#[derive(Default)]
struct Row {
    add: Turns,
    del: Turns,
    floor: Turns,
    process: Turns,
    chain: Turns,
    netavark: Turns,
}

pub(crate) fn measure(node: &Node, targets: &mut Targets) -> anyhow::Result<()> {
    let empty = floor::empty_process()?;
    let (chain, netavark) = (Chain::find()?, Netavark::find()?);
    let floor = Floor::new(NetNs::fresh()?)?;
    println!("ADD: {TURNS} turns, milliseconds\n");
    println!("| containers | glassnet ADD | floor | process | on top | glassnet DEL |");
    println!("|---|---|---|---|---|---|");
    let mut rows = Vec::new();
    for load in [0, 100, 500] {
        node.fill(load)?;
        floor.fill(load)?;
        if let Some(netavark) = netavark.as_ref().filter(|_| load <= 100) {
            netavark.fill(load)?;
        }
        if load > 0 {
            std::thread::sleep(ECHO);
        }
        let mut row = Row::default();
        for turn in 0..TURNS {
            one_turn(node, &floor, turn, &mut row)?;
            row.process.time(floor::run_empty(&empty)?);
            if let Some(chain) = chain.as_ref().filter(|_| load == 0) {
                let (name, netns) = (format!("chain-{turn}"), NetNs::fresh()?);
                row.chain.time(chain.add(&name, &netns, 30_000 + turn)?);
                chain.del(&name, &netns, 30_000 + turn)?;
            }
            if let Some(netavark) = netavark.as_ref().filter(|_| load <= 100) {
                row.netavark.time(netavark.add_and_del(turn)?);
            }
        }
        let Row { add, del, floor, process, .. } = &row;
        println!(
            "| {load} | {} | {} | {} | {} | {} |",
            add.middle(),
            floor.middle(),
            process.middle(),
            row.on_top().middle(),
            del.middle(),
        );
        rows.push((load, row));
    }
    judge(&rows, targets);
    Ok(())
}

fn one_turn(node: &Node, floor: &Floor, turn: u16, row: &mut Row) -> anyhow::Result<()> {
    let (name, netns, port) = (format!("turn-{turn}"), NetNs::fresh()?, 20_000 + turn);
    row.add.time(run(&mut node.plugin("ADD", &name, &netns), &config(Some(port)))?);
    row.floor.time(floor.attach_once(turn)?);
    row.del.time(run(&mut node.plugin("DEL", &name, &netns), &config(Some(port)))?);
    // Links are deleted after the answer; that would be in the next one's way.
    std::thread::sleep(SETTLE);
    Ok(())
}

impl Row {
    fn bound(&self) -> Turns {
        self.floor.plus(&self.process)
    }

    fn on_top(&self) -> Turns {
        self.add.minus(&self.bound())
    }
}

fn judge(rows: &[(usize, Row)], targets: &mut Targets) {
    for (load, row) in rows {
        let what = format!("ADD with {load} there: at most 4 × (floor + empty process)");
        targets.at_most(&what, 4.0, row.add.over(&row.bound()));
    }
    if let [(_, first), .., (_, last)] = rows {
        let grown = last.on_top().over(&first.on_top());
        targets.at_most("what ADD adds on top grows at most 1.2 × from 0 to 500", 1.2, grown);
        targets.at_most("DEL with 500 there: at most 5 ms", 5.0, last.del.middle());
    }
    let [(_, row), (_, hundred), ..] = rows else { return };
    for (peer, row, times, least) in [
        ("bridge + host-local + portmap + firewall", row, &row.chain, 30.0),
        ("netavark, with a port", row, &row.netavark, 10.0),
        ("netavark, with a port, 100 there", hundred, &hundred.netavark, 10.0),
    ] {
        if times.is_empty() {
            println!("\n{peer}: not installed; `make bench` installs it");
            continue;
        }
        println!("\n{peer}: ADD {} ms", times.middle());
        let what = format!("ADD: at least {least} × faster than {peer}");
        targets.at_least(&what, least, times.over(&row.add));
    }
}
