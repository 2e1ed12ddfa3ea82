//! A network namespace as people name it: by its name, by a path, or by a process that is in it.

use kernel::netns::{NAMED, NetNs};
use model::cluster::ContainerId;
use model::explain::{Language, Text};
use nix::errno::Errno;
use rustix::fs::{StatFs, fstatfs};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The kernel's highest process id (`PID_MAX_LIMIT`).
const LAST_PID: u32 = 1 << 22;

/// `NSFS_MAGIC` of `linux/magic.h`: the file system all namespaces are files of.
const NSFS_MAGIC: u64 = 0x6e73_6673;

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Netns {
    Name(String),
    Path(PathBuf),
    Pid(u32),
}

/// Why that is no network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    Empty,
    Name(String),
    Pid(String),
    NoId(String),
    Missing(PathBuf),
    Other(PathBuf),
    Closed(PathBuf, String),
}

impl FromStr for Netns {
    type Err = Invalid;

    /// Digits are a process, a text with `/` is a path, all else is a name.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::Empty);
        }
        if text.contains('/') {
            return Ok(Self::Path(text.into()));
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let pid = text.parse().ok().filter(|pid| (1..=LAST_PID).contains(pid));
            return pid.map(Self::Pid).ok_or_else(|| Invalid::Pid(text.to_owned()));
        }
        if text == "." || text == ".." || text.starts_with('-') || text.contains('\0') {
            return Err(Invalid::Name(text.to_owned()));
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl Netns {
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Name(name) => Path::new(NAMED).join(name),
            Self::Path(path) => path.clone(),
            Self::Pid(pid) => format!("/proc/{pid}/ns/net").into(),
        }
    }

    /// The id of a container whose name was not given: the namespace's, or `pid-N`.
    pub(super) fn container(&self) -> Result<ContainerId, Invalid> {
        let text = match self {
            Self::Name(name) => name.clone(),
            Self::Pid(pid) => format!("pid-{pid}"),
            Self::Path(path) => match path.to_string_lossy().split('/').collect::<Vec<_>>()[..] {
                ["", "proc", pid, "ns", "net"] => format!("pid-{pid}"),
                [.., last] => last.to_owned(),
                [] => String::new(),
            },
        };
        text.parse().map_err(|_| Invalid::NoId(text))
    }

    /// Opens it, sure that it is a namespace. Whether it is one of the network, the kernel tells
    /// when it is entered.
    pub(super) fn open(&self) -> Result<NetNs, Invalid> {
        let path = self.path();
        let netns = NetNs::by_path(&path).map_err(|error| match error.errno() {
            Some(Errno::ENOENT | Errno::ESRCH | Errno::ENOTDIR) => Invalid::Missing(path.clone()),
            _ => Invalid::Closed(path.clone(), error.to_string()),
        })?;
        match fstatfs(&netns) {
            Ok(StatFs { f_type, .. }) if f_type as u64 == NSFS_MAGIC => Ok(netns),
            _ => Err(Invalid::Other(path)),
        }
    }
}

impl Invalid {
    pub(super) fn say(&self, language: Language) -> String {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::Empty => Text::NetnsEmpty.say(language),
            Self::Name(name) => Text::NetnsName { name }.say(language),
            Self::Pid(text) => Text::NetnsPid { text }.say(language),
            Self::NoId(text) => Text::NetnsNoId { text }.say(language),
            Self::Missing(path) => Text::NetnsMissing { path: &shown(path) }.say(language),
            Self::Other(path) => Text::NetnsOther { path: &shown(path) }.say(language),
            Self::Closed(path, why) => Text::FileFailed { path: &shown(path), why }.say(language),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Netns {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_a_path_and_a_pid_are_told_apart() {
        assert_eq!(read("blue").path(), Path::new("/run/netns/blue"));
        assert_eq!(read("/proc/7/ns/net").path(), Path::new("/proc/7/ns/net"));
        assert_eq!(read("./blue"), Netns::Path("./blue".into()));
        assert_eq!(read("4711").path(), Path::new("/proc/4711/ns/net"));
    }

    #[test]
    fn what_cannot_be_one_is_refused() {
        for text in ["", ".", "..", "-x", "0", "4194305", "99999999999999999999"] {
            assert!(text.parse::<Netns>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_container_is_called_after_its_namespace() {
        let id = |text: &str| read(text).container().unwrap().to_string();
        assert_eq!(id("blue"), "blue");
        assert_eq!(id("4711"), "pid-4711");
        assert_eq!(id("/proc/4711/ns/net"), "pid-4711");
        assert_eq!(id("/run/netns/cni-1f0a"), "cni-1f0a");
        assert_eq!(read("/run/netns/").container(), Err(Invalid::NoId(String::new())));
    }

    #[test]
    fn only_namespaces_are_opened() {
        assert!(read("/proc/self/ns/net").open().is_ok());
        assert!(matches!(read("/proc/self/status").open(), Err(Invalid::Other(_))));
        assert!(matches!(read("/no/such/file").open(), Err(Invalid::Missing(_))));
    }
}
