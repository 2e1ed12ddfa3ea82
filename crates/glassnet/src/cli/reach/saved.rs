//! An answer in a file.

use crate::cli::error::Error;
use crate::cli::trace::Wrong;
use model::explain::ReachText;
use model::path::reach::Reach;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The form of the file. What an older program would misread gets a higher number.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    glassnet_reach: u32,
    version: String,
    /// Of each endpoint, as people call it.
    pub(super) names: Vec<String>,
    pub(super) reach: Reach,
}

impl Saved {
    pub(super) fn new(names: Vec<String>, reach: Reach) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { glassnet_reach: FORMAT, version, names, reach }
    }

    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        /// What every form begins with.
        #[derive(Deserialize)]
        struct Head {
            glassnet_reach: u32,
            #[serde(default)]
            version: String,
        }
        let bytes = std::fs::read(path).map_err(|error| Error::File(path.to_owned(), error))?;
        let path = path.display().to_string();
        let damaged = |why: String| {
            let path = path.clone();
            Error::Trace(Wrong::Reach(ReachText::Damaged { path, why }))
        };
        let head = serde_json::from_slice::<Head>(&bytes);
        let head = head.map_err(|error| damaged(error.to_string()))?;
        if head.glassnet_reach > FORMAT {
            let version = head.version;
            return Err(Error::Trace(Wrong::Reach(ReachText::Newer { path, version })));
        }
        let saved: Self =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        match saved.reach.is_whole() && saved.names.len() == saved.reach.endpoints.len() {
            true => Ok(saved),
            false => Err(damaged("its parts do not fit together".to_owned())),
        }
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        crate::cli::snapshot::write(path, self)
    }
}
