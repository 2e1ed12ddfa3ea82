//! A private host with a daemon, asked as an engine asks it.

use kernel::NetNs;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// Until something that has to happen is taken for a hang.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// Ends the error of a CNI program that was killed.
pub(crate) const KILLED: &str = "the CNI program was killed";

pub(crate) const NETWORK: &str = "blue";

/// Runs `work` on a thread that has a network and mounts of its own.
pub(crate) fn in_a_private_host<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let alone = || {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none).unwrap();
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap();
        assert!(up.success());
        work()
    };
    thread::scope(|scope| scope.spawn(alone).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The daemon has died by its failpoint.
#[derive(Debug)]
pub(crate) struct Died;

pub(crate) struct Host {
    directory: TempDir,
    daemon: Mutex<Option<Child>>,
}

/// A container: a network namespace and what an engine would say of it.
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) netns: NetNs,
    pub(crate) port: Option<u16>,
    pub(crate) shaped: bool,
    /// What the last ADD answered.
    result: Mutex<Value>,
}

impl Container {
    pub(crate) fn new(name: &str, port: Option<u16>) -> Self {
        let (name, netns) = (name.to_owned(), NetNs::fresh().unwrap());
        Self { name, netns, port, shaped: false, result: Mutex::default() }
    }

    /// The addresses that its `eth0` has in the kernel.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        let mut sockets = kernel::Sockets::open_in(self.netns.as_fd()).unwrap();
        let parts = kernel::observe::Parts { addresses: true, ..Default::default() };
        let seen = kernel::observe::namespace(&mut sockets, &parts).unwrap();
        let link_local = |a: &IpAddr| matches!(a, IpAddr::V6(a) if a.is_unicast_link_local());
        let eth0 = seen.addresses.iter().filter(|address| address.link.as_str() == "eth0");
        eth0.map(|address| address.prefix.addr()).filter(|a| !link_local(a)).collect()
    }

    /// Where an engine would say that its namespace is.
    pub(crate) fn netns_path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.netns.as_fd().as_raw_fd())
    }

    fn config(&self, verb: &str) -> String {
        let ports: Vec<Value> = self
            .port
            .iter()
            .map(|port| json!({ "hostPort": port, "containerPort": 80, "protocol": "tcp" }))
            .collect();
        let mut runtime = json!({ "portMappings": ports });
        if self.shaped {
            runtime["bandwidth"] = json!({
                "ingressRate": 80_000_000, "ingressBurst": 8_000_000,
                "egressRate": 80_000_000, "egressBurst": 8_000_000,
            });
        }
        let mut config = json!({
            "cniVersion": "1.0.0", "name": "crash", "type": "glassnet",
            "network": NETWORK, "runtimeConfig": runtime,
        });
        if verb == "CHECK" {
            config["prevResult"] = self.result.lock().unwrap().clone();
        }
        config.to_string()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("the daemon's last log:\n{}", self.log());
        }
        // Else the directory below it could not be removed.
        let _ = umount2(self.directory.path(), MntFlags::MNT_DETACH);
    }
}

impl Host {
    /// Its files are in memory: SIGKILL leaves them as it leaves the page cache, and a busy disk
    /// does not decide how many kills there are.
    pub(crate) fn new() -> Self {
        let (directory, none) = (tempfile::tempdir().unwrap(), None::<&str>);
        mount(none, directory.path(), Some("tmpfs"), MsFlags::empty(), none).unwrap();
        Self { directory, daemon: Mutex::default() }
    }

    /// One whose files outlive its kernel state, as through a boot.
    pub(crate) fn new_on_disk() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), daemon: Mutex::default() }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state/node")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.state().join("journal")
    }

    fn run_directory(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    /// What the daemon of the last start has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn program(&self) -> Command {
        self.at_home(Command::new(GLASSNET))
    }

    fn at_home(&self, mut command: Command) -> Command {
        command
            .env("GLASSNET_STATE_DIR", self.state())
            .env("GLASSNET_RUN_DIR", self.run_directory())
            .env_remove(store::failpoint::ENVIRONMENT)
            .stdin(Stdio::null());
        command
    }

    /// Starts the daemon and waits until it answers. `shell` goes first, for what only a shell sets.
    pub(crate) fn start(&self, failpoint: Option<&str>, shell: &str) -> Result<(), Died> {
        self.spawn(failpoint, shell);
        let deadline = Instant::now() + HANG;
        // The second of the two that it binds.
        while UnixStream::connect(self.run_directory().join("api.sock")).is_err() {
            if self.is_dead() {
                return Err(Died);
            }
            assert!(Instant::now() < deadline, "the daemon does not come up: {}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Starts the daemon and does not wait for it.
    pub(crate) fn spawn(&self, failpoint: Option<&str>, shell: &str) {
        self.kill();
        let log = File::create(self.directory.path().join("log")).unwrap();
        let mut command = Command::new("setpriv");
        // It ends with us even if we are killed.
        command.args(["--pdeathsig", "KILL"]);
        if shell.is_empty() {
            command.arg(GLASSNET);
        } else {
            command.args(["sh", "-c", &format!("{shell}exec \"$0\" \"$@\""), GLASSNET]);
        }
        let mut command = self.at_home(command);
        command.arg("node").env("GLASSNET_LOG", "info").stdout(Stdio::null()).stderr(log);
        if let Some(name) = failpoint {
            command.env(store::failpoint::ENVIRONMENT, name);
        }
        *self.daemon.lock().unwrap() = Some(command.spawn().unwrap());
    }

    /// Starts the daemon with nothing that could kill it.
    pub(crate) fn recover(&self) {
        self.start(None, "").expect("nothing kills it");
    }

    /// SIGKILL, and it is gone.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.daemon.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Whether the daemon has died; of anything but SIGKILL it must not.
    pub(crate) fn is_dead(&self) -> bool {
        let mut daemon = self.daemon.lock().unwrap();
        let Some(child) = daemon.as_mut() else { return true };
        let Some(status) = child.try_wait().unwrap() else { return false };
        assert_eq!(
            status.signal(),
            Some(9),
            "the daemon ended by itself: {status}: {}",
            self.log()
        );
        true
    }

    /// An outcome, if the daemon is still there; what failed must have failed because it died.
    pub(crate) fn alive<T>(&self, outcome: Result<T, String>) -> Result<T, Died> {
        let deadline = Instant::now() + Duration::from_secs(5);
        match outcome {
            Ok(_) if self.is_dead() => Err(Died),
            Ok(value) => Ok(value),
            Err(why) => {
                while !self.is_dead() {
                    assert!(Instant::now() < deadline, "it failed, and the daemon lives: {why}");
                    thread::sleep(Duration::from_millis(1));
                }
                Err(Died)
            }
        }
    }

    /// Runs a verb of the CNI program; gives the addresses in its result.
    pub(crate) fn cni(&self, verb: &str, container: &Container) -> Result<Vec<IpAddr>, String> {
        let child = self.begin_cni(verb, container, None);
        self.end_cni(verb, container, child)
    }

    /// The same, with SIGKILL for the CNI program after so long, if it has not ended by then.
    pub(crate) fn cni_killed_after(
        &self,
        verb: &str,
        container: &Container,
        after: Duration,
    ) -> Result<Vec<IpAddr>, String> {
        let mut child = self.begin_cni(verb, container, None);
        thread::sleep(after);
        child.kill().unwrap();
        self.end_cni(verb, container, child)
    }

    /// The same, with a failpoint armed in the CNI program. Whether it died there.
    pub(crate) fn cni_dies_at(&self, verb: &str, container: &Container, failpoint: &str) -> bool {
        let child = self.begin_cni(verb, container, Some(failpoint));
        match self.end_cni(verb, container, child) {
            Ok(_) => false,
            Err(why) if why.ends_with(KILLED) => true,
            Err(why) => panic!("{failpoint}: {why}"),
        }
    }

    fn begin_cni(&self, verb: &str, container: &Container, failpoint: Option<&str>) -> Child {
        let mut child = self
            .program()
            .env("CNI_COMMAND", verb)
            .env("CNI_CONTAINERID", &container.name)
            .env("CNI_NETNS", container.netns_path())
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .envs(failpoint.map(|name| (store::failpoint::ENVIRONMENT, name)))
            .spawn()
            .unwrap();
        // One that is killed at its very beginning takes nothing.
        let _ = child.stdin.take().unwrap().write_all(container.config(verb).as_bytes());
        child
    }

    fn end_cni(
        &self,
        verb: &str,
        container: &Container,
        child: Child,
    ) -> Result<Vec<IpAddr>, String> {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.signal() == Some(9) {
            return Err(format!("{verb} {}: {KILLED}", container.name));
        }
        if !output.status.success() {
            return Err(format!("{verb} {}: {said}", container.name));
        }
        let result: Value = serde_json::from_str(&said).unwrap_or_default();
        if verb == "ADD" {
            container.result.lock().unwrap().clone_from(&result);
        }
        let ips = result["ips"].as_array().cloned().unwrap_or_default();
        let address = |ip: &Value| {
            let text = ip["address"].as_str().unwrap();
            text.split('/').next().unwrap().parse().unwrap()
        };
        Ok(ips.iter().map(address).collect())
    }

    /// Runs a command of the command line; gives what it printed.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.program().args(arguments).output().unwrap();
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&said)))
    }

    pub(crate) fn create_network(&self) -> Result<(), String> {
        let create = ["network", "create", NETWORK, "--subnet", "10.9.0.0/24"];
        self.cli(&[&create[..], &["--subnet", "fd09::/64"]].concat()).map(drop)
    }

    /// The attachments that the daemon knows.
    pub(crate) fn held(&self) -> Result<Vec<Value>, String> {
        let rows: Value = serde_json::from_str(&self.cli(&["ls", "--json"])?).unwrap();
        Ok(rows.as_array().or_else(|| rows["attachments"].as_array()).unwrap().clone())
    }

    /// Waits until the daemon has taken every queued DEL.
    pub(crate) fn until_queue_is_empty(&self) {
        let deadline = Instant::now() + HANG;
        while std::fs::read_dir(self.state().join("detach-queue")).unwrap().count() > 0 {
            assert!(Instant::now() < deadline, "queued DELs stay: {}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the daemon holds so many attachments.
    pub(crate) fn until_held(&self, count: usize) -> Result<(), Died> {
        let deadline = Instant::now() + HANG;
        loop {
            let held = self.alive(self.held())?;
            if held.len() == count {
                return Ok(());
            }
            assert!(Instant::now() < deadline, "{count} should be held: {held:?}\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }
}
