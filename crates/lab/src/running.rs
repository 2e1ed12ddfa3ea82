//! Who is at home in the labs of this computer: machines, their containers, and the fabrics.

use crate::error::Error;
use crate::state;

/// A part of a lab that runs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub lab: String,
    /// `alpha`, `alpha/web`, `.fabric`.
    pub part: String,
    /// Its first process.
    pub pid: i32,
}

/// Every part that runs, of all labs. A lab that is being made or taken down tells what it has.
pub fn running() -> Result<Vec<Running>, Error> {
    let mut running = Vec::new();
    for lab in state::names()? {
        let Ok(record) = state::read(&lab) else { continue };
        let parts = record.running.keys().filter_map(|part| Some((part, record.process(part)?)));
        running.extend(parts.map(|(part, process)| Running {
            lab: lab.clone(),
            part: part.clone(),
            pid: process.pid,
        }));
    }
    Ok(running)
}
