//! How the daemon is started.

use crate::protocol::{RUN_DIRECTORY, STATE_DIRECTORY};
use std::path::PathBuf;

/// Where it lives and how it speaks.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub run_directory: PathBuf,
    pub state_directory: PathBuf,
    /// Logs as JSON, a line an event.
    pub json_logs: bool,
    /// Whether we may put accepts for our bridges into others' chains that drop what they forward.
    pub accept_in_foreign_chains: bool,
    /// `None` for a host by itself.
    pub cluster: Option<super::ClusterSettings>,
    /// `info` and the like, or a filter such as `glassnet=debug`.
    pub log_level: String,
}

impl Default for Options {
    fn default() -> Self {
        let directory = |variable: &str, default: &str| {
            std::env::var_os(variable).map_or_else(|| PathBuf::from(default), PathBuf::from)
        };
        Self {
            run_directory: directory("GLASSNET_RUN_DIR", RUN_DIRECTORY),
            state_directory: directory("GLASSNET_STATE_DIR", STATE_DIRECTORY),
            json_logs: false,
            accept_in_foreign_chains: false,
            cluster: None,
            log_level: "info".to_owned(),
        }
    }
}
