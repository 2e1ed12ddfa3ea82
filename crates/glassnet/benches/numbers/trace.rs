//! What `glassnet trace` takes from a container to one on another node, there and back: each node with 500
//! containers and 2,000 rules of somebody else's that the packet is held against, one etcd between them.
//!
//! ```text
//! all        from the start of the program to its end
//! store      of that, what goes by between the two daemons: their questions and answers, by way of etcd
//! walk       the rest: starting, reading the state of both nodes, walking, writing the answer
//! ```

use crate::statistics::Turns;
use crate::target::Targets;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");
const TURNS: usize = 31;
const CONTAINERS: usize = 500;
const RULES: usize = 2000;
const LIMIT_MS: f64 = 50.0;

const FILE: &str = "store: keeper
switches:
  s0: { subnet: 192.0.2.0/24 }
hosts:
  keeper:
    node: false
    etcd: true
    links: { eth0: { to: s0, address: 192.0.2.100/24 } }
  h1: { links: { eth0: { to: s0, address: 192.0.2.1/24 } } }
  h2: { links: { eth0: { to: s0, address: 192.0.2.2/24 } } }
networks:
  blue: { subnet: 10.1.0.0/16, backend: vxlan }
";

pub(crate) fn measure(targets: &mut Targets) -> anyhow::Result<()> {
    let lab = Lab::up()?;
    for host in ["h1", "h2"] {
        lab.fill(host)?;
    }
    lab.sh("h2", "mkdir /run/www; ip netns exec c1 busybox httpd -p 80 -h /run/www")?;
    let to = lab.sh("h2", "ip netns exec c1 ip -br -4 address show eth0")?;
    let to = to.split_whitespace().nth(2).and_then(|prefix| prefix.split('/').next());
    let to = to.context("the container has no address")?.to_owned();
    lab.until(&format!("ip netns exec c1 ping -c 1 -W 1 {to}"))?;

    let [mut all, mut store, mut walk]: [Turns; 3] = Default::default();
    for turn in 0..=TURNS {
        let (took, document) = lab.trace(&to)?;
        ensure!(document["back"]["end"]["delivered"].is_object(), "not delivered: {document}");
        let asked = document["asked"].as_array().context("nobody was asked")?;
        // A second asks for the other node's MAC address, where that has become unknown.
        ensure!((1..=2).contains(&asked.len()), "one question tells both ways: {asked:?}");
        let of = |name: &str| asked.iter().filter_map(|trip| trip[name].as_u64()).sum::<u64>();
        let between = of("took").saturating_sub(of("walking"));
        let between = Duration::from_micros(between);
        // The first turn warms up.
        if turn > 0 {
            all.time(took);
            store.time(between);
            walk.time(took.saturating_sub(between));
        }
        // As fast as a node answers another in the long run.
        thread::sleep(Duration::from_millis(200));
    }
    println!(
        "\na trace there and back between two nodes, each with {CONTAINERS} containers and {RULES} rules; \
         milliseconds, {TURNS} turns\n"
    );
    println!(
        "| all | store, there and back | starting, reading, walking, writing |\n|---|---|---|"
    );
    println!("| {} | {} | {} |", all.middle(), store.middle(), walk.middle());
    let what = format!(
        "trace across two nodes of {CONTAINERS} containers and {RULES} rules: all but the store at most \
         {LIMIT_MS} ms"
    );
    targets.at_most(&what, LIMIT_MS, walk.middle());
    Ok(())
}

/// Goes down with its owner.
struct Lab {
    name: String,
    _directory: tempfile::TempDir,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = glassnet(&["down", &self.name]);
    }
}

/// What a verb of `glassnet lab` says.
fn glassnet(verb: &[&str]) -> anyhow::Result<String> {
    let said = Command::new(GLASSNET).arg("lab").args(verb).stdin(Stdio::null()).output()?;
    let complained = String::from_utf8_lossy(&said.stderr);
    ensure!(said.status.success(), "lab {verb:?}: {complained}");
    Ok(String::from_utf8_lossy(&said.stdout).into_owned())
}

impl Lab {
    fn up() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let name = format!("numbers-{}", std::process::id());
        let file = directory.path().join("lab.yaml");
        std::fs::write(&file, format!("lab: {name}\n{FILE}"))?;
        let lab = Self { name, _directory: directory };
        glassnet(&["up", file.to_str().context("a path that is no text")?])?;
        Ok(lab)
    }

    fn sh(&self, host: &str, script: &str) -> anyhow::Result<String> {
        glassnet(&["exec", &format!("{}/{host}", self.name), "--", "sh", "-ec", script])
    }

    fn until(&self, script: &str) -> anyhow::Result<()> {
        let late = Instant::now() + Duration::from_secs(20);
        while let Err(why) = self.sh("h1", script) {
            ensure!(Instant::now() < late, why);
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Containers and rules. An attach may have to wait for a further block.
    fn fill(&self, host: &str) -> anyhow::Result<()> {
        self.sh(
            host,
            &format!(
                "(echo 'add table inet site
                add chain inet site forward {{ type filter hook forward priority 10; }}'
                for i in $(seq {RULES}); do
                    echo \"add rule inet site forward tcp dport $((20000 + i)) drop\"
                done) | nft -f -"
            ),
        )?;
        self.sh(
            host,
            &format!(
                "for i in $(seq {CONTAINERS}); do
                    ip netns add c$i; ip -n c$i link set lo up
                    for try in 1 2 3 4 5 6 7 8 9 last; do
                        if glassnet attach c$i --network blue >/dev/null; then break; fi
                        test $try != last; sleep 1
                    done
                done"
            ),
        )?;
        Ok(())
    }

    /// How long a trace takes, as its host sees it, and its answer.
    fn trace(&self, to: &str) -> anyhow::Result<(Duration, Value)> {
        let script = format!(
            "date +%s%N; glassnet --json trace c1 {to} --port 80 >/run/answer; date +%s%N; cat /run/answer"
        );
        let said = self.sh("h1", &script)?;
        let mut parts = said.splitn(3, '\n');
        let mut moment = || parts.next().context("no time")?.parse::<u64>().context("no time");
        let (from, until) = (moment()?, moment()?);
        let answer = parts.next().context("no answer")?;
        let took = Duration::from_nanos(until.saturating_sub(from));
        Ok((took, serde_json::from_str(answer)?))
    }
}
