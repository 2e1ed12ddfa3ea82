//! The copy of a journal's header, `NAME.boot`: a file in another place of the disk, so
//! that what damages one leaves the other.
//!
//! The header in the journal is right whenever it can be read. The copy is written
//! before the journal under a new boot is, so a crash between the two leaves a copy that
//! is wrong and unused, and the next opening puts it right.

use std::fs;
use std::path::{Path, PathBuf};

use super::format::{self, Header};
use crate::{BootId, StoreError, file};

fn copy_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".boot");
    name.into()
}

/// What the copy says; `None` if it says nothing, for whatever reason.
pub(super) fn read(path: &Path) -> Option<BootId> {
    match format::read_header(&fs::read(copy_of(path)).ok()?) {
        Header::Whole { boot } => boot,
        Header::Newer { .. } | Header::Torn | Header::Damaged => None,
    }
}

/// Makes the copy say `boot`, durably.
pub(super) fn write(path: &Path, boot: BootId) -> Result<(), StoreError> {
    if read(path) == Some(boot) {
        return Ok(());
    }
    file::write_atomically(&copy_of(path), &format::header(Some(boot)))
}
