//! The lab file: YAML that a person wrote, read into a `Topology`.
//!
//! ```text
//! text ── shape (serde: keys and kinds) ── check (names, ends, addresses) ──> Topology
//!                 └───────────── report: file:line:column, what, try ─────────┘
//! ```
//!
//! All mistakes that can be found at once are reported at once. What the file
//! may hold is published as a JSON schema, `schema.json`; a test compares it
//! with `shape`.

mod check;
mod cluster;
mod drops;
mod links;
mod report;
mod shape;
mod subnets;
mod suggest;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Read as _;
use std::path::Path;

use crate::error::Error;
use crate::topology::Topology;
pub(crate) use check::sysctl_path;
pub use report::{Mistake, Report};
use shape::LabFile;

/// A lab file is a page or two of text. More is not read.
const MOST_BYTES: u64 = 1 << 20;

/// The JSON schema of the lab file.
pub fn schema() -> &'static str {
    include_str!("schema.json")
}

/// Reads and checks a lab file.
pub fn read(path: &Path) -> Result<Topology, Error> {
    let unreadable = |source| Error::ReadFile { path: path.to_owned(), source };
    // A device has no length to ask for, and no end.
    let mut file = fs::File::open(path).map_err(unreadable)?.take(MOST_BYTES + 1);
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(Error::FileLong { path: path.to_owned(), most: MOST_BYTES });
    }
    let text = String::from_utf8(text).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        Error::FileNoText { path: path.to_owned(), byte }
    })?;
    parse(&path.display().to_string(), &text).map_err(Error::File)
}

/// Checks the text of a lab file; `name` is what reports call the file.
pub fn parse(name: &str, text: &str) -> Result<Topology, Report> {
    let mistakes = match serde_saphyr::from_str::<LabFile>(text) {
        Ok(file) => match check::check(&file) {
            Ok(topology) => return Ok(topology),
            Err(mistakes) => mistakes,
        },
        Err(error) => vec![report::from_yaml(&error)],
    };
    Err(Report::new(name, text, mistakes))
}
