//! What a lab leaves on disk: one directory, and in it `lab.json`.
//!
//! The record is durable before the first namespace is made, and holds the
//! token by which every process of the lab can be found. So wherever an `up`
//! is cut off, `down` knows what to look for. The directory itself is the
//! lock: there is no lock file to leave behind.
//!
//! ```text
//! /var/lib/glassnet-labs/NAME/lab.json             the record
//!                             tls/                 certificates, if an etcd wants them
//!                             machines/M/var/      the machine's /var
//!                             machines/M/run/      empty; where its /run is put together
//!                             machines/M/init.log  what its first process had to say
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use model::explain::LabDeed;

use crate::dropped::Dropped;
use crate::error::Error;
use crate::process::{Process, boot_id};
use crate::topology::Topology;

const RECORD: &str = "lab.json";
const VERSION: u32 = 1;
const PAUSE: Duration = Duration::from_millis(20);

/// The part the fabric plays. No machine can have that name.
pub(crate) const FABRIC: &str = ".fabric";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// `up` is at work, or was interrupted.
    Making,
    Up,
    /// `down` is at work, or was interrupted.
    Leaving,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) version: u32,
    pub(crate) token: String,
    /// The boot of this computer in which `running` was written.
    pub(crate) boot_id: String,
    pub(crate) phase: Phase,
    pub(crate) topology: Topology,
    /// First processes: `.fabric`, `alpha`, `alpha/web`.
    pub(crate) running: BTreeMap<String, Process>,
    /// Links that were cut, as `alpha.eth0`.
    pub(crate) cut: BTreeSet<String>,
    /// What routers and switches lose now, by their names.
    #[serde(default)]
    pub(crate) drops: BTreeMap<String, Vec<Dropped>>,
}

impl Record {
    pub(crate) fn new(topology: Topology, token: String, boot_id: String) -> Self {
        let machines = topology.machines.iter().map(|one| (&one.name, &one.drop));
        let switches = topology.switches.iter().map(|one| (&one.name, &one.drop));
        let drops = (machines.chain(switches))
            .filter(|(_, drops)| !drops.is_empty())
            .map(|(name, drops)| (name.clone(), drops.clone()))
            .collect();
        Self {
            version: VERSION,
            token,
            boot_id,
            phase: Phase::Making,
            topology,
            running: BTreeMap::new(),
            cut: BTreeSet::new(),
            drops,
        }
    }

    /// The first process of a part, if it still lives.
    pub(crate) fn process(&self, part: &str) -> Option<&Process> {
        self.running.get(part).filter(|process| process.is_alive())
    }
}

/// Where all labs are kept.
pub(crate) fn labs_directory() -> PathBuf {
    std::env::var_os("GLASSNET_LABS_DIR")
        .filter(|path| !path.is_empty())
        .map_or_else(|| PathBuf::from("/var/lib/glassnet-labs"), PathBuf::from)
}

/// The names of all labs, finished or not.
pub(crate) fn names() -> Result<Vec<String>, Error> {
    let directory = labs_directory();
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(LabDeed::List, &directory, source)),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_name(name))
        .collect();
    names.sort();
    Ok(names)
}

/// A name that is safe as a directory and readable in a prompt.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=32).contains(&name.len())
        && name.starts_with(plain)
        && name.chars().all(|c| plain(c) || c == '-')
}

fn directory_of(name: &str) -> Result<PathBuf, Error> {
    if !is_name(name) {
        return Err(Error::Name { name: name.to_owned() });
    }
    Ok(labs_directory().join(name))
}

fn no_lab(name: &str) -> Error {
    Error::NoLab { name: name.to_owned(), labs: names().unwrap_or_default() }
}

/// Reads a record without taking the lock.
pub(crate) fn read(name: &str) -> Result<Record, Error> {
    let directory = directory_of(name)?;
    read_record(&directory)?.ok_or_else(|| no_lab(name))
}

fn read_record(directory: &Path) -> Result<Option<Record>, Error> {
    let path = directory.join(RECORD);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(LabDeed::Read, &path, source)),
    };
    let mut record: Record = serde_json::from_slice(&text)
        .map_err(|error| Error::Damaged { path: path.clone(), why: error.to_string() })?;
    if record.version != VERSION {
        let why = format!("written by another glassnet, version {}", record.version);
        return Err(Error::Damaged { path, why });
    }
    // What ran in another boot of this computer runs no more.
    if boot_id().is_ok_and(|boot| boot != record.boot_id) {
        record.running.clear();
    }
    Ok(Some(record))
}

/// A lab's directory, locked: only one command at a time changes a lab.
pub(crate) struct LabDirectory {
    path: PathBuf,
    name: String,
    _lock: Flock<File>,
}

impl LabDirectory {
    /// Makes the directory of a new lab.
    pub(crate) fn create(name: &str) -> Result<Self, Error> {
        let path = directory_of(name)?;
        make_private(&path)?;
        let directory = Self::lock_path(name, path, Duration::ZERO)?;
        match fs::metadata(directory.path.join(RECORD)) {
            Ok(_) => Err(Error::AlreadyThere { name: name.to_owned() }),
            Err(_) => Ok(directory),
        }
    }

    /// Locks the directory of a lab that is there.
    pub(crate) fn lock(name: &str, patience: Duration) -> Result<Self, Error> {
        Self::lock_path(name, directory_of(name)?, patience)
    }

    fn lock_path(name: &str, path: PathBuf, patience: Duration) -> Result<Self, Error> {
        let mut tries = 1 + patience.as_millis() / PAUSE.as_millis();
        loop {
            let directory = File::open(&path).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => no_lab(name),
                _ => failed(LabDeed::Open, &path, source),
            })?;
            tries -= 1;
            if let Ok(lock) = Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
                // A `down` may have removed the directory that was opened.
                let ours = lock.metadata().map(|found| (found.dev(), found.ino())).ok();
                let there = fs::metadata(&path).map(|found| (found.dev(), found.ino())).ok();
                if ours.is_some() && ours == there {
                    return Ok(Self { path, name: name.to_owned(), _lock: lock });
                }
            }
            if tries == 0 {
                return Err(Error::Busy { name: name.to_owned() });
            }
            thread::sleep(PAUSE);
        }
    }

    /// None if an `up` was cut off before it had made anything.
    pub(crate) fn read(&self) -> Result<Option<Record>, Error> {
        read_record(&self.path)
    }

    /// The record of a lab that is wholly there.
    pub(crate) fn finished(&self) -> Result<Record, Error> {
        match self.read()? {
            Some(record) if record.phase == Phase::Up => Ok(record),
            _ => Err(Error::Unfinished { name: self.name.clone() }),
        }
    }

    /// Writes the record so that a power cut leaves the old one or the new.
    pub(crate) fn write(&self, record: &Record) -> Result<(), Error> {
        let path = self.path.join(RECORD);
        let text = serde_json::to_vec_pretty(record)
            .map_err(|error| failed(LabDeed::Write, &path, io::Error::other(error)))?;
        let new = self.path.join("lab.json.new");
        let durable = || -> io::Result<()> {
            let mut file =
                File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(&self.path)?.sync_all()
        };
        durable().map_err(|source| failed(LabDeed::Write, &path, source))
    }

    /// The directory of one machine, with its `var` and `run` in it.
    pub(crate) fn machine(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.path.join("machines").join(name);
        for inner in ["var", "run"] {
            make_private(&path.join(inner))?;
        }
        Ok(path)
    }

    /// Where certificates and keys are.
    pub(crate) fn tls(&self) -> Result<PathBuf, Error> {
        let path = self.path.join("tls");
        make_private(&path)?;
        Ok(path)
    }

    /// Gives a machine that is off an empty disk.
    pub(crate) fn empty_disk(&self, name: &str) -> Result<(), Error> {
        let path = self.machine(name)?.join("var");
        fs::remove_dir_all(&path).map_err(|source| failed(LabDeed::Remove, &path, source))
    }

    /// Removes all of it; the directory of all labs too, if it is empty now.
    pub(crate) fn remove(self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(LabDeed::Remove, &self.path, error));
            }
            _ => {}
        }
        // Refused by the kernel while another lab is there, which is right.
        let _ = fs::remove_dir(labs_directory());
        Ok(())
    }
}

fn make_private(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| failed(LabDeed::MakeDirectory, path, source))
}

fn failed(what: LabDeed, path: &Path, source: io::Error) -> Error {
    Error::State { what, path: path.to_owned(), source }
}
