//! From the engine's call to its answer.

use super::VERSIONS;
use super::config::{self, Config};
use super::environment::{self, Command, Lookup};
use super::failure::{CniError, VERSION};
use super::verb;
use serde_json::json;

/// The text for stdout, or the error.
pub(super) fn answer(stdin: &[u8], lookup: Lookup<'_>) -> Result<String, CniError> {
    let command = environment::command(lookup)?;
    if command == Command::Version {
        let asked = config::version_of(stdin);
        return Ok(format!("{}\n", json!({ "cniVersion": asked, "supportedVersions": VERSIONS })));
    }
    let version = config::version_in_force(stdin)?;
    came_with(command, version)?;
    let config = || Config::read(stdin);
    match command {
        Command::Add => verb::add(&config()?, version, lookup),
        Command::Del => verb::del(lookup),
        Command::Check => verb::check(&config()?, lookup),
        Command::Gc => verb::gc(&config()?),
        Command::Status => verb::status(&config()?),
        Command::Version => Ok(String::new()),
    }
}

/// CHECK came with 0.4.0, GC and STATUS with 1.1.0.
fn came_with(command: Command, version: &str) -> Result<(), CniError> {
    let (name, since) = match command {
        Command::Check => ("CHECK", "0.4.0"),
        Command::Gc => ("GC", "1.1.0"),
        Command::Status => ("STATUS", "1.1.0"),
        Command::Add | Command::Del | Command::Version => return Ok(()),
    };
    let at = |wanted: &str| VERSIONS.iter().position(|version| *version == wanted);
    if at(version) < at(since) {
        return Err(CniError::new(
            VERSION,
            format!("{name} came with CNI {since}; the configuration says {version}"),
        ));
    }
    Ok(())
}
