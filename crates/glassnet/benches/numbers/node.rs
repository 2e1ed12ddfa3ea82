//! A daemon of our own in the private host, asked as an engine asks it.

use crate::private::{path, run, serving};
use anyhow::{Context as _, ensure};
use kernel::NetNs;
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// The daemon and the containers that fill it.
pub(crate) struct Node {
    daemon: Child,
    state: tempfile::TempDir,
    held: Mutex<Vec<NetNs>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

impl Node {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let state = tempfile::tempdir()?;
        let daemon = serving(GLASSNET)
            .arg("node")
            .env("GLASSNET_STATE_DIR", state.path())
            .env("GLASSNET_LOG", "error")
            .spawn()
            .context("cannot start the daemon")?;
        let node = Self { daemon, state, held: Mutex::default() };
        let deadline = Instant::now() + Duration::from_secs(10);
        while !std::path::Path::new("/run/glassnet/api.sock").exists() {
            ensure!(Instant::now() < deadline, "the daemon does not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
        let created = Command::new(GLASSNET)
            .args(["network", "create", "bench", "--subnet", "10.77.0.0/16"])
            .stdout(Stdio::null())
            .status()?;
        ensure!(created.success(), "cannot create the network");
        Ok(node)
    }

    /// Attaches containers until there are so many.
    pub(crate) fn fill(&self, count: usize) -> anyhow::Result<()> {
        let mut held = self.held.lock().expect("nobody panics with it");
        while held.len() < count {
            let netns = NetNs::fresh()?;
            run(&mut self.plugin("ADD", &format!("load-{}", held.len()), &netns), &config(None))?;
            held.push(netns);
        }
        Ok(())
    }

    /// A whole process, as the engine starts it.
    pub(crate) fn plugin(&self, verb: &str, name: &str, netns: &NetNs) -> Command {
        let mut command = Command::new(GLASSNET);
        command
            .env("CNI_COMMAND", verb)
            .env("CNI_CONTAINERID", name)
            .env("CNI_NETNS", path(netns))
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", "/nonexistent")
            .env("GLASSNET_STATE_DIR", self.state.path());
        command
    }

    /// Resident KiB.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.daemon.id()))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
            .context("no VmRSS in /proc/PID/status")
    }

    /// The time the daemon has used, in ticks.
    pub(crate) fn ticks(&self) -> anyhow::Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.daemon.id()))?;
        let after_name = stat.rsplit_once(')').context("no name in /proc/PID/stat")?.1;
        let field = |i: usize| -> anyhow::Result<u64> {
            Ok(after_name.split_whitespace().nth(i).context("short /proc/PID/stat")?.parse()?)
        };
        // utime and stime are the 14th and 15th field of the whole line.
        Ok(field(11)? + field(12)?)
    }
}

/// What the engine writes to the plugin's standard input.
pub(crate) fn config(port: Option<u16>) -> String {
    let ports: Vec<Value> = port
        .map(|port| json!({ "hostPort": port, "containerPort": 80, "protocol": "tcp" }))
        .into_iter()
        .collect();
    json!({
        "cniVersion": "1.0.0",
        "name": "bench",
        "type": "glassnet",
        "network": "bench",
        "runtimeConfig": { "portMappings": ports },
    })
    .to_string()
}
