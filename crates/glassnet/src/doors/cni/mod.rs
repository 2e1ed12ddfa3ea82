//! The CNI plugin: environment and configuration in, one question to the daemon, a result out.
//!
//! CNI SPEC 1.1.0, "Section 2: Execution Protocol". The program holds no state and no credentials,
//! starts no log and no runtime, and is gone in a few milliseconds.
//!
//! ```text
//! environment ┐
//! stdin ──────┴▶ Call ─▶ Request ─▶ attach.sock ─▶ Response ─▶ result of the asked-for version
//!                                        └ down ─▶ DEL is queued on disk, ADD says "try again"
//! ```

mod call;
mod config;
mod environment;
mod failure;
mod result;
mod verb;

#[cfg(test)]
mod tests;

use failure::CniError;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

/// Longest configuration that is read, in bytes.
const MAX_CONFIG: u64 = 1 << 20;

/// Versions we speak, oldest first.
const VERSIONS: [&str; 4] = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];

/// Answers the engine, on stdout, as the SPEC says: a result, or an error object.
pub(crate) fn run() -> ExitCode {
    let mut stdin = Vec::new();
    let read = std::io::stdin().lock().take(MAX_CONFIG + 1).read_to_end(&mut stdin);
    let answer = read
        .map_err(|error| {
            CniError::new(failure::IO, format!("cannot read the configuration from stdin: {error}"))
        })
        .and_then(|_| call::answer(&stdin, &|name| std::env::var_os(name)));
    let (text, code) = match answer {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(error) => (error.document(config::version_of(&stdin)), ExitCode::FAILURE),
    };
    // An engine that went away needs no answer.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    code
}
