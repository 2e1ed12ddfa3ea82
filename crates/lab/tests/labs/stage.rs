//! A directory of labs of a test's own, and the program that makes them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub(crate) struct Stage {
    directory: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        assert!(
            nix::unistd::geteuid().is_root(),
            "labs are made of namespaces: run these tests as root"
        );
        assert!(Path::new("/bin/busybox").exists(), "install busybox-static for these tests");
        assert!(program().exists(), "{} is not built", program().display());
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn labs(&self) -> PathBuf {
        self.directory.path().join("labs")
    }

    /// Writes a lab file and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(format!("{name}.yaml"));
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(words).env("GLASSNET_LABS_DIR", self.labs());
        command
    }

    /// Runs a verb and gives all it said, whether it went well or not.
    pub(crate) fn attempt(&self, words: &[&str]) -> (bool, String) {
        said(self.command(words).output().unwrap())
    }

    /// Runs a verb that must go well.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let (well, text) = self.attempt(words);
        assert!(well, "{words:?} failed:\n{text}");
        text
    }

    pub(crate) fn refused(&self, words: &[&str]) -> String {
        let (well, text) = self.attempt(words);
        assert!(!well, "{words:?} went well:\n{text}");
        text
    }

    /// Runs a shell line on a machine (`alpha`) or in a container (`alpha/web`).
    pub(crate) fn sh(&self, lab: &str, part: &str, line: &str) -> String {
        let output = self.command(&["exec", lab, part, "--", "sh", "-c", line]).output().unwrap();
        assert!(output.status.success(), "on {part}, {line}:\n{}", said(output).1);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether an answer comes. A neighbour that was off a moment ago is asked
    /// for once a second, so this may take more than one.
    pub(crate) fn reaches(&self, lab: &str, from: &str, to: &str) -> bool {
        self.attempt(&["exec", lab, from, "--", "busybox", "ping", "-c1", "-W4", "-w4", to]).0
    }

    pub(crate) fn is_cut_off(&self, lab: &str, from: &str, to: &str) -> bool {
        !self.attempt(&["exec", lab, from, "--", "busybox", "ping", "-c1", "-W1", "-w1", to]).0
    }

    pub(crate) fn up(&self, name: &str, text: &str) {
        let file = self.file(name, text);
        self.run(&["up", &file]);
    }

    /// The token of a lab, if it came as far as having a record.
    pub(crate) fn token(&self, lab: &str) -> Option<String> {
        let text = fs::read(self.labs().join(lab).join("lab.json")).ok()?;
        let record: serde_json::Value = serde_json::from_slice(&text).unwrap();
        Some(record["token"].as_str().unwrap().to_owned())
    }
}

impl Drop for Stage {
    /// A failed test must not leave its labs behind.
    fn drop(&mut self) {
        for lab in fs::read_dir(self.labs()).into_iter().flatten().flatten() {
            let name = lab.file_name().into_string().unwrap_or_default();
            let (well, text) = self.attempt(&["down", &name]);
            if !well {
                eprintln!("down {name}: {text}");
            }
        }
    }
}

/// The processes that carry a lab's token.
pub(crate) fn marked(token: &str) -> Vec<u32> {
    let start = format!("GLASSNET_LAB={token}:");
    processes()
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|one| one.starts_with(start.as_bytes()))
        })
        .collect()
}

pub(crate) fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The namespaces a process is in, but for those a lab does not make.
pub(crate) fn namespaces(pid: u32) -> Vec<String> {
    ["net", "mnt", "uts", "pid", "ipc"]
        .iter()
        .filter_map(|kind| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok())
        .map(|link| link.display().to_string())
        .collect()
}

/// The same, each held open: until these are closed, no new namespace can be
/// given the same number.
pub(crate) fn held_namespaces(token: &str) -> Vec<(String, File)> {
    // One that was killed before it had made its own is still in ours.
    let ours = namespaces(std::process::id());
    let mut held = Vec::new();
    for pid in marked(token) {
        for kind in ["net", "mnt", "uts", "pid", "ipc"] {
            let path = format!("/proc/{pid}/ns/{kind}");
            if let (Ok(name), Ok(file)) = (fs::read_link(&path), File::open(&path)) {
                let name = name.display().to_string();
                if !ours.contains(&name) {
                    held.push((name, file));
                }
            }
        }
    }
    held
}

fn said(output: Output) -> (bool, String) {
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Examples are built together with tests, beside them.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(Path::parent).unwrap().join("examples/lab")
}

/// Machines `h1`, `h2`, … on one switch, with the addresses .1, .2, …
pub(crate) fn on_one_switch(lab: &str, machines: usize) -> String {
    let mut text = format!("lab: {lab}\nswitches: {{ fabric: }}\nhosts:\n");
    for n in 1..=machines {
        text += &format!(
            "  h{n}: {{ links: {{ eth0: {{ to: fabric, address: [192.0.2.{n}/24, 2001:db8::{n:x}/64] }} }} }}\n"
        );
    }
    text
}
