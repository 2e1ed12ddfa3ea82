//! A cluster as it grows: nodes simulated in this process, without kernels, on a real etcd.
//!
//! Each node is what a daemon's part in a cluster is to the store: a connection, a watch, a registry of
//! its own, a lease, a member's record, blocks claimed by compare-and-swap, and addresses given out of
//! them by a ledger of its own.

use crate::private::etcd;
use crate::statistics::p99;
use crate::target::Targets;
use anyhow::{Context as _, ensure};
use model::cluster::{
    Alive, Backend, Change, Claim, Entry, Member, Network, NodeName, Pool, Presence, Registry,
    Spread,
};
use model::ipam::{Ledger, NoLease};
use model::net::{Family, IpNet, Mac};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::etcd::{Client, Living, Options};

const SIZES: [usize; 3] = [10, 100, 1000];
/// Attachments of each node.
const ATTACHMENTS: usize = 100;
/// Joins and moves that are timed at each size.
const SAMPLES: usize = 20;
const TTL: Duration = Duration::from_secs(30);
const LIMIT: Duration = Duration::from_secs(1);

pub(crate) fn measure(targets: &mut Targets) -> anyhow::Result<()> {
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
    ensure!(up.success(), "cannot bring up loopback");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("\na cluster on one etcd, all on this machine; milliseconds, the last percentile\n");
    println!(
        "| nodes | all join | claim a block | a join is seen by all | a moved peer is seen by all | attachments | etcd: CPU ms a join, MiB | a node's view, KiB |\n|---|---|---|---|---|---|---|---|"
    );
    for nodes in SIZES {
        let etcd = Etcd::start()?;
        let row = runtime.block_on(one_size(&etcd, nodes))?;
        let ms = |time: Duration| format!("{:.0}", time.as_secs_f64() * 1e3);
        println!(
            "| {nodes} | {} | {} | {} | {} | {} | {:.1}, {} | {} |",
            ms(row.all_joined),
            ms(row.claim),
            ms(row.join),
            ms(row.moved),
            row.attachments,
            row.etcd_cpu_ms,
            row.etcd_kib >> 10,
            row.view_kib
        );
        if nodes == SIZES[SIZES.len() - 1] {
            for (what, time) in [
                ("a block is claimed", row.claim),
                ("a join is seen by all", row.join),
                ("a moved peer is seen by all", row.moved),
            ] {
                let what = format!(
                    "1,000 nodes, {} attachments: {what}: p99 at most 1 s",
                    row.attachments
                );
                targets.say(&what, format!("{} ms", ms(time)), time <= LIMIT);
            }
        }
    }
    let each = memory_of_a_block()?;
    let what = "memory of a remote block in a node's registry: at most 1 KiB";
    targets.say(what, format!("{each} bytes"), each <= 1024);
    Ok(())
}

struct Row {
    all_joined: Duration,
    claim: Duration,
    join: Duration,
    moved: Duration,
    attachments: usize,
    etcd_cpu_ms: f64,
    etcd_kib: u64,
    view_kib: u64,
}

/// What is marked, and how many have seen it.
type Seen = Arc<Mutex<BTreeMap<String, Arc<AtomicUsize>>>>;

struct Node {
    client: Client,
    name: NodeName,
    registry: Arc<Mutex<Registry>>,
    ledger: Mutex<(Ledger, BTreeSet<IpNet>)>,
    _alive: Mutex<Option<Living>>,
}

/// A thousand clients share two CPUs here: how long a call waits is this machine's doing.
fn options(url: &str) -> anyhow::Result<Options> {
    let mut options = Options::new(url, "/sim/", None)?;
    options.timeouts.attempt = Duration::from_secs(30);
    options.timeouts.call = Duration::from_secs(60);
    options.timeouts.beat = Duration::from_secs(30);
    Ok(options)
}

fn network() -> Network {
    let pools = vec![Pool::with_first_gateway("10.0.0.0/9".parse().expect("a prefix"))];
    let spread = Some(Spread::new(Backend::Auto, 77, &pools));
    Network { spread, ..Network::new("blue".parse().expect("a name"), pools) }
}

fn member(name: &NodeName, number: usize, boot: &str) -> Member {
    let address = Ipv4Addr::from(0xc633_0000 + u32::try_from(number).unwrap_or(0));
    let presence =
        Presence { vtep: Mac([2, 0, 0, 0, 0, 1]), addresses: Vec::new(), proof: Vec::new() };
    Member {
        name: name.clone(),
        machine: format!("machine-{number}"),
        boot: boot.to_owned(),
        addresses: vec![IpAddr::V4(address)],
        mtu: 1500,
        networks: BTreeMap::from([("blue".parse().expect("a name"), presence)]),
    }
}

impl Node {
    async fn join(
        url: &str,
        number: usize,
        boot: &str,
        seen: &Seen,
    ) -> anyhow::Result<(Self, Vec<Duration>)> {
        let client = Client::new(options(url)?)?;
        let name: NodeName = format!("node-{number}").parse()?;
        let loaded = again(|| client.load()).await?;
        let registry = Arc::new(Mutex::new(Registry::default()));
        registry.lock().expect("no panic").replace(loaded.entries);
        let mut watch = again(|| client.watch(loaded.revision)).await?;
        let (view, seen) = (registry.clone(), seen.clone());
        tokio::spawn(async move {
            while let Ok(batch) = watch.next().await {
                for change in batch.changes {
                    let mark = match &change {
                        Change::Put(Entry::Member(member)) => Some(member.boot.clone()),
                        _ => None,
                    };
                    view.lock().expect("no panic").note(change);
                    if let Some(mark) = mark
                        && let Some(count) = seen.lock().expect("no panic").get(&mark)
                    {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        });
        let alive = Alive { machine: format!("machine-{number}"), boot: boot.to_owned() };
        let living = again(|| client.alive(&name, &alive, TTL)).await??;
        let node = Self {
            client,
            name,
            registry,
            ledger: Mutex::default(),
            _alive: Mutex::new(Some(living)),
        };
        let mut claims = vec![node.claim().await?];
        let member = member(&node.name, number, boot);
        again(|| node.client.put_member(&member)).await??;
        claims.shrink_to_fit();
        Ok((node, claims))
    }

    /// Claims a block as a daemon does: the first it has not seen taken, the next if it is.
    async fn claim(&self) -> anyhow::Result<Duration> {
        let network = network();
        let started = Instant::now();
        let candidates: Vec<IpNet> = {
            let registry = self.registry.lock().expect("no panic");
            let free = |block: &IpNet| registry.holder(&network.name, block).is_none();
            network.blocks_for(&self.name, Family::V4).filter(free).take(64).collect()
        };
        for prefix in candidates {
            let claim = Claim { network: network.name.clone(), prefix, node: self.name.clone() };
            if again(|| self.client.claim_block(&claim)).await?.is_ok() {
                self.ledger.lock().expect("no panic").1.insert(prefix);
                let mut registry = self.registry.lock().expect("no panic");
                registry.note(Change::Put(Entry::Claim(claim)));
                return Ok(started.elapsed());
            }
        }
        anyhow::bail!("no block was free")
    }

    /// Gives out addresses, claiming where it has none left.
    async fn attach(&self, count: usize) -> anyhow::Result<(Vec<IpAddr>, Vec<Duration>)> {
        let network = network();
        let (mut given, mut claims) = (Vec::new(), Vec::new());
        while given.len() < count {
            let lease = {
                let mut held = self.ledger.lock().expect("no panic");
                let lease = held.0.lease(&network, &held.1, &[]);
                if let Ok(addresses) = &lease {
                    held.0.take(addresses[0], "container");
                }
                lease
            };
            match lease {
                Ok(addresses) => given.push(addresses[0]),
                Err(NoLease::Lacks(_)) => claims.push(self.claim().await?),
                Err(NoLease::Refused(reason)) => return Err(reason.into()),
            }
        }
        Ok((given, claims))
    }
}

/// Asks again while the store cannot be asked, as a daemon does: when a thousand come at once, some
/// wait longer than a call lasts.
async fn again<T, F: Future<Output = Result<T, store::etcd::Error>>>(
    ask: impl Fn() -> F,
) -> Result<T, store::etcd::Error> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match ask().await {
            Err(store::etcd::Error::Away { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            answer => return answer,
        }
    }
}

async fn one_size(etcd: &Etcd, count: usize) -> anyhow::Result<Row> {
    let url = etcd.url();
    let seen: Seen = Arc::default();
    let first = Client::new(options(&url)?)?;
    first.create_network(&network()).await??;
    let cpu = etcd.cpu_ms()?;
    let started = Instant::now();
    // All at once, as after a power cut of everything.
    let joining: Vec<_> = (0..count)
        .map(|number| {
            let (url, seen) = (url.clone(), seen.clone());
            tokio::spawn(async move { Node::join(&url, number, "first", &seen).await })
        })
        .collect();
    let (mut nodes, mut claims) = (Vec::new(), Vec::new());
    for node in joining {
        let (node, took) = node.await??;
        nodes.push(Arc::new(node));
        claims.extend(took);
    }
    until_all_know(&nodes, count).await?;
    let all_joined = started.elapsed();
    let etcd_cpu_ms = (etcd.cpu_ms()? - cpu) / count as f64;

    let attaching: Vec<_> = nodes
        .iter()
        .cloned()
        .map(|node| tokio::spawn(async move { node.attach(ATTACHMENTS).await }))
        .collect();
    let mut all = HashSet::new();
    // What thousands claim at the same moment waits in line; claims one at a time are timed below.
    let mut crowd = claims;
    for attached in attaching {
        let (given, took) = attached.await??;
        for address in given {
            ensure!(all.insert(address), "{address} was given twice");
        }
        crowd.extend(took);
    }
    ensure!(all.len() == count * ATTACHMENTS, "addresses are missing");
    tokio::time::sleep(Duration::from_millis(500)).await;

    let (mut joins, mut moves, mut claims) = (Vec::new(), Vec::new(), Vec::new());
    for sample in 0..SAMPLES {
        let (mark, number) = (format!("join-{sample}"), count + sample);
        let count_seen = watch_for(&seen, &mark);
        let begun = Instant::now();
        let (node, took) = Node::join(&url, number, &mark, &seen).await?;
        until(&count_seen, nodes.len()).await?;
        joins.push(begun.elapsed());
        claims.extend(took);
        nodes.push(Arc::new(node));

        let mark = format!("move-{sample}");
        let count_seen = watch_for(&seen, &mark);
        let mover = &nodes[sample * 7 % nodes.len()];
        let begun = Instant::now();
        let moved = Member {
            addresses: vec![IpAddr::V4(Ipv4Addr::new(203, 0, 113, u8::try_from(sample)?))],
            ..member(&mover.name, sample * 7 % nodes.len(), &mark)
        };
        again(|| mover.client.put_member(&moved)).await??;
        until(&count_seen, nodes.len()).await?;
        moves.push(begun.elapsed());
    }
    let view_kib = {
        let registry = nodes[0].registry.lock().expect("no panic");
        serde_json::to_vec(&registry.members)?.len() as u64 / 1024
            + registry.claims.values().map(BTreeMap::len).sum::<usize>() as u64 * 64 / 1024
    };
    Ok(Row {
        all_joined,
        claim: p99(claims),
        join: p99(joins),
        moved: p99(moves),
        attachments: all.len(),
        etcd_cpu_ms,
        etcd_kib: etcd.resident_kib()?,
        view_kib,
    })
}

fn watch_for(seen: &Seen, mark: &str) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    seen.lock().expect("no panic").insert(mark.to_owned(), count.clone());
    count
}

async fn until(count: &AtomicUsize, all: usize) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while count.load(Ordering::Relaxed) < all {
        ensure!(
            Instant::now() < deadline,
            "{} of {all} have seen it",
            count.load(Ordering::Relaxed)
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

async fn until_all_know(nodes: &[Arc<Node>], count: usize) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(120);
    let knows = |node: &Arc<Node>| {
        let registry = node.registry.lock().expect("no panic");
        registry.members.len() >= count
    };
    while !nodes.iter().all(knows) {
        ensure!(Instant::now() < deadline, "not all nodes hear of all");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Bytes that this process grows by for each of many blocks.
fn memory_of_a_block() -> anyhow::Result<u64> {
    const BLOCKS: u32 = 100_000;
    let network = network();
    let before = resident_kib(std::process::id())?;
    let mut registry = Registry::default();
    for number in 0..BLOCKS {
        let prefix = IpNet::new(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number * 64)), 26)?;
        let node = format!("node-{}", number % 1000).parse()?;
        let claim = Claim { network: network.name.clone(), prefix, node };
        registry.note(Change::Put(Entry::Claim(claim)));
    }
    let after = resident_kib(std::process::id())?;
    ensure!(
        registry.claims.values().map(BTreeMap::len).sum::<usize>() == BLOCKS as usize,
        "lost some"
    );
    Ok((after.saturating_sub(before) << 10) / u64::from(BLOCKS))
}

fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.context("no VmRSS in /proc/PID/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// A server of its own on loopback.
struct Etcd {
    process: Child,
    port: u16,
    _data: tempfile::TempDir,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Etcd {
    fn start() -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let process = etcd(&url, data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start etcd")?;
        let etcd = Self { process, port, _data: data };
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(Instant::now() < deadline, "etcd does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(etcd)
    }

    fn url(&self) -> String {
        format!("etcd://127.0.0.1:{}", self.port)
    }

    /// What it has used of all CPUs.
    fn cpu_ms(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let after_name = stat.rsplit_once(')').context("no name in /proc/PID/stat")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        // 100 ticks a second on Linux (USER_HZ).
        Ok(ticks as f64 * 10.0)
    }

    fn resident_kib(&self) -> anyhow::Result<u64> {
        resident_kib(self.process.id())
    }
}
