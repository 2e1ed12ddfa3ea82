//! What a packet between containers of two hosts pays, against the same made by hand.
//!
//! ```text
//! host to host       two hosts on a cable
//! routing by hand    a bridge on each, routes to each other's subnet, no rules
//! the least, routed  the same with what masquerade, isolation and anti-spoofing cost at least:
//!                    connection tracking, NAT's hooks, one rule that accepts established
//!                    connections, and one look into a set for a frame's sources
//! direct             ours
//! VXLAN by hand      the same with the kernel's VXLAN between, entries written by hand
//! the least, VXLAN   and with the rules
//! vxlan              ours
//! ```

use crate::private::{etcd, ip, path, run_in, serving};
use crate::statistics::Turns;
use crate::target::Targets;
use crate::traffic::{NAT, Pair, TRACKED};
use anyhow::{Context as _, bail, ensure};
use kernel::NetNs;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// Turns of each measurement: many, for streams differ from turn to turn.
const TURNS: usize = 61;

/// Where the hosts of a cable are.
const ENDS: [&str; 2] = ["192.0.2.1", "192.0.2.2"];

const NAMES: [&str; 7] = [
    "host to host",
    "routing by hand",
    "the least, routed",
    "direct",
    "VXLAN by hand",
    "the least, VXLAN",
    "vxlan",
];

pub(crate) fn measure(targets: &mut Targets) -> anyhow::Result<()> {
    // A thread of its own, for it is kept on one CPU.
    let measured = thread::scope(|scope| scope.spawn(|| on_one_cpu(targets)).join());
    measured.ok().context("a thread panicked")?
}

fn on_one_cpu(targets: &mut Targets) -> anyhow::Result<()> {
    let [plain, plain_least, tunnel, tunnel_least] =
        [Cable::new()?, Cable::new()?, Cable::new()?, Cable::new()?];
    let nodes = Nodes::start(Cable::new()?)?;
    let pairs = [
        Pair::open(again(&plain.hosts[0])?, again(&plain.hosts[1])?, ENDS[1].parse()?)?,
        by_hand(&plain, false)?,
        by_hand(&plain_least, false)?,
        nodes.pair("direct")?,
        by_hand(&tunnel, true)?,
        by_hand(&tunnel_least, true)?,
        nodes.pair("vxlan")?,
    ];
    for (cable, pair) in [(&plain_least, &pairs[2]), (&tunnel_least, &pairs[5])] {
        for (i, host) in cable.hosts.iter().enumerate() {
            let rules = format!("{TRACKED}{NAT}{}", pair.sources(&[(i, "port")])?);
            run_in(host, Command::new("nft").args(["-f", "-"]), &rules)?;
        }
    }
    let mut stream: [Turns; 7] = Default::default();
    let mut questions: [Turns; 7] = Default::default();
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
    println!("\ncontainer to container on another host, {TURNS} turns\n");
    println!(
        "| | stream, Gbit/s | : host to host | request and response, µs | host to host : |\n|---|---|---|---|---|"
    );
    for (i, name) in NAMES.iter().enumerate() {
        println!(
            "| {name} | {} | {} | {} | {} |",
            stream[i].middle(),
            stream[i].over(&stream[0]),
            questions[i].middle(),
            questions[0].over(&questions[i]),
        );
    }
    for (ours, peer, answers) in [(3, 1, 0.93), (3, 2, 0.97), (6, 4, 0.93), (6, 5, 0.97)] {
        let (name, other) = (NAMES[ours], NAMES[peer]);
        let what = format!("{name}, TCP stream: at least 0.97 of {other}");
        targets.at_least(&what, 0.97, stream[ours].over(&stream[peer]));
        let what = format!("{name}, request/response: at least {answers} of {other}");
        targets.at_least(&what, answers, questions[peer].over(&questions[ours]));
    }
    Ok(())
}

/// Two hosts on a cable.
struct Cable {
    hosts: [NetNs; 2],
}

impl Cable {
    fn new() -> anyhow::Result<Self> {
        let hosts = [NetNs::fresh()?, NetNs::fresh()?];
        ip(
            &hosts[0],
            &format!("link add eth0 type veth peer name eth0 netns {}", path(&hosts[1])),
        )?;
        for (host, address) in hosts.iter().zip(ENDS) {
            ip(host, "link set lo up")?;
            ip(host, &format!("address add {address}/24 dev eth0"))?;
            ip(host, "link set eth0 up")?;
        }
        Ok(Self { hosts })
    }
}

/// The namespace once more.
fn again(host: &NetNs) -> anyhow::Result<NetNs> {
    Ok(NetNs::by_path(path(host))?)
}

/// A container on each host, bridged and routed by hand, with VXLAN between or not.
fn by_hand(cable: &Cable, tunnel: bool) -> anyhow::Result<Pair> {
    let containers = [NetNs::fresh()?, NetNs::fresh()?];
    for (here, there) in [(0, 1), (1, 0)] {
        let host = &cable.hosts[here];
        let (own, other) = (here + 1, there + 1);
        let mtu = if tunnel { 1450 } else { 1500 };
        let mut lines = vec![
            "link add br0 type bridge".to_owned(),
            format!("address add 10.50.{own}.1/24 dev br0"),
            "link set br0 up".to_owned(),
            format!(
                "link add port mtu {mtu} master br0 type veth peer name eth0 mtu {mtu} netns {}",
                path(&containers[here])
            ),
            "link set port up".to_owned(),
        ];
        if tunnel {
            lines.extend([
                format!("link add vx address 02:00:00:00:00:0{own} type vxlan id 7 dstport 4789 local {} nolearning", ENDS[here]),
                format!("address add 10.50.255.{own}/32 dev vx"),
                "link set vx up".to_owned(),
                format!("neighbour add 10.50.255.{other} lladdr 02:00:00:00:00:0{other} dev vx nud permanent"),
                format!("route add 10.50.{other}.0/24 via 10.50.255.{other} dev vx onlink"),
            ]);
        } else {
            lines.push(format!("route add 10.50.{other}.0/24 via {}", ENDS[there]));
        }
        for line in &lines {
            ip(host, line)?;
        }
        if tunnel {
            let line = format!("fdb append 02:00:00:00:00:0{other} dev vx dst {}", ENDS[there]);
            run_in(host, Command::new("bridge").args(line.split_whitespace()), "")?;
        }
        run_in(host, Command::new("sysctl").args(["-q", "-w", "net.ipv4.ip_forward=1"]), "")?;
        let container = &containers[here];
        for line in [
            "link set lo up".to_owned(),
            format!("address add 10.50.{own}.2/24 dev eth0"),
            "link set eth0 up".to_owned(),
            format!("route add default via 10.50.{own}.1"),
        ] {
            ip(container, &line)?;
        }
    }
    let [a, b] = containers;
    Pair::open(a, b, "10.50.2.2".parse()?)
}

/// Two nodes of a cluster, its store on the first.
struct Nodes {
    cable: Cable,
    directories: [tempfile::TempDir; 2],
    processes: Vec<Child>,
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Nodes {
    fn start(cable: Cable) -> anyhow::Result<Self> {
        let directories = [tempfile::tempdir()?, tempfile::tempdir()?];
        let mut nodes = Self { cable, directories, processes: Vec::new() };
        let url = format!("http://{}:2379", ENDS[0]);
        let mut etcd = etcd(&url, &nodes.directories[0].path().join("etcd"));
        nodes.spawn(0, &mut etcd)?;
        for (i, address) in ENDS.iter().enumerate() {
            let mut daemon = nodes.at_home(i, serving(GLASSNET));
            daemon.args(["node", "--log-level", "error", "--address", address]);
            daemon.args(["--name", ["alpha", "beta"][i]]);
            daemon.args(["--store", &format!("etcd://{}:2379", ENDS[0])]);
            nodes.spawn(i, &mut daemon)?;
        }
        for (i, name) in ["direct", "vxlan"].into_iter().enumerate() {
            let subnet = format!("10.{}.0.0/16", 60 + i);
            nodes.until(|| {
                let mut create = nodes.glassnet(0);
                create.args(["network", "create", name, "--subnet", &subnet, "--backend", name]);
                Ok(nodes.run(0, &mut create)?.0)
            })?;
        }
        Ok(nodes)
    }

    fn glassnet(&self, host: usize) -> Command {
        self.at_home(host, Command::new(GLASSNET))
    }

    fn at_home(&self, host: usize, mut command: Command) -> Command {
        command
            .env("GLASSNET_STATE_DIR", self.directories[host].path().join("state"))
            .env("GLASSNET_RUN_DIR", self.directories[host].path().join("run"));
        command
    }

    fn spawn(&mut self, host: usize, command: &mut Command) -> anyhow::Result<()> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = kernel::netns::within(self.cable.hosts[host].as_fd(), || command.spawn())?;
        self.processes.push(child.with_context(|| format!("cannot start {command:?}"))?);
        Ok(())
    }

    fn run(&self, host: usize, command: &mut Command) -> anyhow::Result<(bool, String)> {
        let said = kernel::netns::within(self.cable.hosts[host].as_fd(), || command.output())??;
        Ok((said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned()))
    }

    fn until(&self, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds()? {
            ensure!(Instant::now() < deadline, "the two nodes do not come together");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// A container on each host, in one network.
    fn pair(&self, network: &str) -> anyhow::Result<Pair> {
        let containers = [NetNs::fresh()?, NetNs::fresh()?];
        let mut address = None;
        for (i, container) in containers.iter().enumerate() {
            let config = json!({ "cniVersion": "1.0.0", "name": network, "type": "glassnet", "network": network });
            let mut plugin = self.glassnet(i);
            plugin
                .env("CNI_COMMAND", "ADD")
                .env("CNI_CONTAINERID", format!("{network}-{i}"))
                .env("CNI_NETNS", path(container))
                .env("CNI_IFNAME", "eth0")
                .env("CNI_PATH", "/nonexistent");
            let mut said = None;
            self.until(|| match run_in(&self.cable.hosts[i], &mut plugin, &config.to_string()) {
                Ok((_, output)) => {
                    said = Some(output.stdout);
                    Ok(true)
                }
                Err(_) => Ok(false),
            })?;
            let result: Value = serde_json::from_slice(&said.unwrap_or_default())?;
            let text = result["ips"][0]["address"].as_str().context("no address in the result")?;
            address = Some(text.split('/').next().unwrap_or(text).parse::<IpAddr>()?);
        }
        let to = address.context("no container")?;
        self.until(|| {
            let mut ping = Command::new("ping");
            ping.args(["-c", "1", "-W", "1", &to.to_string()]).stdout(Stdio::null());
            Ok(kernel::netns::within(containers[0].as_fd(), || ping.status())??.success())
        })?;
        let by = self.by(network)?;
        if by != network {
            bail!("network {network}: packets go by {by}");
        }
        let [a, b] = containers;
        Pair::open(a, b, to)
    }

    /// What packets of a network go by, as the first node says.
    fn by(&self, network: &str) -> anyhow::Result<String> {
        let mut status = self.glassnet(0);
        let (_, said) = self.run(0, status.args(["status", "--json"]))?;
        let status: Value = serde_json::from_str(&said)?;
        let peers = status["cluster"]["peers"].as_array().context("no peers in the status")?;
        let mut networks = peers.iter().flat_map(|peer| peer["networks"].as_array()).flatten();
        let of =
            networks.find(|of| of["network"] == network).context("the peer has no such network")?;
        Ok(of["by"].as_str().unwrap_or("nothing").to_owned())
    }
}
