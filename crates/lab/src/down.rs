//! `lab down`: nothing is left, however far `up` had come.
//!
//! It does not trust what the record says is running; it looks for every
//! process with the lab's token, and looks again until twice none was found.
//! Nothing of the lab can start unseen meanwhile: an `up` holds the lock, its
//! children hold it too until they carry the token, and theirs inherit it.

use std::thread;
use std::time::Duration;

use model::explain::LabDeed;

use crate::crew;
use crate::error::Error;
use crate::privilege;
use crate::process::marked;
use crate::progress::{Progress, Step, Tell};
use crate::state::{LabDirectory, Phase, Record};

const PATIENCE: Duration = Duration::from_secs(2);
const MOST_SEARCHES: usize = 100;
const BETWEEN_SEARCHES: Duration = Duration::from_millis(5);

/// Ends and removes all of a lab. Gives whether there was one: what is wanted gone may be gone
/// already.
pub fn down(name: &str, tell: Tell<'_>) -> Result<bool, Error> {
    privilege::check()?;
    let directory = match LabDirectory::lock(name, PATIENCE) {
        Err(Error::NoLab { .. }) => return Ok(false),
        directory => directory?,
    };
    match directory.read()? {
        // Without a record nothing can have been started.
        None => directory.remove()?,
        Some(record) => take_down(directory, &record, tell)?,
    }
    Ok(true)
}

pub(crate) fn take_down(
    directory: LabDirectory,
    record: &Record,
    tell: Tell<'_>,
) -> Result<(), Error> {
    let name = record.topology.name.clone();
    let mut errors = Vec::new();
    let leaving = Record { phase: Phase::Leaving, ..record.clone() };
    // A full disk must not keep anybody from taking a lab down.
    errors.extend(directory.write(&leaving).err());
    match end_all(&record.token, tell) {
        Ok(()) => match directory.remove() {
            Ok(()) => return Ok(()),
            Err(error) => errors.push(error),
        },
        // The record is kept: without its token the rest could not be found.
        Err(mut failures) => errors.append(&mut failures),
    }
    Err(Error::Down { name, errors })
}

fn end_all(token: &str, tell: Tell<'_>) -> Result<(), Vec<Error>> {
    let mut quiet = 0;
    let mut errors = Vec::new();
    for _ in 0..MOST_SEARCHES {
        let found = marked(token).map_err(|source| {
            vec![Error::State { what: LabDeed::List, path: "/proc".into(), source }]
        })?;
        if found.is_empty() {
            quiet += 1;
            if quiet == 2 {
                return Ok(());
            }
            thread::sleep(BETWEEN_SEARCHES);
            continue;
        }
        quiet = 0;
        let total = found.len();
        let results = crew::each(
            &found,
            |(process, part)| {
                Ok(process.end().err().map(|source| Error::End {
                    pid: process.pid,
                    part: part.clone(),
                    source,
                }))
            },
            |done, (_, part)| tell(Progress { step: Step::Ending, done, total, what: part }),
        );
        errors =
            results.map_or_else(|error| vec![error], |ended| ended.into_iter().flatten().collect());
        if !errors.is_empty() {
            break;
        }
    }
    Err(errors)
}
