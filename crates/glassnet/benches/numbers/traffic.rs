//! What a packet between two containers pays for masquerade, isolation and anti-spoofing.
//!
//! ```text
//! bare      a bridge made by hand, no rules
//! tracked   the same with connection tracking and one rule that accepts established connections
//! glassnet  ours
//! ```
//!
//! The stream uses cubic (BBR paces, which hides the path) with its ends on different CPUs; request
//! and response of one byte have both ends on one CPU, since waking another takes longer than the
//! path.

use crate::floor::Floor;
use crate::node::{Node, config};
use crate::private::run_in;
use crate::statistics::Turns;
use crate::target::Targets;
use anyhow::Context as _;
use kernel::NetNs;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Turns of each measurement, and how long a stream lasts in each.
const TURNS: usize = 31;
const STREAM: Duration = Duration::from_millis(400);
/// Questions of one byte in each turn.
const QUESTIONS: usize = 4000;

pub(crate) fn measure(node: &Node, targets: &mut Targets) -> anyhow::Result<()> {
    // A thread of its own, for it is kept on one CPU.
    let measured = thread::scope(|scope| scope.spawn(|| on_one_cpu(node, targets)).join());
    measured.ok().context("a thread panicked")?
}

fn on_one_cpu(node: &Node, targets: &mut Targets) -> anyhow::Result<()> {
    let bare = Floor::new(NetNs::fresh()?)?;
    let tracked = Floor::new(NetNs::fresh()?)?;
    let rule = "table inet tracked {\n chain forward {\n type filter hook forward priority 0\n\
                ct state established,related accept\n }\n }\n";
    run_in(tracked.host(), Command::new("nft").args(["-f", "-"]), rule)?;
    let pairs = [by_hand(&bare)?, by_hand(&tracked)?, ours(node)?];
    let mut stream: [Turns; 3] = Default::default();
    let mut questions: [Turns; 3] = Default::default();
    for turn in 0..=TURNS {
        for (i, pair) in pairs.iter().enumerate() {
            let (rate, time) = (pair.stream()?, pair.questions()?);
            // The first turn warms up.
            if turn > 0 {
                stream[i].push(rate);
                questions[i].push(time);
            }
        }
    }
    println!("\ncontainer to container, {TURNS} turns\n");
    println!("| | stream, Gbit/s | request and response, µs |\n|---|---|---|");
    for (i, name) in ["bare bridge", "tracked", "glassnet"].iter().enumerate() {
        println!("| {name} | {} | {} |", stream[i].middle(), questions[i].middle());
    }
    let [bare, tracked, ours] = questions;
    targets.at_least(
        "TCP stream: at least 0.97 of a bare bridge",
        0.97,
        stream[2].over(&stream[0]),
    );
    targets.at_least("request/response: at least 0.93 of a bare bridge", 0.93, bare.over(&ours));
    let what = "request/response: at least 0.97 of a bridge with conntrack and one accept rule";
    targets.at_least(what, 0.97, tracked.over(&ours));
    Ok(())
}

fn by_hand(floor: &Floor) -> anyhow::Result<Pair> {
    let (a, b) = (NetNs::fresh()?, NetNs::fresh()?);
    floor.connect("ta", 11, &a)?;
    floor.connect("tb", 12, &b)?;
    Pair::open(a, b, Floor::address(12).into())
}

fn ours(node: &Node) -> anyhow::Result<Pair> {
    let here = NetNs::current()?;
    let attach = |name: &str, netns: &NetNs| -> anyhow::Result<IpAddr> {
        let (_, said) = run_in(&here, &mut node.plugin("ADD", name, netns), &config(None))?;
        let result: Value = serde_json::from_slice(&said.stdout)?;
        let address = result["ips"][0]["address"].as_str().context("no address in the result")?;
        Ok(address.split('/').next().unwrap_or(address).parse()?)
    };
    let (a, b) = (NetNs::fresh()?, NetNs::fresh()?);
    attach("traffic-a", &a)?;
    let address = attach("traffic-b", &b)?;
    Pair::open(a, b, address)
}

/// Two containers with a connection for each measurement.
struct Pair {
    stream: TcpStream,
    arrived: Arc<AtomicU64>,
    questions: TcpStream,
    _namespaces: [NetNs; 2],
}

impl Pair {
    fn open(a: NetNs, b: NetNs, to: IpAddr) -> anyhow::Result<Self> {
        let arrived = Arc::new(AtomicU64::new(0));
        let (stream, mut receiver) = connect(&a, &b, to)?;
        let count = arrived.clone();
        thread::spawn(move || -> anyhow::Result<()> {
            stay_on(1)?;
            let mut buffer = vec![0; 256 << 10];
            loop {
                match receiver.read(&mut buffer)? {
                    0 => return Ok(()),
                    got => _ = count.fetch_add(got as u64, Ordering::Relaxed),
                }
            }
        });
        let (questions, mut answerer) = connect(&a, &b, to)?;
        thread::spawn(move || -> anyhow::Result<()> {
            stay_on(0)?;
            let mut byte = [0];
            loop {
                answerer.read_exact(&mut byte)?;
                answerer.write_all(&byte)?;
            }
        });
        stay_on(0)?;
        Ok(Self { stream, arrived, questions, _namespaces: [a, b] })
    }

    /// Gbit/s.
    fn stream(&self) -> anyhow::Result<f64> {
        let buffer = vec![0; 128 << 10];
        let before = self.arrived.load(Ordering::Relaxed);
        let started = Instant::now();
        while started.elapsed() < STREAM {
            (&self.stream).write_all(&buffer)?;
        }
        let bytes = self.arrived.load(Ordering::Relaxed) - before;
        let rate = bytes as f64 * 8.0 / 1e9 / started.elapsed().as_secs_f64();
        // What is still on its way belongs to no turn.
        thread::sleep(Duration::from_millis(20));
        Ok(rate)
    }

    /// Microseconds of half of all questions or less.
    fn questions(&self) -> anyhow::Result<f64> {
        let mut times = Vec::with_capacity(QUESTIONS);
        let mut byte = [7];
        for _ in 0..QUESTIONS {
            let started = Instant::now();
            (&self.questions).write_all(&byte)?;
            (&self.questions).read_exact(&mut byte)?;
            times.push(started.elapsed());
        }
        times.sort();
        Ok(times[QUESTIONS / 2].as_secs_f64() * 1e6)
    }
}

/// A connection from one namespace to another.
fn connect(a: &NetNs, b: &NetNs, to: IpAddr) -> anyhow::Result<(TcpStream, TcpStream)> {
    let listener = kernel::netns::within(b.as_fd(), || TcpListener::bind((to, 0)))??;
    let port = listener.local_addr()?.port();
    rustix::net::sockopt::set_tcp_congestion(&listener, "cubic")?;
    let near = kernel::netns::within(a.as_fd(), || TcpStream::connect((to, port)))??;
    let (far, _) = listener.accept()?;
    for end in [&near, &far] {
        end.set_nodelay(true)?;
        rustix::net::sockopt::set_tcp_congestion(end, "cubic")?;
    }
    Ok((near, far))
}

/// Keeps this thread on one CPU.
fn stay_on(cpu: usize) -> anyhow::Result<()> {
    let mut cpus = CpuSet::new();
    cpus.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &cpus)?;
    Ok(())
}
