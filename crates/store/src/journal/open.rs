//! Opens a journal: reads what is there, mends what can be mended, reports it.
//!
//! ```text
//! absent, empty, torn header ─▶ a new file
//! torn tail ──────────────────▶ cut off
//! damaged header ─────────────▶ as below, and its copy says which boot it was
//! damage before intact frames ▶ NAME stays as NAME.damaged-N, intact frames in a new NAME
//! newer format, unknown record ▶ an error: that is no damage, and nothing is touched
//! ```
//!
//! Before anything is returned, all that was read is durable: a killed writer's
//! record may be in the page cache only, and must not be believed now and lost later.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::append::{Closed, State};
use super::format::{self, HEADER, Header, VERSION};
use super::scan::{Frame, scan};
use super::{Journal, PhantomData, boot as copy};
use crate::file::{self, Replacement};
use crate::{BootId, Finding, Gap, StateDirectory, StoreError, failpoint};

/// An open journal and what it held.
#[derive(Debug)]
pub struct Opened<R> {
    pub journal: Journal<R>,
    /// In the order in which they were enqueued.
    pub records: Vec<R>,
    pub origin: Origin,
    /// For the log: what was damaged, and what was done about it.
    pub findings: Vec<Finding>,
}

/// When the records were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// There were none.
    New,
    ThisBoot,
    /// Appending is refused until [`Journal::compact`] has written what outlives a boot.
    OtherBoot(BootId),
    /// The header was damaged, and its copy too. Refused as above.
    UnknownBoot,
}

impl<R: Serialize + DeserializeOwned> Journal<R> {
    /// Opens or makes the journal `name` in a locked directory. `boot` is the running boot.
    pub fn open(
        directory: &Arc<StateDirectory>,
        name: &str,
        boot: BootId,
    ) -> Result<Opened<R>, StoreError> {
        let claim = directory.claim(name)?;
        let path = &claim.path;
        let Found { file, length, records, origin, findings } = match read(path)? {
            None => Found::create(path, boot, Vec::new())?,
            Some(bytes) => Found::mend(path, boot, &bytes)?,
        };
        let closed = match origin {
            Origin::New | Origin::ThisBoot => None,
            Origin::OtherBoot(boot) => Some(Closed::OtherBoot(Some(boot))),
            Origin::UnknownBoot => Some(Closed::OtherBoot(None)),
        };
        let journal = Self {
            boot,
            state: Mutex::new(State::new(file, length, closed)),
            compacting: Mutex::default(),
            turn_ended: Condvar::new(),
            record: PhantomData,
            claim,
        };
        Ok(Opened { journal, records, origin, findings })
    }
}

struct Found<R> {
    file: File,
    length: u64,
    records: Vec<R>,
    origin: Origin,
    findings: Vec<Finding>,
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StoreError::io("read", path)(e)),
    }
}

impl<R: DeserializeOwned> Found<R> {
    fn create(path: &Path, boot: BootId, findings: Vec<Finding>) -> Result<Self, StoreError> {
        copy::write(path, boot)?;
        let header = format::header(Some(boot));
        let file = replace(path, &header)?;
        Ok(Self { file, length: HEADER as u64, records: Vec::new(), origin: Origin::New, findings })
    }

    fn mend(path: &Path, boot: BootId, bytes: &[u8]) -> Result<Self, StoreError> {
        let (written_in, start) = match format::read_header(bytes) {
            Header::Whole { boot } => (boot, HEADER),
            Header::Damaged => (copy::read(path), 0),
            Header::Newer { version: found } => {
                return Err(StoreError::NewerFormat { path: path.into(), found, known: VERSION });
            }
            Header::Torn => {
                let (path_, bytes) = (path.to_owned(), bytes.len() as u64);
                let finding = match bytes {
                    0 => Finding::EmptyFile { path: path_ },
                    _ => Finding::TornHeader { path: path_, bytes },
                };
                return Self::create(path, boot, vec![finding]);
            }
        };
        let origin = match written_in {
            Some(other) if other != boot => Origin::OtherBoot(other),
            Some(_) => Origin::ThisBoot,
            None => Origin::UnknownBoot,
        };
        let found = scan(bytes, start);
        // Before the file is touched: a version that cannot read it must leave it alone.
        let records = found.frames.iter().map(|f| decode(path, f)).collect::<Result<_, _>>()?;
        if let Some(boot) = written_in {
            copy::write(path, boot)?;
        }
        let length = bytes.len() as u64;
        if found.gaps.is_empty() {
            let file = reopen(path, None)?;
            return Ok(Self { file, length, records, origin, findings: Vec::new() });
        }
        if start == HEADER
            && let Some(tail) = found.torn_tail()
        {
            let file = reopen(path, Some(tail.offset))?;
            let findings = vec![Finding::TornTail { path: path.into(), tail }];
            return Ok(Self { file, length: tail.offset, records, origin, findings });
        }
        let (file, length, finding) = salvage(path, written_in, &found.frames, found.gaps)?;
        Ok(Self { file, length, records, origin, findings: vec![finding] })
    }
}

fn decode<R: DeserializeOwned>(path: &Path, frame: &Frame<'_>) -> Result<R, StoreError> {
    serde_json::from_slice(frame.payload).map_err(|why| StoreError::ForeignRecord {
        path: path.to_owned(),
        offset: frame.offset as u64,
        why: why.to_string(),
    })
}

/// Opens the file for appending, cut to `length` if given, and makes its content durable.
fn reopen(path: &Path, length: Option<u64>) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(StoreError::io("open for writing", path))?;
    if let Some(length) = length {
        file.set_len(length).map_err(StoreError::io("cut the torn tail of", path))?;
        failpoint::JOURNAL_TAIL_CUT.hit();
    }
    file.sync_all().map_err(StoreError::io("fsync", path))?;
    failpoint::JOURNAL_REPLAYED_SYNCED.hit();
    // A writer may have been killed between a rename and this.
    file::sync_directory_of(path)?;
    failpoint::JOURNAL_REPLAYED_DIRECTORY_SYNCED.hit();
    Ok(file)
}

/// Keeps the damaged file aside and puts its intact frames into a new one.
fn salvage(
    path: &Path,
    written_in: Option<BootId>,
    frames: &[Frame<'_>],
    gaps: Vec<Gap>,
) -> Result<(File, u64, Finding), StoreError> {
    let kept_as = keep_aside(path)?;
    let mut bytes = format::header(written_in).to_vec();
    for frame in frames {
        format::push_payload(&mut bytes, frame.payload);
    }
    let file = replace(path, &bytes)?;
    let finding = Finding::Damaged { path: path.to_owned(), gaps, salvaged: frames.len(), kept_as };
    Ok((file, bytes.len() as u64, finding))
}

/// Gives the file a second name `NAME.damaged-N`. One that a killed attempt gave it is used.
fn keep_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let inode = fs::metadata(path).map_err(StoreError::io("look at", path))?.ino();
    for number in 1_u32.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let kept_as = PathBuf::from(name);
        match fs::hard_link(path, &kept_as) {
            Ok(()) => failpoint::JOURNAL_KEPT_ASIDE.hit(),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(&kept_as).is_ok_and(|m| m.ino() == inode) {
                    continue;
                }
            }
            Err(e) => return Err(StoreError::io("keep aside the damaged", path)(e)),
        }
        file::sync_directory_of(path)?;
        failpoint::JOURNAL_KEPT_ASIDE_SYNCED.hit();
        return Ok(kept_as);
    }
    let full = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(StoreError::io("keep aside the damaged", path)(full))
}

fn replace(path: &Path, bytes: &[u8]) -> Result<File, StoreError> {
    let file = Replacement::write(path, bytes)?.publish()?;
    file::sync_directory_of(path)?;
    failpoint::FILE_DIRECTORY_SYNCED.hit();
    Ok(file)
}
