//! All network namespaces of the machine that can be seen from this process: those that processes are
//! in, and those that are bound to a path, in whatever mount namespace.
//!
//! Not found is what only a descriptor, a socket or a single thread holds. What may not be looked at
//! is passed over: it takes root's rights to see all. Processes come and go meanwhile; the list is of
//! no one moment.
//!
//! `proc_pid_ns(5)`, `proc_pid_mountinfo(5)`; `fs/nsfs.c`.

mod mounts;
#[cfg(test)]
mod tests;

use crate::{Error, NetNs, Result, netns};
use nix::errno::Errno;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2, readlinkat};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// The thread that looks, as `/proc` calls it.
const OWN: &str = "thread-self";
/// So many are not worth a thread.
const FEW: usize = 256;

/// A namespace, held by a descriptor.
#[derive(Debug)]
pub struct Found {
    pub inode: u64,
    pub namespace: NetNs,
    /// The processes in it, the lowest number first.
    pub processes: Vec<u32>,
    /// Where it is bound: paths of the own mount namespace first, and none twice.
    pub paths: Vec<Bound>,
}

/// A path that a namespace is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub path: PathBuf,
    /// A process whose mount namespace has the path, if it is not the thread's own.
    pub through: Option<u32>,
}

/// What was seen of a namespace before it is opened.
#[derive(Debug, Default)]
struct Traces {
    processes: Vec<u32>,
    paths: Vec<Bound>,
}

/// All namespaces, by inode number. Each takes a descriptor: an error, if there is none left.
pub fn all() -> Result<Vec<Found>> {
    let mut seen: BTreeMap<u64, Traces> = BTreeMap::new();
    let mut tables: BTreeMap<u64, Option<u32>> = BTreeMap::new();
    if let Some(own) = number(OWN, "mnt") {
        tables.insert(own, None);
    }
    let pids = processes()?;
    let numbers = on_each(&pids, |pid| {
        let process = pid.to_string();
        (number(&process, "net"), number(&process, "mnt"))
    });
    for (pid, (inode, table)) in pids.into_iter().zip(numbers) {
        if let Some(inode) = inode {
            seen.entry(inode).or_default().processes.push(pid);
        }
        if let Some(table) = table {
            tables.entry(table).or_insert(Some(pid));
        }
    }
    let mut tables: Vec<_> = tables.into_values().collect();
    tables.sort_unstable();
    let bound = on_each(&tables, |through| mounts::namespaces(&process(*through)));
    for (through, bound) in tables.into_iter().zip(bound) {
        for (inode, path) in bound {
            let paths = &mut seen.entry(inode).or_default().paths;
            // Who copies a mount namespace copies what is bound in it.
            if paths.iter().all(|known| known.path != path) {
                paths.push(Bound { path, through });
            }
        }
    }
    let mut found = Vec::with_capacity(seen.len());
    for (inode, Traces { processes, paths }) in seen {
        if let Some(namespace) = opened(inode, &processes, &paths)? {
            found.push(Found { inode, namespace, processes, paths });
        }
    }
    Ok(found)
}

/// Looks at each, on several threads if there are many: the kernel takes five microseconds to find one
/// thing of a process, and more for a table of mounts.
fn on_each<T: Sync, R: Send>(all: &[T], look: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = available_parallelism().map_or(1, NonZero::get);
    let mut shares = all.chunks(all.len().div_ceil(threads).max(FEW));
    let first = shares.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let work = |share: &[T]| share.iter().map(&look).collect::<Vec<R>>();
        let others: Vec<_> = shares.map(|share| scope.spawn(move || work(share))).collect();
        let mut seen = work(first);
        for other in others {
            seen.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        seen
    })
}

/// The numbers of all processes, in order.
fn processes() -> Result<Vec<u32>> {
    let entries = std::fs::read_dir("/proc").map_err(Error::io("read /proc"))?;
    let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let mut processes: Vec<u32> = entries.flatten().filter_map(number).collect();
    processes.sort_unstable();
    Ok(processes)
}

/// A process as `/proc` calls it.
fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| OWN.to_owned(), |pid| pid.to_string())
}

/// The inode number of a process's namespace of that kind.
fn number(process: &str, kind: &str) -> Option<u64> {
    let link = readlinkat(CWD, format!("/proc/{process}/ns/{kind}"), Vec::new()).ok()?;
    let (found, number) = link.to_str().ok()?.strip_suffix(']')?.split_once(":[")?;
    (found == kind).then(|| number.parse().ok())?
}

/// The namespace, through a process that is still in it or a path where it still is.
fn opened(inode: u64, processes: &[u32], paths: &[Bound]) -> Result<Option<NetNs>> {
    let by_process = processes.iter().map(|pid| NetNs::of_process(*pid));
    for attempt in by_process.chain(paths.iter().map(by_path)) {
        match attempt {
            Ok(namespace) if namespace.inode()? == inode => return Ok(Some(namespace)),
            Err(error) if matches!(error.errno(), Some(Errno::EMFILE | Errno::ENFILE)) => {
                return Err(error);
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}

/// Opens what is at a path of another mount namespace, if it is a network namespace.
///
/// Whoever lives there can put something else in its place at any moment: a symbolic link that leads
/// here, or a file whose opening never ends. So no link is followed, and it is opened when it is
/// known what it is.
fn by_path(bound: &Bound) -> Result<NetNs> {
    let process = process(bound.through);
    let place = || -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let root = open(format!("/proc/{process}/root"), flags, Mode::empty())?;
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
        let relative = bound.path.strip_prefix("/").unwrap_or(&bound.path);
        openat2(root, relative, flags, Mode::empty(), within)
    };
    let what = || format!("open {} of process {process}", bound.path.display());
    let place = place().map_err(|errno| Error::io(what())(errno))?;
    let kind = rustix::fs::fstatfs(&place).map_err(|errno| Error::io(what())(errno))?;
    if kind.f_type != nix::libc::NSFS_MAGIC {
        let why = "it is not a namespace".to_owned();
        return Err(Error::Unfit { subject: bound.path.display().to_string(), why });
    }
    let namespace = NetNs::by_path(Path::new("/proc/self/fd").join(place.as_raw_fd().to_string()))?;
    if netns::is_network(namespace.as_fd()) {
        return Ok(namespace);
    }
    let why = "it is a namespace of another kind".to_owned();
    Err(Error::Unfit { subject: bound.path.display().to_string(), why })
}
