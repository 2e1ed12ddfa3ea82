//! Network namespaces: finding them, being in one for a moment, and sockets that live in one.
//!
//! The only `setns` of the project. A thread that goes into another namespace comes back or the
//! process ends: there is no state in which it goes on in the wrong one.
//!
//! `network_namespaces(7)`, `setns(2)`; `net/core/net_namespace.c`.

use crate::netlink::{Protocol, Socket};
use crate::{Error, Result};
use nix::sched::{CloneFlags, setns, unshare};
use rustix::fs::{Mode, OFlags};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// The calling thread's own namespace.
const HERE: &str = "/proc/thread-self/ns/net";
/// Where `ip netns` and engines keep namespaces by name.
pub const NAMED: &str = "/run/netns";

/// A network namespace, held by a descriptor: it lives as long as this does.
#[derive(Debug)]
pub struct NetNs(OwnedFd);

impl NetNs {
    /// The one the calling thread is in.
    pub fn current() -> Result<Self> {
        Self::by_path(HERE)
    }

    /// The one bound to a path, as CNI gives it.
    pub fn by_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map(Self)
            .map_err(Error::io(format!("open the network namespace {}", path.display())))
    }

    /// The one a process is in.
    pub fn of_process(pid: u32) -> Result<Self> {
        Self::by_path(format!("/proc/{pid}/ns/net"))
    }

    /// The one that `ip netns` calls so.
    pub fn named(name: &str) -> Result<Self> {
        if name.is_empty() || name.contains('/') || name == "." || name == ".." {
            let why = "it would be a path".to_owned();
            return Err(Error::Unfit { subject: format!("network namespace \"{name}\""), why });
        }
        Self::by_path(Path::new(NAMED).join(name))
    }

    /// The same as a descriptor that somebody else holds.
    pub fn keep(namespace: BorrowedFd<'_>) -> Result<Self> {
        namespace.try_clone_to_owned().map(Self).map_err(Error::io("keep a network namespace"))
    }

    /// A new one without a name; the calling thread stays where it is.
    pub fn fresh() -> Result<Self> {
        let made = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)
                .map_err(Error::io("make a network namespace (it takes root's rights)"))?;
            Self::current()
        });
        made.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// The number that tells it from others as long as it lives.
    pub fn inode(&self) -> Result<u64> {
        inode(self.as_fd())
    }
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for NetNs {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl From<NetNs> for OwnedFd {
    fn from(namespace: NetNs) -> Self {
        namespace.0
    }
}

/// The inode number of the namespace a descriptor holds.
pub fn inode(namespace: BorrowedFd<'_>) -> Result<u64> {
    rustix::fs::fstat(namespace)
        .map(|status| status.st_ino)
        .map_err(Error::io("look at a network namespace's descriptor"))
}

/// Whether a process is in the namespace with this inode number. What may not be looked at counts
/// for no.
pub fn is_inhabited(inode: u64) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut numbered = processes.filter(|process| {
        process.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok())
    });
    numbered.any(|process| {
        std::fs::metadata(process.path().join("ns/net")).is_ok_and(|found| found.ino() == inode)
    })
}

/// Whether a descriptor, which may have come from anybody, holds a network namespace: not a file, a
/// socket, or a namespace of another kind (`ioctl_nsfs(2)`).
#[allow(unsafe_code)]
pub fn is_network(descriptor: BorrowedFd<'_>) -> bool {
    /// `NS_GET_NSTYPE` in `linux/nsfs.h`.
    const NS_GET_NSTYPE: nix::libc::c_ulong = 0xb703;
    let is_namespace = rustix::fs::fstatfs(descriptor).is_ok_and(|found| {
        // Other files may understand the number of this request as something else.
        found.f_type == nix::libc::NSFS_MAGIC
    });
    // SAFETY: the request takes no argument and writes nowhere; the descriptor is open while borrowed.
    let kind = || unsafe { nix::libc::ioctl(descriptor.as_raw_fd(), NS_GET_NSTYPE as _) };
    is_namespace && kind() == nix::libc::CLONE_NEWNET
}

/// Runs `work` on this thread within a namespace and comes back.
///
/// If the way back fails, the process is aborted: whatever the thread did next would hit another
/// machine's network, as it were. It is also taken when `work` panics.
pub fn within<T>(namespace: BorrowedFd<'_>, work: impl FnOnce() -> T) -> Result<T> {
    there(NetNs::current()?, namespace, work)
}

fn there<T>(home: NetNs, namespace: BorrowedFd<'_>, work: impl FnOnce() -> T) -> Result<T> {
    setns(namespace, CloneFlags::CLONE_NEWNET).map_err(Error::io(
        "enter a network namespace (it takes CAP_SYS_ADMIN, both here and in the user namespace that \
         owns it)",
    ))?;
    // Not before: who may not go is home still, and may not go there either.
    let back = WayBack(home);
    let result = work();
    drop(back);
    Ok(result)
}

/// The same, but a thread that is in the namespace already stays where it is, which takes no rights.
pub fn inside<T>(namespace: BorrowedFd<'_>, work: impl FnOnce() -> T) -> Result<T> {
    let which = |namespace: BorrowedFd<'_>| {
        let status = rustix::fs::fstat(namespace);
        let status = status.map_err(Error::io("look at a network namespace's descriptor"))?;
        Ok((status.st_dev, status.st_ino))
    };
    let home = NetNs::current()?;
    if which(home.as_fd())? == which(namespace)? {
        return Ok(work());
    }
    there(home, namespace, work)
}

/// Leads the thread home when dropped.
struct WayBack(NetNs);

impl Drop for WayBack {
    fn drop(&mut self) {
        if let Err(error) = setns(&self.0, CloneFlags::CLONE_NEWNET) {
            eprintln!("cannot return to the thread's own network namespace: {error}; aborting");
            std::process::abort();
        }
    }
}

/// The netlink sockets of one namespace, each made when first used. The thread that uses them may
/// be in any namespace; one that is in this very namespace needs no rights to make them.
#[derive(Debug)]
pub struct Sockets {
    namespace: NetNs,
    route: Option<Socket>,
    netfilter: Option<Socket>,
    diagnostics: Option<Socket>,
}

impl Sockets {
    /// Of the namespace the thread is in.
    pub fn open_here() -> Result<Self> {
        NetNs::current().map(Self::of)
    }

    /// Of another namespace, whose descriptor is duplicated.
    pub fn open_in(namespace: BorrowedFd<'_>) -> Result<Self> {
        NetNs::keep(namespace).map(Self::of)
    }

    fn of(namespace: NetNs) -> Self {
        Self { namespace, route: None, netfilter: None, diagnostics: None }
    }

    pub fn namespace(&self) -> BorrowedFd<'_> {
        self.namespace.as_fd()
    }

    /// The numbers of the sockets that change things, opened if they are not: what a
    /// [`crate::Monitor`] hears of them is this side's own doing.
    pub fn ports(&mut self) -> Result<[u32; 2]> {
        Ok([self.route()?.port()?, self.netfilter()?.port()?])
    }

    /// For links, addresses, routes, neighbours, queueing.
    pub fn route(&mut self) -> Result<&mut Socket> {
        ready(&mut self.route, &self.namespace, Protocol::Route)
    }

    /// For nftables and connection tracking.
    pub fn netfilter(&mut self) -> Result<&mut Socket> {
        ready(&mut self.netfilter, &self.namespace, Protocol::Netfilter)
    }

    /// For sockets.
    pub fn diagnostics(&mut self) -> Result<&mut Socket> {
        ready(&mut self.diagnostics, &self.namespace, Protocol::SocketDiagnostics)
    }
}

fn ready<'a>(
    slot: &'a mut Option<Socket>,
    namespace: &NetNs,
    protocol: Protocol,
) -> Result<&'a mut Socket> {
    let socket = match slot.take() {
        Some(socket) => socket,
        None => socket_in(namespace.as_fd(), protocol)?,
    };
    Ok(slot.insert(socket))
}

/// One socket in another namespace; the thread is home again afterwards.
pub fn socket_in(namespace: BorrowedFd<'_>, protocol: Protocol) -> Result<Socket> {
    inside(namespace, || Socket::open(protocol))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Message;

    const RTM_GETLINK: u16 = 18;

    fn links(socket: &mut Socket) -> usize {
        socket.dump(&Message::new(RTM_GETLINK, 0, vec![0; 16], "links")).unwrap().len()
    }

    #[test]
    fn a_thread_goes_and_comes_back_even_when_it_panics() {
        let home = NetNs::current().unwrap().inode().unwrap();
        let there = NetNs::fresh().expect("tests of the kernel crate are run as root");
        assert_ne!(there.inode().unwrap(), home);
        assert!(is_inhabited(home) && !is_inhabited(there.inode().unwrap()));
        let seen = within(there.as_fd(), || NetNs::current().unwrap().inode().unwrap()).unwrap();
        assert_eq!(seen, there.inode().unwrap());
        assert_eq!(NetNs::current().unwrap().inode().unwrap(), home);
        let panicked = std::panic::catch_unwind(|| {
            let _ = within(there.as_fd(), || panic!("on purpose"));
        });
        assert!(panicked.is_err());
        assert_eq!(NetNs::current().unwrap().inode().unwrap(), home);
    }

    #[test]
    fn sockets_stay_in_their_namespace() {
        let there = NetNs::fresh().expect("tests of the kernel crate are run as root");
        let mut sockets = Sockets::open_in(there.as_fd()).unwrap();
        assert_eq!(links(sockets.route().unwrap()), 1, "a new namespace has a loopback link only");
    }

    #[test]
    fn what_is_no_namespace_is_refused_with_words() {
        for name in ["", "..", "a/b"] {
            assert!(NetNs::named(name).is_err(), "{name:?}");
        }
        let error = NetNs::named("surely-not-there").unwrap_err();
        assert!(error.already_gone());
        assert!(error.to_string().contains("/run/netns/surely-not-there"), "{error}");
        let file = NetNs::by_path("/proc/self/status").unwrap();
        assert!(within(file.as_fd(), || ()).is_err());
    }
}
