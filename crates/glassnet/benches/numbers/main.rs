//! What glassnet promises in numbers, each against the kernel's own floor or a peer, all in one run.
//!
//! Things are measured in turns, one after the other, so that a drift of the machine hits all
//! alike; a figure is the median of the turns with the interval that covers the true median with at
//! least 95 % probability (order statistics). A target is met when the interval's worse end is
//! within 3 % of it.
//!
//! Everything happens in namespaces made here; the machine's own network is not touched. Peers
//! have hosts of their own, so that nobody's rules are in another's way.
//!
//! `cargo bench --bench numbers -- traffic` runs one part: add, burst, traffic, capture, across,
//! hosts, cluster, trace, reach or idle.

mod across;
mod add;
mod burst;
mod capture;
mod chain;
mod cluster;
mod floor;
mod hosts;
mod idle;
mod netavark;
mod node;
mod private;
mod reach;
mod statistics;
mod target;
mod trace;
mod traffic;

use anyhow::Context as _;
use node::Node;
use target::Targets;

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);
    private::enter().context("the bench needs root's rights to make namespaces")?;
    let node = Node::start()?;
    let mut targets = Targets::default();
    if wanted("traffic") {
        traffic::measure(&node, &mut targets)?;
    }
    if wanted("capture") {
        capture::measure(&mut targets)?;
    }
    if wanted("across") {
        across::measure(&mut targets)?;
    }
    if wanted("hosts") {
        hosts::measure(&mut targets)?;
    }
    if wanted("cluster") {
        cluster::measure(&mut targets)?;
    }
    if wanted("reach") {
        reach::measure(&mut targets)?;
    }
    if wanted("trace") {
        trace::measure(&mut targets)?;
    }
    if wanted("burst") {
        burst::measure(&node, &mut targets)?;
    }
    if wanted("add") {
        add::measure(&node, &mut targets)?;
    }
    if wanted("idle") {
        idle::measure(&node, &mut targets)?;
    }
    println!("\n{targets}");
    Ok(())
}
