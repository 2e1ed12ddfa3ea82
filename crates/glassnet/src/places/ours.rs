//! Containers that our daemon attached.

use super::{Add, Kind, Root};
use crate::api::Api;
use crate::protocol::RUN_DIRECTORY;
use std::path::Path;

pub(super) fn names(root: &Root, add: Add<'_>) {
    let own = root.path == Path::new("/");
    let api = if own { Api::here() } else { Api::at(&root.join(RUN_DIRECTORY)) };
    // Without a daemon there are none.
    for row in api.attachments().unwrap_or_default() {
        if let Some(inode) = root.inode(Path::new(&row.netns)) {
            let container = &row.attachment.id.container;
            add(inode, Kind::Container, format!("{}{container}", root.prefix));
        }
    }
}
