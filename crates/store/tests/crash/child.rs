//! Starts this binary again as a child that runs one story, and what stories share.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;

use store::{BootId, Journal, Opened, StateDirectory, StoreError};

const STORY: &str = "STORE_TEST_STORY";
const PLACE: &str = "STORE_TEST_PLACE";

/// Not a test of its own: the entry of the children.
#[test]
fn child() {
    let Ok(story) = std::env::var(STORY) else { return };
    let place = Place(std::env::var_os(PLACE).expect("a story has a place").into());
    match story.as_str() {
        "failpoints" => crate::failpoints::story(&place),
        "full disk" => crate::full_disk::story(&place),
        "random" => crate::random::story(&place),
        _ => panic!("no story {story:?}"),
    }
}

/// A command that runs a story; `shell` goes first, for what only a shell can set.
pub(crate) fn telling(story: &str, place: &Place, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{shell}exec \"$0\" --exact child::child --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .env(STORY, story)
        .env(PLACE, &place.0)
        .env_remove(store::failpoint::ENVIRONMENT)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

pub(crate) fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}

/// Where a story happens: the state directory, the queue, the notes.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    pub(crate) fn queue(&self) -> PathBuf {
        self.0.join("del")
    }

    pub(crate) fn open<R>(&self) -> Result<Opened<R>, StoreError>
    where
        R: serde::Serialize + serde::de::DeserializeOwned,
    {
        Journal::open(&Arc::new(StateDirectory::lock(self.state())?), "leases", boot())
    }

    pub(crate) fn notes(&self) -> Notes {
        let path = self.0.join("notes");
        Notes(OpenOptions::new().append(true).create(true).open(path).unwrap())
    }

    pub(crate) fn noted(&self) -> Vec<String> {
        let text = fs::read_to_string(self.0.join("notes")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Everything under the state directory and the queue that a writer did not finish.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        [self.state(), self.queue()].iter().flat_map(|path| temporaries(path)).collect()
    }
}

fn temporaries(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|e| e == "tmp")).collect()
}

/// Lines that survive the writer.
pub(crate) struct Notes(File);

impl Notes {
    pub(crate) fn add(&self, line: &str) {
        (&self.0).write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

pub(crate) fn boot() -> BootId {
    "0d5d6e3a-6a1b-4c1e-9f57-0123456789ab".parse().unwrap()
}
