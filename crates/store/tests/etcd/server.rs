//! An etcd of our own, which is gone with the test.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use store::etcd::{Client, Options, Timeouts};
use tempfile::TempDir;

pub(crate) struct Server {
    pub(crate) port: u16,
    directory: TempDir,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more arguments; waits until it answers.
    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let [port, peer] = free_ports();
        let own = |scheme: &str, port| format!("{scheme}://127.0.0.1:{port}");
        let mut all = vec![
            "--name=t".to_owned(),
            format!("--listen-client-urls={}", own("http", port)),
            format!("--advertise-client-urls={}", own("http", port)),
            format!("--listen-peer-urls={}", own("http", peer)),
            format!("--initial-advertise-peer-urls={}", own("http", peer)),
            format!("--initial-cluster=t={}", own("http", peer)),
        ];
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let server = Self::with(port, all);
        server.client().reach_soon().await;
        server
    }

    /// With these arguments only, on this port; does not wait.
    pub(crate) fn with(port: u16, arguments: Vec<String>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Self { port, directory, arguments, process: None };
        server.run();
        server
    }

    /// Starts it, on the data that it had.
    pub(crate) fn run(&mut self) {
        let log = self.directory.path().join("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let found = Command::new("etcd").arg("--version").stdout(Stdio::null()).status();
        assert!(found.is_ok(), "etcd is missing: run `make test`, which installs it");
        // It ends with us even if we are killed.
        let started = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "etcd"])
            .args(&self.arguments)
            .arg("--data-dir")
            .arg(self.directory.path().join("data"))
            .env_remove("ETCDCTL_API")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.process = Some(started.expect("setpriv of util-linux is there"));
    }

    /// Stops it in the midst of whatever it does; all of it, when this returns.
    pub(crate) fn freeze(&self) {
        let id = self.signal(Signal::STOP);
        let stopped = |thread: std::io::Result<std::fs::DirEntry>| {
            let state = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
            state.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        };
        let threads = || std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
        let end = Instant::now() + Duration::from_secs(5);
        while !threads().all(stopped) {
            assert!(Instant::now() < end, "it does not stop");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) -> u32 {
        let id = self.process.as_ref().expect("it runs").id();
        kill_process(Pid::from_raw(id as i32).unwrap(), signal).unwrap();
        id
    }

    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        process.kill().unwrap();
        process.wait().unwrap();
    }

    pub(crate) fn lose_data(&self) {
        assert!(self.process.is_none());
        std::fs::remove_dir_all(self.directory.path().join("data")).unwrap();
    }

    pub(crate) fn address(&self) -> String {
        format!("etcd://127.0.0.1:{}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.address())
    }

    /// etcd without us between.
    pub(crate) async fn etcd(&self) -> etcd_client::Client {
        etcd_client::Client::connect([format!("127.0.0.1:{}", self.port)], None).await.unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("the last that etcd on port {} said:", self.port);
            last.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}

pub(crate) fn client(address: &str) -> Client {
    let mut options = Options::new(address, "/test", None).unwrap();
    options.timeouts = Timeouts { beat: Duration::from_secs(1), ..Timeouts::default() };
    Client::new(options).unwrap()
}

pub(crate) trait ReachSoon {
    async fn reach_soon(&self);
}

impl ReachSoon for Client {
    /// Waits until the store answers.
    async fn reach_soon(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while let Err(error) = self.reach().await {
            assert!(Instant::now() < end, "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Ports of loopback that nobody listens on.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let free = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    free.map(|listener| listener.local_addr().unwrap().port())
}
