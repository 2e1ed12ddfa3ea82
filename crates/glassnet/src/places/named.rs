//! Namespaces with a name below /run/netns, as `ip netns` gives it.

use super::{Add, Kind, Root, inode};
use kernel::namespaces::Found;
use kernel::netns::NAMED;
use std::fs;

pub(super) fn names(found: &[Found], root: &Root, add: Add<'_>) {
    for entry in fs::read_dir(root.join(NAMED)).into_iter().flatten().flatten() {
        // A file without a namespace on it has a number too.
        let inode =
            inode(&entry.path()).filter(|inode| found.iter().any(|found| found.inode == *inode));
        if let (Some(inode), Some(name)) = (inode, entry.file_name().to_str()) {
            add(inode, Kind::Netns, format!("{}{name}", root.prefix));
        }
    }
}
