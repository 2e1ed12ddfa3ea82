//! Settings under `/proc/sys/net`.

use super::Keyed;
use serde::{Deserialize, Serialize};

/// One setting with its value as text, without the closing newline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sysctl {
    /// Path below `/proc/sys/`, such as `net/ipv4/conf/eth0.1/rp_filter`: slashes, since interface
    /// names may hold dots.
    pub path: String,
    pub value: String,
}

impl Sysctl {
    pub fn new(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self { path: path.into(), value: value.into() }
    }
}

impl Keyed for Sysctl {
    type Key = String;

    fn key(&self) -> String {
        self.path.clone()
    }
}
