//! One small value in one file, replaced whole or not at all.
//!
//! ```text
//! .node.json.812.0.tmp ──write──▶ fsync ──rename──▶ node.json ──▶ fsync(directory)
//! ```
//!
//! Killed anywhere, the name shows the old bytes or the new ones. A file system that
//! was itself cut short may still show an empty or torn file (cni#1055): that is
//! read as absent and reported. This does not lock: whoever calls owns the directory.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::DeserializeOwned;

use crate::{Finding, StoreError, failpoint};

/// Ends every temporary name, so that leftovers can be told from content.
const TEMPORARY: &str = ".tmp";

/// Gives `path` (mode 0600) exactly these bytes, durably, or leaves it as it was.
///
/// If only the last step fails, the directory's fsync, the error says so: the new
/// bytes are visible, and a power cut may bring the old ones back.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    Replacement::write(path, bytes)?.publish()?;
    sync_directory_of(path)?;
    failpoint::FILE_DIRECTORY_SYNCED.hit();
    Ok(())
}

/// What a file held, and what was wrong with it if it could not be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading<T> {
    pub value: Option<T>,
    pub finding: Option<Finding>,
}

/// Reads a value; an empty or torn file counts as absent and is reported.
///
/// Whole JSON of another shape is an error, not an absence: some other version's
/// state must not be forgotten only because this one cannot read it.
pub fn read_json_or_absent<T: DeserializeOwned>(path: &Path) -> Result<Reading<T>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Ok(Reading { value: None, finding: None });
        }
        Err(e) => return Err(StoreError::io("read", path)(e)),
    };
    if bytes.is_empty() {
        let finding = Finding::EmptyFile { path: path.to_owned() };
        return Ok(Reading { value: None, finding: Some(finding) });
    }
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Reading { value: Some(value), finding: None }),
        // A type that reads half of `{` complains of the shape first: ask again for any JSON.
        Err(e) if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok() => {
            Err(StoreError::ForeignShape { path: path.to_owned(), why: e.to_string() })
        }
        Err(e) => {
            let (bytes, why) = (bytes.len() as u64, e.to_string());
            let finding = Finding::TornFile { path: path.to_owned(), bytes, why };
            Ok(Reading { value: None, finding: Some(finding) })
        }
    }
}

/// Removes the temporary files that killed writers left in `directory`. Only for
/// its owner, while nobody writes there.
pub fn remove_leftovers(directory: &Path) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for entry in fs::read_dir(directory).map_err(StoreError::io("list", directory))? {
        let path = entry.map_err(StoreError::io("list", directory))?.path();
        if is_temporary(&path) {
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            failpoint::FILE_LEFTOVER_REMOVED.hit();
            findings.push(Finding::LeftoverRemoved { path });
        }
    }
    Ok(findings)
}

fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default();
    name.starts_with(b".") && name.ends_with(TEMPORARY.as_bytes())
}

/// New content, durable under a temporary name; dropped unpublished, it is removed.
pub(crate) struct Replacement {
    file: File,
    temporary: Temporary,
    path: PathBuf,
}

impl Replacement {
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Self, StoreError> {
        let name = temporary_for(path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(&name)
            .map_err(StoreError::io("create", &name))?;
        let temporary = Temporary(Some(name.clone()));
        failpoint::FILE_CREATED.hit();
        file.write_all(bytes).map_err(StoreError::io("write", &name))?;
        failpoint::FILE_WRITTEN.hit();
        file.sync_all().map_err(StoreError::io("fsync", &name))?;
        failpoint::FILE_SYNCED.hit();
        Ok(Self { file, temporary, path: path.to_owned() })
    }

    /// Adds to the content, durably.
    pub(crate) fn extend(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let name = self.temporary.0.as_deref().unwrap_or(&self.path);
        self.file.write_all(bytes).map_err(StoreError::io("write", name))?;
        self.file.sync_all().map_err(StoreError::io("fsync", name))
    }

    /// Gives the content its name. Durable only after the directory's fsync. An error
    /// means that the name still has its old content.
    pub(crate) fn publish(mut self) -> Result<File, StoreError> {
        if let Some(name) = &self.temporary.0 {
            fs::rename(name, &self.path)
                .map_err(StoreError::io("rename a new file to", &self.path))?;
            self.temporary.0 = None;
        }
        failpoint::FILE_RENAMED.hit();
        Ok(self.file)
    }
}

/// A name to remove unless it was renamed away.
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(name) = &self.0 {
            // Best effort: the owner's next start removes leftovers.
            let _ = fs::remove_file(name);
        }
    }
}

fn temporary_for(path: &Path) -> Result<PathBuf, StoreError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path
        .file_name()
        .and_then(OsStr::to_str)
        .ok_or_else(|| StoreError::BadName { name: path.to_string_lossy().into_owned() })?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Ok(path.with_file_name(format!(".{name}.{}.{number}{TEMPORARY}", std::process::id())))
}

pub(crate) fn sync_directory_of(path: &Path) -> Result<(), StoreError> {
    sync_directory(parent_of(path))
}

pub(crate) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(StoreError::io("fsync the directory", path))
}

/// Makes a directory (mode 0700) and what is missing above it, durably. The mode of
/// one that exists is left alone: it may not be ours to change.
pub(crate) fn make_directory(path: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => failpoint::DIRECTORY_MADE.hit(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            make_directory(parent_of(path))?;
            return make_directory(path);
        }
        Err(_) if path.is_dir() => {}
        Err(e) => return Err(StoreError::io("make the directory", path)(e)),
    }
    // Also when it existed: whoever made it may have been killed before this.
    sync_directory_of(path)?;
    failpoint::DIRECTORY_SYNCED.hit();
    Ok(())
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn replaces_whole_and_leaves_no_leftover() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node.json");
        write_atomically(&path, b"[1,2,3]").unwrap();
        write_atomically(&path, b"[4]").unwrap();
        assert_eq!(read_json_or_absent::<Vec<u8>>(&path).unwrap().value, Some(vec![4]));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn every_torn_value_is_absent_and_reported() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node.json");
        let absent = Reading::<Vec<String>> { value: None, finding: None };
        assert_eq!(read_json_or_absent(&path).unwrap(), absent);
        let whole = br#"["a","b"]"#;
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let reading = read_json_or_absent::<Vec<String>>(&path).unwrap();
            assert_eq!(reading.value, None);
            assert!(reading.finding.is_some(), "{length} bytes");
        }
        fs::write(&path, [0; 9]).unwrap();
        assert!(read_json_or_absent::<Vec<String>>(&path).unwrap().finding.is_some());
    }

    #[test]
    fn whole_json_of_another_shape_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node.json");
        fs::write(&path, "{}").unwrap();
        let error = read_json_or_absent::<Vec<u8>>(&path).unwrap_err();
        assert_eq!(error.code(), "store-foreign-shape");
    }

    #[test]
    fn a_failed_write_leaves_the_old_value() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert_eq!(write_atomically(&path, b"x").unwrap_err().code(), "store-io");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no leftover");
        assert_eq!(write_atomically(Path::new("/"), b"x").unwrap_err().code(), "store-bad-name");
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let leftover = directory.path().join(".node.json.9.0.tmp");
        fs::write(&leftover, "half").unwrap();
        fs::write(directory.path().join("notes.tmp"), "mine").unwrap();
        let findings = remove_leftovers(directory.path()).unwrap();
        assert_eq!(findings, [Finding::LeftoverRemoved { path: leftover }]);
        assert!(directory.path().join("notes.tmp").exists());
    }

    #[test]
    fn directories_are_private_and_made_with_their_parents() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/c");
        make_directory(&path).unwrap();
        make_directory(&path).unwrap();
        for made in ["a", "a/b", "a/b/c"] {
            let mode = fs::metadata(directory.path().join(made)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        fs::write(path.join("file"), "").unwrap();
        assert!(make_directory(&path.join("file")).is_err());
        assert!(make_directory(&path.join("file/below")).is_err());
    }
}
