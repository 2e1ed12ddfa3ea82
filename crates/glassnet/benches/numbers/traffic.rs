//! What a packet between two containers pays for masquerade, isolation and anti-spoofing.
//!
//! ```text
//! bare      a bridge made by hand, no rules
//! tracked   the same with connection tracking and one rule that accepts established connections
//! the least the same with NAT's hooks, and one look into a set for the frame's sources
//! glassnet  ours
//! ```
//!
//! The least is what masquerade, isolation and anti-spoofing cost with nftables on this kernel if
//! nothing else is done: what glassnet adds to it is our own.
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
use kernel::{NetNs, Sockets, observe};
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
    let least = Floor::new(NetNs::fresh()?)?;
    let pairs = [by_hand(&bare, 1)?, by_hand(&tracked, 1)?, by_hand(&least, 1)?, ours(node)?];
    let rules = |floor: &Floor, rules: &str| {
        run_in(floor.host(), Command::new("nft").args(["-f", "-"]), rules).map(drop)
    };
    rules(&tracked, TRACKED)?;
    rules(&least, &(TRACKED.to_owned() + NAT + &pairs[2].sources(&[(0, "ta"), (1, "tb")])?))?;
    let mut stream: [Turns; 4] = Default::default();
    let mut questions: [Turns; 4] = Default::default();
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
    println!(
        "| | stream, Gbit/s | : bare | request and response, µs | bare : |\n|---|---|---|---|---|"
    );
    for (i, name) in ["bare bridge", "tracked", "the least", "glassnet"].iter().enumerate() {
        println!(
            "| {name} | {} | {} | {} | {} |",
            stream[i].middle(),
            stream[i].over(&stream[0]),
            questions[i].middle(),
            questions[0].over(&questions[i]),
        );
    }
    let [bare, tracked, least, ours] = questions;
    targets.at_least(
        "TCP stream: at least 0.97 of a bare bridge",
        0.97,
        stream[3].over(&stream[0]),
    );
    targets.at_least("request/response: at least 0.93 of a bare bridge", 0.93, bare.over(&ours));
    let what = "request/response: at least 0.97 of a bridge with conntrack and one accept rule";
    targets.at_least(what, 0.97, tracked.over(&ours));
    let what = "TCP stream: at least 0.97 of the least";
    targets.at_least(what, 0.97, stream[3].over(&stream[2]));
    targets.at_least("request/response: at least 0.97 of the least", 0.97, least.over(&ours));
    Ok(())
}

pub(crate) const TRACKED: &str = "table inet tracked {
 chain forward {
  type filter hook forward priority 0
  ct state established,related accept
 }
}
";

pub(crate) const NAT: &str = "table inet nat {
 chain prerouting {
  type nat hook prerouting priority -100
 }
 chain postrouting {
  type nat hook postrouting priority 100
 }
}
";

/// `receiver` is the CPU of who takes the stream; who sends it is on 0.
pub(crate) fn by_hand(floor: &Floor, receiver: usize) -> anyhow::Result<Pair> {
    let (a, b) = (NetNs::fresh()?, NetNs::fresh()?);
    floor.connect("ta", 11, &a)?;
    floor.connect("tb", 12, &b)?;
    Pair::open_on(receiver, a, b, Floor::address(12).into())
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
pub(crate) struct Pair {
    stream: TcpStream,
    arrived: Arc<AtomicU64>,
    questions: TcpStream,
    namespaces: [NetNs; 2],
}

impl Pair {
    pub(crate) fn open(a: NetNs, b: NetNs, to: IpAddr) -> anyhow::Result<Self> {
        Self::open_on(1, a, b, to)
    }

    fn open_on(receiving: usize, a: NetNs, b: NetNs, to: IpAddr) -> anyhow::Result<Self> {
        let arrived = Arc::new(AtomicU64::new(0));
        let (stream, mut receiver) = connect(&a, &b, to)?;
        let count = arrived.clone();
        thread::spawn(move || -> anyhow::Result<()> {
            stay_on(receiving)?;
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
        Ok(Self { stream, arrived, questions, namespaces: [a, b] })
    }

    /// Rules that hold ports to the addresses of the ends (0 or 1) behind them.
    pub(crate) fn sources(&self, ports: &[(usize, &str)]) -> anyhow::Result<String> {
        let mut elements = Vec::new();
        for (end, port) in ports {
            let mut sockets = Sockets::open_in(self.namespaces[*end].as_fd())?;
            let links = observe::links(sockets.route()?)?;
            let names = observe::Names::of(&links);
            let mac = links.iter().find_map(|l| l.mac.filter(|_| l.name.as_str() == "eth0"));
            let mac = mac.context("eth0 has no MAC address")?;
            let addresses = observe::addresses(sockets.route()?, &names)?;
            let v4 =
                addresses.iter().find(|a| a.link.as_str() == "eth0" && a.prefix.addr().is_ipv4());
            let address = v4.context("eth0 has no IPv4 address")?.prefix.addr();
            elements.push(format!("{port} . {mac} . {address}"));
        }
        Ok(format!(
            "table bridge least {{
 set sources {{
  type ifname . ether_addr . ipv4_addr
  elements = {{ {} }}
 }}
 chain prerouting {{
  type filter hook prerouting priority -300
  ether type ip iifname . ether saddr . ip saddr @sources accept
 }}
}}
",
            elements.join(", ")
        ))
    }

    /// Gbit/s.
    pub(crate) fn stream(&self) -> anyhow::Result<f64> {
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
    pub(crate) fn questions(&self) -> anyhow::Result<f64> {
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
