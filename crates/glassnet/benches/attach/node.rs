//! A daemon of our own in a private host, asked as an engine asks it.

use anyhow::{Context as _, bail, ensure};
use kernel::NetNs;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::cell::RefCell;
use std::io::Write as _;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// This process leaves the machine's network and mounts for its own.
pub(crate) fn enter_a_private_host() -> anyhow::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none)?;
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), none)?;
    Ok(())
}

/// The daemon and the containers that fill it.
pub(crate) struct Node {
    daemon: Child,
    state: tempfile::TempDir,
    held: RefCell<Vec<NetNs>>,
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
        let daemon = Command::new(GLASSNET)
            .arg("node")
            .env("GLASSNET_STATE_DIR", state.path())
            .env("GLASSNET_LOG", "error")
            .spawn()
            .context("cannot start the daemon")?;
        let node = Self { daemon, state, held: RefCell::default() };
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
        let mut held = self.held.borrow_mut();
        while held.len() < count {
            let netns = NetNs::fresh()?;
            let name = format!("load-{}", held.len());
            self.cni("ADD", &name, &netns, None)?;
            held.push(netns);
        }
        Ok(())
    }

    /// One ADD with a published port and its DEL, each as its caller sees it.
    pub(crate) fn add_and_del(&self, turn: usize) -> anyhow::Result<(Duration, Duration)> {
        let netns = NetNs::fresh()?;
        let name = format!("turn-{turn}");
        let port = 20_000 + u16::try_from(turn)?;
        let add = self.cni("ADD", &name, &netns, Some(port))?;
        let del = self.cni("DEL", &name, &netns, Some(port))?;
        Ok((add, del))
    }

    fn cni(
        &self,
        verb: &str,
        name: &str,
        netns: &NetNs,
        port: Option<u16>,
    ) -> anyhow::Result<Duration> {
        let ports = port.map_or(String::new(), |port| {
            format!(r#"{{"hostPort":{port},"containerPort":80,"protocol":"tcp"}}"#)
        });
        let config = format!(
            r#"{{"cniVersion":"1.0.0","name":"bench","type":"glassnet","network":"bench","runtimeConfig":{{"portMappings":[{ports}]}}}}"#
        );
        let path = format!("/proc/{}/fd/{}", std::process::id(), netns.as_fd().as_raw_fd());
        let mut command = Command::new(GLASSNET);
        command
            .env("CNI_COMMAND", verb)
            .env("CNI_CONTAINERID", name)
            .env("CNI_NETNS", path)
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", "/nonexistent")
            .env("GLASSNET_STATE_DIR", self.state.path());
        run(&mut command, &config)
    }

    /// Resident KiB, and the share of a core that the daemon uses while nothing happens.
    pub(crate) fn idle(&self, time: Duration) -> anyhow::Result<(u64, f64)> {
        std::thread::sleep(Duration::from_secs(2));
        let before = self.ticks()?;
        std::thread::sleep(time);
        let used = self.ticks()? - before;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.daemon.id()))?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
            .context("no VmRSS in /proc/PID/status")?;
        // A tick is 1/100 s on every Linux we know (`USER_HZ`).
        Ok((resident, used as f64 / 100.0 / time.as_secs_f64()))
    }

    fn ticks(&self) -> anyhow::Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.daemon.id()))?;
        let after_name = stat.rsplit_once(')').context("no name in /proc/PID/stat")?.1;
        let field = |i: usize| -> anyhow::Result<u64> {
            Ok(after_name.split_whitespace().nth(i).context("short /proc/PID/stat")?.parse()?)
        };
        // utime and stime are the 14th and 15th field of the whole line.
        Ok(field(11)? + field(12)?)
    }
}

/// Runs a plugin to its end and gives the time; its output must be a success.
pub(crate) fn run(command: &mut Command, stdin: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("no stdin")?.write_all(stdin.as_bytes())?;
    let output = child.wait_with_output()?;
    let time = started.elapsed();
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(time)
}
