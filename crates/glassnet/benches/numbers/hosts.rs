//! Three real hosts on a switch, each with a daemon, one etcd: how long until all of them know.
//!
//! ```text
//! claimed   from `network create` on one host until all three hold a block of it
//! joined    from the start of a new host's daemon until it and all others know each other's ways
//! moved     from the start of a host's daemon under another address until all others have it
//! ```
//!
//! What is known is asked of each daemon by a whole process, which takes some milliseconds of it.

use crate::private::{self, ip, path, serving};
use crate::statistics::p99;
use crate::target::Targets;
use anyhow::{Context as _, ensure};
use kernel::NetNs;
use serde_json::Value;
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");
const ETCD: &str = "192.0.2.1";
const TURNS: u8 = 21;
const LIMIT: Duration = Duration::from_secs(1);

pub(crate) fn measure(targets: &mut Targets) -> anyhow::Result<()> {
    let wire = NetNs::fresh()?;
    ip(&wire, "link add wire type bridge")?;
    ip(&wire, "link set wire up")?;
    let mut first = Host::new(&wire, 1)?;
    let _etcd = first.etcd()?;
    let mut second = Host::new(&wire, 2)?;
    let mut third = Host::new(&wire, 3)?;
    for host in [&mut first, &mut second, &mut third] {
        host.start()?;
    }

    let mut claimed = Vec::new();
    for turn in 0..TURNS {
        let (name, subnet) = (format!("net-{turn}"), format!("10.{}.0.0/16", 100 + turn));
        let started = Instant::now();
        first.glassnet(&["network", "create", &name, "--subnet", &subnet])?;
        for host in [&first, &second, &third] {
            host.until(|status| !status["cluster"]["holds"][&name].is_null())?;
        }
        claimed.push(started.elapsed());
        if turn > 0 {
            first.glassnet(&["network", "rm", &name])?;
        }
    }

    let mut joined = Vec::new();
    for turn in 0..TURNS {
        let mut new = Host::new(&wire, 50 + turn)?;
        let started = Instant::now();
        new.start()?;
        for host in [&first, &second, &third] {
            host.until(|status| reaches(status, &new.name))?;
            new.until(|status| reaches(status, &host.name))?;
        }
        joined.push(started.elapsed());
    }

    let mut moved = Vec::new();
    for turn in 0..TURNS {
        let address = format!("192.0.2.{}", 150 + turn);
        ip(&third.netns, &format!("address add {address}/24 dev eth0"))?;
        third.end();
        third.address.clone_from(&address);
        let started = Instant::now();
        third.start()?;
        for host in [&first, &second] {
            host.until(|status| {
                let at = |address: &Value, wanted: &str| address.as_str() == Some(wanted);
                let its = peer(status, &third.name).and_then(|peer| peer["addresses"].as_array());
                its.is_some_and(|its| its.iter().any(|is| at(is, &address)))
            })?;
        }
        moved.push(started.elapsed());
    }

    println!("\nthree real hosts and one etcd, {TURNS} turns\n");
    println!("| | median, ms | last percentile, ms |\n|---|---|---|");
    let rows = [
        ("a new network is claimed by all", claimed),
        ("a new host and all others know each other's ways", joined),
        ("all others have a host's new address", moved),
    ];
    for (what, mut times) in rows {
        times.sort();
        let (median, last) = (times[times.len() / 2], p99(times));
        println!("| {what} | {} | {} |", median.as_millis(), last.as_millis());
        let measured = format!("{} ms", last.as_millis());
        targets.say(&format!("{what}: p99 at most 1 s"), measured, last <= LIMIT);
    }
    Ok(())
}

/// Whether a node knows a living peer and a way to it.
fn reaches(status: &Value, name: &str) -> bool {
    peer(status, name).is_some_and(|peer| {
        let networks = peer["networks"].as_array().map(Vec::as_slice).unwrap_or_default();
        peer["alive"] == true && networks.iter().any(|of| of["by"].is_string())
    })
}

fn peer<'s>(status: &'s Value, name: &str) -> Option<&'s Value> {
    status["cluster"]["peers"].as_array()?.iter().find(|peer| peer["name"] == name)
}

struct Host {
    netns: NetNs,
    name: String,
    address: String,
    directory: tempfile::TempDir,
    daemon: Option<Child>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

/// Ends with its owner.
struct Etcd(Child);

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Host {
    /// On the wire, with the address of this number.
    fn new(wire: &NetNs, number: u8) -> anyhow::Result<Self> {
        let (netns, address) = (NetNs::fresh()?, format!("192.0.2.{number}"));
        let pair = format!(
            "link add p{number} master wire type veth peer name eth0 netns {}",
            path(&netns)
        );
        ip(wire, &pair)?;
        ip(wire, &format!("link set p{number} up"))?;
        ip(&netns, "link set lo up")?;
        ip(&netns, &format!("address add {address}/24 dev eth0"))?;
        ip(&netns, "link set eth0 up")?;
        let (name, directory) = (format!("host-{number}"), tempfile::tempdir()?);
        Ok(Self { netns, name, address, directory, daemon: None })
    }

    fn etcd(&self) -> anyhow::Result<Etcd> {
        let url = format!("http://{ETCD}:2379");
        self.spawn(&mut private::etcd(&url, &self.directory.path().join("etcd"))).map(Etcd)
    }

    fn start(&mut self) -> anyhow::Result<()> {
        let mut daemon = self.at_home(serving(GLASSNET));
        daemon.args(["node", "--log-level", "error", "--address", &self.address]);
        daemon.args(["--name", &self.name, "--store", &format!("etcd://{ETCD}:2379")]);
        self.daemon = Some(self.spawn(&mut daemon)?);
        Ok(())
    }

    fn end(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }

    fn at_home(&self, mut command: Command) -> Command {
        command
            .env("GLASSNET_STATE_DIR", self.directory.path().join("state"))
            .env("GLASSNET_RUN_DIR", self.directory.path().join("run"));
        command
    }

    fn spawn(&self, command: &mut Command) -> anyhow::Result<Child> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = kernel::netns::within(self.netns.as_fd(), || command.spawn())?;
        child.with_context(|| format!("cannot start {command:?}"))
    }

    /// Runs a verb until it succeeds: the daemon may not answer yet.
    fn glassnet(&self, verb: &[&str]) -> anyhow::Result<Vec<u8>> {
        let late = Instant::now() + Duration::from_secs(20);
        loop {
            let mut command = self.at_home(Command::new(GLASSNET));
            command.args(verb).arg("--json").stdin(Stdio::null());
            let said = kernel::netns::within(self.netns.as_fd(), || command.output())??;
            if said.status.success() {
                return Ok(said.stdout);
            }
            let why = String::from_utf8_lossy(&said.stderr);
            ensure!(Instant::now() < late, "{verb:?} on {}: {why}", self.name);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn until(&self, holds: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
        let late = Instant::now() + Duration::from_secs(20);
        while !holds(&serde_json::from_slice(&self.glassnet(&["status"])?)?) {
            ensure!(Instant::now() < late, "{} does not hear of it", self.name);
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}
