//! Where packets are: the network namespaces of this machine, by the names that people
//! know them by.
//!
//! ```text
//! /proc, nsfs mounts ──▶ namespaces ─┐
//! our daemon, containerd, Docker,    ├─▶ Places ── "web", "pod:default/web", "eth0@web" ──▶ Place
//! Podman, labs, /run/netns ─▶ names ─┘
//! ```
//!
//! Engines are read by what they leave below /run, so none of them is asked, and none is waited for.
//! A lab's hosts have a /run of their own, which is read as well.

mod containerd;
mod labs;
mod named;
mod ours;
mod storage;
mod wanted;

pub(crate) use wanted::{Called, NoPlace, Wanted, leads_to};

use kernel::NetNs;
use kernel::namespaces::{self, Found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What bears a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// This machine itself.
    Host,
    /// Attached by our own daemon.
    Container,
    Pod,
    Docker,
    Containerd,
    Podman,
    /// A machine or a container of a lab.
    Lab,
    /// `ip netns`.
    Netns,
    Process,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Host,
        Self::Container,
        Self::Pod,
        Self::Docker,
        Self::Containerd,
        Self::Podman,
        Self::Lab,
        Self::Netns,
        Self::Process,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Container => "container",
            Self::Pod => "pod",
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::Podman => "podman",
            Self::Lab => "lab",
            Self::Netns => "netns",
            Self::Process => "process",
        }
    }
}

/// A name of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Name {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// As it can be typed, whatever else bears the name.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Host => f.write_str(&self.name),
            kind => write!(f, "{}:{}", kind.word(), self.name),
        }
    }
}

/// A namespace and its names, the best first; there is always one.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) inode: u64,
    pub(crate) namespace: NetNs,
    pub(crate) names: Vec<Name>,
    /// The processes in it, the lowest number first.
    pub(crate) processes: Vec<u32>,
}

/// All of them, at about one moment.
#[derive(Debug)]
pub(crate) struct Places(pub(crate) Vec<Namespace>);

/// A tree of files in which engines are looked for: this machine's, or a lab's host's.
struct Root {
    path: PathBuf,
    /// What its names begin with.
    prefix: String,
    /// The mount namespace that sees it so, as its inode number.
    mounts: Option<u64>,
}

impl Root {
    fn join(&self, path: &str) -> PathBuf {
        self.path.join(path.trim_start_matches('/'))
    }

    /// The namespace that a path in this tree leads to. One below /proc is of this machine's processes
    /// for its own tree only.
    fn inode(&self, path: &Path) -> Option<u64> {
        let own = self.path == Path::new("/");
        if !own && path.starts_with("/proc") {
            return None;
        }
        inode(&self.join(path.to_str()?))
    }
}

/// The inode number of a namespace by a path to it.
pub(crate) fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.ino())
}

/// The one that a process is in.
fn inode_of(pid: i32) -> Option<u64> {
    inode(Path::new(&format!("/proc/{pid}/ns/net")))
}

impl Places {
    /// Looks around.
    pub(crate) fn look() -> Result<Self, kernel::Error> {
        namespaces::all().map(Self::of)
    }

    /// Names what was found.
    pub(crate) fn of(found: Vec<Found>) -> Self {
        let mut names = names(&found);
        let namespaces = found.into_iter().map(|found| {
            let mut its = names.remove(&found.inode).unwrap_or_default();
            its.sort();
            its.dedup();
            if its.is_empty() {
                its.push(nameless(&found));
            }
            let Found { inode, namespace, processes, .. } = found;
            Namespace { inode, namespace, names: its, processes }
        });
        Self(namespaces.collect())
    }
}

fn names(found: &[Found]) -> BTreeMap<u64, Vec<Name>> {
    let mut names: BTreeMap<u64, Vec<Name>> = BTreeMap::new();
    let mut add = |inode: u64, kind: Kind, name: String| {
        names.entry(inode).or_default().push(Name { kind, name });
    };
    if let Some(own) = NetNs::current().ok().and_then(|own| kernel::netns::inode(own.as_fd()).ok())
    {
        add(own, Kind::Host, "host".to_owned());
    }
    let running = ::lab::running().unwrap_or_default();
    labs::names(&running, &mut add);
    let mounts = inode(Path::new("/proc/self/ns/mnt"));
    let mut roots = vec![Root { path: "/".into(), prefix: String::new(), mounts }];
    roots.extend(labs::roots(&running));
    let shims = containerd::shims();
    for root in &roots {
        ours::names(root, &mut add);
        containerd::names(root, &shims, &mut add);
        storage::names(root, &mut add);
        named::names(found, root, &mut add);
    }
    names
}

/// What nobody has named is called by its first process, or by its number.
fn nameless(found: &Found) -> Name {
    let name = match found.processes.first() {
        Some(pid) => {
            let command = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            format!("{}[{pid}]", command.trim())
        }
        None => format!("[{}]", found.inode),
    };
    Name { kind: Kind::Process, name }
}

/// What a finder tells: the namespace, the kind and the name.
type Add<'a> = &'a mut dyn FnMut(u64, Kind, String);

#[cfg(test)]
mod tests;
