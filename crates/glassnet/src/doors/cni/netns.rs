//! The container's network namespace, opened here: the path may mean something to the engine's
//! process only. That it is one of the network, and not the host's, the daemon finds.

use super::environment::invalid;
use super::refusal::Refusal;
use rustix::fs::{Mode, OFlags, fstatfs, open as open_path};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// `NSFS_MAGIC` of `linux/magic.h`: the file system all namespaces are files of.
const NSFS_MAGIC: u64 = 0x6e73_6673;

pub(super) fn open(path: &str) -> Result<OwnedFd, Refusal> {
    // Whatever else may be there, a pipe for one, is not waited for.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let netns = open_path(path, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::SRCH => {
            Refusal::NoContainer { netns: path.to_owned() }
        }
        _ => invalid("CNI_NETNS", format!("{path} cannot be opened: {errno}")),
    })?;
    let magic = fstatfs(&netns)
        .map_err(|errno| invalid("CNI_NETNS", format!("{path} cannot be looked at: {errno}")))?
        .f_type;
    if magic as u64 != NSFS_MAGIC {
        return Err(invalid(
            "CNI_NETNS",
            format!(
                "{path} is no network namespace but an ordinary file; \
                 if it was one, what was mounted there is gone"
            ),
        ));
    }
    Ok(netns)
}
