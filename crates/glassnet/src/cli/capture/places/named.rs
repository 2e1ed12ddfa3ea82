//! Namespaces with a name below /run/netns, as `ip netns` gives it.

use super::{Add, Kind, Root, inode};
use kernel::namespaces::Found;
use std::fs;
use std::path::Path;

const NAMED: &str = "/run/netns";

pub(super) fn names(found: &[Found], roots: &[Root], add: Add<'_>) {
    for found in found {
        let own = found.paths.iter().filter(|bound| bound.through.is_none());
        for bound in own.filter(|bound| bound.path.parent() == Some(Path::new(NAMED))) {
            if let Some(name) = bound.path.file_name().and_then(|name| name.to_str()) {
                add(found.inode, Kind::Netns, name.to_owned());
            }
        }
    }
    for root in roots.iter().filter(|root| root.path != Path::new("/")) {
        for entry in fs::read_dir(root.join(NAMED)).into_iter().flatten().flatten() {
            let inode = inode(&entry.path()).filter(|inode| {
                // A file without a namespace on it has a number too.
                found.iter().any(|found| found.inode == *inode)
            });
            if let (Some(inode), Some(name)) = (inode, entry.file_name().to_str()) {
                add(inode, Kind::Netns, format!("{}{name}", root.prefix));
            }
        }
    }
}
