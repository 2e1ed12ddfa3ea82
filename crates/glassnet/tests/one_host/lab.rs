//! A lab for one test: up at the start, down at the end, also when the test fails. Of a run that was
//! killed, the next takes down what is left.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// Directories of tests' labs are called so, and then as the lab, which ends with the test's process.
const DIRECTORY: &str = "glassnet-test-";

pub(crate) struct Lab {
    name: String,
    directory: PathBuf,
}

/// Takes labs down whose tests are no more.
fn clear_away() {
    let entries = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries {
        let file_name = entry.file_name();
        let Some(lab) = file_name.to_str().and_then(|name| name.strip_prefix(DIRECTORY)) else {
            continue;
        };
        let process = lab.rsplit_once('-').and_then(|(_, process)| process.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            let _ = Command::new(GLASSNET).args(["lab", "down", lab]).output();
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Lab {
    /// The hosts of a file, which is told the lab's whole name.
    pub(crate) fn of(name: &str, file: impl FnOnce(&str) -> String) -> Self {
        let name = format!("{name}-{}", std::process::id());
        static CLEARED: Once = Once::new();
        CLEARED.call_once(clear_away);
        let directory = std::env::temp_dir().join(format!("{DIRECTORY}{name}"));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("lab.yaml");
        std::fs::write(&path, file(&name)).unwrap();
        let up = Command::new(GLASSNET).args(["lab", "up"]).arg(&path).output().unwrap();
        let lab = Self { name, directory };
        assert!(up.status.success(), "lab up: {}", text(&up));
        lab
    }

    /// Runs a command on a host, or in a container written `alpha/web`.
    pub(crate) fn run(&self, place: &str, command: &[&str]) -> Output {
        let place = format!("{}/{place}", self.name);
        Command::new(GLASSNET).args(["lab", "exec", &place, "--"]).args(command).output().unwrap()
    }

    /// What a command prints; it has to succeed.
    #[allow(dead_code, reason = "not every test that has labs reads what commands print")]
    pub(crate) fn says(&self, place: &str, command: &[&str]) -> String {
        let output = self.run(place, command);
        assert!(output.status.success(), "{place}: {command:?}: {}", text(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The page a place gets, or `None` within three seconds.
    pub(crate) fn fetch(&self, place: &str, url: &str) -> Option<String> {
        let output =
            self.run(place, &["busybox", "timeout", "3", "busybox", "wget", "-q", "-O", "-", url]);
        let page = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(page)
    }

    #[allow(dead_code, reason = "not every test that has labs pings")]
    pub(crate) fn pings(&self, place: &str, address: &str) -> bool {
        self.run(place, &["busybox", "ping", "-c", "1", "-W", "2", address]).status.success()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let down = Command::new(GLASSNET).args(["lab", "down", &self.name]).output().unwrap();
        let _ = std::fs::remove_dir_all(&self.directory);
        if !std::thread::panicking() {
            assert!(down.status.success(), "lab down: {}", text(&down));
        }
    }
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}
