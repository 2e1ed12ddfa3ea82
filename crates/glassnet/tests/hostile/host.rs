//! A private host with a daemon, and what of both must not change.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// Until something that has to happen is taken for a hang.
pub(crate) const HANG: Duration = Duration::from_secs(60);

pub(crate) struct Host {
    directory: TempDir,
    daemon: Child,
}

/// What the hostile must not change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    links: String,
    rules: String,
    journal: u64,
    descriptors: usize,
    threads: usize,
}

/// Runs `work` on a host with a network and mounts of its own.
pub(crate) fn alone(work: impl FnOnce() + Send) {
    let alone = || {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none).unwrap();
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap();
        assert!(up.success());
        work();
    };
    thread::scope(|scope| scope.spawn(alone).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// The same, with a daemon and its network `blue`.
pub(crate) fn with_a_daemon(work: impl FnOnce(&Host) + Send) {
    alone(|| {
        let host = Host::start();
        let create = ["network", "create", "blue", "--subnet", "10.7.0.0/29"];
        let made = host.glassnet(&create);
        assert!(made.status.success(), "{}", text(&made));
        work(&host);
    });
}

impl Host {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        // It ends with us even if we are killed.
        let daemon = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", GLASSNET, "node"])
            .env("GLASSNET_RUN_DIR", directory.path().join("run"))
            .env("GLASSNET_STATE_DIR", directory.path().join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let host = Self { directory, daemon };
        let late = Instant::now() + HANG;
        while UnixStream::connect(host.socket("api.sock")).is_err() {
            assert!(Instant::now() < late, "the daemon does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        host
    }

    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.directory.path().join("run").join(name)
    }

    pub(crate) fn connect(&self, name: &str) -> UnixStream {
        let stream = UnixStream::connect(self.socket(name)).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        stream.set_write_timeout(Some(HANG)).unwrap();
        stream
    }

    /// Sends bytes and gives all that comes back until the daemon closes.
    pub(crate) fn talk(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect(name);
        // The daemon may have closed by then: what it said before counts.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    pub(crate) fn glassnet(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(GLASSNET);
        command
            .args(arguments)
            .env("GLASSNET_RUN_DIR", self.directory.path().join("run"))
            .env("GLASSNET_STATE_DIR", self.directory.path().join("state"))
            .env_remove("LANG")
            .env_remove("LC_ALL")
            .stdin(Stdio::null());
        command
    }

    /// What is there once the daemon rests: the last question's connection is closed after its
    /// answer, and what it looks at once after its start comes and goes.
    pub(crate) fn found(&self) -> Found {
        let late = Instant::now() + HANG;
        let mut last = self.found_now();
        loop {
            thread::sleep(Duration::from_millis(300));
            let now = self.found_now();
            if now == last {
                return now;
            }
            assert!(Instant::now() < late, "the daemon does not come to rest: {now:#?}");
            last = now;
        }
    }

    fn found_now(&self) -> Found {
        let says = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let count = |what: &str| {
            let path = format!("/proc/{}/{what}", self.daemon.id());
            std::fs::read_dir(path).unwrap().count()
        };
        Found {
            links: says("ip", &["-oneline", "address"]),
            rules: says("nft", &["list", "ruleset"]),
            journal: std::fs::metadata(self.directory.path().join("state/journal")).unwrap().len(),
            descriptors: count("fd"),
            threads: count("task"),
        }
    }

    /// Waits until all is as it was before: what the daemon had to wait for takes its time.
    pub(crate) fn is_again(&self, before: &Found) {
        let late = Instant::now() + HANG;
        loop {
            let now = self.found_now();
            // A thread for blocking work that rests is kept by the runtime for a while.
            let idle = now.threads.saturating_sub(before.threads);
            let same = Found { threads: before.threads, ..now };
            if same == *before && idle <= 8 {
                return;
            }
            assert!(Instant::now() < late, "before: {before:#?}\nnow: {same:#?} +{idle}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// That it still serves both sockets.
    pub(crate) fn answers(&self) {
        let status = self.glassnet(&["status", "--json"]);
        assert!(status.status.success(), "{}", text(&status));
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        assert_eq!(status["networks"][0]["name"], "blue");
        let body = br#"{"verb":"ready","network":"blue"}"#;
        let answer = self.talk("attach.sock", &frame(body));
        assert_eq!(answer.get(4..), Some(&br#"{"answer":"done"}"#[..]));
    }
}

pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat()
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        if thread::panicking() {
            let log = std::fs::read_to_string(self.directory.path().join("log"));
            eprintln!("the daemon's log:\n{}", log.unwrap_or_default());
        }
    }
}
