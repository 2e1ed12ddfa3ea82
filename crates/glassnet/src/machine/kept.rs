//! A namespace that a file tells of.

use super::snapshot::Unread;
use model::host::{Namespace, Unknown};
use model::path::Part;

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) state: Namespace<Unknown>,
    pub(super) unread: Vec<Unread>,
}

impl Kept {
    /// The part, unless it could not be read when the file was written.
    pub(super) fn read(&self, part: &Part) -> Result<Namespace<Unknown>, String> {
        match self.unread.iter().find(|unread| unread.is(part)) {
            Some(unread) => Err(unread.why.clone()),
            None => Ok(part.of(&self.state)),
        }
    }
}
