//! The CNI plugin.

use std::process::ExitCode;

pub(crate) fn run() -> ExitCode {
    ExitCode::FAILURE
}
